"""`doctor`: thirteen questions about machine and installation, the worst answer first, each with its cure.

It needs no passphrase and changes nothing: the lower half reads what the machine's files and commands say.
"""

import argparse
import calendar
import os
import re
import shutil
import stat
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from onion_app.days import DAY
from onion_app.errors import NotRunning, SanctuaryError, TorTooOld
from onion_app.launch import manage_socket
from onion_app.launch.outside import BACKUP_IS_OLD, SPACE_IS_SHORT, disk_status
from onion_app.launch.state import State
from onion_app.launch.terminal import Terminal
from onion_app.launch.walls import try_walls
from onion_app.onion import tor_process
from onion_app.vault.connection import library_versions
from onion_app.vault.database import Clock

Grade = Literal["bad", "look", "good"]

_BAD: Final = "bad"
_UNSURE: Final = "look"
_GOOD: Final = "good"
_ORDER: Final = (_BAD, _UNSURE, _GOOD)
_NOT_SEEN: Final = ("this is seen while it runs", "./scripts/launch")
_NAMED = 3  # of many files or ports so many are named
_LISTENING = "0A"  # of the column `st` in /proc/net/tcp
_LOOPBACK = re.compile(r"[0-9A-F]{6}7F|0{24}01000000|0{16}FFFF00000[0-9A-F]{5}7F")  # 127/8, ::1 and 127/8 as IPv6
_LONGEST_NAME = 60  # letters of what a library says of itself
_CIPHER_IS_OLD = 400  # days; in a year its makers mend something that matters
_LARGE_PAGES: Final = Path("/sys/kernel/mm/transparent_hugepage/enabled")
_ANSWERED_WITHIN = 10.0  # seconds that one of the system's commands may take


@dataclass(frozen=True)
class Diagnosis:
    """One line of the table; `cure` is a command, empty when there is nothing to do."""

    grade: Grade
    question: str
    answer: str
    cure: str = ""


def doctor(_chosen: argparse.Namespace, state: State, terminal: Terminal) -> None:
    """Ask everything and show one table."""
    terminal.say("Asking ...")
    diagnoses = examine(state)
    rows = [(one.grade, one.question, one.answer, one.cure) for one in diagnoses]
    terminal.table(("", "question", "answer", "command"), rows, bad=sum(one.grade == _BAD for one in diagnoses))


def examine(state: State) -> list[Diagnosis]:
    """Give the thirteen answers, the worst first."""
    try:
        status = manage_socket.ask_launcher(state.manage_socket, "status")
    except NotRunning:
        status = {}
    diagnoses = [
        _tor(),
        _confinement(state),
        _files(state),
        _disk(state),
        _clock(),
        _space(state),
        _reboots(),
        _listeners(),
        _words(status),
        _missing(status),
        _backup(state),
        _cipher(time.time),
        _pages(),
    ]
    return sorted(diagnoses, key=lambda one: _ORDER.index(one.grade))


def _judged(question: str, trouble: str, cure: str, *, good: str = "yes", grade: Grade = _BAD) -> Diagnosis:
    """Answer with the trouble and its cure, if there is any trouble."""
    return Diagnosis(grade, question, trouble, cure) if trouble else Diagnosis(_GOOD, question, good)


def _tor() -> Diagnosis:
    question = "Is Tor new enough, with proof of work?"
    try:
        version = ".".join(map(str, tor_process.version_of()))
    except SanctuaryError as error:
        return Diagnosis(_BAD, question, error.sentence, error.hint)
    lacks = "" if tor_process.has_proof_of_work() else f"{version}, without it: a flood would be harder to bear"
    return _judged(question, lacks, TorTooOld.hint, good=f"{version}, with it", grade=_UNSURE)


def _confinement(state: State) -> Diagnosis:
    question = "Can each process be confined?"
    _, missing = try_walls([state.run] if state.run.is_dir() else [])
    if not missing:
        return Diagnosis(_GOOD, question, "yes")
    return Diagnosis(_BAD, question, " ".join(one.sentence for one in missing), missing[0].cure)


def _files(state: State) -> Diagnosis:
    question = "Is the state closed to other accounts?"
    if not state.path.is_dir():
        return Diagnosis(_UNSURE, question, f"there is no state in {state.path} yet", "./scripts/launch")
    return _judged(question, _some_of(open_files(state.path)), f"chmod -R go= {state.path}")


def _disk(state: State) -> Diagnosis:
    question = "Do disk and swap forget without their password?"
    if swaps := plain_swaps():
        return Diagnosis(_BAD, question, f"unencrypted swap: {', '.join(swaps[:_NAMED])}", "sudo swapoff -a")
    folder = state.path if state.path.is_dir() else state.path.parent
    is_encrypted = folder.is_dir() and _is_encrypted(folder)
    trouble = "" if is_encrypted else "the disk is not encrypted, or does not say so; texts are, in any case"
    cure = "install Debian with an encrypted disk, then: ./scripts/manage restore FILE"
    return _judged(question, trouble, cure, grade=_UNSURE)


def _clock() -> Diagnosis:
    answer = {None: "the system does not say", False: "nothing keeps it right"}.get(clock_is_set(), "")
    trouble = answer and f"{answer}; it says {time.strftime('%d.%m.%Y %H:%M UTC', time.gmtime())}"
    cure = "sudo timedatectl set-ntp true"
    return _judged("Is the clock right?", trouble, cure, good="yes, and kept right", grade=_UNSURE)


