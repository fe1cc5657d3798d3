"""Starts the one tor of this installation, and binds its life to ours.

tor reads the file it is given and nothing else, listens on unix sockets in the run folder only, and is ended by the
kernel when the launcher dies in whatever way. Its last twenty complaints stay in memory; nothing is logged.
"""

import collections
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from onion_app.errors import StatePathTooLong, TorFailed, TorMissing, TorTooOld

Version = tuple[int, int, int]

# 0.4.7 brought the second-layer guards (VanguardsLiteEnabled), without which the guard of a service is found in days.
# Proof of work came with 0.4.8; a tor without it is used, and `Control.publish` says so.
OLDEST: Version = (0, 4, 7)

_SOCKET_PATH_BYTES = 107  # sun_path of Linux less its closing zero byte
_FIRST_ANSWER = 120.0  # seconds; a cold disk on a loaded machine needs ten
_LAST_BREATH = 5.0  # seconds; saving takes a tenth of one, but the rest of tor's end can hang (see bound.py)
_ENVIRONMENT = {"LC_ALL": "C", "PATH": os.defpath}  # nothing of the launcher's surroundings reaches tor


@dataclass(frozen=True)
class _Paths:
    """Where this tor lives."""

    torrc: Path
    folder: Path
    run_folder: Path

    @property
    def control_socket(self) -> Path:
        return self.run_folder / "control.sock"

    @property
    def socks_socket(self) -> Path:
        return self.run_folder / "socks.sock"


class TorProcess:
    """A running tor that answers on its control socket."""

    def __init__(self, process: subprocess.Popen[bytes], version: Version, paths: _Paths) -> None:
        """Take over a started tor and read its output."""
        self.pid = process.pid
        self.version = version
        self.control_socket = paths.control_socket
        self.socks_socket = paths.socks_socket
        self.confined = False
        self._process = process
        self._complaints: collections.deque[str] = collections.deque(maxlen=20)
        self._reader = threading.Thread(target=self._read_output, name="tor output", daemon=True)
        self._reader.start()

    def ended(self) -> int | None:
        """Return the exit status, or None while tor runs."""
        return self._process.poll()

    def complaints(self) -> tuple[str, ...]:
        """Return the last things tor complained of; tor has blotted out addresses (SafeLogging)."""
        return tuple(self._complaints)

    def stop(self) -> int:
        """End tor, if it still runs, and return its exit status. It is asked first, so that it saves its guards.

        It is asked over the control socket: the sandbox of tor 0.4.9 denies the C library a call with which threads are
        started, whereupon arbitrary signals, often SIGTERM, stay blocked for good.
        """
        if self._process.poll() is None and not _accepts(self.control_socket, b"AUTHENTICATE\r\nSIGNAL TERM\r\n"):
            self._process.terminate()
        try:
            status = self._process.wait(_LAST_BREATH)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._reader.join()
        return status

    def _read_output(self) -> None:
        """Empty tor's standard output, or tor would stand still once the pipe is full; keep only complaints."""
        if self._process.stdout is None:
            return
        with self._process.stdout as lines:
            for line in lines:
                text = line.decode("utf-8", "replace").strip()
                if "[notice]" not in text:
                    self._complaints.append(text)


def version_of(tor: str = "tor") -> Version:
    """Return the version of this tor.

    Raises:
        TorMissing: there is no such program, or it is no tor.
        TorTooOld: it is older than OLDEST.
    """
    try:
        answer = subprocess.run(
            [_path_of(tor), "--version"], capture_output=True, env=_ENVIRONMENT, timeout=_FIRST_ANSWER, check=False
        ).stdout.decode("utf-8", "replace")
    except (OSError, subprocess.TimeoutExpired):
        raise TorMissing(tor) from None
    match = re.match(r"Tor version (\d+)\.(\d+)\.(\d+)", answer)
    if match is None:
        raise TorMissing(tor)
    version = (int(match[1]), int(match[2]), int(match[3]))
    if version < OLDEST:
        raise TorTooOld(".".join(match.groups()))
    return version


