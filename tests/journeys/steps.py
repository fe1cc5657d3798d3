"""Steps that more than one journey takes, each as a person does it."""

import time
from collections.abc import Callable

from scripts.rehearsal.people import Login
from tests.browser import Browser
from tests.rehearsal import Rehearsal

Photograph = Callable[[Browser, str], None]


def log_in(browser: Browser, rehearsal: Rehearsal, login: Login, language: str = "en") -> None:
    """Log in with handle, passphrase and six digits; once more where these grew too old on the way."""
    for _ in range(2):
        browser.go(f"{rehearsal.desk_url}/login?lang={language}")
        browser.type_into("handle", login.handle)
        browser.type_into("passphrase", login.passphrase)
        browser.type_into("totp", login.unused_digits(time.time))
        browser.press_main()
        if not browser.shows(".errors"):
            break
    assert browser.shows("article.circle, #waiting"), browser.text("main")


def open_case(browser: Browser, case: str) -> None:
    """Open a case at the desk, past its cover if something in it is new."""
    browser.go(case)
    if browser.shows("#cover"):
        browser.press_in("#cover button.main")


def code_on(browser: Browser) -> str:
    """Read the seven lines of the code, as somebody copies them by hand."""
    code = "".join(browser.text("#code").split())
    assert len(code) == 28
    assert code.isascii()
    assert code.isdigit()
    return code


def press_foot(browser: Browser, path: str) -> None:
    """Follow one of the links that stand below every page."""
    browser.press_in(f"footer a[href='{path}']")


def open_with(browser: Browser, language: str, code: str) -> None:
    """Come back with a code."""
    press_foot(browser, f"/{language}/return")
    browser.type_into("code", code)
    browser.press_main()
