"""The audit, which names a case by a mark that nobody can trace without its key; and the findings of the chores."""

import secrets
from dataclasses import astuple, dataclass
from typing import Final

from onion_app.shapes import Day, Id, Key
from onion_app.vault.database import Database

AUDIT_PAGE: Final = 50


_FINDING: Final = "SELECT id, day, what, subject, acknowledged FROM findings "


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Who did what on which day."""

    id: Id
    day: Day
    who: Id | None
    what: str
    circle_id: Id | None
    case_mark: Key | None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the mailbox that was not as the desk had left it, and was put right."""

    id: Id
    day: Day
    what: str
    subject: str
    acknowledged: bool


def add_to_audit(
    db: Database, who: bytes | None, what: str, day: int, circle_id: bytes | None = None, case_mark: bytes | None = None
) -> None:
    """Note who did what on which day; `what` is one of the desk's own sentences, never anything typed."""
    row = AuditRow(secrets.token_bytes(16), day, who, what, circle_id, case_mark)
    with db.writing():
        db.run("INSERT INTO audit (id, day, who, what, circle_id, case_mark) VALUES (?, ?, ?, ?, ?, ?)", astuple(row))


def audit_of(db: Database, circle_id: bytes | None, page: int) -> list[AuditRow]:
    """List 50 rows of the audit of a circle, or of all, the newest day first; pages count from 0."""
    select = "SELECT id, day, who, what, circle_id, case_mark FROM audit "
    part = "ORDER BY day DESC, id LIMIT ? OFFSET ?"
    limits = (AUDIT_PAGE, AUDIT_PAGE * page)
    if circle_id is None:
        return db.all(AuditRow, select + part, limits)
    return db.all(AuditRow, select + "WHERE circle_id = ? " + part, (circle_id, *limits))


def marks_of(db: Database, circle_id: bytes, who: bytes) -> set[bytes]:
    """Give the marks of the cases of a circle in which somebody has done anything."""
    rows = db.rows("SELECT DISTINCT case_mark FROM audit WHERE circle_id = ? AND who = ?", (circle_id, who))
    return {row[0] for row in rows if isinstance(row[0], bytes)}


def add_finding(db: Database, day: int, what: str, subject: str) -> Finding:
    """Note that something in the mailbox had to be put right, inside the caller's `writing()`."""
    finding = Finding(secrets.token_bytes(16), day, what, subject, acknowledged=False)
    db.run(
        "INSERT INTO findings (id, day, what, subject, acknowledged) VALUES (?, ?, ?, ?, ?)",
        astuple(finding),
    )
    return finding


def findings(db: Database) -> list[Finding]:
    """List what nobody has acknowledged yet, by day."""
    return db.all(Finding, _FINDING + "WHERE acknowledged = 0 ORDER BY day, id")


def acknowledge(db: Database, finding_id: bytes) -> None:
    """Note that a finding was seen."""
    with db.writing():
        db.run("UPDATE findings SET acknowledged = 1 WHERE id = ?", (finding_id,))
