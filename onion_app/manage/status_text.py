"""The words of `status` on a terminal, from the launcher's status; a fault begins with `!` and is red."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onion_app.days import date_of
from onion_app.launch.outside import BACKUP_IS_OLD, NO_SANDBOX, SPACE_IS_SHORT, TOR_OUTSIDE, describe_doubt
from onion_app.launch.state import State
from onion_app.vault import statefiles

_GIB = 1 << 30
_HELD = "somebody waited in vain for a lock, and the site was started again {} times"

# Control characters, ends of lines, what turns the order of letters, halves of what is no text; not what joins letters.
_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_URGENT = 20  # no circle answers more in a day, and planted ones are many
_DECIDE = "./scripts/manage proposals"


@dataclass(frozen=True)
class Line:
    """One fact; `bad` when the operator should do something."""

    name: str
    fact: str
    bad: bool = False

    @property
    def text(self) -> str:
        """The line as it is shown."""
        return printable(f"{'!' if self.bad else ' '} {self.name:<12} {self.fact}")


def printable(line: str) -> str:
    """Take out what a terminal would obey: names of files, circles and people are somebody else's words."""
    return _OBEYED.sub("\N{REPLACEMENT CHARACTER}", line)


def status_lines(status: dict[str, Any]) -> list[Line]:
    """Say everything, one fact a line."""
    if not status["running"]:
        return [Line("Launcher", "does not run on this state", bad=True), *_on_disk(status)]
    if status.get("locked"):
        return [
            Line("Launcher", "is locked, and answers nobody until: ./scripts/manage unlock", bad=True),
            *_on_disk(status),
        ]
    return [*_onion(status), *_processes(status), *_cases(status), *_on_disk(status), *_versions(status)]


def what_remains(state: State) -> list[str]:
    """Name the things that `panic` could not destroy."""
    elsewhere = "" if state.path == Path("/var/lib/sanctuary") else f" --state {shlex.quote(str(state.path))}"
    try:
        halves = sorted(statefiles.noted_elsewhere(state.path))
    except OSError:
        halves = []
    return [
        "What remains:",
        f"  - {state.path}: databases that nothing opens any more",
        "  - backups, wherever you put them: they open with the passphrase or the spare code. Destroy each of them.",
        "  - copies of vault.key that somebody took before now: destroy the papers with passphrase and spare code too.",
        *(
            f"  - half a backup, {part}, which opens with them too: shred -u {shlex.quote(str(part))}"
            for part in halves
        ),
        "  - on an SSD, old blocks of vault.key may survive; without passphrase and spare code they open nothing.",
        f"To remove every sign of it from this machine: sudo ./scripts/manage{elsewhere} uninstall",
    ]


def _onion(status: dict[str, Any]) -> list[Line]:
    check, trouble = status["self_check"], status["tor_trouble"]
    minutes = check["worked_minutes_ago"]
    worked = "has not worked yet" if minutes is None else f"worked {minutes} minutes ago"
    failed = ", and failed the last time" if check["last_failed"] else ""
    onion = f"http://{status['onion']}/"
    left = status["relays_hold_minutes"]
    holds = "" if left is None or left < 0 else f"; its list of relays holds for {left} minutes"
    well = f"sees no trouble: {status['introduction_points']} introduction points{holds}"
    no_work = status["proof_of_work"] is False
    work = "; cannot ask visitors for proof of work: a flood would be harder to bear" if no_work else ""
    return [
        Line("Onion", onion if status["published"] else f"{onion} is not published", bad=not status["published"]),
        Line(
            "tor",
            f"{status['bootstrap']} %; {', '.join(trouble) or well}{work}",
            bad=bool(trouble) or no_work,
        ),
        *_bridges(status),
        Line("Self-check", worked + failed, bad=check["last_failed"]),
    ]


def _bridges(status: dict[str, Any]) -> list[Line]:
    count, trouble = status["bridges"], status["bridge_trouble"]
    alone = f"tor goes through {count} bridge{'s' * (count > 1)} alone"
    return [Line("Bridge", trouble or alone, bad=bool(trouble))] if count else []


