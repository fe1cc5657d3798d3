"""What the desk knows of a case goes with it, and what it shows of it follows."""

import re

import pytest

from onion_app.launch.processes.chores import Files
from onion_app.vault import schema
from onion_app.vault.connection import DatabaseKind
from onion_app.vault.database import Database
from onion_app.vault.desk import case_records, taken
from onion_app.vault.desk.case_records import Handed, Met, Read
from onion_app.vault.desk.promised import Promise, put_promise
from onion_app.vault.show import show_case
from onion_app.vault.shown import routing, writing
from tests.vault.made import TODAY, Installation, add_circle, circle, follow, some_id, some_key


def handed(case_id: bytes, turn: int, circle_id: bytes) -> Handed:
    return Handed(case_id, turn, circle_id, 1, b"keys")


def tables_of_cases(kind: DatabaseKind) -> set[str]:
    tables = re.findall(r"^CREATE TABLE (\w+) \((.*?)^\)", schema.written_schema(kind), re.DOTALL | re.MULTILINE)
    return {name for name, columns in tables if "case_id BLOB" in columns}


def all_of(made: Installation, desk: Database, case_id: bytes) -> None:
    """Note all that can be noted of a case."""
    with desk.writing():
        case_records.add_turn(desk, handed(case_id, 1, made.circle_id))
        case_records.put_met(desk, case_id, Met(2, some_key()))
        case_records.note_mark(desk, case_id, some_key())
        case_records.put_read(desk, case_id, Read(3, some_key(), 1, 1, 2))
        case_records.close_door(desk, case_id, TODAY)
        put_promise(desk, Promise(case_id, TODAY, TODAY + 3))
    made.entry(desk, case_id)
    taken.step_out(desk, case_id, made.moderator_id)
    taken.take_case(desk, case_id, made.moderator_id, TODAY)


def test_all_that_is_noted_of_a_case_is_read_as_it_was_noted(made: Installation, desk: Database) -> None:
    case_id = some_id()
    assert case_records.turns_of(desk, case_id) == {}
    assert case_records.read_met(desk, case_id) is None
    assert case_records.read_read(desk, case_id) is None
    met, read = Met(16, some_key()), Read(9999, some_key(), 255, 65_535, 16)
    turns = {turn: handed(case_id, turn, made.circle_id) for turn in (1, 2, 255)}
    with desk.writing():
        for turn in turns.values():
            case_records.add_turn(desk, turn)
        for earlier, later in ((Met(2, some_key()), Read(0, some_key(), 0, 0, 0)), (met, read)):
            case_records.put_met(desk, case_id, earlier)
            case_records.put_read(desk, case_id, later)
    assert case_records.turns_of(desk, case_id) == turns
    assert case_records.read_met(desk, case_id) == met
    assert case_records.read_read(desk, case_id) == read


def test_a_turn_begins_once_and_a_case_has_so_many(made: Installation, desk: Database) -> None:
    case_id = some_id()
    with desk.writing():
        case_records.add_turn(desk, handed(case_id, 1, made.circle_id))
    for turn, error in ((1, "UNIQUE"), (256, "CHECK"), (0, "CHECK")):
        with pytest.raises(Exception, match=error), desk.writing():
            case_records.add_turn(desk, handed(case_id, turn, made.circle_id))
    with pytest.raises(Exception, match="FOREIGN KEY"), desk.writing():
        case_records.add_turn(desk, handed(case_id, 2, some_id()))


def test_a_door_is_opened_again_only_while_the_box_is_there(desk: Database) -> None:
    case_id = some_id()
    assert routing.door_of(desk, case_id) is None
    with desk.writing():
        for day in (TODAY, TODAY + 1):
            case_records.close_door(desk, case_id, day)
    assert routing.door_of(desk, case_id) == "closed"
    assert desk.rows("SELECT case_id, day FROM closing") == [(case_id, TODAY)], "it counts from the first day"
    with desk.writing():
        assert case_records.open_door(desk, case_id)
        assert not case_records.open_door(desk, case_id)
        case_records.close_door(desk, case_id, TODAY)
        desk.run("DELETE FROM closing WHERE case_id = ?", (case_id,))
        assert not case_records.open_door(desk, case_id)
    assert routing.door_of(desk, case_id) == "closed"


