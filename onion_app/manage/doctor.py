"""`doctor`: fifteen questions about machine and installation, the worst answer first, each with its cure.

It needs no passphrase and changes nothing. A question that cannot be answered says so and keeps none of the others.
"""

import argparse
import calendar
import os
import pwd
import shlex
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from onion_app.days import DAY
from onion_app.errors import NotRunning, SanctuaryError, TorTooOld
from onion_app.launch import manage_socket
from onion_app.launch.outside import BACKUP_IS_OLD, SPACE_IS_SHORT, container, disk_status
from onion_app.launch.state import State
from onion_app.launch.terminal import Terminal
from onion_app.launch.walls import try_walls
from onion_app.manage import machine, status_text
from onion_app.onion import programs
from onion_app.vault.connection import library_versions

Grade = Literal["bad", "look", "good"]
Judgement = tuple[Grade, str, str]  # grade, answer, and the command that cures it, empty when there is nothing to do

_BAD: Final = "bad"
_UNSURE: Final = "look"
_GOOD: Final = "good"
_ORDER: Final = (_BAD, _UNSURE, _GOOD)
_MARKS: Final = {_BAD: "!", _UNSURE: "?", _GOOD: " "}
_NOT_SEEN: Final[list[Judgement]] = [(_UNSURE, "this is seen while it runs", "./scripts/launch")]
_ASKED_HERE: Final = ("Backup", "Free space", "Confinement")  # lines of the status with a question of their own
_NAMED = 3  # of many files or ports so many are named
_LONGEST_NAME = 60  # letters of what a library says of itself
_CIPHER_IS_OLD = 400  # days; in a year its makers mend something that matters
_BY_HAND: Final = "look at it by hand; the guide says how, under Something is red"
# What a question meets that somebody else's files, commands or launcher spoil; it is no reason to ask no other.
_SPOILT: Final = (
    OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, subprocess.SubprocessError,
    SanctuaryError,
)  # fmt: skip


@dataclass(frozen=True)
class Diagnosis:
    """One line of what is shown; `cure` is a command, empty when there is nothing to do."""

    grade: Grade
    question: str
    answer: str
    cure: str = ""


@dataclass(frozen=True)
class Seen:
    """Whom the questions are about: the state, and what its launcher says, which is nothing when none runs."""

    state: State
    status: dict[str, Any]


def doctor(_chosen: argparse.Namespace, state: State, terminal: Terminal) -> int:
    """Ask everything, say what is to be done with its cure, and give the exit status: 1 when an answer is bad."""
    terminal.say("Asking ...")
    diagnoses = examine(state)
    to_do = [one for one in diagnoses if one.cure]
    for one in to_do:
        line = f"{_MARKS[one.grade]} {one.question} {one.answer}."
        terminal.say(status_text.printable(line), bad=one.grade == _BAD)
        terminal.say(status_text.printable(f"      {one.cure}"))
    terminal.say(f"  Nothing is to be done about the other {len(diagnoses) - len(to_do)} answers.")  # all on one screen
    return int(any(one.grade == _BAD for one in diagnoses))


def examine(state: State) -> list[Diagnosis]:
    """Give all answers, the worst first."""
    try:
        status = manage_socket.ask_launcher(state.manage_socket, "status")
    except NotRunning:
        status = {}
    seen = Seen(state, status)
    diagnoses = [
        Diagnosis(grade, question, answer, cure)
        for question, ask in QUESTIONS.items()
        for grade, answer, cure in _asked(ask, seen)
    ]
    return sorted(diagnoses, key=lambda one: _ORDER.index(one.grade))


def _asked(ask: Callable[[Seen], list[Judgement]], seen: Seen) -> list[Judgement]:
    try:
        return ask(seen)
    except _SPOILT as spoilt:
        return [(_UNSURE, f"this could not be seen ({type(spoilt).__name__})", _BY_HAND)]


def _judged(trouble: str, cure: str, *, good: str = "yes", grade: Grade = _BAD) -> list[Judgement]:
    """Answer with the trouble and its cure, if there is any trouble."""
    return [(grade, trouble, cure)] if trouble else [(_GOOD, good, "")]


