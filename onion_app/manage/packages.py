"""Brings the packages of a new version: those that are there, or from `wheels/`, or through tor, each by its hash."""

import os
import shutil
import subprocess
from pathlib import Path

from onion_app.errors import NotFetched


def bring(clone: Path, new: Path, file: Path | None, port: int) -> None:
    """Take over the packages where they stay the same; else have them installed from files, or through this port.

    Raises:
        NotFetched: they could not be installed.
    """
    old, wanted = ((folder / "requirements.txt").read_bytes() for folder in (clone, new))
    is_same = old == wanted and (clone / ".venv/complete").exists()
    if file and (file.resolve().parent / "wheels").is_dir():
        _take_wheels(file.resolve().parent / "wheels", new / "wheels")
    elif is_same and (clone / "wheels").is_dir():
        _take_wheels(clone / "wheels", new / "wheels")
    if is_same:
        shutil.copytree(clone / ".venv", new / ".venv", symlinks=True)
        return
    proxy = f"http://127.0.0.1:{port or 9}"  # nobody listens on 9: without tor nothing is fetched
    names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    surroundings = {"PATH": os.environ.get("PATH", os.defpath), "HOME": "/nonexistent", "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run([new / "scripts/setup"], env=surroundings | dict.fromkeys(names, proxy), check=False)
    if done.returncode:
        raise NotFetched("its packages could not be installed", "./scripts/update FILE   (with wheels/ beside it)")
    _move_programs(clone, new)


def _take_wheels(source: Path, target: Path) -> None:
    """Copy the packages, and only files: a stick may hold anything."""
    target.mkdir()
    for wheel in sorted(source.iterdir()):
        if wheel.is_file() and not wheel.is_symlink():
            shutil.copyfile(wheel, target / wheel.name)


def _move_programs(clone: Path, new: Path) -> None:
    """Tell the programs of the environment where they will be, as `scripts/setup` does."""
    for program in [*(new / ".venv/bin").iterdir(), new / ".venv/pyvenv.cfg"]:
        if program.is_file() and not program.is_symlink():
            content = program.read_bytes()
            if b"\0" not in content:
                program.write_bytes(content.replace(os.fsencode(new) + b"/", os.fsencode(clone) + b"/"))
