"""One code cannot fill the house: what waits in a case has an end, and what is refused comes back whole."""

import pytest

from onion_app.crypto.keys import new_key
from onion_app.crypto.payloads import Verdict
from onion_app.site import author_actions
from onion_app.vault.database import Database
from onion_app.vault.shown import routing
from scripts.rehearsal.pages import Page
from scripts.rehearsal.people import Visitor
from tests.site.conftest import Place

WAITING = "Many messages from you are waiting for our answer."


def is_refused(page: Page, why: str, text: str) -> None:
    assert (page.status, page.heading) == (503, "We cannot take this right now.")
    assert why in page.main.text
    assert page.box == text


def test_what_waits_in_a_case_has_an_end_until_its_circle_answers(
    visitor: Visitor, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(author_actions, "MOST_WAITING", 4)  # the first text and what is allowed are two
    code = visitor.hand_in("tell", "First.")
    case = visitor.come_back(code)
    last = visitor.send(case, text="Third.")
    visitor.send(last, text="Fourth.")
    refused = visitor.send(visitor.go("case"), text="Fifth.")
    is_refused(refused, WAITING, "Fifth.")
    assert 'id="arrived"' in visitor.send(last, text="Fourth.").main_html, "what is stored has arrived, sent twice too"
    place.replies("We read it.")
    assert 'id="arrived"' in visitor.send(refused).main_html
    assert place.texts() == ["First.", "Third.", "Fourth.", "We read it.", "Fifth."]


def test_what_was_allowed_can_be_taken_back_however_much_waits(
    visitor: Visitor, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(author_actions, "MOST_WAITING", 2)
    monkeypatch.setattr(author_actions, "MOST_DECIDED", 3)
    case = visitor.come_back(visitor.hand_in("tell", "First.", publish="ask"))
    case = visitor.send(case.form_doing("consents"), publish="yes", count="1")
    assert visitor.send(case.form_doing("consents"), publish="yes", count="1", quote="1").status == 503
    visitor.send(case.form_doing("consents"), publish="no")
    assert place.consents() == [("ask", False, False), ("yes", True, False), ("no", True, False)]


def test_a_yes_can_be_taken_back_however_much_waits(
    visitor: Visitor, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(author_actions, "MOST_DECIDED", 1)
    code = visitor.hand_in("tell", "First.", publish="ask")
    place.proposes("A title", "Words.")
    page = visitor.come_back(code)
    for decision in ("yes", "yes", "no"):
        visitor.send(page.form_doing(f"verdict {decision}"), message=new_key().hex())
    found = [each.decision for each in place.read_by(place.pair) if isinstance(each, Verdict)]
    assert found == ["yes", "no"]


@pytest.mark.parametrize("free", [routing.LEAST_ROOM - 1, routing.LEAST_ROOM_TO_ADD - 1])
def test_new_cases_end_first_then_more_texts_and_erasing_has_the_rest(
    visitor: Visitor, place: Place, monkeypatch: pytest.MonkeyPatch, free: int
) -> None:
    code, check = visitor.hand_in("tell", "First."), visitor.check("tell", "Something new.")
    monkeypatch.setattr(Database, "room", lambda _db: free)
    assert visitor.confirm(check).status == 503
    page = visitor.send(visitor.come_back(code), text="Second.")
    if free < routing.LEAST_ROOM_TO_ADD:
        is_refused(page, "We have stopped taking new messages for now.", "Second.")
        assert place.texts() == ["First."]
        place.replies("The circle may still answer.")
    else:
        assert place.texts() == ["First.", "Second."]
    visitor.send(visitor.send(visitor.come_back(code).form_doing("erase")))
    assert place.count("cases") == 0
