"""Room that is kept for taking back: a file of nothing, given up when an erasing finds the disk full.

# P07: whoever must erase tonight is not told to come back when somebody has made room.
"""

import os
from contextlib import suppress
from typing import Final

from onion_app.vault.database import Database

BYTES: Final = 8 * 1024**2  # the log that is written while the largest case is erased takes less
_NAME: Final = "reserve"


def keep(db: Database) -> None:
    """Set the room aside beside a database, where that is not done yet and the disk has twice as much."""
    path = db.folder / _NAME
    if (path.exists() and path.stat().st_size >= BYTES) or db.room() < 2 * BYTES:
        return
    give_up(db)  # what an attempt that was cut off has left
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, BYTES)
        finally:
            os.close(descriptor)
    except OSError:
        give_up(db)


def give_up(db: Database) -> None:
    """Hand the room back to the disk; `keep` takes it again once there is enough."""
    with suppress(OSError):
        (db.folder / _NAME).unlink()
