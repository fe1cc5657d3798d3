"""Every way in which the launcher refuses to start: its own error and exit code, and nothing changed."""

import json
import os
import shutil
import socket
from typing import Any

import pytest

from onion_app.errors import (
    AddressInUse,
    AlreadyRunning,
    BadAnswers,
    BadUsage,
    DamagedFile,
    SanctuaryError,
    StateBeforeRelease,
    StatePathTooLong,
    TorMissing,
    TorTooOld,
    VaultDamaged,
    VaultNewer,
    WrongKey,
    WrongPassphrase,
)
from onion_app.launch.__main__ import options
from onion_app.launch.state import held
from onion_app.vault import statefiles
from tests import tables
from tests.launch.conftest import START, Installation, Launched, Operator, contents


@pytest.mark.parametrize(
    ("secret", "error", "code"),
    [
        ({"passphrase": "never was this it"}, WrongPassphrase, 3),
        ({"spare_code": "another"}, WrongPassphrase, 3),
        ({}, BadAnswers, 2),
        (b"not json", BadAnswers, 2),
    ],
)
def test_without_the_secret_nothing_is_changed(
    later: Operator, installation: Installation, secret: Any, error: type[SanctuaryError], code: int
) -> None:
    before = contents(later.state)
    if secret == {"spare_code": "another"}:
        secret = {"spare_code": installation.printed["invitation"]}
    refused = later.refused(secret)
    assert (type(refused), refused.exit_code) == (error, code)
    assert "never was" not in refused.sentence, "it repeats nothing of what was given"
    assert contents(later.state).items() >= before.items()


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b'{"format": 1, "slots": {}}', "missing", "newer"])
def test_a_damaged_file_of_keys_is_named_and_the_databases_stay(
    later: Operator, installation: Installation, damage: bytes | str
) -> None:
    file = later.state / "vault.key"
    fields = json.loads(statefiles.read_keyslots(later.state))
    if damage == "missing":
        file.unlink()
    else:
        newer = json.dumps(fields | {"format": fields["format"] + 1}).encode()
        file.write_bytes(damage if isinstance(damage, bytes) else newer)
    before = contents(later.state)
    refused = later.refused(installation.passphrase)
    assert (type(refused), refused.exit_code) == (VaultNewer if damage == "newer" else VaultDamaged, 5)
    assert contents(later.state).items() >= before.items()


@pytest.mark.parametrize("kind", ["mailbox", "shown", "desk"])
@pytest.mark.parametrize(
    ("damage", "error"), [("first page", WrongKey), ("cut", DamagedFile), ("missing", DamagedFile)]
)
def test_a_damaged_database_is_named(
    later: Operator, installation: Installation, kind: str, damage: str, error: type[SanctuaryError]
) -> None:
    file = later.state / kind / f"{kind}.db"
    whole = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(b"x" * 4096 + whole[4096:] if damage == "first page" else whole[:5000])
    refused = later.refused(installation.passphrase)
    assert (type(refused), refused.exit_code) == (error, 5)


def test_a_state_of_two_files_is_from_before_and_not_damaged(later: Operator, installation: Installation) -> None:
    shutil.rmtree(later.state / "shown")
    with tables.opened(later.state / "mailbox" / "mailbox.db", installation.keys.mailbox) as link:
        link.execute("CREATE TABLE case_keys (case_id BLOB NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID")
    before = contents(later.state)
    assert isinstance(later.refused(installation.passphrase), StateBeforeRelease)
    assert contents(later.state).items() >= before.items()


def test_an_address_that_is_taken_is_named_before_anything_is_made(operator: Operator) -> None:
    with socket.create_server(("127.0.0.1", operator.port)):
        refused = operator.refused({})
    assert (type(refused), refused.exit_code) == (AddressInUse, 6)
    assert refused.args == (f"127.0.0.1:{operator.port}", f"ss -ltnp | grep {operator.port}")
    assert not (operator.state / "vault.key").exists()


def test_a_second_launcher_is_refused_and_the_first_goes_on(
    standing: Launched, operator: Operator, installation: Installation
) -> None:
    operator.state = standing.state
    refused = operator.refused(installation.passphrase)
    assert (type(refused), refused.exit_code) == (AlreadyRunning, 7)
    assert standing.site_answers()


@pytest.mark.parametrize(
    ("answer", "error"), [("I am something else", TorMissing), ("Tor version 0.4.5.10.", TorTooOld)]
)
def test_a_tor_that_does_not_do_is_said_before_anything_is_made(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, answer: str, error: type[SanctuaryError]
) -> None:
    operator.put_before("tor", f"echo '{answer}'", monkeypatch)
    refused = operator.refused({})
    assert (type(refused), refused.exit_code) == (error, 4)
    assert not (operator.state / "vault.key").exists()


def test_a_tor_that_does_not_start_ends_everything_and_says_why(operator: Operator) -> None:
    operator.torrc.write_text("NoSuchOption 1\n")
    launched = operator.start({})
    assert launched.process.wait(START) == 4
    assert not launched.family()
    assert "Tor did not start. (Failed to parse/validate config: Unknown option 'NoSuchOption'" in launched.words()


@pytest.mark.parametrize(("name", "error"), [("x" * 100, StatePathTooLong), (os.fsdecode(b"\xff"), BadUsage)])
def test_a_path_that_no_socket_or_no_child_takes_is_refused(
    operator: Operator, name: str, error: type[SanctuaryError]
) -> None:
    operator.state /= name
    refused = operator.refused({})
    assert (type(refused), refused.exit_code) == (error, 2)
    assert not operator.state.exists()


def test_a_folder_of_other_things_is_left_alone(operator: Operator) -> None:
    operator.state.mkdir(mode=0o755)
    (operator.state / "letters.txt").write_text("mine")
    refused = operator.refused({})
    assert (type(refused), refused.exit_code) == (BadUsage, 2)
    assert [file.name for file in operator.state.iterdir()] == ["letters.txt"]
    assert operator.state.stat().st_mode & 0o777 == 0o755


def test_a_disk_of_its_own_is_no_folder_of_other_things(operator: Operator) -> None:
    operator.state.mkdir(mode=0o755)
    (operator.state / "lost+found").mkdir(mode=0o700)
    with held(operator.state):
        assert operator.state.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("words", [["--nonsense"], ["--desk-port", "0"], ["--desk-port", "70000"], ["--answers", "x"]])
def test_a_command_that_is_not_understood_is_refused(words: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        options(words)
    assert refused.value.code == 2


@pytest.mark.parametrize("given", [{}, {"password": "one two three"}])
def test_without_a_configuration_or_understood_answers_nothing_is_made(
    operator: Operator, given: dict[str, str]
) -> None:
    assert operator.refused(given, "--torrc", str(operator.folder / "nowhere")).exit_code == 2
    assert not operator.state.exists()