def test_a_case_that_is_forgotten_is_gone_for_good_and_the_others_stay(
    made: Installation, desk: Database, shown: Database
) -> None:
    case_id, other = some_id(), some_id()
    for each in (case_id, other):
        all_of(made, desk, each)
    assert case_records.known_cases(desk, shown) == {case_id, other}
    with desk.writing():
        case_records.forget_case(desk, case_id)
    assert case_records.known_cases(desk, shown) == {other}
    assert case_records.gone_cases(desk) == {case_id}
    for table in tables_of_cases("desk") - {"doors", "texts"}:
        counts = [desk.row(f"SELECT count(*) FROM {table} WHERE case_id = ?", (each,)) for each in (case_id, other)]
        assert counts == [(0,), (1,)], table
    with desk.writing():
        case_records.close_door(desk, case_id, TODAY)
        assert not case_records.open_door(desk, case_id), "what is gone has no door to open"
    assert routing.door_of(desk, case_id) == "gone"


@pytest.mark.parametrize(
    "table", ["entries", "taken", "stepped_out", "handed", "met", "read", "closing", "replies", "doors"]
)
def test_a_case_of_which_one_thing_is_noted_is_known(
    made: Installation, desk: Database, shown: Database, table: str
) -> None:
    case_id = some_id()
    all_of(made, desk, case_id)
    with shown.writing():
        writing.put_reply(shown, case_id, some_id(), b"sealed")
    with desk.writing(), shown.writing():
        for db in (desk, shown):
            for name in tables_of_cases(db.kind) - {table}:
                db.run(f"DELETE FROM {name}")
    assert case_records.known_cases(desk, shown) == {case_id}


def test_a_case_that_retention_has_emptied_keeps_its_turns_and_its_door(made: Installation, desk: Database) -> None:
    case_id = some_id()
    all_of(made, desk, case_id)
    with desk.writing():
        case_records.forget_reading(desk, case_id)
    assert case_records.read_read(desk, case_id) is None
    assert taken.taken_by(desk, [case_id]) == {}
    assert desk.row("SELECT count(*) FROM entries") == (0,)
    assert list(case_records.turns_of(desk, case_id)) == [1]
    assert case_records.read_met(desk, case_id) is not None
    assert routing.door_of(desk, case_id) == "closed"


def shown_rows(db: Database) -> dict[str, set[tuple[object, ...]]]:
    columns = {"circles": "id, generation, topics, languages, catch_all, coordinators"}
    columns |= {"circle_keys": "*", "doors": "*", "handed": "case_id, turn, circle_id"}
    return {table: set(db.rows(f"SELECT {each} FROM {table}")) for table, each in columns.items()}


def test_shown_db_follows_the_desk_in_everything_that_it_shows(made: Installation, dbs: Files) -> None:
    _, shown, desk = dbs
    cases = [some_id() for _ in range(3)]
    for case_id in cases:
        all_of(made, desk, case_id)
    add_circle(desk, circle(some_id(), "nobody yet"))
    with shown.writing():  # whatever stands there that the desk does not say
        shown.run("UPDATE circle_keys SET public_key = ?", (some_key(),))
        shown.run("UPDATE circles SET generation = NULL")
        shown.run("INSERT INTO doors VALUES (?, 'gone')", (some_id(),))
        shown.run("INSERT INTO doors VALUES (?, 'gone')", (cases[0],))
        shown.run("INSERT INTO handed VALUES (?, 1, ?)", (cases[1], some_id()))
    assert shown_rows(shown) != shown_rows(desk)
    for _ in range(2):
        follow(dbs)
        assert shown_rows(shown) == shown_rows(desk)
    assert routing.turns_of(shown, cases[0], b"home") == {0: b"home", 1: made.circle_id}
    assert routing.door_of(shown, cases[0]) == "closed"


def test_one_case_follows_and_nothing_else_changes(made: Installation, dbs: Files) -> None:
    mailbox, shown, desk = dbs
    case_id, other = some_id(), some_id()
    for each in (case_id, other):
        all_of(made, desk, each)
    with mailbox.writing():
        show_case(shown, desk, case_id)
    assert routing.door_of(shown, case_id) == "closed"
    assert routing.door_of(shown, other) is None
    with desk.writing():
        case_records.forget_case(desk, case_id)
    with mailbox.writing():
        show_case(shown, desk, case_id)
    assert routing.door_of(shown, case_id) == "gone"
    assert routing.turns_of(shown, case_id, b"home") == {0: b"home"}
