"""What every journey has with it: a camera, a phone, and a look behind the pages."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import request as asked

from onion_app.desk import DeskConfig, create_app
from onion_app.web.waitress.server import serve
from tests.browser import PHONE, Browser, browsing
from tests.journeys.steps import Desk, Photograph
from tests.rehearsal import Rehearsal
from tests.served import serving
from tests.world import World

DESK = "a" * 16


@pytest.fixture
def photograph(request: pytest.FixtureRequest) -> Photograph:
    """Take pictures, numbered in the order of the journey, where SANCTUARY_SCREENSHOTS names a folder for them."""
    taken: list[str] = []
    folder = os.environ.get("SANCTUARY_SCREENSHOTS")
    journey = request.node.name.removeprefix("test_").partition("_and_")[0]

    def take(browser: Browser, name: str) -> None:
        taken.append(name)
        if folder:
            browser.screenshot(Path(folder) / journey / f"{len(taken):02}-{name}")

    return take


@pytest.fixture(scope="module")
def window(rehearsal: Rehearsal) -> Iterator[Browser]:
    """Open the window that the visitors of a module share, one after the other."""
    with browsing(rehearsal.socks_port, size=PHONE) as browser:
        yield browser


@pytest.fixture
def phone(window: Browser) -> Browser:
    """Give a visitor a window that knows nothing of the one before."""
    window.forget()
    return window


@pytest.fixture(scope="module")
def world(rehearsal: Rehearsal) -> Iterator[World]:
    """Open the three databases with the passphrase, as the operator of the rehearsal could."""
    with closing(World(rehearsal.state, time.time, rehearsal.keys)) as world:
        yield world


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Serve the desk on a port of its own; one case waits."""
    with serving() as site, socket.create_server(("127.0.0.1", 0)) as listener:
        port, state, stop = listener.getsockname()[1], site.state, threading.Event()
        code = site.visitor().hand_in("ask", "May I talk to somebody?")
        desk = Desk(site, f"http://{DESK}.localhost:{port}", site.case_of(code).hex())
        folders = state.mailbox, state.shown, state.desk
        app = create_app(DeskConfig(*folders, site.keys, DESK, port, site.clock, time.monotonic, lambda: None))
        app.before_request(lambda: desk.sent.append(asked.path) if asked.method == "POST" else None)
        options = {"sized": False, "stop": stop, "on_error": site.errors.append}
        thread = threading.Thread(target=serve, args=(app, listener), kwargs=options)
        thread.start()
        yield desk
        stop.set()
        thread.join()
        assert not site.errors
