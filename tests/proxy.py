"""A SOCKS proxy that stands where the tor client and the onion would be, and writes down every request that passes."""

import contextlib
import socket
import threading
from pathlib import Path
from typing import Self

from onion_app.onion.socks import read_exactly


class CountingProxy:
    """Listen on loopback, note who is asked for what, and hand everything on to one unix socket."""

    def __init__(self, behind: Path) -> None:
        """Hand on to the socket `behind`."""
        self.behind = behind
        self.requests: list[str] = []
        self.heads: list[str] = []  # the same, with their headers
        self.hosts: set[str] = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.lines: list[socket.socket] = []

    def __enter__(self) -> Self:
        """Start listening."""
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of every line."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for line in self.lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def accept(self) -> None:
        """Take connections until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                line, _ = self.listener.accept()
                self.lines.append(line)
                threading.Thread(target=self.serve, args=(line,), daemon=True).start()

    def serve(self, line: socket.socket) -> None:
        """Speak SOCKS 5 with the client (RFC 1928), then pass bytes both ways."""
        with contextlib.suppress(OSError):
            read_exactly(line, read_exactly(line, 2)[1])
            line.sendall(b"\x05\x00")
            kind = read_exactly(line, 4)[3]
            name = read_exactly(line, read_exactly(line, 1)[0] if kind == 3 else 4)
            read_exactly(line, 2)
            self.hosts.add(name.decode(errors="replace"))
            site = socket.socket(socket.AF_UNIX)
            self.lines.append(site)
            site.connect(str(self.behind))
            line.sendall(b"\x05\x00\x00\x01" + bytes(6))
            threading.Thread(target=self.pass_on, args=(site, line), daemon=True).start()
            self.pass_on(line, site, note=True)

    def pass_on(self, source: socket.socket, target: socket.socket, *, note: bool = False) -> None:
        """Pass bytes one way; with `note`, write down the first line of every request without a body."""
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                if note:
                    heads = [head.decode(errors="replace") for head in piece.split(b"\r\n\r\n")]
                    heads = [head for head in heads if head.partition("\r\n")[0].endswith("HTTP/1.1")]
                    self.heads += heads
                    self.requests += [head.partition("\r\n")[0] for head in heads]
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
