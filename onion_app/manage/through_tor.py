"""The way out for an update: a port of this machine that leads to the tor of this installation and nowhere else.

git speaks SOCKS there, and tor looks up the names; pip, which cannot, asks for the same with CONNECT.
"""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from onion_app.errors import NotFetched
from onion_app.onion.socks import dial

_SOCKS: Final = b"\x05"
_PATIENCE = 120.0  # seconds for a circuit
_LONGEST_HEAD = 8192  # bytes
_CONNECT = re.compile(rb"CONNECT ([A-Za-z0-9.-]{1,253}):(\d{1,5}) HTTP/1\.[01]\r\n")
_CHUNK = 1 << 16


@contextmanager
def way_out(tor: Path) -> Iterator[int]:
    """Open the port, and give its number; it is closed at the end.

    Raises:
        NotFetched: nobody stands at tor's socket.
    """
    try:
        _to(tor).close()
    except OSError:
        raise NotFetched("no launcher runs whose tor could fetch it", "./scripts/launch") from None
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, tor), daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, tor: Path) -> None:
    with suppress(OSError):  # it was closed
        while True:
            line, _ = listener.accept()
            threading.Thread(target=_serve, args=(line, tor), daemon=True).start()


def _serve(line: socket.socket, tor: Path) -> None:
    with suppress(OSError), line, _beyond(line, tor) as beyond:
        back = threading.Thread(target=_carry, args=(beyond, line), daemon=True)
        back.start()
        _carry(line, beyond)
        back.join()


def _beyond(line: socket.socket, tor: Path) -> socket.socket:
    """Give the line behind the port: to tor itself, or through it to the host that is named."""
    if line.recv(1, socket.MSG_PEEK) == _SOCKS:
        return _to(tor)
    head = b""
    while not head.endswith(b"\r\n\r\n") and len(head) < _LONGEST_HEAD:
        more = line.recv(1)
        if not more:
            break
        head += more
    wanted = _CONNECT.match(head)
    if wanted is None:
        line.sendall(b"HTTP/1.1 405 Only CONNECT\r\n\r\n")
        raise ConnectionError("neither SOCKS nor CONNECT")
    beyond = dial(tor, wanted[1].decode(), int(wanted[2]), _PATIENCE, circuit="update")
    line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    return beyond


def _to(tor: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(str(tor))
    except OSError:
        line.close()
        raise
    return line


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        source.settimeout(None)
        while chunk := source.recv(_CHUNK):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
