"""A volunteer's laptop: a network of its own, a copy of the clone in a folder of any name, a terminal and a Firefox."""

import ctypes
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from onion_app.elsewhere.forward import forward
from tests.browser import DESKTOP, Browser, browsing
from tests.house import START, STOP, House
from tests.processes import ENDS_WITH_US
from tests.rehearsal import HALF_WRITTEN, ROOT

PASSPHRASE = "a passphrase of mine"
CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1  # SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP
_INTERFACE = struct.Struct("16sh14x")  # of a `struct ifreq`: name and flags

Made = TypeVar("Made")


class Laptop:
    """A machine that shares with this one its disk and the relays of the private network, and nothing of its loopback.

    What is done `inside` is done by one thread, whose network it is: what that starts has no other.
    """

    def __init__(self, house: House, ports: Sequence[int], folder: Path) -> None:
        """Set it up, with the program in it as a newcomer has it after cloning."""
        self.house = house
        self.folder = folder
        self.clone = folder / "of any name"
        self._copy_clone()
        self._thread = ThreadPoolExecutor(1)
        self._over = threading.Event()
        self._stack = ExitStack()
        self._stack.callback(self._thread.shutdown)
        self.inside(_leave_the_network)
        for port in ports:
            self._lead_to_relay(port)

    def inside(self, do: Callable[[], Made]) -> Made:
        return self._thread.submit(do).result()

    def types(self, *words: str) -> "AtTerminal":
        """Type `./scripts/desk` with these words."""
        terminal = self.inside(lambda: AtTerminal([str(self.clone / "scripts" / "desk"), *words], self.folder))
        self._stack.callback(terminal.leave)
        return terminal

    def firefox(self) -> Browser:
        """Open a private window, at whose proxy nobody listens."""
        return self.inside(lambda: self._stack.enter_context(browsing(size=DESKTOP, private=True)))

    def shut(self) -> None:
        self._over.set()
        self._stack.close()

    def _copy_clone(self) -> None:
        for name in ("onion_app", "scripts"):
            shutil.copytree(ROOT / name, self.clone / name, ignore=HALF_WRITTEN)
        for name in ("pyproject.toml", "requirements.txt"):
            shutil.copy(ROOT / name, self.clone)
        (self.clone / ".venv").symlink_to(ROOT / ".venv")
        options = "LearnCircuitBuildTimeout 0\nCircuitBuildTimeout 10 seconds\n"
        (self.clone / "torrc.example").write_text(self.house.torrc.read_text() + options)

    def _lead_to_relay(self, port: int) -> None:
        listener = self.inside(lambda: socket.create_server(("127.0.0.1", port)))
        self._stack.enter_context(listener)

        def dial() -> socket.socket:
            return socket.create_connection(("127.0.0.1", port))

        carrying = threading.Thread(target=forward, args=([listener], dial, str, self._over.is_set))
        carrying.start()
        self._stack.callback(carrying.join)


class AtTerminal:
    """A command, and the terminal before which somebody reads and types."""

    def __init__(self, command: Sequence[str], home: Path) -> None:
        self.outside, inside = pty.openpty()
        surroundings = os.environ | {"TERM": "xterm", "XDG_STATE_HOME": str(home / "state"), "COLUMNS": "80"}
        streams: Any = {"stdin": inside, "stdout": inside, "stderr": inside}
        self.process = subprocess.Popen(
            [*ENDS_WITH_US, *command], **streams, cwd=home, env=surroundings, start_new_session=True
        )
        os.close(inside)
        self.seen = ""
        self.read_to = 0

    def reads(self, words: str) -> "re.Match[str]":
        """Wait until these words, a regular expression, stand there after those that were waited for before."""
        deadline = time.monotonic() + START
        while not (found := re.search(words, self.seen[self.read_to :])):
            assert time.monotonic() < deadline, self.seen[self.read_to :]
            self._read()
        self.read_to += found.end()
        return found

    def types(self, line: str) -> None:
        os.write(self.outside, line.encode() + b"\n")

    def presses_ctrl_c(self) -> int:
        """End it as people do, and give its exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.ends()

    def ends(self) -> int:
        return self.process.wait(STOP)

    def leave(self) -> None:
        self.process.terminate()
        self.ends()
        os.close(self.outside)

    def _read(self) -> None:
        if select.select([self.outside], [], [], 1.0)[0]:
            try:
                more = os.read(self.outside, 65536)
            except OSError:  # it has ended
                raise AssertionError(self.seen) from None
            self.seen += CONTROL.sub("", more.decode(errors="replace")).replace("\r", "")


def _leave_the_network() -> None:
    """Give this thread a network of its own, in which loopback is up."""
    assert ctypes.CDLL(None, use_errno=True).unshare(_NEW_NETWORK) == 0, os.strerror(ctypes.get_errno())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        name, flags = _INTERFACE.unpack(fcntl.ioctl(line, _GET_FLAGS, _INTERFACE.pack(b"lo", 0)))
        fcntl.ioctl(line, _SET_FLAGS, _INTERFACE.pack(name, flags | _UP))


@contextmanager
def laptops(house: House, ports: Sequence[int], folder: Path, names: Iterable[str]) -> Iterator[dict[str, Laptop]]:
    """Set one up for each of these people, and shut them down together."""
    with ExitStack() as stack:
        made = {}
        for name in names:
            made[name] = Laptop(house, ports, folder / name)
            stack.callback(made[name].shut)
        yield made
