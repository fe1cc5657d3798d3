"""Check: the code before anything is stored, one line of it typed back, and nothing lost whatever goes wrong."""

from collections.abc import Callable

import pytest

from onion_app.crypto.codes import read_code
from tests.offered import LANGUAGES
from tests.site.conftest import ADDRESS, Place, Visitor, words


def test_the_code_is_whole_and_in_latin_digits_in_every_language(visitor: Visitor) -> None:
    for lang in LANGUAGES:
        visitor.lang = lang
        check = visitor.writes()
        assert read_code(check.code) == check.code
        assert len(check.code) == 28


def test_in_arabic_the_same_code_stands_beside_it_in_arabic_digits(visitor: Visitor) -> None:
    visitor.lang = "ar"
    check = visitor.writes()
    other = check.main.partition('<ol id="code">')[2].partition("</ol>")[2].partition("</ol>")[0]
    shown = "".join(words("<ol " + other).split())
    assert shown == check.code.translate({ord(str(n)): 0x660 + n for n in range(10)})


def test_the_address_stands_in_groups_of_four(visitor: Visitor) -> None:
    check = visitor.writes()
    shown = check.main.partition('id="address" dir="ltr">')[2].partition("</bdi>")[0]
    assert shown.replace(" ", "") == ADDRESS


@pytest.mark.parametrize("typed", ["", "0", "12345", "words", "line 7"])
def test_a_wrong_line_shows_everything_again_with_the_same_code(visitor: Visitor, place: Place, typed: str) -> None:
    check = visitor.writes("They found my phone.")
    page = visitor.fills(check, line=typed, publish="ask", count="1", text="They found my phones.")
    assert page.title == "Error: Check"
    assert page.code == check.code
    assert page.box == "They found my phones."
    _, fields = page.form()
    assert (fields["publish"], fields["count"], fields["line"]) == ("ask", "1", typed)
    assert "quote" not in fields
    assert place.count("cases") == 0


def test_the_line_may_be_typed_in_any_digits(come: Callable[[], Visitor]) -> None:
    for zero in (ord("0"), 0x660, 0x6F0):
        visitor = come()
        check = visitor.writes()
        typed = " ".join(chr(zero + int(digit)) for digit in check.code[-4:])
        assert visitor.fills(check, line=typed).heading == "It has arrived."


def test_another_line_of_the_code_is_not_enough(visitor: Visitor, place: Place) -> None:
    check = visitor.writes()
    assert "not line 7" in visitor.fills(check, line=check.code[:4]).errors
    assert place.count("cases") == 0


def test_final_text_and_no_return_contradict_each_other(visitor: Visitor, place: Place) -> None:
    check = visitor.writes()
    page = visitor.fills(check, publish="ask", no_return="1")
    assert "To show you the final text, we need you to come back." in page.errors
    assert page.main.count("we need you to come back") == 2
    _, fields = page.form()
    assert (fields["publish"], fields["no_return"]) == ("ask", "1")
    assert place.count("cases") == 0
    assert visitor.fills(page, publish="yes").heading == "It has arrived."


def test_a_text_emptied_or_grown_on_the_check_page_is_not_sent(visitor: Visitor, place: Place) -> None:
    check = visitor.writes()
    assert "Nothing is written" in visitor.sends(check, text="").errors
    long = visitor.sends(check, text="b" * 12_002)
    assert "2 letters too long" in long.errors
    assert (long.box, long.code) == ("b" * 12_002, check.code)
    assert place.count("cases") == 0


def test_the_text_can_still_be_changed(visitor: Visitor, place: Place) -> None:
    visitor.sends(visitor.writes("First."), text="Second.")
    assert place.texts() == ["Second."]


def test_a_restart_changes_nothing(visitor: Visitor, place: Place) -> None:
    check = visitor.writes("They found my phone.")
    visitor.client.application = place.start()
    page = visitor.fills(check, line="0")
    assert (page.code, page.box) == (check.code, "They found my phone.")
    visitor.client.application = place.start()
    assert visitor.sends(page).code == check.code
    assert place.texts() == ["They found my phone."]


def test_a_form_that_stood_open_for_days_is_still_a_form(visitor: Visitor, place: Place) -> None:
    check = visitor.writes()
    place.clock.wait(days=9)
    assert visitor.sends(check).heading == "It has arrived."


def test_a_changed_sealed_field_gives_a_new_code_and_says_so(visitor: Visitor, place: Place) -> None:
    check = visitor.writes("They found my phone.")
    page = visitor.fills(check, sealed="A" * 80, line=check.code[-4:])
    assert page.heading == "Not sent yet"
    assert page.box == "They found my phone."
    assert page.code not in ("", check.code)
    assert "The code below is a new one" in page.words
    assert place.count("cases") == 0


def test_a_sealed_field_of_another_page_is_none_of_the_check_page(visitor: Visitor, place: Place) -> None:
    code = visitor.tells()
    erase = visitor.fills(visitor.opens("return"), code=code, erase="1")
    _, fields = erase.form()
    page = visitor.fills(visitor.writes(), sealed=fields["sealed"])
    assert page.heading == "Not sent yet"
    assert place.count("cases") == 1


def test_two_people_never_get_the_same_code(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    assert visitor.writes().code != come().writes().code
    assert visitor.writes().code != visitor.writes().code


def test_the_code_is_in_no_address_and_no_cookie(visitor: Visitor) -> None:
    check = visitor.writes()
    sent = visitor.sends(check)
    cookie = visitor.client.get_cookie("visit", domain=ADDRESS)
    assert cookie is not None
    for line in (check.code[start : start + 4] for start in range(0, 28, 4)):
        assert f"/{line}" not in sent.html
        assert f"={line}" not in sent.html
    assert check.code not in cookie.value
    assert "Location" not in sent.response.headers


def test_markup_in_a_text_stays_text(visitor: Visitor) -> None:
    text = "</textarea><script>alert(1)</script> & {{ 7*7 }} %(name)s"
    check = visitor.writes(text)
    assert check.box == text
    assert "<script>" not in check.html
    assert "49" not in check.box
