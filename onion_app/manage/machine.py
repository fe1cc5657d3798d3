"""What files and commands of this machine say of it, for `doctor`.

Another program wrote every byte of it: a line of no known shape is left out and ends no question.
"""

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_LARGE_PAGES: Final = Path("/sys/kernel/mm/transparent_hugepage/enabled")
_SOCKET = re.compile(r" *\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) [0-9A-F]{8,32}:([0-9A-F]{4}) ([0-9A-F]{2}) ")
_LOOPBACK = re.compile(r"[0-9A-F]{6}7F|0{24}01000000|0{16}FFFF00000[0-9A-F]{5}7F")  # 127/8, ::1 and 127/8 as IPv6
_WAITING: Final = {"tcp": "0A", "udp": "07"}  # the state of a socket that anybody may send to
_NOBODY: Final = "0000"  # the port of the other side, where there is none
_LEASES: Final = {68, 546}  # ports of UDP at which a machine is told its own address, by DHCP
_ANSWERED_WITHIN = 10.0  # seconds that one of the system's commands may take


def open_files(state: Path) -> list[Path]:
    """List what another account could read; sockets count, links are not followed."""
    return [path for path, status in _below(state) if status.st_mode & 0o077 and not stat.S_ISLNK(status.st_mode)]


def strange_files(state: Path) -> list[Path]:
    """List what belongs to another account."""
    return [path for path, status in _below(state) if status.st_uid != os.geteuid()]


def plain_swaps() -> list[str]:
    """Name every swap that is written to a disk unencrypted."""
    lines = [line.split() for line in _lines(_PROC / "swaps")[1:]]
    names = [re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), words[0]) for words in lines if words]
    return [name for name in names if not name.startswith("/dev/zram") and not is_encrypted(Path(name))]


def is_encrypted(path: Path) -> bool:
    """Follow the device of a file, or a device itself, down to dm-crypt."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return False
    device = status.st_rdev if stat.S_ISBLK(status.st_mode) else status.st_dev
    if os.major(device) == 0:  # no disk below: memory, or a file system that hides it
        return "tmpfs" in _output("stat", "--file-system", "--format=%T", str(path))
    return _goes_through_crypt(Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve())


def gives_large_pages() -> bool:
    """Say whether every process gets large pages; libsodium does not ask for them."""
    return "[always]" in " ".join(_lines(_LARGE_PAGES))


def clock_is_set() -> bool | None:
    """Say whether the system keeps the clock right by itself; None when it does not say."""
    if shutil.which("timedatectl") is None:
        return None
    answer = _output("timedatectl", "show", "-p", "NTPSynchronized", "--value")
    return {"yes": True, "no": False}.get(answer)


def reboots_by_itself() -> bool:
    """Say whether the system's updates may restart the machine, which nobody would then unlock."""
    value = re.search(r'^Unattended-Upgrade::Automatic-Reboot "([^"]*)";', _output("apt-config", "dump"), re.MULTILINE)
    return value is not None and value[1].lower() in ("1", "true", "yes", "on", "enable", "with")


def listeners() -> list[str]:
    """List the ports that answer from outside this machine, such as "tcp 22", by either version of the protocol."""
    found = {(kind, port) for kind in _WAITING for table in (kind, f"{kind}6") for port in _answering(kind, table)}
    return [f"{kind} {port}" for kind, port in sorted(found) if kind != "udp" or port not in _LEASES]


def _answering(kind: str, table: str) -> Iterator[int]:
    for line in _lines(_PROC / "net" / table):
        socket = _SOCKET.match(line)
        is_open = socket is not None and (socket[3], socket[4]) == (_NOBODY, _WAITING[kind])
        if socket is not None and is_open and not _LOOPBACK.fullmatch(socket[1]):
            yield int(socket[2], 16)


def _below(state: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for path in (state, *state.rglob("*")):
        try:
            yield path, path.lstat()
        except OSError:
            continue  # gone again, or closed to us: then to others too


def _goes_through_crypt(device: Path) -> bool:
    if any(line.startswith("CRYPT-") for line in _lines(device / "dm" / "uuid")):
        return True
    below = list((device / "slaves").glob("*"))
    return bool(below) and all(_goes_through_crypt(link.resolve()) for link in below)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(errors="replace").splitlines()
    except (OSError, ValueError):
        return []


def _output(*command: str) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False, timeout=_ANSWERED_WITHIN
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
