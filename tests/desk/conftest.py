"""A desk on real databases, with people around it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk.house import House, Volunteer
from tests.planting import Intruder
from tests.world import Author


@pytest.fixture(autouse=True)
def codes_cost_nothing(nothing_is_stretched: None) -> None:
    """Have it so in this whole room."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


@pytest.fixture
def circle(house: House) -> bytes:
    return house.circle("Listening", catch_all=True)


@pytest.fixture
def newcomer(house: House) -> Volunteer:
    """Somebody who has not enrolled yet."""
    return house.volunteer()


@pytest.fixture
def counsellor(house: House, circle: bytes) -> Volunteer:
    """Enrol the first member of the circle, who is not logged in."""
    return house.volunteer(circle, "Sara")


@pytest.fixture
def author(house: House, counsellor: Volunteer, circle: bytes) -> Author:
    """Somebody who is about to write to the circle."""
    assert counsellor.login.handle
    return Author(house, circle)


@pytest.fixture
def case(counsellor: Volunteer, author: Author) -> str:
    """Give a case that the counsellor, who is logged in, has not opened."""
    case = author.writes("Hello?")
    counsellor.log_in()
    return case


@pytest.fixture
def taken(counsellor: Volunteer, case: str) -> str:
    """Give the case when it is open and taken."""
    counsellor.take(case)
    return case


@pytest.fixture
def editor(counsellor: Volunteer) -> Volunteer:
    """Log in as the one member of the circle."""
    counsellor.log_in()
    return counsellor


@pytest.fixture
def coordinator(house: House, counsellor: Volunteer) -> Volunteer:
    """Log in as the one member of the circle, who is a coordinator."""
    house.make_coordinator(counsellor.login.handle)
    counsellor.log_in()
    return counsellor


@pytest.fixture
def law(house: House) -> bytes:
    """Add another circle, for law, with nobody in it."""
    return house.circle("Law", topics=("law",))


@pytest.fixture
def lawyer(house: House, law: bytes) -> Volunteer:
    """Enrol the first member of the other circle, who is not logged in."""
    return house.volunteer(law, "Rojin")


@pytest.fixture
def intruder(house: House, author: Author, case: str) -> Intruder:
    """Give somebody who can write the mailbox, and has found the case that the module calls `case`."""
    assert case == author.case_id.hex()
    return Intruder(house, author.case_id)
