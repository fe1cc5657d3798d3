"""P05: what one member holds opens nothing of another circle, nor what was written without them.

No passphrase, account or sheet opens everything. Whoever tries here has every copy of every file.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pytest

from onion_app.crypto.codes import new_code
from onion_app.crypto.keyslots import close_slots, open_slots
from onion_app.crypto.passphrases import new_passphrase
from onion_app.errors import WrongPassphrase
from onion_app.vault.connection import KINDS
from onion_app.vault.settings import read_settings
from scripts.rehearsal.people import Volunteer
from tests import tables
from tests.house import House
from tests.keyring import Keyring
from tests.marks import latin_mark
from tests.world import Author, Clock, Enrolled, World


@dataclass(frozen=True)
class TwoCircles:
    """The catch-all circle with a coordinator and a colleague, a circle for law with another member, a case of each."""

    world: World
    noor: Enrolled
    dana: Enrolled
    amara: Enrolled
    law_circle: bytes
    talk: Author
    law: Author

    def copy(self) -> tables.Tables:
        """Copy every file."""
        return tables.dump_all(self.world.state.path, self.world.keys)

    def opened_by(
        self, *copies: tables.Tables, passphrase: str = "", code: str = "", held: Iterable[bytes] = ()
    ) -> str:
        """Open all that the database keys and some more secrets open in these copies, and give all the texts."""
        ring = Keyring(tables.together(*copies, self.copy()), [*(self.world.keys.of(kind) for kind in KINDS), *held])
        if passphrase:
            ring.try_passphrase(passphrase)
        if code:
            ring.try_code(code, read_settings(self.world.shown).code_salt)
        return " | ".join(text for texts in ring.opened().values() for text in texts)

    def everything_of(self, who: Enrolled) -> set[bytes]:
        """Give all the keys that somebody holds by now."""
        ring = Keyring(self.copy(), [who.private])
        assert ring.opened()
        return ring.privates


@pytest.fixture
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoCircles]:
    world = World(tmp_path_factory.mktemp("two") / "state", Clock())
    home, law = world.circle(catch_all=True), world.circle("Law circle", topics=("law",))
    noor, dana = world.enrol(home, "Noor", coordinator=True), world.enrol(home, "Dana")
    world.let_in(noor, home, "Dana")
    amara = world.enrol(law, "Amara")
    found = TwoCircles(world, noor, dana, amara, law, Author(world, home), Author(world, law))
    found.talk.writes("words for talk")
    found.law.writes("words for law")
    yield found
    world.close()


def test_a_members_keys_open_their_own_circle_and_no_other(two: TwoCircles) -> None:
    for member, own, other in ((two.noor, "talk", "law"), (two.amara, "law", "talk")):
        for opened in (two.opened_by(passphrase=member.passphrase), two.opened_by(code=member.sheet)):
            assert f"words for {own}" in opened
            assert f"words for {other}" not in opened


def test_who_was_shut_out_opens_nothing_that_is_written_later(two: TwoCircles) -> None:
    before, danas = two.copy(), two.everything_of(two.dana)
    two.world.shuts_out(two.noor, "Dana")
    two.talk.writes_back("without Dana")
    two.world.answers(two.noor, two.talk.case_id, "answered without Dana")
    two.world.notes(two.noor, two.talk.case_id, "noted without Dana")
    opened = two.opened_by(before, held=danas)
    assert "words for talk" in opened
    assert "without Dana" not in opened
    assert "noted without Dana" in two.opened_by(passphrase=two.noor.passphrase)


def test_who_had_a_case_before_opens_nothing_of_it_after_it_went_back(two: TwoCircles) -> None:
    case = two.talk.case_id
    two.world.hands_over(two.noor, case, two.law_circle)
    two.talk.writes_back("for both circles to read")
    two.world.opens(two.amara, case)
    amaras = two.everything_of(two.amara)
    between = two.copy()
    home = two.talk.circle_id
    two.world.hands_over(two.amara, case, home)
    two.talk.writes_back("at home again")
    two.world.answers(two.noor, case, "answered at home again")
    opened = two.opened_by(between, held=amaras)
    assert "for both circles to read" in opened
    assert "at home again" not in opened
    assert "answered at home again" in two.opened_by(passphrase=two.dana.passphrase)


def test_an_old_code_opens_nothing_that_is_written_later(two: TwoCircles) -> None:
    before, code = two.copy(), two.talk.code
    two.talk.changes_code()
    two.world.opens(two.noor, two.talk.case_id)
    two.talk.writes_back("for the new code")
    two.world.answers(two.noor, two.talk.case_id, "answered for the new code")
    opened = two.opened_by(before, code=code)
    assert "words for talk" in opened
    assert "for the new code" not in opened
    assert "answered for the new code" in two.opened_by(code=two.talk.code)


def test_the_vaults_passphrase_and_spare_code_open_no_case(two: TwoCircles) -> None:
    passphrase, spare_code = new_passphrase(), new_code()
    slots = close_slots(two.world.keys, passphrase, spare_code)
    assert open_slots(slots, passphrase) == open_slots(slots, spare_code) == two.world.keys
    assert two.opened_by(passphrase=passphrase) == two.opened_by(passphrase=spare_code) == ""
    assert two.opened_by(code=spare_code) == ""


def test_a_members_secrets_do_not_open_the_vault(two: TwoCircles) -> None:
    slots = close_slots(two.world.keys, new_passphrase(), new_code())
    for member in (two.noor, two.amara):
        for secret in (member.passphrase, member.sheet, member.totp):
            with pytest.raises(WrongPassphrase):
                open_slots(slots, secret)


@pytest.fixture
def lawyer(house: House) -> Volunteer:
    """Enrol somebody in another circle than the coordinator's."""
    with house.world() as world:
        invitation = world.invitation(world.circle("Law circle", topics=("law",)))
    return Volunteer(house.desk_url).enrol(invitation, "Amaralawyer")


def test_the_desk_shows_a_member_nothing_of_another_circle(
    house: House, coordinator: Volunteer, lawyer: Volunteer
) -> None:
    talk, law = latin_mark(), latin_mark()
    own_case, case = (
        house.case_of(house.visitor().hand_in("ask", mark, topic=topic, answer_in="en", danger="no"))
        for mark, topic in ((talk, "talk"), (law, "law"))
    )
    [(circle, _)] = house.at_desk(lawyer).circles()
    assert law in lawyer.open_case(case).main.text
    other = house.at_desk(coordinator)
    first_page = other.get("/")
    own = other.open_case(own_case)
    assert talk in own.main.text
    token = own.form_with("csrf_token").value("csrf_token")
    attempts = [other.get(path) for path in (f"/case/{case}", f"/circle/{circle}/new?page=1")]
    acts = ("open", "confirm", "take", "give-back", "reply", "phrase", "note", "close", "hand-over", "close-door")
    for action in acts:
        fields = [("csrf_token", token), ("text", "x"), ("note", "x"), ("message", "a" * 32), ("entry", "b" * 32)]
        attempts.append(other.post(f"/case/{case}/{action}", [*fields, ("seen", "1")]))
    for page in attempts:
        assert page.status == 404
    for page in (first_page, *attempts):
        for foreign in (law, lawyer.login.handle, "Law circle", case, circle):
            assert foreign not in page.answer.raw.decode()
    assert other.get(f"/case/{case}").answer.raw == other.get(f"/case/{'0' * 32}").answer.raw
