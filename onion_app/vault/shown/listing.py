"""The list of stories in the mailbox: written together with each story, read ten at a time.

It holds nothing that a story's own rows do not hold, and is compared with them like everything in the mailbox. Stories
stand in the order of the years they were told in, and within a year in that of their random ids: the list shows neither
when a story arrived nor when it was published. # P08
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Final

from onion_app.choices import LANGUAGE_CODES, NOTES, ContentNote, LanguageCode
from onion_app.shapes import Id, Number, Row, Value, Words, from_row, read_words, to_json
from onion_app.vault.database import Database

PAGE: Final = 10

_COLUMNS: Final = "language, missing, notes, year, text_id, title, written_in, letters, languages"
_LISTED: Final = "SELECT text_id, year, notes, missing, title, written_in, letters, languages FROM listed "
_BEFORE_ALL: Final = (2**31, b"\xff" * 17)  # sorts before every year and id


@dataclass(frozen=True, slots=True)
class ListedStory:
    """A story in the list of readers of one language; `missing` when it is not written in theirs."""

    text_id: Id
    year: Number
    bits: Annotated[int, range(2 ** len(NOTES))]
    missing: bool
    title: str
    written_in: LanguageCode
    letters: Number
    languages: Words

    @property
    def notes(self) -> tuple[ContentNote, ...]:
        """The content notes, in the order of the closed list."""
        return tuple(note for place, note in enumerate(NOTES) if self.bits >> place & 1)


def list_stories(
    db: Database, language: LanguageCode, without: Collection[str] = (), after: bytes | None = None
) -> tuple[list[ListedStory], bool]:
    """List the ten stories after the one with the id `after`, and say whether more follow.

    Those in the reader's language come first. A story that has one of the notes `without` is left out. After one that
    is not listed, or no longer, the list begins anew.
    """
    left_out = _bits(without)
    began, before = _place_of(db, language, after)
    rows: list[Row] = []
    for missing in range(began, 2):
        before = before if missing == began else _BEFORE_ALL
        rows += _following(db, (language, missing), left_out, before)[: PAGE + 1 - len(rows)]
    return [from_row(ListedStory, row) for row in rows[:PAGE]], len(rows) > PAGE


def lines_of(text: list[Row], versions: list[Row]) -> list[Row]:
    """Write the lines of the list that belong to a text: none for a guide, or for a story without words."""
    if not text or not versions or text[0][1] != "story":
        return []
    text_id, _, _, year, notes = text[0]
    written = {row[1]: row for row in versions}
    languages = to_json(tuple(str(row[1]) for row in versions))
    lines: list[Row] = []
    for language in sorted(LANGUAGE_CODES):  # as `lines_in` reads them
        shown_in = next((each for each in (language, *LANGUAGE_CODES) if each in written), language)
        _, _, title, body, *_ = written[shown_in]
        missing = int(shown_in != language)
        facts = (title, shown_in, len(str(body)), languages)
        lines.append((language, missing, _bits(read_words(notes)), year or 0, text_id, *facts))
    return lines


def lines_in(mailbox: Database, text_id: Value) -> list[Row]:
    """Read the lines of the list that belong to a text."""
    return mailbox.rows(f"SELECT {_COLUMNS} FROM listed WHERE text_id = ? ORDER BY language", (text_id,))  # noqa: S608


def write_lines(mailbox: Database, lines: list[Row]) -> None:
    """Add lines to the list, inside the caller's `writing()`."""
    for line in lines:
        mailbox.run(f"INSERT INTO listed ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", line)  # noqa: S608


def remove_lines(mailbox: Database, text_id: Value) -> None:
    """Take a text out of the list, inside the caller's `writing()`."""
    mailbox.run("DELETE FROM listed WHERE text_id = ?", (text_id,))


def _bits(notes: Collection[str]) -> int:
    return sum(1 << place for place, note in enumerate(NOTES) if note in notes)


def _place_of(db: Database, language: LanguageCode, after: bytes | None) -> tuple[int, tuple[Value, Value]]:
    """Find where the list goes on: whether among the missing ones, and after which year and id."""
    place = db.row("SELECT missing, year, text_id FROM listed WHERE text_id = ? AND language = ?", (after, language))
    return (int(place[0] or 0), (place[1], place[2])) if place else (0, _BEFORE_ALL)


def _following(db: Database, where: tuple[LanguageCode, int], left_out: int, before: tuple[Value, Value]) -> list[Row]:
    """Take the next stories of each combination of notes, at most 256, and merge them: no step counts the stories."""
    rows: list[Row] = []
    bits = -1
    while following := db.row(
        "SELECT notes FROM listed WHERE language = ? AND missing = ? AND notes > ? ORDER BY notes LIMIT 1",
        (*where, bits),
    ):
        bits = int(following[0] or 0)
        if not bits & left_out:
            rows += db.rows(
                _LISTED + "WHERE language = ? AND missing = ? AND notes = ? AND (year, text_id) < (?, ?) "
                "ORDER BY year DESC, text_id DESC LIMIT ?",
                (*where, bits, *before, PAGE + 1),
            )
    return sorted(rows, key=lambda row: (row[1], row[0]), reverse=True)
