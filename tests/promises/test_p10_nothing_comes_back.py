"""P10: after Leave and after Erase whatever a browser has kept brings neither words nor a code back.

A browser keeps what it has sent: Back, Reload, Resend and a reopened tab send it once more. Here every POST of a whole
journey is sent again, byte for byte, with no cookie, with that of a new visit and with the old one; in Firefox the same
is tried in tests/journeys. Honest people, whose visit ran out or whose site was started anew, get their words.
"""

from collections.abc import Callable, Iterator

import pytest

from onion_app.site.seat import MOST_LEFT
from onion_app.vault import show
from scripts.rehearsal.pages import Form, Page
from tests.marks import latin_mark
from tests.resent import HOUR, Journey, leaves_of_strangers, new_visit
from tests.served import Site, serving


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    with serving() as site:
        yield site


@pytest.fixture
def site(running: Site) -> Iterator[Site]:
    """Give the site, and put back what a test has changed."""
    yield running
    running.put(paused=False)
    running.restart()


@pytest.fixture
def journey(site: Site) -> Journey:
    journey = Journey(site)
    journey.sends()
    journey.comes_back()
    return journey


Meanwhile = Callable[[Site], None]
MEANWHILE: dict[str, Meanwhile] = {
    "at once": lambda _site: None,
    "a restart": lambda site: site.restart(),
    "5,000 strangers leave": leaves_of_strangers,
    "two days": lambda site: setattr(site, "ahead", site.ahead + 48 * HOUR),
}


@pytest.mark.parametrize("meanwhile", MEANWHILE.values(), ids=MEANWHILE)
@pytest.mark.parametrize("erased", [False, True], ids=["left", "erased and left"])
def test_after_leave_nothing_that_was_sent_brings_words_or_a_code_back(
    site: Site, journey: Journey, meanwhile: Meanwhile, *, erased: bool
) -> None:
    asked = journey.asks_to_erase()
    if erased:
        assert journey.visitor.send(asked).heading == "Erased."
    old = dict(journey.visitor.cookies)
    assert journey.visitor.leave().heading == "Done."
    meanwhile(site)
    cases = site.count("cases"), site.count("messages")
    for cookies in ({}, new_visit(site)):
        for (path, body), page in journey.sent_again(cookies):
            assert not journey.is_on(page), (path, body[-200:])
            assert not page.has("textarea")
            # Only of the very first form nothing is known any more once the site was started anew.
            assert page.heading == "Done." or (path, body) == journey.sent[0]
    for _, page in journey.sent_again(old):  # somebody has kept a copy of the cookie, or an answer brought it back
        assert page.heading == "Done." or meanwhile is not MEANWHILE["at once"]
    assert (site.count("cases"), site.count("messages")) == cases


def test_the_first_form_is_done_with_while_it_is_known_that_its_seat_was_left(site: Site) -> None:
    first, later = (site.visitor() for _ in range(2))
    forms = [visitor.go("tell").form_with("text").filled(text=latin_mark()) for visitor in (first, later)]
    for visitor in (first, later):
        visitor.send(visitor.go("tell").form_with("text"), text="words")
    first.leave()
    leaves_of_strangers(site)
    assert first.post("/en/tell", forms[0]).heading == "Done."
    later.leave()
    page = later.post("/en/tell", forms[1])
    assert page.heading == "This browser refuses cookies."
    assert not page.has("textarea")
    assert len(site.seats) == MOST_LEFT


NOBODY_CAN_TELL = {name: meanwhile for name, meanwhile in MEANWHILE.items() if name != "at once"}


@pytest.mark.parametrize("meanwhile", NOBODY_CAN_TELL.values(), ids=NOBODY_CAN_TELL)
def test_a_first_form_without_a_cookie_gets_no_words_once_nobody_can_tell(site: Site, meanwhile: Meanwhile) -> None:
    visitor = site.visitor()
    form = visitor.go("tell").form_with("text")
    visitor.cookies.clear()
    meanwhile(site)
    page = visitor.send(form, text="words")
    assert (page.heading, page.has("textarea")) == ("This browser refuses cookies.", False)
    site.ahead += 26 * HOUR  # no stranger costs anybody their words for longer
    form = visitor.go("tell").form_with("text")
    visitor.cookies.clear()
    assert visitor.send(form, text="words").box == "words"


