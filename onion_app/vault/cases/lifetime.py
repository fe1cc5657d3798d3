"""A case from the moment it is stored to the moment it is erased."""

import secrets
from typing import Final

from onion_app.errors import AlreadyWithdrawn, DiskFull, NothingHere
from onion_app.vault import reserve, texts
from onion_app.vault.cases.conversation import insert
from onion_app.vault.cases.keys import add_wraps
from onion_app.vault.cases.records import Case, NewCase, State
from onion_app.vault.database import Database
from onion_app.vault.rows import Value, shaped

CASE: Final = (
    "SELECT id, circle_id, kind, topic, answer_in, state, unread, urgent, received_day, last_day, spread FROM cases "
)


def add_case(db: Database, new: NewCase) -> bool:
    """Store a case and say whether it is new; the same one sent twice is stored once.

    Raises:
        AlreadyWithdrawn: this case was erased before.
    """
    with db.writing():
        if db.row("SELECT 1 FROM withdrawn WHERE id = ?", (new.id,)):
            raise AlreadyWithdrawn
        if db.row("SELECT 1 FROM cases WHERE id = ?", (new.id,)):
            return False
        who = (new.lookup_tag, new.author_key)
        spread = secrets.randbelow(1000)
        db.run(
            "INSERT INTO cases (id, circle_id, kind, topic, answer_in, state, unread, urgent, lookup_tag, author_key, "
            "received_day, last_day, spread) VALUES (?, ?, ?, ?, ?, 'new', 1, ?, ?, ?, ?, ?, ?)",
            (new.id, new.circle_id, new.kind, new.topic, new.answer_in, new.urgent, *who, new.day, new.day, spread),
        )
        add_wraps(db, new.id, new.wraps)
        for message in new.messages:
            insert(db, message)
    return True


def find_by_tag(db: Database, tag: bytes) -> Case:
    """Find the case that a return code leads to.

    Raises:
        NothingHere: whatever the reason.
    """
    return _one(db, CASE + "WHERE lookup_tag = ?", tag)


def read_case(db: Database, case_id: bytes) -> Case:
    """Read a case.

    Raises:
        NothingHere: it does not exist, or no longer.
    """
    return _one(db, CASE + "WHERE id = ?", case_id)


def set_state(db: Database, case_id: bytes, state: State) -> None:
    """Move a case to a state.

    Raises:
        NothingHere: no such case.
    """
    with db.writing():
        if not db.run("UPDATE cases SET state = ? WHERE id = ?", (state, case_id)):
            raise NothingHere


def mark_read(db: Database, case_id: bytes) -> None:
    """Note that somebody of the circle has opened a case.

    Raises:
        NothingHere: no such case.
    """
    with db.writing():
        db.run("UPDATE cases SET state = 'reading' WHERE id = ? AND state = 'new'", (case_id,))
        if not db.run("UPDATE cases SET unread = 0 WHERE id = ?", (case_id,)):
            raise NothingHere


def erase_case(db: Database, case_id: bytes, day: int, story_id: bytes | None = None) -> None:
    """Destroy a case and the story made of it, and list both as withdrawn so that neither comes back.

    P07: the wraps go first, so that whatever an interrupted disk kept of the rest opens with nothing; all of it is one
    transaction, after which the log is truncated. On a full disk the room that was kept for it is used.

    Raises:
        DiskFull: that room was used before, and nothing has been erased.
    """
    try:
        _erase(db, case_id, day, story_id)
    except DiskFull:
        reserve.give_up(db)
        _erase(db, case_id, day, story_id)
    db.try_checkpoint()


def _erase(db: Database, case_id: bytes, day: int, story_id: bytes | None) -> None:
    with db.writing():
        db.run("DELETE FROM case_keys WHERE case_id = ?", (case_id,))
        db.run("DELETE FROM messages WHERE case_id = ?", (case_id,))
        db.run("DELETE FROM cases WHERE id = ?", (case_id,))
        for withdrawn in (case_id, story_id):
            if withdrawn is not None:
                db.run("INSERT INTO withdrawn (id, day) VALUES (?, ?) ON CONFLICT DO NOTHING", (withdrawn, day))
        if story_id is not None:
            texts.remove(db, story_id)
        texts.raise_counter(db)


def _one(db: Database, sql: str, key: Value) -> Case:
    row = db.row(sql, (key,))
    if row is None:
        raise NothingHere
    return shaped(Case, row)
