"""Stories and guides with their versions: the same in the desk's database, where they are true, and in the mailbox.

Each change of a shown text locks the mailbox first and the desk second, and raises the mailbox's `published` counter
in the same transaction, so that whoever keeps pages ready throws them away.
# P07: a text that was withdrawn is never shown again.
"""

from collections.abc import Sequence
from dataclasses import astuple

from onion_app.errors import AlreadyWithdrawn, NothingHere, NotReady
from onion_app.shapes import Row, Value, to_json
from onion_app.vault.database import Database
from onion_app.vault.shown import listing
from onion_app.vault.shown.reading import TEXT, VERSIONS, Rows, StoryOrGuide, Version, is_withdrawn


def store_draft(desk: Database, text: StoryOrGuide, versions: Sequence[Version], case_id: bytes | None = None) -> None:
    """Store a text that is not shown, in place of its former words; a story is made from a case.

    Raises:
        NotReady: it has to be taken down first.
    """
    with desk.writing():
        if any(shown_by_desk(desk, text.id)):
            raise NotReady
        remove_text(desk, text.id)
        desk.run(
            "INSERT INTO texts (id, kind, slug, year, notes, state, case_id) VALUES (?, ?, ?, ?, ?, 'draft', ?)",
            (text.id, text.kind, text.slug, text.year, to_json(text.notes), case_id),
        )
        for version in versions:
            insert_version(desk, astuple(version))


def publish_text(mailbox: Database, desk: Database, text_id: bytes) -> None:
    """Show a text as it stands at the desk.

    Raises:
        NothingHere: there is none.
        AlreadyWithdrawn: its author has taken it, or the case that it was made from, back.
    """
    with mailbox.writing(), desk.writing():
        row = desk.row("SELECT case_id FROM texts WHERE id = ?", (text_id,))
        if row is None:
            raise NothingHere
        if is_withdrawn(mailbox, text_id) or is_withdrawn(mailbox, row[0]):
            raise AlreadyWithdrawn
        desk.run("UPDATE texts SET state = 'public', publish_day = NULL WHERE id = ?", (text_id,))
        show_text(mailbox, text_id, shown_by_desk(desk, text_id))


def take_down_text(mailbox: Database, desk: Database, text_id: bytes) -> None:
    """Show a text no more; the desk keeps it and can publish it again.

    Raises:
        NothingHere: there is none.
    """
    with mailbox.writing(), desk.writing():
        if not desk.run("UPDATE texts SET state = 'down', publish_day = NULL WHERE id = ?", (text_id,)):
            raise NothingHere
        show_text(mailbox, text_id, ([], []))


def raise_published_counter(mailbox: Database) -> None:
    """Raise the counter of changes to shown texts, inside the caller's `writing()`."""
    mailbox.run("INSERT INTO published (one, counter) VALUES (1, 1) ON CONFLICT DO UPDATE SET counter = counter + 1")


def shown_by_desk(desk: Database, text_id: Value) -> Rows:
    """Read the rows that the mailbox should have of a text: none unless it is public."""
    text = desk.rows(TEXT + " AND state = 'public'", (text_id,))
    return text, desk.rows(VERSIONS, (text_id,)) if text else []


def shown_by_mailbox(mailbox: Database, text_id: Value) -> Rows:
    """Read the rows that the mailbox has of a text."""
    return mailbox.rows(TEXT, (text_id,)), mailbox.rows(VERSIONS, (text_id,))


def show_text(mailbox: Database, text_id: Value, rows: Rows) -> None:
    """Let the mailbox have exactly these rows of a text, inside its `writing()`."""
    remove_text(mailbox, text_id)
    text, versions = rows
    for row in text:
        mailbox.run("INSERT INTO texts (id, kind, slug, year, notes) VALUES (?, ?, ?, ?, ?)", row)
    for row in versions:
        insert_version(mailbox, row)
    listing.write_lines(mailbox, listing.lines_of(text, versions))
    raise_published_counter(mailbox)


def remove_text(db: Database, text_id: Value) -> None:
    """Delete a text and its versions from either database, inside the caller's `writing()`."""
    if db.kind == "mailbox":
        listing.remove_lines(db, text_id)
    db.run("DELETE FROM versions WHERE text_id = ?", (text_id,))
    db.run("DELETE FROM texts WHERE id = ?", (text_id,))


def insert_version(db: Database, row: Row) -> None:
    """Store a version as it lies in a database, inside the caller's `writing()`."""
    db.run(
        "INSERT INTO versions (text_id, language, title, body, translated_from, checked_by, checked_day) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        row,
    )
