"""A new code: it works when one line of it was typed, and from then on the old one opens nothing."""

from collections.abc import Callable

from scripts.rehearsal.people import Visitor
from tests.site.conftest import Place


def test_until_a_line_was_typed_the_old_code_works(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    old = visitor.hand_in()
    page = visitor.send(visitor.come_back(old).form_doing("new_code"))
    wrong = visitor.send(page, line="12")
    assert wrong.code == page.code
    assert wrong.title == "Error: Messages"
    assert come().come_back(old).heading == "Your messages"
    assert come().come_back(page.code).heading == "There is nothing under this code."
    visitor.send(wrong, line=page.code[-4:])
    assert come().come_back(old).heading == "There is nothing under this code."
    assert come().come_back(page.code).heading == "Your messages"


def test_the_visit_goes_on_under_the_new_code(visitor: Visitor, place: Place) -> None:
    page = visitor.send(visitor.come_back(visitor.hand_in("tell", "First.")).form_doing("new_code"))
    case = visitor.send(page, line=page.code[-4:])
    visitor.send(case, text="Second.")
    assert place.texts() == ["First.", "Second."]


def test_the_form_of_one_case_gives_no_new_code_to_another(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    first, second = come().hand_in("tell", "The first."), come().hand_in("tell", "The second.")
    page = visitor.send(visitor.come_back(first).form_doing("new_code"))
    visitor.come_back(second)
    other = visitor.send(page, line=page.code[-4:])
    assert other.heading == "Your new code"
    assert other.code != page.code
    assert come().come_back(second).heading == "Your messages"


def test_the_seventeenth_code_is_refused_with_a_sentence_and_the_sixteenth_goes_on(
    visitor: Visitor, come: Callable[[], Visitor]
) -> None:
    code = visitor.hand_in("tell", "First.")
    for _ in range(14):
        code = visitor.new_code(code)
    pages = [visitor.send(visitor.go("case").form_doing("new_code")) for _ in range(2)]
    first, second = (visitor.send(page, line=page.code[-4:]) for page in pages)
    assert first.has(id="changed")
    assert second.has(id="no-more-codes")
    assert visitor.send(second.form_doing("new_code")).has(id="no-more-codes")
    assert "write to us anew" in visitor.page.main.text
    assert visitor.send(pages[0], line=pages[0].code[-4:]).has(id="changed"), "sent twice it is done"
    case = come().come_back(pages[0].code)
    assert "First." in case.main.text
    assert come().come_back(pages[1].code).heading == "There is nothing under this code."


def test_a_new_code_works_while_nobody_is_in_the_circle(
    visitor: Visitor, place: Place, come: Callable[[], Visitor]
) -> None:
    code = visitor.hand_in("tell", "First.")
    place.has_nobody()
    assert "First." in come().come_back(visitor.new_code(code)).main.text
