"""Speaking HTTP by hand: every byte that goes over a socket is seen and can be counted."""

import contextlib
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from onion_app.onion import socks

Dial = Callable[[], socket.socket]
Fields = list[tuple[str, str]]

PATIENCE = 180.0  # seconds that one answer may take


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, to the last byte."""

    raw: bytes

    @property
    def head(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int:
        return int(self.raw.split(b" ", 2)[1])

    @property
    def headers(self) -> Fields:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return [(name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]

    def header(self, name: str) -> str:
        return ", ".join(value for key, value in self.headers if key == name.lower())


def through_unix(path: Path) -> Dial:
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


def through_tor(socks_port: int, onion: str, patience: float = PATIENCE) -> Dial:
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


def complete(raw: bytes) -> bool:
    """Say whether `raw` is an answer as long as its own Content-Length says, for a line that is kept open."""
    head, blank, body = raw.partition(b"\r\n\r\n")
    if not blank or b"\r\nconnection: close" in head.lower():
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.partition(b":")[2])
    return False


def read_answer(line: socket.socket) -> Answer:
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


def exchange(dial: Dial, request: bytes) -> Answer:
    """Send raw bytes and read the answer.

    Raises:
        ConnectionError: the line went dead before anything came back.
    """
    with dial() as line:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it answered before it had read everything
            line.sendall(request)
        answer = read_answer(line)
    if not answer.raw:
        message = "no answer"
        raise ConnectionError(message)
    return answer


def request(
    method: str,
    path: str,
    host: str,
    fields: Fields | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """Write a request as Firefox would, less what does not matter."""
    body = urlencode(fields).encode() if fields is not None else b""
    lines = {"Host": host, "Connection": "close", "Accept-Language": "en-US,en;q=0.5"} | dict(headers or {})
    if fields is not None:
        lines |= {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return head.encode() + b"\r\n" + body