def has_proof_of_work(tor: str = "tor") -> bool:
    """Say whether this tor can ask visitors for work when too many come at once."""
    try:
        answer = subprocess.run(
            [_path_of(tor), "--list-modules"], capture_output=True, env=_ENVIRONMENT, timeout=_FIRST_ANSWER, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    return b"pow: yes" in answer


def start_tor(torrc: Path, folder: Path, run_folder: Path, *, tor: str = "tor") -> TorProcess:
    """Start tor from `torrc` with its data in `folder` and its sockets in `run_folder`; return when it answers.

    Call it from the main thread: the kernel's parent-death signal follows the thread that starts a process.

    Raises:
        TorMissing: there is no such program, or it is no tor.
        TorTooOld: it is older than OLDEST.
        TorFailed: it ended or does not answer; the fact is its last complaint.
        StatePathTooLong: the path of a socket would not fit.
    """
    paths = _Paths(torrc.absolute(), folder.absolute(), run_folder.absolute())
    version = version_of(tor)
    for path in (paths.control_socket, paths.socks_socket):
        if len(os.fsencode(path)) > _SOCKET_PATH_BYTES:
            raise StatePathTooLong(str(path))
    for private in (paths.folder, paths.run_folder):
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
        private.chmod(0o700)
    process = _start_once(paths, version, tor, ())
    if not _wait_for_answer(process) and _blames_the_sandbox(process):
        # Some C libraries and kernels do not go together with tor's own sandbox. An unconfined tor is better than none;
        # `confined` tells the operator.
        process = _start_once(paths, version, tor, ("--Sandbox", "0"))
        _wait_for_answer(process)
    if process.ended() is not None:
        raise TorFailed(next(reversed(process.complaints()), f"status {process.ended()}"))
    process.confined = _is_confined(process.pid)
    return process


def bound_command(program: str, arguments: tuple[str, ...]) -> list[str]:
    """Return the words that start a program which ends with this process (see bound.py).

    Raises:
        TorMissing: there is no such program.
    """
    binder = str(Path(__file__).with_name("bound.py"))
    return [sys.executable, "-I", "-S", binder, str(os.getpid()), _path_of(program), *arguments]


def tor_arguments(torrc: Path) -> tuple[str, ...]:
    """Return the words that make tor read this file alone, and end when our process does."""
    owner = ("--__OwningControllerProcess", str(os.getpid()))
    return ("--defaults-torrc", os.devnull, "-f", str(torrc), *owner)


def unix_socket(path: Path) -> str:
    """Return a path as tor's options want it, whatever letters are in it."""
    quoted = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'unix:"{quoted}"'


def _path_of(name: str) -> str:
    """Return the full path of a program, also where only root looks: Debian keeps tor there.

    Raises:
        TorMissing: there is no such program.
    """
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin")
    if path is None:
        raise TorMissing(name)
    return str(Path(path).absolute())


def _start_once(paths: _Paths, version: Version, tor: str, extra: tuple[str, ...]) -> TorProcess:
    """Start tor once. Its working directory is the run folder: there it finds the site's socket by its bare name."""
    locations = (
        *("--DataDirectory", str(paths.folder)),
        *("--ControlSocket", unix_socket(paths.control_socket)),
        *("--SocksPort", unix_socket(paths.socks_socket) + " OnionTrafficOnly"),
    )
    process = subprocess.Popen(
        bound_command(tor, (*tor_arguments(paths.torrc), *locations, *extra)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=paths.run_folder,
        env=_ENVIRONMENT,
        start_new_session=True,  # Ctrl-C and a closing terminal reach the launcher, which then stops tor in order
    )
    return TorProcess(process, version, paths)


def _wait_for_answer(process: TorProcess) -> bool:
    """Wait until tor's main loop answers on the control socket; False when it has ended instead.

    Raises:
        TorFailed: it runs and gives no answer.
    """
    give_up = time.monotonic() + _FIRST_ANSWER
    while process.ended() is None:
        if _accepts(process.control_socket, b"QUIT\r\n", _FIRST_ANSWER):
            return True
        if time.monotonic() > give_up:
            process.stop()
            raise TorFailed(f"no answer within {_FIRST_ANSWER:.0f} seconds")
        time.sleep(0.05)
    process.stop()  # collects its last complaints
    return False


def _accepts(control_socket: Path, words: bytes, patience: float = _LAST_BREATH) -> bool:
    """Tell whether tor takes these words; that it lets us connect proves nothing but an open socket."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as line:
        line.settimeout(patience)
        line.connect(str(control_socket))
        line.sendall(words)
        return line.recv(64).startswith(b"250")
    return False


def _blames_the_sandbox(process: TorProcess) -> bool:
    """Tell whether tor ended because of its sandbox."""
    killed = process.ended() == -signal.SIGSYS
    return killed or any("sandbox" in line.lower() for line in process.complaints())


def _is_confined(pid: int) -> bool:
    """Ask the kernel, not the configuration, whether a system call filter (mode 2) is in force."""
    with contextlib.suppress(OSError):
        return "Seccomp:\t2\n" in Path(f"/proc/{pid}/status").read_text()
    return False
