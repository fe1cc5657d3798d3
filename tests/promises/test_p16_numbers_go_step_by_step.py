"""P16: the making of a table looks at a hundred cases a page, however many a circle has."""

from contextlib import closing
from pathlib import Path

import pytest
from nacl.pwhash import argon2id

from onion_app.crypto.keys import new_id
from onion_app.desk import counting
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member
from onion_app.vault.desk import entries
from tests.desk.counted import Counted
from tests.world import Clock, World, hardly_stretched

CASES = 1_000


def test_a_page_looks_at_a_hundred_cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(argon2id, "kdf", hardly_stretched)
    listed = {new_id(): new_id() for _ in range(CASES)}
    monkeypatch.setattr(entries, "newest_facts", lambda *_: listed)
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
