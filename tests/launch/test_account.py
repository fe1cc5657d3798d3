"""Started as root, everything runs under an account of its own; these need root, and a folder that others may enter."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from textwrap import dedent

import pytest

from onion_app.launch.hardening import PASSING
from tests import processes
from tests.launch.conftest import START, STOP, Operator
from tests.launch.test_person import Person
from tests.processes import facts
from tests.rehearsal import HALF_WRITTEN, ROOT

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.geteuid() != 0, reason="only root can give root up")]
# A child of the account that has been taken over, and begins one thread after the other.
CROWD = dedent("""
    import subprocess, sys
    from onion_app.launch.confine import ALL_WALLS, INTERPRETER, around_child
    begins = '''
    import threading
    from onion_app.launch.hardening import PASSING, limit
    limit(PASSING, tasks_are_own=True)
    ended, begun = threading.Event(), 0
    try:
        while begun < 50:
            threading.Thread(target=ended.wait, daemon=True).start()
            begun += 1
    except RuntimeError:
        pass
    ended.set()
    print(begun)
    '''
    with around_child(ALL_WALLS, []) as (words, inherited):
        command = [*words, *INTERPRETER, "-c", begins]
        subprocess.run(command, pass_fds=inherited, check=True)
""")
GUIDE = (ROOT / "docs" / "operator-guide.md").read_text()
CLOSED = (
    "torrc.example",
    "onion_app",
    "onion_app/site/views",
    "onion_app/site/forms.py",
    "onion_app/countries/iraq/guides/now.en.md",
)
OURS = ("onion_app", "scripts", "torrc.example", "requirements.txt", "pyproject.toml")


@pytest.fixture
def root() -> Iterator[Operator]:
    """Give an operator who is root, with a clone and a state in a folder that any account can enter."""
    with tempfile.TemporaryDirectory(prefix="drop-") as folder:
        Path(folder).chmod(0o755)
        somebody = Operator(Path(folder))
        somebody.command = [str(clone(Path(folder, "clone")) / "scripts" / "launch")]
        yield somebody
        somebody.end()


def clone(to: Path) -> Path:
    to.mkdir(mode=0o755)
    for name in OURS:
        copy = partial(shutil.copytree, ignore=HALF_WRITTEN) if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, to / name)
    (to / ".venv").symlink_to(ROOT / ".venv")
    subprocess.run(["chmod", "-R", "go+rX", str(to)], check=True)
    return to


def manage(root: Operator, *words: str) -> "subprocess.CompletedProcess[str]":
    """Type a command of `scripts/manage`, standing in the operator's folder."""
    command = [str(root.folder / "clone" / "scripts" / "manage"), *words]
    return subprocess.run(command, cwd=root.folder, check=False, capture_output=True, text=True, timeout=START)


def account() -> pwd.struct_passwd:
    return pwd.getpwnam("sanctuary")


