"""Stories and guides as readers meet them, and the list of the stories, ten at a time.

Readers know a story by eight letters, which are the first bytes of its random id: an address fits one line on paper,
and a request to read one takes as many cells of Tor as any other. # P09

Stories stand in the order of the years they were told in, and within a year in that of their random ids: the list shows
neither when a story arrived nor when it was published. # P08
A story whose author has given the proof that takes it back is left out at once, wherever the proof lies. # P07
"""

import re
from base64 import b32decode, b32encode
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from onion_app.choices import LANGUAGE_CODES, NOTICE_DAYS, LanguageCode, TextState
from onion_app.errors import NothingHere
from onion_app.shapes import ID_BYTES, Day, Id, Number, Row, Value, Words, read_words
from onion_app.vault.database import Database
from onion_app.vault.mailbox.withdrawals import withdrawn_among

PAGE: Final = 10
NAME: Final = re.compile("[0-9a-hjkmnp-tv-z]{8}")  # base 32 without i, l, o and u, which are taken for others on paper

SLUG: Final = re.compile(r"[a-z][a-z0-9-]{0,29}")  # the name of a guide in paths
_NAMED_BY: Final = 5  # bytes: the eight letters of a name
_BASE_32: Final = ("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789abcdefghjkmnpqrstvwxyz")
_TO_LETTERS: Final = str.maketrans(*_BASE_32)
_FROM_LETTERS: Final = str.maketrans(*reversed(_BASE_32))

LAW: Final = "law"
"""The guide of which no reader sees a word before somebody has said at the desk that a lawyer has confirmed it."""

_CHECKED_FOR: Final = 180  # days: what was true of towns, doctors and apps half a year ago may lead into a trap
_VERSION: Final = "text_id, language, title, body, translated_from, checked_by, checked_day, year, notes"
_STORY: Final = "SELECT v.text_id, v.year, v.notes, t.mark FROM versions AS v JOIN texts AS t ON t.id = v.text_id"
_AFTER: Final = "AND (v.year, v.text_id) < (?, ?) ORDER BY v.year DESC, v.text_id DESC LIMIT ?"  # a guide has no year
_WRITTEN: Final = f"{_STORY} WHERE v.language = ? {_AFTER}"
_OWN: Final = "SELECT 1 FROM versions AS own WHERE own.text_id = v.text_id AND own.language = ?"
_MISSING: Final = f"{_STORY} WHERE v.translated_from IS NULL AND NOT EXISTS ({_OWN}) {_AFTER}"
_BEFORE_ALL: Final = (2**31, b"\xff" * 17)  # sorts before every year and id


