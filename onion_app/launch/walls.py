"""Finds which walls stand on this machine, by trying them, and says of a missing one what rests on what, and its cure.

Switches of the system are read only to name a cure: none of them decides whether a wall is believed to stand.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from onion_app.launch.confine import ALL_WALLS, INTERPRETER, NO_WALLS, Walls, around_child
from onion_app.launch.seccomp import MACHINES

# Imports what a child needs, then makes a socket, which the filter has to refuse.
_TRIAL = """
import onion_app.errors, socket, sys
try:
    socket.socket()
except OSError:
    sys.exit(0)
sys.exit(sys.argv[1] or 0)
"""
_TRIAL_SECONDS = 30  # a machine that starts from a slow card; a working bubblewrap needs a tenth of a second
_TRIED: Final = (
    ALL_WALLS,
    replace(ALL_WALLS, namespaces=False),
    replace(ALL_WALLS, system_calls=False),
    replace(NO_WALLS, bubblewrap=True),
)

_APPARMOR = (
    r"printf 'abi <abi/4.0>,\nprofile bwrap /usr/bin/bwrap flags=(unconfined) {\n  userns,\n}\n' "
    "| sudo tee /etc/apparmor.d/bwrap && sudo apparmor_parser -r /etc/apparmor.d/bwrap"
)
_KEPT = "echo {0} | sudo tee -a /etc/sysctl.d/60-sanctuary.conf && sudo sysctl {0}"


_TAKEN_OVER = "A process that somebody has taken over"
_RESTS: Final = {
    "bubblewrap": "Each process could read the files of this account and use the network: P02, P03, P04 and P13 rest on"
    " file modes, and a site that somebody has taken over could write which keys the circles have (P13)",
    "namespaces": f"{_TAKEN_OVER} has this account's own rights towards the kernel: P13 rests on mounts, P04 on file"
    " modes",
    "system calls": f"{_TAKEN_OVER} can try every system call of the kernel: P04 and P13 rest on file modes and on a"
    " kernel without faults",
}
_NAMES: Final = {
    "bubblewrap": "not confined",
    "namespaces": "confined, but not in a user namespace of its own",
    "system calls": "confined, but with no filter of system calls",
}


@dataclass(frozen=True)
class Missing:
    """A wall that does not stand: its name, the sentence with reason and promises, and the command that cures it."""

    wall: str
    sentence: str
    cure: str


@dataclass(frozen=True)
class Switch:
    """A switch of the kernel that forbids user namespaces when it has this value; `shows` is how bubblewrap fails then.

    Two may be set and one of them be the reason: Ubuntu has AppArmor's everywhere, and a profile that makes up for it.
    """

    name: str
    forbids: str
    shows: str
    says: str
    cure: str


SWITCHES: Final = (
    Switch("kernel.unprivileged_userns_clone", "0", "No permissions|not permitted",
           "the kernel forbids it to accounts other than root", _KEPT.format("kernel.unprivileged_userns_clone=1")),
    Switch("user.max_user_namespaces", "0", "ENOSPC|No space left|Creating new namespace failed",
           "the kernel allows none at all", _KEPT.format("user.max_user_namespaces=10000")),
    Switch("kernel.apparmor_restrict_unprivileged_userns", "1", "ermission denied|not permitted",
           "AppArmor refuses them to bubblewrap", _APPARMOR),
)  # fmt: skip


def try_walls(folders: Sequence[Path]) -> tuple[Walls, list[Missing]]:
    """Try to start a child behind every wall, then behind fewer; give those that stand, and say which do not."""
    reasons: dict[Walls, str] = {}
    for walls in _TRIED:
        reasons[walls] = _try(walls, folders)
        if not reasons[walls]:
            return walls, [
                _missing(wall, reasons[more])
                for wall, more in (
                    ("namespaces", replace(walls, namespaces=True)),
                    ("system calls", replace(walls, system_calls=True)),
                )
                if more != walls
            ]
    return NO_WALLS, [_missing("bubblewrap", reasons[walls])]


def _try(walls: Walls, folders: Sequence[Path]) -> str:
    """Start a child behind these walls; give an empty text, or the reason why it does not live there."""
    machine = os.uname().machine
    if walls.system_calls and machine not in MACHINES:
        return f"this program has no list of system calls for {machine}"
    with around_child(walls, folders) as (words, descriptors):
        trial = [*words, *INTERPRETER, "-c", _TRIAL, "the filter lets everything through" if walls.system_calls else ""]
        try:
            done = subprocess.run(trial, check=False, capture_output=True, pass_fds=descriptors, timeout=_TRIAL_SECONDS)
        except FileNotFoundError:
            return "bubblewrap is not installed"
        except subprocess.TimeoutExpired:
            return "bubblewrap does not answer"
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    if not done.returncode:
        return ""
    # Its processes write word by word, and over each other: the last line may be a name alone.
    last = next((line for line in reversed(said) if not line.rstrip().endswith(":")), "bubblewrap fails without a word")
    return last.rstrip(" .")


def _missing(wall: str, reason: str) -> Missing:
    off = (switch for switch in SWITCHES if _value(switch.name) == switch.forbids)
    fits = next((switch for switch in off if re.search(switch.shows, reason)), None)
    if shutil.which("bwrap") is None:
        cure = "sudo apt-get install bubblewrap"
    elif wall == "system calls":
        cure = "run it on x86-64 or ARM64, under Debian's own kernel"
    elif fits is not None:
        reason, cure = f"{reason} ({fits.name} is {fits.forbids}: {fits.says})", fits.cure
    elif "Read-only file system" in reason:
        cure = "take ProtectKernelTunables out of the unit of systemd"
    else:
        cure = "bwrap --unshare-all --unshare-user --disable-userns --ro-bind / / true"
    return Missing(wall, f"{_NAMES[wall]}: {reason}. {_RESTS[wall]}.", cure)


def _value(name: str) -> str:
    try:
        return Path("/proc/sys", *name.split(".")).read_text(errors="replace").strip()
    except OSError:
        return ""  # this kernel has no such switch
