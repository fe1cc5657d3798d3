"""Every way in which the launcher refuses to start: its own exit code, one sentence, a cure, and nothing changed."""

import json
import os
import socket
from pathlib import Path

import pytest

from onion_app.vault import keyfile
from tests.launch.conftest import Installation, Operator, contents


def a_tor(folder: Path, answer: str) -> dict[str, str]:
    """Put a program called tor before the real one, and give the environment in which it is found."""
    program = folder / "bin" / "tor"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho '{answer}'\n")
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{os.environ['PATH']}"}


def test_a_wrong_passphrase_changes_nothing(later: Operator) -> None:
    before = contents(later.state)
    code, said = later.refused({"passphrase": "never was this the passphrase"})
    assert code == 3
    assert "passphrase is wrong" in said
    assert contents(later.state) == before


def test_a_wrong_spare_code_changes_nothing(later: Operator, installation: Installation) -> None:
    before = contents(later.state)
    code, _ = later.refused({"spare_code": installation.printed["invitation"]})
    assert code == 3
    assert contents(later.state) == before


def test_a_later_run_needs_a_secret(later: Operator) -> None:
    before = contents(later.state)
    code, said = later.refused({})
    assert code == 2
    assert "passphrase or spare_code" in said
    assert contents(later.state) == before


def test_no_secret_stands_in_a_refusal(later: Operator) -> None:
    _, said = later.refused({"passphrase": "correct-horse-battery"})
    assert "correct-horse-battery" not in said
    assert "Traceback" not in said


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff\xfe", b'{"format": 1, "slots": {}}'])
def test_a_damaged_file_of_keys_is_named(later: Operator, installation: Installation, damage: bytes) -> None:
    (later.state / "vault.key").write_bytes(damage)
    code, said = later.refused({"passphrase": installation.printed["passphrase"]})
    assert code == 5
    assert "vault.key" in said


def test_a_newer_file_of_keys_is_named(later: Operator, installation: Installation) -> None:
    fields = json.loads(keyfile.read(later.state))
    (later.state / "vault.key").write_text(json.dumps(fields | {"format": fields["format"] + 1}))
    code, said = later.refused({"passphrase": installation.printed["passphrase"]})
    assert code == 5
    assert "newer version" in said


@pytest.mark.parametrize("kind", ["mailbox", "desk"])
@pytest.mark.parametrize("damage", ["first page", "cut", "missing"])
def test_a_damaged_database_is_named(later: Operator, installation: Installation, kind: str, damage: str) -> None:
    file = later.state / kind / f"{kind}.db"
    whole = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(b"x" * 4096 + whole[4096:] if damage == "first page" else whole[:5000])
    code, said = later.refused({"passphrase": installation.printed["passphrase"]})
    assert code == 5
    assert "database" in said
    assert "Traceback" not in said


def test_an_address_that_is_taken_is_named_before_anything_is_made(operator: Operator) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", operator.port))
        other.listen()
        code, said = operator.refused({})
    assert code == 6
    assert f"127.0.0.1:{operator.port}" in said
    assert not (operator.state / "vault.key").exists()


def test_a_second_launcher_is_refused(later: Operator, installation: Installation) -> None:
    first = later.launch({"passphrase": installation.printed["passphrase"]})
    code, _ = later.refused({"passphrase": installation.printed["passphrase"]}, "--desk-port", str(later.port + 1))
    assert code == 7
    assert first.site_answers(), "and the first goes on"


def test_a_missing_tor_is_said_before_anything_is_made(operator: Operator) -> None:
    code, said = operator.refused({}, env=a_tor(operator.folder, "I am something else"))
    assert code == 4
    assert "apt-get install tor" in said
    assert not (operator.state / "vault.key").exists()


def test_a_tor_that_is_too_old_is_named(operator: Operator) -> None:
    code, said = operator.refused({}, env=a_tor(operator.folder, "Tor version 0.4.5.10."))
    assert code == 4
    assert "0.4.5" in said


def test_a_tor_that_does_not_start_is_said_and_ends_everything(operator: Operator) -> None:
    operator.torrc.write_text("NoSuchOption 1\n")
    launched = operator.start({})
    assert launched.process.wait(120) == 4
    assert "Tor did not start" in launched.words()
    assert not launched.family()


def test_a_path_too_long_for_a_socket_is_refused(operator: Operator) -> None:
    code, said = operator.refused({}, "--state", str(operator.folder / ("long" * 30)))
    assert code == 2
    assert "too long" in said


def test_a_folder_of_other_things_is_left_alone(operator: Operator) -> None:
    operator.state.mkdir(mode=0o755)
    (operator.state / "letters.txt").write_text("mine")
    code, said = operator.refused({})
    assert code == 2
    assert "other things" in said
    assert [file.name for file in operator.state.iterdir()] == ["letters.txt"]
    assert operator.state.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("words", [["--nonsense"], ["--desk-port", "0"], ["--desk-port", "70000"], ["--answers", "x"]])
def test_a_command_that_is_not_understood_is_refused(operator: Operator, words: list[str]) -> None:
    code, said = operator.refused({}, *words)
    assert code == 2
    assert "usage" in said.lower()
    assert not operator.state.exists()


def test_without_a_person_or_answers_nothing_is_made(operator: Operator) -> None:
    code, said = operator.refused({}, "--torrc", str(operator.folder / "nowhere"))
    assert code == 2
    assert "nowhere" in said
