"""Somebody with the mailbox key plants keys in a case: the desk seals nothing to them and believes nothing of it."""

from typing import Any

import pytest

from onion_app.crypto.epochs import AUTHOR_HOLDER, Epoch, authors_epochs, next_epoch
from onion_app.crypto.keys import new_id
from onion_app.crypto.payloads import Text
from onion_app.site import author_actions as visit
from onion_app.site.author_keys import CaseAccess, keys_by_epoch, keys_in, open_message
from onion_app.vault import truth
from onion_app.vault.desk import known_keys
from onion_app.vault.mailbox import case_keys, records
from onion_app.vault.mailbox.messages import append_message, messages_of
from onion_app.web.app import Hardened
from tests.desk.actors import Author, House, Volunteer
from tests.desk.circles import id_of, joins, makes_coordinator, pairs_of
from tests.planting import Intruder

pytestmark = pytest.mark.usefixtures("nothing_is_stretched")

GONE = "The keys of this case are gone or were exchanged."


@pytest.fixture
def door(author: Author) -> CaseAccess:
    return CaseAccess(author.case_id, author.pair)


@pytest.fixture
def case(counsellor: Volunteer, author: Author) -> str:
    """Give a case that the counsellor has opened and taken."""
    case = author.writes("They found my phone.")
    counsellor.logs_in()
    counsellor.takes(case)
    return case


def texts_of(house: House, door: CaseAccess) -> list[str]:
    """Read what the author reads, the oldest first."""
    keys, messages = keys_by_epoch(house.mailbox, door), messages_of(house.mailbox, door.case_id)
    letters = [open_message(keys, message) for message in messages]
    return [letter.text for letter in letters if isinstance(letter, Text)]


def read_by(intruder: Intruder) -> list[str]:
    return [letter.text for letter in intruder.reads() if isinstance(letter, Text)]


def shuts_out(house: House, counsellor: Volunteer, handle: str) -> None:
    counsellor.goes_to("/circles")
    counsellor.presses(f"/circles/shut-out/{id_of(house, handle)}")


@pytest.mark.parametrize("where", ["both", "author", "circle"])
def test_an_answer_is_sealed_under_no_planted_key(
    house: House, counsellor: Volunteer, case: str, intruder: Intruder, door: CaseAccess, where: str
) -> None:
    holders = {"both": (), "author": (AUTHOR_HOLDER,), "circle": (intruder.circle_id,)}[where]
    for number in (2, 9):
        epoch = intruder.plants(number, *holders)
        intruder.says(epoch, "Where do you live?", author="visitor")
    page = counsellor.opens(case)
    assert "Where do you live?" not in page.text
    assert len(page.having_class("closed")) == 2
    counsellor.presses(f"/case/{case}/reply", text="We are here.")
    assert counsellor.mistakes == ""
    counsellor.presses(f"/case/{case}/note", text="Needs a room.")
    assert counsellor.mistakes == ""
    assert read_by(intruder) == ["Where do you live?"] * 2
    assert texts_of(house, door)[-1] == "We are here."
    # The author's next words come under a key that the circle believes.
    visit.add_payload(house.mailbox, door, Text("Thank you.", house.clock.today), new_id())
    assert "Thank you." in counsellor.opens(case).text
    assert "Needs a room." in counsellor.page.text


def test_a_key_that_somebody_had_opened_is_not_exchanged_for_another(
    counsellor: Volunteer, case: str, intruder: Intruder
) -> None:
    intruder.runs("DELETE FROM messages WHERE case_id = ?", intruder.case_id)
    intruder.plants(1)
    intruder.plants(2, says="It is me again.")
    page = counsellor.goes_to(f"/case/{case}")
    assert "It is me again." not in page.text
    counsellor.presses(f"/case/{case}/reply", text="Do not go home.")
    assert GONE in counsellor.mistakes
    assert counsellor.page.first(id="text").raw_text.strip() == "Do not go home."
    counsellor.presses(f"/case/{case}/note", text="Strange.")
    assert GONE in counsellor.mistakes
    counsellor.goes_to("/mine")
    counsellor.presses("/mine/send", **{f"text_{case}": "Do not go home."})
    assert GONE in counsellor.page.text
    assert read_by(intruder) == ["It is me again."]


