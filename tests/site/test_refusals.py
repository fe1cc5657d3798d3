"""Whatever stands in the way - expiry, overload, a pause, a fault - the words, the choices and the code come back."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from onion_app.crypto.codes import new_code
from onion_app.errors import Overloaded
from onion_app.vault.database import Database
from onion_app.web.app import Hardened
from scripts.rehearsal.people import Visitor
from scripts.rehearsal.wire import into
from tests.site.conftest import Place


def drain(app: Hardened, kind: str, *, urgent: bool = True) -> None:
    with suppress(Overloaded):
        while True:
            app.extensions["site"].budgets[kind].take(urgent=urgent)


def test_past_the_storage_quota_the_words_come_back_and_open_cases_go_on(
    visitor: Visitor, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = visitor.hand_in("tell", "A first text.")
    check = visitor.check("tell", "They found my phone.")
    monkeypatch.setattr(Database, "size", lambda _db: 1024**3)
    place.put(quota_gib=1)
    kept = visitor.confirm(check)
    assert (kept.status, kept.heading) == (503, "We cannot take this right now.")
    assert (kept.box, kept.code) == ("They found my phone.", check.code)
    assert visitor.go("tell").status == 503
    assert place.count("cases") == 1
    case = visitor.come_back(code)
    assert "It has arrived." in visitor.send(case.form_with("text"), text="More.").main.text
    place.put(quota_gib=2)
    assert visitor.send(kept, line=check.code[-4:]).heading == "It has arrived."


def test_opening_by_the_return_page_finds_the_words_too(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in("tell", "First.")
    case = visitor.come_back(code)
    place.clock.wait(minutes=20)
    visitor.send(case, text="Second.")
    assert visitor.come_back(code).box == "Second."


def test_consents_changed_after_the_visit_are_saved_with_the_code(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in(publish="yes")
    case = visitor.come_back(code)
    place.clock.wait(minutes=20)
    expired = visitor.send(case.form_doing("consents"), publish="no")
    visitor.send(expired, code=code)
    assert place.consents()[-1] == ("no", False, False)


@pytest.mark.parametrize("what", ["erase", "new_code"])
def test_after_the_visit_what_changes_the_case_asks_for_the_code(visitor: Visitor, place: Place, what: str) -> None:
    code = visitor.hand_in()
    page = visitor.send(visitor.come_back(code).form_doing(what))
    place.clock.wait(minutes=20)
    assert visitor.send(page, line=page.code[-4:]).heading == "Come back with my code"
    assert visitor.come_back(code).heading == "Your messages"


@pytest.mark.parametrize("alone", [False, True])
def test_who_says_after_sending_that_they_are_in_danger_says_it_with_the_second_press(
    visitor: Visitor, place: Place, app: Hardened, *, alone: bool
) -> None:
    check = visitor.check("tell", "Words.")
    sent = visitor.confirm(check, **({"no_return": "1"} if alone else {}))
    drain(app, "erase")
    kept = visitor.send(sent.form_with("urgent"))
    assert kept.status == 503
    assert kept.code == ("" if alone else check.code), "the code of what was sent without one opens nothing"
    place.clock.wait(minutes=10)
    assert visitor.send(kept.form_to("/en/tell")).has(id="urgent")
    assert place.mailbox.rows("SELECT urgent FROM cases") == [(2,)]


def test_no_code_is_promised_to_who_sends_without_one(visitor: Visitor, app: Hardened) -> None:
    check = visitor.check("tell", "Words.")
    drain(app, "send")
    kept = visitor.confirm(check, no_return="1")
    assert (kept.status, kept.box, kept.code) == (503, "Words.", "")


def test_a_fifth_is_kept_for_the_urgent(visitor: Visitor, app: Hardened) -> None:
    drain(app, "ask", urgent=False)
    assert visitor.check("ask", "Help.", danger="unknown").status == 503
    assert visitor.check("ask", "Help.", danger="yes").heading == "Not sent yet"
    drain(app, "tell", urgent=False)
    assert visitor.check("tell", "Help.", danger="yes").status == 503


def test_too_many_openings_keep_the_code_that_was_typed(visitor: Visitor, app: Hardened, place: Place) -> None:
    code = visitor.hand_in()
    drain(app, "open")
    page = visitor.send(visitor.go("return"), code=code)
    assert page.status == 503
    assert page.form().value("code") == code
    place.clock.wait(minutes=5)
    assert visitor.send(page).heading == "Your messages"


def test_writing_in_an_open_case_is_never_refused_for_overload(visitor: Visitor, app: Hardened, place: Place) -> None:
    case = visitor.come_back(visitor.hand_in("tell", "First."))
    for kind in ("tell", "ask", "send", "open"):
        drain(app, kind)
    visitor.send(case, text="Second.")
    assert place.texts() == ["First.", "Second."]


@pytest.mark.parametrize("kind", ["tell", "ask"])
def test_while_paused_nobody_begins_to_write_for_nothing(visitor: Visitor, place: Place, kind: str) -> None:
    place.put(paused=True)
    page = visitor.go(kind)
    assert (page.status, page.heading) == (503, "We cannot take this right now.")
    assert "<textarea" not in page.main_html
    assert page.form().action == f"/en/{kind}"


def test_while_paused_a_code_still_opens_and_its_author_may_write(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in("tell", "First.")
    place.put(paused=True)
    visitor.send(visitor.come_back(code), text="Second.")
    assert place.texts() == ["First.", "Second."]


def test_a_broken_mailbox_still_gives_the_words_back(visitor: Visitor, place: Place) -> None:
    form = visitor.go("tell")
    place.state.mailbox.rename(place.state.mailbox.with_name("away"))
    visitor.dial = into(place.start())
    page = visitor.send(form, text="They found my phone.")
    assert page.status == 503
    assert page.box == "They found my phone."
    assert visitor.go("").status == 200


def test_invented_codes_stop_neither_erasing_nor_whoever_has_a_case_open(
    visitor: Visitor, come: Callable[[], Visitor], app: Hardened
) -> None:
    code, other = visitor.hand_in("tell", "First."), visitor.hand_in("tell", "Second.")
    case = visitor.come_back(code)
    drain(app, "open")
    assert come().come_back(new_code()).status == 503
    assert come().erase_without_opening(other).heading == "Erased."
    renewed = visitor.send(case.form_doing("new_code"))
    assert visitor.confirm(renewed).has(id="changed")
    assert visitor.come_back(renewed.code).heading == "Your messages"
    assert visitor.confirm(visitor.check("ask", "Third.")).heading == "It has arrived."
    assert visitor.send(visitor.send(visitor.go("case").form_doing("erase"))).heading == "Erased."


def test_whoever_invents_codes_to_erase_stops_no_opening(visitor: Visitor, app: Hardened) -> None:
    code = visitor.hand_in("tell", "First.")
    drain(app, "erase")
    assert visitor.erase_without_opening(code).status == 503
    assert visitor.come_back(code).heading == "Your messages"


@pytest.mark.parametrize(("drained", "said"), [("send", 1), ("open", 0)])
def test_a_page_says_that_coming_back_works_while_it_does(
    visitor: Visitor, app: Hardened, drained: str, said: int
) -> None:
    check = visitor.check("tell", "They found my phone.")
    for kind in ("send", drained):
        drain(app, kind)
    kept = visitor.confirm(check)
    assert kept.status == 503
    assert kept.main.text.count("Coming back with your code works.") == said


@pytest.mark.parametrize("kind", ["tell", "ask"])
def test_a_case_that_is_open_has_tokens_of_its_own_to_write_anew(visitor: Visitor, app: Hardened, kind: str) -> None:
    visitor.come_back(visitor.hand_in("tell", "First."))
    for each in ("tell", "ask", "send"):
        drain(app, each)
    assert visitor.confirm(visitor.check(kind, "Second.")).heading == "It has arrived."
