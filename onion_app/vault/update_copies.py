"""Copies of the three databases from before an update, made without their keys, and whether anything was stored since.

They are made and put back while nothing runs on the state, and they are as encrypted as what they are copies of.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from onion_app.vault import statefiles

_NOTE: Final = "updated"  # how the databases were when the update was done
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


def put_back(folder: Path, numbers: Numbers) -> list[str]:
    """Put the copies of a version back, and give the kinds of which there is no such copy."""
    found = {kind: sorted((folder / kind).glob(f"{kind}.before.version-{numbers[kind]}.day-*.db")) for kind in numbers}
    missing = [kind for kind in numbers if not found[kind]]
    for kind, copies in found.items() if not missing else ():
        for part in (*_PARTS[1:], "-shm"):
            (folder / kind / f"{kind}.db{part}").unlink(missing_ok=True)
        for part in reversed(_PARTS):  # the file itself last: until then the other parts are nobody's
            _copy(Path(f"{copies[-1]}{part}"), folder / kind / f"{kind}.db{part}")
    return missing


def note(folder: Path, kinds: Numbers | list[str]) -> None:
    """Note how the databases are now."""
    text = "".join(f"{kind} {_fingerprint(folder, kind)}\n" for kind in kinds)
    new = folder / f"{_NOTE}.new"
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(text, encoding="ascii")
    new.replace(folder / _NOTE)


def changed(folder: Path) -> list[str] | None:
    """Name the databases that have changed since the note; None where there is no note."""
    try:
        noted = [line.split() for line in (folder / _NOTE).read_text(encoding="ascii").splitlines()]
        return [kind for kind, fingerprint in noted if _fingerprint(folder, kind) != fingerprint]
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
    """Bring the databases forward inside: that by itself stores nothing that anybody has said."""
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


def _fingerprint(folder: Path, kind: str) -> str:
    whole = hashlib.sha256()
    for part in _PARTS:
        file = folder / kind / f"{kind}.db{part}"
        if file.exists() and file.stat().st_size:
            with file.open("rb") as opened:
                whole.update(part.encode() + hashlib.file_digest(opened, "sha256").digest())
    return whole.hexdigest()
