"""What stands at the other ends of tor in these tests: a site, and a second controller."""

import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from tests import processes

LISTENS = "0A"  # of /proc/net/tcp
PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def wait_for(fact: Callable[[], bool], seconds: float = 300.0) -> float:
    """Return after how many seconds something came true."""
    begun = time.monotonic()
    processes.until(fact, seconds, "what was waited for")
    return time.monotonic() - begun


def sockets(pid: int) -> Iterator[list[str]]:
    """Give the words of /proc/net for each TCP and UDP socket of a process, the name of its table first."""
    own = processes.open_files(pid)
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            if f"socket:[{line.split()[9]}]" in own:
                yield [table, *line.split()]


def listeners(pid: int) -> list[list[str]]:
    return [words for words in sockets(pid) if words[4] == LISTENS or words[0].startswith("udp")]


class Serving(socketserver.ThreadingUnixStreamServer):
    """A server on a unix socket, in a thread, while the `with` statement lasts."""

    daemon_threads = True

    def __enter__(self) -> Self:
        """Serve."""
        threading.Thread(target=self.serve_forever, args=(0.05,)).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.shutdown()
        self.server_close()
        Path(str(self.server_address)).unlink(missing_ok=True)


class Site(Serving):
    """Answers every request with one page, and then waits for the other side to go."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), OnePage)


class OnePage(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while request := self.rfile.readline().strip():
            while self.rfile.readline().strip():
                pass
            self.wfile.write(PAGE)
            if request == b"GET / HTTP/1.1":
                return


class ControlLine:
    """A connection of the test's own to a control socket, line by line."""

    def __init__(self, control_socket: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(control_socket))
        self.lines = self.socket.makefile("rwb")
        self.say("AUTHENTICATE")

    def __enter__(self) -> Self:
        """Be closed at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.lines.close()
        self.socket.close()

    def say(self, command: str) -> str:
        """Send one command, and return the whole answer."""
        self.lines.write(command.encode() + b"\r\n")
        self.lines.flush()
        said = ""
        while not (said and said.splitlines()[-1][:3].isdigit() and said.splitlines()[-1][3:4] == " "):
            line = self.lines.readline().decode()
            assert line, said
            said += line
        return said
