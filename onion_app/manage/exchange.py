"""Lets a new version and the one that ran change places, and back again; the databases are copied, and put back."""

import argparse
import ctypes
import os
import shutil
import time
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Final, NamedTuple

from onion_app.days import today
from onion_app.errors import DiskFull, NoWayBack
from onion_app.launch.state import State, held, is_held
from onion_app.manage import emergency
from onion_app.manage.signatures import number_of, version_of
from onion_app.vault import update_copies

_EXCHANGE: Final = 2  # RENAME_EXCHANGE: two names change places in one step
_HERE: Final = -100  # AT_FDCWD
_LEFT_FREE: Final = 64 << 20  # bytes, below which no new case is taken
_LOST: Final = {"mailbox": "messages of visitors", "desk": "answers and notes", "shown": "stories and settings"}


class Places(NamedTuple):
    """Where the version that runs is, the one that may come, and the one of before."""

    clone: Path
    new: Path
    before: Path


def forward(chosen: argparse.Namespace, state: State, places: Places) -> None:
    """Stop what runs, copy the databases, and put a new version in its place; that of before moves to the third.

    Raises:
        DiskFull: there is no room for the copies; nothing was stopped.
    """
    _expect_room(state, places.clone)
    _stop(chosen, state)
    if (state.path / "vault.key").exists():
        with update_copies.as_owner(state.path), held(state.path):
            update_copies.copy_all(state.path, _numbers(places.clone), today(time.time))
    # In this order: an exchange that is cut off anywhere is known by what stands where, see `finish`.
    _remove(places.before)
    _write_out(places.new)
    _exchange(places.clone, places.new)
    places.new.rename(places.before)


def back(chosen: argparse.Namespace, state: State, places: Places) -> None:
    """Stop what runs, and put the version before, with its databases, in its place.

    Raises:
        NoWayBack: there is none, or something was stored since.
    """
    if not number_of(version_of(places.before)):
        raise NoWayBack(f"there is no version before this one in {places.before}")
    _stop(chosen, state)
    if (state.path / "vault.key").exists():
        with update_copies.as_owner(state.path), held(state.path):
            _put_databases_back(state, _numbers(places.before))
    _exchange(places.clone, places.before)
    forget(state)
    _remove(places.before)


def forget(state: State) -> None:
    """Forget how the databases were: nothing leads back any more."""
    if state.path.is_dir():
        with update_copies.as_owner(state.path):
            update_copies.forget(state.path)


def finish(places: Places) -> bool:
    """Bring to its end an exchange that was cut off, and say whether it was one that led back.

    Only the version before is lower than the one that runs; what is half laid out is higher, or has no number.
    """
    running, new, before = (number_of(version_of(folder)) for folder in places)
    if () < before > running:
        _remove(places.before)
        return True
    if not before and () < new < running:
        _remove(places.before)
        places.new.rename(places.before)
    return False


def _put_databases_back(state: State, numbers: dict[str, int]) -> None:
    changed = update_copies.stored_since(state.path, numbers)
    if changed is None:
        raise NoWayBack("nothing tells what was stored since the update")
    if changed:
        lost = ", ".join(f"{_LOST[kind]} ({kind}.db)" for kind in changed)
        raise NoWayBack(f"something was stored since the update, and would be lost: {lost}")
    if missing := update_copies.put_back(state.path, numbers):
        raise NoWayBack(f"there is no copy of that version's {', '.join(missing)} any more")


def _expect_room(state: State, clone: Path) -> None:
    """See that there is room for the copies, before anything is stopped for them."""
    with update_copies.as_owner(state.path) if state.path.is_dir() else nullcontext(), suppress(OSError):
        if shutil.disk_usage(state.path).free < update_copies.size(state.path, _numbers(clone)) + _LEFT_FREE:
            raise DiskFull(str(state.path))


def _remove(version: Path) -> None:
    """Remove a version, its number first: half of one is never put in a place."""
    with suppress(FileNotFoundError):
        (version / "pyproject.toml").unlink()
    shutil.rmtree(version, ignore_errors=True)


def _stop(chosen: argparse.Namespace, state: State) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):
        if is_held(state):
            emergency.stop(chosen, state)


def _write_out(folder: Path) -> None:
    """Have all that was written on the disk of a folder, before names change places."""
    opened = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        ctypes.CDLL(None).syncfs(opened)
    finally:
        os.close(opened)


def _numbers(clone: Path) -> dict[str, int]:
    """Count the migrations that a version knows, for each kind of database."""
    folders = sorted((clone / "onion_app/vault/migrations").iterdir())
    return {folder.name: len(list(folder.glob("[0-9][0-9][0-9][0-9]_*.sql"))) for folder in folders}


def _exchange(one: Path, other: Path) -> None:
    """Let two folders change places: at every moment there is one under each name."""
    system = ctypes.CDLL(None, use_errno=True)
    if system.renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(one))
