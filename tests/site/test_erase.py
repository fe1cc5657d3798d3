"""Taking it back: everything goes, at once, with the story; from the case page or without opening anything."""

import pytest

from scripts.rehearsal.people import Visitor
from tests.site.conftest import Place


def test_erasing_without_opening_asks_first_and_shows_nothing_of_the_case(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in("tell", "They found my phone.")
    page = visitor.ask_to_erase(code)
    assert page.heading == "Erase everything?"
    assert "after 30 days at most" in page.main.text
    assert "They found" not in page.html
    assert code not in page.html
    assert place.count("cases") == 1


def test_erasing_where_nothing_is_says_the_one_text(visitor: Visitor) -> None:
    code = visitor.check().code
    assert visitor.ask_to_erase(code).heading == "Erase everything?", "the question tells nobody what is there"
    assert visitor.send(visitor.ask_to_erase(code)).heading == "There is nothing under this code."


def test_a_mistyped_code_erases_nothing(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in()
    page = visitor.ask_to_erase(code[:-1])
    assert "This is not a whole code" in page.errors
    assert place.count("cases") == 1


@pytest.mark.parametrize("sealed", ["", "A" * 200, "not base64 !"])
def test_a_made_up_confirmation_erases_nothing(visitor: Visitor, place: Place, sealed: str) -> None:
    page = visitor.ask_to_erase(visitor.hand_in())
    assert visitor.send(page, sealed=sealed).heading == "Come back with my code"
    assert place.count("cases") == 1


def test_a_lost_cookie_asks_once_more(visitor: Visitor, place: Place) -> None:
    page = visitor.ask_to_erase(visitor.hand_in())
    visitor.cookies.clear()
    again = visitor.send(page)
    assert again.heading == "Erase everything?"
    assert place.count("cases") == 1
    assert visitor.send(again).heading == "Erased."


def test_erasing_from_the_case_page_asks_first(visitor: Visitor, place: Place) -> None:
    case = visitor.come_back(visitor.hand_in())
    page = visitor.send(case.form_doing("erase"))
    assert page.heading == "Erase everything?"
    assert place.count("cases") == 1
    assert visitor.send(page).heading == "Erased."
    assert place.count("cases") == 0
    assert visitor.go("case").heading == "Come back with my code"


def test_asking_about_a_story_gives_no_power_over_it(visitor: Visitor, place: Place) -> None:
    story_id = place.show({"en": ("A title", "Changed words.")})
    page = visitor.go(f"ask?topic=story&story={story_id.hex()}")
    check = visitor.send(page, text="Take it down.")
    visitor.confirm(check)
    visitor.send(visitor.ask_to_erase(check.code))
    assert place.count("cases") == 0
    assert len(place.shown.rows("SELECT id FROM texts")) == 1
    assert "Changed words." in visitor.go(f"stories/{story_id.hex()}").main.text
