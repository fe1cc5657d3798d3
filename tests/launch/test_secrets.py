"""New words, a new spare code, a new coordinator, the address: with the old secret only, and the rest stays."""

import pytest

from onion_app.crypto.codes import invitation_digest
from onion_app.crypto.keyslots import open_slots
from onion_app.errors import BadUsage, VaultDamaged, WrongPassphrase
from onion_app.launch.state import State
from onion_app.vault import statefiles
from onion_app.vault.desk import circles, invitations
from tests.launch.conftest import Installation, Launched, Operator, contents
from tests.launch.keeping import opened
from tests.launch.manage import manage, with_secret


@pytest.mark.parametrize(
    ("opened_by", "renewed"), [("passphrase", "passphrase"), ("spare_code", "passphrase"), ("passphrase", "spare_code")]
)
def test_a_new_secret_opens_and_the_old_one_does_not(
    later: Operator, installation: Installation, opened_by: str, renewed: str
) -> None:
    printed = installation.printed
    done = with_secret(later.state, printed[opened_by], renewed.removesuffix("_code"))
    slots = statefiles.read_keyslots(later.state)
    other = {"passphrase": "spare_code", "spare_code": "passphrase"}[renewed]
    assert open_slots(slots, done.json[renewed]) == open_slots(slots, printed[other]) == installation.keys
    with pytest.raises(WrongPassphrase):
        open_slots(slots, printed[renewed])


@pytest.mark.parametrize("words", [["passphrase"], ["spare"], ["invite", "--coordinator"], ["address"]])
def test_nothing_is_changed_or_told_under_a_wrong_passphrase(later: Operator, words: list[str]) -> None:
    before = contents(later.state)
    done = with_secret(later.state, "never was this it", *words)
    assert (done.code, done.out) == (3, "")
    assert contents(later.state) == before


def test_a_coordinator_is_invited_while_everything_runs(standing: Launched, installation: Installation) -> None:
    done = with_secret(standing.state, installation.printed["passphrase"], "invite", "--coordinator")
    with opened(State(standing.state), installation.keys) as world:
        invited = invitations.find_invitation(world.desk, invitation_digest(done.json["invitation"]), 0)
        assert invited.coordinator
        assert circles.read_circle(world.desk, invited.circle_id).coordinators
    assert standing.volunteer().get("/join").status == 200


def test_volunteers_are_not_invited_here(later: Operator) -> None:
    assert isinstance(manage(later.state, "invite").error, BadUsage)


def test_the_address_is_printed_alone(later: Operator, installation: Installation) -> None:
    done = with_secret(later.state, installation.printed["passphrase"], "address")
    assert done.out == installation.printed["onion"] + "\n"
    assert installation.printed["desk_url"].rsplit(":", 1)[0] in done.said


def test_a_state_without_keys_asks_for_no_secret(operator: Operator) -> None:
    for words in (["passphrase"], ["address"], ["backup", "/nowhere"]):
        assert isinstance(manage(operator.state, *words).error, VaultDamaged)
