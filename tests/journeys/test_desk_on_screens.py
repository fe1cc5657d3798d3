"""What a volunteer has before them: ten cases on the screen of a small laptop, and the notes beside the letter."""

import pytest

from scripts.rehearsal.people import Login
from tests.browser import browsing
from tests.journeys.steps import Desk, Photograph, log_in

LAPTOP, NARROW, PHONE = (1280, 800), (1000, 800), (400, 800)
MEASURE = "return [document.documentElement.scrollWidth, innerWidth]"


@pytest.mark.parametrize("language", ["en", "ar"])
def test_ten_cases_stand_on_one_screen_and_the_notes_beside_the_letter(
    desk: Desk, photograph: Photograph, language: str
) -> None:
    who = desk.site.member_of_first
    for number in range(11):
        danger = "yes" if number % 3 == 0 else "no"
        desk.site.visitor().hand_in("ask", "Hello?", danger=danger, topic="health", answer_in="ckb")
    with browsing(size=LAPTOP, private=True) as browser:
        log_in(browser, desk.url, Login(who.handle, who.passphrase, who.totp))
        browser.go(f"{desk.url}/?lang={language}")
        photograph(browser, "first-page")
        browser.press_in(".line.urgent")
        photograph(browser, "queue")
        rows = [row.rect for row in browser.every("tr.case")][:10]
        assert {row["height"] for row in rows} == {56}
        assert rows[-1]["y"] + 56 <= LAPTOP[1], rows[-1]
        browser.press_in(".case .what a")
        browser.press_in("#cover button.main")
        browser.press_in("button[formaction$='/take']")
        browser.find("#note").send_keys("Speak slowly with her.")
        browser.press_in("#new-note button")
        case, queue = browser.url, desk.url + "/circle/" + desk.site.first.hex() + "/new"
        for size, is_beside in ((LAPTOP, True), (NARROW, True), (PHONE, False)):
            browser.fit(size)
            for name, page in (("case", case), ("queue", queue), ("first-page", f"{desk.url}/")):
                browser.go(page)
                photograph(browser, f"{name}-{size[0]}")
                wide, screen = browser.driver.execute_script(MEASURE)
                assert wide <= screen, (name, size)
            browser.go(case)
            notes, letter = browser.find("#notes").rect, browser.find(".letters").rect
            assert (notes["y"] == letter["y"]) == is_beside
            assert is_beside or notes["y"] < letter["y"]
