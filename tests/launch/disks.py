"""Small disks that can be filled, in bytes and in files. They take root, which mounts them."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

SIZE = 160 << 20  # bytes: a backup of 64 MiB, what the site keeps free, and something to fill up
PIECE = 1 << 12  # bytes of the smallest file


@contextmanager
def small_disk(options: str = "") -> Iterator[Path]:
    """Mount a small disk at a path short enough for sockets, and take it away at the end."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts a disk")
    with tempfile.TemporaryDirectory(prefix="disk-") as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700{options}", "tmpfs", folder]
        if (refused := subprocess.run(mount, capture_output=True, text=True, check=False)).returncode:
            pytest.skip(f"no disk can be mounted here: {refused.stderr.strip()}")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)


@contextmanager
def failing_disk(folder: Path) -> Iterator[tuple[Path, Callable[[], object], Path]]:
    """Mount a disk that can be told to meet an error, after which ext4 takes no byte more; give its image, too."""
    image, place = folder / "image", folder / "disk"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(16 << 20)
    for command in (["mkfs.ext4", "-q", str(image)], ["mount", "-o", "loop,errors=remount-ro", str(image), str(place)]):
        if (refused := subprocess.run(command, capture_output=True, text=True, check=False)).returncode:
            pytest.skip(f"no such disk can be mounted here: {refused.stderr.strip()}")
    try:
        number = place.stat().st_dev
        name = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve().name
        yield place, lambda: Path(f"/sys/fs/ext4/{name}/trigger_fs_error").write_text("1"), image
    finally:
        subprocess.run(["umount", str(place)], check=True)


def fill(disk: Path, *, leaving: int = 0) -> Path:
    """Fill a disk until so many bytes are left, and give the file that does it."""
    ballast = disk / f"ballast-{secrets.token_hex(4)}"
    with ballast.open("wb", buffering=0) as file:
        os.posix_fallocate(file.fileno(), 0, max(PIECE, shutil.disk_usage(disk).free - leaving - PIECE))
        file.seek(0, os.SEEK_END)
        if not leaving:
            try:
                while file.write(bytes(PIECE)):
                    pass
            except OSError:
                assert shutil.disk_usage(disk).free < PIECE
    return ballast


@contextmanager
def filled(disk: Path, *, leaving: int = 0) -> Iterator[None]:
    """Have a disk filled for a while."""
    ballast = fill(disk, leaving=leaving)
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def without_inodes(disk: Path) -> Iterator[None]:
    """Have a disk for a while that has room for no more files."""
    many = disk / f"many-{secrets.token_hex(4)}"
    many.mkdir()
    try:
        with suppress(OSError):
            for number in range(1 << 16):
                (many / str(number)).touch()
        assert not os.statvfs(disk).f_favail
        yield
    finally:
        shutil.rmtree(many)
