"""P10: text that has reached us, up to what the long page holds, is lost to nothing, and is gone after Leave.

Not to an ended visit, a restart, a failed check, a missing token, a lost cookie, a pause, an overload, a text too long,
or Back.
"""

import contextlib
from collections.abc import Iterator

import pytest

from onion_app.choices import LANGUAGE_CODES
from onion_app.errors import Overloaded
from scripts.rehearsal.pages import Form, Page
from scripts.rehearsal.people import Visitor
from tests.browser import browsing
from tests.house import House
from tests.marks import arabic_mark
from tests.served import Site, serving

# Everything that a browser, a form or a template could spoil: it must come back letter by letter.
AWKWARD = (
    "\n  <b>first</b> &amp; \"second\" 'third' \\n %20 + = ;\n\n\t"
    "اللغة العربية، ک ە ڕ \u200f\u200c \U0001f600\U0001f3f3\ufe0f\u200d\U0001f308\n</textarea> last \n"
)
LIMIT = 12_000  # letters


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


@pytest.fixture(params=LANGUAGE_CODES)
def visitor(site: Site, request: pytest.FixtureRequest) -> Visitor:
    return site.visitor(request.param)


def same(text: str) -> str:
    """Give a text as a browser sends it back: every end of a line as one."""
    return text.replace("\r\n", "\n")


def text_on(page: Page) -> str:
    """Read the text in the box of a page."""
    return same(page.form_with("text").value("text"))


def is_sent_with_its_code(site: Site, visitor: Visitor, page: Page, text: str) -> None:
    """Send what stands on a page, come back with the code that stood there, and read the same text."""
    sent = visitor.confirm(page)
    assert sent.code == page.code
    case = visitor.come_back(page.code)
    shown = [found.raw_text for found in case.main.having_class("text")]
    assert [same(found).strip() for found in shown] == [text.strip()]
    assert not site.errors


@pytest.mark.parametrize("kind", ["tell", "ask"])
def test_every_letter_comes_back(site: Site, visitor: Visitor, kind: str) -> None:
    check = visitor.check(kind, AWKWARD)
    assert text_on(check) == AWKWARD
    wrong = visitor.send(check.form_with("line"), line="0")
    assert text_on(wrong) == AWKWARD
    is_sent_with_its_code(site, visitor, check, AWKWARD)


def test_a_failed_check_keeps_text_choices_and_code(visitor: Visitor) -> None:
    check = visitor.check("tell", "words")
    page = check
    for line in ("", "12", "not digits", str((int(check.code[-4:]) + 1) % 10_000).zfill(4)):
        page = visitor.send(page.form_with("line"), line=line, publish="ask", count="1", quote="1", text="other words")
        assert text_on(page) == "other words"
        assert page.code == check.code
        assert [page.form_with("line").value(name) for name in ("publish", "count", "quote")] == ["ask", "1", "1"]
    contradiction = visitor.send(page.form_with("line"), line="", publish="ask", no_return="1")
    assert text_on(contradiction) == "other words"
    assert contradiction.code == check.code


def test_an_ended_visit_loses_nothing(site: Site, visitor: Visitor) -> None:
    check = visitor.check("tell", AWKWARD)
    site.ahead += 3 * 3_600
    is_sent_with_its_code(site, visitor, check, AWKWARD)


def test_a_browser_that_refuses_cookies_gets_the_words_back_and_is_told_why(visitor: Visitor) -> None:
    form = visitor.go("ask").form_with("text")
    for _ in range(3):
        visitor.cookies.clear()
        refused = visitor.send(form, text=AWKWARD, topic="health", danger="no", answer_in="ckb")
        assert visitor.language != "en" or refused.heading == "This browser refuses cookies."
        assert refused.has("textarea")
        assert text_on(refused) == AWKWARD
        form = refused.form_with("text")
    check = visitor.send(form)  # now it takes them
    assert text_on(check) == AWKWARD
    assert [check.form_with("line").value(name) for name in ("topic", "danger", "answer_in")] == ["health", "no", "ckb"]


