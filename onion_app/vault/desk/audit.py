"""The audit, which names a case by a mark that nobody can trace without its key; and the findings of the chores."""

import secrets
from dataclasses import astuple, dataclass
from typing import Final

from onion_app.days import DAYS
from onion_app.shapes import Day, Id, Key
from onion_app.vault.database import Database

AUDIT_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what on which day, and to whom of the same circle."""

    id: Id
    day: Day
    who: Id | None
    what: str
    circle_id: Id | None
    case_mark: Key | None
    whom: Id | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the mailbox that nobody honest has done."""

    id: Id
    day: Day
    what: str
    subject: str


def add_to_audit(
    db: Database,
    who: bytes | None,
    what: str,
    day: int,
    circle_id: bytes | None = None,
    case_mark: bytes | None = None,
    *,
    whom: bytes | None = None,
) -> None:
    """Note who did what on which day; `what` is one of the desk's own sentences, never anything typed."""
    with db.writing():
        insert_line(db, AuditRow(secrets.token_bytes(16), day, who, what, circle_id, case_mark, whom))


def insert_line(db: Database, row: AuditRow) -> None:
    """Note an act together with what it changes, inside the caller's `writing()`."""
    insert = "INSERT INTO audit (id, day, who, what, circle_id, case_mark, whom) VALUES (?, ?, ?, ?, ?, ?, ?)"
    db.run(insert, astuple(row))


def audit_of(
    db: Database, circle_id: bytes | None, after: tuple[int, bytes] | None = None
) -> tuple[list[AuditRow], bool]:
    """List the next 50 rows of the audit of a circle, or of all, the newest day first; and whether there are more.

    It goes on after the day and the id of a row: new ones come before it all the time.
    """
    select = "SELECT id, day, who, what, circle_id, case_mark, whom FROM audit WHERE "
    part = "day <= ? AND (day < ? OR id > ?) ORDER BY day DESC, id LIMIT ?"
    day, row_id = after or (DAYS.stop, b"")
    limits = (day, day, row_id, AUDIT_PAGE + 1)
    if circle_id is None:
        rows = db.well_formed(AuditRow, select + part, limits)
    else:
        rows = db.well_formed(AuditRow, select + "circle_id = ? AND " + part, (circle_id, *limits))
    return rows[:AUDIT_PAGE], len(rows) > AUDIT_PAGE


def marks_of(db: Database, circle_id: bytes, who: bytes) -> set[bytes]:
    """Give the marks of the cases of a circle in which somebody has done anything."""
    return set(db.ids("SELECT DISTINCT case_mark FROM audit WHERE circle_id = ? AND who = ?", (circle_id, who)))


def add_finding(db: Database, day: int, what: str, subject: str) -> None:
    """Note that something is wrong in the mailbox, once a day, inside the caller's `writing()`."""
    if db.row("SELECT 1 FROM findings WHERE day = ? AND what = ? AND subject = ?", (day, what, subject)) is None:
        row = (secrets.token_bytes(16), day, what, subject)
        db.run("INSERT INTO findings (id, day, what, subject) VALUES (?, ?, ?, ?)", row)


def findings_for(db: Database, moderator_id: bytes) -> list[Finding]:
    """List what somebody has not acknowledged yet, by day."""
    seen = "SELECT 1 FROM findings_seen AS s WHERE s.finding_id = id AND s.moderator_id = ?"
    unseen = f"SELECT id, day, what, subject FROM findings WHERE NOT EXISTS ({seen}) ORDER BY day, id"  # noqa: S608
    return db.well_formed(Finding, unseen, (moderator_id,))


def unseen_findings(db: Database) -> int:
    """Count the findings that nobody has acknowledged."""
    unseen = "SELECT 1 FROM findings WHERE id NOT IN (SELECT finding_id FROM findings_seen)"
    return len(db.rows(unseen))


def acknowledge(db: Database, finding_id: bytes, moderator_id: bytes) -> None:
    """Note that somebody has seen a finding."""
    with db.writing():
        if db.row("SELECT 1 FROM findings WHERE id = ?", (finding_id,)):
            seen = "INSERT INTO findings_seen (finding_id, moderator_id) VALUES (?, ?) ON CONFLICT DO NOTHING"
            db.run(seen, (finding_id, moderator_id))
