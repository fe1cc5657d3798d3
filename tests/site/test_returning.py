"""Return: open or erase with a code, typed in any way; one text for every reason why nothing is there."""

from collections.abc import Callable

import pytest

from onion_app.vault.shown.reading import name_of
from scripts.rehearsal.people import Visitor
from tests.site.conftest import Place


def test_a_mistyped_code_shows_what_was_typed_in_lines(visitor: Visitor) -> None:
    code = visitor.hand_in()
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    page = visitor.send(visitor.go("return"), code=wrong)
    assert page.title == "Error: Come back"
    assert page.heading == "Come back with my code"
    assert [line.text for line in page.first(id="typed").every("li")] == [
        wrong[start : start + 4] for start in range(0, 28, 4)
    ]
    assert page.form().value("code") == wrong
    assert page.code == ""


@pytest.mark.parametrize("typed", ["", "1234", "hello", "<script>", "9" * 400, "9" * 28, "٣" * 28, "\x00"])
def test_what_is_no_code_opens_nothing(visitor: Visitor, typed: str) -> None:
    visitor.hand_in()
    page = visitor.send(visitor.go("return"), code=typed)
    assert page.status == 200
    count = sum(letter.isdecimal() for letter in typed)
    said = {0: "This is not a whole code", 28: "One digit may be wrong."}
    assert said.get(count, f"These are {count} digits; there are 28.") in page.errors
    assert ("missing or too many" in page.main.text) == (count == 0), "28 digits are neither"
    assert "<script>" not in page.html


def test_nothing_under_a_code_is_one_text_for_every_reason(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    never_sent = visitor.check().code
    visitor.erase_without_opening(erased := visitor.hand_in())
    visitor.new_code(replaced := visitor.hand_in())
    pages = [come().come_back(code) for code in (never_sent, erased, replaced)]
    assert {page.heading for page in pages} == {"There is nothing under this code."}
    assert len({page.main_html for page in pages}) == 1


def test_the_case_page_without_a_visit_asks_for_the_code(visitor: Visitor) -> None:
    page = visitor.go("case")
    assert page.heading == "Come back with my code"
    assert page.form().value("code") == ""


def test_opening_another_case_closes_the_first(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    first, second = come().hand_in("tell", "The first."), come().hand_in("tell", "The second.")
    visitor.come_back(first)
    page = visitor.come_back(second)
    assert "The second." in page.main.text
    assert "The first." not in page.main.text


def test_a_copy_of_an_older_cookie_does_not_open_the_case(visitor: Visitor) -> None:
    code = visitor.hand_in()
    visitor.go("return")
    visitor.check("tell", "Something more.")
    cookie = visitor.cookies.get("visit")
    assert cookie is not None
    visitor.come_back(code)
    visitor.cookies["visit"] = cookie
    assert visitor.go("case").heading == "Come back with my code"


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
    assert "These are 27 digits; there are 28." in page.errors
    assert place.count("cases") == 1


@pytest.mark.parametrize("sealed", ["", "A" * 200, "not base64 !"])
def test_a_made_up_confirmation_erases_nothing(visitor: Visitor, place: Place, sealed: str) -> None:
    page = visitor.ask_to_erase(visitor.hand_in())
    assert visitor.send(page, sealed=sealed).heading == "Come back with my code"
    assert place.count("cases") == 1


def test_a_confirmation_without_its_cookie_erases_nothing(visitor: Visitor, place: Place) -> None:
    page = visitor.ask_to_erase(visitor.hand_in())
    visitor.cookies.clear()
    assert visitor.send(page).heading == "Done."
    assert place.count("cases") == 1


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
    page = visitor.go(f"ask?topic=story&story={name_of(story_id)}")
    check = visitor.send(page, text="Take it down.")
    visitor.confirm(check)
    visitor.send(visitor.ask_to_erase(check.code))
    assert place.count("cases") == 0
    assert len(place.shown.rows("SELECT id FROM texts")) == 1
    assert "Changed words." in visitor.go(f"stories/{name_of(story_id)}").main.text
