"""The keys of a case change while somebody answers, or were exchanged for a while: the case goes on."""

from typing import Any

import pytest

from onion_app.crypto.epochs import next_epoch
from onion_app.crypto.keys import fingerprint
from onion_app.desk import case_keys
from onion_app.errors import Overloaded
from onion_app.site.author_keys import keys_in
from onion_app.vault import truth
from onion_app.vault.desk import known_keys
from onion_app.vault.mailbox import messages, records
from tests.desk.house import House, Volunteer, id_of, joins, pairs_of, shuts_out
from tests.planting import Intruder
from tests.world import Author


@pytest.fixture
def case(house: House, coordinator: Volunteer, author: Author, circle: bytes) -> str:
    """Give a case that a coordinator has taken, in a circle with one more member."""
    case = author.writes("They found my phone.")
    joins(house, circle, "Dana", coordinator)
    coordinator.take(case)
    return case


@pytest.mark.parametrize("reading", [(known_keys, "known_keys"), (case_keys, "all_wraps")])
def test_who_answers_while_another_re_keys_the_case_is_not_told_that_its_keys_are_gone(
    house: House, counsellor: Volunteer, case: str, monkeypatch: pytest.MonkeyPatch, reading: tuple[Any, str]
) -> None:
    shuts_out(house, counsellor, "Dana")
    counsellor.open_case(case)
    elsewhere = house.volunteer()  # with a second browser
    elsewhere.login = counsellor.login
    read = getattr(*reading)

    def and_then_the_case_is_re_keyed(*where: Any) -> Any:
        found = read(*where)
        monkeypatch.setattr(*reading, read)
        elsewhere.log_in()
        return found

    fields = counsellor.page.form_to(f"/case/{case}/reply").filled(text="We are here.")
    monkeypatch.setattr(*reading, and_then_the_case_is_re_keyed)
    assert counsellor.post(f"/case/{case}/reply", fields).errors == ""
    assert "We are here." in counsellor.open_case(case).text


def test_rows_of_no_shape_of_ours_let_a_case_be_re_keyed_once_and_not_at_each_login(
    house: House, counsellor: Volunteer, case: str, intruder: Intruder, author: Author, circle: bytes
) -> None:
    insert = "INSERT INTO case_keys (case_id, epoch, holder, recipient, wrap) VALUES (?, ?, ?, ?, ?)"
    former = fingerprint(house.public_key(circle))
    intruder.runs(insert, intruder.case_id, 2**40, circle, former, b"x")
    shuts_out(house, counsellor, "Dana")
    for _ in range(2):
        counsellor.log_in()
        assert not counsellor.page.having_class("delayed")
    assert [epoch.number for epoch in keys_in(house.mailbox, author.access).epochs] == [1, 2]
    assert "They found my phone." in counsellor.open_case(case).text


def test_a_case_that_cannot_be_read_keeps_nobody_from_logging_in(
    house: House, counsellor: Volunteer, author: Author, case: str, intruder: Intruder, circle: bytes
) -> None:
    other = Author(house, circle).writes("And me.")
    shuts_out(house, counsellor, "Dana")
    intruder.runs("UPDATE cases SET last_day = 1000000000 WHERE id = ?", author.case_id)
    counsellor.log_in()
    assert counsellor.status == 200
    assert not counsellor.page.having_class("delayed")
    assert "And me." in counsellor.open_case(other).text
    intruder.runs("UPDATE cases SET last_day = ? WHERE id = ?", house.today, author.case_id)
    assert "They found my phone." in counsellor.open_case(case).text


