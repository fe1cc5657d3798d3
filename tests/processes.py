"""Looking at the processes of a launcher from outside, as the system shows them."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

import pytest

Found = TypeVar("Found")

PROC = Path("/proc")
PIECE = 1 << 20  # bytes
# Whatever ends these tests, even kill -9, asks what they have started to stop.
ENDS_WITH_US = ("setpriv", "--pdeathsig", "TERM", "--")

only_root_looks_in = pytest.mark.skipif(os.geteuid() != 0, reason="our processes close themselves to their own account")


@dataclass(frozen=True)
class Process:
    """One line of the system's table of processes."""

    pid: int
    parent: int
    words: tuple[str, ...]

    @property
    def alive(self) -> bool:
        return state_of(self.pid) not in ("", "Z", "X")


def state_of(pid: int) -> str:
    """Give the letter of a process's state, or nothing when it is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def facts(pid: int) -> dict[str, list[str]]:
    """Read what the kernel says of a process; if it is not dumpable its files in /proc tell nothing of its account."""
    lines = (PROC / str(pid) / "status").read_text(errors="replace").splitlines()
    return {name: words.split() for name, _, words in (line.partition(":") for line in lines)}


def open_files(pid: int) -> set[str]:
    """Name what the descriptors of a process lead to; one that is closed meanwhile is left out."""
    names = set()
    for descriptor in (PROC / str(pid) / "fd").iterdir():
        with suppress(FileNotFoundError):
            names.add(str(descriptor.readlink()))
    return names


def table() -> list[Process]:
    """List every process that this account sees."""
    found = []
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
            parent = int((folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        found.append(Process(int(folder.name), parent, tuple(words)))
    return found


def below(pid: int) -> list[Process]:
    """List all processes that `pid` has started, and those that they have started."""
    everything = table()
    family: list[Process] = []
    parents = {pid}
    while parents:
        children = [process for process in everything if process.parent in parents]
        family += children
        parents = {process.pid for process in children}
    return family


def role(launcher: int, name: str) -> list[Process]:
    """Find the launcher's tor, site, desk or chores; of a confined child the one inside the walls."""
    if name == "tor":
        return [process for process in below(launcher) if process.words and Path(process.words[0]).name == "tor"]
    module = f"onion_app.launch.processes.{name}"
    return [
        process
        for process in below(launcher)
        if module in process.words and Path(process.words[0]).name not in ("bwrap", "timeout", "strace")
    ]


def kill(pid: int) -> None:
    """End one process at once, with no chance to tidy up."""
    os.kill(pid, signal.SIGKILL)


def until(look: Callable[[], Found], patience: float, what: str) -> Found:
    """Look again and again until there is something to see, and give it.

    Raises:
        TimeoutError: there was nothing in `patience` seconds.
    """
    deadline = time.monotonic() + patience
    while True:
        late = time.monotonic() > deadline  # before the look: who was held up looks once more
        found = look()
        if found:
            return found
        if late:
            message = f"{what}: not within {patience:g} s"
            raise TimeoutError(message)
        time.sleep(0.05)


@contextmanager
def traced(pids: list[int], calls: str, written: Path) -> Iterator[None]:
    """Have strace write down these system calls of some processes and of all that they start."""
    command = ["strace", "-f", "-qq", "-y", "-s", "4096", "-e", f"trace={calls}", "-o", str(written)]
    watching = [word for pid in pids for word in ("-p", str(pid))]
    with subprocess.Popen([*ENDS_WITH_US, *command, *watching], stderr=subprocess.PIPE) as tracer:
        try:
            until(lambda: all(is_traced(pid) for pid in pids), 120, "strace")
            yield
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.communicate()


def is_traced(pid: int) -> bool:
    """Say whether every thread of a process is: strace takes one after the other."""
    with suppress(FileNotFoundError, ProcessLookupError):  # one has ended meanwhile
        return all(facts(int(task.name))["TracerPid"] != ["0"] for task in (PROC / str(pid) / "task").iterdir())
    return False


def memory_of(pid: int, needles: dict[str, bytes]) -> dict[str, int]:
    """Count how often each of these bytes stands anywhere in the memory of a process.

    Raises:
        PermissionError: only root may look.
    """
    found = dict.fromkeys(needles, 0)
    searched = 0
    with (PROC / str(pid) / "mem").open("rb", buffering=0) as memory:
        for line in (PROC / str(pid) / "maps").read_text().splitlines():
            start, end = (int(part, 16) for part in re.split("[- ]", line)[:2])
            if line.split()[1][0] != "r" or "[v" in line:
                continue
            block = resident(memory, start, end)
            searched += len(block)
            for name, needle in needles.items():
                found[name] += block.count(needle)
    assert searched > 4_000_000, "that was not the memory of a Python"
    return found


def resident(memory: IO[bytes], start: int, end: int) -> bytes:
    """Read one range of a process's memory, without the long stretches that were never written."""
    pieces = []
    for at in range(start, end, PIECE):
        try:
            memory.seek(at)
            piece = memory.read(min(PIECE, end - at))
        except (OSError, OverflowError):
            continue  # what nobody may read, such as the memory of a device
        if piece.count(0) != len(piece):
            pieces.append(piece)
    return b"".join(pieces)