@dataclass(frozen=True, slots=True)
class Version:
    """A text in one language; the year and the content notes are a story's."""

    text_id: Id
    language: LanguageCode
    title: str
    body: str
    translated_from: LanguageCode | None = None
    checked_by: str | None = None
    checked_day: Day | None = None
    year: Number | None = None
    notes: Words = ()
    state: TextState = "draft"
    publish_day: Day | None = None

    @property
    def check_again_day(self) -> int | None:
        """The day on which somebody has to check it again; None while nobody has checked it."""
        return None if self.checked_day is None else self.checked_day + _CHECKED_FOR


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning in one language, and the last day on which it stands."""

    language: LanguageCode
    text: str
    end_day: Day


@dataclass(frozen=True, slots=True)
class ListedStory:
    """A story in the list of readers of one language; `missing` when it is not written in theirs."""

    text_id: bytes
    notes: Words
    missing: bool
    title: str
    written_in: str
    letters: int
    languages: Words


def name_of(story_id: bytes) -> str:
    """Give the eight letters by which readers know a story."""
    return b32encode(story_id[:_NAMED_BY]).decode().translate(_TO_LETTERS)


def ids_named(letters: str) -> tuple[bytes, bytes]:
    """Give the least and the greatest id whose name is, or begins with, these four or eight letters.

    Raises:
        NothingHere: these are no such letters.
    """
    if not NAME.fullmatch(letters.ljust(8, "0")) or len(letters) not in (4, 8):
        raise NothingHere
    least, greatest = (b32decode(letters.ljust(8, end).translate(_FROM_LETTERS)) for end in "0z")
    return least.ljust(ID_BYTES, b"\x00"), greatest.ljust(ID_BYTES, b"\xff")


def story_named(db: Database, name: str) -> bytes:
    """Find a story, at the desk or shown, by its eight letters.

    Raises:
        NothingHere: there is none, or these are no such letters.
    """
    if not NAME.fullmatch(name):
        raise NothingHere
    question = "SELECT id FROM texts WHERE id BETWEEN ? AND ? AND slug IS NULL"
    found = db.ids(question, ids_named(name))
    if not found:
        raise NothingHere
    return found[0]


def versions_of(db: Database, text_id: Value) -> list[Version]:
    """Read the versions of a text at the desk, or those that are shown."""
    state = "state, publish_day" if db.kind == "desk" else "'public', NULL"
    question = f"SELECT {_VERSION}, {state} FROM versions WHERE text_id = ? ORDER BY language"  # noqa: S608
    return db.well_formed(Version, question, (text_id,))


def shown_story(mailbox: Database, shown: Database, text_id: bytes) -> list[Version]:
    """Read a story that is shown.

    Raises:
        NothingHere: there is none, or no longer.
    """
    row = shown.row("SELECT mark FROM texts WHERE id = ? AND slug IS NULL", (text_id,))
    if row is None or withdrawn_among(mailbox, shown, row):
        raise NothingHere
    return _not_empty(versions_of(shown, text_id))


def shown_guide(shown: Database, slug: str) -> list[Version]:
    """Read a guide that is shown, by its name in paths.

    Raises:
        NothingHere: there is none, or no longer.
    """
    row = shown.row("SELECT id FROM texts WHERE slug = ?", (slug,))
    versions = versions_of(shown, row[0]) if row else []
    return _not_empty([each for each in versions if slug != LAW or each.checked_day is not None])


def titles_of_guides(shown: Database) -> dict[str, dict[str, str]]:
    """Give the titles of the guides that are shown: slug to language to title."""
    titles_of: dict[str, dict[str, str]] = {}
    for text_id, slug in shown.rows("SELECT id, slug FROM texts WHERE slug > '' ORDER BY slug"):
        titles = shown.rows(
            "SELECT language, title FROM versions WHERE text_id = ? AND (checked_day IS NOT NULL OR ? != ?)",
            (text_id, slug, LAW),
        )
        titles_of[str(slug)] = {str(language): str(title) for language, title in titles}
    return titles_of


def shown_notice(shown: Database, today: int) -> list[Notice]:
    """Read the notice that stands today, in each language in which it is written."""
    question = "SELECT language, text, end_day FROM notices WHERE end_day BETWEEN ? AND ?"
    return shown.well_formed(Notice, question, (today, today + NOTICE_DAYS))


def published_counter(shown: Database) -> Row | None:
    """Read the number that changes with each change of what is shown; None where it is none."""
    return shown.row("SELECT counter FROM published WHERE one = 1 AND octet_length(counter) < 30")


def list_stories(
    mailbox: Database,
    shown: Database,
    language: LanguageCode,
    without: Collection[str] = (),
    after: bytes | None = None,
) -> tuple[list[ListedStory], bool]:
    """List the ten stories after the one with the id `after`, and say whether more follow.

    Those in the reader's language come first. A story that has one of the notes `without` is left out. After one that
    is not shown, or no longer, the list begins anew.
    """
    began, place = _place_of(shown, language, after)
    listed: list[ListedStory] = []
    for missing in range(began, 2):
        question = _MISSING if missing else _WRITTEN
        following = _stories_after(mailbox, shown, question, language, place if missing == began else _BEFORE_ALL)
        chosen = (_listed(shown, *each, language) for each in following if not set(each[1]) & set(without))
        listed += islice(filter(None, chosen), PAGE + 1 - len(listed))
    return listed[:PAGE], len(listed) > PAGE


def _place_of(shown: Database, language: LanguageCode, after: bytes | None) -> tuple[int, tuple[Value, Value]]:
    """Find where the list goes on: whether among the missing ones, and after which year and id."""
    rows = shown.rows("SELECT language, year FROM versions WHERE text_id = ? AND year >= 0", (after,))
    written_in = {row[0] for row in rows}
    return (int(language not in written_in), (rows[0][1], after)) if rows else (0, _BEFORE_ALL)


def _stories_after(
    mailbox: Database, shown: Database, question: str, language: LanguageCode, place: tuple[Value, Value]
) -> Iterator[tuple[Value, Words]]:
    """Give the ids and the notes of the stories after a place, without those that were taken back."""
    while rows := shown.rows(question, (language, *place, 2 * PAGE)):
        withdrawn = withdrawn_among(mailbox, shown, {row[3] for row in rows})
        yield from ((row[0], read_words(row[2])) for row in rows if row[3] not in withdrawn)
        place = rows[-1][1], rows[-1][0]


def _listed(shown: Database, text_id: Value, notes: Words, language: LanguageCode) -> ListedStory | None:
    """Describe a story in the list; None: it went meanwhile."""
    facts = shown.rows("SELECT language, title, length(body) FROM versions WHERE text_id = ?", (text_id,))
    written = {str(row[0]): row for row in facts}
    shown_in = next((each for each in (language, *LANGUAGE_CODES) if each in written), None)
    if shown_in is None or not isinstance(text_id, bytes):
        return None
    _, title, letters = written[shown_in]
    return ListedStory(text_id, notes, shown_in != language, str(title), shown_in, int(letters or 0), tuple(written))


def _not_empty(versions: list[Version]) -> list[Version]:
    if not versions:
        raise NothingHere
    return versions