def test_a_circle_and_an_author_who_lost_each_other_to_an_exchanged_key_find_together_again(
    house: House, counsellor: Volunteer, case: str, intruder: Intruder, author: Author, circle: bytes
) -> None:
    intruder.runs("UPDATE circles SET public_key = ? WHERE id = ?", intruder.pair.public, circle)
    author.writes_back("Are you there?")
    truth.repair(house.mailbox, house.desk, house.today)
    shuts_out(house, counsellor, "Dana")
    counsellor.log_in()  # the case gets a new key, begun by who lacks the one that the author has last
    counsellor.open_case(case)
    counsellor.press(f"/case/{case}/reply", text="Under a key that you do not know.")
    author.writes_back("I wait.")
    assert "I wait." in counsellor.open_case(case).text
    assert counsellor.press(f"/case/{case}/reply", text="We are here.").errors == ""
    assert author.texts() == ["They found my phone.", "Are you there?", "I wait.", "We are here."]
    assert intruder.reads() == ["Are you there?"]


@pytest.mark.parametrize("opened_before", [True, False])
def test_whoever_was_shut_out_and_goes_on_with_the_key_they_had_reads_nothing_that_the_circle_begins(
    house: House, coordinator: Volunteer, author: Author, circle: bytes, *, opened_before: bool
) -> None:
    case = author.writes("They found my phone.")
    intruder = Intruder(house, author.case_id)
    if opened_before:
        coordinator.open_case(case)
    informer = joins(house, circle, "Noor", coordinator)
    [copied] = intruder.had(pairs_of(house, informer, circle)[0], circle)
    coordinator.press_on("/circles", f"/circles/shut-out/{id_of(house, 'Noor')}")
    # Before anybody logs in they do it all themselves: the circle's new key holds the case, and an epoch follows.
    intruder.circle_key, public = house.public_key(circle), author.access.author.public
    own = next_epoch([copied], 2, circle_id=circle, circle_key=intruder.circle_key, author=public)
    intruder.plants(1, circle, like=copied)
    intruder.plants(2, like=own)
    coordinator.log_in()
    coordinator.take(case)
    for words in ("We are here.", "Still here."):
        assert coordinator.press(f"/case/{case}/reply", text=words).errors == ""
    author.writes_back("I wait.")
    assert "I wait." in coordinator.open_case(case).text
    assert intruder.reads() == ["They found my phone."]
    assert author.texts() == ["They found my phone.", "We are here.", "Still here.", "I wait."]
    assert [epoch.number for epoch in keys_in(house.mailbox, author.access).epochs] == [1, 2, 3]


def test_an_answer_sent_twice_at_once_begins_one_epoch(
    house: House, counsellor: Volunteer, case: str, author: Author, monkeypatch: pytest.MonkeyPatch
) -> None:
    shuts_out(house, counsellor, "Dana")
    counsellor.open_case(case)
    fields = counsellor.page.form_to(f"/case/{case}/reply").filled(text="We are here.")
    store = messages.append_message

    def once_more(*row: Any, **facts: Any) -> records.Message:
        monkeypatch.setattr(messages, "append_message", store)
        counsellor.post(f"/case/{case}/reply", fields)
        return store(*row, **facts)

    monkeypatch.setattr(messages, "append_message", once_more)
    counsellor.post(f"/case/{case}/reply", fields)
    counsellor.open_case(case)
    assert counsellor.press(f"/case/{case}/reply", text="Still here.").errors == ""
    assert author.texts() == ["They found my phone.", "We are here.", "Still here."]
    assert [epoch.number for epoch in keys_in(house.mailbox, author.access).epochs] == [1, 2]


def test_what_would_get_no_number_is_not_taken(
    house: House, counsellor: Volunteer, case: str, intruder: Intruder, author: Author, circle: bytes
) -> None:
    sure, public = keys_in(house.mailbox, author.access).epochs, author.access.author.public
    last = next_epoch(sure, 2**31 - 1, circle_id=circle, circle_key=intruder.circle_key, author=public)
    intruder.plants(last.number, like=last)
    shuts_out(house, counsellor, "Dana")
    with pytest.raises(Overloaded):
        author.writes_back("Are you there?")
    counsellor.log_in()
    assert "They found my phone." in counsellor.open_case(case).text
    assert "have changed" in counsellor.press(f"/case/{case}/reply", text="We are here.").errors
    assert counsellor.page.first(id="text").raw_text.strip() == "We are here."
    assert author.texts() == ["They found my phone."]
