"""Somebody with the mailbox key plants keys in a case: the desk seals nothing to them and believes nothing of it."""

from typing import Any

import pytest

from onion_app.crypto.epochs import AUTHOR_HOLDER, Epoch, authors_epochs, next_epoch
from onion_app.site.author_keys import keys_in
from onion_app.vault import truth
from onion_app.vault.desk import audit
from onion_app.vault.mailbox import case_keys, messages, records
from tests.desk.house import House, Volunteer, joins, pairs_of, shuts_out
from tests.planting import Intruder
from tests.world import Author

GONE = "The keys of this case are gone or were exchanged."


@pytest.fixture
def case(counsellor: Volunteer, author: Author) -> str:
    """Give a case that the counsellor has opened and taken."""
    case = author.writes("They found my phone.")
    counsellor.log_in()
    counsellor.take(case)
    return case


@pytest.mark.parametrize("where", ["both", "author", "circle"])
def test_an_answer_is_sealed_under_no_planted_key(
    counsellor: Volunteer, case: str, intruder: Intruder, author: Author, where: str
) -> None:
    holders = {"both": (), "author": (AUTHOR_HOLDER,), "circle": (intruder.circle_id,)}[where]
    for number in (2, 9):
        epoch = intruder.plants(number, *holders)
        intruder.says(epoch, "Where do you live?", author="visitor")
    page = counsellor.open_case(case)
    assert "Where do you live?" not in page.text
    assert len(page.having_class("closed")) == 2
    assert counsellor.press(f"/case/{case}/reply", text="We are here.").errors == ""
    assert counsellor.press(f"/case/{case}/note", text="Needs a room.").errors == ""
    assert intruder.reads() == ["Where do you live?"] * 2
    assert author.texts()[-1] == "We are here."
    # The author's next words come under a key that the circle believes.
    author.writes_back("Thank you.")
    assert "Thank you." in counsellor.open_case(case).text
    assert "Needs a room." in counsellor.page.text


def test_a_key_that_somebody_had_opened_is_not_exchanged_for_another(
    counsellor: Volunteer, case: str, intruder: Intruder
) -> None:
    intruder.runs("DELETE FROM messages WHERE case_id = ?", intruder.case_id)
    intruder.plants(1)
    intruder.plants(2, says="It is me again.")
    page = counsellor.get(f"/case/{case}")
    assert "It is me again." not in page.text
    assert GONE in counsellor.press(f"/case/{case}/reply", text="Do not go home.").errors
    assert counsellor.page.first(id="text").raw_text.strip() == "Do not go home."
    assert GONE in counsellor.press(f"/case/{case}/note", text="Strange.").errors
    counsellor.press_on("/mine", "/mine/send", **{f"text_{case}": "Do not go home."})
    assert GONE in counsellor.page.text
    assert intruder.reads() == ["It is me again."]


def test_a_case_that_nobody_has_opened_can_be_exchanged_but_holds_no_word_of_its_author(
    house: House, counsellor: Volunteer, author: Author
) -> None:
    case = author.writes("They found my phone.")
    intruder = Intruder(house, author.case_id)
    intruder.plants(1, says="Where do I go?")
    counsellor.log_in()
    counsellor.take(case)
    counsellor.press(f"/case/{case}/reply", text="Come to us.")
    assert "Come to us." in intruder.reads()
    assert "They found my phone." not in intruder.reads()
    # Its author is told nothing under the intruder's key, and writes nothing under it.
    assert keys_in(house.mailbox, author.access).epochs == []


def test_an_exchanged_author_gets_no_key(
    house: House, counsellor: Volunteer, case: str, intruder: Intruder, author: Author, circle: bytes
) -> None:
    intruder.runs("UPDATE cases SET author_key = ?", intruder.pair.public)
    house.make_coordinator(counsellor.login.handle)
    joins(house, circle, "Dana", counsellor)
    shuts_out(house, counsellor, "Dana")
    counsellor.log_in()  # every case gets a new key
    counsellor.open_case(case)
    counsellor.press(f"/case/{case}/reply", text="We are here.")
    assert [each.epoch for each in case_keys.wraps_of(house.mailbox, author.case_id, AUTHOR_HOLDER)] == [2, 1]
    assert intruder.reads() == []
    assert author.texts() == ["They found my phone.", "We are here."]


def test_whoever_was_shut_out_begins_no_epoch_with_the_key_they_had(
    house: House, counsellor: Volunteer, case: str, intruder: Intruder, author: Author, circle: bytes
) -> None:
    house.make_coordinator(counsellor.login.handle)
    informer = joins(house, circle, "Dana", counsellor)
    [copied] = intruder.had(pairs_of(house, informer, circle)[0], circle)
    shuts_out(house, counsellor, "Dana")
    counsellor.log_in()
    intruder.circle_key = house.public_key(circle)

    public = author.access.author.public

    def forked(number: int) -> Epoch:
        return next_epoch([copied], number, circle_id=circle, circle_key=intruder.circle_key, author=public)

    intruder.plants(3, like=forked(3), says="Where do you live?")
    counsellor.open_case(case)
    assert counsellor.press(f"/case/{case}/reply", text="We are here.").errors == ""
    author.writes_back("Thank you.")
    assert intruder.reads() == ["They found my phone.", "Where do you live?"]
    # With the newest epoch taken away, the desk does not fall back on the one before.
    intruder.runs("DELETE FROM case_keys WHERE case_id = ? AND epoch >= 2", author.case_id)
    intruder.plants(2, like=forked(2))
    counsellor.open_case(case)
    assert GONE in counsellor.press(f"/case/{case}/reply", text="We are still here.").errors
    assert "They found my phone." in counsellor.page.text


