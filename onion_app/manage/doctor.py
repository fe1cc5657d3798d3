"""`doctor`: ten questions about machine and installation, the worst answer first, each with the command that cures it.

It needs no passphrase and changes nothing.
"""

import argparse
import time
from dataclasses import dataclass
from typing import Any, Final, Literal

from onion_app.errors import NotRunning, SanctuaryError, TorTooOld
from onion_app.launch import confine, manage_socket
from onion_app.launch.state import State
from onion_app.launch.status import BACKUP_IS_OLD, SPACE_IS_SHORT, on_disk
from onion_app.launch.terminal import Terminal
from onion_app.manage import machine
from onion_app.onion import tor_process

_BAD: Final = "bad"
_UNSURE: Final = "look"
_GOOD: Final = "good"
_ORDER: Final = (_BAD, _UNSURE, _GOOD)
_NAMED = 3  # of many files or ports so many are named


@dataclass(frozen=True)
class Diagnosis:
    """One line of the table; `cure` is a command, empty when there is nothing to do."""

    grade: Literal["bad", "look", "good"]
    question: str
    answer: str
    cure: str = ""


def doctor(_chosen: argparse.Namespace, place: State, terminal: Terminal) -> None:
    """Ask everything and show one table."""
    terminal.say("Asking ...")
    found = examined(place)
    rows = [(one.grade, one.question, one.answer, one.cure) for one in found]
    terminal.table(("", "question", "answer", "command"), rows, bad=sum(one.grade == _BAD for one in found))


def examined(place: State) -> list[Diagnosis]:
    """Give the ten answers, the worst first."""
    try:
        seen = manage_socket.ask(place.manage_socket, "status")
    except NotRunning:
        seen = {}
    answers = [
        _tor(),
        _confinement(place),
        _files(place),
        _disk(place),
        _clock(),
        _space(place),
        _reboots(),
        _listeners(),
        _words(seen),
        _backup(place),
    ]
    return sorted(answers, key=lambda one: _ORDER.index(one.grade))


def _tor() -> Diagnosis:
    question = "Is Tor new enough, with proof of work?"
    try:
        version = ".".join(map(str, tor_process.version_of()))
    except SanctuaryError as wrong:
        return Diagnosis(_BAD, question, wrong.sentence, wrong.hint)
    if tor_process.has_proof_of_work():
        return Diagnosis(_GOOD, question, f"{version}, with it")
    return Diagnosis(_UNSURE, question, f"{version}, without it: a flood would be harder to bear", TorTooOld.hint)


def _confinement(place: State) -> Diagnosis:
    question = "Can each process be confined?"
    reason = confine.trial([place.run] if place.run.is_dir() else [])
    if not reason:
        return Diagnosis(_GOOD, question, "yes")
    return Diagnosis(
        _BAD, question, reason, "sudo apt-get install bubblewrap; sudo sysctl kernel.unprivileged_userns_clone=1"
    )


def _files(place: State) -> Diagnosis:
    question = "Is the state closed to other accounts?"
    if not place.path.is_dir():
        return Diagnosis(_UNSURE, question, f"there is no state in {place.path} yet", "./scripts/launch")
    return _few(question, [str(path) for path in machine.open_files(place.path)], f"chmod -R go= {place.path}")


def _disk(place: State) -> Diagnosis:
    question = "Do disk and swap forget without their password?"
    if swaps := machine.plain_swaps():
        return Diagnosis(_BAD, question, f"unencrypted swap: {', '.join(swaps[:_NAMED])}", "sudo swapoff -a")
    folder = place.path if place.path.is_dir() else place.path.parent
    if folder.is_dir() and machine.is_on_encrypted_disk(folder):
        return Diagnosis(_GOOD, question, "yes")
    cure = "install Debian with an encrypted disk, then: ./scripts/manage restore FILE"
    return Diagnosis(_UNSURE, question, "the disk is not encrypted, or does not say so; texts are, in any case", cure)


def _clock() -> Diagnosis:
    question = "Is the clock right?"
    is_set = machine.clock_is_set()
    if is_set:
        return Diagnosis(_GOOD, question, "yes, and kept right")
    now = time.strftime("%d.%m.%Y %H:%M UTC", time.gmtime())
    answer = "nothing keeps it right" if is_set is False else "the system does not say"
    return Diagnosis(_UNSURE, question, f"{answer}; it says {now}", "sudo timedatectl set-ntp true")


def _space(place: State) -> Diagnosis:
    free = on_disk(place, time.time)["free_bytes"] if place.path.is_dir() else SPACE_IS_SHORT
    answer = f"{free / (1 << 30):.1f} GiB are free"
    return Diagnosis(
        _BAD if free < SPACE_IS_SHORT else _GOOD, "Is there room?", answer, "df -h" if free < SPACE_IS_SHORT else ""
    )


def _reboots() -> Diagnosis:
    question = "Does it stay up until you restart it?"
    if not machine.reboots_by_itself():
        return Diagnosis(_GOOD, question, "yes")
    cure = "sudo sed -i 's/^Unattended-Upgrade::Automatic-Reboot .*/\\/\\/&/' /etc/apt/apt.conf.d/*"
    return Diagnosis(_BAD, question, "updates restart this machine, and nobody types the passphrase then", cure)


def _listeners() -> Diagnosis:
    question = "Does nothing else on this machine answer the internet?"
    return _few(question, [f"port {port}" for port in machine.listeners()], "sudo ss -ltnp")


def _words(seen: dict[str, Any]) -> Diagnosis:
    question = "Do visitors find how to find you, and the guide now?"
    missing = seen.get("missing_words")
    if missing is None:
        return Diagnosis(_UNSURE, question, "this is seen while it runs", "./scripts/launch")
    named = {"how_to_find_us": "how to find us is empty", "now": "the guide now is not shown"}
    if not missing:
        return Diagnosis(_GOOD, question, "yes")
    return Diagnosis(_BAD, question, ", ".join(named[name] for name in missing), "set it at the desk, as a coordinator")


def _backup(place: State) -> Diagnosis:
    question = "Is there a backup?"
    days = on_disk(place, time.time)["backup_days"]
    if days is not None and days <= BACKUP_IS_OLD:
        return Diagnosis(_GOOD, question, f"of {days} days ago")
    answer = "none yet" if days is None else f"the last one is {days} days old"
    return Diagnosis(_BAD, question, answer, "./scripts/manage backup FILE")


def _few(question: str, wrong: list[str], cure: str) -> Diagnosis:
    if not wrong:
        return Diagnosis(_GOOD, question, "yes")
    more = f" and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
    return Diagnosis(_BAD, question, f"no: {', '.join(wrong[:_NAMED])}{more}", cure)
