"""Steps that more than one journey takes, each as a person does it."""

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import pyotp

from tests.browser import Browser
from tests.processes import until
from tests.rehearsal import Rehearsal

Photograph = Callable[[Browser, str], None]
STEP = 30  # seconds that six digits last
USED: dict[str, int] = {}  # the last step whose digits were typed, by secret


def log_in(browser: Browser, rehearsal: Rehearsal, login: Mapping[str, Any], language: str = "en") -> None:
    """Log in with handle, passphrase and six digits."""
    for digits in unused_digits(login["totp_secret"]):
        browser.go(f"{rehearsal.desk_url}/login?lang={language}")
        browser.type_into("handle", login["handle"])
        browser.type_into("passphrase", login["passphrase"])
        browser.type_into("totp", digits)
        browser.press_main()
        if not browser.shows(".errors"):
            break
    assert browser.shows("article.circle, #waiting"), browser.text("main")


def unused_digits(secret: str) -> Iterator[str]:
    """Give the digits of now, or the next ones where these were used already; wait where they were used too."""
    for _ in range(2):
        step = max(int(time.time()) // STEP, USED.get(secret, 0) + 1)
        until(partial(is_near, step), 2 * STEP, "the next six digits")
        USED[secret] = step
        yield pyotp.TOTP(secret).at(step * STEP)


def is_near(step: int) -> bool:
    """Say whether the digits of a step are taken by now."""
    return int(time.time()) // STEP + 1 >= step


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
