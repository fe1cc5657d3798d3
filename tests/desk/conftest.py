"""A desk on real databases, with people around it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from onion_app.crypto.slots import new_vault_keys
from onion_app.desk import create_app
from onion_app.vault import database
from onion_app.web.app import Hardened
from tests.desk.actors import Author, Clock, House, Volunteer


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    keys = new_vault_keys()
    database.create_mailbox(tmp_path / "mailbox", keys.mailbox)
    database.create_desk(tmp_path / "desk", keys.desk)
    mailbox = database.open_mailbox(tmp_path / "mailbox", keys.mailbox)
    desk = database.open_desk(tmp_path / "desk", keys.desk)
    yield House(tmp_path, keys, Clock(), mailbox, desk)
    mailbox.close()
    desk.close()


@pytest.fixture
def app(house: House) -> Iterator[Hardened]:
    made = create_app(house.config())
    yield made
    made.extensions["desk"].mailbox.close_all()
    made.extensions["desk"].desk.close_all()


@pytest.fixture
def circle(house: House) -> bytes:
    return house.circle("Listening", catch_all=True)


@pytest.fixture
def newcomer(house: House, app: Hardened) -> Volunteer:
    """Somebody who has not enrolled yet."""
    return Volunteer(house, app)


@pytest.fixture
def counsellor(house: House, app: Hardened, circle: bytes) -> Volunteer:
    """Enrol the first member of the circle, who is not logged in."""
    volunteer = Volunteer(house, app)
    volunteer.enrols(circle, "Sara")
    return volunteer


@pytest.fixture
def author(house: House, counsellor: Volunteer, circle: bytes) -> Author:
    """Somebody who is about to write to the circle."""
    assert counsellor.handle
    return Author(house, circle)
