"""The desk's own rows about a case: sealed entries, and the marks of the replies that were written here.

An entry names its case by its id only while the case exists; the audit names it by a mark that
nobody can trace without the case's key. # P07: notes, drafts and approvals go with the key they were sealed under.
"""

from collections.abc import Callable
from dataclasses import astuple, dataclass
from hashlib import blake2b
from typing import Final

from onion_app.choices import EntryKind, LanguageCode
from onion_app.shapes import Day, Id, Number, Value, from_row
from onion_app.vault.database import Database

_ENTRY: Final = "SELECT id, case_id, kind, number, language, epoch, author, day, sealed FROM entries "


@dataclass(frozen=True, slots=True)
class Entry:
    """A note, draft or approval, sealed under the key of its case's epoch and under its number."""

    id: Id
    case_id: Id
    kind: EntryKind
    number: Number
    language: LanguageCode | None
    epoch: Number
    author: Id
    day: Day
    sealed: bytes


def add_entry(  # noqa: PLR0913  each is a fact of the entry, and named at the call
    db: Database,
    entry_id: bytes,
    case_id: bytes,
    *,
    kind: EntryKind,
    author: bytes,
    day: int,
    epoch: int,
    language: LanguageCode | None,
    seal: Callable[[int], bytes],
) -> Entry:
    """Add an entry under the next number of its case, which `seal` is given; the same id sent twice is stored once."""
    with db.writing():
        earlier = db.row(_ENTRY + "WHERE id = ? AND case_id = ?", (entry_id, case_id))
        if earlier:
            return from_row(Entry, earlier)
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
    return db.all(Entry, _ENTRY + "WHERE case_id = ? ORDER BY number", (case_id,))


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
    rows = db.rows("SELECT message_id, mark FROM written_replies WHERE case_id = ?", (case_id,))
    return {message_id: mark for message_id, mark in rows if isinstance(message_id, bytes) and isinstance(mark, bytes)}


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
