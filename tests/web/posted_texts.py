"""A server in a process of its own, as a child is started, for looking into its memory."""

import socket
import sys
import threading
from pathlib import Path

from onion_app.web.waitress.server import serve
from tests.web.plain_app import plain_app

if __name__ == "__main__":
    stop = threading.Event()
    serve(
        plain_app(Path(sys.argv[2])),
        socket.socket(fileno=int(sys.argv[1])),
        sized=True,
        stop=stop,
        on_error=sys.stderr.write,
    )
