"""What can be said of an installation from outside: without its keys, its launcher, or any package that is installed.

`scripts/manage` says it at three in the morning, too, so nothing here leans on more than the standard library.
"""

import re
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from onion_app.days import DAYS, date_of, today
from onion_app.launch.state import State
from onion_app.vault import statefiles

_CLONE: Final = Path(__file__).resolve().parents[2]
BACKUP_IS_OLD: Final = 7  # days
SPACE_IS_SHORT: Final = 1 << 30  # bytes: a backup, its copies and a thousand long cases

TOR_OUTSIDE: Final = "outside the walls: if somebody takes it over, P03 and P04 rest on the file modes of this account"
_MARKS: Final = {
    Path("/.dockerenv"): "docker",
    Path("/run/.containerenv"): "podman",
    Path("/run/secrets/kubernetes.io"): "kubernetes",
    Path("/proc/vz/veinfo"): "openvz",
}
_TOLD: Final = (Path("/run/systemd/container"), Path("/run/host/container-manager"))
_KERNEL: Final = Path("/proc/sys/kernel/osrelease")

NO_SANDBOX: Final = "not confined: its own sandbox does not work on this machine"


def disk_status(state: State, clock: Callable[[], float]) -> dict[str, Any]:
    """Give the part of the status that needs no launcher: days since the last backup, or None, and the free bytes."""
    day = statefiles.read_backup_day(state.path)
    try:
        free = shutil.disk_usage(state.path).free
    except OSError:
        free = 0
    note = release_note(_CLONE)
    silent = note is not None and note[1] < today(clock)
    return {
        "backup_days": None if day is None else today(clock) - day,
        "free_bytes": free,
        "makers_silent_since": note[0] if note and silent else None,
    }


def release_note(clone: Path) -> tuple[int, int] | None:
    """Read of an updated clone on which day its version was made, and by which the makers promised the next."""
    with suppress(OSError, ValueError):
        made, next_by = map(int, (clone / ".release").read_text(encoding="ascii").split())
        return (made, next_by) if made in DAYS and next_by in DAYS else None
    return None


def container() -> str:
    """Name what holds this system as one of many on a machine that is not its own; empty when nothing does.

    It is told from the marks that each kind leaves in what it starts.
    """
    for mark, kind in _MARKS.items():
        if mark.exists():
            return kind
    for told in _TOLD:
        with suppress(OSError):
            named = re.fullmatch(r"[a-z0-9-]{1,30}", told.read_text(errors="replace").strip())
            return named[0] if named else "of an unknown kind"
    with suppress(OSError):
        return "WSL" if "microsoft" in _KERNEL.read_text(errors="replace").lower() else ""
    return ""


def describe_doubt(off: int) -> str:
    """Say why nothing is done by the clock, and what ends that; `off` is in days after the newest day seen."""
    distance = f"{off} days after" if off > 0 else f"{-off} days before"
    return (
        f"it says {date_of(today(time.time)):%d.%m.%Y}, {distance} the newest day seen. Nothing is destroyed or "
        "published until: ./scripts/manage clock"
    )