def test_a_first_form_without_its_token_loses_nothing(visitor: Visitor) -> None:
    for fields in ([("text", AWKWARD)], [("text", AWKWARD), ("csrf_token", "wrong")]):
        expired = visitor.post(f"/{visitor.language}/tell", fields)
        assert text_on(expired) == AWKWARD
        check = visitor.send(expired.form_with("text"))
        assert len(check.code) == 28
        assert text_on(check) == AWKWARD


def test_a_restart_between_any_two_pages_loses_nothing(site: Site, visitor: Visitor) -> None:
    form = visitor.go("tell").form_with("text")
    site.restart()
    check = visitor.send(form, text=AWKWARD)
    assert text_on(check) == AWKWARD
    assert len(check.code) == 28
    site.restart()
    wrong = visitor.send(check.form_with("line"), line="0")
    assert text_on(wrong) == AWKWARD
    assert wrong.code == check.code
    site.restart()
    is_sent_with_its_code(site, visitor, wrong, AWKWARD)


def test_a_pause_keeps_the_text_and_the_code(site: Site, visitor: Visitor) -> None:
    form = visitor.go("tell").form_with("text")
    check = visitor.check("ask", AWKWARD)
    site.put(paused=True)
    first = visitor.send(form, text=AWKWARD)
    assert text_on(first) == AWKWARD
    paused = visitor.confirm(check)
    assert text_on(paused) == AWKWARD
    paused = visitor.send(paused.form_with("text"))
    assert text_on(paused) == AWKWARD
    site.put(paused=False)
    assert text_on(visitor.send(first.form_with("text"))) == AWKWARD
    again = visitor.send(paused.form_with("text"))
    is_sent_again(site, visitor, again, check, AWKWARD)


def is_sent_again(site: Site, visitor: Visitor, page: Page, check: Page, text: str) -> None:
    """See that what was refused before has arrived now, or stands there to be sent, under the same code."""
    assert page.code == check.code
    if any(form.element.has(name="line") for form in page.forms()):
        is_sent_with_its_code(site, visitor, page, text)
    case = visitor.come_back(check.code)
    assert any(same(found.raw_text).strip() == text.strip() for found in case.main.having_class("text"))


def drain(site: Site) -> None:
    """Use up what may be sent at once."""
    for bucket in (bucket for name, bucket in site.budgets.items() if name != "open"):
        with contextlib.suppress(Overloaded):
            while True:
                bucket.take(urgent=True)


def test_an_overload_keeps_the_text_and_the_code(site: Site, visitor: Visitor) -> None:
    check = visitor.check("tell", AWKWARD)
    form = visitor.go("ask").form_with("text")
    drain(site)
    first = visitor.send(form, text=AWKWARD, topic="law")
    assert text_on(first) == AWKWARD
    drain(site)
    refused = visitor.confirm(check, publish="yes")
    assert text_on(refused) == AWKWARD
    site.ahead += 600
    is_sent_again(site, visitor, visitor.send(refused.form_with("text")), check, AWKWARD)


@pytest.mark.parametrize("kind", ["tell", "ask"])
def test_a_text_too_long_comes_back_whole(visitor: Visitor, kind: str) -> None:
    text = "".join(f"{number} كلمة " for number in range(1_500))[: LIMIT + 800]
    assert len(text) > LIMIT
    page = visitor.check(kind, text)
    assert page.title.startswith("Error") or visitor.language != "en"
    assert page.has(id="errors")
    assert text_on(page) == text
    page = visitor.send(page.form_with("text"), text=text[:LIMIT])
    assert text_on(page) == text[:LIMIT]
    assert len(page.code) == 28
    page = visitor.send(page.form_with("line"), line=page.code[-4:], text=text)
    assert text_on(page) == text
    assert not page.has(id="arrived")


def test_the_longest_texts_that_fit_come_back_whole(visitor: Visitor) -> None:
    for text in ("ا" * 40_000, "a" * 100_000, "&" * 20_000):
        assert text_on(visitor.check("tell", text)) == text


def test_a_text_that_no_page_holds_is_refused_in_words(visitor: Visitor) -> None:
    refused = visitor.check("tell", "&" * 60_000)
    assert refused.status == 413


