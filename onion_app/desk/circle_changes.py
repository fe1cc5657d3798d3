"""What coordinators want of the circles: other topics, a new one, the catch-all, one that everybody has left.

Each waits for a second person; the function tells whether it does. # P14
"""

from typing import Final

from onion_app.crypto.keys import new_id
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member, only_coordinators
from onion_app.desk.proposal_kinds import OTHERS
from onion_app.desk.proposals import propose
from onion_app.errors import Refused
from onion_app.vault.desk import audit

NAME_LETTERS: Final = 40


def add_circle(dbs: Databases, member: Member, name: str, topics: tuple[str, ...], languages: tuple[str, ...]) -> bool:
    """Add a circle, which gets its key with its first member; one that is to get cases waits for a second person.

    Tells whether it waits. The catch-all and the coordinators' circle stay what they are.

    Raises:
        NotAllowed: they are no coordinator.
        Refused: the name is empty, too long, or another circle's; or three of their proposals wait.
    """
    only_coordinators(member)
    if not 1 <= len(name) <= NAME_LETTERS:
        raise Refused("A circle's name has 1 to 40 letters.", field="name")
    wanted, circle_id = {"name": [name], "topics": list(topics), "languages": list(languages)}, new_id()
    # P14: one without a topic gets nothing but what a circle hands to it.
    waits = propose(dbs, member.id, "new_circle", circle_id, wanted, at_once=not topics)
    if not waits:
        audit.add_to_audit(dbs.desk, member.id, "added a circle", dbs.today, circle_id)
    return waits


def change_circle(
    dbs: Databases, member: Member, circle_id: bytes, topics: tuple[str, ...], languages: tuple[str, ...]
) -> bool:
    """Propose other topics and languages for a circle; tell whether it waits.

    Raises:
        NotAllowed: they are no coordinator.
        NothingHere: no such circle, topic or language.
        Refused: three of their proposals wait.
    """
    wanted = {"topics": list(topics), "languages": list(languages)}
    return propose(dbs, member.id, "circle", circle_id, wanted)


def make_catch_all(dbs: Databases, member: Member, circle_id: bytes) -> bool:
    """Propose that a circle get what no other one does; tell whether it waits.

    Raises:
        NotAllowed, NothingHere: as for `change_circle`.
        Refused: nobody is in it, or three of their proposals wait.
    """
    return propose(dbs, member.id, "catch_all", circle_id, {})


def found_anew(dbs: Databases, member: Member, circle_id: bytes) -> bool:
    """Propose that a circle which everybody has left begin anew, with who redeems an invitation; tell whether it waits.

    Raises:
        NotAllowed, NothingHere: as for `change_circle`.
        Refused: somebody is in it, or three of their proposals wait.
    """
    return propose(dbs, member.id, "founding", circle_id, {})


def leave_topics_to(dbs: Databases, member: Member, circle_id: bytes, heir: bytes | None) -> bool:
    """Propose where the topics of a circle go which everybody has left: to one, or to those that have them too.

    Tells whether it waits.

    Raises:
        NotAllowed, NothingHere: as for `change_circle`.
        Refused: somebody is in it, nobody in the other, or three of their proposals wait.
    """
    wanted = {"to": [heir.hex() if heir is not None else OTHERS]}
    return propose(dbs, member.id, "emptied", circle_id, wanted)
