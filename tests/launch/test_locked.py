"""A launcher that starts locked, as a service does: it says so, ends when told, and opens for its secret alone."""

import json
import signal
import socket
import subprocess
from contextlib import closing

import pytest

from onion_app.errors import (
    BadUsage,
    BridgesChanged,
    DamagedFile,
    InContainer,
    NothingToUnlock,
    NotRunning,
    SanctuaryError,
    WrongPassphrase,
)
from onion_app.launch import locked, start
from onion_app.launch.__main__ import options
from onion_app.launch.state import State
from onion_app.manage.doctor import examine
from onion_app.vault import database, settings
from tests import processes
from tests.launch.conftest import START, STOP, Installation, Launched, Operator
from tests.launch.manage import at_once, keyboard, manage, status, with_secret
from tests.launch.test_bridges import LINE


@pytest.fixture
def waiting(later: Operator) -> Launched:
    """Give a launcher that waits for the passphrase, with nobody at its terminal."""
    later.state.joinpath("lock").touch(0o600)
    words = [*later.command, "--locked", "--state", str(later.state), "--torrc", str(later.torrc)]
    said = later.folder / "locked"
    with said.open("w") as errors:
        process = subprocess.Popen(
            [*processes.ENDS_WITH_US, *words, "--desk-port", str(later.port)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip
    later.launched.append(Launched(later.state, process, said))
    processes.until(lambda: status(later.state).get("locked"), START, "a launcher that waits")
    return later.launched[-1]


def test_a_locked_launcher_says_so_and_opens_for_the_right_secret_only(
    waiting: Launched, installation: Installation
) -> None:
    seen = manage(waiting.state, "status")
    assert (seen.code, "is locked" in seen.said, "manage unlock" in seen.said) == (1, True, True)
    assert status(waiting.state)["locked"] is True
    [running] = [one for one in examine(State(waiting.state)) if "Does it run" in one.question]
    assert (running.grade, running.answer) == ("bad", "no: Launcher")
    for order in ("pause", "resume", "clock"):
        done = manage(waiting.state, order)
        assert isinstance(done.error, NotRunning)
        assert done.error.cure == "./scripts/manage unlock"
    typed = json.dumps({"passphrase": "never was this it"})
    wrong = at_once(waiting.state, "--answers", "-", "unlock", typed=typed)
    assert wrong.ended == WrongPassphrase.exit_code
    assert "./scripts/manage unlock   (and type it again" in wrong.said
    assert status(waiting.state)["locked"] is True, "and it waits on"
    done = with_secret(waiting.state, installation.printed["spare_code"], "unlock")
    assert (done.code, "Unlocked" in done.said) == (0, True), done.said
    processes.until(lambda: status(waiting.state).get("answering", {}).get("site"), START, "the site")
    assert not (waiting.state / "run" / "unlock.sock").exists()
    code = installation.printed["spare_code"]
    found = processes.memory_of(waiting.pid, {"code": code.encode(), "key": installation.keys.desk})
    assert found["key"], "the search would have found it"
    assert not found["code"]
    again = with_secret(waiting.state, code, "unlock")
    assert isinstance(again.error, NothingToUnlock)
    assert manage(waiting.state, "stop").code == 0
    assert waiting.process.wait(STOP) == 0


def test_what_is_no_secret_is_answered_and_waited_past(waiting: Launched) -> None:
    for sent in (b"", b"\xff\xfe\n", b'{"secret": 7}\n', b'{"secret": "' + b"x" * 20_000):
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(START)
            line.connect(str(waiting.state / "run" / "unlock.sock"))
            line.sendall(sent)
            line.shutdown(socket.SHUT_WR)
            assert json.loads(line.makefile("rb").readline()) == {"failed": "BadAnswers"}, sent[:20]
    assert status(waiting.state)["locked"] is True
    assert manage(waiting.state, "stop").code == 0
    assert waiting.process.wait(STOP) == 0


def test_a_state_that_does_not_open_ends_it_and_both_say_why(waiting: Launched, installation: Installation) -> None:
    (waiting.state / "desk" / "desk.db").unlink()
    done = with_secret(waiting.state, installation.printed["passphrase"], "unlock")
    assert isinstance(done.error, DamagedFile)
    assert waiting.process.wait(STOP) == DamagedFile.exit_code


def test_bridges_that_nobody_has_typed_here_end_it_and_both_say_so(
    waiting: Launched, installation: Installation
) -> None:
    desk_folder = waiting.state / "desk"
    with closing(database.open_database(desk_folder, "desk", installation.keys.desk)) as desk:
        settings.change_setting(desk, "bridges", (LINE,))
    done = with_secret(waiting.state, installation.printed["passphrase"], "unlock")
    assert isinstance(done.error, BridgesChanged)
    assert "launch --bridge" in done.error.cure
    assert "Unlocked" not in done.said
    assert waiting.process.wait(STOP) == BridgesChanged.exit_code


def test_nothing_is_made_by_a_launcher_that_is_to_be_unlocked(operator: Operator) -> None:
    assert isinstance(operator.refused({}, "--locked"), BadUsage)
    assert not (operator.state / "vault.key").exists()


def test_nobody_types_a_secret_where_no_launcher_waits(later: Operator) -> None:
    done = manage(later.state, "unlock", typed="the secret\n")
    assert isinstance(done.error, NotRunning)
    with pytest.raises(NothingToUnlock):
        locked.hand_over(State(later.state), "the secret")


def outcome(operator: Operator, *words: str) -> SanctuaryError | None:
    """Launch in this process, with the words of a real installation, up to the moment at which everything runs."""
    with keyboard(b"{}"), pytest.MonkeyPatch.context() as patch:
        patch.setattr(start, "container", lambda: "docker")
        patch.setattr(signal, "signal", lambda *_: None)
        patch.setattr(start, "try_walls", lambda _: pytest.fail("it goes on"))
        try:
            start.launch(options(["--state", str(operator.state), "--answers", "-", *words]))
        except SanctuaryError as error:
            return error
        except pytest.fail.Exception:
            return None
        raise AssertionError


def test_a_first_run_in_a_container_is_refused_and_a_rehearsal_or_an_old_installation_is_not(
    operator: Operator, installation: Installation
) -> None:
    refused = outcome(operator)
    assert isinstance(refused, InContainer)
    assert "docker" in refused.sentence
    assert not (operator.state / "vault.key").exists()
    assert outcome(operator, "--as-is") is None
    assert outcome(operator, "--torrc", str(operator.torrc)) is None
    (operator.state / "vault.key").write_bytes((installation.state / "vault.key").read_bytes())
    assert outcome(operator) is None, "what ran yesterday runs tonight; doctor says it"
