"""The connections of a process that answers in several threads."""

import threading
from collections.abc import Callable

from onion_app.vault.database import Database


class PerThread:
    """One connection for each thread to read on, and one more for all to write on, in turns.

    SQLite makes waiting writers sleep and poll; the threads of one process queue up instead, which is several times
    faster and starves nobody. And each connection forgets its pages once another has written: one that alone writes
    has not to decrypt them anew for every change.
    """

    def __init__(self, opening: Callable[[], Database]) -> None:
        """Remember how a connection is opened; the first is opened when it is asked for."""
        self._opening = opening
        self._turn = threading.Lock()
        self._writer: Database | None = None
        self._mine = threading.local()
        self._opened: list[Database] = []
        self._ahead: list[Database] = []  # opened for threads that have not asked yet

    def here(self) -> Database:
        """Return this thread's connection."""
        if not hasattr(self._mine, "database"):
            try:
                database = self._ahead.pop()
            except IndexError:
                database = self._open()
            database.turn = self._turn
            database.writer = self._written_on
            self._mine.database = database
        mine: Database = self._mine.database
        return mine

    def open_ahead(self, threads: int) -> None:
        """Open the connections of so many threads, so that nobody's request waits for that."""
        self._ahead += [self._open() for _ in range(threads)]

    def forget_pages(self) -> None:
        """Let no connection keep pages in memory that nobody is reading. # P07: they hold what was just taken back."""
        for database in list(self._opened):
            database.forget_pages()

    def _written_on(self) -> Database:
        """Return the connection to write on; only whoever's turn it is asks for it."""
        if self._writer is None:
            self._writer = self._open()
        return self._writer

    def _open(self) -> Database:
        database = self._opening()
        self._opened.append(database)
        return database
