"""What the people who work here do with cases: sealed entries, replies they wrote, what they have taken, the audit.

It lives in the desk's database and names a case by its id only while the case exists; the audit names it by a mark that
nobody can trace without the case's key. # P07: notes, drafts and approvals go with the key they were sealed under.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from hashlib import blake2b
from typing import Final, Literal

from onion_app.errors import TakenByAnother
from onion_app.vault.database import Database
from onion_app.vault.rows import Day, Id, Key, Language, Number, Value, shaped

AUDIT_PAGE: Final = 50

_ENTRY: Final = "SELECT id, case_id, kind, number, language, epoch, author, day, sealed FROM entries "
_FINDING: Final = "SELECT id, day, what, subject, acknowledged FROM findings "


@dataclass(frozen=True, slots=True)
class Entry:
    """A note, draft or approval, sealed under the key of its case's epoch and under its number."""

    id: Id
    case_id: Id
    kind: Literal["note", "draft", "approval"]
    number: Number
    language: Language | None
    epoch: Number
    author: Id
    day: Day
    sealed: bytes


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


def add_entry(  # noqa: PLR0913  each is a fact of the entry, and named at the call
    db: Database,
    entry_id: bytes,
    case_id: bytes,
    *,
    kind: Literal["note", "draft", "approval"],
    author: bytes,
    day: int,
    epoch: int,
    language: Language | None,
    seal: Callable[[int], bytes],
) -> Entry:
    """Add an entry under the next number of its case, which `seal` is given; the same id sent twice is stored once."""
    with db.writing():
        earlier = db.row(_ENTRY + "WHERE id = ? AND case_id = ?", (entry_id, case_id))
        if earlier:
            return shaped(Entry, earlier)
        newest = db.row("SELECT number FROM entries WHERE case_id = ? ORDER BY number DESC LIMIT 1", (case_id,))
        number = int(newest[0] or 0) + 1 if newest else 1
        entry = Entry(entry_id, case_id, kind, number, language, epoch, author, day, seal(number))
        db.run(
            "INSERT INTO entries (id, case_id, kind, number, language, epoch, author, day, sealed) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            astuple(entry),
        )
        return entry


def entries_of(db: Database, case_id: bytes) -> list[Entry]:
    """List the entries of a case by number."""
    return [shaped(Entry, row) for row in db.rows(_ENTRY + "WHERE case_id = ? ORDER BY number", (case_id,))]


def reply_mark(sealed: bytes) -> bytes:
    """Give the mark (32 bytes) by which the desk knows a reply that it wrote."""
    return blake2b(sealed, digest_size=32).digest()


def record_reply(db: Database, message_id: bytes, case_id: bytes, sealed: bytes) -> None:
    """Remember that this desk wrote a message; told twice, it remembers the later bytes."""
    with db.writing():
        db.run("DELETE FROM written_replies WHERE message_id = ?", (message_id,))
        db.run(
            "INSERT INTO written_replies (message_id, case_id, mark) VALUES (?, ?, ?)",
            (message_id, case_id, reply_mark(sealed)),
        )


def replies_of(db: Database, case_id: bytes) -> dict[bytes, bytes]:
    """Give the mark of every message that this desk wrote in a case, by message id."""
    found = db.rows("SELECT message_id, mark FROM written_replies WHERE case_id = ?", (case_id,))
    return {message_id: mark for message_id, mark in found if isinstance(message_id, bytes) and isinstance(mark, bytes)}


def take(db: Database, case_id: bytes, moderator_id: bytes, day: int) -> None:
    """Take a case, so that nobody else answers it; taken again by the same person, it counts from this day.

    Raises:
        TakenByAnother: somebody else has it.
    """
    with db.writing():
        if taken_by(db, [case_id]).get(case_id, moderator_id) != moderator_id:
            raise TakenByAnother
        db.run("DELETE FROM taken WHERE case_id = ?", (case_id,))
        db.run("INSERT INTO taken (case_id, moderator_id, day) VALUES (?, ?, ?)", (case_id, moderator_id, day))


def give_back(db: Database, case_id: bytes, moderator_id: bytes) -> None:
    """Give a case back, if it is this person who has it."""
    with db.writing():
        db.run("DELETE FROM taken WHERE case_id = ? AND moderator_id = ?", (case_id, moderator_id))


