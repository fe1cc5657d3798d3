"""Folders for encrypted copies while a backup is made or restored. One that was cut off leaves nothing that stays.

# P07: what is erased afterwards is still in such a copy; the launcher and the chores sweep what nobody holds any more.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onion_app.errors import BadUsage

COPYING = "copying"  # in the desk's folder, where the chores see it
RESTORING = "restoring"  # in the state folder, which only a command sees that holds the whole state


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """Make an empty folder, hold it, and remove it in the end.

    Raises:
        BadUsage: somebody else holds it.
    """
    if not sweep(folder):
        raise BadUsage("a backup is being made already")
    folder.mkdir(mode=0o700)
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def sweep(folder: Path) -> bool:
    """Remove a folder that was left by somebody who was cut off; say whether there is none now."""
    try:
        left = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        return False
    finally:
        os.close(left)
    return not folder.exists()