def _processes(status: dict[str, Any]) -> list[Line]:
    silent = [name for name, answers in status["answering"].items() if not answers]
    lately = bool(status["started_again_lately"])
    again = [f"{name} {times} times" for name, times in status["started_again"].items() if times]
    errors = [f"{one['process']}: {one['error']} {one['minutes_ago']} minutes ago" for one in status["errors"]]
    return [
        Line("Answering", f"not yet: {', '.join(silent)}" if silent else "site and desk", bad=bool(silent)),
        Line("Errors", ", ".join(errors) or "none within the hour", bad=bool(errors)),
        *([Line("Again", f"started again: {', '.join(again)}", bad=lately)] if again else []),
        *_confinement(status),
        *([Line("Locks", _HELD.format(status["site_held_locks"]), bad=True)] if status["site_held_locks"] else []),
        _messages(status),
        *([Line("Clock", describe_doubt(status["clock_off_days"]), bad=True)] if status["clock_off_days"] else []),
    ]


def _confinement(status: dict[str, Any]) -> list[Line]:
    missing = [f"{wall['sentence']} {wall['cure']}" for wall in status["missing_walls"]]
    missing += [] if status["confined"]["around_tor"] else [f"tor is {TOR_OUTSIDE}"]
    missing += [] if status["confined"]["tor"] else [f"tor: {NO_SANDBOX}"]
    return [Line("Confinement", text, bad=True) for text in missing] or [Line("Confinement", "everything is confined")]


def _messages(status: dict[str, Any]) -> Line:
    looked = "new ones are not taken until ./scripts/manage missing"
    troubles = {
        f"{status['missing']} cases are missing: {looked}": status["missing"],
        f"the mailbox could not be looked through: {looked}": status["unchecked"],
        "are not taken yet: the first coordinator has to enrol": status["has_members"] is False,
        "paused: new ones are not taken": status["paused"],
        "no room: new ones are not taken": not status["has_room"],
    }
    trouble = next((text for text, is_so in troubles.items() if is_so), "")
    return Line("Messages", trouble or "are taken", bad=bool(trouble))


def _cases(status: dict[str, Any]) -> list[Line]:
    if status["findings"] is None:
        return [Line("Circles", "not counted yet")]
    findings = status["findings"]
    strange = [f"{findings} things that the desk names"] if findings else []
    strange += [f"{status['malformed']} rows that no honest program has written"] if status["malformed"] else []
    return [
        *map(_circle, status["circles"]),
        *_proposals(status),
        *([Line("Notice", f"stands on the site until {date_of(until)}")] if (until := status["notice_until"]) else []),
        Line("Mailbox", ", ".join(strange) or "as it should be", bad=bool(strange)),
    ]


def _circle(circle: dict[str, Any]) -> Line:
    oldest = "" if circle["oldest"] is None else f", the oldest for {circle['oldest']} days"
    late = f", {circle['overdue']} overdue" if circle["overdue"] else ""
    urgent = circle["urgent"] if circle["urgent"] <= _URGENT else f"more than {_URGENT}"
    counts = f"{circle['name']}: {circle['unread']} unread, {urgent} urgent{late}{oldest}"
    return Line("Circle", counts, bad=bool(late))


def _proposals(status: dict[str, Any]) -> list[Line]:
    waiting = status["proposals"]
    lines = [Line("Proposals", f"{waiting} wait for a second person's yes: {_DECIDE}")] if waiting else []
    return lines + [
        Line(
            "Suspended",
            f"{one['who']}, by {one['by'] or 'the operator'}, until a second person has decided: {_DECIDE}",
            bad=True,
        )
        for one in status["suspended"]
    ]


def _on_disk(status: dict[str, Any]) -> list[Line]:
    days, free = status["backup_days"], status["free_bytes"]
    backup = "none yet: ./scripts/manage backup FILE" if days is None else f"{days} days ago"
    if days is not None and days < 0:
        backup = f"of a day that is {-days} days ahead, so nobody knows how old: ./scripts/manage backup FILE"
    is_fresh = days is not None and 0 <= days <= BACKUP_IS_OLD
    return [
        Line("Backup", backup, bad=not is_fresh),
        Line("Free space", f"{free / _GIB:.1f} GiB", bad=free < SPACE_IS_SHORT),
        *_silence(status.get("makers_silent_since")),
    ]


def _silence(since: int | None) -> list[Line]:
    told = "no word from the makers since {:%d.%m.%Y}: ask them by another way, then ./scripts/update"
    return [] if since is None else [Line("Makers", told.format(date_of(since)), bad=True)]


def _versions(status: dict[str, Any]) -> list[Line]:
    versions = ", ".join(f"{name} {version or '-'}" for name, version in status["versions"].items())
    return [Line("Running", f"for {status['days_up']} days"), Line("Versions", versions)]