def give_all_back(db: Database, moderator_id: bytes) -> None:
    """Give back every case that somebody has taken."""
    with db.writing():
        db.run("DELETE FROM taken WHERE moderator_id = ?", (moderator_id,))


def give_back_untouched(db: Database, before_day: int) -> None:
    """Give back what was last taken before a day, whoever has it."""
    with db.writing():
        db.run("DELETE FROM taken WHERE day < ?", (before_day,))


def taken_by(db: Database, case_ids: Sequence[bytes]) -> dict[bytes, bytes]:
    """Give who has taken each of these cases; those that nobody has are left out."""
    found = [db.row("SELECT case_id, moderator_id FROM taken WHERE case_id = ?", (case_id,)) for case_id in case_ids]
    return {row[0]: row[1] for row in found if row and isinstance(row[0], bytes) and isinstance(row[1], bytes)}


def all_taken(db: Database) -> list[tuple[bytes, bytes]]:
    """List every case that somebody has taken, with who has it."""
    found = db.rows("SELECT case_id, moderator_id FROM taken ORDER BY case_id")
    return [(row[0], row[1]) for row in found if isinstance(row[0], bytes) and isinstance(row[1], bytes)]


def taken_cases(db: Database, moderator_id: bytes) -> list[bytes]:
    """List the cases that somebody has taken."""
    found = db.rows("SELECT case_id FROM taken WHERE moderator_id = ? ORDER BY case_id", (moderator_id,))
    return [row[0] for row in found if isinstance(row[0], bytes)]


def step_out(db: Database, case_id: bytes, moderator_id: bytes) -> None:
    """Hide a case from somebody's lists, and give it back."""
    with db.writing():
        db.run("DELETE FROM taken WHERE case_id = ? AND moderator_id = ?", (case_id, moderator_id))
        row = (case_id, moderator_id)
        db.run("INSERT INTO stepped_out (case_id, moderator_id) VALUES (?, ?) ON CONFLICT DO NOTHING", row)


def stepped_out(db: Database, moderator_id: bytes) -> set[bytes]:
    """Give the cases that somebody stepped out of."""
    found = db.rows("SELECT case_id FROM stepped_out WHERE moderator_id = ?", (moderator_id,))
    return {row[0] for row in found if isinstance(row[0], bytes)}


def forget_case(db: Database, case_id: Value) -> None:
    """Delete everything that was noted about a case, inside the caller's `writing()`; the audit stays."""
    db.run("DELETE FROM entries WHERE case_id = ?", (case_id,))
    db.run("DELETE FROM written_replies WHERE case_id = ?", (case_id,))
    db.run("DELETE FROM taken WHERE case_id = ?", (case_id,))
    db.run("DELETE FROM stepped_out WHERE case_id = ?", (case_id,))
    db.run("DELETE FROM known_keys WHERE case_id = ?", (case_id,))


def forget_drafts(db: Database, case_id: Value) -> None:
    """Delete the drafts and approvals of a case, inside the caller's `writing()`; its notes stay."""
    db.run("DELETE FROM entries WHERE case_id = ? AND kind IN ('draft', 'approval')", (case_id,))


def audit(
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
        return [shaped(AuditRow, row) for row in db.rows(select + part, limits)]
    return [shaped(AuditRow, row) for row in db.rows(select + "WHERE circle_id = ? " + part, (circle_id, *limits))]


def marks_of(db: Database, circle_id: bytes, who: bytes) -> set[bytes]:
    """Give the marks of the cases of a circle in which somebody has done anything."""
    found = db.rows("SELECT DISTINCT case_mark FROM audit WHERE circle_id = ? AND who = ?", (circle_id, who))
    return {row[0] for row in found if isinstance(row[0], bytes)}


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
    return [shaped(Finding, row) for row in db.rows(_FINDING + "WHERE acknowledged = 0 ORDER BY day, id")]


def acknowledge(db: Database, finding_id: bytes) -> None:
    """Note that a finding was seen."""
    with db.writing():
        db.run("UPDATE findings SET acknowledged = 1 WHERE id = ?", (finding_id,))
