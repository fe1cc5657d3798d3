"""The words of `status` on a terminal, from what the launcher said; what is wrong begins with `!` and is red."""

import time
from dataclasses import dataclass
from typing import Any

from onion_app.launch.state import State
from onion_app.launch.status import BACKUP_IS_OLD, SPACE_IS_SHORT

_GIB = 1 << 30


@dataclass(frozen=True)
class StatusLine:
    """One fact; `bad` when the operator should do something."""

    text: str
    bad: bool = False


def lines(seen: dict[str, Any]) -> list[StatusLine]:
    """Say everything, one fact a line."""
    if not seen["running"]:
        return [_line("Launcher", "does not run on this state", bad=True), *_on_disk(seen)]
    return [*_reach(seen), *_inside(seen), *_cases(seen), *_on_disk(seen), *_versions(seen)]


def what_remains(place: State) -> list[str]:
    """Say what `panic` could not destroy."""
    return [
        "What remains:",
        f"  - {place.path}: databases that nothing opens any more. Remove them: rm -r {place.path}",
        "  - backups, wherever you put them: they open with the passphrase or the spare code. Destroy each of them.",
        "  - copies of vault.key that somebody took before now: destroy the papers with passphrase and spare code too.",
        "  - on an SSD, old blocks of vault.key may survive; without passphrase and spare code they open nothing.",
    ]


def doubted_clock(off: int) -> str:
    """Say why nothing is done by the clock, and what ends that; `off` is in days after the newest day seen."""
    far = f"{off} days after" if off > 0 else f"{-off} days before"
    return (
        f"it says {time.strftime('%d.%m.%Y', time.gmtime())}, {far} the newest day seen. Nothing is destroyed or "
        "published until: ./scripts/manage clock"
    )


def _line(name: str, text: str, *, bad: bool = False) -> StatusLine:
    return StatusLine(f"{'!' if bad else ' '} {name:<12} {text}", bad)


def _reach(seen: dict[str, Any]) -> list[StatusLine]:
    check, trouble = seen["self_check"], seen["tor_trouble"]
    minutes = check["worked_minutes_ago"]
    worked = "has not worked yet" if minutes is None else f"worked {minutes} minutes ago"
    failed = ", and failed the last time" if check["last_failed"] else ""
    onion = f"http://{seen['onion']}/"
    no_work = seen["proof_of_work"] is False
    work = "; cannot ask visitors for proof of work: a flood would be harder to bear" if no_work else ""
    return [
        _line("Onion", onion if seen["published"] else f"{onion} is not published", bad=not seen["published"]),
        _line(
            "tor",
            f"{seen['bootstrap']} %; {', '.join(trouble) or 'sees no trouble'}{work}",
            bad=bool(trouble) or no_work,
        ),
        _line("Self-check", worked + failed, bad=check["last_failed"]),
    ]


def _inside(seen: dict[str, Any]) -> list[StatusLine]:
    silent = [name for name, answers in seen["answering"].items() if not answers]
    loose = [name for name, confined in seen["confined"].items() if not confined]
    names = {"ours": "site, desk and chores", "tor": "tor"}
    errors = [f"{one['process']}: {one['error']} {one['minutes_ago']} minutes ago" for one in seen["errors"]]
    return [
        _line("Answering", f"not yet: {', '.join(silent)}" if silent else "site and desk", bad=bool(silent)),
        _line("Errors", ", ".join(errors) or "none within the hour", bad=bool(errors)),
        _line(
            "Confinement",
            f"not confined: {', '.join(names[name] for name in loose)}" if loose else "everything is confined",
            bad=bool(loose),
        ),
        _messages(seen),
        *([_line("Clock", doubted_clock(seen["clock_off_days"]), bad=True)] if seen["clock_off_days"] else []),
    ]


def _messages(seen: dict[str, Any]) -> StatusLine:
    if seen["has_members"] is False:
        return _line("Messages", "are not taken yet: the first coordinator has to enrol", bad=True)
    if seen["paused"]:
        return _line("Messages", "paused: new ones are not taken", bad=True)
    return _line(
        "Messages", "are taken" if seen["has_room"] else "no room: new ones are not taken", bad=not seen["has_room"]
    )


def _cases(seen: dict[str, Any]) -> list[StatusLine]:
    if seen["findings"] is None:
        return [_line("Circles", "not counted yet")]
    found = seen["findings"]
    changed = f"{found} things were found changed and put back; the desk names them" if found else "nothing was"
    return [*map(_circle, seen["circles"]), _line("Changed", changed, bad=bool(found))]


def _circle(circle: dict[str, Any]) -> StatusLine:
    oldest = "" if circle["oldest"] is None else f", the oldest for {circle['oldest']} days"
    return _line("Circle", f"{circle['name']}: {circle['unread']} unread, {circle['urgent']} urgent{oldest}")


def _on_disk(seen: dict[str, Any]) -> list[StatusLine]:
    days, free = seen["backup_days"], seen["free_bytes"]
    backup = "none yet: ./scripts/manage backup FILE" if days is None else f"{days} days ago"
    is_fresh = days is not None and 0 <= days <= BACKUP_IS_OLD
    return [
        _line("Backup", backup, bad=not is_fresh),
        _line("Free space", f"{free / _GIB:.1f} GiB", bad=free < SPACE_IS_SHORT),
    ]


def _versions(seen: dict[str, Any]) -> list[StatusLine]:
    versions = ", ".join(f"{name} {version or '-'}" for name, version in seen["versions"].items())
    return [_line("Running", f"for {seen['days_up']} days"), _line("Versions", versions)]
