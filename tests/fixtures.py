"""What tests of several rooms stand on: codes that cost nothing, a site with its visitors, people who count as two."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from nacl.pwhash import argon2id

from onion_app.web.app import Hardened
from scripts.rehearsal.people import Visitor
from scripts.rehearsal.wire import into
from tests.site.conftest import ADDRESS, Place
from tests.two_people import Here, settled
from tests.world import hardly_stretched


@pytest.fixture
def nothing_is_stretched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take hardly any time for passphrases and codes: everything else is as it is."""
    monkeypatch.setattr(argon2id, "kdf", hardly_stretched)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    here = Place(tmp_path)
    yield here
    here.close()


@pytest.fixture
def app(place: Place) -> Hardened:
    return place.start()


@pytest.fixture
def come(app: Hardened) -> Callable[[], Visitor]:
    """Somebody else comes, with another browser."""
    return lambda: Visitor(into(app), ADDRESS)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    made = settled(tmp_path)
    with closing(made.world):
        yield made
