"""Stories and guides with their versions: the same in the desk's database, where they are true, and in the mailbox.

Whatever changes what is shown locks the mailbox first and the desk second, and raises the mailbox's `published` counter
in the same transaction, so that whoever keeps pages ready throws them away.
# P07: a text that was withdrawn is never shown again.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Final, Literal

from onion_app.errors import AlreadyWithdrawn, DamagedFile, NothingHere, StillShown
from onion_app.vault import listing
from onion_app.vault.database import Database
from onion_app.vault.rows import Day, Id, Language, Number, Row, Value, Words, as_json, shaped

_TEXT: Final = "SELECT id, kind, slug, year, notes FROM texts WHERE id = ?"
_VERSIONS: Final = (
    "SELECT text_id, language, title, body, translated_from, checked_by, checked_day FROM versions "
    "WHERE text_id = ? ORDER BY language"
)

NOTES: Final = listing.NOTES
"""The closed list of content notes."""

Rows = tuple[list[Row], list[Row]]  # a text, if there is one, and its versions, as they lie in a database


@dataclass(frozen=True, slots=True)
class Text:
    """A story or a guide, apart from its words."""

    id: Id
    kind: Literal["story", "guide"]
    slug: str | None
    year: Number | None
    notes: Words


@dataclass(frozen=True, slots=True)
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

    Raises:
        NothingHere: there is none.
    """
    row = db.row(_TEXT, (text_id,))
    if row is None:
        raise NothingHere
    return shaped(Text, row), [shaped(Version, version) for version in db.rows(_VERSIONS, (text_id,))]


def draft(desk: Database, text: Text, versions: Sequence[Version], case_id: bytes | None = None) -> None:
    """Store a text that is not shown, in place of what it was before; a story is made from a case.

    Raises:
        StillShown: it has to be taken down first.
    """
    with desk.writing():
        if any(shown_by_desk(desk, text.id)):
            raise StillShown
        remove(desk, text.id)
        desk.run(
            "INSERT INTO texts (id, kind, slug, year, notes, state, case_id) VALUES (?, ?, ?, ?, ?, 'draft', ?)",
            (text.id, text.kind, text.slug, text.year, as_json(text.notes), case_id),
        )
        for version in versions:
            insert_version(desk, astuple(version))


def publish(mailbox: Database, desk: Database, text_id: bytes) -> None:
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
        show(mailbox, text_id, shown_by_desk(desk, text_id))


def take_down(mailbox: Database, desk: Database, text_id: bytes) -> None:
    """Show a text no more; the desk keeps it and can publish it again.

    Raises:
        NothingHere: there is none.
    """
    with mailbox.writing(), desk.writing():
        if not desk.run("UPDATE texts SET state = 'down', publish_day = NULL WHERE id = ?", (text_id,)):
            raise NothingHere
        show(mailbox, text_id, ([], []))


def withdraw(mailbox: Database, story_id: bytes, day: int) -> None:
    """Take a story back for ever, as its author can: it goes, and its id is listed so that it never comes again."""
    with mailbox.writing():
        mailbox.run("INSERT INTO withdrawn (id, day) VALUES (?, ?) ON CONFLICT DO NOTHING", (story_id, day))
        remove(mailbox, story_id)
        raise_counter(mailbox)
    mailbox.try_checkpoint()


def story(mailbox: Database, text_id: bytes) -> tuple[Text, list[Version]]:
    """Read a story that is shown.

    Raises:
        NothingHere: there is none, or no longer.
    """
    return _shown(mailbox, "story", text_id)


def guide(mailbox: Database, slug: str) -> tuple[Text, list[Version]]:
    """Read a guide that is shown, by its name in paths.

    Raises:
        NothingHere: there is none, or no longer.
    """
    row = mailbox.row("SELECT id FROM texts WHERE slug = ?", (slug,))
    return _shown(mailbox, "guide", row[0] if row else None)


def guides(mailbox: Database) -> dict[str, dict[str, str]]:
    """Give the titles of the guides that are shown: slug to language to title."""
    found: dict[str, dict[str, str]] = {}
    for text_id, slug in mailbox.rows("SELECT id, slug FROM texts WHERE kind = 'guide' ORDER BY id"):
        titles = mailbox.rows("SELECT language, title FROM versions WHERE text_id = ?", (text_id,))
        found[str(slug)] = {str(language): str(title) for language, title in titles}
    return found


def published(mailbox: Database) -> int:
    """Read the counter that rises with every publication, take-down and take-back.

    Raises:
        DamagedFile: it is not there.
    """
    row = mailbox.row("SELECT counter FROM published WHERE one = 1")
    if row is None or not isinstance(row[0], int):
        raise DamagedFile
    return row[0]


def raise_counter(mailbox: Database) -> None:
    """Say that what is shown has changed, inside the caller's `writing()`."""
    mailbox.run("INSERT INTO published (one, counter) VALUES (1, 1) ON CONFLICT DO UPDATE SET counter = counter + 1")


def is_withdrawn(mailbox: Database, text_or_case_id: Value) -> bool:
    """Tell whether an id is on the list of what was taken back."""
    return mailbox.row("SELECT 1 FROM withdrawn WHERE id = ?", (text_or_case_id,)) is not None


def shown_by_desk(desk: Database, text_id: Value) -> Rows:
    """Read what the mailbox should have of a text: nothing unless it is public."""
    text = desk.rows(_TEXT + " AND state = 'public'", (text_id,))
    return text, desk.rows(_VERSIONS, (text_id,)) if text else []


def shown_by_mailbox(mailbox: Database, text_id: Value) -> Rows:
    """Read what the mailbox has of a text."""
    return mailbox.rows(_TEXT, (text_id,)), mailbox.rows(_VERSIONS, (text_id,))


def show(mailbox: Database, text_id: Value, rows: Rows) -> None:
    """Let the mailbox have exactly these rows of a text, inside its `writing()`."""
    remove(mailbox, text_id)
    text, versions = rows
    for row in text:
        mailbox.run("INSERT INTO texts (id, kind, slug, year, notes) VALUES (?, ?, ?, ?, ?)", row)
    for row in versions:
        insert_version(mailbox, row)
    listing.write(mailbox, listing.lines_of(text, versions))
    raise_counter(mailbox)


def remove(db: Database, text_id: Value) -> None:
    """Delete a text and its versions from either database, inside the caller's `writing()`."""
    if db.kind == "mailbox":
        listing.remove(db, text_id)
    db.run("DELETE FROM versions WHERE text_id = ?", (text_id,))
    db.run("DELETE FROM texts WHERE id = ?", (text_id,))


def _shown(mailbox: Database, kind: str, text_id: Value) -> tuple[Text, list[Version]]:
    row = mailbox.row(_TEXT, (text_id,))
    if row is None or row[1] != kind:
        raise NothingHere
    versions = [shaped(Version, version) for version in mailbox.rows(_VERSIONS, (text_id,))]
    if not versions:
        raise NothingHere
    return shaped(Text, row), versions


def insert_version(db: Database, row: Row) -> None:
    """Store a version as it lies in a database, inside the caller's `writing()`."""
    db.run(
        "INSERT INTO versions (text_id, language, title, body, translated_from, checked_by, checked_day) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        row,
    )
