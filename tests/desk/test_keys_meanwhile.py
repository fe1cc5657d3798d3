"""The keys of a case change while somebody answers, or were exchanged for a while: the case goes on."""

from typing import Any

import pytest

from onion_app.crypto.epochs import next_epoch
from onion_app.crypto.keys import fingerprint, new_id
from onion_app.crypto.payloads import Text
from onion_app.desk import case_keys
from onion_app.errors import Overloaded
from onion_app.site import author_actions as visit
from onion_app.site.author_keys import CaseAccess, keys_by_epoch, keys_in, open_message
from onion_app.vault import truth
from onion_app.vault.desk import known_keys
from onion_app.vault.mailbox import messages, records
from onion_app.web.app import Hardened
from tests.desk.actors import Author, House, Volunteer
from tests.desk.circles import id_of, joins, makes_coordinator, pairs_of
from tests.planting import Intruder

pytestmark = pytest.mark.usefixtures("nothing_is_stretched")


@pytest.fixture
def door(author: Author) -> CaseAccess:
    return CaseAccess(author.case_id, author.pair)


@pytest.fixture
def case(house: House, app: Hardened, counsellor: Volunteer, author: Author, circle: bytes) -> str:
    """Give a case that a coordinator has taken, in a circle with one more member."""
    case = author.writes("They found my phone.")
    makes_coordinator(house, counsellor)
    counsellor.logs_in()
    joins(house, app, circle, "Dana", counsellor)
    counsellor.takes(case)
    return case


def shuts_out_dana(house: House, counsellor: Volunteer) -> None:
    counsellor.goes_to("/circles")
    counsellor.presses(f"/circles/shut-out/{id_of(house, 'Dana')}")


def asks(house: House, door: CaseAccess, text: str) -> None:
    visit.add_payload(house.mailbox, door, Text(text, house.clock.today), new_id())


def read_by_author(house: House, door: CaseAccess) -> list[str]:
    keys = keys_by_epoch(house.mailbox, door)
    letters = [open_message(keys, message) for message in messages.messages_of(house.mailbox, door.case_id)]
    return [letter.text for letter in letters if isinstance(letter, Text)]


@pytest.mark.parametrize("reading", [(known_keys, "known_keys"), (case_keys, "all_wraps")])
def test_who_answers_while_another_re_keys_the_case_is_not_told_that_its_keys_are_gone(
    house: House,
    app: Hardened,
    counsellor: Volunteer,
    case: str,
    monkeypatch: pytest.MonkeyPatch,
    reading: tuple[Any, str],
) -> None:
    shuts_out_dana(house, counsellor)
    counsellor.opens(case)
    elsewhere = Volunteer(house, app)  # with a second browser
    elsewhere.handle, elsewhere.passphrase, elsewhere.secret = "Sara", counsellor.passphrase, counsellor.secret
    read = getattr(*reading)

    def and_then_the_case_is_re_keyed(*where: Any) -> Any:
        found = read(*where)
        monkeypatch.setattr(*reading, read)
        elsewhere.logs_in()
        return found

    fields = counsellor.form(f"/case/{case}/reply").filled(text="We are here.")
    monkeypatch.setattr(*reading, and_then_the_case_is_re_keyed)
    counsellor.sends(f"/case/{case}/reply", fields)
    assert counsellor.mistakes == ""
    assert "We are here." in counsellor.opens(case).text


def test_rows_of_no_shape_of_ours_let_a_case_be_re_keyed_once_and_not_at_each_login(
    house: House, counsellor: Volunteer, case: str, intruder: Intruder, door: CaseAccess, circle: bytes
) -> None:
    insert = "INSERT INTO case_keys (case_id, epoch, holder, recipient, wrap) VALUES (?, ?, ?, ?, ?)"
    former = fingerprint(house.public_key(circle))
    intruder.runs(insert, intruder.case_id, 2**40, circle, former, b"x")
    shuts_out_dana(house, counsellor)
    for _ in range(2):
        counsellor.logs_in()
        assert not counsellor.page.having_class("delayed")
    assert [epoch.number for epoch in keys_in(house.mailbox, door).epochs] == [1, 2]
    assert "They found my phone." in counsellor.opens(case).text


def test_a_case_that_cannot_be_read_keeps_nobody_from_logging_in(
    house: House, counsellor: Volunteer, author: Author, case: str, intruder: Intruder, circle: bytes
) -> None:
    other = Author(house, circle).writes("And me.")
    shuts_out_dana(house, counsellor)
    intruder.runs("UPDATE cases SET last_day = 1000000000 WHERE id = ?", author.case_id)
    counsellor.logs_in()
    assert counsellor.status == 200
    assert not counsellor.page.having_class("delayed")
    assert "And me." in counsellor.opens(other).text
    intruder.runs("UPDATE cases SET last_day = ? WHERE id = ?", house.clock.today, author.case_id)
    assert "They found my phone." in counsellor.opens(case).text


