"""The exit status of every command, met as other programs meet it: one situation for each number of the table."""

import fcntl
import socket
from collections.abc import Callable

import pytest
import sqlcipher3

from onion_app.vault import statefiles
from tests.launch.conftest import Installation, Operator
from tests.launch.keeping import this_day
from tests.launch.manage import at_once, manage, with_secret
from tests.rehearsal import ROOT

Situation = Callable[[Operator, Installation, pytest.MonkeyPatch], int]
SITUATIONS: dict[str, tuple[int, Situation]] = {}


def ends_with(code: int) -> Callable[[Situation], Situation]:
    """Note a situation, and the exit status that it has."""

    def note(situation: Situation) -> Situation:
        SITUATIONS[situation.__name__.replace("_", " ")] = (code, situation)
        return situation

    return note


@ends_with(0)
def a_backup_was_written(operator: Operator, installation: Installation, _patch: pytest.MonkeyPatch) -> int:
    file = str(operator.folder / "backup")
    return with_secret(operator.state, installation.printed["passphrase"], "backup", file).code


@ends_with(1)
def a_line_of_the_doctor_is_bad(operator: Operator, _given: Installation, _patch: pytest.MonkeyPatch) -> int:
    (operator.state / "vault.key").chmod(0o644)
    statefiles.write_backup_day(operator.state, this_day())
    return manage(operator.state, "doctor").code


@ends_with(2)
def no_such_word(operator: Operator, _given: Installation, _patch: pytest.MonkeyPatch) -> int:
    return at_once(operator.state, "stop", "--gently").code


@ends_with(2)
def the_word_was_not_typed(operator: Operator, _given: Installation, _patch: pytest.MonkeyPatch) -> int:
    return at_once(operator.state, "panic", typed="no\n").code


@ends_with(3)
def a_wrong_passphrase(operator: Operator, _given: Installation, _patch: pytest.MonkeyPatch) -> int:
    return operator.refused({"passphrase": "never was this it"}).exit_code


@ends_with(4)
def no_tor(operator: Operator, installation: Installation, patch: pytest.MonkeyPatch) -> int:
    operator.put_before("tor", "exit 1", patch)
    return operator.refused(installation.passphrase).exit_code


@ends_with(4)
def an_old_tor(operator: Operator, installation: Installation, patch: pytest.MonkeyPatch) -> int:
    operator.put_before("tor", "echo Tor version 0.4.5.16.", patch)
    return operator.refused(installation.passphrase).exit_code


@ends_with(5)
def no_keys(operator: Operator, installation: Installation, _patch: pytest.MonkeyPatch) -> int:
    (operator.state / "vault.key").unlink()
    return operator.refused(installation.passphrase).exit_code


@ends_with(5)
def a_database_of_somebody_elses(operator: Operator, installation: Installation, _patch: pytest.MonkeyPatch) -> int:
    file = operator.state / "desk" / "desk.db"
    file.unlink()
    with sqlcipher3.connect(str(file)) as other:
        other.execute("CREATE TABLE t (x)")
    other.close()
    return operator.refused(installation.passphrase).exit_code


@ends_with(6)
def the_desks_address_is_taken(operator: Operator, installation: Installation, _patch: pytest.MonkeyPatch) -> int:
    with socket.socket() as other:
        other.bind(("127.0.0.1", operator.port))
        other.listen()
        return operator.refused(installation.passphrase).exit_code


@ends_with(7)
def another_launcher(operator: Operator, installation: Installation, _patch: pytest.MonkeyPatch) -> int:
    with (operator.state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return operator.refused(installation.passphrase).exit_code


@ends_with(8)
def nothing_runs(operator: Operator, _given: Installation, _patch: pytest.MonkeyPatch) -> int:
    return at_once(operator.state, "status").code


@ends_with(8)
def nothing_to_stop(operator: Operator, _given: Installation, _patch: pytest.MonkeyPatch) -> int:
    return at_once(operator.state, "stop").code


@ends_with(8)
def nothing_to_unlock(operator: Operator, _given: Installation, _patch: pytest.MonkeyPatch) -> int:
    return manage(operator.state, "unlock").code


def test_every_number_of_the_guide_is_met() -> None:
    table = (ROOT / "docs" / "operator-guide.md").read_text().partition("### The exit code of a command")[2]
    assert {code for code, _ in SITUATIONS.values()} == {number for number in range(10) if f"\n| {number} |" in table}


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_situation_has_its_exit_status(
    later: Operator, installation: Installation, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    code, situation = SITUATIONS[name]
    assert situation(later, installation, monkeypatch) == code
