"""Names what keeps a file from being read or written, so that nobody takes it for damage and brings back a backup.

No room, no room for one more file, a quota, a disk that is read-only or fails, too many open files, a closed file. It
leans on nothing but the standard library.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from onion_app.errors import (
    DiskFull,
    DiskReadOnly,
    DiskTrouble,
    NoInodes,
    QuotaUsed,
    SanctuaryError,
    StateClosed,
    TooFewFiles,
)

_NAMED: Final[dict[int, type[SanctuaryError]]] = {
    errno.ENOSPC: DiskFull,
    errno.EDQUOT: QuotaUsed,
    errno.EROFS: DiskReadOnly,
    errno.EIO: DiskTrouble,
    errno.ENXIO: DiskTrouble,
    errno.ENODEV: DiskTrouble,
    errno.ESTALE: DiskTrouble,
    errno.EMFILE: TooFewFiles,
    errno.ENFILE: TooFewFiles,
}
_ROOM_TO_OPEN: Final = 1 << 16  # bytes: the index of the write-ahead log, which each opening needs, takes half of it


@contextmanager
def refusals_named(place: Path) -> Iterator[None]:
    """Give the system's refusals our names; those that say nothing of a disk pass as they are.

    Raises:
        DiskFull, NoInodes, QuotaUsed, DiskReadOnly, DiskTrouble: this keeps `place` from being read or written.
        TooFewFiles: no more may be open.
    """
    try:
        yield
    except OSError as refused:
        named = name_of(refused, place)
        if named is None:
            raise
        raise named from refused


def name_of(refused: OSError, place: Path) -> SanctuaryError | None:
    """Give a refusal of the system's its name; None where it says nothing of a disk."""
    named = class_of(refused, place)
    return None if named is None else named(str(place))


def class_of(refused: OSError, place: Path = Path("/")) -> type[SanctuaryError] | None:
    """Give the class of a refusal, which says where it was met, or else was met at `place`; likewise."""
    named = _NAMED.get(refused.errno or 0)
    where = Path(refused.filename) if isinstance(refused.filename, str | os.PathLike) else place
    return NoInodes if named is DiskFull and _lacks_inodes(where) else named


def look(file: Path, *, read_only: bool) -> SanctuaryError | None:
    """Look for what keeps an open database from being read or written; None where there is nothing to see.

    SQLite has one error for all of these. To find out, room for the index of its log is taken for a moment, in a file
    that never has a name; where nothing is to be written, nothing is.
    """
    for part in (file.parent, *(file.with_name(file.name + ending) for ending in ("", "-wal", "-shm"))):
        if os.access(part, os.F_OK) and not os.access(part, os.R_OK | (0 if read_only else os.W_OK)):
            return _closed(part)
    try:
        nameless = os.open(file.parent, os.O_RDONLY if read_only else os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            if not read_only:
                os.write(nameless, bytes(_ROOM_TO_OPEN))
                os.fsync(nameless)
        finally:
            os.close(nameless)
    except OSError as refused:
        named = class_of(refused, file.parent)
        return None if named is None else named()  # without the path: a volunteer may read it
    return None


def _closed(part: Path) -> SanctuaryError:
    """Tell a file that is closed from one on a disk that nobody writes to."""
    return DiskReadOnly() if os.statvfs(part).f_flag & os.ST_RDONLY else StateClosed(str(part))


def _lacks_inodes(place: Path) -> bool:
    """Say whether the disk has room for no more files; some keep no count of them."""
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        there = os.statvfs(place)
    except OSError:
        return False
    return bool(there.f_files) and not there.f_favail
