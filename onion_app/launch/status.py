"""The status of a launcher as JSON: put together in the launcher, which opens no database for it.

Counts are the last ones that the chores reported. Minutes since the last self-check and whole days of running are the
finest times in it, and it is stored nowhere.
"""

import time
from dataclasses import asdict, dataclass, field
from typing import Any

from onion_app.days import DAY, Clock
from onion_app.launch.outside import disk_status
from onion_app.launch.self_check import SelfCheck, relays_hold_minutes, tor_trouble
from onion_app.launch.state import State
from onion_app.launch.supervisor import REMEMBERED, Supervisor
from onion_app.launch.tor_supervisor import TorStatus
from onion_app.launch.walls import Missing
from onion_app.vault.connection import library_versions
from onion_app.vault.shown.routing import LEAST_ROOM

VERSION = "0.1.0"  # as in pyproject.toml; a test compares


@dataclass(frozen=True)
class Static:
    """The facts that stay as long as a launcher runs. `started` is in seconds of the monotonic clock."""

    address: str
    missing_walls: tuple[Missing, ...]
    clock: Clock
    started: float = field(default_factory=time.monotonic)
    libraries: dict[str, str] = field(default_factory=library_versions)


def launcher_status(
    static: Static, state: State, tor: TorStatus, seen: SelfCheck, supervisors: dict[str, Supervisor], blocked: int
) -> dict[str, Any]:
    """Say how every part is."""
    chores, now = supervisors["chores"], time.monotonic()
    disk = disk_status(state, static.clock)
    failed_at = {"tor": tor.failed_at} | {name: each.failed_at for name, each in supervisors.items()}
    return {
        "running": True,
        "onion": static.address,
        "published": tor.published,
        "bootstrap": tor.percent,
        "tor_trouble": tor_trouble(seen.health, time.time()) if tor.published else ["not published"],
        "introduction_points": seen.health.introduction_points if seen.health else None,
        "relays_hold_minutes": relays_hold_minutes(seen.health, time.time()),
        "bridges": tor.bridges,
        "bridge_trouble": tor.bridge_trouble,
        "proof_of_work": tor.proof_of_work,
        "self_check": {
            "worked_minutes_ago": None if seen.worked is None else int((now - seen.worked) // 60),
            "last_failed": seen.failed,
        },
        "answering": {
            name: supervisor.is_ready for name, supervisor in supervisors.items() if not supervisor.next_start
        },
        "errors": [
            {"process": process, "error": name, "minutes_ago": minutes}
            for process, supervisor in supervisors.items()
            for name, minutes in supervisor.errors(now).items()
        ],
        "started_again": {"tor": tor.failures} | {name: each.failures for name, each in supervisors.items()},
        "started_again_lately": [name for name, at in failed_at.items() if now - at < REMEMBERED],
        "confined": {"ours": not static.missing_walls, "tor": tor.confined, "around_tor": tor.walled},
        "missing_walls": [asdict(one) for one in static.missing_walls],
        "paused": bool(chores.counts["paused"]) if "paused" in chores.counts else None,
        "has_members": not chores.counts["lacks_members"] if "lacks_members" in chores.counts else None,
        "has_room": disk["free_bytes"] >= LEAST_ROOM and not chores.counts.get("is_full"),
        "clock_off_days": chores.counts.get("clock_off"),
        "circles": [asdict(circle) for circle in chores.circles],
        "proposals": chores.counts.get("proposals"),
        "suspended": [asdict(suspension) for suspension in chores.suspended],
        "notice_until": chores.counts.get("notice_until"),
        "findings": chores.counts.get("unacknowledged"),
        "missing": chores.counts.get("missing"),
        "unchecked": bool(chores.counts.get("unchecked")),
        "malformed": chores.counts.get("malformed"),
        "site_held_locks": blocked,
        "missing_words": [name for name in ("how_to_find_us", "now") if chores.counts.get(f"lacks_{name}")]
        if chores.counts
        else None,  # before the first chores
        "days_up": int((now - static.started) // DAY),
        **disk,
        "versions": {"sanctuary": VERSION, "tor": tor.version, **static.libraries},
    }
