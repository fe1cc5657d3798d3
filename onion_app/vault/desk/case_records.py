"""What the desk knows of a case, and nobody who writes the mailbox can change.

Which circle has it and which keys it was handed, whether its author's door is open, which list of the author's keys a
member has met, and up to which message somebody has read. All of it goes with the case. # P05 # P07
"""

from dataclasses import astuple, dataclass
from typing import Annotated, Final

from onion_app.crypto.casekeys import CODES, GENERATIONS, TURNS
from onion_app.shapes import Id, Key, Value
from onion_app.vault.database import Database

_GENERATION = Annotated[int, range(1, GENERATIONS + 1)]
_OF_CASE: Final = ("entries", "taken", "stepped_out", "handed", "met", "read", "promises", "closing", "known")


@dataclass(frozen=True, slots=True)
class Handed:
    """One turn of a case: the circle that it was handed to, and the keys, sealed to that circle's key of then."""

    case_id: Id
    turn: Annotated[int, range(1, TURNS + 1)]
    circle_id: Id
    generation: _GENERATION
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Met:
    """The longest list of the author's keys that a member has met: how many, and their mark."""

    codes: Annotated[int, range(2, CODES + 1)]
    mark: Key


@dataclass(frozen=True, slots=True)
class Read:
    """Up to which number somebody has read, the mark of what stood there, and the newest key name until then."""

    number: Annotated[int, range(10_000)]
    mark: Key
    turn: Annotated[int, range(TURNS + 1)]
    generation: Annotated[int, range(GENERATIONS + 1)]
    codes: Annotated[int, range(CODES + 1)]


def turns_of(desk: Database, case_id: bytes) -> dict[int, Handed]:
    """Give the turns of a case after the first, in their order."""
    handed = "SELECT case_id, turn, circle_id, generation, sealed FROM handed WHERE case_id = ? ORDER BY turn"
    return {row.turn: row for row in desk.all(Handed, handed, (case_id,))}


def add_turn(desk: Database, handed: Handed) -> None:
    """Begin another turn of a case, inside the caller's `writing()`."""
    add = "INSERT INTO handed (case_id, turn, circle_id, generation, sealed) VALUES (?, ?, ?, ?, ?)"
    desk.run(add, astuple(handed))


def close_door(desk: Database, case_id: bytes, day: int) -> None:
    """Close the author's door, inside the caller's `writing()`; from the next day on the box goes."""
    if desk.run("INSERT INTO doors (case_id, state) VALUES (?, 'closed') ON CONFLICT DO NOTHING", (case_id,)):
        desk.run("INSERT INTO closing (case_id, day) VALUES (?, ?)", (case_id, day))


def open_door(desk: Database, case_id: bytes) -> bool:
    """Open the door again while the box is there, inside the caller's `writing()`; say whether it was."""
    if not desk.run("DELETE FROM closing WHERE case_id = ?", (case_id,)):
        return False
    return bool(desk.run("DELETE FROM doors WHERE case_id = ? AND state = 'closed'", (case_id,)))


def may_open_door(desk: Database, case_id: bytes) -> bool:
    """Say whether a closed door can be opened again: the box is there yet."""
    return desk.row("SELECT 1 FROM closing WHERE case_id = ?", (case_id,)) is not None


def read_met(desk: Database, case_id: bytes) -> Met | None:
    """Read the list of the author's keys that was met; None: the first key alone."""
    return next(iter(desk.all(Met, "SELECT codes, mark FROM met WHERE case_id = ?", (case_id,))), None)


def read_read(desk: Database, case_id: bytes) -> Read | None:
    """Read up to where somebody has read."""
    read = "SELECT number, mark, turn, generation, codes FROM read WHERE case_id = ?"
    return next(iter(desk.all(Read, read, (case_id,))), None)


def put_met(desk: Database, case_id: bytes, met: Met) -> None:
    """Note a list of the author's keys, inside the caller's `writing()`."""
    desk.run("INSERT OR REPLACE INTO met (case_id, codes, mark) VALUES (?, ?, ?)", (case_id, *astuple(met)))


def put_read(desk: Database, case_id: bytes, read: Read) -> None:
    """Note up to where somebody has read, inside the caller's `writing()`."""
    put = "INSERT OR REPLACE INTO read (case_id, number, mark, turn, generation, codes) VALUES (?, ?, ?, ?, ?, ?)"
    desk.run(put, (case_id, *astuple(read)))


def take_over(mailbox: Database, desk: Database, newer: Database) -> None:
    """Take over from a newer desk which doors of the cases here it has closed, and the longer lists that it has met.

    Inside the caller's `writing()`. Nothing is called gone by it: what an author did not take back comes back. # P07
    """
    cases = set(mailbox.ids("SELECT id FROM cases"))
    closed = "SELECT d.case_id, c.day FROM doors AS d LEFT JOIN closing AS c USING (case_id) WHERE d.state = 'closed'"
    for case_id, day in newer.rows(closed):
        if case_id in cases and isinstance(case_id, bytes):
            close_door(desk, case_id, day if isinstance(day, int) else 0)
    for case_id in set(newer.ids("SELECT case_id FROM met")) & cases:
        with newer.leaving_out():
            theirs, own = read_met(newer, case_id), read_met(desk, case_id)
            if theirs and (own is None or own.codes < theirs.codes):
                put_met(desk, case_id, theirs)


def known_cases(desk: Database, shown: Database) -> set[bytes]:
    """Give every case of which anything is known, those that are gone left out."""
    tables = [*((desk, table) for table in (*_OF_CASE, "texts")), (shown, "replies")]
    of_cases = "SELECT DISTINCT case_id FROM {} WHERE octet_length(case_id) = 16"
    known = {case_id for db, table in tables for case_id in db.ids(of_cases.format(table))}
    return known.union(desk.ids("SELECT case_id FROM doors WHERE state = 'closed'")) - gone_cases(desk)


def known_marks(desk: Database) -> dict[Value, Value]:
    """Give the marks by whose proofs the known cases are taken back, as far as the chores have noted them."""
    return {row[0]: row[1] for row in desk.rows("SELECT case_id, mark FROM known")}


def note_mark(desk: Database, case_id: bytes, mark: bytes) -> None:
    """Note the mark of a case, inside the caller's `writing()`."""
    desk.run("INSERT INTO known (case_id, mark) VALUES (?, ?)", (case_id, mark))


def gone_cases(desk: Database) -> set[bytes]:
    """Give every case that was worked on here and is gone."""
    return set(desk.ids("SELECT case_id FROM doors WHERE state = 'gone'"))


def forget_case(desk: Database, case_id: bytes) -> None:
    """Delete all that is known of a case and call it gone, for good, inside the caller's `writing()`.

    Whoever puts its rows back into the mailbox finds the door shut; the audit, which does not name it, stays.
    """
    for table in _OF_CASE:
        desk.run(f"DELETE FROM {table} WHERE case_id = ?", (case_id,))  # noqa: S608
    desk.run("INSERT OR REPLACE INTO doors (case_id, state) VALUES (?, 'gone')", (case_id,))


def forget_reading(desk: Database, case_id: bytes) -> None:
    """Delete entries and the note of reading of a case that retention has emptied, inside the caller's `writing()`."""
    for table in ("entries", "read", "taken", "promises"):
        desk.run(f"DELETE FROM {table} WHERE case_id = ?", (case_id,))  # noqa: S608
