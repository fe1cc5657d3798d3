"""Return: open with a code, typed in any way; and one text for every reason why nothing is there."""

from collections.abc import Callable

import pytest

from scripts.rehearsal.people import Visitor


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
    assert "This is not a whole code" in page.errors
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


def test_a_lost_cookie_keeps_the_code_that_was_typed(visitor: Visitor) -> None:
    code = visitor.hand_in()
    page = visitor.go("return")
    visitor.cookies.clear()
    again = visitor.send(page, code=code)
    assert again.status == 400
    assert again.form().value("code") == code
    assert visitor.send(again).heading == "Your messages"