def test_after_erasing_nothing_that_was_sent_brings_words_or_a_code_back(site: Site, journey: Journey) -> None:
    assert journey.visitor.send(journey.asks_to_erase()).heading == "Erased."
    cookies, cases = dict(journey.visitor.cookies), site.count("cases")
    for again in range(2):
        for (path, body), page in journey.sent_again(cookies):
            assert not journey.is_on(page), (path, body[-200:], page.heading)
        site.restart()
        assert site.count("cases") == cases, again
    assert not journey.visitor.go("tell").has(id="draft")


def closes_the_door(site: Site, case_id: bytes) -> None:
    with site.mailbox.writing():
        with site.desk.writing():
            site.desk.run("INSERT INTO doors (case_id, state) VALUES (?, 'closed')", (case_id,))
        show.show_case(site.shown, site.desk, case_id)


@pytest.mark.parametrize("how", ["door", "new code"])
def test_a_form_of_a_case_that_is_closed_or_has_another_code_brings_nothing_back(site: Site, how: str) -> None:
    journey = Journey(site)
    journey.sends()
    opened = journey.visitor.come_back(journey.codes[0])
    site.ahead += HOUR
    if how == "door":
        closes_the_door(site, site.case_of(journey.codes[0]))
    else:
        site.visitor().new_code(journey.codes[0])
    assert journey.visitor.write_back(opened, journey.words).heading == "There is nothing under this code."
    for _, page in journey.sent_again(journey.visitor.cookies):
        assert not journey.is_on(page)
        assert not page.has("textarea")


def test_no_field_is_filled_with_a_code_after_a_visit_or_after_erasing_was_asked_for(site: Site) -> None:
    visitor = site.visitor()
    code = visitor.hand_in()
    typed = visitor.go("return").form_with("code")
    mistyped = code[:-1]
    assert visitor.send(typed, code=mistyped).form().value("code") == mistyped
    visitor.come_back(code)
    site.ahead += HOUR
    again = visitor.send(typed, code=mistyped)
    assert again.form().value("code") == ""
    assert not again.has(id="typed")
    other = site.visitor()
    typed = other.go("return").form_with("code")
    other.ask_to_erase(code)
    assert mistyped[:4] not in other.send(typed, code=mistyped).main.text
    assert other.send(other.go("return").form_with("code"), code=mistyped).form().value("code") == ""


def test_a_page_that_was_on_its_way_when_somebody_left_brings_no_seat_back(site: Site) -> None:
    journey = Journey(site)
    journey.sends()
    late = dict(journey.visitor.cookies)
    journey.visitor.leave()
    journey.visitor.cookies = late  # its answer came after that of Leave
    fresh = journey.visitor.go("tell")
    check = journey.visitor.send(fresh.form_with("text"), text="a new beginning")
    assert check.box == "a new beginning"
    for _, page in journey.sent_again(journey.visitor.cookies):
        assert not journey.is_on(page)


@pytest.mark.parametrize("how", ["cookies refused at first", "two first pages at once"])
def test_who_leaves_leaves_the_first_page_too_whose_cookie_never_came_back(site: Site, how: str) -> None:
    visitor, words = site.visitor(), latin_mark()
    first = visitor.go("tell").form_with("text").filled(text=words)
    visitor.cookies.clear()
    if how == "two first pages at once":
        visitor.go("ask")
    shown = visitor.post("/en/tell", first)
    assert shown.box == words
    assert visitor.send(shown.form_with("text")).box == words
    visitor.leave()
    for cookies in ({}, new_visit(site)):
        visitor.cookies = cookies
        page = visitor.post("/en/tell", first)
        assert (page.heading, words in page.html) == ("Done.", False)


def test_a_draft_of_what_was_erased_is_dropped(site: Site) -> None:
    visitor = site.visitor()
    check = visitor.check("tell", "words")
    visitor.confirm(check)
    visitor.send(check.form_with("line"), line="0")  # a draft again
    site.visitor().erase_without_opening(check.code)
    kept = Form.of(visitor.go("tell").first(id="draft").first("form"))
    assert visitor.send(kept).heading == "Erased."
    assert not visitor.go("tell").has(id="draft")


