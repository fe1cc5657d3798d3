"""An answer with a number, then a promise of a day, at the desk in Firefox; its author reads the day."""

from scripts.rehearsal.people import Login
from tests.browser import DESKTOP, Browser, browsing
from tests.journeys.steps import Desk, Photograph, log_in


def write(browser: Browser, box: str, text: str) -> None:
    """Write into the box with this id in place of what stands there."""
    field = browser.find(f"#{box}")
    field.clear()
    field.send_keys(text)


def test_a_day_is_promised_and_kept(desk: Desk, photograph: Photograph) -> None:
    who, case = desk.site.member_of_first, f"{desk.url}/case/{desk.case}"
    code = desk.site.visitor("ar").hand_in("ask", "هل يمكنني التحدث مع أحد؟", danger="yes")
    urgent = f"{desk.url}/case/{desk.site.case_of(code).hex()}"
    with browsing(size=DESKTOP, private=True) as browser:
        log_in(browser, desk.url, Login(who.handle, who.passphrase, who.totp), "ar")
        for each in (case, urgent):
            browser.go(each)
            browser.press_in("#cover button.main")
            browser.press_in("button[formaction$='/take']")
        write(browser, "note", "Lives with his sister.")
        browser.press_in("button[formaction$='/note']")
        write(browser, "text", "Ring 0770 123 45 67.")
        browser.press_in("#send")
        photograph(browser, "asked")
        assert "0770" in browser.find("#text").get_property("value")
        assert browser.shows(".question")
        write(browser, "text", "")
        browser.choose("phrase", "received")
        browser.press_in("button[formaction$='/phrase']")
        photograph(browser, "phrase")
        browser.press_in("#send")
        photograph(browser, "promised")
        assert browser.shows("#promised")
        state = desk.site.visitor("ar").come_back(code).first(id="state").text
        assert "وعدنا أن نكتب من جديد" in state
        browser.go(f"{desk.url}/")
        photograph(browser, "first-page")
        assert browser.shows(".held")
        browser.go(f"{desk.url}/mine")
        write(browser, f"text_{desk.case}", "Meet me tomorrow. نلتقي غداً.")
        browser.press_main()
        photograph(browser, "mine")
        assert len(browser.every(".question")) == 1
        browser.press_in(".question button")
        assert browser.value_of(f"text_{desk.case}").strip() == ""
        browser.go(urgent)
        write(browser, "text", "Here it is.")
        browser.press_in("#send")
        assert not browser.shows("#promised")
        browser.go(f"{urgent}/ways-out/close-door")
        photograph(browser, "door")
        browser.type_into("word", "إغلاق")
        browser.press_in("form[action$='/close-door'] button.main")
        assert browser.shows("#door-closed")
