"""Which CPUs the threads of this process use.

The threads that serve hand the interpreter's lock to and fro; on one CPU that costs a tenth of what it costs across
several. Argon2 works without the lock, so that it may, and must, use the others.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

ALL: Final = frozenset(os.sched_getaffinity(0))  # read on import, before any thread was pinned


@contextmanager
def pinned() -> Iterator[None]:
    """Keep this thread, and those it starts, on one CPU; drawn by lot, so that two processes seldom share one."""
    with _on(frozenset({secrets.choice(sorted(ALL))})):
        yield


@contextmanager
def unpinned() -> Iterator[None]:
    """Let this thread use every CPU for a while: for Argon2."""
    with _on(ALL):
        yield


@contextmanager
def _on(cpus: frozenset[int]) -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
