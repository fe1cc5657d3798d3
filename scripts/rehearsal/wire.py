"""HTTP by hand, over any line: every byte of an answer is seen and can be counted.

A line leads through a unix socket, a port of this machine, a SOCKS proxy of tor, or into an app of this process. It
follows no redirect, keeps no cookie, and carries one request: what is returned is what was sent.
"""

import contextlib
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import urlencode

from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from onion_app.onion import socks

PATIENCE = 180.0  # seconds that one answer may take

Fields = list[tuple[str, str]]


class Line(Protocol):
    """What carries a request and its answer; sockets do."""

    def __enter__(self) -> Self:
        """Stand open."""

    def __exit__(self, *_: object) -> None:
        """Close."""

    def sendall(self, data: bytes, /) -> None:
        """Send all of it."""

    def recv(self, size: int, /) -> bytes:
        """Read some of what came back; nothing at its end."""


Dial = Callable[[], Line]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, to its last byte."""

    raw: bytes

    @property
    def head(self) -> bytes:
        """The status line and the headers."""
        return self.raw.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        """The page itself."""
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int:
        """The number in the status line."""
        return int(self.raw.split(b" ", 2)[1])

    @property
    def headers(self) -> Fields:
        """All headers, their names in small letters."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]

    def header(self, name: str) -> str:
        """Give the values of one header, or nothing."""
        return ", ".join(value for key, value in self.headers if key == name.lower())


class _InProcess:
    """A line that ends in an app of this process: no server reads it, and no socket."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._answer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def sendall(self, data: bytes) -> None:
        """Hand a whole request to the app."""
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _version = first.split(" ")
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        host = next(value for name, value in headers if name.lower() == "host")
        asked = EnvironBuilder(path, base_url=f"http://{host}/", method=method, headers=headers, data=body)
        parts, status, given = run_wsgi_app(self._app, asked.get_environ())
        written = "".join(f"{name}: {value}\r\n" for name, value in given)
        self._answer = f"HTTP/1.1 {status}\r\n{written}\r\n".encode("latin-1") + b"".join(parts)

    def recv(self, size: int) -> bytes:
        """Give the next bytes of the answer."""
        part, self._answer = self._answer[:size], self._answer[size:]
        return part


def into(app: Flask) -> Dial:
    """Reach an app of this process."""
    return lambda: _InProcess(app)


def through_unix(path: Path) -> Callable[[], socket.socket]:
    """Reach a server on a unix socket."""

    def dial() -> socket.socket:
        line = socket.socket(socket.AF_UNIX)
        line.settimeout(PATIENCE)
        line.connect(str(path))
        return line

    return dial


def through_loopback(port: int) -> Dial:
    """Reach a server on a TCP port of this machine."""
    return lambda: socket.create_connection(("127.0.0.1", port), PATIENCE)


def through_tor(socks_port: int | Path, onion: str, patience: float = PATIENCE) -> Callable[[], socket.socket]:
    """Reach an onion service, on a circuit that nobody else uses.

    While a service moves its introduction points tor says for a moment that it is not there. Whoever reads that in a
    browser loads the page again, and so it is here.
    """
    circuit = secrets.token_hex(8)

    def dial() -> socket.socket:
        give_up = time.monotonic() + patience
        while True:
            try:
                return socks.dial(socks_port, onion, 80, patience, circuit=circuit)
            except ConnectionError:
                if time.monotonic() > give_up:
                    raise
                time.sleep(1)

    return dial


def fetch(proxy: Path | int, onion: str, *, circuit: str = "") -> Answer:
    """Fetch the first page of an onion, once; see `socks.dial` for proxy and circuit.

    Raises:
        OSError: it cannot be reached.
    """
    return exchange(lambda: socks.dial(proxy, onion, 80, PATIENCE, circuit=circuit), request("GET", "/", onion))


def complete(raw: bytes) -> bool:
    """Say whether `raw` is an answer as long as its own Content-Length says, for a line that is kept open."""
    head, blank, body = raw.partition(b"\r\n\r\n")
    if not blank or b"\r\nconnection: close" in head.lower():
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.partition(b":")[2])
    return False


def read_answer(line: Line) -> Answer:
    """Read one answer: to the end of the line where the server closes it, else as long as it says it is."""
    raw = b""
    while not complete(raw):
        try:
            more = line.recv(65536)
        except ConnectionResetError:  # it closed while our own bytes were still under way
            break
        if not more:
            break
        raw += more
    return Answer(raw)


def exchange(dial: Dial, asked: bytes) -> Answer:
    """Send raw bytes and read the answer.

    Raises:
        ConnectionError: the line went dead before anything came back.
    """
    with dial() as line:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it answered before it had read everything
            line.sendall(asked)
        answer = read_answer(line)
    if not answer.raw:
        raise ConnectionError("no answer")
    return answer


def request(
    method: str,
    path: str,
    host: str,
    fields: Fields | bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Write a request as Firefox would, less what does not matter; fields that are bytes go as they are."""
    body = urlencode(fields or []).encode() if not isinstance(fields, bytes) else fields
    lines = {"Host": host, "Connection": "close", "Accept-Language": "en-US,en;q=0.5"} | dict(headers or {})
    if fields is not None:
        lines |= {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return head.encode() + b"\r\n" + body
