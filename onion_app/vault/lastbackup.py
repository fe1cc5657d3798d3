"""The day of the last backup, beside the databases: it must be readable while they are locked, and by the launcher.

A day and nothing finer, the file's own time included (P08).
"""

import os
from contextlib import suppress
from pathlib import Path

from onion_app.days import DAY

_NAME = "last-backup"
_LONGEST = 20  # bytes


def write(state: Path, day: int) -> None:
    """Note that a backup was made and verified on this day since 1970."""
    new = state / f"{_NAME}.new"
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(str(day))
    os.utime(new, (day * DAY, day * DAY))
    new.replace(state / _NAME)


def read(state: Path) -> int | None:
    """Read the day; None when there was no backup yet, or what stands there is no day."""
    with suppress(OSError, ValueError), (state / _NAME).open("rb") as file:
        return int(file.read(_LONGEST))
    return None
