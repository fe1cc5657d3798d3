"""The stories that were made of cases: found, listed, and where each stands, which its versions say.

Until a story is queued for the first time nothing is here of it: its drafts are sealed in its case.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from onion_app.choices import TextState
from onion_app.crypto.keys import new_id
from onion_app.errors import NothingHere
from onion_app.shapes import Day, Id, Key
from onion_app.vault.database import Database
from onion_app.vault.mailbox.records import PAGE
from onion_app.vault.mailbox.withdrawals import withdrawn_among
from onion_app.vault.shown.reading import Version, name_of, story_named

STORY: Final = "SELECT id, case_id, mark, case_mark FROM texts WHERE slug IS NULL "


@dataclass(frozen=True, slots=True)
class Story:
    """A story, the case that it was made from, and the marks of the proofs that take it or its case back."""

    id: Id
    case_id: Id | None
    mark: Key | None
    case_mark: Key | None


@dataclass(frozen=True, slots=True)
class Shelved:
    """A story in the list of those in a state, and the day on which a version that is queued comes out."""

    id: Id
    publish_day: Day | None


def new_story_id(desk: Database) -> bytes:
    """Draw the id of a new story, whose first letters no other story has."""
    while True:
        drawn = new_id()
        with suppress(NothingHere):
            story_named(desk, name_of(drawn))
            continue
        return drawn


def story_of(desk: Database, case_id: bytes) -> Story | None:
    """Give the story that was made of a case."""
    return next(iter(desk.all(Story, STORY + "AND case_id = ?", (case_id,))), None)


def read_story(desk: Database, story_id: bytes) -> Story:
    """Read a story, whether or not its author has taken it back; see `find_story`.

    Raises:
        NothingHere: there is none.
    """
    return desk.one(Story, STORY + "AND id = ?", (story_id,))


def find_story(mailbox: Database, shown: Database, desk: Database, story_id: bytes) -> Story:
    """Read a story.

    Raises:
        NothingHere: there is none, or its author has taken it back.
    """
    story = read_story(desk, story_id)
    if withdrawn_among(mailbox, shown, (story.mark, story.case_mark)):
        raise NothingHere  # P07: the desk's own rows of it go with the next chores
    return story


def state_of(versions: list[Version]) -> TextState:
    """Say where a story stands, from its versions; whether something new waits beside it is said by these."""
    states: tuple[TextState, ...] = ("public", "down", "queued")
    return next((state for state in states if any(version.state == state for version in versions)), "draft")


def stories_in(
    mailbox: Database, shown: Database, desk: Database, state: TextState, after: tuple[int, bytes] = (0, b"")
) -> tuple[list[Shelved], Shelved | None]:
    """List the next 25 stories that have versions in a state, the one due first first, and the last if more follow.

    The list goes on after a day (of those queued) and an id. # P07: none is listed that its author has taken back
    """
    listed = "SELECT DISTINCT text_id, publish_day FROM versions WHERE state = ? AND year >= 0 "  # a guide has no year
    if state == "queued":
        part = "AND (publish_day, text_id) > (?, ?) ORDER BY publish_day, text_id LIMIT ?"
        found = desk.well_formed(Shelved, listed + part, (state, *after, PAGE + 1))
    else:
        part = "AND publish_day IS NULL AND text_id > ? ORDER BY text_id LIMIT ?"
        found = desk.well_formed(Shelved, listed + part, (state, after[1], PAGE + 1))
    here = [each for each in found[:PAGE] if not is_withdrawn(mailbox, shown, desk, each.id)]
    return here, found[PAGE - 1] if len(found) > PAGE else None


def is_withdrawn(mailbox: Database, shown: Database, desk: Database, story_id: bytes) -> bool:
    """Tell whether a story is gone, or its author has taken it back; the desk's rows of it go with the next chores."""
    try:
        find_story(mailbox, shown, desk, story_id)
    except NothingHere:
        return True
    return False


def shown_stories(desk: Database) -> dict[bytes, bytes]:
    """Give the cases whose story is shown, and the ids of these stories."""
    shown = "AND id IN (SELECT text_id FROM versions WHERE state = 'public')"
    rows = desk.rows(f"SELECT case_id, id FROM texts WHERE slug IS NULL {shown}")  # noqa: S608
    return {case_id: story for case_id, story in rows if isinstance(case_id, bytes) and isinstance(story, bytes)}
