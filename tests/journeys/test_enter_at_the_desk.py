"""Enter at the desk, in Firefox, in every field of every page: it sends nothing; what is written there is still there.

Enter on a tick box presses the first button of its form: half an answer went to its author that way.
"""

from scripts.rehearsal.people import Login
from tests.browser import DESKTOP, Browser, browsing
from tests.journeys.steps import Desk, Photograph, log_in

ENTER = "\ue007"
FIELDS = "form[method=post] :is(input:not([type=hidden]), select)"


def presses_enter_everywhere(browser: Browser, desk: Desk, path: str) -> int:
    """Press Enter in each field that can be seen; nothing may have been sent by the time that the next page is here."""
    browser.go(desk.url + path)
    before = list(desk.sent)
    seen = [element for element in browser.every(FIELDS) if element.is_displayed() and element.is_enabled()]
    for element in seen:
        element.send_keys(ENTER)
    browser.go(f"{desk.url}/login" if path == "/login" else f"{desk.url}/")
    assert desk.sent == before, path
    return len(seen)


def test_enter_sends_nothing_at_the_desk(desk: Desk, photograph: Photograph) -> None:
    who = desk.site.member_of_first
    with browsing(size=DESKTOP, private=True) as browser:
        assert presses_enter_everywhere(browser, desk, "/login") == 3
        log_in(browser, desk.url, Login(who.handle, who.passphrase, who.totp))
        browser.go(f"{desk.url}/case/{desk.case}")
        if browser.shows("#cover"):
            browser.press_in("#cover button.main")
        browser.press_in("button[formaction$='/take']")
        fields = {
            path: presses_enter_everywhere(browser, desk, path)
            for path in ("/mine", f"/case/{desk.case}", "/guides", "/circles/new", "/settings", "/account")
        }
        assert min(fields.values()) > 0, fields
        before = list(desk.sent)
        browser.go(f"{desk.url}/mine")
        browser.find("textarea").send_keys("Half an ans")
        for element in browser.every(FIELDS):
            element.send_keys(ENTER)
        photograph(browser, "half-an-answer")
        assert browser.find("textarea").get_property("value") == "Half an ans"
        browser.go(f"{desk.url}/account")
        assert desk.sent == before
