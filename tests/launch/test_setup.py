"""What is installed is named by its hash, and says nothing of where it was found."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from onion_app.launch.status import VERSION

ROOT = Path(__file__).parents[2]
FILES = ("requirements.txt", "tests/requirements.txt")
SCRIPTS = sorted(path.name for path in (ROOT / "scripts").iterdir() if path.is_file() and os.access(path, os.X_OK))


def pins(file: str) -> dict[str, str]:
    """Read the name and the rest of every requirement."""
    text = (ROOT / file).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    return {line.partition("==")[0]: line.partition("==")[2] for line in lines}


@pytest.mark.parametrize("file", FILES)
def test_every_package_is_pinned_by_hash(file: str) -> None:
    assert len(pins(file)) > 10
    for name, rest in pins(file).items():
        assert re.fullmatch(r"[a-z0-9-]+", name), name
        assert re.match(r"[0-9.]+\s+--hash=sha256:[0-9a-f]{64}", rest), name


@pytest.mark.parametrize("file", FILES)
def test_no_requirement_names_a_place(file: str) -> None:
    assert not re.search(r"://|^-|@ |/home|/tmp|/work", (ROOT / file).read_text(), re.MULTILINE)


def test_the_tests_run_on_the_packages_that_people_run() -> None:
    assert not pins(FILES[0]).keys() - pins(FILES[1]).keys()
    assert all(pins(FILES[1])[name] == rest for name, rest in pins(FILES[0]).items())


def test_every_package_that_the_project_asks_for_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["tests"]]
    assert {name.lower().replace("_", "-") for name in asked} <= pins(FILES[1]).keys()


def test_what_looks_over_the_pages_is_pinned_by_hash_and_names_no_place() -> None:
    lock = json.loads((ROOT / "tests" / "audit" / "package-lock.json").read_text())
    packages = {path: each for path, each in lock["packages"].items() if path}
    assert packages.keys() == {"node_modules/axe-core", "node_modules/vnu-jar"}
    assert all(each["integrity"].startswith("sha512-") and "resolved" not in each for each in packages.values())


def said(clone: Path, name: str, *before: str, **env: str) -> str:
    """Ask a command of a clone for its version, with nothing in the environment."""
    words = [*before, str(clone / "scripts" / name), "--version"]
    done = subprocess.run(words, check=True, capture_output=True, text=True, env=env, cwd="/", timeout=60)
    assert done.stderr == ""
    return done.stdout


def git(clone: Path, *words: str) -> str:
    who = ("-c", "user.name=x", "-c", "user.email=x@y", "-c", "tag.gpgsign=false", "-c", "commit.gpgsign=false")
    command = ["git", *who, "-C", str(clone), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Make a clone of nothing but the commands, with one commit."""
    leave_out = shutil.ignore_patterns("rehearsal", "*.pyc.*")
    shutil.copytree(ROOT / "scripts", tmp_path / "clone" / "scripts", ignore=leave_out)
    shutil.copy(ROOT / "pyproject.toml", tmp_path / "clone")
    git(tmp_path / "clone", "init", "-q", "-b", "main")
    git(tmp_path / "clone", "add", ".")
    git(tmp_path / "clone", "commit", "-q", "-m", "first")
    return tmp_path / "clone"


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_command_says_its_version_and_does_nothing_else(clone: Path, name: str) -> None:
    before = sorted(clone.rglob("*"))
    commit = git(clone, "rev-parse", "HEAD")
    assert said(clone, name) == f"sanctuary, commit {commit[:12]}\n"
    git(clone, "tag", "-m", "sanctuary 2.3", "2.3")
    git(clone, "tag", "-m", "sanctuary 2.3", "2.3+second")
    assert said(clone, name) == "sanctuary 2.3\n"
    git(clone, "tag", "-d", "2.3")
    assert said(clone, name) == f"sanctuary, commit {commit[:12]}\n", "a second signature alone is no version"
    assert [path for path in sorted(clone.rglob("*")) if ".git" not in path.parts] == [
        path for path in before if ".git" not in path.parts
    ]