def _tor(_seen: Seen) -> list[Judgement]:
    try:
        version = ".".join(map(str, programs.version_of()))
    except SanctuaryError as error:
        return [(_BAD, error.sentence.rstrip("."), error.hint)]
    lacks = "" if programs.has_proof_of_work() else f"{version}, without it: a flood would be harder to bear"
    return _judged(lacks, TorTooOld.hint, good=f"{version}, with it", grade=_UNSURE)


def _running(seen: Seen) -> list[Judgement]:
    if not seen.status:
        return [(_UNSURE, "nothing runs on this state", "./scripts/launch")]
    names = [line.name for line in status_text.status_lines(seen.status) if line.bad and line.name not in _ASKED_HERE]
    return _judged(f"no: {', '.join(dict.fromkeys(names))}" if names else "", "./scripts/manage status")


def _confinement(seen: Seen) -> list[Judgement]:
    _, missing = try_walls([seen.state.run] if seen.state.run.is_dir() else [])
    return [(_BAD, one.sentence.rstrip("."), one.cure) for one in missing] or [(_GOOD, "yes", "")]


def _own_machine(_seen: Seen) -> list[Judgement]:
    kind = container()
    trouble = f"this is a container ({kind}): whoever runs what is around it reads its memory and files, unseen"
    return _judged(trouble if kind else "", "./scripts/manage backup FILE   (and restore it on a machine of its own)")


def _files(seen: Seen) -> list[Judgement]:
    path = seen.state.path
    if not path.is_dir():
        return [(_UNSURE, f"there is no state in {path} yet", "./scripts/launch")]
    name, place = pwd.getpwuid(os.geteuid()).pw_name, shlex.quote(str(path))
    troubles: list[Judgement] = []
    if strange := machine.strange_files(path):
        troubles += [(_BAD, f"another account's: {_some_of(strange)}", f"chown -R {name}: {place}")]
    if opened := machine.open_files(path):
        troubles += [(_BAD, f"no: {_some_of(opened)}", f"chmod -R go= {place}")]
    return troubles or [(_GOOD, "yes", "")]


def _disk(seen: Seen) -> list[Judgement]:
    if swaps := machine.plain_swaps():
        return [(_BAD, f"unencrypted swap: {', '.join(swaps[:_NAMED])}",
                 "sudo swapoff -a && sudo sed -i 's/^[^#].*\\sswap\\s/#&/' /etc/fstab")]  # fmt: skip
    folder = seen.state.path if seen.state.path.is_dir() else seen.state.path.parent
    is_encrypted = folder.is_dir() and machine.is_encrypted(folder)
    trouble = "" if is_encrypted else "the disk is not encrypted, or does not say so; texts are, in any case"
    return _judged(trouble, "install Debian with an encrypted disk, then: ./scripts/manage restore FILE", grade=_UNSURE)


def _clock(_seen: Seen) -> list[Judgement]:
    answer = {None: "the system does not say", False: "nothing keeps it right"}.get(machine.clock_is_set(), "")
    trouble = answer and f"{answer}; it says {time.strftime('%d.%m.%Y %H:%M UTC', time.gmtime())}"
    return _judged(trouble, "sudo timedatectl set-ntp true", good="yes, and kept right", grade=_UNSURE)


def _space(seen: Seen) -> list[Judgement]:
    free = disk_status(seen.state, time.time)["free_bytes"] if seen.state.path.is_dir() else SPACE_IS_SHORT
    answer = f"{free / (1 << 30):.1f} GiB are free"
    return _judged(answer if free < SPACE_IS_SHORT else "", "df -h", good=answer)


def _reboots(_seen: Seen) -> list[Judgement]:
    by_itself = machine.reboots_by_itself()
    trouble = "updates restart this machine, and nobody types the passphrase then" if by_itself else ""
    return _judged(trouble, "sudo sed -i 's/^Unattended-Upgrade::Automatic-Reboot .*/\\/\\/&/' /etc/apt/apt.conf.d/*")


def _listeners(_seen: Seen) -> list[Judgement]:
    found = machine.listeners()
    return _judged(f"no: {_some_of(found)}" if found else "", "sudo ss -lntup")


