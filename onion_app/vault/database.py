"""One open database: reading, writing in turns, truncating the log; and the ways to open and create one.

A `Database` belongs to one thread at a time. Nothing is written outside `writing()`, which holds the write lock from
its first line and ends in a commit that is on the disk, or in nothing. Opening never creates and never migrates.
"""

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from onion_app.errors import (
    CheckpointBusy,
    DamagedFile,
    DiskTrouble,
    HalfWritten,
    NothingHere,
    OlderFile,
    Overloaded,
    RowDamaged,
)
from onion_app.shapes import Row, Value, from_row
from onion_app.vault import connection, schema, statefiles
from onion_app.vault.connection import DatabaseKind, file_name

_Shape = TypeVar("_Shape")
_Thing = TypeVar("_Thing")
_HEALED_WITHIN = 5.0  # seconds: the launcher lets a child undo what was cut off, which takes milliseconds


class Database:
    """An open database of one kind."""

    def __init__(
        self, opened: connection.Connection, kind: DatabaseKind, folder: Path, *, read_only: bool = False
    ) -> None:
        """Take over an open connection to a file in this folder."""
        self.kind = kind
        self.folder = folder
        self.left_out = 0  # rows that were damaged, and so not fetched or not changed
        self.turn = threading.Lock()  # shared by the connections of a process, and so is the writer: see `PerThread`
        self.writer: Callable[[], Database] = lambda: self
        self._link = opened
        self._name = file_name(kind)
        self._named_errors = partial(connection.named_errors, folder / self._name, read_only=read_only)

    def rows(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        """Fetch every row, so that no read stays open behind the caller's back and holds up a checkpoint."""
        try:
            return self._fetch(sql, params)
        except HalfWritten:
            return _once_whole(lambda: self._fetch(sql, params))

    def row(self, sql: str, params: Sequence[Value] = ()) -> Row | None:
        """Fetch the first row, or None."""
        return next(iter(self.rows(sql, params)), None)

    def number(self, sql: str, params: Sequence[Value] = ()) -> int:
        """Fetch the number in the first row.

        Raises:
            DamagedFile: there is none.
        """
        row = self.row(sql, params)
        if row is None or not isinstance(row[0], int):
            raise DamagedFile(self._name)
        return row[0]

    def all(self, shape: Callable[..., _Shape], sql: str, params: Sequence[Value] = ()) -> list[_Shape]:
        """Fetch every row as a dataclass, where one that is missing would change what is decided.

        Raises:
            DamagedFile: a row is not of this shape.
        """
        return [from_row(shape, row) for row in self.rows(sql, params)]

    def well_formed(self, shape: Callable[..., _Shape], sql: str, params: Sequence[Value] = ()) -> list[_Shape]:
        """Fetch the rows that are of this shape as dataclasses: one that is not hides none of the others."""
        fetched = []
        for row in self.rows(sql, params):
            with self.leaving_out():
                fetched.append(from_row(shape, row))
        return fetched

    @contextmanager
    def leaving_out(self) -> Iterator[None]:
        """Go on where a row is damaged, and count it."""
        try:
            yield
        except DamagedFile:
            self.left_out += 1

    def one(self, shape: Callable[..., _Shape], sql: str, params: Sequence[Value] = ()) -> _Shape:
        """Fetch the first row as a dataclass.

        Raises:
            NothingHere: there is none.
            DamagedFile: it is not of this shape.
        """
        row = self.row(sql, params)
        if row is None:
            raise NothingHere
        return from_row(shape, row)

    def ids(self, sql: str, params: Sequence[Value] = ()) -> list[bytes]:
        """Fetch the first column of every row, whatever of it is bytes."""
        return [row[0] for row in self.rows(sql, params) if isinstance(row[0], bytes)]

    def run(self, sql: str, params: Sequence[Value] = ()) -> int:
        """Change rows, inside `writing()` only, and return how many."""
        if not self._link.in_transaction:
            message = "run() stands inside writing()"
            raise RuntimeError(message)
        with self._named_errors():
            return int(self._link.execute(sql, params).rowcount)

    def try_run(self, sql: str, params: Sequence[Value] = ()) -> None:
        """Change the columns of one row, likewise; one that somebody has planted past the schema stays as it is.

        Such a row refuses every change, and would keep the chores from all that they do in the same turn.
        """
        with suppress(RowDamaged):
            self.run(sql, params)

    def by_halves(self, things: Sequence[_Thing], change: Callable[[Sequence[_Thing]], None]) -> None:
        """Change many things in one transaction; one that is damaged is found by halves, left as it is, and counted."""
        try:
            change(things)
        except DamagedFile:
            half = len(things) // 2
            if not half:
                self.left_out += len(things)
                return
            self.by_halves(things[:half], change)
            self.by_halves(things[half:], change)

    def flaws(self) -> int:
        """Count what stands in the file past its schema, up to a hundred: a value of another type, range or word."""
        return sum(row != ("ok",) for row in self.rows("PRAGMA quick_check"))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the write lock, then commit to the disk; or undo everything when anything is raised.

        Raises:
            Overloaded: it was not this thread's turn within 10 s.
            RuntimeError: it was nested.
        """
        if self._link.in_transaction:
            message = "writing() does not nest"
            raise RuntimeError(message)
        with self._taking_turns(), self._named_errors():
            own, self._link = self._link, self.writer()._link  # noqa: SLF001 - of another Database
            try:
                self._link.execute("BEGIN IMMEDIATE")
                yield
                self._link.execute("COMMIT")  # P11: returns when the log is on the disk
            except BaseException:
                if self._link.in_transaction:
                    self._link.execute("ROLLBACK")
                raise
            finally:
                self._link = own

    def checkpoint(self) -> None:
        """Move the write-ahead log, where there is one, into the file, so that nothing deleted is left in it.

        Raises:
            CheckpointBusy: somebody was reading.
        """
        with self._taking_turns(), self._named_errors():
            busy, _, _ = self._link.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0]
        if busy:
            raise CheckpointBusy

    def try_checkpoint(self) -> None:
        """Truncate the log now if nobody is using it; else the chores do in their next round."""
        with suppress(CheckpointBusy, DiskTrouble, Overloaded):
            self.checkpoint()

    def room(self) -> int:
        """Measure the free room on the disk, in bytes."""
        return shutil.disk_usage(self.folder).free

    def size(self) -> int:
        """Measure the room that rows take, in bytes, without that which erasing has left and which is filled first."""
        with self._named_errors():
            pages, free, each = (
                int(self._link.execute(f"PRAGMA {name}").fetchall()[0][0])
                for name in ("page_count", "freelist_count", "page_size")
            )
        return (pages - free) * each

    def copy_to(self, path: Path) -> None:
        """Write a whole copy, encrypted under the same key, into a new file, 0600; or nothing.

        Raises:
            FileExistsError: the copy is there already.
            DiskTrouble: there is no room for it, or another of those of `named_errors`.
        """
        path.touch(mode=0o600, exist_ok=False)
        try:
            with self._named_errors():
                connection.allow(self._link, connection.COPYING)
                try:
                    self._link.execute("VACUUM INTO ?", (str(path),))
                finally:
                    connection.allow(self._link, connection.WORKING)
            statefiles.sync(path)
            statefiles.sync(path.parent)
        except BaseException:
            path.unlink()
            raise

    def forget_pages(self) -> None:
        """Free the pages that are kept in memory for the next question; from any thread."""
        with self._named_errors():
            self._link.execute("PRAGMA shrink_memory").fetchall()
            self._link.execute("SELECT count(*) FROM sqlite_master").fetchall()  # the cipher holds the last page read

    def close(self) -> None:
        """Close the connection."""
        self._link.close()

    def _fetch(self, sql: str, params: Sequence[Value]) -> list[Row]:
        try:
            fetched: list[Row] = self._link.execute(sql, params).fetchall()
        except connection.DatabaseError:
            with self._named_errors():
                raise
        return fetched

    @contextmanager
    def _taking_turns(self) -> Iterator[None]:
        if not self.turn.acquire(timeout=connection.BUSY_SECONDS):
            raise Overloaded
        try:
            yield
        finally:
            self.turn.release()


def open_database(folder: Path, kind: DatabaseKind, key: bytes, *, read_only: bool = False) -> Database:
    """Open the database of a kind in a folder with its raw key (32 bytes).

    Raises:
        WrongKey: the key is another, or the first page is damaged.
        DamagedFile: it is missing, or its schema is not as it was written down.
        OlderFile, NewerFile, StateBeforeRelease: it has to be migrated, or another program has to open it.
        CipherUnfit: the library does not encrypt, or a setting does not hold.
        HalfWritten: it is opened to be read only, and a change of it was cut off.
    """
    opened = _once_whole(lambda: connection.connect(folder, kind, key, read_only=read_only))
    try:
        with connection.named_errors(folder / file_name(kind)):
            _expect_newest(opened, kind)
            schema.check_schema(opened, kind)
    except BaseException:
        opened.close()
        raise
    return Database(opened, kind, folder, read_only=read_only)


def _expect_newest(opened: connection.Connection, kind: DatabaseKind) -> None:
    if schema.version(opened, kind) < schema.newest_version(kind):
        raise OlderFile(file_name(kind))


def _once_whole(read: Callable[[], _Shape]) -> _Shape:
    """Read, and wait up to five seconds while a change that was cut off has not been undone."""
    give_up = time.monotonic() + _HEALED_WITHIN
    while True:
        try:
            return read()
        except HalfWritten:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.05)


def create_database(folder: Path, kind: DatabaseKind, key: bytes) -> Database:
    """Make the folder, 0700, and an empty database of a kind in it, and open it.

    Raises:
        FileExistsError: it is there already.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    opened = connection.create(folder, kind, key)
    schema.run_migrations(opened, kind)
    statefiles.sync(folder)
    return Database(opened, kind, folder)
