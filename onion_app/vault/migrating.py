"""Bringing databases forward to the newest schema, and the copies from before that.

All three come forward, or none. A copy is as encrypted as what it is a copy of, and is named by its day; it has its
name only once it is whole.
# P07: what is erased afterwards is still in such a copy, so each goes with its days.
"""

import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from onion_app.days import Clock, today
from onion_app.vault import connection, schema, statefiles
from onion_app.vault.connection import DatabaseKind, file_name
from onion_app.vault.database import Database

_HALF_COPY = ".half-copy"  # in the name of a copy that is not whole yet


def migrate_all(folder: Path, key_of: Callable[[DatabaseKind], bytes], clock: Clock) -> None:
    """Bring all three databases forward or, where one of them fails, none: their copies are put back.

    Raises:
        SanctuaryError: any that `migrate` names.
    """
    done: list[tuple[Path, Path]] = []
    try:
        for kind in connection.KINDS:
            copy = migrate(folder / kind, kind, key_of(kind), clock)
            done += [(copy, folder / kind / file_name(kind))] if copy else []
    except BaseException:
        for copy, file in done:
            _put_back(copy, file)
        raise


def migrate(folder: Path, kind: DatabaseKind, key: bytes, clock: Clock) -> Path | None:
    """Bring a database forward; before a migration runs, an encrypted copy is written beside it, named by its day.

    Gives the copy, if there was something to do. A migration that fails leaves everything as it was.

    Raises:
        SanctuaryError: any that `open_database` names but OlderFile.
    """
    opened = connection.connect(folder, kind, key)
    copy = None
    try:
        with connection.named_errors(folder / file_name(kind)):
            if schema.version(opened, kind) < schema.newest_version(kind):
                copy = _copy_before(opened, folder, kind, clock)
                schema.run_migrations(opened, kind)
            schema.check_schema(opened, kind)
    except BaseException:
        opened.close()
        if copy:
            _put_back(copy, folder / file_name(kind))
        raise
    opened.close()
    return copy


def _copy_before(opened: connection.Connection, folder: Path, kind: DatabaseKind, clock: Clock) -> Path:
    half = folder / f"{kind}{_HALF_COPY}"
    half.unlink(missing_ok=True)  # left by an attempt that was cut off
    Database(opened, kind, folder).copy_to(half)
    copy = folder / f"{kind}.version-{schema.version(opened, kind)}.day-{today(clock)}.db"
    half.replace(copy)
    statefiles.sync(folder)
    return copy


def _put_back(copy: Path, file: Path) -> None:
    """Put a copy in the place of a database that nobody has open; the copy stays."""
    half = file.with_name(f"{file.stem}{_HALF_COPY}")
    half.unlink(missing_ok=True)
    half.touch(mode=0o600)
    shutil.copyfile(copy, half)
    statefiles.sync(half)
    for beside in ("-wal", "-shm", "-journal"):
        file.with_name(file.name + beside).unlink(missing_ok=True)
    half.replace(file)
    statefiles.sync(file.parent)


def discard_half_copies(folder: Path) -> None:
    """Remove a copy that `migrate` was writing when it was cut off, where none is under way."""
    for half in folder.glob(f"*{_HALF_COPY}*"):  # with what SQLite has left beside it
        with suppress(OSError):
            half.unlink()


def discard_copies(folder: Path, kept_days: range) -> None:
    """Remove the copies made before migrations and updates on other days than these.

    P07: erased rows are still in them. One of a day to come was made while the clock stood ahead.
    """
    for copy in folder.glob("*.version-*.day-*.db*"):
        day = re.fullmatch(r".*\.day-(\d+)\.db(?:-wal|-journal)?", copy.name)
        if day and int(day[1]) not in kept_days:
            copy.unlink()
