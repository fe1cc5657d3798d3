"""From a testimony that may be counted to a table: its facts, the counting, the page in two languages, and the file."""

from pathlib import Path

import pytest
from nacl.pwhash import argon2id

from onion_app.days import DAY
from scripts.rehearsal.people import Login
from tests.browser import DESKTOP, Browser, browsing
from tests.desk.counted import Counted
from tests.journeys.steps import Desk, Photograph, log_in, open_case
from tests.processes import until
from tests.world import hardly_stretched

SAVED = 20.0  # seconds until a file is in the folder Downloads


def sits_down(browser: Browser, desk: Desk, language: str) -> None:
    noor = desk.site.member_of_first
    log_in(browser, desk.url, Login(noor.handle, noor.passphrase, noor.totp), language, desk.site.clock)


def sets_facts(browser: Browser, case: str, photograph: Photograph) -> None:
    """Set the facts of a case from its page, after a first try that is refused."""
    open_case(browser, case)
    browser.press_in("#facts [formaction]")
    browser.press_in("#set-facts button.main")
    assert browser.shows(".errors")
    browser.find("[name='what_beating']").click()
    browser.find("[name='what_threat']").click()
    browser.find("[name='by_whom_family']").click()
    browser.choose("where", "iraq.basra")
    browser.find("[name='whose'][value='own']").click()
    photograph(browser, "facts")
    browser.press_in("#set-facts button.main")
    photograph(browser, "on-the-case")
    assert "iraq" not in browser.text("#facts")


@pytest.mark.parametrize("language", ["ar"])
def test_a_table_is_made_of_facts_and_taken_along(
    desk: Desk, photograph: Photograph, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = desk.site
    code = site.visitor().hand_in("tell", "My brother beat me, and says that he will kill me.", count="1")
    with monkeypatch.context() as patch:  # nobody comes back to these
        patch.setattr(argon2id, "kdf", hardly_stretched)
        Counted(site, site.first, site.member_of_first).tell(34)
    with browsing(size=DESKTOP, private=True) as browser:
        sits_down(browser, desk, language)
        sets_facts(browser, f"{desk.url}/case/{site.case_of(code).hex()}", photograph)
        site.ahead += 92 * DAY
        sits_down(browser, desk, language)
        browser.press_in("a[href='/numbers']")
        photograph(browser, "numbers")
        browser.press_in("form[action$='/begin'] button:not([disabled])")
        photograph(browser, "how-far")
        while browser.shows("#how-far"):
            browser.press_main()
        photograph(browser, "table")
        assert browser.shows(".numbers .bar-of")
        assert {"en": "under 10", "ar": "أقل من ١٠"}[language] in browser.text("main")
        browser.find("a[href$='/table.csv']").click()
        (saved,) = until(lambda: whole_files(browser.home), SAVED, "a file that was saved")
        assert saved.name == "table.csv"
        assert {"en": "beating", "ar": "ضرب"}[language] in saved.read_text("utf-8-sig")
        assert "Noor" not in saved.read_text("utf-8-sig")


def whole_files(home: Path) -> list[Path]:
    """Find what Firefox has saved, once it is all there."""
    return [path for path in home.rglob("table*.csv*") if path.suffix == ".csv" and path.stat().st_size]
