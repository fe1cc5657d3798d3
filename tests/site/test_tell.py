"""Tell: one box, one button, and nothing is sent yet."""

from collections.abc import Callable

from scripts.rehearsal.pages import Form, Page
from scripts.rehearsal.people import Visitor
from tests.site.conftest import Place


def test_tell_is_one_box_and_one_button(visitor: Visitor) -> None:
    page = visitor.go("tell")
    fields = page.form().values
    assert set(fields) == {"csrf_token", "text"}
    assert page.main_html.count("<button") == 1
    assert page.main_html.count('<input type="hidden"') == 1


def test_going_on_shows_the_check_page_and_stores_nothing(visitor: Visitor, place: Place) -> None:
    check = visitor.check("tell", "They found my phone.")
    assert check.heading == "Not sent yet"
    assert check.title == "Check"
    assert check.box == "They found my phone."
    assert place.count("cases") == place.count("messages") == 0


def test_an_empty_text_is_asked_for_again(visitor: Visitor, place: Place) -> None:
    for text in ("", "  \n\t \u2003"):
        page = visitor.check("tell", text)
        assert page.title == "Error: Write"
        assert page.first(id="errors").has("a", href="#text-field")
        assert page.first(id="text-wrong").text in page.errors
        assert page.first(id="text-field").get("aria-invalid") == "true"
    assert place.count("cases") == 0


def test_a_text_too_long_is_kept_whole_and_shows_where_it_becomes_too_long(visitor: Visitor) -> None:
    text = "a" * 11_990 + "LAST-FIT. " + "FIRST-NOT " + "b" * 490
    page = visitor.check("tell", text)
    assert page.box == text
    assert "This is 500 letters too long." in page.errors
    before, after = page.main.text.split("These come after them:")
    assert before.rstrip().endswith("LAST-FIT.")
    assert after.strip().startswith("FIRST-NOT b")


def test_a_letter_is_a_code_point_after_nfc(visitor: Visitor) -> None:
    assert visitor.check("tell", "e\u0301" * 12_000).heading == "Not sent yet"
    assert visitor.check("tell", "\U0001f600" * 12_000).heading == "Not sent yet"


def test_a_draft_that_is_over_is_said_to_be_gone(visitor: Visitor, place: Place) -> None:
    visitor.check("tell", "They found my phone.")
    page = visitor.go("tell")
    place.clock.wait(minutes=16)
    gone = draft(visitor, page, "show")
    assert "What you were writing is no longer here." in gone.main.text
    assert "They found" not in gone.html


def test_what_was_sent_is_no_draft_any_more(visitor: Visitor) -> None:
    visitor.hand_in()
    assert "You were writing something." not in visitor.go("tell").html


def test_nobody_else_sees_what_is_being_written(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    visitor.check("tell", "They found my phone.")
    other = come()
    assert "You were writing something." not in other.go("tell").html


def draft(visitor: Visitor, page: Page, button: str) -> Page:
    return visitor.send(Form.of(page.first("aside").first("form")), draft=button)
