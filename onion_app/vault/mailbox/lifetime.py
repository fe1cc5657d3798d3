"""A case from the moment it is stored to the moment it is erased."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import asdict, astuple
from typing import Final

from onion_app.choices import CaseState
from onion_app.errors import DamagedFile, DiskFull, KeysChanged, NothingHere
from onion_app.shapes import Value
from onion_app.vault import statefiles
from onion_app.vault.database import Database
from onion_app.vault.mailbox import withdrawals
from onion_app.vault.mailbox.messages import insert_message
from onion_app.vault.mailbox.records import FACTS_FIT, Case, NewCase

_FACTS: Final = (
    "id, circle_id, kind, topic, answer_in, state, unread, urgent, received_day, since_day, last_day, spread"
)
CASE: Final = f"SELECT {_FACTS} FROM cases WHERE id = ? AND {FACTS_FIT}"  # noqa: S608
AT_ONCE: Final = 100  # cases handled between two looks at the clock


def store_case(db: Database, new: NewCase) -> None:
    """Store a case with its messages, inside the caller's `writing()`; it takes the place of nothing.

    Raises:
        KeysChanged: somebody put its id, its mark or its tag into another row.
    """
    insert = (
        "INSERT INTO cases (id, home, mark, codes, tag, box, stop, circle_id, kind, topic, answer_in, state, unread, "
        "urgent, received_day, since_day, last_day, spread) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'new', 1, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING"
    )
    facts = (new.circle_id, new.kind, new.topic, new.answer_in, new.urgent)
    if not db.run(insert, (*astuple(new.row), *facts, new.day, new.day, new.day, secrets.randbelow(1000))):
        raise KeysChanged
    for message in new.messages:
        insert_message(db, message)


def read_case(db: Database, case_id: bytes) -> Case:
    """Read the facts of a case.

    Raises:
        NothingHere: it does not exist, or no longer.
    """
    return db.one(Case, CASE, (case_id,))


def careful_case(case_id: bytes, circle_id: bytes, today: int) -> Case:
    """Give the facts of a case whose own nobody honest has written: it waits unread, and is neither due nor urgent."""
    return Case(case_id, circle_id, "testimony", "unknown", "any", "new", True, 1, today, today, today, 0)  # noqa: FBT003


def facts_to_put_right(db: Database, case_id: bytes, circle_id: bytes, today: int) -> dict[str, Value]:
    """Give careful facts where those of a case are none, by their columns; nothing where they are as they should be."""
    try:
        read_case(db, case_id)
    except (DamagedFile, NothingHere):
        return dict(list(asdict(careful_case(case_id, circle_id, today)).items())[1:])
    return {}


def cases_that_would_go(db: Database, today: int, days: int, circle_ids: Collection[bytes] | None) -> int:
    """Count the cases, in these queues or in all, that would be destroyed today if cases were kept so many days."""
    rows = db.rows(
        "SELECT circle_id FROM cases WHERE last_day + ? + ? * spread / 5000 <= ? AND octet_length(circle_id) = 16",
        (days, days, today),
    )
    return sum(circle_ids is None or row[0] in circle_ids for row in rows)


def turn_urgent(db: Database, case_id: bytes) -> None:
    """Let a testimony stand among the urgent cases, inside the caller's `writing()`."""
    db.run("UPDATE cases SET urgent = 2 WHERE id = ? AND kind = 'testimony'", (case_id,))


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


def call_answered(db: Database, case_id: bytes) -> None:
    """Take a case from those without an answer, inside the caller's `writing()`."""
    db.run("UPDATE cases SET state = 'answered' WHERE id = ? AND state IN ('new', 'reading')", (case_id,))


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


def erased_on(case: Case, retention_days: int) -> int:
    """Give the day on which a case is erased if nothing new is written: spread by up to a fifth of the retention."""
    return case.last_day + retention_days + retention_days * case.spread // 5000


def queue_of(db: Database, case_id: bytes) -> bytes | None:
    """Give the circle in whose queue a case stands; None: there is no such case, or its column holds no circle."""
    return next(
        iter(db.ids("SELECT circle_id FROM cases WHERE id = ? AND octet_length(circle_id) = 16", (case_id,))), None
    )
