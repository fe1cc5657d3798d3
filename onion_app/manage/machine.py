"""Looks at the machine the way `doctor` asks: files, disks, clock, listeners. It reads, tries, and changes nothing."""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

_LISTENING = "0A"  # of the column `st` in /proc/net/tcp
_LOOPBACK = re.compile(r"[0-9A-F]{6}7F|0{24}01000000|0{16}FFFF00000[0-9A-F]{5}7F")  # 127/8, ::1 and 127/8 as IPv6
_ANSWER = 10.0  # seconds


def open_files(state: Path) -> list[Path]:
    """List what another account could read, or what belongs to one; sockets count, links are not followed."""
    wrong = []
    for path in (state, *state.rglob("*")):
        try:
            seen = path.lstat()
        except OSError:
            continue  # gone again, or closed to us: then to others too
        if seen.st_uid != os.geteuid() or (stat.S_IMODE(seen.st_mode) & 0o077 and not path.is_symlink()):
            wrong.append(path)
    return wrong


def plain_swaps() -> list[str]:
    """Name every swap that is written to a disk unencrypted."""
    names = [line.split()[0] for line in _lines(Path("/proc/swaps"))[1:]]
    return [name for name in names if not name.startswith("/dev/zram") and not _is_encrypted(Path(name))]


def is_on_encrypted_disk(folder: Path) -> bool:
    """Say whether a folder lies on an encrypted disk, or in memory."""
    return _is_encrypted(folder)


def clock_is_set() -> bool | None:
    """Say whether the system keeps the clock right by itself; None when it does not say."""
    if shutil.which("timedatectl") is None:
        return None
    said = _answer("timedatectl", "show", "-p", "NTPSynchronized", "--value")
    return {"yes": True, "no": False}.get(said)


def reboots_by_itself() -> bool:
    """Say whether the system's updates may restart the machine, which nobody would then unlock."""
    found = re.search(r'^Unattended-Upgrade::Automatic-Reboot "([^"]*)";', _answer("apt-config", "dump"), re.MULTILINE)
    return found is not None and found[1].lower() in ("1", "true", "yes", "on", "enable", "with")


def listeners() -> list[int]:
    """List the TCP ports that answer from outside this machine."""
    ports = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in _lines(Path(table))[1:]:
            address, _, port = line.split()[1].partition(":")
            if line.split()[3] == _LISTENING and not _LOOPBACK.fullmatch(address):
                ports.add(int(port, 16))
    return sorted(ports)


def _is_encrypted(path: Path) -> bool:
    """Follow the device of a file, or a device itself, down to dm-crypt."""
    try:
        seen = path.stat()
    except OSError:
        return False
    device = seen.st_rdev if stat.S_ISBLK(seen.st_mode) else seen.st_dev
    if os.major(device) == 0:  # no disk below: memory, or a file system that hides it
        return "tmpfs" in _file_system(path)
    return _goes_through_crypt(Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve())


def _goes_through_crypt(device: Path) -> bool:
    if any(line.startswith("CRYPT-") for line in _lines(device / "dm" / "uuid")):
        return True
    below = list((device / "slaves").glob("*"))
    return bool(below) and all(_goes_through_crypt(one.resolve()) for one in below)


def _file_system(path: Path) -> str:
    return _answer("stat", "--file-system", "--format=%T", str(path))


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []


def _answer(*words: str) -> str:
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=_ANSWER)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
