"""Words for a report, from a testimony to the report: refused once, chosen anew, given after their days, and erased.

Two volunteers sit before Firefox, and so does the author, with a small phone.
"""

import pytest

from onion_app.choices import QUOTE_DAYS
from onion_app.days import DAY
from scripts.rehearsal.people import Login
from tests import tables
from tests.browser import DESKTOP, Browser, browsing
from tests.journeys.steps import Desk, Photograph, log_in, open_case
from tests.proxy import CountingProxy
from tests.world import Enrolled

TOLD = "My uncle locked me in for a month. Nobody came to look for me."
REFUSED, GIVEN = "An uncle held somebody captive.", "A young person was held by relatives for some weeks."


def sits_down(browser: Browser, desk: Desk, who: Enrolled, language: str = "en") -> None:
    log_in(browser, desk.url, Login(who.handle, who.passphrase, who.totp), language, desk.site.clock)


def chooses(browser: Browser, case: str, words: str) -> None:
    """Open a case, take it unless it is taken, tick the first sentence of its author's and write words."""
    open_case(browser, case)
    if browser.shows("button[formaction$='/take']"):
        browser.press_in("button[formaction$='/take']")
    browser.press("Words for a report")
    browser.find("#sentences input").click()
    browser.type_into("text", words)
    browser.press_in("#choose button.main")
    assert browser.find("#standing").get_attribute("data-step") == "second", browser.text("main")


def agrees(browser: Browser, case: str, photograph: Photograph) -> None:
    open_case(browser, case)
    browser.go(f"{case}/quotation")
    photograph(browser, "second")
    browser.press_in("form[action$='/agree'] button.main")
    assert browser.find("#standing").get_attribute("data-step") == "asked"


def comes_back(phone: Browser, desk: Desk, code: str) -> None:
    """Come back with the code, and unfold what the circle may do."""
    phone.forget()
    phone.go(f"http://{desk.site.address}/ar/return")
    phone.type_into("code", code)
    phone.press_main()
    assert "القتباس" not in phone.text("main")
    next(each for each in phone.every("summary") if "ما تسمحون" in each.text).click()


@pytest.mark.parametrize("language", ["ar"])
def test_words_are_refused_chosen_anew_given_after_their_days_and_erased(
    desk: Desk, photograph: Photograph, language: str
) -> None:
    site, noor = desk.site, desk.site.member_of_first
    dana = site.enrol(site.first, "Dana")
    site.let_in(noor, site.first, "Dana")
    site.settle()
    code = site.visitor(language).hand_in("tell", TOLD, count="1", quote="1")
    case = f"{desk.url}/case/{site.case_of(code).hex()}"
    with (
        CountingProxy(site.state.site_socket) as proxy,
        browsing(proxy.port) as phone,
        browsing(size=DESKTOP, private=True) as first,
        browsing(size=DESKTOP, private=True) as second,
    ):
        sits_down(first, desk, noor)
        sits_down(second, desk, dana, "ar")
        chooses(first, case, REFUSED)
        agrees(second, case, photograph)
        comes_back(phone, desk, code)
        photograph(phone, "the-question")
        assert REFUSED in phone.text("#quote-question")
        phone.press_in("#quote-question button[value^='quote no']")
        assert phone.shows("#decided")
        chooses(first, case, GIVEN)
        agrees(second, case, photograph)
        first.go(f"{desk.url}/quotations")
        photograph(first, "waiting")
        assert not first.shows("[name^='give_']")
        site.ahead += QUOTE_DAYS * DAY
        sits_down(first, desk, noor)
        first.go(f"{desk.url}/quotations")
        first.find("[name^='give_']").click()
        photograph(first, "can-go")
        first.press_in("button.main")
        photograph(first, "to-be-copied")
        assert GIVEN in first.text(".given")
        comes_back(phone, desk, code)
        photograph(phone, "what-was-quoted")
        assert GIVEN in phone.text("#quoted")
        assert not phone.shows("#quote-question")
        phone.press_in("main button[value=erase]")
        phone.press_main()
        site.chores()
        first.go(f"{desk.url}/quotations")
        assert GIVEN not in first.text("main")
        assert first.shows("#months")
        photograph(first, "what-stays")
    left = tables.dump_all(site.state.path, site.keys)
    assert not any(words.encode() in tables.everything_in(left) for words in (TOLD, REFUSED, GIVEN))
    assert set(tables.belonging(left, bytes.fromhex(case[-32:]))) <= {"desk.doors", "shown.doors"}
