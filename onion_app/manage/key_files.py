"""The files of key slots below a state folder, wherever they lie: found, overwritten, removed, past every obstacle."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def key_files(folder: Path, obstacles: list[str]) -> Iterator[Path]:
    """Find every file of key slots below the state: its own, of states moved aside, of a restore that was cut off."""

    def unread(refused: OSError) -> None:
        if not isinstance(refused, FileNotFoundError) and os.path.basename(refused.filename) != "lost+found":  # noqa: PTH119 - perhaps bytes
            obstacles.append(f"{refused.filename} cannot be looked into ({refused.strerror})")

    for inside, folders, files in os.walk(folder, topdown=False, onerror=unread):
        yield from (Path(inside, name) for name in sorted([*files, *folders]) if name.startswith("vault.key"))


def destroy(file: Path, obstacles: list[str]) -> None:
    """Overwrite a file and remove it; where it is a link, what it leads to as well.

    A disk may keep old blocks that no program can overwrite: their slots open with the passphrase or the spare code.
    """
    try:
        for each in dict.fromkeys([Path(os.path.realpath(file)), file]):
            with suppress(FileNotFoundError):
                _remove(each)
        _sync(file.parent)
    except OSError as refused:
        obstacles.append(f"{file} is still there ({refused.strerror}): chattr -i {file}; shred -u {file}")


def _remove(file: Path) -> None:
    mode = file.lstat().st_mode
    if stat.S_ISDIR(mode):
        file.rmdir()  # what is in it was found before it
        return
    if stat.S_ISREG(mode):
        _overwrite(file)
    file.unlink()


def _overwrite(file: Path) -> None:
    with suppress(OSError):
        file.chmod(0o600)
    descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.write(descriptor, os.urandom(os.fstat(descriptor).st_size))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
