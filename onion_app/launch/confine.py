"""The confinement of a child: bubblewrap's command line. It never trusts that it holds; it tries it.

A child sees the system's libraries, the interpreter and our code, read-only, and its own folders, of which the site may
write to one and reads the other. It has no network but the listener it inherits, no other process, no capability, and
no place to write a temporary file.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

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

_TRIAL_SECONDS = 30  # a machine that starts from a slow card; a working bubblewrap needs a tenth of a second


def bubblewrap_command(folders: Sequence[Path], read_only: Sequence[Path] = ()) -> list[str]:
    """Give the words before a child's own command; it may write to these folders and nowhere else.

    # P13: what it may only read is mounted so, and no right of its account changes that.
    """
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    for name, value in ENVIRONMENT.items():
        words += ["--setenv", name, value]
    for folder in _readable():
        words += ["--ro-bind", str(folder), str(folder)]
    for path in _interpreter_names():
        words += ["--ro-bind", os.path.realpath(sys.executable), str(path)]
    for link in [Path("/", name) for name in _LIBRARIES]:
        if link.is_symlink():
            words += ["--symlink", str(link.readlink()), str(link)]
        elif link.is_dir():
            words += ["--ro-bind", str(link), str(link)]
    words += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache", "--dev", "/dev"]
    for folder in folders:
        words += ["--bind", str(folder), str(folder)]
    for folder in read_only:
        words += ["--ro-bind", str(folder), str(folder)]
    # P03: what is left of the file system is bubblewrap's own empty one; a stray temporary file finds no place in it.
    return [*words, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--"]


def try_confinement(folders: Sequence[Path]) -> str:
    """Try whether a child can live so confined; give an empty text, or the reason why not."""
    words = [*bubblewrap_command(folders), *INTERPRETER, "-c", "import onion_app.errors"]
    try:
        done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=_TRIAL_SECONDS)
    except FileNotFoundError:
        return "bubblewrap is not installed"
    except subprocess.TimeoutExpired:
        return "bubblewrap does not answer"
    if done.returncode != 0:
        return (done.stderr.strip().splitlines() or ["bubblewrap fails without a word"])[-1]
    return ""


def _readable() -> list[Path]:
    system = [Path("/usr", name) for name in _LIBRARIES]
    folders = [*system, Path(sys.base_prefix, "lib"), Path(sys.prefix), CODE]
    return [folder for folder in dict.fromkeys(folders) if folder.is_dir() and not folder.is_symlink()]


def _interpreter_names() -> list[Path]:
    """Follow the links from our interpreter to the system's; of /usr/bin nothing else is shown."""
    name, names = Path(sys.executable), list[Path]()
    while name.is_symlink():
        name = name.parent / name.readlink()
        names.append(name)
    return [name for name in names if Path(sys.prefix) not in name.parents]
