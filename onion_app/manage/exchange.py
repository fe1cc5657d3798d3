"""Lets a new version and the one that ran change places, and back again; the databases are copied, and put back."""

import argparse
import ctypes
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from onion_app.days import today
from onion_app.errors import NoWayBack
from onion_app.launch.state import State, held, is_held
from onion_app.manage import emergency
from onion_app.vault import update_copies

_EXCHANGE: Final = 2  # RENAME_EXCHANGE: two names change places in one step
_HERE: Final = -100  # AT_FDCWD
_LOST: Final = {"mailbox": "messages of visitors", "desk": "answers and notes", "shown": "stories and settings"}


def forward(chosen: argparse.Namespace, state: State, places: tuple[Path, Path, Path]) -> None:
    """Stop what runs, copy the databases, and put a new version in its place; that of before moves to the third."""
    clone, new, before = places
    _stop(chosen, state)
    if (state.path / "vault.key").exists():
        with update_copies.as_owner(state.path), held(state.path):
            update_copies.copy_all(state.path, _numbers(clone), today(time.time))
    os.sync()
    _exchange(clone, new)
    shutil.rmtree(before, ignore_errors=True)
    new.rename(before)


def back(chosen: argparse.Namespace, state: State, clone: Path, before: Path) -> None:
    """Stop what runs, and put the version before, with its databases, in its place.

    Raises:
        NoWayBack: there is none, or something was stored since.
    """
    if not (before / "onion_app").is_dir():
        raise NoWayBack(f"there is no version before this one in {before}")
    _stop(chosen, state)
    if (state.path / "vault.key").exists():
        with update_copies.as_owner(state.path), held(state.path):
            _put_databases_back(state, _numbers(before))
    _exchange(clone, before)
    shutil.rmtree(before, ignore_errors=True)


def _put_databases_back(state: State, numbers: dict[str, int]) -> None:
    changed = update_copies.changed(state.path)
    if changed is None:
        raise NoWayBack("nothing tells what was stored since the update")
    if changed:
        lost = ", ".join(f"{_LOST[kind]} ({kind}.db)" for kind in changed)
        raise NoWayBack(f"something was stored since the update, and would be lost: {lost}")
    if missing := update_copies.put_back(state.path, numbers):
        raise NoWayBack(f"there is no copy of that version's {', '.join(missing)} any more")
    update_copies.forget(state.path)


def _stop(chosen: argparse.Namespace, state: State) -> None:
    with suppress(FileNotFoundError, NotADirectoryError):
        if is_held(state):
            emergency.stop(chosen, state)


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
