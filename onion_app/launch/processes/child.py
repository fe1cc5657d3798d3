"""The beginning of every child: it closes its memory, reads its orders from one pipe, and reports over another.

A child never prints: a sentence of it might hold somebody's text. Of an error it reports the class and nothing else.
"""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from onion_app.crypto.keyslots import VaultKeys
from onion_app.days import DAY, today
from onion_app.errors import CheckpointBusy
from onion_app.launch.hardening import Limits, close_memory, limit
from onion_app.onion.bound import PR_SET_PDEATHSIG, prctl
from onion_app.shapes import from_json, to_json
from onion_app.vault.connection import DatabaseKind
from onion_app.vault.database import Database, open_database

Work = Literal["all", "short", "daily"]
"""All chores; what authors took back; the rewriting of the rows of the last days."""

_LONGEST_NAME = 100  # letters of a circle's name, or of a handle


@dataclass(frozen=True)
class Orders:
    """The launcher's orders for a child; the keys that it does not need are empty."""

    state: Path
    mailbox_key: bytes
    desk_key: bytes
    address: str
    desk_name: str
    desk_port: int
    days_ahead: int
    work: Work = "all"  # for the chores
    pause: bool | None = None  # for the chores: take no new messages, or take them again; None: as it is
    clock_is_right: bool = False  # for the chores: the operator says so
    has_namespace: bool = False  # a user namespace of its own

    @property
    def keys(self) -> VaultKeys:
        """The keys that this child was given."""
        return VaultKeys(self.mailbox_key, self.desk_key)

    def folder(self, kind: DatabaseKind) -> Path:
        """Say where a database stands."""
        return self.state / kind

    def open(self, kind: DatabaseKind) -> Database:
        """Open a database, whatever is not whole in it undone.

        Raises:
            SanctuaryError: one of those of `open_database`.
        """
        return open_database(self.folder(kind), kind, self.keys.of(kind))

    def clock(self) -> float:
        """Tell unix seconds, some days ahead when this is a rehearsal of later days."""
        return time.time() + self.days_ahead * DAY

    def machine_day(self) -> int:
        """Give the day since 1970 that this machine's own clock says."""
        return today(time.time)

    def line(self) -> bytes:
        """Write these orders as the one line that goes into the pipe."""
        return to_json(asdict(self)).encode() + b"\n"

    @classmethod
    def read(cls, line: bytes) -> "Orders":
        """Read the one line.

        Raises:
            ValueError: it was not written by `line`.
        """
        return from_json(cls, line, ValueError)


def _is_name(name: str) -> bool:
    return len(name) <= _LONGEST_NAME and name.isprintable()


@dataclass(frozen=True)
class WaitingCounts:
    """The messages that wait in one circle, and how many too long; `oldest` is in days, or None for none."""

    name: Annotated[str, _is_name]
    unread: int
    urgent: int
    overdue: int
    oldest: int | None


@dataclass(frozen=True)
class Suspension:
    """A handle whose login waits for a second person's word, and whose first word it was; empty: the operator's."""

    who: Annotated[str, _is_name]
    by: Annotated[str, _is_name]


class Reports:
    """The pipe to the launcher, one JSON object a line."""

    def __init__(self, descriptor: int) -> None:
        """Report to this descriptor."""
        self._descriptor = descriptor
        self._one_at_a_time = threading.Lock()

    def send(self, **fact: object) -> None:
        """Report one fact: `ready`, `idle` after the last session, `circle`, `suspended`, or `counts` after these."""
        with self._one_at_a_time:
            os.write(self._descriptor, to_json(fact).encode() + b"\n")

    def failed(self, error_class: str) -> None:
        """Report the class of an error."""
        self.send(failed=error_class)


@dataclass(frozen=True)
class Child:
    """A child that has begun: its orders, the numbers of its listeners, its reports, and the event that stops it."""

    orders: Orders
    listener_numbers: tuple[int, ...]  # none for the chores, which answer nobody
    reports: Reports
    stop: threading.Event
    cut: threading.Event = field(default_factory=threading.Event)  # the sessions of machines elsewhere are to end

    def listeners(self) -> list[socket.socket]:
        """Take over the inherited listeners."""
        return [socket.socket(fileno=number) for number in self.listener_numbers]


def run_child(work: Callable[[Child], None], limits: Limits) -> None:
    """Begin as a child, do this work within these limits, and end with status 0 as asked, or 1 after any error."""
    close_memory()
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # the kernel ends this process with the thread that started it
    orders_pipe, report_pipe, *listeners = (int(number) for number in sys.argv[1:])
    reports = Reports(report_pipe)
    try:
        child = Child(Orders.read(_one_line(orders_pipe)), tuple(listeners), reports, threading.Event())
        limit(limits, tasks_are_own=child.orders.has_namespace)
        threading.Thread(target=_hear, args=(orders_pipe, child), daemon=True).start()
        work(child)
    except BaseException as error:  # noqa: BLE001 - whatever it is, only its class may leave this process
        reports.failed(type(error).__name__)
        os._exit(1)
    # Not sys.exit: threads of a request that never ended must not keep the process.
    os._exit(0)


def truncate_log(database: Database) -> None:
    """Empty the write-ahead log and close; a log in use is left to the next process that closes."""
    try:
        database.checkpoint()
    except CheckpointBusy:
        return
    finally:
        database.close()


def _one_line(descriptor: int) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(descriptor, 65536)
        if not piece:
            break
        line += piece
    return line


def _hear(descriptor: int, child: Child) -> None:
    """Wait until the launcher closes its end, on purpose or by dying, and stop; a line before that means `cut`."""
    while os.read(descriptor, 4096):
        child.cut.set()
    child.stop.set()
