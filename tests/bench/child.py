"""One server in a process of its own: the site, the desk, or a bare waitress with one constant page."""

import json
import logging
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from onion_app.crypto.keyslots import VaultKeys
from onion_app.vault.connection import KINDS
from onion_app.web.app import Hardened
from onion_app.web.pinning import pinned
from onion_app.web.waitress.server import THREADS, serve

DESK = "a" * 16  # its name before .localhost
DESK_PORT = 8390


def main() -> None:
    """Serve what the one line on standard input says, until it ends."""
    orders = json.loads(sys.stdin.readline())
    stop = threading.Event()
    listener = socket.socket(fileno=os.dup(orders["listener"]))
    threading.Thread(target=_stop_at_the_end, args=(stop,), daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    if orders["kind"] == "bare":
        serve_bare(listener, orders["size"])
    else:
        app = _site(orders) if orders["kind"] == "site" else _desk(orders)
        serve(app, listener, sized=orders["kind"] == "site", stop=stop, on_error=_complain)
    os._exit(0)


def serve_bare(listener: socket.socket, size: int) -> None:
    """Let a stock waitress answer everything with one page, so that `size` bytes go over the line."""
    from waitress.server import create_server

    logging.getLogger("waitress.queue").disabled = True  # its lines would slow it down
    head = (
        "HTTP/1.1 200 OK\r\nContent-Length: 16000\r\nContent-Type: text/html\r\n"
        "Date: Sat, 01 Jan 2000 00:00:00 GMT\r\n\r\n"
    )
    page = b"x" * (size - len(head))

    def app(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", str(len(page))), ("Content-Type", "text/html")])
        return [page]

    with pinned():  # as the site is: on several CPUs a stock waitress is slower, and the limit would be too low
        create_server(app, sockets=[listener], threads=THREADS, ident=None).run()


def _site(orders: dict[str, Any]) -> Hardened:
    from onion_app.site import SiteConfig, create_app  # here, so that no process holds what it does not run

    state = Path(orders["state"])
    key = bytes.fromhex(orders["mailbox"])
    return create_app(SiteConfig(state / "mailbox", state / "shown", key, orders["address"], time.time))


def _desk(orders: dict[str, Any]) -> Hardened:
    from onion_app.desk import DeskConfig, create_app

    state = Path(orders["state"])
    keys = VaultKeys(bytes.fromhex(orders["mailbox"]), bytes.fromhex(orders["desk"]))
    mailbox, shown, desk = (state / kind for kind in KINDS)
    return create_app(DeskConfig(mailbox, shown, desk, keys, DESK, DESK_PORT, time.time, time.monotonic, lambda: None))


def _complain(error: str) -> None:
    sys.stderr.write(f"{error}\n")


def _stop_at_the_end(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()
    os._exit(0)


if __name__ == "__main__":
    main()
