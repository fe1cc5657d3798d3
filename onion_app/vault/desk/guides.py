"""Guides as coordinators write them: versions that change one by one, each with who has checked it and when.

A draft is shown to nobody; what is shown are the words that two people agreed to, until one takes them down. No author
has a part in it, so the mailbox is not locked. Changed words were checked by nobody.
"""

from dataclasses import dataclass, replace

from onion_app.choices import TextState
from onion_app.errors import NothingHere, NotReady
from onion_app.shapes import Id
from onion_app.vault.database import Database
from onion_app.vault.shown import writing
from onion_app.vault.shown.reading import Version, versions_of


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide, apart from its words."""

    id: Id
    slug: str


def all_guides(desk: Database) -> list[tuple[Guide, list[Version]]]:
    """List every guide by its name, with its versions."""
    guides = desk.well_formed(Guide, "SELECT id, slug FROM texts WHERE slug > '' ORDER BY slug")
    return [(guide, versions_of(desk, guide.id)) for guide in guides]


def read_guide(desk: Database, guide_id: bytes) -> tuple[Guide, list[Version]]:
    """Read a guide.

    Raises:
        NothingHere: there is none.
    """
    guide = desk.one(Guide, "SELECT id, slug FROM texts WHERE id = ? AND slug > ''", (guide_id,))
    return guide, versions_of(desk, guide_id)


def state_of(versions: list[Version]) -> TextState:
    """Say whether a guide is shown, from its versions."""
    states: tuple[TextState, ...] = ("public", "down")
    return next((state for state in states if any(each.state == state for each in versions)), "draft")


def begin_guide(desk: Database, guide_id: bytes, slug: str) -> bytes:
    """Begin a guide under a name; give the id of the one that has this name already, if there is one."""
    with desk.writing():
        if there := desk.ids("SELECT id FROM texts WHERE slug = ?", (slug,)):
            return there[0]
        desk.run("INSERT INTO texts (id, slug) VALUES (?, ?)", (guide_id, slug))
        return guide_id


def save_draft(desk: Database, version: Version) -> None:
    """Store a version of a guide that is not shown.

    Raises:
        NothingHere: there is no such guide.
        NotReady: it is shown by now. # P14: what readers have is changed by `show_words` alone.
    """
    with desk.writing():
        _, versions = read_guide(desk, version.text_id)
        if state_of(versions) == "public":
            raise NotReady
        if (version.language, version.title, version.body) not in ((v.language, v.title, v.body) for v in versions):
            _replace(desk, replace(version, state=state_of(versions)))


def show_words(desk: Database, versions: list[Version]) -> None:
    """Let exactly these words be shown, each in its language, inside the caller's `writing()`; `show` follows.

    Words that stay the same stay checked by whoever has checked them.

    Raises:
        NothingHere: there is no such guide.
    """
    for version in versions:
        _, there = read_guide(desk, version.text_id)
        words = (version.language, version.title, version.body)
        same = next((each for each in there if (each.language, each.title, each.body) == words), version)
        _replace(desk, replace(same, state="public"))


def note_check(shown: Database, desk: Database, version: Version, handle: str | None, day: int) -> None:
    """Note that a version was checked on a day, by whom only where they chose to be named; its words are those read.

    Raises:
        NothingHere: it was changed, or is gone.
    """
    with desk.writing():
        if version not in read_guide(desk, version.text_id)[1]:
            raise NothingHere
        _replace(desk, replace(version, checked_by=handle, checked_day=day))
    _show(shown, desk, version)


def take_down(shown: Database, desk: Database, guide_id: bytes) -> None:
    """Show a guide no more.

    Raises:
        NothingHere: there is none, or it has no words yet.
    """
    with desk.writing():
        read_guide(desk, guide_id)
        if not desk.run("UPDATE versions SET state = 'down' WHERE text_id = ?", (guide_id,)):
            raise NothingHere
    with shown.writing():
        writing.show_text(shown, desk, guide_id)


def _replace(desk: Database, version: Version) -> None:
    desk.run("DELETE FROM versions WHERE text_id = ? AND language = ?", (version.text_id, version.language))
    writing.insert_version(desk, version)


def _show(shown: Database, desk: Database, version: Version) -> None:
    if version.state == "public":
        with shown.writing():
            writing.show_text(shown, desk, version.text_id)