def test_a_circle_and_an_author_who_lost_each_other_to_an_exchanged_key_find_together_again(
    house: House, counsellor: Volunteer, case: str, intruder: Intruder, door: CaseAccess, circle: bytes
) -> None:
    intruder.runs("UPDATE circles SET public_key = ? WHERE id = ?", intruder.pair.public, circle)
    asks(house, door, "Are you there?")
    truth.repair(house.mailbox, house.desk, house.clock.today)
    shuts_out_dana(house, counsellor)
    counsellor.logs_in()  # the case gets a new key, begun by who lacks the one that the author has last
    counsellor.opens(case)
    counsellor.presses(f"/case/{case}/reply", text="Under a key that you do not know.")
    asks(house, door, "I wait.")
    assert "I wait." in counsellor.opens(case).text
    counsellor.presses(f"/case/{case}/reply", text="We are here.")
    assert counsellor.mistakes == ""
    assert read_by_author(house, door) == ["They found my phone.", "Are you there?", "I wait.", "We are here."]
    assert [letter.text for letter in intruder.reads() if isinstance(letter, Text)] == ["Are you there?"]


@pytest.mark.parametrize("opened_before", [True, False])
def test_whoever_was_shut_out_and_goes_on_with_the_key_they_had_reads_nothing_that_the_circle_begins(
    house: House, app: Hardened, counsellor: Volunteer, author: Author, circle: bytes, *, opened_before: bool
) -> None:
    case, door = author.writes("They found my phone."), CaseAccess(author.case_id, author.pair)
    intruder = Intruder(house.mailbox, author.case_id)
    makes_coordinator(house, counsellor)
    counsellor.logs_in()
    if opened_before:
        counsellor.opens(case)
    informer = joins(house, app, circle, "Noor", counsellor)
    [copied] = intruder.had(pairs_of(house, informer, circle)[0], circle)
    counsellor.goes_to("/circles")
    counsellor.presses(f"/circles/shut-out/{id_of(house, 'Noor')}")
    # Before anybody logs in they do it all themselves: the circle's new key holds the case, and an epoch follows.
    intruder.circle_key, public = house.public_key(circle), door.author.public
    own = next_epoch([copied], 2, circle_id=circle, circle_key=intruder.circle_key, author=public)
    intruder.plants(1, circle, like=copied)
    intruder.plants(2, like=own)
    counsellor.logs_in()
    counsellor.takes(case)
    for words in ("We are here.", "Still here."):
        counsellor.presses(f"/case/{case}/reply", text=words)
        assert counsellor.mistakes == ""
    asks(house, door, "I wait.")
    assert "I wait." in counsellor.opens(case).text
    assert [letter.text for letter in intruder.reads() if isinstance(letter, Text)] == ["They found my phone."]
    assert read_by_author(house, door) == ["They found my phone.", "We are here.", "Still here.", "I wait."]
    assert [epoch.number for epoch in keys_in(house.mailbox, door).epochs] == [1, 2, 3]


def test_an_answer_sent_twice_at_once_begins_one_epoch(
    house: House, counsellor: Volunteer, case: str, door: CaseAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    shuts_out_dana(house, counsellor)
    counsellor.opens(case)
    fields = counsellor.form(f"/case/{case}/reply").filled(text="We are here.")
    store = messages.append_message

    def once_more(*row: Any, **facts: Any) -> records.Message:
        monkeypatch.setattr(messages, "append_message", store)
        counsellor.sends(f"/case/{case}/reply", fields)
        return store(*row, **facts)

    monkeypatch.setattr(messages, "append_message", once_more)
    counsellor.sends(f"/case/{case}/reply", fields)
    counsellor.opens(case)
    counsellor.presses(f"/case/{case}/reply", text="Still here.")
    assert counsellor.mistakes == ""
    assert read_by_author(house, door) == ["They found my phone.", "We are here.", "Still here."]
    assert [epoch.number for epoch in keys_in(house.mailbox, door).epochs] == [1, 2]


def test_what_would_get_no_number_is_not_taken(
    house: House, counsellor: Volunteer, case: str, intruder: Intruder, door: CaseAccess, circle: bytes
) -> None:
    sure, author = keys_in(house.mailbox, door).epochs, door.author.public
    last = next_epoch(sure, 2**31 - 1, circle_id=circle, circle_key=intruder.circle_key, author=author)
    intruder.plants(last.number, like=last)
    shuts_out_dana(house, counsellor)
    with pytest.raises(Overloaded):
        asks(house, door, "Are you there?")
    counsellor.logs_in()
    assert "They found my phone." in counsellor.opens(case).text
    counsellor.presses(f"/case/{case}/reply", text="We are here.")
    assert "have changed" in counsellor.mistakes
    assert counsellor.page.first(id="text").raw_text.strip() == "We are here."
    assert read_by_author(house, door) == ["They found my phone."]
