"""A case from the moment it is stored to the moment it is erased."""

import secrets
from typing import Final

from onion_app.choices import CaseState
from onion_app.errors import AlreadyWithdrawn, DiskFull, NothingHere
from onion_app.vault import statefiles
from onion_app.vault.database import Database
from onion_app.vault.mailbox.case_keys import add_wraps
from onion_app.vault.mailbox.messages import insert_message
from onion_app.vault.mailbox.records import Case, NewCase
from onion_app.vault.shown import writing

CASE: Final = (
    "SELECT id, circle_id, kind, topic, answer_in, state, unread, urgent, received_day, last_day, spread FROM cases "
)


AT_ONCE = 100  # cases handled between two looks at the clock


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
            insert_message(db, message)
    return True


def find_by_tag(db: Database, tag: bytes) -> Case:
    """Find the case that a return code leads to.

    Raises:
        NothingHere: for any reason.
    """
    return db.one(Case, CASE + "WHERE lookup_tag = ?", (tag,))


def read_case(db: Database, case_id: bytes) -> Case:
    """Read a case.

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

    P07: the wraps go first, so that the rest, where an interrupted disk kept any, opens with nothing; all of it is one
    transaction, after which the log is truncated. On a full disk the room that was kept for it is used.

    Raises:
        DiskFull: that room was used before, and nothing has been erased.
    """
    try:
        _erase(db, case_id, day, story_id)
    except DiskFull:
        statefiles.give_up_reserve(db.folder)
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
            writing.remove_text(db, story_id)
        writing.raise_published_counter(db)


def withdraw_story(mailbox: Database, story_id: bytes, day: int) -> None:
    """Take a story back for ever, as its author can: it goes, and its id is listed so that it never comes again."""
    with mailbox.writing():
        mailbox.run("INSERT INTO withdrawn (id, day) VALUES (?, ?) ON CONFLICT DO NOTHING", (story_id, day))
        writing.remove_text(mailbox, story_id)
        writing.raise_published_counter(mailbox)
    mailbox.try_checkpoint()


def erased_on(case: Case, retention_days: int) -> int:
    """Give the day on which a case is erased if nothing new is written: spread by up to a fifth of the retention."""
    return case.last_day + retention_days + retention_days * case.spread // 5000


def due_cases(db: Database, today: int, retention_days: int) -> list[Case]:
    """List up to 100 cases whose time is over; never one whose story is published, which its author can take back."""
    return db.all(
        Case,
        CASE + "WHERE last_day <= ? AND last_day + ? + ? * spread / 5000 <= ? AND state <> 'published' LIMIT ?",
        (today - retention_days, retention_days, retention_days, today, AT_ONCE),
    )


def bring_days_back(db: Database, today: int) -> None:
    """Let the cases that were written while the clock was ahead have come today."""
    with db.writing():
        db.run(
            "UPDATE cases SET received_day = min(received_day, ?), last_day = ? WHERE last_day > ?",
            (today, today, today),
        )
