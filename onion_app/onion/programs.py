"""Finds the programs that this room starts, asks tor what it can do, and binds their lives to ours.

Nothing of the launcher's surroundings reaches them but the path on which they are looked for.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from onion_app.errors import SanctuaryError, TorMissing, TorTooOld

Version = tuple[int, int, int]

# 0.4.7 brought the second-layer guards (VanguardsLiteEnabled), without which the guard of a service is found in days.
# Proof of work came with 0.4.8; a tor without it is used, and `Control.publish` says so.
OLDEST: Version = (0, 4, 7)
ENVIRONMENT: Final = {"LC_ALL": "C", "PATH": os.defpath}  # nothing of the launcher's surroundings reaches a program
FIRST_ANSWER: Final = 120.0  # seconds; a cold disk on a loaded machine needs ten


def version_of(tor: str = "tor") -> Version:
    """Return the version of this tor.

    Raises:
        TorMissing: there is no such program, or it is no tor.
        TorTooOld: it is older than OLDEST.
        OSError: the system cannot start any program.
    """
    try:
        answer = subprocess.run(
            [path_of(tor), "--version"], capture_output=True, env=ENVIRONMENT, timeout=FIRST_ANSWER, check=False
        ).stdout.decode("utf-8", "replace")
    except (FileNotFoundError, PermissionError, subprocess.TimeoutExpired):
        raise TorMissing(tor) from None  # anything else is no matter of tor's: too many open files, no memory
    match = re.match(r"Tor version (\d{1,9})\.(\d{1,9})\.(\d{1,9})", answer)
    if match is None:
        raise TorMissing(tor)
    version = (int(match[1]), int(match[2]), int(match[3]))
    if version < OLDEST:
        raise TorTooOld(".".join(match.groups()))
    return version


def has_proof_of_work() -> bool:
    """Say whether the tor here can ask visitors for work when too many come at once."""
    try:
        answer = subprocess.run(
            [path_of("tor"), "--list-modules"], capture_output=True, env=ENVIRONMENT, timeout=FIRST_ANSWER, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    return b"pow: yes" in answer


def bound_command(program: str, arguments: tuple[str, ...]) -> list[str]:
    """Return the words that start a program which ends with this process (see bound.py).

    Raises:
        TorMissing: there is no such program.
    """
    binder = str(Path(__file__).with_name("bound.py"))
    return [sys.executable, "-I", "-S", binder, str(os.getpid()), path_of(program), *arguments]


def path_of(name: str, missing: type[SanctuaryError] = TorMissing) -> str:
    """Return the full path of a program, also where only root looks: Debian keeps tor there.

    Raises:
        SanctuaryError: there is no such program, by the name that `missing` gives it.
    """
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin")
    if path is None:
        raise missing(name)
    return str(Path(path).absolute())


def wait_or_kill(process: "subprocess.Popen[bytes]", seconds: float) -> int:
    """Wait for the end of a process, and bring it about when it does not come in time; give the exit status."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
