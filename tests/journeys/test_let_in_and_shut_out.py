"""One is let in and an informer is shut out, with a coordinator and a volunteer before a window each, counted."""

import time

import pytest

from scripts.rehearsal.people import Login
from tests.browser import browsing
from tests.journeys.steps import LAPTOP, Counted, Desk, Photograph, log_in

# From the first page, with the login of the newcomer, until they are in; and until somebody is out and sees it.
COORDINATOR_LETS_IN, NEWCOMER = (4, 4), (6, 10)  # pages, taps
COORDINATOR_SHUTS_OUT = (2, 3)
CIRCLES = "header :is(a[href='/circles'], button[value='/circles'])"


def invites(coordinator: Counted) -> str:
    """Go to the circles, invite one person, and give the code."""
    coordinator.goes(CIRCLES)
    coordinator.goes("form[action$='/invite'] button:not([disabled])")
    return "".join(coordinator.browser.text("#code").split())


def comes_in(newcomer: Counted, desk_url: str, code: str, language: str, photograph: Photograph) -> Login:
    """Redeem an invitation, write down what is shown, and log in."""
    page = newcomer.browser
    page.go(f"{desk_url}/join?lang={language}")
    newcomer.sees()
    newcomer.types("invitation", code)
    newcomer.goes("main form button:not([disabled])")
    photograph(page, "enrol")
    login = Login("Dara", page.text("#new-passphrase"), page.text("#totp-secret").replace(" ", ""))
    line, sheet = int(page.find("label[data-line]").get_attribute("data-line")), "".join(page.text("#code").split())
    newcomer.types("handle", login.handle)
    newcomer.types("line", sheet[4 * line - 4 : 4 * line])
    newcomer.types("totp", login.unused_digits(time.time))
    newcomer.goes("main form button:not([disabled])")
    assert page.shows("#welcome"), page.text("main")
    page.go(f"{desk_url}/login?lang={language}")
    newcomer.sees()
    newcomer.types("handle", login.handle)
    newcomer.types("passphrase", login.passphrase)
    newcomer.types("totp", login.unused_digits(time.time))
    newcomer.goes("main form button:not([disabled])")
    assert len(page.text("#four-words").split()) == 4
    photograph(page, "waiting")
    return login


@pytest.mark.parametrize("language", ["en", "ar"])
def test_one_is_let_in_and_shut_out(desk: Desk, photograph: Photograph, language: str) -> None:
    who = desk.site.member_of_first
    desk.site.enrol(desk.site.first, "Rojin")
    desk.site.settle()
    with browsing(size=LAPTOP, private=True) as one, browsing(size=LAPTOP, private=True) as other:
        log_in(one, desk.url, Login(who.handle, who.passphrase, who.totp), language)
        coordinator, newcomer = Counted(one), Counted(other)
        login = comes_in(newcomer, desk.url, invites(coordinator), language, photograph)
        coordinator.goes(CIRCLES)
        assert one.text(".newcomer .words") == other.text("#four-words")
        photograph(one, "the-same-words")
        coordinator.goes(".newcomer button:not([disabled])")
        other.go(f"{desk.url}/?lang={language}")
        newcomer.sees()
        assert other.shows("article.circle"), other.text("main")
        assert (coordinator.pages, coordinator.taps) == COORDINATOR_LETS_IN
        assert (newcomer.pages, newcomer.taps) == NEWCOMER
        shuts = Counted(one)
        shuts.goes(CIRCLES)
        member = next(
            f".members li:nth-child({at})"
            for at, line in enumerate(one.every(".members li"), 1)
            if login.handle in line.text
        )
        shuts.ticks(f"{member} summary")
        photograph(one, "shutting-out")
        shuts.goes(f"{member} button:not([disabled])")
        assert login.handle in one.text("main")
        assert (shuts.pages, shuts.taps) == COORDINATOR_SHUTS_OUT
        other.go(f"{desk.url}/mine")
        assert other.shows("[name=passphrase]")
