"""Stories and guides with their versions: the same in the desk's database, where they are true, and in the mailbox.

The `published` counter of the mailbox rises in the same transaction as every change of what is shown, so that whoever
keeps pages ready throws them away. P07: a text that was removed is never shown again.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Literal

from onion_app.errors import DamagedFile, NothingHere
from onion_app.vault.database import Database
from onion_app.vault.rows import Day, Id, Language, Number, Words, as_json, shaped


@dataclass(frozen=True)
class Text:
    """A story or a guide, apart from its words."""

    id: Id
    kind: Literal["story", "guide"]
    slug: str | None
    year: Number | None
    notes: Words


@dataclass(frozen=True)
class Version:
    """A text in one language."""

    text_id: Id
    language: Language
    title: str
    body: str
    translated_from: Language | None
    checked_by: str | None
    checked_day: Day | None


def read(db: Database, text_id: bytes) -> tuple[Text, list[Version]]:
    """Read a text and its versions.

    Raises: NothingHere, DamagedFile.
    """
    row = db.row("SELECT id, kind, slug, year, notes FROM texts WHERE id = ?", (text_id,))
    if row is None:
        raise NothingHere
    versions = db.rows(
        "SELECT text_id, language, title, body, translated_from, checked_by, checked_day "
        "FROM versions WHERE text_id = ? ORDER BY language",
        (text_id,),
    )
    return shaped(Text, row), [shaped(Version, version) for version in versions]


def show(mailbox: Database, text: Text, versions: Sequence[Version]) -> None:
    """Put a text into the mailbox in place of what was there, inside the caller's `writing()`."""
    remove(mailbox, text.id)
    mailbox.run(
        "INSERT INTO texts (id, kind, slug, year, notes) VALUES (?, ?, ?, ?, ?)",
        (text.id, text.kind, text.slug, text.year, as_json(text.notes)),
    )
    for version in versions:
        mailbox.run(
            "INSERT INTO versions (text_id, language, title, body, translated_from, checked_by, checked_day) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            astuple(version),
        )
    raise_counter(mailbox)


def hide(mailbox: Database, text_id: bytes) -> None:
    """Take a text out of the mailbox, inside the caller's `writing()`."""
    remove(mailbox, text_id)
    raise_counter(mailbox)


def remove(db: Database, text_id: bytes) -> None:
    """Delete a text and its versions from either database, inside the caller's `writing()`."""
    db.run("DELETE FROM versions WHERE text_id = ?", (text_id,))
    db.run("DELETE FROM texts WHERE id = ?", (text_id,))


def published(mailbox: Database) -> int:
    """Read the counter that rises with every publication, take-down and take-back.

    Raises: DamagedFile.
    """
    row = mailbox.row("SELECT counter FROM published WHERE one = 1")
    if row is None or not isinstance(row[0], int):
        raise DamagedFile
    return row[0]


def raise_counter(mailbox: Database) -> None:
    """Say that what is shown has changed, inside the caller's `writing()`."""
    mailbox.run("UPDATE published SET counter = counter + 1 WHERE one = 1")
