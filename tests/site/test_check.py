"""Check: the code before anything is stored, one line of it typed back, and nothing lost whatever goes wrong."""

from collections.abc import Callable

from scripts.rehearsal.people import Visitor
from tests.site.conftest import Place


def test_in_arabic_the_same_code_stands_beside_it_in_arabic_digits(visitor: Visitor) -> None:
    visitor.language = "ar"
    check = visitor.check()
    assert check.main.every("ol")[1].lines == check.code.translate({ord(str(n)): 0x660 + n for n in range(10)})


def test_the_line_may_be_typed_in_any_digits(come: Callable[[], Visitor]) -> None:
    for zero in (ord("0"), 0x660, 0x6F0):
        visitor = come()
        check = visitor.check()
        typed = " ".join(chr(zero + int(digit)) for digit in check.code[-4:])
        assert visitor.send(check, line=typed).heading == "It has arrived."


def test_final_text_and_no_return_contradict_each_other(visitor: Visitor, place: Place) -> None:
    check = visitor.check()
    page = visitor.send(check, publish="ask", no_return="1")
    assert page.main_html.count("we need you to come back") == 2
    fields = page.form().values
    assert (fields["publish"], fields["no_return"]) == ("ask", "1")
    assert place.count("cases") == 0
    assert visitor.send(page, publish="yes").heading == "It has arrived."


def test_a_text_emptied_or_grown_on_the_check_page_is_not_sent(visitor: Visitor, place: Place) -> None:
    check = visitor.check()
    assert "Nothing is written" in visitor.confirm(check, text="").errors
    long = visitor.confirm(check, text="b" * 12_002)
    assert "2 letters too long" in long.errors
    assert (long.box, long.code) == ("b" * 12_002, check.code)
    assert place.count("cases") == 0


def test_a_sealed_field_made_up_or_of_another_page_gives_a_new_code(visitor: Visitor, place: Place) -> None:
    of_another = visitor.ask_to_erase(visitor.hand_in()).form().value("sealed")
    check = visitor.check("tell", "They found my phone.")
    for sealed in ("A" * 80, of_another):
        page = visitor.send(check, sealed=sealed, line=check.code[-4:])
        assert page.heading == "Not sent yet"
        assert page.box == "They found my phone."
        assert page.code not in ("", check.code)
    assert place.count("cases") == 1
