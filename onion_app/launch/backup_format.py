"""One file with all of an installation in it: how it is written, looked through and taken apart.

    block of 4096 bytes, readable: magic, format, the slots of vault.key, a checksum against bit rot, zeros,
        and at its end the header of the stream
    the stream, in pieces of 64 KiB, the last 4096 bytes shorter: a tar of a description and the three databases, zeros

The stream is sealed under a key that follows from both database keys, so that passphrase or spare code open it, and the
readable block is authenticated with each piece. A file has 64 MiB, or twice that, and so on: its size tells little.
# P03: the databases in it are encrypted a second time; nothing of them is ever written in the clear.
"""

import hashlib
import os
import shutil
import tarfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Annotated, BinaryIO, cast

from onion_app.crypto.keys import subkey
from onion_app.crypto.keyslots import VaultKeys
from onion_app.crypto.stream import HEADER_BYTES, MORE_BYTES, OpeningStream, SealingStream
from onion_app.errors import BackupDamaged, BackupNewer, NotABackup, SealBroken, StateBeforeRelease
from onion_app.shapes import Day, from_json, to_json
from onion_app.vault.connection import KINDS, DatabaseKind, file_name

MAGIC = b"sanctuary backup\n"
FORMAT = 2
LEAST = 64 << 20  # bytes
_BLOCK = 4096
_CLEAR = _BLOCK - HEADER_BYTES
_SEALED = 1 << 16
_PIECE = _SEALED - MORE_BYTES
_LAST_PIECE = _PIECE - _BLOCK  # so that block and pieces make a power of two
_DESCRIPTION = "contents.json"
_LONGEST_DESCRIPTION = 1024  # bytes
_MEMBERS: dict[str, DatabaseKind] = {file_name(kind): kind for kind in KINDS}
_SUM_BYTES = 32
_READ = 1 << 20

Copies = Mapping[DatabaseKind, Path]
Progress = Callable[[float], None]  # told how much of the work is done, 0 to 1


@dataclass(frozen=True)
class Contents:
    """The day since 1970 on which a backup was made, and how many migrations each of its databases has seen."""

    day: Day
    versions: dict[Annotated[str, KINDS.__contains__], int]


@dataclass(frozen=True)
class Head:
    """The readable block: the slots, and what authenticates them."""

    slots: str
    clear: bytes
    header: bytes
    pieces: int


