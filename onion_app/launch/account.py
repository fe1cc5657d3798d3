"""Gives up root: whoever starts us as root has everything run under an account that owns the state and nothing else.

It is done in this process, before a secret is asked for or a file of the state is opened, and there is no way back.
"""

import os
import pwd
import subprocess
from collections.abc import Iterator
from compileall import compile_dir
from contextlib import contextmanager, suppress
from pathlib import Path

from onion_app.errors import BadUsage, CloneClosed
from onion_app.launch.confine import CODE

NAME = "sanctuary"
_HOME = "/var/lib/sanctuary"
_CLONE = CODE.parent


def drop(state: Path, *, as_is: bool) -> None:
    """Run as the account `sanctuary` from here on when we were started as root, and give it the state folder.

    `as_is` stays with root, as rehearsals and tests do, which leave nothing behind.
    Raises: CloneClosed, BadUsage.
    """
    if os.geteuid() != 0 or as_is:
        return
    account = _account()
    with _trying_as(account):
        _see_the_clone()
    compile_dir(CODE, quiet=2)  # the account may not write into the clone, and would read the source at each start
    _hand_over(state, account)
    with _trying_as(account):
        if not os.access(state, os.R_OK | os.W_OK | os.X_OK, effective_ids=True):
            raise BadUsage(f"{state} cannot be entered by the account {NAME}")
    os.setgroups([])
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
    os.environ |= {"HOME": _HOME, "USER": NAME, "LOGNAME": NAME}
    os.chdir("/")  # where we were started may be closed to the account


def _account() -> pwd.struct_passwd:
    with suppress(KeyError):
        return pwd.getpwnam(NAME)
    words = [
        "adduser",
        "--system",
        "--group",
        "--home",
        _HOME,
        "--no-create-home",
        "--shell",
        "/usr/sbin/nologin",
        NAME,
    ]
    try:
        subprocess.run(words, check=True, capture_output=True)
        return pwd.getpwnam(NAME)
    except (OSError, subprocess.CalledProcessError, KeyError):
        raise BadUsage(f"the account {NAME} could not be made: {' '.join(words)}") from None


@contextmanager
def _trying_as(account: pwd.struct_passwd) -> Iterator[None]:
    """See for a moment what the account sees."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(account.pw_gid)
    os.seteuid(account.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def _see_the_clone() -> None:
    """See whether the clone can be entered and read.

    Raises: CloneClosed, with the command that opens it.
    """
    for folder in reversed(_CLONE.parents):
        if not os.access(folder, os.X_OK, effective_ids=True):
            raise CloneClosed(f"mv {_CLONE} /opt/sanctuary")
    files = (_CLONE / ".venv" / "bin" / "python", _CLONE / "torrc.example", Path(__file__))
    if not all(os.access(file, os.R_OK, effective_ids=True) for file in files):
        raise CloneClosed(f"chmod -R go+rX {_CLONE}")


def _hand_over(state: Path, account: pwd.struct_passwd) -> None:
    """Make the state folder, or take an empty one, and give it to the account."""
    try:
        if not state.exists():
            state.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            state.mkdir(mode=0o700)
        owner = state.stat().st_uid
        if owner == account.pw_uid:
            return
        if owner != 0 or any(state.iterdir()):
            raise BadUsage(f"{state} belongs to another account: chown -R {NAME}: {state}")
        os.chown(state, account.pw_uid, account.pw_gid)
        state.chmod(0o700)
    except OSError as refused:
        raise BadUsage(f"{state} cannot be used: {refused.strerror}") from refused
