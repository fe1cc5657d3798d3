"""What `scripts/manage status` says: put together in the launcher, from what it knows without opening a database.

Counts are what the chores handed up last. Minutes since the last self-check and whole days of running are the finest
times in it, and it is stored nowhere.
"""

import shutil
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from onion_app.days import DAY, today
from onion_app.launch.self_check import Observed, SelfCheck
from onion_app.launch.state import State
from onion_app.launch.supervisor import Supervisor
from onion_app.launch.tor_supervisor import TorSupervisor
from onion_app.onion.control import Health
from onion_app.vault import statefiles
from onion_app.vault.database import Clock, library_versions
from onion_app.vault.shown.routing import LEAST_ROOM

VERSION = "0.1.0"  # as in pyproject.toml; a test compares
BACKUP_IS_OLD = 7  # days
SPACE_IS_SHORT = 1 << 30  # bytes: a backup, its copies and a thousand long cases


@dataclass(frozen=True)
class Static:
    """What does not change while a launcher runs. `started` is in seconds of the monotonic clock."""

    address: str
    confined: bool
    clock: Clock
    started: float = field(default_factory=time.monotonic)
    libraries: dict[str, str] = field(default_factory=library_versions)


def launcher_status(
    told: Static, place: State, reach: TorSupervisor, seen: SelfCheck, watches: list[Supervisor]
) -> dict[str, Any]:
    """Say how everything is, as what JSON can hold."""
    by_name = {watch.name: watch for watch in watches}
    chores, how_far, looked = by_name["chores"], reach.how_far, seen.seen()
    disk = disk_status(place, told.clock)
    return {
        "running": True,
        "onion": told.address,
        "published": how_far.published,
        "bootstrap": how_far.percent,
        "tor_trouble": tor_trouble(looked.health) if how_far.published else ["not published"],
        "proof_of_work": how_far.proof_of_work,
        "self_check": _self_check_status(looked),
        "answering": {name: watch.is_ready for name, watch in by_name.items() if not watch.every},
        "errors": _errors(watches),
        "confined": {"ours": told.confined, "tor": how_far.confined},
        "paused": bool(chores.counts["paused"]) if "paused" in chores.counts else None,
        "has_members": not chores.counts["lacks_members"] if chores.counts else None,
        "has_room": disk["free_bytes"] >= LEAST_ROOM and not chores.counts.get("is_full"),
        "clock_off_days": chores.counts.get("clock_off"),
        "circles": [asdict(circle) for circle in chores.circles],
        "findings": chores.counts.get("unacknowledged"),
        "missing_words": _missing_words(chores),
        "days_up": int((time.monotonic() - told.started) // DAY),
        **disk,
        "versions": {"sanctuary": VERSION, "tor": how_far.version, **told.libraries},
    }


def disk_status(place: State, clock: Clock) -> dict[str, Any]:
    """Say what can be seen without a launcher: days since the last backup, or None, and the free bytes."""
    day = statefiles.read_backup_day(place.path)
    try:
        free = shutil.disk_usage(place.path).free
    except OSError:
        free = 0
    return {"backup_days": None if day is None else today(clock) - day, "free_bytes": free}


def tor_trouble(health: Health | None) -> list[str]:
    """Name what tor itself reports as wrong; nothing when, as far as it knows, visitors get through."""
    if health is None:
        return ["tor does not answer"]
    wrong = {
        "the network is down": not health.network_up,
        "no circuits": not health.circuits,
        "no introduction points": health.doors == 0,
        "tor is asleep": health.dormant,
        "not published": not health.published,
    }
    return [name for name, is_so in wrong.items() if is_so]


def _errors(watches: list[Supervisor]) -> list[dict[str, Any]]:
    now = time.monotonic()
    return [
        {"process": watch.name, "error": name, "minutes_ago": minutes}
        for watch in watches
        for name, minutes in watch.errors(now).items()
    ]


def _missing_words(chores: Supervisor) -> list[str] | None:
    """Name what visitors should find and do not; None before the first chores."""
    if not chores.counts:
        return None
    return [name for name in ("how_to_find_us", "now") if chores.counts.get(f"lacks_{name}")]


def _self_check_status(looked: Observed) -> dict[str, Any]:
    worked = None if looked.worked is None else int((time.monotonic() - looked.worked) // 60)
    return {"worked_minutes_ago": worked, "last_failed": looked.failed}
