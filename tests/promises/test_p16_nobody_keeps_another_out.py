"""P16: no crowd of strangers keeps anybody out of the desk, nor ends what somebody has open there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from nacl.pwhash import argon2id

from tests.desk.house import House, Volunteer
from tests.world import hardly_stretched


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(argon2id, "kdf", hardly_stretched)
    made = House(tmp_path)
    yield made
    made.close()


@pytest.fixture
def owner(house: House) -> Volunteer:
    return house.volunteer(house.circle("First circle", catch_all=True), "Sara")


def test_two_wrong_tries_a_second_for_two_minutes_keep_the_owner_out_at_no_moment(
    house: House, owner: Volunteer
) -> None:
    house.clock.now += 600
    stranger = house.volunteer()
    stranger.login.handle, stranger.login.totp_secret = "SARA", "A" * 32
    for _ in range(240):
        stranger.get("/login")
        stranger.fill_in_login(passphrase="wrong", totp="000000")
        house.clock.now += 0.5
    owner.get("/login")
    assert owner.fill_in_login().having_class("circle")


def test_an_invitation_that_is_opened_for_ever_ends_no_session_and_has_one_place(
    house: House, owner: Volunteer
) -> None:
    owner.log_in()
    code = house.invitation(bytes.fromhex(next(owner.circles())[0]))
    for _ in range(600):
        house.volunteer().redeem(code)
    assert len(house.app.extensions["desk"].joining) == 1
    assert owner.get("/").having_class("circle")
