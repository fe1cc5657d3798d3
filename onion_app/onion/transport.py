"""Starts obfs4proxy, which makes tor's traffic to a bridge look like nothing in particular, and binds its life to ours.

It speaks the protocol of tor's pluggable transports (pt-spec.txt) with us in tor's place, because tor starts no program
(`NoExec`). It is told nothing of a bridge: tor tells it with each connection. It writes no log.
"""

import os
import re
import select
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from onion_app.errors import TransportFailed, TransportMissing
from onion_app.onion.programs import ENVIRONMENT, bound_command, path_of, wait_or_kill

Around = Callable[[Path, Path, dict[str, str]], AbstractContextManager[tuple[list[str], list[int]]]]
"""Gives, for the program, its folder and its surroundings, the words that stand before its command, and the
descriptors to hand down; no words where there are no walls."""

PROGRAM: Final = "obfs4proxy"
_READY = re.compile(rb"CMETHOD obfs4 socks5 127\.0\.0\.1:([1-9][0-9]{0,4})")
_WHOLE: Final = b"CMETHODS DONE"
_FIRST_ANSWER: Final = 60.0  # seconds; a hundredth of one on an idle core
_LONGEST: Final = 4096  # bytes that it says
_LAST_BREATH: Final = 5.0  # seconds


class Transport:
    """A running obfs4proxy; tor reaches it at `port` of 127.0.0.1."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        """Take over a started one, with the folder that it was given."""
        self.pid = process.pid  # of the program around it, where walls stand
        self.port = 0
        self._process = process
        self._folder = folder

    def wait(self) -> None:
        """Wait until it listens.

        Raises:
            TransportFailed: it ended, or says another thing than the protocol wants.
        """
        said, give_up = b"", time.monotonic() + _FIRST_ANSWER
        out = self._process.stdout
        while out and _WHOLE not in said.splitlines() and len(said) < _LONGEST:
            if not select.select([out], [], [], max(0.0, give_up - time.monotonic()))[0]:
                break
            piece = os.read(out.fileno(), _LONGEST)
            if not piece:
                break
            said += piece
        ready = [line for line in map(_READY.fullmatch, said.splitlines()) if line]
        if len(ready) != 1 or _WHOLE not in said.splitlines():
            raise TransportFailed(f"status {self.stop()}")
        self.port = int(ready[0][1])

    def ended(self) -> int | None:
        """Return the exit status, or None while it runs."""
        return self._process.poll()

    def stop(self) -> int:
        """End it, if it still runs, remove its folder, and return its exit status.

        It is asked by the end of its standard input. A signal would meet the program around it, and leave to the
        system's first process what is within.
        """
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        status = wait_or_kill(self._process, _LAST_BREATH)
        shutil.rmtree(self._folder, ignore_errors=True)
        return status


def start_transport(folder: Path, walls: Around) -> Transport:
    """Start obfs4proxy with `folder` for its own, which is made anew; return when it listens.

    Call it from the main thread: the kernel's parent-death signal follows the thread that starts a process.

    Raises:
        TransportMissing: there is no such program.
        TransportFailed: it does not listen.
    """
    program = path_of(PROGRAM, TransportMissing)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    surroundings = {
        "TOR_PT_MANAGED_TRANSPORT_VER": "1",
        "TOR_PT_CLIENT_TRANSPORTS": "obfs4",
        "TOR_PT_STATE_LOCATION": str(folder),
        "TOR_PT_EXIT_ON_STDIN_CLOSE": "1",
    }
    with walls(Path(program), folder, surroundings) as (words, descriptors):
        command = [*words, program]
        process = subprocess.Popen(
            bound_command(command[0], tuple(command[1:])),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=ENVIRONMENT | surroundings,
            pass_fds=descriptors,
            start_new_session=True,
        )
    transport = Transport(process, folder)
    transport.wait()
    return transport
