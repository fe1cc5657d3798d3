"""Whatever stands in the way - expiry, overload, a pause, a fault - the words, the choices and the code come back."""

from contextlib import suppress

import pytest

from onion_app.errors import Overloaded
from onion_app.vault.database import Database
from onion_app.web.app import Hardened
from tests.site.conftest import Page, Place, Visitor


def drain(app: Hardened, kind: str, *, urgent: bool = True) -> None:
    with suppress(Overloaded):
        while True:
            app.extensions["site"].budgets[kind].take(urgent=urgent)


def test_past_the_storage_quota_the_words_come_back_and_open_cases_go_on(
    visitor: Visitor, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = visitor.tells("A first text.")
    check = visitor.writes("They found my phone.")
    monkeypatch.setattr(Database, "size", lambda _db: 1024**3)
    place.sets("quota_gib", 1)
    kept = visitor.sends(check)
    assert (kept.status, kept.heading) == (503, "We cannot take this right now.")
    assert "We have stopped taking new messages for now." in kept.words
    is_whole(kept, "They found my phone.", check.code)
    assert visitor.opens("tell").status == 503
    assert place.count("cases") == 1
    case = visitor.returns(code)
    assert "It has arrived." in visitor.fills(case, 'name="text"', text="More.").words
    place.sets("quota_gib", 2)
    assert visitor.fills(kept, line=check.code[-4:]).heading == "It has arrived."


def is_whole(page: Page, text: str, code: str) -> None:
    _, fields = page.form('name="text"')
    assert fields["text"] == text
    assert page.code == code


def test_a_lost_cookie_before_the_check_page_loses_nothing(visitor: Visitor) -> None:
    page = visitor.opens("ask")
    visitor.loses_the_cookie()
    expired = visitor.fills(page, text="Help.", topic="law", danger="no", answer_in="ar")
    assert (expired.status, expired.heading) == (400, "This page was open too long.")
    assert expired.box == "Help."
    check = visitor.fills(expired)
    _, fields = check.form()
    assert check.heading == "Not sent yet"
    assert (fields["topic"], fields["danger"], fields["answer_in"]) == ("law", "no", "ar")


def test_a_lost_cookie_on_the_check_page_keeps_the_code_and_sends_nothing(visitor: Visitor, place: Place) -> None:
    check = visitor.writes("They found my phone.")
    visitor.loses_the_cookie()
    expired = visitor.sends(check, publish="ask", quote="1", text="They found it.")
    assert expired.heading == "This page was open too long."
    is_whole(expired, "They found it.", check.code)
    again = visitor.fills(expired)
    assert again.heading == "Not sent yet"
    assert not again.errors
    assert again.code == check.code
    _, fields = again.form()
    assert (fields["publish"], fields["quote"], fields["line"]) == ("ask", "1", "")
    assert place.count("cases") == 0
    assert visitor.sends(again).code == check.code
    assert place.texts() == ["They found it."]


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_form_without_its_token_is_not_believed(visitor: Visitor, place: Place, token: str) -> None:
    check = visitor.writes()
    page = visitor.sends(check, csrf_token=token)
    assert page.status == 400
    assert place.count("cases") == 0


def test_writing_back_after_the_visit_asks_for_the_code_and_sends(visitor: Visitor, place: Place) -> None:
    code = visitor.tells("First.")
    case = visitor.returns(code)
    place.clock.wait(minutes=20)
    expired = visitor.fills(case, text="Second.")
    assert expired.heading == "This page was open too long."
    assert "For your safety your messages were closed." in expired.words
    assert "First." not in expired.html
    assert expired.box == "Second."
    page = visitor.fills(expired, code=code)
    assert 'id="arrived"' in page.main
    assert place.texts() == ["First.", "Second."]
    assert visitor.opens("case").box == ""


def test_a_lost_cookie_on_the_case_page_is_the_same(visitor: Visitor, place: Place) -> None:
    code = visitor.tells("First.")
    case = visitor.returns(code)
    visitor.loses_the_cookie()
    expired = visitor.fills(case, text="Second.")
    assert expired.box == "Second."
    visitor.fills(expired, code=code)
    assert place.texts() == ["First.", "Second."]


def test_a_restart_on_the_case_page_is_the_same(visitor: Visitor, place: Place) -> None:
    code = visitor.tells("First.")
    case = visitor.returns(code)
    visitor.client.application = place.start()
    expired = visitor.fills(case, text="Second.")
    assert expired.box == "Second."
    visitor.fills(expired, code=code)
    assert place.texts() == ["First.", "Second."]


def test_a_mistyped_code_keeps_the_words_once_more(visitor: Visitor, place: Place) -> None:
    code = visitor.tells("First.")
    case = visitor.returns(code)
    place.clock.wait(minutes=20)
    expired = visitor.fills(case, text="Second.")
    for wrong, said in ((code[:-1], "This is not a whole code"), (visitor.writes().code, "nothing under this code")):
        expired = visitor.fills(expired, code=wrong)
        assert said in expired.errors
        assert expired.box == "Second."
        _, fields = expired.form()
        assert fields["code"] == wrong
    visitor.fills(expired, code=code)
    assert place.texts() == ["First.", "Second."]


def test_opening_by_the_return_page_finds_the_words_too(visitor: Visitor, place: Place) -> None:
    code = visitor.tells("First.")
    case = visitor.returns(code)
    place.clock.wait(minutes=20)
    visitor.fills(case, text="Second.")
    assert visitor.returns(code).box == "Second."


def test_consents_changed_after_the_visit_are_saved_with_the_code(visitor: Visitor, place: Place) -> None:
    code = visitor.tells(publish="yes")
    case = visitor.returns(code)
    place.clock.wait(minutes=20)
    expired = visitor.fills(case, 'value="consents"', publish="no")
    page = visitor.fills(expired, code=code)
    assert "It is saved." in page.words
    assert place.consents()[-1] == ("no", False, False)


def test_erasing_after_the_visit_asks_for_the_code(visitor: Visitor, place: Place) -> None:
    case = visitor.returns(visitor.tells())
    sure = visitor.fills(case, 'value="erase"')
    place.clock.wait(minutes=20)
    assert visitor.fills(sure).heading == "Come back with my code"
    assert place.count("cases") == 1


@pytest.mark.parametrize("kind", ["tell", "ask"])
def test_overload_before_the_check_page_keeps_the_words(
    visitor: Visitor, app: Hardened, place: Place, kind: str
) -> None:
    form = visitor.opens(kind)
    drain(app, kind)
    page = visitor.fills(form, text="Help.", topic="law")
    assert (page.status, page.heading) == (503, "We cannot take this right now.")
    assert "Too many people are writing." in page.words
    assert page.box == "Help."
    place.clock.wait(minutes=5)
    check = visitor.fills(page)
    assert (check.heading, check.box) == ("Not sent yet", "Help.")


def test_overload_at_sending_keeps_code_and_choices_and_trying_again_sends(
    visitor: Visitor, app: Hardened, place: Place
) -> None:
    check = visitor.writes("They found my phone.")
    drain(app, "send")
    page = visitor.sends(check, publish="yes", count="1")
    assert page.status == 503
    is_whole(page, "They found my phone.", check.code)
    assert place.count("cases") == 0
    place.clock.wait(minutes=5)
    assert visitor.fills(page).heading == "It has arrived."
    assert place.consents() == [("yes", True, False)]


def test_a_fifth_is_kept_for_the_urgent(visitor: Visitor, app: Hardened) -> None:
    drain(app, "ask", urgent=False)
    assert visitor.writes("Help.", "ask", danger="unknown").status == 503
    assert visitor.writes("Help.", "ask", danger="yes").heading == "Not sent yet"
    drain(app, "tell", urgent=False)
    assert visitor.writes("Help.", "tell", danger="yes").status == 503


def test_too_many_openings_keep_the_code_that_was_typed(visitor: Visitor, app: Hardened, place: Place) -> None:
    code = visitor.tells()
    drain(app, "open")
    page = visitor.fills(visitor.opens("return"), code=code)
    assert page.status == 503
    assert "Too many people are writing." in page.words
    _, fields = page.form()
    assert fields["code"] == code
    place.clock.wait(minutes=5)
    assert visitor.fills(page).status == 303


def test_writing_in_an_open_case_is_never_refused_for_overload(visitor: Visitor, app: Hardened, place: Place) -> None:
    case = visitor.returns(visitor.tells("First."))
    for kind in ("tell", "ask", "send", "open"):
        drain(app, kind)
    visitor.fills(case, text="Second.")
    assert place.texts() == ["First.", "Second."]


def test_a_pause_keeps_words_and_code_and_ends(visitor: Visitor, place: Place) -> None:
    form, check = visitor.opens("tell"), visitor.writes("They found my phone.")
    place.sets("paused", value=True)
    first = visitor.fills(form, text="Something else.")
    assert first.status == 503
    assert "We have stopped taking new messages for now. This is us, not you." in first.words
    assert first.box == "Something else."
    page = visitor.sends(check)
    is_whole(page, "They found my phone.", check.code)
    page = visitor.fills(page)
    is_whole(page, "They found my phone.", check.code)
    place.sets("paused", value=False)
    assert visitor.fills(page).code == check.code
    assert place.texts() == ["They found my phone."]


@pytest.mark.parametrize("kind", ["tell", "ask"])
def test_while_paused_nobody_begins_to_write_for_nothing(visitor: Visitor, place: Place, kind: str) -> None:
    place.sets("paused", value=True)
    page = visitor.opens(kind)
    assert (page.status, page.heading) == (503, "We cannot take this right now.")
    assert "<textarea" not in page.main
    assert "Coming back with your code works." in page.words
    assert page.form()[0] == f"/en/{kind}"


def test_without_a_catch_all_circle_the_writing_pages_are_paused(visitor: Visitor, place: Place) -> None:
    with place.db.writing():
        place.db.run("DELETE FROM circles")
    assert visitor.opens("tell").heading == "We cannot take this right now."


def test_while_paused_a_code_still_opens_and_its_author_may_write(visitor: Visitor, place: Place) -> None:
    code = visitor.tells("First.")
    place.sets("paused", value=True)
    visitor.fills(visitor.returns(code), text="Second.")
    assert place.texts() == ["First.", "Second."]


def test_a_broken_mailbox_still_gives_the_words_back(visitor: Visitor, place: Place) -> None:
    form = visitor.opens("tell")
    place.apps[0].extensions["site"].mailbox.close_all()
    place.folder.rename(place.folder.with_name("away"))
    visitor.client.application = place.start()
    page = visitor.fills(form, text="They found my phone.")
    assert page.status == 503
    assert "Something is broken here. This is us, not you." in page.words
    assert page.box == "They found my phone."
    assert visitor.opens("").status == 200


def test_no_page_of_refusal_counts_seconds_or_asks_riddles(visitor: Visitor, place: Place) -> None:
    place.sets("paused", value=True)
    page = visitor.opens("tell")
    assert "second" not in page.words
    assert "Retry-After" not in page.response.headers
