"""The confinement of a child, of tor and of obfs4proxy: bubblewrap's command line. Whether it holds, `walls` tries.

A child sees the system's libraries, the interpreter and our code, read-only, and its own folders, of which the site may
write to one and reads the other. It has no network but the listener it inherits, no other process, no capability, no
namespace to make, none of the system calls that `seccomp` refuses, and no place to write a temporary file. tor and
obfs4proxy have the network and folders of their own, and see neither our code nor a database.
"""

import os
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from onion_app.launch import seccomp

CODE = Path(__file__).resolve().parents[1]

ENVIRONMENT = {
    "PYTHONPATH": str(CODE.parent),
    "PYTHONDONTWRITEBYTECODE": "1",
    # P04: freed memory goes back to the system's allocator, which overwrites it; Python's own would keep it. What lies
    # in the per-thread caches of glibc is not overwritten: hence none of them.
    "PYTHONMALLOC": "malloc",
    "GLIBC_TUNABLES": "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0",
    "LANG": "C.UTF-8",
}

# -s: no packages of the account; -P: nothing is imported from where it happens to be started.
INTERPRETER = (sys.executable, "-s", "-P")

_LIBRARIES = ("lib", "lib32", "lib64", "libx32")
_OF_TOR = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)
_OF_TRANSPORT = (socket.AF_INET, socket.AF_INET6)

Prefix = tuple[list[str], list[int]]
"""The words before a command, and the descriptors that it is to inherit."""

UNCONFINED: Prefix = ([], [])


@dataclass(frozen=True)
class Walls:
    """The walls that stand on this machine, as `walls.try_walls` found."""

    bubblewrap: bool
    namespaces: bool  # a user namespace of its own, in which no further ones can be made
    system_calls: bool  # the filter


NO_WALLS: Final = Walls(bubblewrap=False, namespaces=False, system_calls=False)
ALL_WALLS: Final = Walls(bubblewrap=True, namespaces=True, system_calls=True)


@contextmanager
def around_child(walls: Walls, folders: Sequence[Path], read_only: Sequence[Path] = ()) -> Iterator[Prefix]:
    """Give what stands before a child's own command; it may write to these folders and nowhere else.

    # P13: what it may only read is mounted so, and no right of its account changes that.
    """
    words = ["--unshare-all"]
    for name, value in ENVIRONMENT.items():
        words += ["--setenv", name, value]
    for folder in (*_present(Path(sys.base_prefix, "lib")), Path(sys.prefix), CODE):
        words += ["--ro-bind", str(folder), str(folder)]
    for path in _interpreter_names():
        words += ["--ro-bind", os.path.realpath(sys.executable), str(path)]
    # P02, P03: it makes no socket of its own; what it answers on it has inherited.
    with _around(walls, (), words, folders, read_only, Path("/")) as prefix:
        yield prefix


@contextmanager
def around_tor(
    walls: Walls, hidden: Path, tor: Path, torrc: Path, folders: tuple[Path, Path], told: int
) -> Iterator[Prefix]:
    """Give what stands before tor's command: it has the network and these folders, and runs in the last of them.

    What is `hidden` in them it does not reach: whoever takes tor over gives the launcher no orders. Its process id is
    written to the descriptor `told`. It is the first process in its walls, so that none of bubblewrap's stands between
    it and us, and sees no other.
    """
    words = ["--unshare-ipc", "--unshare-uts", "--unshare-pid", "--unshare-cgroup-try", "--as-pid-1"]
    words += ["--info-fd", str(told), "--setenv", "LC_ALL", "C"]
    for file in dict.fromkeys((tor, torrc)):
        words += ["--ro-bind", str(file), str(file)]
    with _around(walls, _OF_TOR, words, folders, (), folders[-1], (hidden,)) as (before, descriptors):
        yield before, [*descriptors, told] if before else []


@contextmanager
def around_transport(walls: Walls, program: Path, folder: Path, surroundings: Mapping[str, str]) -> Iterator[Prefix]:
    """Give what stands before the command of the program that speaks to a bridge: it has the network, and a folder.

    It sees nothing of tor's, and no other process.
    """
    words = ["--unshare-ipc", "--unshare-uts", "--unshare-pid", "--unshare-cgroup-try", "--as-pid-1"]
    for name, value in surroundings.items():
        words += ["--setenv", name, value]
    words += ["--ro-bind", str(program), str(program)]
    with _around(walls, _OF_TRANSPORT, words, [folder], (), folder) as prefix:
        yield prefix


@contextmanager
def _around(
    walls: Walls,
    families: tuple[int, ...],
    own: list[str],
    folders: Sequence[Path],
    read_only: Sequence[Path],
    begins_in: Path,
    hidden: Sequence[Path] = (),
) -> Iterator[Prefix]:
    """Add to the words of its own what every process of ours has: the system's libraries, and no privilege."""
    if not walls.bubblewrap:
        yield UNCONFINED
        return
    words = ["bwrap", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    if walls.namespaces:
        words += ["--unshare-user", "--disable-userns", "--assert-userns-disabled"]
    for folder in _present(*(Path("/usr", name) for name in _LIBRARIES)):
        words += ["--ro-bind", str(folder), str(folder)]
    for link in [Path("/", name) for name in _LIBRARIES]:
        if link.is_symlink():
            words += ["--symlink", str(link.readlink()), str(link)]
        elif link.is_dir():
            words += ["--ro-bind", str(link), str(link)]
    words += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--dev", "/dev", *own]
    for folder in folders:
        words += ["--bind", str(folder), str(folder)]
    for folder in read_only:
        words += ["--ro-bind", str(folder), str(folder)]
    for file in hidden:
        words += ["--ro-bind", os.devnull, str(file)]
    # P03: what is left of the file system is bubblewrap's own empty one; a stray temporary file finds no place in it.
    words += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", str(begins_in)]
    machine = seccomp.MACHINES.get(os.uname().machine) if walls.system_calls else None
    if machine is None:
        yield [*words, "--"], []
        return
    reading, writing = os.pipe()
    os.write(writing, seccomp.program(machine, families))  # less than two thousand bytes: a pipe takes them whole
    os.close(writing)
    try:
        yield [*words, "--seccomp", str(reading), "--"], [reading]
    finally:
        os.close(reading)


def _present(*folders: Path) -> list[Path]:
    return [folder for folder in folders if folder.is_dir() and not folder.is_symlink()]


def _interpreter_names() -> list[Path]:
    """Follow the links from our interpreter to the system's; of /usr/bin nothing else is shown."""
    name, names = Path(sys.executable), list[Path]()
    while name.is_symlink():
        name = name.parent / name.readlink()
        names.append(name)
    return [name for name in names if Path(sys.prefix) not in name.parents]
