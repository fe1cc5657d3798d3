"""What every journey has with it: a camera, a phone, and a look behind the pages."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from onion_app.crypto.keyslots import open_slots
from tests.browser import PHONE, Browser, browsing
from tests.journeys.steps import Photograph
from tests.rehearsal import Rehearsal
from tests.world import World


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
    kept = json.loads((rehearsal.state / "rehearsal.json").read_text(encoding="utf-8"))
    keys = open_slots((rehearsal.state / "vault.key").read_text(), kept["passphrase"])
    world = World(rehearsal.state, time.time, keys)
    yield world
    world.close()