def test_the_version_is_said_without_git_and_of_a_copy_without_history(clone: Path, tmp_path: Path) -> None:
    commit = git(clone, "rev-parse", "HEAD")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "git").write_text("#!/bin/sh\nexit 127\n")
    (programs / "git").chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    assert said(clone, "launch", PATH=path) == f"sanctuary, commit {commit[:12]}\n"
    git(clone, "pack-refs", "--all")
    assert said(clone, "launch", PATH=path) == f"sanctuary, commit {commit[:12]}\n"
    git(clone, "checkout", "-q", "--detach")
    assert said(clone, "launch", PATH=path) == f"sanctuary, commit {commit[:12]}\n"
    shutil.rmtree(clone / ".git")
    git(tmp_path, "init", "-q")  # somebody else's history around it is not ours
    assert said(clone, "launch") == f"sanctuary {VERSION} (a copy without its history)\n"
    (clone / "pyproject.toml").unlink()
    assert "unknown" in said(clone, "launch")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a clone away")
def test_the_version_of_somebody_elses_clone_is_said_and_none_of_its_hooks_run(clone: Path, tmp_path: Path) -> None:
    commit = git(clone, "rev-parse", "HEAD")
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    for setting in ("core.fsmonitor", "core.sshCommand", "core.pager", "diff.external"):
        git(clone, "config", setting, str(hook))
    subprocess.run(["chown", "-R", "12345:12345", str(clone)], check=True)
    assert said(clone, "manage", GIT_DIR="/nowhere") == f"sanctuary, commit {commit[:12]}\n"
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_can_be_started(name: str) -> None:
    script = ROOT / "scripts" / name
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith("#!/bin/bash\n# ")
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_a_second_setup_has_nothing_to_do_and_says_nothing() -> None:
    done = subprocess.run([str(ROOT / "scripts" / "setup"), "--tests"], check=True, capture_output=True)
    assert (done.stdout, done.stderr) == (b"", b"")


def setup_on(tmp_path: Path, release: str = "", **programs: str) -> "subprocess.CompletedProcess[str]":
    """Set up where everything is missing, as somebody but root; `programs` answer in place of the system's."""
    for name, text in ({"dpkg-query": "exit 1", "id": "echo 1000"} | programs).items():
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    words = [str(ROOT / "scripts" / "setup")]
    if release:
        (tmp_path / "release").write_text(release)
        mount = f'mount --bind {tmp_path}/release /etc/os-release && exec "$@"'
        words = ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, "-", *words]
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    return subprocess.run(words, check=False, capture_output=True, env=path, text=True, timeout=60)


@pytest.mark.parametrize("machine", ["i386", "armhf", "riscv64", ""])
def test_a_machine_for_which_nothing_is_made_is_refused_with_those_tried(tmp_path: Path, machine: str) -> None:
    done = setup_on(tmp_path, dpkg=f"echo {machine}")
    assert (done.returncode, done.stdout) == (4, "")
    assert "Debian 12 and 13, on x86-64 and ARM64" in done.stderr
    assert "apt-get" not in done.stderr, "nothing is asked of a machine on which nothing could come of it"


@pytest.mark.parametrize(
    ("release", "said"),
    [('ID=ubuntu\nVERSION_ID="24.04"\n', "This is ubuntu 24.04: tried were Debian 12 and 13"),
     ("ID=debian\n", "This is debian (no version): tried were"), ('ID=debian\nVERSION_ID="13"\n', ""),
     ('ID="$(touch here)"\nVERSION_ID=`touch here`\n', "This is a system without a name (no version)")],
    ids=["ubuntu", "testing", "trixie", "hostile"],
)  # fmt: skip
def test_another_system_is_named_and_tried(tmp_path: Path, release: str, said: str) -> None:
    done = setup_on(tmp_path, release, dpkg="echo amd64")
    assert done.returncode == 4, "packages are missing"
    assert said in done.stderr
    assert ("tried were" in done.stderr) == bool(said)
    assert not (tmp_path / "here").exists()


def test_a_clone_without_the_right_to_install_names_the_command(tmp_path: Path) -> None:
    done = setup_on(tmp_path)
    assert done.returncode == 4
    assert done.stdout == ""
    assert done.stderr.index("tor.service") < done.stderr.index("apt-get install"), "ours has to be the only tor"
    for name in ("tor", "bubblewrap", "python3-venv"):
        assert name in done.stderr
