"""A new code: it works when one line of it was typed, and from then on the old one opens nothing."""

from collections.abc import Callable

import pytest

from onion_app.site import author_actions
from tests.site.conftest import Place, Visitor


def test_the_new_code_opens_the_case_and_the_old_one_nothing(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    old = visitor.tells("They found my phone.")
    page = visitor.fills(visitor.returns(old), 'value="new_code"')
    new = page.code
    assert page.heading == "Your new code"
    done = visitor.fills(page, line=new[-4:])
    assert "The old one opens nothing." in done.words
    assert come().returns(old).heading == "There is nothing under this code."
    assert "They found my phone." in come().returns(new).words


def test_until_a_line_was_typed_the_old_code_works(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    old = visitor.tells()
    page = visitor.fills(visitor.returns(old), 'value="new_code"')
    wrong = visitor.fills(page, line="12")
    assert wrong.code == page.code
    assert wrong.title == "Error: Messages"
    assert come().returns(old).heading == "Your messages"
    assert come().returns(page.code).heading == "There is nothing under this code."
    visitor.fills(wrong, line=page.code[-4:])
    assert come().returns(page.code).heading == "Your messages"


def test_the_visit_goes_on_under_the_new_code(visitor: Visitor, place: Place) -> None:
    page = visitor.fills(visitor.returns(visitor.tells("First.")), 'value="new_code"')
    case = visitor.fills(page, line=page.code[-4:])
    visitor.fills(case, text="Second.")
    assert place.texts() == ["First.", "Second."]


def test_somebody_else_inside_with_the_old_code_is_out_at_once(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    old = visitor.tells()
    other = come()
    intruder = other.returns(old)
    page = visitor.fills(visitor.returns(old), 'value="new_code"')
    visitor.fills(page, line=page.code[-4:])
    assert "There is nothing under this code." in other.fills(intruder, text="Gotcha").errors
    sure = other.fills(intruder, 'value="erase"')
    assert other.fills(sure).heading == "There is nothing under this code."
    assert other.opens("case").heading == "Come back with my code"
    assert come().returns(page.code).heading == "Your messages"


def test_every_epoch_opens_with_the_new_code(visitor: Visitor, place: Place, come: Callable[[], Visitor]) -> None:
    case = visitor.returns(visitor.tells("Before."))
    place.gives_the_circle_a_new_key()
    case = visitor.fills(case, text="After.")
    page = visitor.fills(case, 'value="new_code"')
    visitor.fills(page, line=page.code[-4:])
    words = come().returns(page.code).words
    assert "Before." in words
    assert "After." in words


def test_the_form_of_one_case_gives_no_new_code_to_another(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    first, second = come().tells("The first."), come().tells("The second.")
    page = visitor.fills(visitor.returns(first), 'value="new_code"')
    visitor.returns(second)
    other = visitor.fills(page, line=page.code[-4:])
    assert other.heading == "Your new code"
    assert other.code != page.code
    assert come().returns(second).heading == "Your messages"


def test_typing_the_line_twice_does_no_harm(visitor: Visitor, come: Callable[[], Visitor]) -> None:
    page = visitor.fills(visitor.returns(visitor.tells()), 'value="new_code"')
    for _ in range(2):
        assert visitor.fills(page, line=page.code[-4:]).heading == "Your messages"
    assert come().returns(page.code).heading == "Your messages"


def test_after_the_visit_the_form_asks_for_the_code(visitor: Visitor, place: Place) -> None:
    old = visitor.tells()
    page = visitor.fills(visitor.returns(old), 'value="new_code"')
    place.clock.wait(minutes=16)
    assert visitor.fills(page, line=page.code[-4:]).heading == "Come back with my code"
    assert visitor.returns(old).heading == "Your messages"


def test_a_case_gets_no_new_codes_without_end(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(author_actions, "MOST_EPOCHS", 2)
    case, code = visitor.returns(first := visitor.tells()), first
    for status in (200, 503):
        page = visitor.fills(case, 'value="new_code"')
        done = visitor.fills(page, line=page.code[-4:])
        assert done.status == status
        code = page.code if status == 200 else code
        case = visitor.returns(code)
        assert case.heading == "Your messages"
    assert code != first