def test_root_becomes_the_account_with_all_that_is_started(root: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = root.folder / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.chdir(closed)  # as root's own folder is
    launched = root.launch({})
    everything = [launched.pid, *(launched.running(name) for name in ("tor", "site", "desk"))]
    for pid in everything:
        found = facts(pid)
        assert set(found["Uid"]) == {str(account().pw_uid)}, "no way back"
        assert found["CapPrm"] == found["CapEff"] == ["0" * 16]
    for pid in (launched.pid, launched.running("tor")):
        found = facts(pid)
        assert set(found["Gid"]) == {str(account().pw_gid)}
        assert found["Groups"] == []
    environment = (processes.PROC / str(launched.pid) / "environ").read_text().split("\0")
    assert {"HOME=/var/lib/sanctuary", "USER=sanctuary", "LOGNAME=sanctuary"} <= set(environment)
    files = [root.state, *root.state.rglob("*")]
    assert {path.stat().st_uid for path in files} == {account().pw_uid}
    assert not any(path.stat().st_mode & 0o077 for path in files)
    assert manage(root, "--state", str(root.state), "stop").returncode == 0
    assert launched.process.wait(STOP) == 0


def test_the_accounts_children_begin_no_crowd(root: Operator) -> None:
    words = ["setpriv", "--reuid", "sanctuary", "--regid", "sanctuary", "--clear-groups", "--no-new-privs", "--"]
    words += [str(root.folder / "clone/.venv/bin/python"), "-P", "-c", CROWD]
    surroundings = {"PYTHONPATH": str(root.folder / "clone"), "PATH": os.environ["PATH"]}
    done = subprocess.run(words, cwd="/", env=surroundings, capture_output=True, text=True, check=False, timeout=START)
    assert done.returncode == 0, done.stderr  # also where the virtual environment is a link, as here
    assert 2 <= int(done.stdout) < PASSING.tasks


def test_a_person_at_the_terminal_of_root_is_asked_by_the_account(root: Operator) -> None:
    launched = root.launch({})
    assert launched.stop() == 0
    person = Person(root)
    try:
        person.reads("Passphrase: ")
        person.types(launched.printed["passphrase"])
        person.reads("Starting")
        assert set(facts(person.pid)["Uid"]) == {str(account().pw_uid)}
        assert launched.printed["passphrase"] not in person.seen
        os.write(person.terminal, b"\x03")
        person.reads("Stopped.")
        assert person.ends() == 0
    finally:
        person.leave()


@pytest.mark.parametrize(("words", "code"), [(["--state", "state", "--help"], 0), (["--as-is", "--stat", "state"], 2)])
def test_help_and_shortened_options_make_no_state(root: Operator, words: list[str], code: int) -> None:
    done = subprocess.run([*root.command, *words], cwd=root.folder, check=False, capture_output=True, timeout=START)
    assert done.returncode == code
    assert (b"/var/lib/sanctuary" in done.stdout) == (code == 0), "root's state, when nobody says otherwise"
    assert not root.state.exists()


def ended(root: Operator) -> tuple[int, str]:
    """Start the launcher of the clone, and give the status and the words with which it ends by itself."""
    launched = root.start({})
    return launched.process.wait(START), launched.words()


def refused(root: Operator) -> str:
    """Give the cure with which the launcher refuses; the guide has it, and the sentence above it."""
    code, said = ended(root)
    assert code == 2
    sentence, cure = said.splitlines()[-2:]
    in_general = f"{sentence} | `{cure.strip()}`".replace(str(root.state), "STATE")
    assert in_general.replace(f"{root.folder}/clone", "CLONE") in GUIDE
    return cure.strip()


def test_a_clone_that_the_account_cannot_enter_is_refused_with_the_command(root: Operator) -> None:
    root.folder.chmod(0o700)
    assert refused(root) == f"mv {root.folder}/clone /opt/sanctuary && /opt/sanctuary/scripts/launch"
    assert not root.state.exists()


@pytest.mark.parametrize("name", CLOSED)
def test_a_clone_with_closed_files_is_refused_with_the_first_and_the_command(root: Operator, name: str) -> None:
    closed = root.folder / "clone" / name
    closed.chmod(0o700 if closed.is_dir() else 0o600)
    assert refused(root) == f"chmod -R go+rX {root.folder}/clone"
    assert f"{closed}\n" in root.launched[-1].words()
    assert not root.state.exists()


@pytest.mark.parametrize("is_elsewhere", [True, False])
def test_an_account_that_was_made_for_an_installation_makes_no_other(
    root: Operator,
    monkeypatch: pytest.MonkeyPatch,
    is_elsewhere: bool,  # noqa: FBT001 - a parameter
) -> None:
    manage(root, "--state", "another", "resume")  # which makes the account
    home = root.folder / "earlier" if is_elsewhere else root.state
    if is_elsewhere:
        home.mkdir()
        (home / "vault.key").touch()
    root.put_before("getent", f"echo sanctuary:x:1:1::{home}:/usr/sbin/nologin", monkeypatch)
    code, said = ended(root)
    assert code == 2
    assert "There was an installation before, and a new one would be another site at another address" in said
    assert (f"./scripts/launch --state {home}" if is_elsewhere else "./scripts/manage restore FILE") in said
    assert not root.state.exists()


def test_a_clone_as_a_closed_umask_leaves_it_is_refused_and_opened_by_the_command(root: Operator) -> None:
    subprocess.run(["chmod", "-R", "go-rwx", str(root.folder / "clone")], check=True)
    (root.folder / "clone").chmod(0o755)
    subprocess.run(refused(root).split(), check=True)
    assert manage(root, "--state", str(root.state), "resume").returncode == 8


def test_the_state_of_another_account_is_left_alone(root: Operator) -> None:
    root.state.mkdir(mode=0o700)
    (root.state / "letters.txt").write_text("mine")
    assert refused(root) == f"chown -R sanctuary: {root.state}"
    assert {path.stat().st_uid for path in (root.state, root.state / "letters.txt")} == {0}


def test_a_state_in_a_closed_folder_or_at_a_file_is_refused(root: Operator) -> None:
    closed = root.folder / "closed"
    closed.mkdir(mode=0o700)
    for state in (closed / "state", root.torrc):
        root.state = state
        assert refused(root) == "./scripts/launch --state /var/lib/sanctuary"
    assert root.torrc.stat().st_uid == 0


@pytest.mark.parametrize("words", [["--state", "state"], ["--state=state"]])
def test_a_state_is_taken_from_where_the_command_is_typed(root: Operator, words: list[str]) -> None:
    root.state.mkdir(mode=0o755)
    done = manage(root, *words, "resume")
    assert done.returncode == 8, done.stderr
    assert (root.state.stat().st_uid, root.state.stat().st_mode & 0o777) == (account().pw_uid, 0o700)


def test_a_configuration_in_a_closed_folder_is_refused(root: Operator, operator: Operator) -> None:
    root.torrc = operator.torrc
    code, said = ended(root)
    assert code == 2
    assert f"{operator.torrc} cannot be read" in said
