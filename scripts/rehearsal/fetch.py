"""Fetches one page of an onion through a SOCKS socket of tor, and counts every byte of the answer.

It follows no redirect, keeps no cookie and opens one connection for each request: what it returns is what was sent.
"""

import http.client
import io
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from onion_app.onion.socks import dial

_PATIENCE = 120.0  # seconds for each step; a circuit through a loaded machine takes its time


@dataclass(frozen=True)
class Fetched:
    """An answer; `total` is its length on the wire in bytes: status line, headers and body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    total: int


class _Counted(io.RawIOBase):
    """A connection that counts what is read from it."""

    def __init__(self, line: socket.socket) -> None:
        """Read from this connection, which stays the caller's to close."""
        self._line = line
        self.total = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # io always gives a memoryview
        """Read some bytes and count them."""
        count = self._line.recv_into(buffer)
        self.total += count
        return count

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what http.client reads from."""
        return io.BufferedReader(self)


def fetch(
    proxy: Path | int,
    onion: str,
    path: str = "/",
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    circuit: str = "",
) -> Fetched:
    """Send one request to port 80 of an onion and return the whole answer; see `dial` for proxy and circuit.

    Raises: OSError when the onion cannot be reached; http.client.HTTPException when what answers is not HTTP.
    """
    with dial(proxy, onion, 80, _PATIENCE, circuit=circuit) as line:
        return fetch_over(line, onion, path, method=method, body=body, headers=headers)


def fetch_over(
    line: socket.socket,
    host: str,
    path: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Fetched:
    """Send one request over an open connection and return the whole answer. Raises: as `fetch`."""
    sent = {"Host": host, "Connection": "close", **(headers or {})}
    if body is not None:
        sent["Content-Length"] = str(len(body))
    words = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
    line.sendall("\r\n".join(words).encode("latin-1") + (body or b""))
    counted = _Counted(line)
    answer = http.client.HTTPResponse(counted, method=method)  # type: ignore[arg-type]  # it only calls makefile
    try:
        answer.begin()
        read = answer.read()
        if answer.will_close:
            counted.readall()  # a byte too many would be a byte that gives the page away: count it
        return Fetched(answer.status, tuple(answer.getheaders()), read, counted.total)
    finally:
        answer.close()


def socks_get(socks_port: int, onion: str, path: str = "/") -> Fetched:
    """Fetch a page of an onion through a SOCKS port of 127.0.0.1. Raises: as `fetch`."""
    return fetch(socks_port, onion, path)
