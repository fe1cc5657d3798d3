"""Enter at the desk, in Firefox, in every field of every page: it sends nothing; what is written there is still there.

Enter on a tick box presses the first button of its form: half an answer went to its author that way.
"""

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask import request

from onion_app.desk import DeskConfig, create_app
from onion_app.web.waitress.server import serve
from scripts.rehearsal.people import Login
from tests.browser import DESKTOP, Browser, browsing
from tests.journeys.steps import Photograph, log_in
from tests.served import Site, serving

NAME = "a" * 16
ENTER = "\ue007"
FIELDS = "form[method=post] :is(input:not([type=hidden]), select)"


@dataclass
class Desk:
    """A desk over the files of a site, and what was sent to it."""

    site: Site
    url: str
    case: str
    sent: list[str] = field(default_factory=list)


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Serve the desk on a port of its own; one case waits."""
    with serving() as site, socket.create_server(("127.0.0.1", 0)) as listener:
        port, state, stop = listener.getsockname()[1], site.state, threading.Event()
        code = site.visitor().hand_in("ask", "May I talk to somebody?")
        desk = Desk(site, f"http://{NAME}.localhost:{port}", site.case_of(code).hex())
        folders = state.mailbox, state.shown, state.desk
        app = create_app(DeskConfig(*folders, site.keys, NAME, port, site.clock, time.monotonic, lambda: None))
        app.before_request(lambda: desk.sent.append(request.path) if request.method == "POST" else None)
        options = {"sized": False, "stop": stop, "on_error": site.errors.append}
        thread = threading.Thread(target=serve, args=(app, listener), kwargs=options)
        thread.start()
        yield desk
        stop.set()
        thread.join()
        assert not site.errors


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
        browser.press_in("form[action$='/take'] button")
        fields = {
            path: presses_enter_everywhere(browser, desk, path)
            for path in ("/mine", f"/case/{desk.case}", "/guides", "/circles", "/settings", "/account")
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