# --- two tabs ---


ACTS: dict[str, Callable[[Page], tuple[object, dict[str, str]]]] = {
    "write": lambda case: (case.form_with("text", "message"), {"text": "for the first"}),
    "consents": lambda case: (case.form_doing("consents"), {"publish": "yes"}),
    "new code": lambda case: (case.form_doing("new_code"), {}),
    "erase": lambda case: (case.form_doing("erase"), {}),
    "erase, at once": lambda case: (case.form_doing("erase"), {"sure": "1"}),
    "take back": lambda case: (case.form_doing("erase"), {"do": "take_back"}),
    "verdict": lambda case: (
        case.form_with("text", "message"),
        {"do": "verdict yes", "text": "for the first"},
    ),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_tab_of_one_case_does_nothing_to_the_other(site: Site, act: str) -> None:
    visitor = site.visitor()
    one, other = visitor.hand_in("tell", "the first"), visitor.hand_in("tell", "the second")
    case = visitor.come_back(one)
    assert "the second" in visitor.come_back(other).html
    before, messages = everything(site), site.count("messages")
    form, typed = ACTS[act](case)
    page = visitor.send(form, **typed)  # type: ignore[arg-type]
    assert everything(site) == before
    assert "Other messages are open now." in page.main.text
    assert typed.get("text", "") in page.html
    assert "the second" not in page.html
    if typed.get("text"):
        refused = visitor.send(page.form_with("code"), code=other)
        assert refused.box == "for the first"
        assert site.count("messages") == messages
        assert visitor.send(refused.form_with("code"), code=one).status in (200, 400)
        assert "for the first" not in visitor.come_back(other).html


def test_what_was_written_for_one_case_stands_in_no_other_box(site: Site) -> None:
    visitor = site.visitor()
    one, other = visitor.hand_in("tell", "the first"), visitor.hand_in("tell", "the second")
    case = visitor.come_back(one)
    visitor.write_back(case, "a" * 12_001)
    assert visitor.come_back(other).box == ""
    assert visitor.come_back(one).box == "a" * 12_001


def everything(site: Site) -> list[object]:
    return [site.mailbox.rows(f"SELECT * FROM {table}") for table in ("cases", "messages", "withdrawn")]


# --- honest people ---


def test_words_are_sent_to_the_case_that_they_were_written_for_after_another_was_opened(site: Site) -> None:
    visitor = site.visitor()
    one, other = visitor.hand_in("tell", "the first"), visitor.hand_in("tell", "the second")
    case = visitor.come_back(one)
    visitor.come_back(other)
    kept = visitor.write_back(case, "for the first")
    site.restart()
    assert visitor.send(kept.form_with("code"), code=one).has(id="arrived")
    assert "for the first" in visitor.come_back(one).html


def test_a_visit_that_is_over_and_a_restart_end_no_seat(site: Site) -> None:
    visitor = site.visitor()
    first = visitor.go("ask").form_with("text")
    site.ahead += 20 * HOUR
    check = visitor.send(first, text="words")
    site.restart()
    site.ahead += 100 * HOUR
    with site.crowded():
        kept = visitor.confirm(check)
        assert (kept.box, kept.code) == ("words", check.code)
    site.restart()
    sent = visitor.send(kept.form_with("text"))
    assert sent.has(id="arrived")
    assert sent.code == check.code


def test_what_is_sent_again_is_the_same_case_with_the_same_code(site: Site) -> None:
    visitor = site.visitor()
    form = visitor.go("tell").form_with("text")
    codes = {visitor.send(form, text="words").code for _ in range(3)}
    assert len(codes) == 1
    assert visitor.send(form, text="other words").code not in codes


def test_two_first_pages_at_once_lose_no_words(site: Site) -> None:
    one, two = (site.visitor() for _ in range(2))
    form = one.go("tell").form_with("text")
    two.go("ask")
    one.cookies = two.cookies  # both were asked for before a cookie came; the later one stays
    kept = one.send(form, text="words")
    assert kept.box == "words"
    assert one.send(kept.form_with("text")).box == "words"
