"""P07: what the chores forget, however often they are cut off, and what no accident makes them forget."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from onion_app.crypto.casekeys import mark_of
from onion_app.days import DAY
from onion_app.errors import NothingHere
from onion_app.vault import connection, database, forgetting
from onion_app.vault.database import Database
from onion_app.vault.desk import case_records
from onion_app.vault.desk.case_records import Handed
from onion_app.vault.mailbox import case_keys, lifetime, messages, withdrawals
from onion_app.vault.mailbox.records import KeyRow
from onion_app.vault.settings import read_settings
from onion_app.vault.show import show_case
from onion_app.vault.shown import routing, writing
from onion_app.vault.shown.writing import insert_version
from tests import tables
from tests.vault.made import TODAY, Installation, founded, key_row, new_case, proofs_of, some_id, some_key, words, write
from tests.world import World

LONG_AGO = TODAY - 400


class Cut(BaseException):
    """The power went."""


@contextmanager
def cut_after(commits: int) -> Iterator[None]:
    """Let so many commits reach a disk, and undo all that was begun."""
    left, writing = commits, Database.writing

    @contextmanager
    def counted(db: Database) -> Iterator[None]:
        nonlocal left
        with writing(db):
            yield
        left -= 1
        if not left:
            raise Cut

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "writing", counted)
        yield


@pytest.fixture
def world(made: Installation) -> Iterator[World]:
    there = World(made.folder, lambda: TODAY * DAY, made.keys)
    yield there
    there.close()


def work_on(world: World, made: Installation, case_id: bytes, kind: str = "note") -> None:
    """Note something of a case at the desk, and answer it."""
    made.entry(world.desk, case_id, kind)
    answer = write(world.mailbox, case_id, "circle", day=0)
    with world.shown.writing():
        writing.put_reply(world.shown, case_id, answer.id, answer.sealed)


def known(world: World, made: Installation, number: int) -> list[bytes]:
    """Store so many cases that the desk knows."""
    cases = [new_case(made.circle_id, messages=()) for _ in range(number)]
    with world.mailbox.writing(), world.shown.writing():
        for each in cases:
            lifetime.store_case(world.mailbox, each)
            writing.put_reply(world.shown, each.row.id, some_id(), b"sealed")
    return [each.row.id for each in cases]


def story(world: World, case_id: bytes, state: Any = "public") -> None:
    """Have a story of a case, as the desk knows it."""
    text_id, queued_for = some_id(), TODAY + 9 if state == "queued" else None
    with world.desk.writing():
        text = (text_id, case_id, some_key(), some_key())
        world.desk.run("INSERT INTO texts (id, case_id, mark, case_mark) VALUES (?, ?, ?, ?)", text)
        insert_version(world.desk, words(text_id, year=2025, state=state, publish_day=queued_for))


def take(world: World, *cases: bytes) -> None:
    """Take cases out of the mailbox, as whoever writes it can."""
    with world.mailbox.writing():
        for case_id in cases:
            lifetime.delete_case(world.mailbox, case_id)


@dataclass(frozen=True)
class Scene:
    """A case in each state that the chores can meet; the desk knows all but `new`."""

    kept: bytes
    new: bytes
    erased: bytes
    put_back: bytes
    due: bytes
    due_and_public: bytes
    due_and_new: bytes
    closed: bytes
    moved: bytes
    handed: bytes


def scene(world: World, made: Installation) -> Scene:
    rows = {name: key_row(made.circle_id) for name in Scene.__annotations__}
    for name, row in rows.items():
        made.add_case(world.mailbox, row=row, day=LONG_AGO if name.startswith("due") else TODAY)
        if not name.endswith("new"):
            made.entry(world.desk, row.id)
            with world.shown.writing():
                writing.put_reply(world.shown, row.id, some_id(), b"sealed")
    ids = Scene(**{name: row.id for name, row in rows.items()})
    story(world, ids.due_and_public)
    lifetime.erase_case(world.mailbox, ids.erased, proofs_of(rows["erased"]))
    with world.mailbox.writing():
        withdrawals.add_proofs(world.mailbox, proofs_of(rows["put_back"]))
        world.mailbox.run("UPDATE cases SET circle_id = ? WHERE id = ?", (some_id(), ids.moved))
    other = founded(world.desk, "other")[0].id
    with world.desk.writing():
        case_records.close_door(world.desk, ids.closed, TODAY - 1)
        case_records.add_turn(world.desk, Handed(ids.handed, 1, other, 1, b"keys"))
    return ids


def expect_forgotten(world: World, ids: Scene) -> None:
    there = {row[0] for row in world.mailbox.rows("SELECT id FROM cases") if isinstance(row[0], bytes)}
    gone = {ids.erased, ids.put_back, ids.due}
    assert there == set(vars(ids).values()) - gone - {ids.due_and_new}
    assert {row[0] for row in world.mailbox.rows("SELECT case_id FROM messages")} == there - {ids.due_and_public}
    assert case_records.gone_cases(world.desk) == gone
    for db in (world.desk, world.shown):
        doors = dict.fromkeys(gone, "gone") | {ids.closed: "closed"}
        assert set(db.rows("SELECT case_id, state FROM doors")) == set(doors.items())
    stay = there - {ids.new}
    assert {row[0] for row in world.desk.rows("SELECT case_id FROM entries")} == stay - {ids.due_and_public}
    assert {row[0] for row in world.shown.rows("SELECT case_id FROM replies")} == stay
    without_box = {row[0] for row in world.mailbox.rows("SELECT id FROM cases WHERE box IS NULL")}
    assert without_box == {ids.closed, ids.due_and_public}
    assert world.desk.row("SELECT count(*) FROM closing") == (0,)
    assert (withdrawals.proofs_in(world.mailbox), world.shown.row("SELECT count(*) FROM withdrawn")) == ([], (4,))
    queues = {case_id: lifetime.read_case(world.mailbox, case_id).circle_id for case_id in there}
    turns = {case_id: routing.turns_of(world.shown, case_id, queues[ids.kept]) for case_id in there}
    assert queues == {case_id: of_case[max(of_case)] for case_id, of_case in turns.items()}
    assert queues[ids.handed] != queues[ids.kept]


def test_the_mailbox_is_open_to_writers_while_marks_are_read(
    world: World, made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id, read = made.add_case(world.mailbox).row.id, case_keys.key_row
    with world.desk.writing():
        case_records.close_door(world.desk, case_id, TODAY)

    def read_while_somebody_writes(db: Database, case_id: bytes) -> KeyRow:
        with database.open_database(world.state.mailbox, "mailbox", world.keys.mailbox).writing():
            return read(db, case_id)

    monkeypatch.setattr(forgetting, "key_row", read_while_somebody_writes)
    monkeypatch.setattr(connection, "BUSY_SECONDS", 0.1)
    forgetting.note_marks(*world.dbs[:3])
    assert case_id in case_records.known_marks(world.desk)


def test_the_chores_forget_what_is_to_be_forgotten_and_nothing_else(world: World, made: Installation) -> None:
    ids = scene(world, made)
    for _ in range(2):
        world.forgets()
        expect_forgotten(world, ids)


def test_a_run_that_was_cut_off_after_any_commit_is_finished_by_the_next(
    world: World, made: Installation, tmp_path: Path
) -> None:
    ids, commits, finished = scene(world, made), 0, False
    world.close()
    while not finished:
        commits += 1
        copy = replace(made, folder=tmp_path / f"cut-{commits}", opened=[])
        shutil.copytree(made.folder, copy.folder)
        cut = World(copy.folder, lambda: TODAY * DAY, made.keys)
        try:
            with cut_after(commits):
                cut.forgets()
            finished = True
        except Cut:
            cut.forgets()
        expect_forgotten(cut, ids)
        cut.close()
    assert commits > 15, "there is a commit in each file of each step"
    world.open()


@pytest.mark.parametrize("commits", [1, 2])
def test_a_hand_over_that_was_cut_off_between_its_files_is_finished_by_the_chores(
    world: World, made: Installation, commits: int
) -> None:
    case_id, other = made.add_case(world.mailbox).row.id, founded(world.desk, "other")[0].id
    with suppress(Cut), cut_after(commits), world.mailbox.writing():
        with world.desk.writing():
            case_records.add_turn(world.desk, Handed(case_id, 1, other, 1, b"keys"))
        show_case(world.shown, world.desk, case_id)
        lifetime.move_to_circle(world.mailbox, case_id, other)
    assert lifetime.read_case(world.mailbox, case_id).circle_id == made.circle_id
    world.forgets()
    assert lifetime.read_case(world.mailbox, case_id).circle_id == other
    assert routing.turns_of(world.shown, case_id, made.circle_id) == {0: made.circle_id, 1: other}


def test_a_case_that_was_away_while_the_chores_ran_is_gone_when_it_is_back(world: World, made: Installation) -> None:
    away, stays = known(world, made, 2)
    row, texts = case_keys.key_row(world.mailbox, away), messages.messages_of(world.mailbox, away)
    take(world, away)
    world.forgets()
    assert routing.door_of(world.shown, away) == "gone"
    made.add_case(world.mailbox, row=row, messages=tuple(texts))
    assert routing.door_of(world.shown, away) == "gone", "its door is shut before the chores come again"
    world.forgets()
    with pytest.raises(NothingHere):
        lifetime.read_case(world.mailbox, away)
    assert lifetime.read_case(world.mailbox, stays).id == stays


@pytest.mark.parametrize(
    ("there", "away", "proofs", "is_alarming"),
    [(30, 10, 0, False), (30, 11, 0, True), (219, 11, 0, True), (220, 11, 0, False), (30, 30, 0, True),
     (30, 21, 11, False), (30, 22, 11, True)],
)  # fmt: skip
def test_more_than_ten_and_more_than_one_in_twenty_are_missed_aloud(
    world: World, made: Installation, there: int, away: int, proofs: int, *, is_alarming: bool
) -> None:
    ids = known(world, made, there)
    take(world, *ids[:away])
    missing = forgetting.missing_cases(world.mailbox, world.shown, world.desk, proofs)
    assert (missing.cases, missing.is_alarming) == (set(ids[:away]), is_alarming)


def test_made_up_proofs_explain_no_case_that_the_chores_have_seen(world: World, made: Installation) -> None:
    row = key_row(made.circle_id)
    made.add_case(world.mailbox, row=row)
    work_on(world, made, row.id)
    ids = known(world, made, 20)
    world.forgets()
    lifetime.erase_case(world.mailbox, row.id, proofs_of(row))
    take(world, *ids)
    with world.mailbox.writing():
        withdrawals.add_proofs(world.mailbox, [some_key() for _ in range(100)])
    world.forgets()
    assert not routing.takes_new_text(read_settings(world.shown))
    assert case_records.gone_cases(world.desk) == set()
    assert forgetting.missing_cases(world.mailbox, world.shown, world.desk, 50).unexplained == 20, "all but the erased"


def everything_known(made: Installation) -> tables.Tables:
    """Read every table but two, which say that something else is shown."""
    known = tables.dump_all(made.folder, made.keys)
    return {name: rows for name, rows in known.items() if name not in ("shown.settings", "shown.published")}


def test_a_mailbox_that_is_empty_for_one_run_of_the_chores_loses_nothing(
    world: World, made: Installation, tmp_path: Path
) -> None:
    ids = known(world, made, 20)
    for case_id in ids:
        work_on(world, made, case_id)
    world.forgets()
    before = everything_known(made)
    world.close()
    away = made.mailbox_folder.rename(tmp_path / "away")
    database.create_database(made.mailbox_folder, "mailbox", made.keys.mailbox).close()
    world.open()
    assert world.count("cases") == 0
    world.forgets()
    assert not routing.takes_new_text(read_settings(world.shown)), "until somebody has looked"
    world.close()
    shutil.rmtree(made.mailbox_folder)
    away.rename(made.mailbox_folder)
    world.open()
    world.forgets()
    assert everything_known(made) == before
    assert routing.takes_new_text(read_settings(world.shown))


def test_rows_that_were_changed_are_neither_deleted_nor_moved_by_what_another_author_proved(
    world: World, made: Installation
) -> None:
    victim, own = key_row(made.circle_id), key_row(made.circle_id)
    for row in (victim, own):
        made.add_case(world.mailbox, row=row)
    with world.mailbox.writing():  # the proof is true, and stands for another case than the one it is put into
        world.mailbox.run("DELETE FROM messages WHERE case_id = ?", (own.id,))
        world.mailbox.run("DELETE FROM cases WHERE id = ?", (own.id,))
        world.mailbox.run("UPDATE cases SET mark = ?, home = ? WHERE id = ?", (own.mark, some_id(), victim.id))
        withdrawals.add_proofs(world.mailbox, proofs_of(own))
    world.forgets()
    assert lifetime.read_case(world.mailbox, victim.id).circle_id == made.circle_id
    assert len(messages.messages_of(world.mailbox, victim.id)) == 1


@pytest.mark.parametrize("planted", [lambda row: row.mark, lambda row: row.id * 2, lambda _: some_key()])
def test_what_is_no_proof_deletes_nothing(world: World, made: Installation, planted: Callable[[KeyRow], bytes]) -> None:
    row = made.add_case(world.mailbox).row
    with world.mailbox.writing():
        withdrawals.add_proofs(world.mailbox, [planted(row)])
    world.forgets()
    assert case_keys.key_row(world.mailbox, row.id) == row


def test_a_case_of_a_public_story_keeps_what_erases_it(world: World, made: Installation) -> None:
    row = key_row(made.circle_id)
    made.add_case(world.mailbox, row=row, day=LONG_AGO)
    work_on(world, made, row.id, "draft")
    story(world, row.id)
    world.forgets()
    left = case_keys.key_row(world.mailbox, row.id)
    assert left == replace(row, box=None)
    lifetime.erase_case(world.mailbox, row.id, proofs_of(row))
    world.forgets()
    assert withdrawals.withdrawn_among(world.mailbox, world.shown, [mark_of(each) for each in proofs_of(row)])
    assert case_records.gone_cases(world.desk) == {row.id}


@pytest.mark.parametrize("state", ["draft", "queued", "down"])
def test_a_case_of_a_story_that_is_not_shown_goes_in_its_time(world: World, made: Installation, state: str) -> None:
    case_id = made.add_case(world.mailbox, day=LONG_AGO).row.id
    story(world, case_id, state)
    world.forgets()
    with pytest.raises(NothingHere):
        lifetime.read_case(world.mailbox, case_id)


def test_retention_leaves_no_proof_and_a_longer_one_lets_the_case_come_back(world: World, made: Installation) -> None:
    row = made.add_case(world.mailbox, day=LONG_AGO).row
    world.forgets()
    assert world.shown.row("SELECT count(*) FROM withdrawn") == (0,)
    world.put(retention_days=730)
    made.add_case(world.mailbox, row=row, day=LONG_AGO)  # out of a backup, say
    world.forgets()
    assert case_keys.key_row(world.mailbox, row.id) == row


def test_a_row_planted_past_the_schema_keeps_no_other_from_the_chores(world: World, made: Installation) -> None:
    pairs = [sorted((key_row(made.circle_id) for _ in range(2)), key=lambda row: row.id) for _ in range(4)]
    due, closed, moved, ahead = pairs
    for row in [row for pair in pairs for row in pair]:
        made.add_case(world.mailbox, row=row, day=TODAY + 9 if row in ahead else LONG_AGO if row in due else TODAY)
    for row in due:
        story(world, row.id)
    with world.mailbox.writing(), world.desk.writing():
        for row in closed:
            case_records.close_door(world.desk, row.id, TODAY - 1)
        for row in moved:
            world.mailbox.run("UPDATE cases SET circle_id = ? WHERE id = ?", (some_id(), row.id))
    with made.hostile_past_strict() as link:
        for planted, _ in pairs:
            link.execute("UPDATE cases SET answer_in = x'00' WHERE id = ?", (planted.id,))
    for _ in range(2):
        world.forgets()
        forgetting.bring_days_back(world.mailbox, TODAY)
    for row in (due[1], closed[1]):
        assert case_keys.key_row(world.mailbox, row.id).box is None
    assert world.mailbox.row("SELECT count(*) FROM messages WHERE case_id = ?", (due[0].id,)) == (0,)
    assert lifetime.read_case(world.mailbox, moved[1].id).circle_id == made.circle_id
    assert lifetime.read_case(world.mailbox, ahead[1].id).last_day == TODAY


def test_many_cases_are_forgotten_in_parts(world: World, made: Installation) -> None:
    ids = [made.add_case(world.mailbox, day=LONG_AGO, messages=()).row.id for _ in range(250)]
    made.entry(world.desk, ids[0])
    world.forgets()
    assert world.count("cases") == 0
    assert case_records.gone_cases(world.desk) == {ids[0]}
