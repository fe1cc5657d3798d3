"""Taking it back: everything goes, at once, with the story; from the case page or without opening anything."""

import pytest

from onion_app.vault.shown import reading
from tests.site.conftest import Page, Place, Visitor


def ask_to_erase(visitor: Visitor, code: str) -> Page:
    return visitor.fills(visitor.opens("return"), code=code, erase="1")


def test_erasing_without_opening_asks_first_and_shows_nothing_of_the_case(visitor: Visitor, place: Place) -> None:
    code = visitor.tells("They found my phone.")
    page = ask_to_erase(visitor, code)
    assert page.heading == "Erase everything?"
    assert "after 30 days at most" in page.words
    assert "They found" not in page.html
    assert code not in page.html
    assert place.count("cases") == 1


def test_erasing_without_opening_destroys_the_case(visitor: Visitor, place: Place) -> None:
    code = visitor.tells()
    page = visitor.fills(ask_to_erase(visitor, code))
    assert page.heading == "Erased."
    assert place.count("cases") == place.count("messages") == place.count("case_keys") == 0
    assert place.count("withdrawn") == 1
    assert visitor.returns(code).heading == "There is nothing under this code."


def test_erasing_where_nothing_is_says_the_one_text(visitor: Visitor) -> None:
    code = visitor.writes().code
    assert ask_to_erase(visitor, code).heading == "Erase everything?", "the question tells nobody what is there"
    assert visitor.fills(ask_to_erase(visitor, code)).heading == "There is nothing under this code."


def test_erasing_twice_says_the_one_text(visitor: Visitor) -> None:
    page = ask_to_erase(visitor, visitor.tells())
    assert visitor.fills(page).heading == "Erased."
    assert visitor.fills(page).heading == "There is nothing under this code."


def test_a_mistyped_code_erases_nothing(visitor: Visitor, place: Place) -> None:
    code = visitor.tells()
    page = ask_to_erase(visitor, code[:-1])
    assert "This is not a whole code" in page.errors
    assert place.count("cases") == 1


@pytest.mark.parametrize("sealed", ["", "A" * 200, "not base64 !"])
def test_a_made_up_confirmation_erases_nothing(visitor: Visitor, place: Place, sealed: str) -> None:
    page = ask_to_erase(visitor, visitor.tells())
    assert visitor.fills(page, sealed=sealed).heading == "Come back with my code"
    assert place.count("cases") == 1


def test_the_sealed_field_of_a_check_page_confirms_nothing(visitor: Visitor, place: Place) -> None:
    check = visitor.writes()
    visitor.sends(check)
    _, fields = check.form()
    page = ask_to_erase(visitor, check.code)
    assert visitor.fills(page, sealed=fields["sealed"]).heading == "Come back with my code"
    assert place.count("cases") == 1


def test_a_lost_cookie_asks_once_more(visitor: Visitor, place: Place) -> None:
    page = ask_to_erase(visitor, visitor.tells())
    visitor.loses_the_cookie()
    again = visitor.fills(page)
    assert again.heading == "Erase everything?"
    assert place.count("cases") == 1
    assert visitor.fills(again).heading == "Erased."


def test_erasing_from_the_case_page_asks_first(visitor: Visitor, place: Place) -> None:
    case = visitor.returns(visitor.tells())
    page = visitor.fills(case, 'value="erase"')
    assert page.heading == "Erase everything?"
    assert place.count("cases") == 1
    assert visitor.fills(page).heading == "Erased."
    assert place.count("cases") == 0
    assert visitor.opens("case").heading == "Come back with my code"


@pytest.mark.parametrize("opening_first", [True, False])
def test_the_published_story_goes_with_the_case(visitor: Visitor, place: Place, *, opening_first: bool) -> None:
    code = visitor.tells()
    place.points_to_a_story(b"s" * 16)
    place.publishes(b"s" * 16)
    before = reading.published_counter(place.db)
    sure = visitor.fills(visitor.returns(code), 'value="erase"') if opening_first else ask_to_erase(visitor, code)
    assert visitor.fills(sure).heading == "Erased."
    assert place.count("texts") == place.count("versions") == place.count("cases") == 0
    assert reading.published_counter(place.db) > before


def test_asking_about_a_story_gives_no_power_over_it(visitor: Visitor, place: Place) -> None:
    story_id = b"s" * 16
    page = visitor.opens(f"ask?topic=story&story={story_id.hex()}")
    check = visitor.fills(page, text="Take it down.")
    visitor.sends(check)
    place.publishes(story_id)
    visitor.fills(ask_to_erase(visitor, check.code))
    assert place.count("cases") == 0
    assert place.count("texts") == 1


def test_a_damaged_case_can_still_be_erased(visitor: Visitor, place: Place) -> None:
    code = visitor.tells()
    with place.db.writing():
        place.db.run("UPDATE messages SET sealed = x'0102'")
        place.db.run("UPDATE case_keys SET wrap = x'0102'")
    assert visitor.fills(ask_to_erase(visitor, code)).heading == "Erased."
    assert place.count("cases") == 0