def test_a_case_that_nobody_has_opened_can_be_exchanged_but_holds_no_word_of_its_author(
    house: House, counsellor: Volunteer, author: Author
) -> None:
    case = author.writes("They found my phone.")
    intruder = Intruder(house.mailbox, author.case_id)
    intruder.plants(1, says="Where do I go?")
    counsellor.logs_in()
    counsellor.takes(case)
    counsellor.presses(f"/case/{case}/reply", text="Come to us.")
    assert "Come to us." in read_by(intruder)
    assert "They found my phone." not in read_by(intruder)
    # Its author is told nothing under the intruder's key, and writes nothing under it.
    assert keys_in(house.mailbox, CaseAccess(author.case_id, author.pair)).epochs == []


def test_an_exchanged_author_gets_no_key(
    house: House, app: Hardened, counsellor: Volunteer, case: str, intruder: Intruder, door: CaseAccess, circle: bytes
) -> None:
    intruder.runs("UPDATE cases SET author_key = ?", intruder.pair.public)
    makes_coordinator(house, counsellor)
    joins(house, app, circle, "Dana", counsellor)
    shuts_out(house, counsellor, "Dana")
    counsellor.logs_in()  # every case gets a new key
    counsellor.opens(case)
    counsellor.presses(f"/case/{case}/reply", text="We are here.")
    assert [each.epoch for each in case_keys.wraps_of(house.mailbox, door.case_id, AUTHOR_HOLDER)] == [2, 1]
    assert read_by(intruder) == []
    assert texts_of(house, door) == ["They found my phone.", "We are here."]


def test_whoever_was_shut_out_begins_no_epoch_with_the_key_they_had(
    house: House, app: Hardened, counsellor: Volunteer, case: str, intruder: Intruder, door: CaseAccess, circle: bytes
) -> None:
    makes_coordinator(house, counsellor)
    informer = joins(house, app, circle, "Dana", counsellor)
    [copied] = intruder.had(pairs_of(house, informer, circle)[0], circle)
    shuts_out(house, counsellor, "Dana")
    counsellor.logs_in()
    intruder.circle_key = house.public_key(circle)

    def forked(number: int) -> Epoch:
        return next_epoch([copied], number, circle_id=circle, circle_key=intruder.circle_key, author=door.author.public)

    intruder.plants(3, like=forked(3), says="Where do you live?")
    counsellor.opens(case)
    counsellor.presses(f"/case/{case}/reply", text="We are here.")
    assert counsellor.mistakes == ""
    visit.add_payload(house.mailbox, door, Text("Thank you.", house.clock.today), new_id())
    assert read_by(intruder) == ["They found my phone.", "Where do you live?"]
    # With the newest epoch taken away, the desk does not fall back on the one before.
    intruder.runs("DELETE FROM case_keys WHERE case_id = ? AND epoch >= 2", door.case_id)
    intruder.plants(2, like=forked(2))
    counsellor.opens(case)
    counsellor.presses(f"/case/{case}/reply", text="We are still here.")
    assert GONE in counsellor.mistakes
    assert "They found my phone." in counsellor.page.text


def test_a_case_moved_to_another_circle_opens_for_nobody_there_and_is_answered_by_nobody(
    house: House, app: Hardened, counsellor: Volunteer, case: str, intruder: Intruder, door: CaseAccess
) -> None:
    law = house.circle("Law", topics=("law",))
    informer = Volunteer(house, app)
    informer.enrols(law, "Dana")
    counsellor.presses(f"/case/{case}/give-back")
    intruder.runs("UPDATE cases SET circle_id = ?", law)
    informer.logs_in()
    informer.takes(case)
    assert "They found my phone." not in informer.page.text
    informer.presses(f"/case/{case}/reply", text="Where do you live?")
    assert GONE in informer.mistakes
    visit.add_payload(house.mailbox, door, Text("Are you there?", house.clock.today), new_id())
    assert "Are you there?" not in informer.opens(case).text
    intruder.runs("UPDATE cases SET circle_id = ?", intruder.circle_id)
    assert "Are you there?" in counsellor.opens(case).text


