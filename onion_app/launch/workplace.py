"""Folders for encrypted copies while a backup is made or restored, and one broom for all that was cut off.

# P07: what is erased afterwards is still in such a copy. The launcher sweeps as it starts, and before each round of
chores: folders of copies, a backup that is half written, wherever it lies, a copy before a migration, new key slots.
What a command that runs is using, it holds, and that stays.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from onion_app.errors import SanctuaryError, UnderWay
from onion_app.launch.state import State
from onion_app.vault import migrating, statefiles

COPYING: Final = "copying"  # held by a backup, and by a restore, which would move away what a backup copies
RESTORING: Final = "restoring"


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """Make an empty folder, hold it, and remove it in the end.

    Raises:
        UnderWay: somebody else holds it.
    """
    held = _made_and_held(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


@contextmanager
def half_written(state: State, part: Path) -> Iterator[None]:
    """Note a file outside the state for as long as it is not whole; call it where `COPYING` is held.

    Raises:
        OSError: it cannot be noted, or what is left of it cannot be removed.
    """
    statefiles.note_elsewhere(state.path, statefiles.noted_elsewhere(state.path) | {part})
    try:
        yield
    finally:
        part.unlink(missing_ok=True)
        statefiles.note_elsewhere(state.path, statefiles.noted_elsewhere(state.path) - {part})


def sweep_all(state: State) -> None:
    """Remove whatever was left by commands that were cut off, and nothing that one of them is using.

    Whoever calls it runs on the state: no migration is under way there, nor a restore.
    """
    for name in (COPYING, RESTORING):
        with suppress(OSError):
            _sweep(state.path / name)
    with suppress(OSError, SanctuaryError):
        if statefiles.noted_elsewhere(state.path):
            with workplace(state.path / COPYING):
                noted = statefiles.noted_elsewhere(state.path)
                statefiles.note_elsewhere(state.path, {part for part in noted if not _is_removed(part)})
    for folder in state.databases:
        migrating.discard_half_copies(folder)
    statefiles.discard_half_written(state.path)


def _made_and_held(folder: Path) -> int:
    while _sweep(folder):
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        held = _hold(folder)
        if held is not None:
            return held
    raise UnderWay


def _sweep(folder: Path) -> bool:
    """Remove a folder that nobody holds; say whether there is none now."""
    held = _hold(folder)
    if held is not None:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)
    return not os.path.lexists(folder)


def _hold(folder: Path) -> int | None:
    """Hold a folder; None where somebody else does, or where it is gone."""
    try:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(held), folder.lstat()):  # it was not swept, and made anew, in between
            return held
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(held)
    return None


def _is_removed(part: Path) -> bool:
    """Remove a half-written file; it stays noted where the stick that it lies on is not there, or not to be written."""
    try:
        part.unlink()
    except FileNotFoundError:
        return part.parent.is_dir()
    except OSError:
        return False
    return True