def _words(seen: Seen) -> list[Judgement]:
    missing = seen.status.get("missing_words")
    if missing is None:
        return _NOT_SEEN
    named = {"how_to_find_us": "how to find us is empty", "now": "the guide now is not shown"}
    return _judged(", ".join(named[name] for name in missing), "set it at the desk, as a coordinator")


def _missing(seen: Seen) -> list[Judgement]:
    missing = seen.status.get("missing")
    if missing is None:
        return _NOT_SEEN
    unseen = "it could not be looked through" if seen.status["unchecked"] else ""
    answer = f"{missing} are missing" if missing else unseen
    trouble = answer and f"{answer}, and no new text is taken"
    return _judged(trouble, "./scripts/manage missing", good="yes, or their authors took them back")


def _backup(seen: Seen) -> list[Judgement]:
    days = disk_status(seen.state, time.time)["backup_days"]
    if days is None:
        trouble = "none yet"
    elif days < 0:
        trouble = f"it says that it is from {-days} days ahead, so nobody knows how old it is"
    else:
        trouble = f"the last one is {days} days old" if days > BACKUP_IS_OLD else ""
    return _judged(trouble, "./scripts/manage backup FILE", good=f"of {days} days ago")


def _cipher(_seen: Seen) -> list[Judgement]:
    """Judge the OpenSSL that encrypts the databases: it came with our own packages, and no update of Debian's does."""
    name, made = _name_and_day(library_versions()["openssl"][:_LONGEST_NAME])
    if made is None:
        return [(_UNSURE, f"it does not say from when it is: {name}", _NEWER)]
    days = int((time.time() - made) // DAY)
    if days < -1:
        return [(_UNSURE, f"{name} is from {-days} days ahead: this machine's clock is wrong, or it is", _SET_CLOCK)]
    answer = f"{name} is {days} days old, and Debian's updates do not reach it"
    return _judged(answer if days > _CIPHER_IS_OLD else "", _NEWER, good=answer, grade=_UNSURE)


def _pages(_seen: Seen) -> list[Judgement]:
    """Judge whether the memory that stretching a code takes comes in pages of 2 MiB: in small ones, a fifth slower."""
    is_slower = "no: opening and sending take a fifth longer, which shows under a flood"
    cure = "echo always | sudo tee /sys/kernel/mm/transparent_hugepage/enabled"
    return _judged("" if machine.gives_large_pages() else is_slower, cure, grade=_UNSURE)


_NEWER: Final = "./scripts/update"
_SET_CLOCK: Final = "sudo timedatectl set-ntp true"

QUESTIONS: Final[dict[str, Callable[[Seen], list[Judgement]]]] = {
    "Is Tor new enough, with proof of work?": _tor,
    "Does it run, and see no trouble?": _running,
    "Can each process be confined?": _confinement,
    "Is this a machine of its own?": _own_machine,
    "Is the state closed to other accounts?": _files,
    "Do disk and swap forget without their password?": _disk,
    "Is the clock right?": _clock,
    "Is there room?": _space,
    "Does it stay up until you restart it?": _reboots,
    "Does nothing else on this machine answer the internet?": _listeners,
    "Do visitors find how to find you, and the guide now?": _words,
    "Are all cases in the mailbox that the desk knows?": _missing,
    "Is there a backup?": _backup,
    "Is the OpenSSL inside sqlcipher3 recent?": _cipher,
    "Does the kernel give large pages of memory?": _pages,
}


def _name_and_day(said: str) -> tuple[str, int | None]:
    """Part what a library says of itself, such as "OpenSSL 3.6.0 1 Oct 2025"; the day is in unix seconds."""
    *name, day, month, year = ["", "", "", *said.split()]
    try:
        return " ".join(name).strip(), calendar.timegm(time.strptime(f"{day} {month} {year}", "%d %b %Y"))
    except ValueError:
        return said, None


def _some_of(faults: Sequence[object]) -> str:
    more = f" and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
    return f"{', '.join(map(str, faults[:_NAMED]))}{more}"
