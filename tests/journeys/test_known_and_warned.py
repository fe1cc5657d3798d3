"""Whom a circle knows, from the notebook into an answer; and a warning, from the desk to every visitor and off again.

Two volunteers sit before Firefox, one of them in Arabic; a visitor looks with a small phone.
"""

from onion_app.choices import LANGUAGE_CODES, NOTICE_DAYS
from onion_app.days import DAY
from scripts.rehearsal.people import Login
from tests.browser import DESKTOP, Browser, browsing
from tests.journeys.steps import Desk, Photograph, log_in, open_case
from tests.proxy import CountingProxy
from tests.world import Enrolled

NAME, CONTACT = "Example legal aid", "0770 123 4567"
WARNING = {
    "ar": "من يكتب لكم في مكان آخر باسمنا ليس منا.",
    "ckb": "ئەوەی لە شوێنێکی تر بە ناوی ئێمەوە دەنووسێت، ئێمە نین.",
    "kmr": "ئەوێ ل جهەکێ دی ب ناڤێ مە دنڤیسیت، ئەم نینین.",
    "en": "Whoever writes to you elsewhere in our name is not us.",
}


def sits_down(browser: Browser, desk: Desk, who: Enrolled, language: str = "en") -> None:
    log_in(browser, desk.url, Login(who.handle, who.passphrase, who.totp), language, desk.site.clock)


def writes_down(browser: Browser, desk: Desk, photograph: Photograph) -> None:
    """Write down somebody who has published a contact, and somebody who has not: for them there is no field."""
    browser.go(f"{desk.url}/notebook")
    for answer, kind in (("#yes", "lawyer"), ("#no", "shelter")):
        browser.press_in("main button[value$='/referral']")
        photograph(browser, "have-they-published-it")
        browser.press_in(answer)
        assert browser.shows("[name=contact]") == (answer == "#yes")
        browser.choose("kind", kind)
        browser.choose("region", "iraq.baghdad")
        if answer == "#yes":
            browser.type_into("name", NAME)
            browser.type_into("contact", CONTACT)
        photograph(browser, f"written-down-{kind}")
        browser.press_in("#new button.main")
    assert {card.get_attribute("data-usable") for card in browser.every(".referral")} == {"0"}


def knows_them_too(browser: Browser, desk: Desk, photograph: Photograph) -> None:
    browser.go(f"{desk.url}/notebook")
    photograph(browser, "not-to-be-used-yet")
    for _ in range(2):
        browser.press_in(".referral[data-usable='0'] button[formaction$='/known']")
    assert {card.get_attribute("data-usable") for card in browser.every(".referral")} == {"1"}
    photograph(browser, "two-know-them")


def puts_into_the_answer(browser: Browser, desk: Desk, kind: str) -> str:
    """Put somebody into the empty box of an answer, and read what stands there."""
    open_case(browser, f"{desk.url}/case/{desk.case}")
    if browser.shows("form[action$='/take'], button[formaction$='/take']"):
        browser.press_in("form[action$='/take'] button:not([disabled]), button[formaction$='/take']")
    browser.type_into("text", "")
    browser.choose("known_for", kind)
    browser.choose("known_in", "iraq.baghdad")
    browser.choose("phrase_in", "en")
    browser.press_in("button[formaction$='/referral']")
    return browser.value_of("text")


def test_whom_a_circle_knows_comes_into_an_answer_once_two_know_them(desk: Desk, photograph: Photograph) -> None:
    site, noor = desk.site, desk.site.member_of_first
    dana = site.enrol(site.first, "Dana")
    site.let_in(noor, site.first, "Dana")
    site.settle()
    with browsing(size=DESKTOP, private=True) as first, browsing(size=DESKTOP, private=True) as second:
        sits_down(first, desk, noor)
        sits_down(second, desk, dana, "ar")
        writes_down(first, desk, photograph)
        assert CONTACT not in puts_into_the_answer(first, desk, "lawyer")
        knows_them_too(second, desk, photograph)
        typed = puts_into_the_answer(first, desk, "lawyer")
        assert CONTACT in typed
        assert NAME in typed
        photograph(first, "in-the-answer")
        asked_first = puts_into_the_answer(first, desk, "shelter")
        assert "We ask them first" in asked_first
        assert "Noor" not in asked_first
        first.go(f"{desk.url}/circles/{site.first.hex()}/audit")
        assert first.text("main").count("read the whole notebook") >= 3
        photograph(first, "who-has-read-it")


def test_a_warning_is_agreed_to_read_in_four_languages_taken_away_and_gone_by_itself(
    desk: Desk, photograph: Photograph
) -> None:
    site, noor = desk.site, desk.site.member_of_first
    dana = site.enrol(site.first, "Dana", coordinator=True)
    site.let_in(noor, site.first, "Dana")
    site.settle()
    with (
        CountingProxy(site.state.site_socket) as proxy,
        browsing(proxy.port) as phone,
        browsing(size=DESKTOP, private=True) as first,
        browsing(size=DESKTOP, private=True) as second,
    ):
        sits_down(first, desk, noor)
        sits_down(second, desk, dana, "ar")
        is_warned(first, second, desk, photograph)
        reads_it(phone, desk, photograph)
        first.go(f"{desk.url}/notice")
        first.press_in("button[formaction$='/off']")
        assert warned_in(phone, desk) == set()
        is_warned(first, second, desk, photograph)
        assert warned_in(phone, desk) == set(LANGUAGE_CODES)
        site.ahead += NOTICE_DAYS * DAY
        assert warned_in(phone, desk) == set(), "nobody and no chore has taken it away"


def is_warned(first: Browser, second: Browser, desk: Desk, photograph: Photograph) -> None:
    """Propose the warning in one window, and agree to it in the other."""
    first.go(f"{desk.url}/notice")
    for language, words in WARNING.items():
        first.type_into(f"notice_{language}", words)
    photograph(first, "proposed")
    first.press_in("#propose button:not([disabled])")
    assert first.shows("#waits")
    second.go(f"{desk.url}/proposals")
    for words in WARNING.values():
        assert words in second.text(".proposal")
    photograph(second, "what-is-agreed-to")
    second.press_in("form[action$='/agree'] button.main")
    assert second.shows("#done")


def reads_it(phone: Browser, desk: Desk, photograph: Photograph) -> None:
    for language, words in WARNING.items():
        for path in ("", "guides", "guides/now"):
            phone.go(f"http://{desk.site.address}/{language}/{path}")
            assert words in phone.text("#notice")
        phone.go(f"http://{desk.site.address}/{language}/")
        photograph(phone, f"home-{language}")


def warned_in(phone: Browser, desk: Desk) -> set[str]:
    """Name the languages in which the first page warns."""
    found = set[str]()
    for language in LANGUAGE_CODES:
        phone.go(f"http://{desk.site.address}/{language}/")
        found |= {language} if phone.shows("#notice") else set()
    return found
