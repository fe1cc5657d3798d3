"""A desk on real databases, with people around it."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from nacl.pwhash import argon2id

from onion_app.crypto.keyslots import new_vault_keys
from onion_app.desk import create_app
from onion_app.vault import database
from onion_app.web.app import Hardened
from tests.desk.actors import Author, Clock, House, Volunteer
from tests.membership import let_in
from tests.planting import Intruder


@pytest.fixture(scope="session", autouse=True)
def nothing_is_stretched_twice() -> Iterator[None]:
    """Remember what Argon2id made of the same words and salt: these tests log in hundreds of times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(argon2id, "kdf", cache(argon2id.kdf))
        yield


@pytest.fixture
def nothing_is_stretched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take hardly any time for passphrases: everything else is as it is."""
    slow = argon2id.kdf
    monkeypatch.setattr(
        argon2id, "kdf", lambda size, secret, salt, **_: slow(size, secret, salt, opslimit=1, memlimit=8192)
    )


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


@pytest.fixture
def editor(house: House, counsellor: Volunteer) -> Volunteer:
    """Log in as the one member of the circle."""
    with house.desk.writing():
        house.desk.run("UPDATE moderators SET coordinator = 0")
    counsellor.logs_in()
    return counsellor


@pytest.fixture
def second(house: House, app: Hardened, circle: bytes, editor: Volunteer) -> Volunteer:
    """Log in as a second member of the circle."""
    volunteer = Volunteer(house, app)
    volunteer.enrols(circle, "Dana")
    let_in(house.desk, circle, editor.handle, editor.passphrase, "Dana")
    volunteer.logs_in()
    return volunteer


@pytest.fixture
def coordinator(house: House, app: Hardened, editor: Volunteer) -> Volunteer:
    """Log in as a coordinator who is in another circle."""
    assert editor.handle
    volunteer = Volunteer(house, app)
    volunteer.enrols(house.circle("Others"), "Noor")
    with house.desk.writing():
        house.desk.run("UPDATE moderators SET coordinator = 1 WHERE handle = 'Noor'")
    volunteer.logs_in()
    return volunteer


@pytest.fixture
def intruder(house: House, author: Author, case: str) -> Intruder:
    """Give somebody who can write the mailbox, and has found the case that the module calls `case`."""
    assert case == author.case_id.hex()
    return Intruder(house.mailbox, author.case_id)
