"""Sent: what has arrived, once, sealed; and what somebody needs to know now."""

from onion_app.crypto.payloads import Consent, Text
from scripts.rehearsal.people import Visitor
from tests.site.conftest import Place


def test_a_testimony_is_stored_with_what_it_allows(visitor: Visitor, place: Place) -> None:
    visitor.hand_in("tell", "They found my phone.", publish="ask", quote="1")
    text, consent = place.read_by(place.pair)
    assert text == Text("They found my phone.", 20_000)
    assert consent == Consent("ask", count=False, quote=True, day=20_000)
    row = place.mailbox.row("SELECT kind, topic, answer_in, state, unread, urgent, received_day FROM cases")
    assert row == ("testimony", "testimony", "en", "new", 1, 0, 20_000)


def test_the_page_shows_the_code_again_and_the_way_out(visitor: Visitor) -> None:
    check = visitor.check()
    sent = visitor.confirm(check)
    assert sent.code == check.code
    assert "Ask at the library for the blue book." in sent.main.text
    assert sent.main_html.index("In danger now? Read this") < sent.main_html.index("<button>Leave</button>")


def test_without_return_nobody_but_the_circle_holds_a_key(visitor: Visitor, place: Place) -> None:
    check = visitor.check()
    sent = visitor.confirm(check, no_return="1")
    assert sent.code == ""
    assert place.mailbox.rows("SELECT lookup_tag, author_key FROM cases") == [(None, None)]
    assert [row[0] for row in place.mailbox.rows("SELECT holder FROM case_keys")] == [place.circle_id]
    assert visitor.come_back(check.code).heading == "There is nothing under this code."


def test_sending_twice_without_return_stores_once(visitor: Visitor, place: Place) -> None:
    check = visitor.check()
    for _ in range(2):
        assert visitor.confirm(check, no_return="1").heading == "It has arrived."
    assert place.count("cases") == 1


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


def test_both_ways_of_sending_keep_the_text(visitor: Visitor, place: Place) -> None:
    check = visitor.check()
    visitor.confirm(check, no_return="1")
    assert visitor.confirm(check).code == check.code
    assert place.count("cases") == 2
    assert "They found my phone." in visitor.come_back(check.code).main.text


def test_an_old_form_says_so_when_the_case_has_another_code(visitor: Visitor, place: Place) -> None:
    check = visitor.check()
    visitor.confirm(check)
    new = visitor.new_code(check.code)
    page = visitor.confirm(check)
    assert page.heading == "Not sent yet"
    assert page.code not in (check.code, new)
    assert place.count("cases") == 1
