"""Sealed entries about a case: notes, drafts, approvals, facts, chosen words, days to look again.

They stay with the circle that wrote them, under a key that follows from its own and from the author's first public key.
# P07: they go with that key, which erasing takes away.
"""

from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from typing import Final

from onion_app.choices import EntryKind, LanguageCode
from onion_app.crypto.sealing import EntryPlace
from onion_app.errors import NothingHere
from onion_app.shapes import Day, Id, Number, Value, from_row
from onion_app.vault.database import Database

_MANY: Final = 200  # nobody looks at so many again; whoever can write the file makes no page long
_ENTRY: Final = "SELECT id, case_id, kind, number, language, circle_id, generation, author, day, sealed FROM entries "


@dataclass(frozen=True, slots=True)
class Entry:
    """A note, draft or approval, or facts, sealed by a circle under its key of one generation, and under its number."""

    id: Id
    case_id: Id
    kind: EntryKind
    number: Number
    language: LanguageCode | None
    circle_id: Id
    generation: Number
    author: Id
    day: Day
    sealed: bytes

    @property
    def place(self) -> EntryPlace:
        """The one place where its seal holds."""
        return EntryPlace(self.case_id, self.id, self.number, self.kind, self.author)


def add_entry(db: Database, new: Entry, seal: Callable[[EntryPlace], bytes]) -> Entry:
    """Add an entry, sealed for its place under the next number of its case; the same id sent twice is stored once.

    Raises:
        NothingHere: an entry of another case has this id.
    """
    with db.writing():
        stored = db.row(_ENTRY + "WHERE id = ? AND case_id = ?", (new.id, new.case_id))
        if stored:
            return from_row(Entry, stored)
        newest = db.row("SELECT number FROM entries WHERE case_id = ? ORDER BY number DESC LIMIT 1", (new.case_id,))
        entry = replace(new, number=int(newest[0] or 0) + 1 if newest else 1)
        entry = replace(entry, sealed=seal(entry.place))
        insert = (
            "INSERT INTO entries (id, case_id, kind, number, language, circle_id, generation, author, day, sealed) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
        )
        if not db.run(insert, astuple(entry)):
            raise NothingHere
        if entry.kind == "facts":  # of a circle the newest alone; the audit names who set those before
            earlier = "DELETE FROM entries WHERE case_id = ? AND circle_id = ? AND kind = 'facts' AND number < ?"
            db.run(earlier, (entry.case_id, entry.circle_id, entry.number))
        elif entry.kind == "look_again":  # of a member the newest alone
            forget_look_again(db, entry.case_id, entry.author, before=entry.number)
        return entry


def entries_of(db: Database, case_id: bytes) -> list[Entry]:
    """List the entries of a case by number."""
    return db.well_formed(Entry, _ENTRY + "WHERE case_id = ? ORDER BY number", (case_id,))


def notes_of(db: Database, case_id: bytes, circle_id: bytes) -> int:
    """Count the notes of a circle in a case."""
    return db.number(
        "SELECT count(*) FROM entries WHERE case_id = ? AND circle_id = ? AND kind = 'note'", (case_id, circle_id)
    )


def facts_of(db: Database, case_id: bytes, circle_id: bytes) -> Entry | None:
    """Give the facts that a circle has set of a case, as they are sealed."""
    newest = _ENTRY + "WHERE case_id = ? AND circle_id = ? AND kind = 'facts' ORDER BY number DESC LIMIT 1"
    return next(iter(db.well_formed(Entry, newest, (case_id, circle_id))), None)


def number_with_facts(db: Database, circle_id: bytes) -> int:
    """Count the cases of which a circle has set facts."""
    return db.number("SELECT count(DISTINCT case_id) FROM entries WHERE circle_id = ? AND kind = 'facts'", (circle_id,))


def cases_with_facts(db: Database, circle_id: bytes, after: bytes, most: int) -> list[bytes]:
    """List up to so many cases of which a circle has set facts, by id, after one."""
    of_circle = (
        "SELECT DISTINCT case_id FROM entries WHERE circle_id = ? AND kind = 'facts' AND case_id > ? "
        "ORDER BY case_id LIMIT ?"
    )
    return db.ids(of_circle, (circle_id, after, most))


def handed_on_with_facts(db: Database, circle_id: bytes) -> set[bytes]:
    """Give the cases of which a circle has set facts, and that it has handed to another one."""
    handed_on = (
        "SELECT e.case_id FROM entries AS e WHERE e.circle_id = ? AND e.kind = 'facts' AND "
        "(SELECT h.circle_id FROM handed AS h WHERE h.case_id = e.case_id ORDER BY h.turn DESC LIMIT 1) <> e.circle_id"
    )
    return set(db.ids(handed_on, (circle_id,)))


def newest_facts(db: Database, circle_id: bytes) -> dict[bytes, bytes]:
    """Give the cases of which a circle has set facts, each with the id of the newest of them."""
    of_circle = "SELECT case_id, id FROM entries WHERE circle_id = ? AND kind = 'facts' ORDER BY case_id"
    rows = db.rows(of_circle, (circle_id,))
    return {row[0]: row[1] for row in rows if isinstance(row[0], bytes) and isinstance(row[1], bytes)}


def looks_again_of(db: Database, author: bytes) -> list[Entry]:
    """List up to 200 days on which a member wants to look at a case again, as they are sealed."""
    return db.well_formed(
        Entry, _ENTRY + "WHERE author = ? AND kind = 'look_again' ORDER BY case_id LIMIT ?", (author, _MANY)
    )


def look_again_of(db: Database, case_id: bytes, author: bytes) -> Entry | None:
    """Give the day on which a member wants to look at a case again, as it is sealed."""
    own = _ENTRY + "WHERE author = ? AND kind = 'look_again' AND case_id = ? ORDER BY number DESC LIMIT 1"
    return next(iter(db.well_formed(Entry, own, (author, case_id))), None)


def forget_look_again(db: Database, case_id: bytes, author: bytes, before: int = 2**31) -> None:
    """Delete a member's days to look at a case again, inside the caller's `writing()`."""
    own = "DELETE FROM entries WHERE case_id = ? AND author = ? AND kind = 'look_again' AND number < ?"
    db.run(own, (case_id, author, before))


def forget_drafts(db: Database, case_id: Value) -> None:
    """Delete the drafts and approvals of a case, inside the caller's `writing()`; its notes stay."""
    db.run("DELETE FROM entries WHERE case_id = ? AND kind IN ('draft', 'approval')", (case_id,))
