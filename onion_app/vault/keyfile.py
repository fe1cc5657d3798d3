"""The file of key slots, `vault.key`: written whole or not at all, 0600, and on the disk when the call returns.

What is in it is sealed elsewhere; here it is a text.
"""

import os
from pathlib import Path

from onion_app.errors import StateClosed, VaultDamaged

_NAME = "vault.key"
_LONGEST = 100_000  # bytes; two slots take under 1,000, and nothing larger is read into memory


def write(folder: Path, text: str) -> None:
    """Replace the file in one step, so that a power cut leaves either the old slots or the new ones."""
    new = folder / f"{_NAME}.new"
    new.unlink(missing_ok=True)  # left by an attempt that was cut off
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    new.replace(folder / _NAME)
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)  # P11: the new name, too, is on the disk
    finally:
        os.close(directory)


def destroy(folder: Path) -> bool:
    """Overwrite the file of keys and remove it, and what an interrupted write left beside it; say if there was one.

    A disk may keep old blocks that no program can overwrite: what is left of them opens with the passphrase only.
    """
    there = False
    for file in (folder / _NAME, folder / f"{_NAME}.new"):
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue
        try:
            os.write(descriptor, os.urandom(os.fstat(descriptor).st_size))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        file.unlink()
        there = True
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return there


def read(folder: Path) -> str:
    """Read the file.

    Raises:
        VaultDamaged: it is missing, too large or no text.
        StateClosed: this account may not read it.
    """
    try:
        with (folder / _NAME).open("rb") as file:
            content = file.read(_LONGEST + 1)
        if len(content) <= _LONGEST:
            return content.decode()
    except PermissionError:
        raise StateClosed(str(folder / _NAME)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise VaultDamaged from error
    raise VaultDamaged