def size_for(copies: Copies) -> int:
    """Say how large the file will be, in bytes."""
    parts = [copy.stat().st_size for copy in copies.values()] + [_LONGEST_DESCRIPTION]
    needed = sum(tarfile.BLOCKSIZE + part + -part % tarfile.BLOCKSIZE for part in parts) + 2 * tarfile.RECORDSIZE
    size = LEAST
    while (size // _SEALED - 1) * _PIECE + _LAST_PIECE < needed:
        size *= 2
    return size


def write_backup(
    file: BinaryIO, keys: VaultKeys, slots: str, contents: Contents, copies: Copies, progress: Progress
) -> None:
    """Write a whole backup.

    Raises:
        OSError: the file cannot be written, or a copy cannot be read.
    """
    text = slots.encode()
    start = MAGIC + bytes([FORMAT]) + len(text).to_bytes(2, "big") + text
    clear = _with_checksum(start.ljust(_CLEAR - _SUM_BYTES, b"\0"))
    stream = SealingStream(_key(keys), clear)
    file.write(clear + stream.header)
    plain = _PlainSide(lambda piece, last: file.write(stream.seal(piece, last=last)), size_for(copies), progress)
    _write_members(cast("IO[bytes]", plain), contents, copies)
    plain.fill()


def _write_members(plain: IO[bytes], contents: Contents, copies: Copies) -> None:
    with tarfile.open(mode="w|", fileobj=plain, format=tarfile.GNU_FORMAT) as tar:
        description = to_json(asdict(contents)).encode()
        tar.addfile(_member(_DESCRIPTION, len(description)), BytesIO(description))
        for name, kind in _MEMBERS.items():
            with copies[kind].open("rb") as copy:
                tar.addfile(_member(name, os.fstat(copy.fileno()).st_size), copy)


def read_head(file: BinaryIO) -> Head:
    """Read the block at the beginning, and see that the file is as long as it should be.

    Raises:
        NotABackup: it begins otherwise than any backup.
        BackupNewer: its format is a later one.
        StateBeforeRelease: it is an earlier one.
        BackupDamaged: its checksum or its length is wrong.
    """
    block = file.read(_BLOCK)
    if not block.startswith(MAGIC):
        raise NotABackup
    clear, at = block[:_CLEAR], len(MAGIC)
    if len(block) < _BLOCK:
        raise BackupDamaged
    if clear[at] != FORMAT:
        raise BackupNewer if clear[at] > FORMAT else StateBeforeRelease
    length = int.from_bytes(clear[at + 1 : at + 3], "big")
    slots = clear[at + 3 : at + 3 + length]
    size = os.fstat(file.fileno()).st_size
    is_whole = clear == _with_checksum(clear[:-_SUM_BYTES]) and at + 3 + length <= _CLEAR - _SUM_BYTES
    if not is_whole or size < LEAST or size & (size - 1):
        raise BackupDamaged
    return Head(_text(slots), clear, block[_CLEAR:], size // _SEALED)


def _text(slots: bytes) -> str:
    try:
        return slots.decode()
    except UnicodeDecodeError:
        raise BackupDamaged from None


def read_backup(
    file: BinaryIO, head: Head, keys: VaultKeys, into: Mapping[DatabaseKind, BinaryIO], progress: Progress
) -> Contents:
    """Read all pieces, write the databases into these files (none for a check), and give the description.

    `file` stands behind the block.

    Raises:
        BackupDamaged: a piece does not open, or there is anything but the expected members in their order.
        BackupNewer: the description has another shape.
    """
    pieces = _open_pieces(file, head, keys, progress)
    contents = read_plain(pieces, into, longest=head.pieces * _SEALED)
    deque(pieces, maxlen=0)  # to the last piece, which alone proves that nothing was cut off
    return contents


def read_plain(pieces: Iterator[bytes], into: Mapping[DatabaseKind, BinaryIO], longest: int) -> Contents:
    """Read the description and the databases out of opened pieces; no member is larger than `longest` bytes.

    Raises:
        BackupDamaged, BackupNewer: as for `read_backup`.
    """
    try:
        with tarfile.open(mode="r|", fileobj=cast("IO[bytes]", _OpenedSide(pieces))) as tar:
            return _read_members(tar, into, longest)
    except tarfile.TarError:
        raise BackupDamaged from None


def _read_members(tar: tarfile.TarFile, into: Mapping[DatabaseKind, BinaryIO], longest: int) -> Contents:
    description = _next_member(tar, _DESCRIPTION, _LONGEST_DESCRIPTION)
    # Sealed by somebody who had the keys: what is of another shape is not damaged, but not ours either.
    contents = from_json(Contents, description.read(), BackupNewer)
    for name, kind in _MEMBERS.items():
        database = _next_member(tar, name, longest)
        if kind in into:
            shutil.copyfileobj(database, into[kind], _READ)
    if tar.next() is not None:
        raise BackupDamaged
    return contents


class _PlainSide:
    """The plain text of the stream as it is written: cut into pieces, and filled with zeros to the size of the file."""

    def __init__(self, seal: Callable[[bytes, bool], object], size: int, progress: Progress) -> None:
        self._seal, self._progress = seal, progress
        self._pieces, self._done = size // _SEALED, 0
        self._plain = bytearray()

    def write(self, part: bytes) -> int:
        """Take what comes next; the file was made large enough for it."""
        self._plain += part
        while len(self._plain) >= _PIECE and self._done < self._pieces - 1:
            self._end_piece(_PIECE)
        return len(part)

    def fill(self) -> None:
        """Write the rest and the zeros."""
        while self._done < self._pieces:
            self._end_piece(_LAST_PIECE if self._done == self._pieces - 1 else _PIECE)

    def _end_piece(self, size: int) -> None:
        piece = bytes(self._plain[:size]).ljust(size, b"\0")
        del self._plain[:size]
        self._done += 1
        self._seal(piece, self._done == self._pieces)
        self._progress(self._done / self._pieces)


class _OpenedSide:
    """The plain text of the stream as it is read: a piece at a time, whatever is asked for."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, _size: int = -1) -> bytes:
        """Give the next piece; nothing at the end."""
        return next(self._pieces, b"")


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)  # P08: without a time, an account or a mode of its own
    member.size = size
    return member


def _next_member(tar: tarfile.TarFile, name: str, longest: int) -> IO[bytes]:
    """Go to the next member.

    Raises:
        BackupDamaged: it is another, larger, or no plain file.
    """
    member = tar.next()
    if member is None or member.type != tarfile.REGTYPE or member.name != name or member.size > longest:
        raise BackupDamaged
    return cast("IO[bytes]", tar.extractfile(member))


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


def _key(keys: VaultKeys) -> bytes:
    return subkey(keys.mailbox + keys.desk, "backup")


def _with_checksum(block: bytes) -> bytes:
    return block + hashlib.sha256(block).digest()
