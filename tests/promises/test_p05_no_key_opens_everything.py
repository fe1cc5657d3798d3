"""P05: what one member holds opens nothing of another circle; no passphrase, account or sheet opens everything."""

import json
from dataclasses import dataclass

import pytest

from onion_app.crypto.keyslots import open_slots
from onion_app.errors import WrongPassphrase
from scripts.rehearsal.people import Volunteer
from tests.house import House
from tests.keyring import Keyring
from tests.marks import latin_mark


@dataclass(frozen=True)
class TwoCircles:
    """The catch-all circle with its member, who is the coordinator, and a circle for law with another member."""

    coordinator: Volunteer
    lawyer: Volunteer
    talk: str
    law: str
    talk_case: str
    law_case: str
    law_circle: str


@pytest.fixture(scope="module")
def two(house: House, coordinator: Volunteer) -> TwoCircles:
    with house.world() as world:
        circle_id = world.circle("Law circle", topics=("law",))
        invitation = world.invitation(circle_id)
    lawyer = Volunteer(house.desk_url).enrol(invitation, "Amara")
    talk, law = latin_mark(), latin_mark()
    talk_code = house.visitor().hand_in("ask", talk, topic="talk", answer_in="en", danger="no")
    law_code = house.visitor().hand_in("ask", law, topic="law", answer_in="en", danger="no")
    cases = (house.case_of(talk_code), house.case_of(law_code))
    return TwoCircles(coordinator, lawyer, talk, law, *cases, circle_id.hex())


def opened_by(house: House, *, passphrase: str = "", sheet: str = "") -> str:
    """Open all that both database keys and one more secret open, and give all the texts."""
    tables = house.tables()
    ring = Keyring(tables, [house.keys.mailbox, house.keys.desk])
    if passphrase:
        ring.try_passphrase(passphrase)
    if sheet:
        salt = next(value for name, value in tables["mailbox.settings"] if name == "code_salt")
        ring.try_code(sheet, bytes.fromhex(json.loads(salt)))
    return " ".join(text for texts in ring.opened().values() for text in texts)


def test_a_members_keys_open_their_own_circle_and_no_other(house: House, two: TwoCircles) -> None:
    for member, own, other in ((two.coordinator, two.talk, two.law), (two.lawyer, two.law, two.talk)):
        opened = opened_by(house, passphrase=member.login.passphrase)
        assert own in opened
        assert other not in opened


def test_a_printed_sheet_opens_its_owners_circle_and_no_other(house: House, two: TwoCircles) -> None:
    for member, own, other in ((two.coordinator, two.talk, two.law), (two.lawyer, two.law, two.talk)):
        opened = opened_by(house, sheet=member.sheet)
        assert own in opened
        assert other not in opened


def test_the_vaults_passphrase_and_spare_code_open_no_case(house: House, two: TwoCircles) -> None:
    for secret in (house.passphrase, house.printed["spare_code"]):
        opened = opened_by(house, passphrase=secret)
        assert two.talk not in opened
        assert two.law not in opened
    assert opened_by(house, sheet=house.printed["spare_code"]) == ""


def test_a_members_secrets_do_not_open_the_vault(house: House, two: TwoCircles) -> None:
    slots = (house.state / "vault.key").read_text()
    for member in (two.coordinator, two.lawyer):
        for secret in (member.login.passphrase, member.sheet, member.login.totp_secret):
            with pytest.raises(WrongPassphrase):
                open_slots(slots, secret)


def test_the_desk_shows_a_member_nothing_of_another_circle(house: House, two: TwoCircles) -> None:
    case = two.law_case
    assert two.law in house.at_desk(two.lawyer).open_case(case).main.text
    other = house.at_desk(two.coordinator)
    first_page = other.get("/")
    own = other.open_case(two.talk_case)
    assert two.talk in own.main.text
    token = own.form_with("csrf_token").value("csrf_token")
    attempts = [other.get(path) for path in (f"/case/{case}", f"/circle/{two.law_circle}/new?page=1")]
    for action in ("open", "take", "give-back", "reply", "phrase", "note", "close"):
        fields = [("csrf_token", token), ("text", "x"), ("note", "x"), ("message", "a" * 32), ("entry", "b" * 32)]
        attempts.append(other.post(f"/case/{case}/{action}", [*fields, ("seen", "1")]))
    for page in attempts:
        assert page.status == 404
    for page in (first_page, *attempts):
        for foreign in (two.law, two.lawyer.login.handle, "Law circle", case, two.law_circle):
            assert foreign not in page.answer.raw.decode()


def test_another_circles_case_is_the_same_as_none(house: House, two: TwoCircles) -> None:
    desk = house.at_desk(two.coordinator)
    assert desk.get(f"/case/{two.law_case}").answer.raw == desk.get(f"/case/{'0' * 32}").answer.raw