def _space(state: State) -> Diagnosis:
    free = disk_status(state, time.time)["free_bytes"] if state.path.is_dir() else SPACE_IS_SHORT
    answer = f"{free / (1 << 30):.1f} GiB are free"
    return _judged("Is there room?", answer if free < SPACE_IS_SHORT else "", "df -h", good=answer)


def _reboots() -> Diagnosis:
    trouble = "updates restart this machine, and nobody types the passphrase then" if reboots_by_itself() else ""
    cure = "sudo sed -i 's/^Unattended-Upgrade::Automatic-Reboot .*/\\/\\/&/' /etc/apt/apt.conf.d/*"
    return _judged("Does it stay up until you restart it?", trouble, cure)


def _listeners() -> Diagnosis:
    question = "Does nothing else on this machine answer the internet?"
    return _judged(question, _some_of([f"port {port}" for port in listeners()]), "sudo ss -ltnp")


def _words(status: dict[str, Any]) -> Diagnosis:
    question = "Do visitors find how to find you, and the guide now?"
    missing = status.get("missing_words")
    if missing is None:
        return Diagnosis(_UNSURE, question, *_NOT_SEEN)
    named = {"how_to_find_us": "how to find us is empty", "now": "the guide now is not shown"}
    return _judged(question, ", ".join(named[name] for name in missing), "set it at the desk, as a coordinator")


def _missing(status: dict[str, Any]) -> Diagnosis:
    question = "Are all cases in the mailbox that the desk knows?"
    missing = status.get("missing")
    if missing is None:
        return Diagnosis(_UNSURE, question, *_NOT_SEEN)
    answer = f"{missing} are missing" if missing else "it could not be looked through" if status["unchecked"] else ""
    trouble = answer and f"{answer}, and no new text is taken"
    return _judged(question, trouble, "./scripts/manage missing", good="yes, or their authors took them back")


def _backup(state: State) -> Diagnosis:
    days = disk_status(state, time.time)["backup_days"]
    old = "none yet" if days is None else f"the last one is {days} days old" if days > BACKUP_IS_OLD else ""
    return _judged("Is there a backup?", old, "./scripts/manage backup FILE", good=f"of {days} days ago")


def _cipher(clock: Clock) -> Diagnosis:
    """Judge the OpenSSL that encrypts the databases: it came with our own packages, and no update of Debian's does."""
    question, cure = "Is the OpenSSL inside sqlcipher3 recent?", "git pull && ./scripts/launch"
    name, made = _name_and_day(library_versions()["openssl"][:_LONGEST_NAME])
    if made is None:
        return Diagnosis(_UNSURE, question, f"it does not say from when it is: {name}", cure)
    days = (clock() - made) // DAY
    answer = f"{name} is {days:.0f} days old, and Debian's updates do not reach it"
    return _judged(question, answer if days > _CIPHER_IS_OLD else "", cure, good=answer, grade=_UNSURE)


def _pages() -> Diagnosis:
    """Judge whether the memory that stretching a code takes comes in pages of 2 MiB: in small ones, a fifth slower."""
    trouble = "" if gives_large_pages() else "no: opening and sending take a fifth longer, which shows under a flood"
    cure = f"echo always | sudo tee {_LARGE_PAGES}"
    return _judged("Does the kernel give large pages of memory?", trouble, cure, grade=_UNSURE)


def _name_and_day(said: str) -> tuple[str, int | None]:
    """Part what a library says of itself, such as "OpenSSL 3.6.0 1 Oct 2025"; the day is in unix seconds."""
    *name, day, month, year = ["", "", "", *said.split()]
    try:
        return " ".join(name).strip(), calendar.timegm(time.strptime(f"{day} {month} {year}", "%d %b %Y"))
    except ValueError:
        return said, None


def _some_of(faults: Sequence[object]) -> str:
    more = f" and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
    return f"no: {', '.join(map(str, faults[:_NAMED]))}{more}" if faults else ""


def open_files(state: Path) -> list[Path]:
    """List what another account could read, or what belongs to one; sockets count, links are not followed."""
    wrong = []
    for path in (state, *state.rglob("*")):
        try:
            status = path.lstat()
        except OSError:
            continue  # gone again, or closed to us: then to others too
        if status.st_uid != os.geteuid() or (stat.S_IMODE(status.st_mode) & 0o077 and not path.is_symlink()):
            wrong.append(path)
    return wrong


def plain_swaps() -> list[str]:
    """Name every swap that is written to a disk unencrypted."""
    names = [line.split()[0] for line in _lines(Path("/proc/swaps"))[1:]]
    return [name for name in names if not name.startswith("/dev/zram") and not _is_encrypted(Path(name))]


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
        status = path.stat()
    except OSError:
        return False
    device = status.st_rdev if stat.S_ISBLK(status.st_mode) else status.st_dev
    if os.major(device) == 0:  # no disk below: memory, or a file system that hides it
        return "tmpfs" in _output("stat", "--file-system", "--format=%T", str(path))
    return _goes_through_crypt(Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve())


def _goes_through_crypt(device: Path) -> bool:
    if any(line.startswith("CRYPT-") for line in _lines(device / "dm" / "uuid")):
        return True
    below = list((device / "slaves").glob("*"))
    return bool(below) and all(_goes_through_crypt(link.resolve()) for link in below)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(errors="replace").splitlines()
    except OSError:
        return []


def _output(*command: str) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False, timeout=_ANSWERED_WITHIN
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()
