"""New words, a new spare code, a new coordinator, the address: with the old secret only, and the rest stays."""

import json
from pathlib import Path

import pytest

from onion_app.crypto.codes import invitation_digest
from onion_app.crypto.keyslots import open_slots
from onion_app.errors import WrongPassphrase
from onion_app.vault import database, keyfile
from onion_app.vault.desk import circles, invitations
from tests.launch.conftest import Installation, Launched, Operator, contents
from tests.launch.manage import Done, manage


def with_secret(state: Path, secret: str, *words: str) -> Done:
    name = "spare_code" if secret.isdigit() else "passphrase"
    return manage(state, "--answers", "-", *words, typed=json.dumps({name: secret}))


@pytest.mark.parametrize("opened_by", ["passphrase", "spare_code"])
def test_a_new_passphrase_opens_and_the_old_one_does_not(
    later: Operator, installation: Installation, opened_by: str
) -> None:
    printed = installation.printed
    keys = open_slots(keyfile.read(later.state), printed["passphrase"])
    done = with_secret(later.state, printed[opened_by], "passphrase")
    assert done.code == 0, done.said
    slots = keyfile.read(later.state)
    assert open_slots(slots, done.json["passphrase"]) == keys
    assert open_slots(slots, printed["spare_code"]) == keys
    with pytest.raises(WrongPassphrase):
        open_slots(slots, printed["passphrase"])


def test_a_new_spare_code_opens_and_the_old_one_does_not(later: Operator, installation: Installation) -> None:
    printed = installation.printed
    keys = open_slots(keyfile.read(later.state), printed["passphrase"])
    done = with_secret(later.state, printed["passphrase"], "spare")
    slots = keyfile.read(later.state)
    assert open_slots(slots, done.json["spare_code"]) == keys
    assert open_slots(slots, printed["passphrase"]) == keys
    with pytest.raises(WrongPassphrase):
        open_slots(slots, printed["spare_code"])


@pytest.mark.parametrize("words", [["passphrase"], ["spare"], ["invite", "--coordinator"], ["address"]])
def test_nothing_is_changed_or_told_under_a_wrong_passphrase(later: Operator, words: list[str]) -> None:
    before = contents(later.state)
    done = with_secret(later.state, "never was this it", *words)
    assert (done.code, done.out) == (3, "")
    assert contents(later.state) == before


def test_a_coordinator_is_invited_while_everything_runs(running: Launched, installation: Installation) -> None:
    printed = installation.printed
    done = with_secret(running.state, printed["passphrase"], "invite", "--coordinator")
    mark = invitation_digest(done.json["invitation"])
    desk = database.open_desk(
        running.state / "desk", open_slots(keyfile.read(running.state), printed["spare_code"]).desk
    )
    invited = invitations.find_invitation(desk, mark, 0)
    assert invited.coordinator
    assert circles.read_circle(desk, invited.circle_id).coordinators
    desk.close()
    volunteer = running.volunteer()
    assert volunteer.get("/join").status == 200


def test_volunteers_are_not_invited_here(later: Operator) -> None:
    done = manage(later.state, "invite")
    assert done.code == 2
    assert "at the desk" in done.said


def test_the_address_is_printed_alone(later: Operator, installation: Installation) -> None:
    done = with_secret(later.state, installation.printed["passphrase"], "address")
    assert done.out == installation.printed["onion"] + "\n"
    assert installation.printed["desk_url"].rsplit(":", 1)[0] in done.said


def test_a_state_without_keys_asks_for_no_secret(operator: Operator) -> None:
    for words in (["passphrase"], ["address"], ["backup", "/nowhere"]):
        assert manage(operator.state, *words).code == 5