@pytest.mark.parametrize("text", [AWKWARD, "b" * (LIMIT + 1)], ids=["awkward", "too long"])
def test_going_back_finds_the_text_again(visitor: Visitor, text: str) -> None:
    visitor.check("tell", text)
    for path in ("tell", "ask", "tell"):
        page = visitor.go(path)
        shown = visitor.send(Form.of(page.first(id="draft").first("form")))
        assert text_on(shown) == text
    erased = visitor.send(Form.of(visitor.go("tell").first(id="draft").first("form")), 1)
    assert text not in erased.raw_text
    assert not visitor.go("tell").has(id="draft")


@pytest.mark.parametrize("ended_by", ["time", "restart"])
def test_an_answer_being_written_survives_the_end_of_the_visit(site: Site, visitor: Visitor, ended_by: str) -> None:
    code = visitor.hand_in("tell", "first words")
    case = visitor.come_back(code)
    if ended_by == "time":
        site.ahead += 2 * 3_600
    else:
        site.restart()
    expired = visitor.write_back(case, AWKWARD)
    assert "first words" not in expired.raw_text
    assert text_on(expired) == AWKWARD
    mistyped = visitor.send(expired.form_with("code"), code=code[:-1])
    assert text_on(mistyped) == AWKWARD
    visitor.send(mistyped.form_with("code"), code=code)
    case = visitor.come_back(code)
    assert sum(same(found.raw_text).strip() == AWKWARD.strip() for found in case.main.having_class("text")) == 1


def test_an_answer_too_long_comes_back_whole(visitor: Visitor) -> None:
    case = visitor.come_back(visitor.hand_in("tell", "first words"))
    text = "ب" * (LIMIT + 1)
    assert text_on(visitor.write_back(case, text)) == text


@pytest.mark.parametrize("act", ["consents", "new_code", "erase"])
def test_no_act_on_a_case_costs_what_is_being_written_there(visitor: Visitor, act: str) -> None:
    case = visitor.come_back(visitor.hand_in("tell", "first words"))
    page = visitor.send(case.form_doing(act), text=AWKWARD, publish="ask")
    if act != "consents":
        page = visitor.send(page.form_with("do"), 1)
    assert text_on(page) == AWKWARD
    assert page.form_with("text").value("publish") == "ask"


def test_sending_twice_stores_it_once(site: Site, visitor: Visitor) -> None:
    check = visitor.check("tell", "words sent twice")
    for _ in range(3):
        assert visitor.confirm(check).code == check.code
    case = visitor.come_back(check.code)
    for _ in range(3):
        visitor.send(case.form_with("text"), text="more words sent twice")
    case = visitor.come_back(check.code)
    shown = [found.raw_text for found in case.main.having_class("text")]
    assert sorted(shown) == ["more words sent twice", "words sent twice"]
    assert not site.errors


def test_after_leave_nothing_of_it_is_left(site: Site, visitor: Visitor) -> None:
    mark = arabic_mark()
    code = visitor.hand_in("tell", f"{mark} sent")
    case = visitor.come_back(code)
    visitor.send(case.form_doing("new_code"))
    visitor.check("tell", mark)
    before = dict(visitor.cookies)
    assert before
    left = visitor.leave()
    assert '"cookies"' in left.answer.header("clear-site-data")
    assert visitor.cookies == {}
    assert mark not in left.raw_text
    visitor.cookies = before  # as if somebody had kept a copy of the cookie
    for path in ("tell", "ask", "return", "case"):
        page = visitor.go(path)
        assert mark not in page.raw_text
        assert not page.has(id="draft")
    assert site.clock()


@pytest.mark.usefixtures("coordinator")
def test_back_in_firefox_finds_the_text_and_leave_ends_it(house: House) -> None:
    mark = arabic_mark()
    house.reached_by_tor()
    with browsing(house.socks_port) as phone:
        phone.go(f"http://{house.onion}/ar/tell")
        phone.type_into("text", mark)
        phone.press_main()
        phone.reload()
        assert phone.value_of("text") == mark
        phone.back()
        phone.press_in("#draft button[value=show]")
        assert phone.value_of("text") == mark
        phone.press_in("header button")
        phone.back()
        assert mark not in phone.source
        assert not phone.shows("#draft")
        phone.go(f"http://{house.onion}/ar/tell")
        assert not phone.shows("#draft")