def test_a_planted_key_does_not_keep_a_case_from_its_new_keys(
    house: House, app: Hardened, counsellor: Volunteer, case: str, intruder: Intruder, door: CaseAccess, circle: bytes
) -> None:
    makes_coordinator(house, counsellor)
    joins(house, app, circle, "Dana", counsellor)
    intruder.plants(2)
    shuts_out(house, counsellor, "Dana")
    assert counsellor.goes_to("/").having_class("delayed")[0].text == "1"
    counsellor.logs_in()
    assert not counsellor.page.having_class("delayed")
    sure = keys_in(house.mailbox, door).epochs
    assert [epoch.number for epoch in sure] == [1, 3]
    assert sure == authors_epochs(sure, door.author)
    # What somebody put there goes to no other circle with it.
    law = house.circle("Law", topics=("law",))
    Volunteer(house, app).enrols(law, "Rojin")
    counsellor.goes_to(f"/case/{case}/ways-out")
    counsellor.presses(f"/case/{case}/ways-out/hand-over", circle=law.hex())
    assert "opens for nobody any more" in counsellor.mistakes
    assert read_by(intruder) == []


def test_what_was_written_while_a_circles_key_was_exchanged_is_read_by_the_intruder_and_nothing_after_it(
    house: House, counsellor: Volunteer, case: str, intruder: Intruder, door: CaseAccess, circle: bytes
) -> None:
    intruder.runs("UPDATE circles SET public_key = ? WHERE id = ?", intruder.pair.public, circle)
    visit.add_payload(house.mailbox, door, Text("Are you there?", house.clock.today), new_id())
    assert read_by(intruder) == ["Are you there?"]
    truth.repair(house.mailbox, house.desk, house.clock.today)
    visit.add_payload(house.mailbox, door, Text("I wait.", house.clock.today), new_id())
    page = counsellor.opens(case)
    assert len(page.having_class("closed")) == 1
    assert "I wait." in page.text
    counsellor.presses(f"/case/{case}/reply", text="We are here.")
    assert texts_of(house, door) == ["They found my phone.", "Are you there?", "I wait.", "We are here."]
    assert read_by(intruder) == ["Are you there?"]


def test_of_an_author_and_a_member_who_begin_an_epoch_at_once_neither_loses_a_word(
    house: House,
    app: Hardened,
    counsellor: Volunteer,
    case: str,
    door: CaseAccess,
    circle: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    makes_coordinator(house, counsellor)
    joins(house, app, circle, "Dana", counsellor)
    shuts_out(house, counsellor, "Dana")
    counsellor.opens(case)
    store = append_message

    def meanwhile_an_answer(*row: Any, **facts: Any) -> records.Message:
        monkeypatch.setattr("onion_app.vault.mailbox.messages.append_message", store)
        counsellor.presses(f"/case/{case}/reply", text="We are here.")
        return store(*row, **facts)

    monkeypatch.setattr("onion_app.vault.mailbox.messages.append_message", meanwhile_an_answer)
    visit.add_payload(house.mailbox, door, Text("Are you there?", house.clock.today), new_id())
    assert counsellor.mistakes == ""
    assert [epoch.number for epoch in keys_in(house.mailbox, door).epochs] == [1, 2]
    assert texts_of(house, door) == ["They found my phone.", "We are here.", "Are you there?"]
    assert "Are you there?" in counsellor.opens(case).text


def test_after_the_door_was_closed_what_follows_is_sealed_to_no_author(
    counsellor: Volunteer, case: str, intruder: Intruder, author: Author
) -> None:
    intruder.had(author.pair, AUTHOR_HOLDER)
    counsellor.goes_to(f"/case/{case}/ways-out")
    counsellor.presses(f"/case/{case}/ways-out/close-door")
    counsellor.opens(case)
    counsellor.presses(f"/case/{case}/reply", text="Among ourselves.")
    assert counsellor.mistakes == ""
    assert read_by(intruder) == ["They found my phone."]
    assert "Among ourselves." in counsellor.page.text


def test_the_desk_notes_which_keys_it_has_met(house: House, author: Author, counsellor: Volunteer) -> None:
    case = author.writes("They found my phone.")
    counsellor.logs_in()
    assert known_keys.known_keys(house.desk, author.case_id) == {}
    counsellor.opens(case)
    assert list(known_keys.known_keys(house.desk, author.case_id)) == [1]
