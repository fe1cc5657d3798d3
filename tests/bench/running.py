"""An installation to be measured, servers on it, and somebody who asks them quickly."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from onion_app.launch.confine import ENVIRONMENT
from onion_app.web.size import SHORT
from scripts.rehearsal.wire import Answer, exchange, read_answer, request, through_unix
from tests.served import Site

CONNECTIONS = 4  # as many readers at once; more only wait for one another


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    path: Path
    process: subprocess.Popen[str]

    def resident(self) -> float:
        """Give its resident memory in MiB."""
        return resident(self.process.pid)

    def processor_seconds(self) -> float:
        """Give the processor time that it has taken so far."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def used(self, what: Callable[..., object], *arguments: object) -> float:
        """Give the milliseconds of processor time that it takes while something is done."""
        before = self.processor_seconds()
        what(*arguments)
        return (self.processor_seconds() - before) * 1000

    def dial(self) -> socket.socket:
        """Open a line to it."""
        return through_unix(self.path)()

    def ask(self, asked: bytes) -> Answer:
        """Send one request, on a line of its own."""
        return exchange(through_unix(self.path), asked)


def resident(pid: int) -> float:
    """Give the resident memory of a process in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) / 1024


@contextmanager
def server(kind: str, site: Site, name: str) -> Iterator[Server]:
    """Run a server of a kind on a socket of this name in the installation's folder."""
    path = site.state.path / name
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(1024)
    orders = {
        "kind": kind,
        "listener": listener.fileno(),
        "size": SHORT,
        "state": str(site.state.path),
        "mailbox": site.keys.mailbox.hex(),
        "desk": site.keys.desk.hex(),
        "address": site.address,
    }
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "tests.bench.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=(listener.fileno(),),
        env=os.environ | ENVIRONMENT,
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(orders) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "ready\n"
        yield Server(path, process)
    finally:
        process.terminate()
        process.communicate()
        listener.close()
        path.unlink()


def get(host: str, path: str, cookie: str = "") -> bytes:
    """Write a request for a page, on a line that is kept open."""
    headers = {"Connection": "keep-alive"} | ({"Cookie": cookie} if cookie else {})
    return request("GET", path, host, headers=headers)


def rate(to: Server, asked: bytes, seconds: float) -> tuple[float, float]:
    """Ask for one page again and again on a few lines; give the answers a second by the clock, and a processor second.

    A server that has a CPU for itself shows the same number twice. The second one holds on a busy machine too.
    """
    orders = {"to": str(to.path), "asked": asked.decode("latin-1"), "size": SHORT, "connections": CONNECTIONS}
    used = to.processor_seconds()
    client = subprocess.run(
        # With the usual memory settings: nothing of anybody's passes here.
        [sys.executable, "-I", "-S", Path(__file__).with_name("client.py")],
        input=json.dumps(orders | {"seconds": seconds}),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={},
    )
    done, took, busy = json.loads(client.stdout)
    assert busy < took * 0.6, "the client is what is measured"
    return done / took, done / (to.processor_seconds() - used)


def timed(what: Callable[[], object]) -> float:
    """Give the milliseconds that something takes."""
    began = time.perf_counter()
    what()
    return (time.perf_counter() - began) * 1000


def timed_answer(line: socket.socket, asked: bytes) -> float:
    """Give the milliseconds that one answer takes on a line that is open."""

    def ask() -> None:
        line.sendall(asked)
        read_answer(line)

    return timed(ask)


def percentile(times: Sequence[float], part: float) -> float:
    """Give the time within which this part of them lies."""
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]
