"""Sent: what has arrived, once, sealed; and what somebody needs to know now."""

from dataclasses import replace

import pytest
from nacl.pwhash import argon2id

from onion_app.crypto.payloads import Consent, Text
from onion_app.vault import settings
from onion_app.vault.mailbox import lifetime
from scripts.rehearsal.people import Visitor
from tests.site.conftest import Place


def test_a_testimony_is_stored_with_what_it_allows(visitor: Visitor, place: Place) -> None:
    visitor.hand_in("tell", "They found my phone.", publish="ask", quote="1")
    text, consent = place.read_by(place.pair)
    assert text == Text("They found my phone.", 20_000, language="en")
    assert isinstance(consent, Consent)
    assert replace(consent, mark="") == Consent("ask", count=False, quote=True, day=20_000)
    row = place.mailbox.row("SELECT kind, topic, answer_in, state, unread, urgent, received_day FROM cases")
    assert row == ("testimony", "testimony", "any", "new", 1, 0, 20_000)


def test_nothing_is_written_under_a_day_before_the_newest_that_was_believed(visitor: Visitor, place: Place) -> None:
    settings.change_setting(place.shown, "seen_day", 20_365)  # the clock has gone back by a year since
    visitor.hand_in("tell", "They found my phone.")
    assert place.mailbox.row("SELECT received_day, last_day FROM cases") == (20_365, 20_365)


def test_the_page_shows_the_code_again_and_the_way_out(visitor: Visitor) -> None:
    check = visitor.check()
    sent = visitor.confirm(check)
    assert sent.code == check.code
    assert "Ask at the library for the blue book." in sent.main.text
    assert sent.main_html.index("In danger now? Read this") < sent.main_html.index(">Leave</button>")


def test_without_return_nobody_but_the_circle_holds_a_key(visitor: Visitor, place: Place) -> None:
    check = visitor.check()
    sent = visitor.confirm(check, no_return="1")
    assert sent.code == ""
    assert place.mailbox.rows("SELECT tag, box, stop FROM cases") == [(None, None, None)]
    assert place.texts() == ["They found my phone."]
    assert [consent.mark for consent in place.read_by(place.pair) if isinstance(consent, Consent)] == [""]
    assert visitor.come_back(check.code).heading == "There is nothing under this code."


def test_sending_again_after_an_answer_or_days_stores_nothing_more(visitor: Visitor, place: Place) -> None:
    check = visitor.check()
    visitor.confirm(check)
    place.replies()
    visitor.come_back(check.code)
    before = place.count("messages")
    place.clock.wait(days=2)
    assert visitor.confirm(check).heading == "It has arrived."
    assert place.count("messages") == before


def test_what_was_changed_before_sending_again_is_not_lost(visitor: Visitor, place: Place) -> None:
    check = visitor.check("tell", "First.")
    visitor.confirm(check)
    for _ in range(2):
        visitor.confirm(check, text="First, and something more.", publish="yes")
    visitor.confirm(check, text="First, and something more.", publish="no")
    assert place.texts() == ["First.", "First, and something more."]
    assert place.consents() == [("no", False, False), ("yes", False, False), ("no", False, False)]


def test_an_old_check_page_does_not_undo_what_was_allowed_on_the_case_page(visitor: Visitor, place: Place) -> None:
    check = visitor.check()
    visitor.confirm(check, publish="yes")
    case = visitor.come_back(check.code)
    visitor.send(case.form_doing("consents"), publish="no")
    visitor.confirm(check, publish="yes")
    assert place.consents()[-1] == ("no", False, False)


def test_sending_twice_without_return_stores_once_and_once_more_with_return(visitor: Visitor, place: Place) -> None:
    check = visitor.check()
    for _ in range(2):
        assert visitor.confirm(check, no_return="1").heading == "It has arrived."
        assert place.count("cases") == 1
    assert visitor.confirm(check).code == check.code
    assert place.count("cases") == 2
    assert "They found my phone." in visitor.come_back(check.code).main.text


def everything(place: Place) -> list[object]:
    return [place.mailbox.rows(f"SELECT * FROM {table}") for table in ("cases", "messages", "withdrawn")]


@pytest.mark.parametrize("choices", [{}, {"text": "Other words."}, {"publish": "yes", "count": "1"}])
def test_an_old_form_changes_nothing_once_the_case_has_another_code(
    visitor: Visitor, place: Place, choices: dict[str, str]
) -> None:
    check = visitor.check()
    visitor.confirm(check)
    new = visitor.new_code(check.code)
    before = everything(place)
    page = visitor.confirm(check, **choices)
    assert (page.heading, page.code, page.has("textarea")) == ("There is nothing under this code.", "", False)
    assert everything(place) == before
    assert visitor.come_back(check.code).heading == "There is nothing under this code."
    assert "They found my phone." in visitor.come_back(new).main.text


def test_an_old_form_of_a_request_with_another_topic_begins_no_second_case(visitor: Visitor, place: Place) -> None:
    place.circle("Safety", topics=("safety",))
    place.enrol(place.circle("Health", topics=("health",)), "heart")
    check = visitor.check("ask", "Help.", topic="talk")
    visitor.confirm(check)
    assert visitor.confirm(check, topic="health", text="More.").heading == "It has arrived."
    assert place.texts() == ["Help.", "More."]


@pytest.mark.parametrize("choices", [{}, {"text": "Other words."}, {"no_return": "1"}, {"line": "1"}, {"again": "1"}])
def test_an_old_form_of_what_was_erased_stores_nothing(visitor: Visitor, place: Place, choices: dict[str, str]) -> None:
    check = visitor.check()
    visitor.confirm(check)
    visitor.erase_without_opening(check.code)
    page = visitor.confirm(check, **choices)
    assert (page.heading, page.code, page.has("textarea")) == ("Erased.", "", False)
    assert "You were writing something." not in visitor.go("tell").html
    assert place.count("cases") == place.count("messages") == 0


@pytest.mark.parametrize(("state", "is_there"), [("closed", True), ("gone", True), ("gone", False)])
def test_an_old_form_adds_nothing_where_the_door_is_closed_and_brings_no_case_back(
    visitor: Visitor, place: Place, state: str, *, is_there: bool
) -> None:
    check = visitor.check()
    visitor.confirm(check)
    place.closes_the_door(state)
    if not is_there:
        with place.mailbox.writing():
            lifetime.delete_case(place.mailbox, place.case_ids()[0])
    before = everything(place)
    for text in ("They found my phone.", "Other words."):
        assert visitor.confirm(check, text=text).heading == "There is nothing under this code."
    assert everything(place) == before


def test_forms_have_nothing_in_common_in_any_table(visitor: Visitor, place: Place) -> None:
    for _ in range(2):
        visitor.hand_in("tell", "The same words.")
        visitor.confirm(visitor.check("tell", "The same words."), no_return="1")
    stored = "SELECT id, home, mark, codes, tag, box, stop FROM cases"
    values: list[object] = []
    values += (each for row in place.mailbox.rows(stored) for each in row if each not in (None, place.circle_id))
    values += [row[0] for row in place.mailbox.rows("SELECT id FROM messages")]
    assert len(set(values)) == len(values)


def test_nothing_stretched_is_asked_for_before_the_form_is_sent(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    stretched: list[bytes] = []

    def stretch(size: int, secret: bytes, *_: object, **__: int) -> bytes:
        stretched.append(secret)
        return bytes(size)

    monkeypatch.setattr(argon2id, "kdf", stretch)
    check = visitor.check()
    assert stretched == []
    visitor.confirm(check)
    assert stretched == [check.code.encode()]
