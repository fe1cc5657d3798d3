"""Starts the one tor of this installation, within the walls that it is given, and binds its life to ours.

tor reads the file it is given and nothing else, listens on unix sockets in the run folder only, and is ended by the
kernel when the launcher dies in whatever way. Its last twenty complaints stay in memory; nothing is logged.
"""

import collections
import contextlib
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onion_app.errors import StatePathTooLong, TorFailed
from onion_app.onion import programs
from onion_app.onion.programs import ENVIRONMENT, FIRST_ANSWER, Version, bound_command, path_of, version_of
from onion_app.shapes import from_json

Around = Callable[[Path, Path, tuple[Path, Path], int], AbstractContextManager[tuple[list[str], list[int]]]]
"""Gives, for tor, its torrc, its two folders and a descriptor, the words that stand before tor's command, which write
its process id to the descriptor, and the descriptors to hand down; no words where there are no walls."""

_SOCKET_PATH_BYTES = 107  # sun_path of Linux less its closing zero byte
_POINTING = ("see warnings above", "see logs for details")
_LAST_BREATH = 5.0  # seconds; saving takes a tenth of one, but the rest of tor's end can hang (see bound.py)
_LONGEST_INFO = 4096  # bytes that bubblewrap tells of itself


@dataclass(frozen=True)
class _Paths:
    """Where this tor lives."""

    torrc: Path
    folder: Path
    run_folder: Path

    @property
    def folders(self) -> tuple[Path, Path]:
        return (self.folder, self.run_folder)

    @property
    def control_socket(self) -> Path:
        return self.run_folder / "control.sock"

    @property
    def socks_socket(self) -> Path:
        return self.run_folder / "socks.sock"


class TorProcess:
    """A running tor that answers on its control socket."""

    def __init__(
        self, process: subprocess.Popen[bytes], pid: int, version: Version, paths: _Paths, filters: int
    ) -> None:
        """Take over a started tor, or the program around it; `filters` of system calls are in force without its own."""
        self.pid = pid  # tor's own
        self.version = version
        self.control_socket = paths.control_socket
        self.socks_socket = paths.socks_socket
        self._filters = filters
        self._process = process
        self._complaints: collections.deque[str] = collections.deque(maxlen=20)
        self._reader = threading.Thread(target=self._read_output, name="tor output", daemon=True)
        self._reader.start()

    def ended(self) -> int | None:
        """Return the exit status, or None while tor runs."""
        return self._process.poll()

    @property
    def walled(self) -> bool:
        """Whether walls stand around it."""
        return self.pid != self._process.pid

    @property
    def confined(self) -> bool:
        """Whether its own sandbox is in force: the kernel is asked for one more filter, not the configuration."""
        return _filters_of(str(self.pid)) > self._filters

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
        status = programs.wait_or_kill(self._process, _LAST_BREATH)
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


@contextmanager
def no_walls(*_: object) -> Iterator[tuple[list[str], list[int]]]:
    """Put nothing around tor."""
    yield [], []


def start_tor(
    torrc: Path,
    folder: Path,
    run_folder: Path,
    *,
    tor: str = "tor",
    walls: Around = no_walls,
    options: tuple[str, ...] = (),
) -> TorProcess:
    """Start tor from `torrc` with its data in `folder` and its sockets in `run_folder`; return when it answers.

    `options` stand on its command line, where everybody on this machine reads them.

    A tor that does not even tell its version within the walls is started without; `walled` tells the operator.

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
    walls = walls if _lives_within(walls, paths, tor) else no_walls
    process = _start_once(paths, version, tor, walls, options)
    if not _wait_for_answer(process) and _blames_the_sandbox(process):
        # Some C libraries and kernels do not go together with tor's own sandbox. An unconfined tor is better than none;
        # `confined` tells the operator.
        process = _start_once(paths, version, tor, walls, (*options, "--Sandbox", "0"))
        _wait_for_answer(process)
    if process.ended() is not None:
        raise TorFailed(_reason(process.complaints()) or f"status {process.ended()}")
    return process


def _reason(complaints: Sequence[str]) -> str:
    """Pick the complaint that says why: the last one that does not point to those above it."""
    telling = [line for line in complaints if not any(words in line.lower() for words in _POINTING)]
    last = next(reversed(telling or complaints), "")
    return last.partition("] ")[2] or last


def tor_arguments(torrc: Path) -> tuple[str, ...]:
    """Return the words that make tor read this file alone."""
    return ("--defaults-torrc", os.devnull, "-f", str(torrc))


def _watching(*, walled: bool) -> tuple[str, ...]:
    """Have tor watch our process, beside the kernel that binds it to us (see bound.py).

    Within its walls it would not see us, and end after fifteen seconds.
    """
    return () if walled else ("--__OwningControllerProcess", str(os.getpid()))


def socks_option(path: Path, *, onions_only: bool = True) -> str:
    """Return the option of the socket at which tor takes what we fetch: onions alone, but for an update."""
    return f"{unix_socket(path)} {'OnionTrafficOnly ' * onions_only}ExtendedErrors"


def unix_socket(path: Path) -> str:
    """Return a path as tor's options want it, whatever letters are in it."""
    quoted = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'unix:"{quoted}"'


