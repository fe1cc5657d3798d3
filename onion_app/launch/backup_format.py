"""One file with all of an installation in it: how it is written, looked through and taken apart.

    block of 4096 bytes, readable: magic, format, the slots of vault.key, a checksum against bit rot, zeros,
        and at its end the header of the stream
    the stream, in pieces of 64 KiB, the last 4096 bytes shorter: what is inside, the two databases, zeros

The stream is sealed under a key that follows from both database keys, so that passphrase or spare code open it, and the
readable block is authenticated with each piece. A file has 64 MiB, or twice that, and so on: its size tells little.
# P03: the databases in it are encrypted a second time; nothing of them is ever written in the clear.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from onion_app.crypto.keys import subkey
from onion_app.crypto.keyslots import VaultKeys
from onion_app.crypto.stream import HEADER_BYTES, MORE_BYTES, OpeningStream, SealingStream
from onion_app.errors import BackupDamaged, BackupNewer, NotABackup, SealBroken
from onion_app.shapes import Day, from_json, to_json
from onion_app.vault.connection import DatabaseKind

MAGIC = b"sanctuary backup\n"
FORMAT = 1
LEAST = 64 << 20  # bytes
_BLOCK = 4096
_CLEAR = _BLOCK - HEADER_BYTES
_SEALED = 1 << 16
_PIECE = _SEALED - MORE_BYTES
_LAST_PIECE = _PIECE - _BLOCK  # so that block and pieces make a power of two
_INSIDE = 1024  # bytes for the description of its contents
_SUM_BYTES = 32
_READ = 1 << 20

Copies = Mapping[DatabaseKind, Path]
Progress = Callable[[float], None]  # told how much of the work is done, 0 to 1


@dataclass(frozen=True)
class Part:
    """One database in the file."""

    size: int  # bytes
    checksum: str
    version: int  # how many migrations it has seen


@dataclass(frozen=True)
class Contents:
    """The two databases of a backup, and the day since 1970 on which it was made."""

    day: Day
    mailbox: Part
    desk: Part

    def parts(self) -> Mapping[DatabaseKind, Part]:
        """Give the parts in their order."""
        return {"mailbox": self.mailbox, "desk": self.desk}


@dataclass(frozen=True)
class Head:
    """The readable block: the slots, and what authenticates them."""

    slots: str
    clear: bytes
    header: bytes
    pieces: int


def measure_part(copy: Path, version: int) -> Part:
    """Measure a copy of a database."""
    with copy.open("rb") as file:
        checksum = hashlib.file_digest(file, "sha256").hexdigest()
        return Part(file.tell(), checksum, version)


def size_for(contents: Contents) -> int:
    """Say how large the file will be, in bytes."""
    size = LEAST
    while _bytes_within(size) < _INSIDE + sum(one.size for one in contents.parts().values()):
        size *= 2
    return size


def write_backup(
    file: BinaryIO, keys: VaultKeys, slots: str, contents: Contents, copies: Copies, progress: Progress
) -> None:
    """Write a whole backup.

    Raises:
        OSError: the file cannot be written, or a copy cannot be read.
    """
    clear = _clear_block(slots)
    stream = SealingStream(_key(keys), clear)
    file.write(clear + stream.header)
    pieces = size_for(contents) // _SEALED
    with ExitStack() as stack:
        sources = [stack.enter_context(copies[name].open("rb")) for name in contents.parts()]
        plain = _PlainText(_describe(contents), sources)
        for number in range(1, pieces + 1):
            last = number == pieces
            file.write(stream.seal(plain.take(_LAST_PIECE if last else _PIECE), last=last))
            progress(number / pieces)


def read_head(file: BinaryIO) -> Head:
    """Read the block at the beginning, and see that the file is as long as it should be.

    Raises:
        NotABackup: it begins otherwise than any backup.
        BackupNewer: its format is a later one.
        BackupDamaged: its checksum or its length is wrong.
    """
    block = file.read(_BLOCK)
    if not block.startswith(MAGIC):
        raise NotABackup
    clear, at = block[:_CLEAR], len(MAGIC)
    if len(block) < _BLOCK:
        raise BackupDamaged
    if clear[at] > FORMAT:
        raise BackupNewer
    length = int.from_bytes(clear[at + 1 : at + 3], "big")
    slots = clear[at + 3 : at + 3 + length]
    size = os.fstat(file.fileno()).st_size
    if clear != _with_checksum(clear[:-_SUM_BYTES]) or size < LEAST or size & (size - 1):
        raise BackupDamaged
    return Head(slots.decode(), clear, block[_CLEAR:], size // _SEALED)


def read_backup(
    file: BinaryIO, head: Head, keys: VaultKeys, into: Mapping[str, BinaryIO], progress: Progress
) -> Contents:
    """Read all pieces, write the parts into these files (none for a check), and give the description of the parts.

    `file` stands behind the block.

    Raises:
        BackupDamaged: a piece does not open, or a part is not whole.
        BackupNewer: the description has another shape.
    """
    pieces = _open_pieces(file, head, keys, progress)
    first = next(pieces)
    # Sealed by somebody who had the keys: what is of another shape is not damaged, but not ours either.
    contents = from_json(Contents, first[:_INSIDE], BackupNewer)
    left = {name: one.size for name, one in contents.parts().items()}
    sums = {name: hashlib.sha256() for name in left}
    for piece in chain([first[_INSIDE:]], pieces):
        rest = piece
        for name in left:
            mine, rest = rest[: left[name]], rest[left[name] :]
            left[name] -= len(mine)
            sums[name].update(mine)
            if name in into:
                into[name].write(mine)
    if any(left.values()) or any(sums[name].hexdigest() != one.checksum for name, one in contents.parts().items()):
        raise BackupDamaged
    return contents


class _PlainText:
    """The plain text of the stream, piece by piece."""

    def __init__(self, start: bytes, sources: Sequence[BinaryIO]) -> None:
        self._ready = start
        self._sources = list(sources)

    def take(self, count: int) -> bytes:
        while len(self._ready) < count and self._sources:
            more = self._sources[0].read(_READ)
            self._ready += more
            if not more:
                self._sources.pop(0)
        piece, self._ready = self._ready[:count], self._ready[count:]
        return piece.ljust(count, b"\0")


def _open_pieces(file: BinaryIO, head: Head, keys: VaultKeys, progress: Progress) -> Iterator[bytes]:
    try:
        stream = OpeningStream(_key(keys), head.clear, head.header)
        for number in range(1, head.pieces + 1):
            last = number == head.pieces
            sealed = file.read(_SEALED - _BLOCK if last else _SEALED)
            yield stream.open(sealed, last=last)
            progress(number / head.pieces)
    except SealBroken:
        raise BackupDamaged from None


def _bytes_within(size: int) -> int:
    return (size // _SEALED - 1) * _PIECE + _LAST_PIECE


def _key(keys: VaultKeys) -> bytes:
    return subkey(keys.mailbox + keys.desk, "backup")


def _clear_block(slots: str) -> bytes:
    text = slots.encode()
    start = MAGIC + bytes([FORMAT]) + len(text).to_bytes(2, "big") + text
    return _with_checksum(start.ljust(_CLEAR - _SUM_BYTES, b"\0"))


def _with_checksum(block: bytes) -> bytes:
    return block + hashlib.sha256(block).digest()


def _describe(contents: Contents) -> bytes:
    return to_json(asdict(contents)).encode().ljust(_INSIDE)
