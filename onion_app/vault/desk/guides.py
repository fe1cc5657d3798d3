"""Guides as coordinators write them: versions that change one by one, each with who has checked it and when.

All versions of a guide are shown, or none. No author has a part in it, so the mailbox is not locked. Changed words were
checked by nobody.
"""

import re
from dataclasses import dataclass, replace
from typing import Final, Literal

from onion_app.choices import TextState
from onion_app.errors import NothingHere
from onion_app.shapes import Id
from onion_app.vault.database import Database
from onion_app.vault.shown import writing
from onion_app.vault.shown.reading import Version, versions_of

SLUG: Final = re.compile(r"[a-z][a-z0-9-]{0,29}")
"""The name of a guide in paths."""


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide, apart from its words."""

    id: Id
    slug: str


def all_guides(desk: Database) -> list[tuple[Guide, list[Version]]]:
    """List every guide by its name, with its versions."""
    guides = desk.all(Guide, "SELECT id, slug FROM texts WHERE slug > '' ORDER BY slug")
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
    return versions[0].state if versions else "draft"


def begin_guide(desk: Database, guide_id: bytes, slug: str) -> bytes:
    """Begin a guide under a name; give the id of the one that has this name already, if there is one."""
    with desk.writing():
        if there := desk.ids("SELECT id FROM texts WHERE slug = ?", (slug,)):
            return there[0]
        desk.run("INSERT INTO texts (id, slug) VALUES (?, ?)", (guide_id, slug))
        return guide_id


def save_version(shown: Database, desk: Database, version: Version) -> None:
    """Store a version of a guide; where the guide is shown, readers have it from the next moment on.

    Raises:
        NothingHere: there is no such guide.
    """
    with desk.writing():
        _, versions = read_guide(desk, version.text_id)
        if (version.language, version.title, version.body) in ((v.language, v.title, v.body) for v in versions):
            return
        version = replace(version, state=state_of(versions))
        _replace(desk, version)
    _show(shown, desk, version)


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


def move_guide(shown: Database, desk: Database, guide_id: bytes, state: Literal["public", "down"]) -> None:
    """Show a guide, or show it no more.

    Raises:
        NothingHere: there is none, or it has no words yet.
    """
    with desk.writing():
        read_guide(desk, guide_id)
        if not desk.run("UPDATE versions SET state = ? WHERE text_id = ?", (state, guide_id)):
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
