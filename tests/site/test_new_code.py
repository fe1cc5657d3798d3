"""A new code: it works when one line of it was typed, and from then on the old one opens nothing."""

from collections.abc import Callable

import pytest

from onion_app.site import author_actions
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


def test_somebody_else_inside_with_the_old_code_is_out_at_once(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    old = visitor.hand_in()
    other = come()
    intruder = other.come_back(old)
    page = visitor.send(visitor.come_back(old).form_doing("new_code"))
    visitor.send(page, line=page.code[-4:])
    assert "There is nothing under this code." in other.send(intruder, text="Gotcha").errors
    sure = other.send(intruder.form_doing("erase"))
    assert other.send(sure).heading == "There is nothing under this code."
    assert other.go("case").heading == "Come back with my code"
    assert come().come_back(page.code).heading == "Your messages"


def test_every_epoch_opens_with_the_new_code(visitor: Visitor, place: Place, come: Callable[[], Visitor]) -> None:
    case = visitor.come_back(code := visitor.hand_in("tell", "Before."))
    place.gives_the_circle_a_new_key()
    visitor.send(case, text="After.")
    words = come().come_back(visitor.new_code(code)).main.text
    assert "Before." in words
    assert "After." in words


def test_the_form_of_one_case_gives_no_new_code_to_another(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    first, second = come().hand_in("tell", "The first."), come().hand_in("tell", "The second.")
    page = visitor.send(visitor.come_back(first).form_doing("new_code"))
    visitor.come_back(second)
    other = visitor.send(page, line=page.code[-4:])
    assert other.heading == "Your new code"
    assert other.code != page.code
    assert come().come_back(second).heading == "Your messages"


def test_typing_the_line_twice_does_no_harm(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    page = visitor.send(visitor.come_back(visitor.hand_in()).form_doing("new_code"))
    for _ in range(2):
        assert visitor.send(page, line=page.code[-4:]).heading == "Your messages"
    assert come().come_back(page.code).heading == "Your messages"


def test_a_case_gets_no_new_codes_without_end(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(author_actions, "MOST_EPOCHS", 2)
    case, code = visitor.come_back(first := visitor.hand_in()), first
    for status in (200, 503):
        page = visitor.send(case.form_doing("new_code"))
        done = visitor.send(page, line=page.code[-4:])
        assert done.status == status
        code = page.code if status == 200 else code
        case = visitor.come_back(code)
        assert case.heading == "Your messages"
    assert code != first
