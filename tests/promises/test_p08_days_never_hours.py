"""P08: no time finer than a day is stored, nothing keeps the order of arrival, and no visit is counted or logged."""

import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from nacl.pwhash import argon2id

from onion_app.crypto.keyslots import VaultKeys
from onion_app.vault import connection, rewriting
from onion_app.vault.mailbox import withdrawals
from scripts.rehearsal.people import Volunteer
from tests import processes, tables
from tests.house import START, House
from tests.keyring import Keyring
from tests.launch.manage import status
from tests.marks import latin_mark
from tests.world import Author, Clock, World, hardly_stretched

ROOT = Path(__file__).parents[2]
ARRIVALS = 13  # in the order of arrival by chance: one value of theirs in three thousand millions
A_CENTURY = 365 * 100  # days; an hour of our years, counted from 1970, is already ten times as large


@pytest.mark.parametrize("database", connection.KINDS)
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


def first_messages(world: World) -> dict[bytes, bytes]:
    """Give what is sealed in the first message of each case."""
    rows = tables.dump(world.mailbox.folder / "mailbox.db", world.keys.mailbox)["messages"]
    return {case_id: sealed for case_id, number, *_, sealed in rows if number == 1}


def pages_in_order_of_arrival(state: Path, keys: VaultKeys, arrived: list[bytes]) -> list[int]:
    """Decrypt the mailbox's pages, and say on which the end of each message lies."""
    pages = tables.decrypted_pages(state / "mailbox" / "mailbox.db", keys.mailbox)
    return tables.pages_with(pages, [sealed[-300:-200] for sealed in arrived])


def test_the_file_keeps_no_order_of_arrival_and_none_that_could_be_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(argon2id, "kdf", hardly_stretched)
    with closing(World(tmp_path / "state", Clock())) as world:
        circle_id = world.circle(catch_all=True)
        world.enrol(circle_id, "sara")
        arrived = [bytes.fromhex(Author(world, circle_id).writes(f"number {each}")) for each in range(200)]
        rows = first_messages(world)
        sealed = [rows[case_id] for case_id in arrived]
        world.mailbox.checkpoint()
        as_it_came = pages_in_order_of_arrival(world.state.path, world.keys, sealed)
    assert tables.rank_correlation(as_it_came) > 0.99, "SQLite fills the file in the order of arrival"
    orders = []
    for copy in (tmp_path / "one", tmp_path / "other"):
        shutil.copytree(tmp_path / "state", copy)
        with closing(World(copy, world.clock, world.keys)) as there:
            rewriting.rewrite_recent_rows(there.mailbox, there.today)
            assert first_messages(there) == rows
            there.mailbox.checkpoint()
        orders.append(pages_in_order_of_arrival(copy, world.keys, sealed))
        assert abs(tables.rank_correlation(orders[-1])) < 0.4, "chance leaves 0.07"
    assert len({tuple(order) for order in orders}) == 2, "what comes out the same twice is undone by whoever knows how"
    one_by_the_other = [place for _, place in sorted(zip(*orders, strict=True))]
    assert abs(tables.rank_correlation(one_by_the_other)) < 0.4


def test_no_stored_number_is_as_fine_as_an_hour(house: House, coordinator: Volunteer) -> None:
    visitor = house.visitor()
    code = visitor.hand_in("ask", latin_mark())
    assert code
    house.at_desk(coordinator).get("/")
    stored = house.tables()
    drawn = [stored.pop(name)[0][1] for name in ("mailbox.counter", "shown.published")]
    numbers = [value for rows in stored.values() for row in rows for value in row if isinstance(value, int)]
    assert numbers
    assert max(numbers) < A_CENTURY
    visitor.erase_without_opening(code)
    with house.world() as world:
        again = withdrawals.counter(world.mailbox)
    assert drawn[0] != again != drawn[0] + 1, "what pages are kept by is drawn, and counts nothing"


def test_nothing_that_is_sealed_is_as_fine_as_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(argon2id, "kdf", hardly_stretched)
    with closing(World(tmp_path / "state", Clock())) as world:
        home, law = world.circle(catch_all=True), world.circle("Law", topics=("law",))
        sara, amara = world.enrol(home, "sara"), world.enrol(law, "Amara")
        author = Author(world, home)
        author.tells("told")
        world.answers(sara, author.case_id, "answered")
        world.notes(sara, author.case_id, "noted")
        world.hands_over(sara, author.case_id, law)
        author.changes_code()
        author.writes_back("under a new code")
        ring = Keyring(
            tables.dump_all(world.state.path, world.keys), [world.keys.of(kind) for kind in connection.KINDS]
        )
        for member in (sara, amara):
            ring.try_passphrase(member.passphrase)
        [opened] = ring.opened_payloads().values()
    said = [value for payload in opened for value in numbers_in(asdict(payload))]
    assert len({type(payload) for payload in opened}) > 2, "the payloads were not opened"
    assert said
    assert max(said) < A_CENTURY


def numbers_in(value: Any) -> Iterator[float]:
    """Give every number in what was opened, and every number that a text of it begins with."""
    if isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from numbers_in(part)
    elif isinstance(value, int | float):
        yield value
        assert value == int(value)
    elif isinstance(value, str):
        yield from map(float, re.findall(r"\d{5,}\.?\d*", value) if not re.fullmatch("[0-9a-f]{16,}", value) else ())


def test_days_are_kept_as_numbers_and_no_text_names_an_hour(house: House, coordinator: Volunteer) -> None:
    assert coordinator.login.handle
    texts = [value for rows in house.tables().values() for row in rows for value in row if isinstance(value, str)]
    assert texts
    assert not [text for text in texts if re.search(r"\d\d:\d\d|\d{4}-\d\d-\d\d", text)]


def test_a_visit_leaves_nothing_behind(house: House, coordinator: Volunteer) -> None:
    assert coordinator.login.handle
    processes.until(lambda: status(house.state)["findings"] is not None, START, "the first chores")
    processes.until(lambda: not house.running("chores"), START, "their end")
    before, said = house.tables(), house.said.read_text()
    for page in ("/", "/en/", "/ar/", "/en/protects", "/ar/guides", "/en/tell", "/ar/ask", "/en/nowhere", "/en/return"):
        house.visitor().get(page)
    assert house.tables() == before
    # No visit here comes through tor, which may say something of its network at any moment.
    assert all(line.startswith("tor: ") for line in house.said.read_text().removeprefix(said).splitlines())