def _start_once(paths: _Paths, version: Version, tor: str, walls: Around, extra: tuple[str, ...]) -> TorProcess:
    """Start tor once. Its working directory is the run folder: there it finds the site's socket by its bare name."""
    locations = (
        *("--DataDirectory", str(paths.folder)),
        *("--ControlSocket", unix_socket(paths.control_socket)),
        *("--SocksPort", socks_option(paths.socks_socket)),
    )
    telling, told = os.pipe()
    try:
        with walls(Path(path_of(tor)), paths.torrc, paths.folders, told) as (words, descriptors):
            command = (
                *words,
                path_of(tor),
                *tor_arguments(paths.torrc),
                *_watching(walled=bool(words)),
                *locations,
                *extra,
            )
            process = subprocess.Popen(
                bound_command(command[0], command[1:]),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=paths.run_folder,
                env=ENVIRONMENT,
                pass_fds=descriptors,
                start_new_session=True,  # Ctrl-C and a closing terminal reach the launcher, which stops tor in order
            )
    finally:
        os.close(told)
    with open(telling, "rb") as line:  # noqa: PTH123 - a descriptor
        pid = _read_pid(line.read(_LONGEST_INFO)) if words else process.pid
    return TorProcess(process, pid, version, paths, filters=_filters_of("self") + ("--seccomp" in words))


def _lives_within(walls: Around, paths: _Paths, tor: str) -> bool:
    """Tell whether tor tells its version within these walls, which is all that it needs its libraries for."""
    program, null = path_of(tor), os.open(os.devnull, os.O_WRONLY)
    try:
        with walls(Path(program), paths.torrc, paths.folders, null) as (words, descriptors):
            done = subprocess.run(
                [*words, program, "--version"],
                check=False,
                capture_output=True,
                env=ENVIRONMENT,
                pass_fds=descriptors,
                timeout=FIRST_ANSWER,
            )
    except (OSError, subprocess.TimeoutExpired):
        return False
    finally:
        os.close(null)
    return done.returncode == 0


def _read_pid(info: bytes) -> int:
    """Read the process id that bubblewrap has told; 0 when it has ended before, which its complaint explains."""
    try:
        return int(from_json(dict[str, Any], info, ValueError).get("child-pid", 0))
    except (TypeError, ValueError):
        return 0


def _wait_for_answer(process: TorProcess) -> bool:
    """Wait until tor's main loop answers on the control socket; False when it has ended instead.

    Raises:
        TorFailed: it runs and gives no answer.
    """
    give_up = time.monotonic() + FIRST_ANSWER
    while process.ended() is None:
        if _accepts(process.control_socket, b"QUIT\r\n", FIRST_ANSWER):
            return True
        if time.monotonic() > give_up:
            process.stop()
            raise TorFailed(f"no answer within {FIRST_ANSWER:.0f} seconds")
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
    killed = process.ended() in (-signal.SIGSYS, 128 + signal.SIGSYS)  # the second as bubblewrap hands it up
    return killed or any("sandbox" in line.lower() for line in process.complaints())


def _filters_of(pid: str) -> int:
    """Ask the kernel how many filters of system calls are in force for a process."""
    with contextlib.suppress(OSError):
        counted = re.search(r"^Seccomp_filters:\t(\d+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
        return int(counted[1]) if counted else 0
    return 0
