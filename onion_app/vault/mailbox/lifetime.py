"""A case from the moment it is stored to the moment it is erased."""

import secrets
from collections.abc import Sequence
from dataclasses import astuple, fields
from typing import Final

from onion_app.choices import CaseState
from onion_app.errors import DamagedFile, DiskFull, KeysChanged, NothingHere
from onion_app.shapes import Row, from_row
from onion_app.vault import statefiles
from onion_app.vault.database import Database
from onion_app.vault.mailbox import withdrawals
from onion_app.vault.mailbox.messages import insert_message
from onion_app.vault.mailbox.records import Case, KeyRow, NewCase

_FACTS: Final = "id, circle_id, kind, topic, answer_in, state, unread, urgent, received_day, last_day, spread"
CASE: Final = f"SELECT {_FACTS} FROM cases "  # noqa: S608
_WHOLE: Final = f"SELECT {_FACTS}, home, mark, codes, tag, box, stop FROM cases "  # noqa: S608
AT_ONCE: Final = 100  # cases handled between two looks at the clock


def store_case(db: Database, new: NewCase) -> None:
    """Store a case with its messages, inside the caller's `writing()`; it takes the place of nothing.

    Raises:
        KeysChanged: somebody put its id, its mark or its tag into another row.
    """
    insert = (
        "INSERT INTO cases (id, home, mark, codes, tag, box, stop, circle_id, kind, topic, answer_in, state, unread, "
        "urgent, received_day, last_day, spread) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'new', 1, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING"
    )
    facts = (new.circle_id, new.kind, new.topic, new.answer_in, new.urgent)
    if not db.run(insert, (*astuple(new.row), *facts, new.day, new.day, secrets.randbelow(1000))):
        raise KeysChanged
    for message in new.messages:
        insert_message(db, message)


def read_case(db: Database, case_id: bytes) -> Case:
    """Read the facts of a case.

    Raises:
        NothingHere: it does not exist, or no longer.
    """
    return db.one(Case, CASE + "WHERE id = ?", (case_id,))


def set_state(db: Database, case_id: bytes, state: CaseState) -> None:
    """Move a case to a state.

    Raises:
        NothingHere: no such case.
    """
    with db.writing():
        if not db.run("UPDATE cases SET state = ? WHERE id = ?", (state, case_id)):
            raise NothingHere


def mark_read(db: Database, case_id: bytes) -> None:
    """Note that somebody of the circle has opened a case, inside the caller's `writing()`."""
    state = "CASE state WHEN 'new' THEN 'reading' ELSE state END"
    db.run(f"UPDATE cases SET unread = 0, state = {state} WHERE id = ?", (case_id,))  # noqa: S608


def move_to_circle(db: Database, case_id: bytes, circle_id: bytes) -> None:
    """Put a case into the queue of another circle, new and unread, inside the caller's `writing()`."""
    moved = "UPDATE cases SET circle_id = ?, unread = 1, state = 'new' WHERE id = ?"
    db.run(moved, (circle_id, case_id))


def erase_case(db: Database, case_id: bytes, proofs: Sequence[bytes]) -> None:
    """Destroy a case and keep its author's proofs that it was taken back, and its story with it.

    P07: one transaction, after which the log is truncated. On a full disk the room that was kept for it is used.

    Raises:
        DiskFull: that room was used before, and nothing has been erased.
    """
    try:
        _erase(db, case_id, proofs)
    except DiskFull:
        statefiles.give_up_reserve(db.folder)
        _erase(db, case_id, proofs)
    db.try_checkpoint()


def _erase(db: Database, case_id: bytes, proofs: Sequence[bytes]) -> None:
    with db.writing():
        withdrawals.add_proofs(db, proofs)
        delete_case(db, case_id)


def delete_case(db: Database, case_id: bytes) -> None:
    """Delete the rows of a case, inside the caller's `writing()`."""
    db.run("DELETE FROM messages WHERE case_id = ?", (case_id,))
    db.run("DELETE FROM cases WHERE id = ?", (case_id,))


def empty_case(db: Database, case_id: bytes) -> None:
    """Delete the messages and the box of a case, inside the caller's `writing()`: its code only erases from then on."""
    db.run("DELETE FROM messages WHERE case_id = ?", (case_id,))
    db.run("UPDATE cases SET box = NULL, unread = 0 WHERE id = ?", (case_id,))


def holds_messages(db: Database, case_id: bytes) -> bool:
    """Tell whether anything is left in a case."""
    return db.row("SELECT 1 FROM messages WHERE case_id = ? LIMIT 1", (case_id,)) is not None


def erased_on(case: Case, retention_days: int) -> int:
    """Give the day on which a case is erased if nothing new is written: spread by up to a fifth of the retention."""
    return case.last_day + retention_days + retention_days * case.spread // 5000


def due_cases(db: Database, today: int, retention_days: int, after: bytes) -> list[bytes]:
    """List up to 100 cases whose time is over, by id, after one; whatever else stands in their rows."""
    return db.ids(
        "SELECT id FROM cases WHERE last_day <= ? AND last_day + ? + ? * spread / 5000 <= ? AND id > ? "
        "ORDER BY id LIMIT ?",
        (today - retention_days, retention_days, retention_days, today, after, AT_ONCE),
    )


def queue_of(db: Database, case_id: bytes) -> bytes | None:
    """Give the circle in whose queue a case stands; None: there is no such case, or its column holds no circle."""
    return next(iter(db.ids("SELECT circle_id FROM cases WHERE id = ?", (case_id,))), None)


def malformed_cases(db: Database) -> int:
    """Count the cases whose rows no honest program has written: with another type, length, word or range in them."""
    count, after = 0, b""
    while rows := db.rows(_WHOLE + "WHERE id > ? ORDER BY id LIMIT ?", (after, AT_ONCE)):
        after = bytes(rows[-1][0])  # type: ignore[arg-type]  # past an empty id there are bytes only
        count += sum(not _is_well_formed(row) for row in rows)
    return count


def _is_well_formed(row: Row) -> bool:
    keys = len(fields(KeyRow)) - 1  # after the id
    try:
        from_row(Case, row[:-keys])
        from_row(KeyRow, (row[0], *row[-keys:]))
    except DamagedFile:
        return False
    return True


def bring_days_back(db: Database, today: int) -> None:
    """Let the cases that were written while the clock was ahead have come today."""
    with db.writing():
        db.run(
            "UPDATE cases SET received_day = min(received_day, ?), last_day = ? WHERE last_day > ?",
            (today, today, today),
        )
