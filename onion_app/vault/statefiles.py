"""The files beside the databases: `vault.key`, the day of the last backup, and room that is kept for taking back.

The key slots and the day are written whole or not at all, 0600; the slots are on the disk when the call returns. They
are sealed elsewhere. The day can be read while the databases are locked, and by the launcher.
"""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from onion_app.days import DAY, DAYS
from onion_app.errors import SanctuaryError, StateClosed, VaultDamaged
from onion_app.vault import obstacles

RESERVE_BYTES: Final = 8 * 1024**2  # the log that is written while the largest case is erased takes less
_KEYSLOTS: Final = "vault.key"
_BACKUP_DAY: Final = "last-backup"
_RESERVE: Final = "reserve"
_ELSEWHERE: Final = "half-written"  # a zero byte after each name
_NEW: Final = ".new"  # what ends the name of a file that is to replace another
_LONGEST_SLOTS: Final = 100_000  # bytes; two slots take under 1,000, and nothing larger is read into memory
_LONGEST_DAY: Final = 20  # bytes


def create(path: Path) -> int:
    """Make a new file, 0600, and give the descriptor that it is written by.

    Raises:
        FileExistsError: it is there already.
    """
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_keyslots(folder: Path, text: str) -> None:
    """Replace the file of keys in one step, so that a power cut leaves either the old slots or the new ones."""
    change_keyslots(folder, lambda: text)


def change_keyslots(folder: Path, new_text: Callable[[], str]) -> None:
    """Replace the file of keys likewise, by what nobody else changes while it is worked out.

    Raises:
        DiskTrouble: the disk does not take it.
        SanctuaryError: whatever `new_text` raises; in either case nothing was changed.
    """
    with _turn(folder, fcntl.LOCK_EX):
        _replace(folder / _KEYSLOTS, new_text().encode(), None)
        sync(folder)  # P11: the new name, too, is on the disk


def read_keyslots(folder: Path) -> str:
    """Read the file of keys.

    Raises:
        VaultDamaged: it is missing, too large or no text.
        StateClosed: this account may not read it.
        DiskTrouble: the disk does not give it.
    """
    try:
        with (folder / _KEYSLOTS).open("rb") as file:
            content = file.read(_LONGEST_SLOTS + 1)
        if len(content) <= _LONGEST_SLOTS:
            return content.decode()
    except PermissionError:
        raise StateClosed(str(folder / _KEYSLOTS)) from None
    except OSError as refused:
        raise (obstacles.name_of(refused, folder) or VaultDamaged()) from refused
    except UnicodeDecodeError as error:
        raise VaultDamaged from error
    raise VaultDamaged


def write_backup_day(folder: Path, day: int) -> None:
    """Note that a backup was made and verified on this day since 1970; the file's own time says no more."""
    with _turn(folder, fcntl.LOCK_EX):
        _replace(folder / _BACKUP_DAY, str(day).encode(), day)


def read_backup_day(folder: Path) -> int | None:
    """Read the day of the last backup; None when there was none yet, or the file holds no day."""
    with suppress(OSError, ValueError), (folder / _BACKUP_DAY).open("rb") as file:
        day = int(file.read(_LONGEST_DAY))
        return day if day in DAYS else None
    return None


def keep_reserve(folder: Path) -> None:
    """Set room aside beside a database, where that is not done yet and the disk has twice as much.

    # P07: whoever must erase tonight is not told to come back when somebody has made room.
    """
    path = folder / _RESERVE
    there = path.exists() and path.stat().st_size >= RESERVE_BYTES
    if there or shutil.disk_usage(folder).free < 2 * RESERVE_BYTES:
        return
    give_up_reserve(folder)  # left by an attempt that was cut off
    try:
        with os.fdopen(create(path), "wb") as file:
            os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
    except OSError:
        give_up_reserve(folder)


def give_up_reserve(folder: Path) -> None:
    """Hand the room back to the disk; `keep_reserve` takes it again once there is enough."""
    with suppress(OSError):
        (folder / _RESERVE).unlink()


def noted_elsewhere(folder: Path) -> set[Path]:
    """Name the files that lie outside the state and are not whole: a backup is being written, or was cut off."""
    try:
        names = (folder / _ELSEWHERE).read_bytes()
    except FileNotFoundError:
        return set()
    return {Path(os.fsdecode(name)) for name in names.split(b"\0") if name}


def note_elsewhere(folder: Path, parts: set[Path]) -> None:
    """Note these, and no others; whoever calls it holds the place where backups are made."""
    with _turn(folder, fcntl.LOCK_EX):
        if parts:
            _replace(folder / _ELSEWHERE, b"".join(os.fsencode(part) + b"\0" for part in sorted(parts)), None)
        else:
            (folder / _ELSEWHERE).unlink(missing_ok=True)


def discard_half_written(folder: Path) -> None:
    """Remove what was to replace a file and was cut off; a change that is under way keeps its own."""
    with suppress(OSError, SanctuaryError), _turn(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
        for new in folder.glob(f"*{_NEW}"):
            new.unlink()


@contextmanager
def _turn(folder: Path, lock: int) -> Iterator[None]:
    """Hold the folder itself, while one of its files is replaced; what the disk refuses is named."""
    with obstacles.refusals_named(folder):
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(held, lock)
            yield
        finally:
            os.close(held)


def _replace(path: Path, content: bytes, day: int | None) -> None:
    """Write beside a file what is to replace it, to the disk, with the time of a day or its own; then replace it."""
    new = path.with_name(path.name + _NEW)
    new.unlink(missing_ok=True)  # left by an attempt that was cut off
    with os.fdopen(create(new), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if day is not None:
        os.utime(new, (day * DAY, day * DAY))  # P08
    new.replace(path)
