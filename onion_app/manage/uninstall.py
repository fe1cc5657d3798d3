"""`uninstall`: removes every sign of an installation whose keys are destroyed: its folder, its unit and its account.

It never removes a key, which is what `panic` is for, and nothing that is not ours. It needs the system's Python alone.
"""

import argparse
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from onion_app.errors import AlreadyRunning, KeysStillThere, NotConfirmed, SignsRemain
from onion_app.launch.state import State, is_held
from onion_app.manage.emergency import ask, say
from onion_app.manage.key_files import key_files

ACCOUNT: Final = "sanctuary"
UNIT: Final = Path("/etc/systemd/system/sanctuary.service")
SYSTEMD: Final = Path("/run/systemd/system")  # is there while systemd runs
_SETTINGS: Final = Path("/etc/sysctl.d/60-sanctuary.conf")  # which the cure of a missing wall has the operator write
_BACKUPS: Final = Path("/var/backups/sanctuary")
# The names at the top of a state folder; what has another one was put there by somebody else.
_OURS = re.compile(
    r"(run|mailbox|shown|desk|tor|lock|reserve|first-run|restoring|bridged|bridged-new|going-back|rehearsal\.json"
    r"|(updated|last-backup|vault\.key|replaced-)[^/]*)"
)
_ANSWERED_WITHIN = 60.0  # seconds that one of the system's commands may take


def uninstall(chosen: argparse.Namespace, state: State) -> None:
    """Remove everything of an installation that has no keys any more, once the word was typed.

    Raises:
        KeysStillThere: it has keys.
        AlreadyRunning: it runs, or another command works on it.
        NotConfirmed: the word was not typed.
        SignsRemain: something could not be removed, or is not ours.
    """
    _expect_no_keys(state.path)
    if os.path.lexists(state.path / "lock") and is_held(state):
        raise AlreadyRunning(str(state.path))
    has_account = os.geteuid() == 0 and not chosen.as_is
    home = _home() if has_account else None
    if home is not None and home != state.path:
        _expect_no_keys(home)  # the account is another installation's too
    own = _own(state.path)
    system = [file for file in (UNIT, _SETTINGS) if has_account and os.path.lexists(file)]
    named = [*map(str, [*own, *system]), *([f"the account {ACCOUNT}"] if home else [])]
    if not named:
        say(f"There is nothing to remove: neither {state.path} nor an account nor a unit.")
        return
    say("This removes for good:")
    for name in named:
        say(f"  - {name}")
    if ask("Type the word uninstall: ").strip() != "uninstall":
        raise NotConfirmed
    remains = [*_remove_files(system), *_remove_folder(state.path, own)]
    if home and not remains:
        remains += _remove_account()
    if remains:
        raise SignsRemain("; ".join(remains))
    _say_what_stays()


def _expect_no_keys(folder: Path) -> None:
    """See that no file of keys is below this folder, and that all of it could be looked into."""
    unseen: list[str] = []
    found = [str(file) for file in key_files(folder, unseen)]
    if found or unseen:
        raise KeysStillThere((found + unseen)[0])


def _own(folder: Path) -> list[Path]:
    """List what is ours in a state folder, which has to look like one."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - also names that are no text
    except FileNotFoundError:
        return []
    except OSError as refused:
        raise SignsRemain(f"{folder} ({refused.strerror})") from None
    if names and not {"lock", "run"} & set(names):
        fact = f"{folder} does not look like a state folder: is it another --state?"
        raise SignsRemain(fact, "sudo ./scripts/manage --state FOLDER uninstall")
    return [folder / name for name in names if _OURS.fullmatch(name)]


def _remove_folder(folder: Path, own: list[Path]) -> list[str]:
    """Remove what is ours, then the folder; give what remains."""
    remains: list[str] = []
    for path in own:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, onerror=lambda _call, name, why: remains.append(_why_it_stays(name, why[1])))
        else:
            path.unlink(missing_ok=True)
    if not folder.exists():
        return remains
    others = sorted(name for name in os.listdir(folder) if not _OURS.fullmatch(name))  # noqa: PTH208 - likewise
    if others:
        return [*remains, f"{folder} holds {', '.join(others[:3])}: what it is, you know best"]
    if remains:
        return remains
    target = folder.resolve()
    if folder.is_symlink():
        folder.unlink()
    target.rmdir()
    return remains


def _why_it_stays(name: str, refused: BaseException) -> str:
    return f"{name} ({refused.strerror})" if isinstance(refused, OSError) else name


def remove_unit() -> None:
    """Have systemd stop the unit and know nothing of it any more, not even that it failed once."""
    run("systemctl", "disable", "--now", UNIT.name)
    UNIT.unlink(missing_ok=True)
    if SYSTEMD.is_dir():
        run("systemctl", "daemon-reload")
        run("systemctl", "reset-failed", UNIT.name)


def _remove_files(files: list[Path]) -> list[str]:
    if UNIT in files:
        remove_unit()
    for file in files:
        file.unlink(missing_ok=True)
    return [str(file) for file in files if os.path.lexists(file)]


def _remove_account() -> list[str]:
    run("deluser", "--system", ACCOUNT) or run("userdel", ACCOUNT)
    return [f"the account {ACCOUNT}: deluser --system {ACCOUNT}"] if _home() else []


def _home() -> Path | None:
    """Give the state folder for which the account was made (see scripts/as-account), or None where there is none."""
    try:
        return Path(pwd.getpwnam(ACCOUNT).pw_dir)
    except KeyError:
        return None


def run(*command: str) -> bool:
    """Have the system do something, and say if it did; a program that is not there did not."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_ANSWERED_WITHIN
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _say_what_stays() -> None:
    clone = Path(__file__).resolve().parents[2]
    for line in (
        "Removed. What stays, because only you know whether it is needed:",
        f"  - this program, with the version before an update: rm -r {clone} {clone}.*",
        f"  - backups, in {_BACKUPS} or wherever you put them, and the papers with passphrase and spare code",
        "  - Debian's packages tor and bubblewrap, and the link that keeps Debian's own tor.service from starting",
        "  - what the system's journal says of a service, and when: journalctl --rotate --vacuum-time=1s",
        "  - what your shell remembers of the commands you typed: history -c; rm ~/.bash_history",
    ):
        say(line)
