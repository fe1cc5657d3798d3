"""`service install|remove`: has systemd start the launcher at each boot, locked, until somebody types the passphrase.

Nothing secret is stored for it. The unit is one more cage, and is looked over by systemd before it is put in its place.
"""

import argparse
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from onion_app.errors import BadUsage, NeedsRoot, UnitRefused, VaultDamaged
from onion_app.launch.state import State
from onion_app.manage.emergency import say
from onion_app.manage.uninstall import ACCOUNT, SYSTEMD, UNIT, remove_unit, run

_CLONE: Final = Path(__file__).resolve().parents[2]
_HIDDEN: Final = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108 - ProtectHome, PrivateTmp
_PATIENCE = 120.0  # seconds for systemd to look over a unit on a slow card
_NAMED = 3  # so many lines of what systemd says of a unit are shown

# What is missing here cannot be there: tor needs the internet, bubblewrap needs namespaces, @mount, and the settings
# under /proc/sys (hence no ProtectKernelTunables). Nothing is logged: the launcher's lines name the onion's address.
# A launcher that was killed comes back locked; one that ended with a sentence would only say it again. Where memory
# runs out, the launcher starts the one process again that has ended; systemd would end all of them.
_TEXT: Final = """\
[Unit]
Description=Sanctuary
After=network.target time-sync.target
StartLimitIntervalSec=600
StartLimitBurst=5

[Service]
User={account}
Group={account}
ExecStart={command}
StandardInput=null
StandardOutput=null
StandardError=null
Restart=on-abnormal
RestartSec=5
OOMPolicy=continue
KillMode=mixed
TimeoutStopSec=90
UMask=0077
LimitCORE=0
MemorySwapMax=0
KeyringMode=private
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ReadWritePaths={state}
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
DevicePolicy=closed
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectProc=invisible
LockPersonality=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service @mount
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""


def service(chosen: argparse.Namespace, state: State) -> None:
    """Install the unit, or remove it.

    Raises:
        NeedsRoot: another account than root asks for it.
        VaultDamaged: there is no installation in this state yet.
        UnitRefused: systemd does not take the unit, or is not there.
    """
    if os.geteuid() != 0:
        raise NeedsRoot
    if chosen.what == "remove":
        _remove()
        return
    if not (state.path / "vault.key").is_file():
        raise VaultDamaged(f"there is no installation in {state.path} yet", "sudo ./scripts/launch   (a first run)")
    for path in (_CLONE, state.path.resolve()):
        if any(path.is_relative_to(place) for place in _HIDDEN):
            raise BadUsage(f"a service sees nothing of {path}", f"mv {path} {'/opt' if path == _CLONE else '/var/lib'}")
    text = unit(_CLONE, state.path, chosen.desk_port)
    look_over(text)
    UNIT.write_text(text, encoding="utf-8")
    UNIT.chmod(0o644)
    if SYSTEMD.is_dir():
        run("systemctl", "daemon-reload")
    if not run("systemctl", "enable", UNIT.name):
        raise UnitRefused("systemctl enable failed")
    say(f"{UNIT} is written, and systemd takes it. At each boot it starts locked, and answers nobody until:")
    say("    sudo ./scripts/manage unlock")
    say("Stop what runs by hand, then: sudo systemctl start sanctuary")


def _remove() -> None:
    if not os.path.lexists(UNIT):
        say(f"There is no {UNIT}. Nothing was changed.")
        return
    remove_unit()
    say("The unit is removed. Start it by hand: sudo ./scripts/launch")


def unit(clone: Path, state: Path, desk_port: str | None) -> str:
    """Write the unit for a clone and a state.

    Raises:
        BadUsage: one of the two paths cannot be said in a unit, or the port is none.
    """
    if desk_port is not None and not (desk_port.isascii() and desk_port.isdigit()):
        raise BadUsage(f"{desk_port} is no port", "sudo ./scripts/manage service install")
    words = [str(clone / "scripts" / "launch"), "--locked", "--state", str(state)]
    words += ["--desk-port", desk_port] if desk_port else []
    return _TEXT.format(
        account=ACCOUNT, command=" ".join(map(_quoted, words)).replace("$", "$$"), state=_quoted(str(state))
    )


def _quoted(word: str) -> str:
    """Quote a word as systemd reads it: nothing in it is a specifier or another word."""
    if not word.isprintable() or set(word) & set("\"'\\;"):
        raise BadUsage(f"the path {word!r} cannot be said in a unit of systemd", "sudo ./scripts/launch")
    return '"' + word.replace("%", "%%") + '"'


def look_over(text: str) -> None:
    """Have systemd look over a unit before it stands where it would be used.

    Raises:
        UnitRefused: systemd finds fault with it, or is not there.
    """
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder, UNIT.name)
        trial.write_text(text, encoding="utf-8")
        command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(trial)]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_PATIENCE
            )
        except FileNotFoundError:
            raise UnitRefused("systemd is not installed here") from None
        except (OSError, subprocess.TimeoutExpired):
            raise UnitRefused("systemd-analyze does not answer") from None
    faults = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if UNIT.name in line]
    if done.returncode or faults:
        raise UnitRefused("; ".join(faults[:_NAMED]) or f"systemd-analyze ended with status {done.returncode}")