def test_a_case_moved_to_another_circle_opens_for_nobody_there_and_is_answered_by_nobody(
    counsellor: Volunteer, case: str, intruder: Intruder, author: Author, law: bytes, lawyer: Volunteer
) -> None:
    counsellor.press(f"/case/{case}/give-back")
    intruder.runs("UPDATE cases SET circle_id = ?", law)
    lawyer.log_in()
    assert "They found my phone." not in lawyer.take(case).text
    assert GONE in lawyer.press(f"/case/{case}/reply", text="Where do you live?").errors
    author.writes_back("Are you there?")
    assert "Are you there?" not in lawyer.open_case(case).text
    intruder.runs("UPDATE cases SET circle_id = ?", intruder.circle_id)
    assert "Are you there?" in counsellor.open_case(case).text


def test_a_planted_key_does_not_keep_a_case_from_its_new_keys(
    house: House, counsellor: Volunteer, case: str, intruder: Intruder, author: Author, circle: bytes
) -> None:
    house.make_coordinator(counsellor.login.handle)
    joins(house, circle, "Dana", counsellor)
    intruder.plants(2)
    shuts_out(house, counsellor, "Dana")
    assert counsellor.get("/").having_class("delayed")[0].text == "1"
    counsellor.log_in()
    assert not counsellor.page.having_class("delayed")
    sure = keys_in(house.mailbox, author.access).epochs
    assert [epoch.number for epoch in sure] == [1, 3]
    assert sure == authors_epochs(sure, author.access.author)
    # What somebody put there goes to no other circle with it.
    law = house.circle("Law", topics=("law",))
    house.enrol(law, "Rojin")
    counsellor.get(f"/case/{case}/ways-out")
    assert "opens for nobody any more" in counsellor.press(f"/case/{case}/ways-out/hand-over", circle=law.hex()).errors
    assert "handed a case over" not in [row.what for row in audit.audit_of(house.desk, circle, 0)]
    assert intruder.reads() == []


def test_what_was_written_while_a_circles_key_was_exchanged_is_read_by_the_intruder_and_nothing_after_it(
    house: House, counsellor: Volunteer, case: str, intruder: Intruder, author: Author, circle: bytes
) -> None:
    intruder.runs("UPDATE circles SET public_key = ? WHERE id = ?", intruder.pair.public, circle)
    author.writes_back("Are you there?")
    assert intruder.reads() == ["Are you there?"]
    truth.repair(house.mailbox, house.desk, house.today)
    author.writes_back("I wait.")
    page = counsellor.open_case(case)
    assert len(page.having_class("closed")) == 1
    assert "I wait." in page.text
    counsellor.press(f"/case/{case}/reply", text="We are here.")
    assert author.texts() == ["They found my phone.", "Are you there?", "I wait.", "We are here."]
    assert intruder.reads() == ["Are you there?"]


def test_of_an_author_and_a_member_who_begin_an_epoch_at_once_neither_loses_a_word(
    house: House, counsellor: Volunteer, case: str, author: Author, circle: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.make_coordinator(counsellor.login.handle)
    joins(house, circle, "Dana", counsellor)
    shuts_out(house, counsellor, "Dana")
    counsellor.open_case(case)
    store = messages.append_message

    def meanwhile_an_answer(*row: Any, **facts: Any) -> records.Message:
        monkeypatch.setattr(messages, "append_message", store)
        counsellor.press(f"/case/{case}/reply", text="We are here.")
        return store(*row, **facts)

    monkeypatch.setattr(messages, "append_message", meanwhile_an_answer)
    author.writes_back("Are you there?")
    assert counsellor.page.errors == ""
    assert [epoch.number for epoch in keys_in(house.mailbox, author.access).epochs] == [1, 2]
    assert author.texts() == ["They found my phone.", "We are here.", "Are you there?"]
    assert "Are you there?" in counsellor.open_case(case).text


def test_after_the_door_was_closed_what_follows_is_sealed_to_no_author(
    counsellor: Volunteer, case: str, intruder: Intruder, author: Author
) -> None:
    intruder.had(author.access.author, AUTHOR_HOLDER)
    counsellor.press_on(f"/case/{case}/ways-out", f"/case/{case}/ways-out/close-door")
    counsellor.open_case(case)
    assert counsellor.press(f"/case/{case}/reply", text="Among ourselves.").errors == ""
    assert intruder.reads() == ["They found my phone."]
    assert "Among ourselves." in counsellor.page.text
