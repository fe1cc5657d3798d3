"""Guides, by coordinators: words that readers have change with a second person's yes, and come off the site without.

A draft is anybody's in that office; nothing of it is shown. # P14
"""

from typing import cast

from onion_app.choices import LanguageCode
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member, only_coordinators
from onion_app.desk.proposals import note, propose
from onion_app.errors import NothingHere
from onion_app.vault.desk import guides
from onion_app.vault.shown.reading import Version


def save_guide(dbs: Databases, member: Member, guide_id: bytes, language: str, title: str, text: str) -> bool:
    """Keep a draft, or propose other words for a guide that is shown; tell whether that waits for a second person.

    Raises:
        NotAllowed: they are no coordinator.
        NothingHere: there is no such guide.
        Refused: three of their proposals wait.
    """
    only_coordinators(member)
    guide, versions = guides.read_guide(dbs.desk, guide_id)
    if (language, title, text) in {(each.language, each.title, each.body) for each in versions}:
        return False
    if guides.state_of(versions) == "public":
        return propose(dbs, member.id, "guide", guide.id, {language: [title, text]})
    guides.save_draft(dbs.desk, Version(guide.id, cast("LanguageCode", language), title, text))
    note(dbs, member.id, "changed a guide")
    return False


def publish_guide(dbs: Databases, member: Member, guide_id: bytes) -> bool:
    """Propose that a guide be shown as it stands now; tell whether that waits for a second person.

    Raises:
        NotAllowed: they are no coordinator.
        NothingHere: there is none, or it has no words yet.
        Refused: three of their proposals wait.
    """
    only_coordinators(member)
    _, versions = guides.read_guide(dbs.desk, guide_id)
    if not versions:
        raise NothingHere
    wanted: dict[str, list[str]] = {version.language: [version.title, version.body] for version in versions}
    waits = propose(dbs, member.id, "guide", guide_id, wanted)
    if not waits:
        note(dbs, member.id, "published a guide")
    return waits


def take_guide_down(dbs: Databases, member: Member, guide_id: bytes) -> None:
    """Take a guide off the site at once; in place of the one for danger stand the words that the program came with.

    Raises:
        NotAllowed: they are no coordinator.
        NothingHere: there is none, or it has no words yet.
    """
    only_coordinators(member)
    guides.take_down(dbs.shown, dbs.desk, guide_id)
    note(dbs, member.id, "took a guide down")
