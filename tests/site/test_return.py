"""Return: open with a code, typed in any way; and one text for every reason why nothing is there."""

from collections.abc import Callable

import pytest

from tests.site.conftest import ADDRESS, Place, Visitor, words


def test_a_code_opens_its_case(visitor: Visitor) -> None:
    code = visitor.tells("They found my phone.")
    answer = visitor.fills(visitor.opens("return"), code=code)
    assert answer.status == 303
    assert answer.response.headers["Location"] == "/en/case"
    assert "They found my phone." in visitor.opens("case").words


def test_any_digits_and_anything_between_them_will_do(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    code = visitor.tells()
    eastern = code.translate({ord(str(n)): 0x660 + n for n in range(10)})
    persian = code.translate({ord(str(n)): 0x6F0 + n for n in range(10)})
    spread = "\n".join(f"- {code[start : start + 4]}" for start in range(0, 28, 4))
    for typed in (eastern, persian, spread, f"  {code}  ", ".".join(code)):
        assert come().returns(typed).heading == "Your messages"


def test_a_mistyped_code_shows_what_was_typed_in_lines(visitor: Visitor) -> None:
    code = visitor.tells()
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    page = visitor.fills(visitor.opens("return"), code=wrong)
    assert page.title == "Error: Come back"
    assert page.heading == "Come back with my code"
    assert "One digit may be wrong. This is what you typed:" in page.words
    shown = words(page.main.partition('<ol id="typed">')[2].partition("</ol>")[0]).split()
    assert shown == [wrong[start : start + 4] for start in range(0, 28, 4)]
    _, fields = page.form()
    assert fields["code"] == wrong
    assert page.code == ""


@pytest.mark.parametrize("typed", ["", "1234", "hello", "<script>", "9" * 400, "9" * 28, "٣" * 28, "\x00"])
def test_what_is_no_code_opens_nothing(visitor: Visitor, typed: str) -> None:
    visitor.tells()
    page = visitor.fills(visitor.opens("return"), code=typed)
    assert page.status == 200
    assert "This is not a whole code" in page.errors
    assert "<script>" not in page.html


def test_nothing_under_a_code_is_one_text_for_every_reason(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    never_sent = visitor.writes().code
    erased = visitor.tells()
    visitor.fills(visitor.fills(visitor.opens("return"), code=erased, erase="1"))
    replaced = visitor.tells()
    new = visitor.fills(visitor.returns(replaced), 'value="new_code"')
    visitor.fills(new, line=new.code[-4:])
    pages = [come().returns(code) for code in (never_sent, erased, replaced)]
    assert {page.heading for page in pages} == {"There is nothing under this code."}
    assert len({page.main for page in pages}) == 1
    assert "We cannot see which." in pages[0].words


def test_the_code_is_in_no_cookie_and_no_address(visitor: Visitor, place: Place) -> None:
    code = visitor.tells()
    page = visitor.returns(code)
    cookie = visitor.client.get_cookie("visit", domain=ADDRESS)
    assert cookie is not None
    assert code not in cookie.value
    assert code not in page.html
    visit = place.apps[0].extensions["site"].visits
    with visitor.client.session_transaction() as session:
        assert code not in str(dict(session))
        assert code not in str(visit.load(session["visit"]))


def test_the_case_page_without_a_visit_asks_for_the_code(visitor: Visitor) -> None:
    page = visitor.opens("case")
    assert page.heading == "Come back with my code"
    assert "For your safety your messages were closed." in page.words
    _, fields = page.form()
    assert fields["code"] == ""


def test_opening_another_case_closes_the_first(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    first, second = come().tells("The first."), come().tells("The second.")
    visitor.returns(first)
    page = visitor.returns(second)
    assert "The second." in page.words
    assert "The first." not in page.words


def test_a_copy_of_an_older_cookie_does_not_open_the_case(visitor: Visitor) -> None:
    code = visitor.tells()
    visitor.opens("return")
    visitor.writes("Something more.")
    cookie = visitor.client.get_cookie("visit", domain=ADDRESS)
    assert cookie is not None
    visitor.returns(code)
    visitor.client.set_cookie("visit", cookie.value, domain=ADDRESS)
    assert visitor.opens("case").heading == "Come back with my code"


def test_a_lost_cookie_keeps_the_code_that_was_typed(visitor: Visitor) -> None:
    code = visitor.tells()
    page = visitor.opens("return")
    visitor.loses_the_cookie()
    again = visitor.fills(page, code=code)
    assert again.status == 400
    _, fields = again.form()
    assert fields["code"] == code
    assert visitor.fills(again).status == 303
