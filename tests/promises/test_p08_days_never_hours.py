"""P08: no time finer than a day is stored, nothing keeps the order of arrival, and no visit is counted or logged."""

import re
from pathlib import Path

import pytest

from scripts.rehearsal.people import Volunteer
from tests.house import House
from tests.marks import latin_mark

ROOT = Path(__file__).parents[2]
ARRIVALS = 9  # in the order of arrival by chance: one value of theirs in 200,000
A_CENTURY = 365 * 100  # days; an hour of our years, counted from 1970, is already ten times as large


@pytest.mark.parametrize("database", ["mailbox", "desk"])
def test_no_table_keeps_the_order_of_arrival(database: str) -> None:
    schema = (ROOT / "onion_app" / "vault" / f"{database}.schema.sql").read_text()
    tables = re.findall(r"CREATE TABLE (\w+) \((.*?)\n\) ([^;]*);", schema, re.DOTALL)
    assert len(tables) == schema.count("CREATE TABLE")
    for name, columns, options in tables:
        assert options == "STRICT, WITHOUT ROWID", name
        assert "AUTOINCREMENT" not in columns, name


def test_nothing_that_is_stored_of_a_case_rises_in_the_order_of_arrival(house: House, coordinator: Volunteer) -> None:
    assert coordinator.login.handle
    codes = [house.visitor().hand_in("ask", latin_mark()) for _ in range(ARRIVALS)]
    cases = [bytes.fromhex(house.case_of(code)) for code in codes]
    tried = 0
    for name, rows in house.tables().items():
        of_cases = {row[0]: row for row in rows if row[0] in cases}
        for values in zip(*(of_cases[case] for case in cases if case in of_cases), strict=True):
            if None not in values and len(set(values)) > 2:  # midnight may have passed among them
                assert list(values) not in (sorted(values), sorted(values, reverse=True)), name
                tried += 1
    assert tried > 4, "the columns of a case were not found"


def test_no_stored_number_is_as_fine_as_an_hour(house: House, coordinator: Volunteer) -> None:
    visitor = house.visitor()
    code = visitor.hand_in("ask", latin_mark())
    assert code
    house.at_desk(coordinator).get("/")
    numbers = [value for rows in house.tables().values() for row in rows for value in row if isinstance(value, int)]
    assert numbers
    assert max(numbers) < A_CENTURY


def test_days_are_kept_as_numbers_and_no_text_names_an_hour(house: House, coordinator: Volunteer) -> None:
    assert coordinator.login.handle
    texts = [value for rows in house.tables().values() for row in rows for value in row if isinstance(value, str)]
    assert texts
    assert not [text for text in texts if re.search(r"\d\d:\d\d|\d{4}-\d\d-\d\d", text)]


def test_a_visit_leaves_nothing_behind(house: House, coordinator: Volunteer) -> None:
    assert coordinator.login.handle
    before, said = house.tables(), house.said.read_bytes()
    for page in ("/", "/en/", "/ar/", "/en/protects", "/ar/guides", "/en/tell", "/ar/ask", "/en/nowhere", "/en/return"):
        house.visitor().get(page)
    assert house.tables() == before
    assert house.said.read_bytes() == said
