"""Guides as coordinators write them: versions that change one by one, each with who has checked it and when.

A guide that is shown changes in the same act at the desk and in the mailbox, so that no reader and no chore ever finds
half of it. Changed words were checked by nobody.
"""

import re
from dataclasses import astuple, dataclass, replace
from typing import Final, Literal

from onion_app.errors import NothingHere
from onion_app.shapes import Id
from onion_app.vault.database import Database
from onion_app.vault.shown import reading, writing
from onion_app.vault.shown.reading import Version

SLUG: Final = re.compile(r"[a-z][a-z0-9-]{0,29}")
"""The name of a guide in paths."""

_GUIDE: Final = "SELECT id, slug, state FROM texts WHERE kind = 'guide' "


@dataclass(frozen=True, slots=True)
class Guide:
    """A guide and whether it is shown."""

    id: Id
    slug: str
    state: Literal["draft", "public", "down"]


def all_guides(desk: Database) -> list[tuple[Guide, list[Version]]]:
    """List every guide by its name, with its versions."""
    guides = desk.all(Guide, _GUIDE + "ORDER BY slug")
    return [(guide, reading.read_text(desk, guide.id)[1]) for guide in guides]


def read_guide(desk: Database, guide_id: bytes) -> tuple[Guide, list[Version]]:
    """Read a guide.

    Raises:
        NothingHere: there is none.
    """
    return desk.one(Guide, _GUIDE + "AND id = ?", (guide_id,)), reading.read_text(desk, guide_id)[1]


def begin_guide(desk: Database, guide_id: bytes, slug: str) -> bytes:
    """Begin a guide under a name, as a draft; give the id of the one that has this name already, if there is one."""
    with desk.writing():
        row = desk.row("SELECT id FROM texts WHERE slug = ?", (slug,))
        if row is not None and isinstance(row[0], bytes):
            return row[0]
        insert = "INSERT INTO texts (id, kind, slug, year, notes, state) VALUES (?, 'guide', ?, NULL, '[]', 'draft')"
        desk.run(insert, (guide_id, slug))
        return guide_id


def save_version(mailbox: Database, desk: Database, version: Version) -> None:
    """Store a version of a guide; where the guide is shown, readers have it from the next moment on.

    Raises:
        NothingHere: there is no such guide.
    """
    with mailbox.writing(), desk.writing():
        guide, versions = read_guide(desk, version.text_id)
        before = next((one for one in versions if one.language == version.language), None)
        if before is not None and (before.title, before.body) == (version.title, version.body):
            return
        _replace(mailbox, desk, guide, version)


def note_check(mailbox: Database, desk: Database, version: Version, handle: str, day: int) -> None:
    """Note who has checked a version, and on which day; only while its words are those that they read.

    Raises:
        NothingHere: it was changed, or is gone.
    """
    with mailbox.writing(), desk.writing():
        guide, versions = read_guide(desk, version.text_id)
        if version not in versions:
            raise NothingHere
        _replace(mailbox, desk, guide, replace(version, checked_by=handle, checked_day=day))


def publish_guide(mailbox: Database, desk: Database, guide_id: bytes) -> None:
    """Show a guide.

    Raises:
        NothingHere: there is none, or it has no words yet.
    """
    if not read_guide(desk, guide_id)[1]:
        raise NothingHere
    writing.publish_text(mailbox, desk, guide_id)


def take_down_guide(mailbox: Database, desk: Database, guide_id: bytes) -> None:
    """Show a guide no more.

    Raises:
        NothingHere: there is none.
    """
    read_guide(desk, guide_id)
    writing.take_down_text(mailbox, desk, guide_id)


def _replace(mailbox: Database, desk: Database, guide: Guide, version: Version) -> None:
    desk.run("DELETE FROM versions WHERE text_id = ? AND language = ?", (guide.id, version.language))
    writing.insert_version(desk, astuple(version))
    if guide.state == "public":
        writing.show_text(mailbox, guide.id, writing.shown_by_desk(desk, guide.id))
