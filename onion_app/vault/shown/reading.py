"""Stories and guides as readers meet them, the same in either database: all that the site may read of them."""

from dataclasses import dataclass
from typing import Final

from onion_app.choices import LanguageCode, TextKind
from onion_app.errors import DamagedFile, NothingHere
from onion_app.shapes import Day, Id, Number, Row, Value, Words
from onion_app.vault.database import Database

TEXT: Final = "SELECT id, kind, slug, year, notes FROM texts WHERE id = ?"
VERSIONS: Final = (
    "SELECT text_id, language, title, body, translated_from, checked_by, checked_day FROM versions "
    "WHERE text_id = ? ORDER BY language"
)

Rows = tuple[list[Row], list[Row]]  # a text, if there is one, and its versions, as they lie in a database


@dataclass(frozen=True, slots=True)
class StoryOrGuide:
    """A story or a guide, apart from its words."""

    id: Id
    kind: TextKind
    slug: str | None
    year: Number | None
    notes: Words


@dataclass(frozen=True, slots=True)
class Version:
    """A text in one language."""

    text_id: Id
    language: LanguageCode
    title: str
    body: str
    translated_from: LanguageCode | None
    checked_by: str | None
    checked_day: Day | None


def read_text(db: Database, text_id: Value) -> tuple[StoryOrGuide, list[Version]]:
    """Read a text and its versions.

    Raises:
        NothingHere: there is none.
    """
    return db.one(StoryOrGuide, TEXT, (text_id,)), db.all(Version, VERSIONS, (text_id,))


def shown_story(mailbox: Database, text_id: bytes) -> tuple[StoryOrGuide, list[Version]]:
    """Read a story that is shown.

    Raises:
        NothingHere: there is none, or no longer.
    """
    return _shown(mailbox, "story", text_id)


def shown_guide(mailbox: Database, slug: str) -> tuple[StoryOrGuide, list[Version]]:
    """Read a guide that is shown, by its name in paths.

    Raises:
        NothingHere: there is none, or no longer.
    """
    row = mailbox.row("SELECT id FROM texts WHERE slug = ?", (slug,))
    return _shown(mailbox, "guide", row[0] if row else None)


def titles_of_guides(mailbox: Database) -> dict[str, dict[str, str]]:
    """Give the titles of the guides that are shown: slug to language to title."""
    titles_of: dict[str, dict[str, str]] = {}
    for text_id, slug in mailbox.rows("SELECT id, slug FROM texts WHERE kind = 'guide' ORDER BY id"):
        titles = mailbox.rows("SELECT language, title FROM versions WHERE text_id = ?", (text_id,))
        titles_of[str(slug)] = {str(language): str(title) for language, title in titles}
    return titles_of


def published_counter(mailbox: Database) -> int:
    """Read the counter that rises with every publication, take-down and take-back.

    Raises:
        DamagedFile: it is not there.
    """
    row = mailbox.row("SELECT counter FROM published WHERE one = 1")
    if row is None or not isinstance(row[0], int):
        raise DamagedFile
    return row[0]


def is_withdrawn(mailbox: Database, text_or_case_id: Value) -> bool:
    """Tell whether an id is on the list of withdrawals."""
    return mailbox.row("SELECT 1 FROM withdrawn WHERE id = ?", (text_or_case_id,)) is not None


def _shown(mailbox: Database, kind: str, text_id: Value) -> tuple[StoryOrGuide, list[Version]]:
    text, versions = read_text(mailbox, text_id)
    if text.kind != kind or not versions:
        raise NothingHere
    return text, versions
