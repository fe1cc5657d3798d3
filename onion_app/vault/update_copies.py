"""Copies of the three databases from before an update, made without their keys, and whether anything was stored since.

They are made and put back while nothing runs on the state, and they are as encrypted as what they are copies of.
"""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from onion_app.errors import DamagedFile
from onion_app.vault import statefiles

_NOTE: Final = "updated"  # how the databases were when the update was done
_GOING_BACK: Final = "going-back"  # stands while copies are put back
_PARTS: Final = ("", "-wal", "-journal")  # of a database; its copy has the same
Numbers = Mapping[str, int]
"""How many migrations a program knows, by the kind of database."""


def copy_all(folder: Path, numbers: Numbers, day: int) -> None:
    """Copy every database beside itself, and note how they are.

    Raises:
        OSError: there is no room, or the disk fails; then half a copy is left to the chores.
    """
    for kind, number in numbers.items():
        for old in (folder / kind).glob(f"{kind}.before.*"):
            old.unlink()
        for part in _PARTS:
            _copy(folder / kind / f"{kind}.db{part}", _copy_of(folder, kind, number, day, part))
    note(folder, numbers)


def size(folder: Path, kinds: Iterable[str]) -> int:
    """Give the bytes that copies of these databases take."""
    files = (folder / kind / f"{kind}.db{part}" for kind in kinds for part in _PARTS)
    return sum(file.stat().st_size for file in files if file.exists())


def put_back(folder: Path, numbers: Numbers) -> list[str]:
    """Put the copies of a version back, and give the kinds of which there is no such copy.

    While a mark stands, a database may have a log that is not its own: whoever was cut off begins again, see `noting`.
    """
    found = {kind: _newest_copy(folder, kind, number) for kind, number in numbers.items()}
    missing = [kind for kind, copy in found.items() if copy is None]
    if missing:
        return missing
    (folder / _GOING_BACK).touch(mode=0o600)
    statefiles.sync(folder)
    for kind, copy in found.items():
        for part in (*_PARTS[1:], "-shm"):
            (folder / kind / f"{kind}.db{part}").unlink(missing_ok=True)
        for part in reversed(_PARTS):
            _copy(Path(f"{copy}{part}"), folder / kind / f"{kind}.db{part}")
    (folder / _GOING_BACK).unlink()
    statefiles.sync(folder)
    return []


def stored_since(folder: Path, numbers: Numbers) -> list[str] | None:
    """Name the databases in which something was stored since the update; None where nothing tells.

    One that was put back already, when going back was cut off, is as its copy is.
    """
    if (folder / _GOING_BACK).exists():
        return []  # it was asked before the first was put back
    differing = changed(folder)
    return differing and [
        kind
        for kind in differing
        if (copy := _newest_copy(folder, kind, numbers[kind])) is None
        or _fingerprint(copy) != _fingerprint(_database(folder, kind))
    ]


def note(folder: Path, kinds: Numbers | list[str]) -> None:
    """Note how the databases are now."""
    text = "".join(f"{kind} {_fingerprint(folder / kind / f'{kind}.db')}\n" for kind in kinds)
    new = folder / f"{_NOTE}.new"
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(text, encoding="ascii")
    new.replace(folder / _NOTE)


def changed(folder: Path) -> list[str] | None:
    """Name the databases that have changed since the note; None where there is no note."""
    try:
        noted = [line.split() for line in (folder / _NOTE).read_text(encoding="ascii").splitlines()]
        return [kind for kind, fingerprint in noted if _fingerprint(_database(folder, kind)) != fingerprint]
    except (OSError, ValueError):
        return None


@contextmanager
def as_owner(folder: Path) -> Iterator[None]:
    """Be the account that a state belongs to, where this is root: a link that it has planted leads root nowhere."""
    owner, root = folder.stat(), os.geteuid() == 0
    groups = os.getgroups()
    if root:
        os.setgroups([])
        os.setegid(owner.st_gid)
        os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
            os.setegid(0)
            os.setgroups(groups)


@contextmanager
def noting(folder: Path) -> Iterator[None]:
    """Bring the databases forward inside: that by itself stores nothing that anybody has said.

    Raises:
        DamagedFile: going back to the version before was cut off.
    """
    if (folder / _GOING_BACK).exists():
        raise DamagedFile("going back to the version before was cut off", "./scripts/update --back")
    kinds = [path.name for path in folder.iterdir() if (path / f"{path.name}.db").exists()]
    is_as_noted = changed(folder) == []
    try:
        yield
    finally:  # also where it fails: a copy that was put back is the same, in other bytes
        if is_as_noted:
            note(folder, kinds)


def forget(folder: Path) -> None:
    """Forget the note: nothing leads back any more."""
    (folder / _NOTE).unlink(missing_ok=True)


def _copy_of(folder: Path, kind: str, number: int, day: int, part: str) -> Path:
    """Name a copy as those before migrations are, so that the chores remove it when its time has come."""
    return folder / kind / f"{kind}.before.version-{number}.day-{day}.db{part}"


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        return
    half = target.with_name(f"{target.name}.half-copy")
    half.unlink(missing_ok=True)
    half.touch(mode=0o600)
    shutil.copyfile(source, half)
    statefiles.sync(half)
    half.replace(target)
    statefiles.sync(target.parent)


def _database(folder: Path, kind: str) -> Path:
    return folder / kind / f"{kind}.db"


def _newest_copy(folder: Path, kind: str, number: int) -> Path | None:
    return max((folder / kind).glob(f"{kind}.before.version-{number}.day-*.db"), default=None)


def _fingerprint(database: Path) -> str:
    whole = hashlib.sha256()
    for part in _PARTS:
        file = Path(f"{database}{part}")
        if file.exists() and file.stat().st_size:
            with file.open("rb") as opened:
                whole.update(part.encode() + hashlib.file_digest(opened, "sha256").digest())
    return whole.hexdigest()
