"""Processes of their own that act on one installation, and the changes at which they stop, die or wait for each other.

They are forked by a server that has everything imported and no database open. What is waited for are states.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from typing import Final, NamedTuple
from unittest.mock import patch

from nacl.pwhash import argon2id

from onion_app.errors import SanctuaryError
from onion_app.vault.database import Database
from tests.keys.installation import Case, Installation, Known
from tests.world import hardly_stretched

Act = Callable[[Installation, Case], object]
REFUSED: Final = 3  # the exit code of a process whose act was refused
AT_MOST: Final = 300  # seconds that a process is waited for; one that is late has failed

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.keys.children"])

_writing = Database.writing


@contextmanager
def killed_before(commit: int) -> Iterator[None]:
    """Die before a change is committed; they count from 0."""
    left = commit

    @contextmanager
    def writing(db: Database) -> Iterator[None]:
        nonlocal left
        with _writing(db):
            yield
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    with patch.object(Database, "writing", writing):
        yield


def commits_of(act: Act, at: Installation, case: Case) -> int:
    """Do something, and count the changes that it commits."""
    count = 0

    @contextmanager
    def writing(db: Database) -> Iterator[None]:
        nonlocal count
        with _writing(db):
            yield
        count += 1

    with patch.object(Database, "writing", writing):
        act(at, case)
    return count


class Meeting(NamedTuple):
    """Two processes at the mailbox: one takes it when the other has come to it, and lets it go when that one asks."""

    has_come: Event
    is_held: Event
    is_asked_for: Event

    @contextmanager
    def as_first(self) -> Iterator[None]:
        """Take the lock when the other one is about to, and commit once it asks for it."""

        @contextmanager
        def writing(db: Database) -> Iterator[None]:
            if db.kind == "mailbox":
                assert self.has_come.wait(AT_MOST)
            with _writing(db):
                yield
                if db.kind == "mailbox":
                    self.is_held.set()
                    assert self.is_asked_for.wait(AT_MOST)

        with patch.object(Database, "writing", writing):
            yield

    @contextmanager
    def as_second(self) -> Iterator[None]:
        """Come with all that is read before, and ask for the lock once the other one holds it."""

        @contextmanager
        def writing(db: Database) -> Iterator[None]:
            if db.kind == "mailbox":
                self.has_come.set()
                assert self.is_held.wait(AT_MOST)
                self.is_asked_for.set()
            with _writing(db):
                yield

        with patch.object(Database, "writing", writing):
            yield


def meeting() -> Meeting:
    return Meeting(processes.Event(), processes.Event(), processes.Event())


def opened(known: Known) -> Installation:
    """Open an installation in a process of its own, where Argon2 is as cheap as in the test's."""
    patch.object(argon2id, "kdf", hardly_stretched).start()
    return Installation(known.path, known)


def act_and_die(known: Known, act: Act, case: Case, commit: int) -> None:
    """Begin something, and die in it."""
    at = opened(known)
    with killed_before(commit):
        act(at, case)


def act_in_turn(known: Known, act: Act, case: Case, at_mailbox: Meeting, *, first: bool) -> None:
    """Do something that another process stands in the way of; what is refused is given up."""
    at = opened(known)
    with at_mailbox.as_first() if first else at_mailbox.as_second():
        try:
            act(at, case)
        except SanctuaryError:
            sys.exit(REFUSED)


def act_often(known: Known, act: Act, case: Case) -> None:
    """Do something that does itself often, whatever another process does meanwhile."""
    act(opened(known), case)


def exit_code(process: BaseProcess) -> int | None:
    """Wait for a process to end, and give how it did."""
    process.join(AT_MOST)
    return process.exitcode
