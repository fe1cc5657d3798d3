"""Started as root, everything runs under an account of its own; these need root, and a folder that others may enter."""

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import processes
from tests.launch.conftest import ROOT, START, Operator

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give root up")
OURS = ("onion_app", "scripts", "torrc.example", "requirements.txt", "pyproject.toml")


@pytest.fixture
def opened() -> Iterator[Path]:
    """Make a folder of 0755 with a clone in it that any account can enter."""
    with tempfile.TemporaryDirectory(prefix="drop-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        clone(place / "clone")
        yield place


def clone(to: Path) -> Path:
    to.mkdir(mode=0o755)
    for name in OURS:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, to / name)
    (to / ".venv").symlink_to(ROOT / ".venv")
    subprocess.run(["chmod", "-R", "go+rX", str(to)], check=True)
    return to


def launched(clone_of: Path, operator: Operator, state: Path, torrc: Path) -> "subprocess.Popen[bytes]":
    words = [str(clone_of / "scripts" / "launch"), "--state", str(state), "--answers", "-"]
    words += ["--torrc", str(torrc), "--desk-port", str(operator.port)]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_root_becomes_the_account_with_all_that_is_started(opened: Path, operator: Operator) -> None:
    torrc, state = opened / "torrc", opened / "state"
    shutil.copy(operator.torrc, torrc)
    torrc.chmod(0o644)
    process = launched(opened / "clone", operator, state, torrc)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write(b"{}")
    process.stdin.close()
    try:
        line = process.stdout.readline()
        assert line, process.stderr.read().decode()
        assert json.loads(line)["onion"].endswith(".onion")
        account = pwd.getpwnam("sanctuary").pw_uid
        for name in ("tor", "site", "desk"):
            [found, *_] = processes.until(lambda name=name: processes.role(process.pid, name), START, name)  # type: ignore[misc]
            assert (processes.PROC / str(found.pid)).stat().st_uid in (0, account)
            assert uid_of(found.pid) == account, name
        assert uid_of(process.pid) == account
        assert {path.stat().st_uid for path in (state, *state.rglob("*"))} == {account}
        command = [str(opened / "clone" / "scripts" / "manage"), "--state", str(state), "stop"]
        assert subprocess.run(command, check=False, capture_output=True, timeout=START).returncode == 0
        assert process.wait(START) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def uid_of(pid: int) -> int:
    """Read the real account; of a process that is not dumpable the files in /proc belong to root."""
    lines = (processes.PROC / str(pid) / "status").read_text().splitlines()
    ids = next(line for line in lines if line.startswith("Uid:")).split()[1:]
    assert len(set(ids)) == 1, "no way back"
    return int(ids[0])


def test_a_clone_that_the_account_cannot_enter_is_refused_with_the_command(opened: Path, operator: Operator) -> None:
    opened.chmod(0o700)
    process = launched(opened / "clone", operator, opened / "state", operator.torrc)
    _, said = process.communicate(b"{}", timeout=START)
    assert process.returncode == 2
    assert f"mv {opened}/clone /opt/sanctuary" in said.decode()
    assert not (opened / "state").exists()


def test_a_clone_with_closed_files_is_refused_with_the_command(opened: Path, operator: Operator) -> None:
    (opened / "clone" / "torrc.example").chmod(0o600)
    process = launched(opened / "clone", operator, opened / "state", operator.torrc)
    _, said = process.communicate(b"{}", timeout=START)
    assert process.returncode == 2
    assert f"chmod -R go+rX {opened}/clone" in said.decode()


def test_the_state_of_another_account_is_left_alone(opened: Path, operator: Operator) -> None:
    state = opened / "state"
    state.mkdir(mode=0o700)
    (state / "letters.txt").write_text("mine")
    process = launched(opened / "clone", operator, state, operator.torrc)
    _, said = process.communicate(b"{}", timeout=START)
    assert process.returncode == 2
    assert f"chown -R sanctuary: {state}" in said.decode()
    assert (state / "letters.txt").stat().st_uid == 0


def test_paths_are_taken_from_where_the_command_is_typed(opened: Path, operator: Operator) -> None:
    (opened / "state").mkdir(mode=0o755)
    command = [str(opened / "clone" / "scripts" / "manage"), "--state", "state", "status", "--json"]
    done = subprocess.run(command, cwd=opened, check=False, capture_output=True, text=True, timeout=START)
    assert done.returncode == 8, done.stderr
    assert (opened / "state").stat().st_uid == pwd.getpwnam("sanctuary").pw_uid
    process = launched(opened / "clone", operator, opened / "state", operator.torrc)
    _, said = process.communicate(b"{}", timeout=START)
    assert process.returncode == 2, "a configuration in a closed folder is refused, not stumbled over"
    assert f"{operator.torrc} cannot be read" in said.decode()
