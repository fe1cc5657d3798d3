"""P16: the making of a table looks at a hundred cases a page, however many a circle has."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from nacl.pwhash import argon2id

from onion_app.crypto.keys import new_id
from onion_app.desk import counting
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member
from onion_app.shapes import Row, Value
from onion_app.vault.database import Database
from onion_app.vault.desk import entries
from tests.desk.counted import Counted
from tests.world import Clock, World, hardly_stretched

CASES = 1_000


def test_a_page_looks_at_a_hundred_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(argon2id, "kdf", hardly_stretched)
    listed = sorted(new_id() for _ in range(CASES))
    monkeypatch.setattr(
        entries, "cases_with_facts", lambda _db, _circle, after, most: [each for each in listed if each > after][:most]
    )
    looks, look = list[bytes](), counting._found_in

    def noted(dbs: Databases, member: Member, now: counting.Counting, case_id: bytes) -> counting._Found:
        looks.append(case_id)
        return look(dbs, member, now, case_id)

    monkeypatch.setattr(counting, "_found_in", noted)
    with closing(World(tmp_path, Clock())) as world:
        circle = world.circle(catch_all=True)
        counted = Counted(world, circle, world.enrol(circle, "sara"))
        member, now = world.member(counted.who), counted.begun(counting.periods_of(world.dbs, circle)[0].last_day)
        for page in range(1, 4):
            after = counting.go_on(world.dbs, member, now)
            assert isinstance(after, counting.Counting)
            assert (len(looks), after.looked_at) == (100 * page, 100 * page)
            now = after


def test_the_last_page_asks_for_no_case_by_itself_in_which_nothing_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(argon2id, "kdf", hardly_stretched)
    with closing(World(tmp_path, Clock())) as world:
        circle = world.circle(catch_all=True)
        counted = Counted(world, circle, world.enrol(circle, "sara"))
        counted.tell(30)
        few = statements_of_the_last_page(counted, monkeypatch)
        counted.tell(60)
        assert statements_of_the_last_page(counted, monkeypatch) == few


def statements_of_the_last_page(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> int:
    """Look at every case of the newest quarter, and count what the last page asks of the databases; nothing is kept."""
    world, member = counted.house, counted.house.member(counted.who)
    assert isinstance(world.clock, Clock)
    world.clock.wait(days=91)
    begun = counted.begun(counting.periods_of(world.dbs, counted.circle)[0].last_day)
    looked = counting.go_on(world.dbs, member, begun)
    assert isinstance(looked, counting.Counting)
    asked, fetch = list[str](), Database._fetch

    def noted(db: Database, sql: str, params: Sequence[Value]) -> list[Row]:
        asked.append(sql)
        return fetch(db, sql, params)

    with monkeypatch.context() as noting:
        noting.setattr(Database, "_fetch", noted)
        noting.setattr(counting, "_make", lambda *_: None)
        assert counting.go_on(world.dbs, member, replace(looked, began=world.today + 1)) is None
    return len(asked)
