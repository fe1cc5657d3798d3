"""Starts a child and reads its reports, which are believed no further than their shape.

Keys go into a pipe; the child's command line and environment hold the numbers of descriptors and nothing else.
"""

import os
import re
import socket
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any

from onion_app.launch.confine import ENVIRONMENT, INTERPRETER, Prefix
from onion_app.launch.processes.child import Orders, Suspension, WaitingCounts
from onion_app.onion.programs import wait_or_kill
from onion_app.shapes import as_shape, from_json

_LONGEST_REPORT = 4096  # bytes; a report has a hundred or two
_READ = 65536  # bytes; of a longer line the end alone is kept, which is no report
_CLASS_NAME = re.compile(r"[A-Za-z_]{1,60}")
_COUNT_NAME = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True)
class Report:
    """One line from a child."""

    ready: bool = False
    idle: bool = False
    failed: Annotated[str, _CLASS_NAME] = ""
    counts: dict[Annotated[str, _COUNT_NAME], int] = field(default_factory=dict)
    circle: WaitingCounts | None = None
    suspended: Suspension | None = None


class ChildProcess:
    """A child that was started."""

    def __init__(self, process: subprocess.Popen[bytes], orders_pipe: int, report_pipe: int) -> None:
        """Take over a started process and our ends of its two pipes."""
        self.process = process
        self.silent = False  # its end of the report pipe is closed
        self._report_pipe = report_pipe
        self._orders_pipe = orders_pipe
        self._unread = b""

    def fileno(self) -> int:
        """Give the descriptor that becomes readable when it reports."""
        return self._report_pipe

    def ended(self) -> int | None:
        """Give the exit status, or None while it runs."""
        return self.process.poll()

    def reports(self) -> list[Report]:
        """Read the reports that have come since the last time, without waiting."""
        try:
            while piece := os.read(self._report_pipe, _READ):
                self._unread = (self._unread + piece)[-_READ:]
            self.silent = True
        except BlockingIOError:
            pass
        *lines, self._unread = self._unread.split(b"\n")
        return [_read_report(line) for line in lines if line]

    def ask_to_stop(self) -> None:
        """Close the pipe of the orders: the child finishes its requests and ends."""
        if self._orders_pipe >= 0:
            os.close(self._orders_pipe)
            self._orders_pipe = -1

    def cut(self) -> None:
        """Have it end the sessions of machines elsewhere."""
        with suppress(OSError):  # it has just ended, and they with it
            os.write(self._orders_pipe, b"\n")

    def wait(self, seconds: float) -> int:
        """Wait for the end, and bring it about when it does not come in time; give the exit status."""
        return wait_or_kill(self.process, seconds)

    def close(self) -> None:
        """Close the pipes of a child that has ended."""
        self.ask_to_stop()
        os.close(self._report_pipe)


def start_child(prefix: Prefix, module: str, orders: Orders, listeners: Sequence[socket.socket] = ()) -> ChildProcess:
    """Start a child and give it its orders; `prefix` confines it, or is empty.

    Call it from the main thread: the kernel ends a child with the thread that started it.

    Raises:
        OSError: it cannot be started.
    """
    orders_read, orders_write = os.pipe()
    report_read, report_write = os.pipe()
    numbers = [orders_read, report_write, *(listener.fileno() for listener in listeners)]
    before, descriptors = prefix
    words = [*before, *INTERPRETER, "-m", module, *map(str, numbers)]
    try:
        process = subprocess.Popen(
            words,
            env=ENVIRONMENT | {"PATH": os.environ.get("PATH", os.defpath)},
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # P03: a traceback could show what somebody wrote
            pass_fds=[*numbers, *descriptors],
            start_new_session=True,  # Ctrl-C reaches the launcher alone, which lets requests finish
        )
    finally:
        os.close(orders_read)
        os.close(report_write)
    os.write(orders_write, orders.line())  # a few hundred bytes: a pipe takes them whole
    os.set_blocking(report_read, False)
    return ChildProcess(process, orders_write, report_read)


def _read_report(line: bytes) -> Report:
    """Read one line, which reports one fact; a line of no known shape becomes the report of a failure."""
    try:
        members = from_json(dict[str, Any], line, ValueError, _LONGEST_REPORT)
        return as_shape(Report, members if len(members) == 1 else None, ValueError)
    except ValueError:
        return Report(failed="UnreadableReport")
