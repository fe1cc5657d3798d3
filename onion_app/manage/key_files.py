"""The files of key slots below a state folder, wherever they lie: found, overwritten, removed, past every obstacle."""

import errno
import fcntl
import os
import re
import stat
import struct
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from onion_app.vault.statefiles import give_up_reserve, sync

# Questions of linux/fs.h to a file: at which block of its disk one of its own lies, and how large they are.
_FIBMAP: Final = 1
_FIGETBSZ: Final = 2
_INT: Final = struct.Struct("i")
_MOUNTING: Final = 5.0  # seconds that opening a read-only disk may take


def key_files(folder: Path, obstacles: list[str]) -> Iterator[Path]:
    """Find every file of key slots below the state: its own, of states moved aside, of a restore that was cut off."""

    def unread(refused: OSError) -> None:
        if not isinstance(refused, FileNotFoundError) and os.path.basename(refused.filename) != "lost+found":  # noqa: PTH119 - perhaps bytes
            obstacles.append(f"{refused.filename} cannot be looked into ({refused.strerror})")

    for inside, folders, files in os.walk(folder, topdown=False, onerror=unread):
        yield from (Path(inside, name) for name in sorted([*files, *folders]) if name.startswith("vault.key"))


def destroy(file: Path, mailbox: Path, obstacles: list[str]) -> bool:
    """Overwrite a file and remove it, and where it is a link, what it leads to as well; say if that was done.

    Where there is no room, what the mailbox keeps free is given up for it. A disk may keep old blocks that no program
    can overwrite: their slots open with the passphrase or the spare code.
    """
    try:
        for each in dict.fromkeys([Path(os.path.realpath(file)), file]):
            with suppress(FileNotFoundError):
                _remove(each, mailbox, obstacles)
        sync(file.parent)
    except OSError as refused:
        if refused.errno == errno.EROFS and _overwrite_below(Path(os.path.realpath(file))):
            return True
        free = f"mount -o remount,rw {mount_of(file)}" if refused.errno == errno.EROFS else f"chattr -i {file}"
        obstacles.append(f"{file} is still there ({refused.strerror}): {free}; shred -u {file}")
    return not os.path.lexists(file)


def _remove(file: Path, mailbox: Path, obstacles: list[str]) -> None:
    mode = file.lstat().st_mode
    if stat.S_ISDIR(mode):
        file.rmdir()  # what is in it was found before it
        return
    if stat.S_ISREG(mode):
        try:
            _overwrite_past(file, mailbox)
        except OSError as refused:
            file.unlink()
            obstacles.append(f"{file} is removed, but was not overwritten ({refused.strerror}): destroy the disk")
            return
    file.unlink()


def _overwrite_past(file: Path, mailbox: Path) -> None:
    """Overwrite a file; a disk that is read-only is opened for it, and a full one gets room, which some need for it."""
    try:
        _overwrite(file)
    except OSError as refused:
        if refused.errno == errno.EROFS:
            command = ["mount", "-o", "remount,rw", mount_of(file)]
            with suppress(OSError, subprocess.SubprocessError):
                subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_MOUNTING)
        else:
            give_up_reserve(mailbox)
        _overwrite(file)


def _overwrite_below(file: Path) -> bool:
    """Overwrite a file in its blocks of the disk itself, which stays read-only after an error; say if that was done.

    Each block has to hold what the file holds, before it is touched. The name stays, with nothing that opens anything.
    """
    try:
        with file.open("rb") as opened, _disk_of(opened.fileno()).open("r+b", buffering=0) as disk:
            content, size, blocks = opened.read(), *_blocks_of(opened.fileno())
            parts = [content[at : at + size] for at in range(0, len(content), size)]
            found = [
                os.pread(disk.fileno(), len(part), block * size) for part, block in zip(parts, blocks, strict=True)
            ]
            if found != parts:
                return False
            for block in blocks:
                os.pwrite(disk.fileno(), os.urandom(size), block * size)
            os.fsync(disk.fileno())
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    except OSError:
        return False
    return bool(content)


def _disk_of(opened: int) -> Path:
    number = os.fstat(opened).st_dev
    return Path("/dev", Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve().name)


def _blocks_of(opened: int) -> tuple[int, list[int]]:
    """Give the size of a block of the disk, in bytes, and the numbers of those in which a file lies."""
    [size] = _INT.unpack(fcntl.ioctl(opened, _FIGETBSZ, _INT.pack(0)))
    count = -(-os.fstat(opened).st_size // size)
    return size, [_INT.unpack(fcntl.ioctl(opened, _FIBMAP, _INT.pack(number)))[0] for number in range(count)]


def mount_of(file: Path) -> str:
    """Name the place at which the disk of a file is mounted."""
    lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    places = [re.sub(rb"\\([0-7]{3})", lambda sign: bytes([int(sign[1], 8)]), line.split()[4]) for line in lines]
    around = [os.fsdecode(place) for place in places if file.absolute().is_relative_to(os.fsdecode(place))]
    return max(around, key=len, default="/")


def _overwrite(file: Path) -> None:
    with suppress(OSError):
        file.chmod(0o600)
    descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.write(descriptor, os.urandom(os.fstat(descriptor).st_size))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
