"""The permissions of a member: their circles, and the cases that the keys of these open.

The mailbox is hostile input here: the key to which the site seals new cases is compared with the one that the members
hold.
# P05: a case is opened with the keys of its circle only, and those come out of this member's own grants.
"""

from dataclasses import dataclass, field

from onion_app.crypto.keys import KeyPair, keypair_from
from onion_app.crypto.members import open_circle_key, seal_circle_key
from onion_app.desk.context import Databases
from onion_app.errors import NotAllowed, NothingHere, SealBroken
from onion_app.vault.desk import moderators
from onion_app.vault.desk.circles import Circle, Grant, circles_of, grants_of
from onion_app.vault.mailbox import lifetime, records
from onion_app.vault.shown import routing


@dataclass(frozen=True, slots=True)
class OwnCircle:
    """A circle that one is a member of: its pairs, the newest first, and whether somebody exchanged its key."""

    id: bytes
    name: str
    pairs: tuple[KeyPair, ...] = field(repr=False)
    differs: bool


@dataclass(frozen=True, slots=True)
class Member:
    """Who sits at the desk, with their keys, for the time of one request."""

    id: bytes
    handle: str
    state: str
    circles: dict[bytes, OwnCircle]
    coordinator: bool = False

    @property
    def coordinates(self) -> bool:
        """Whether guides, settings and what is published are theirs to change: a coordinator who was let in."""
        return self.coordinator and self.state == "active"


def member_with_keys(dbs: Databases, moderator_id: bytes, private: bytes) -> Member:
    """Give a moderator with the keys of their circles, as the databases stand now.

    Raises:
        NothingHere: unknown, shut out, or with another key than the one in the session.
    """
    who = moderators.read_moderator(dbs.desk, moderator_id)
    check_key(who, private)
    circles = (_circle(dbs, circle, who.id, private) for circle in circles_of(dbs.desk, who.id))
    return Member(who.id, who.handle, who.state, {circle.id: circle for circle in circles}, who.coordinator)


def check_key(who: moderators.Moderator, private: bytes) -> None:
    """Refuse a private key that is not, or no longer, the one of a moderator.

    Raises:
        NothingHere: they were shut out, or have another key.
    """
    if who.state == "out" or keypair_from(private).public != who.public_key:
        raise NothingHere


def _circle(dbs: Databases, circle: Circle, moderator_id: bytes, private: bytes) -> OwnCircle:
    grants = grants_of(dbs.desk, moderator_id, circle.id)
    opened = [_granted(grant, private) for grant in grants]
    # Without the newest pair nothing is opened or sealed: an older one is known to whoever was shut out.
    pairs = tuple(pair for pair in opened if pair is not None) if opened and opened[0] is not None else ()
    ours = pairs[0].public if pairs else None
    return OwnCircle(circle.id, circle.name, pairs, not circle.public_key == ours == _sealed_to(dbs, circle.id))


def _granted(grant: Grant, private: bytes) -> KeyPair | None:
    """Open a grant; None when it is not what it says."""
    try:
        opened = open_circle_key(
            grant.sealed,
            circle_id=grant.circle_id,
            generation=grant.generation,
            moderator_id=grant.moderator_id,
            private_key=private,
        )
    except SealBroken:
        return None
    return keypair_from(opened)


def grant_to(receiver: moderators.Moderator, pair: KeyPair, circle_id: bytes, generation: int) -> Grant:
    """Seal a circle's pair of one generation to a moderator."""
    sealed = seal_circle_key(
        pair.private,
        circle_id=circle_id,
        generation=generation,
        moderator_id=receiver.id,
        public_key=receiver.public_key,
    )
    return Grant(circle_id, generation, receiver.id, pair.public, sealed)


def _sealed_to(dbs: Databases, circle_id: bytes) -> bytes | None:
    """Give the key to which the site seals new cases of a circle."""
    try:
        return routing.circle_key(dbs.mailbox, circle_id).public_key
    except NothingHere:
        return None


def circle_of(member: Member, circle_id: bytes) -> OwnCircle:
    """Give one of the member's circles.

    Raises:
        NotAllowed: they are not in it, or there is none.
    """
    circle = member.circles.get(circle_id)
    if circle is None:
        raise NotAllowed
    return circle


def case_of(dbs: Databases, member: Member, case_id: bytes) -> records.Case:
    """Give a case of one of the member's circles.

    Raises:
        NothingHere: no such case.
        NotAllowed: it belongs to another circle.
    """
    case = lifetime.read_case(dbs.mailbox, case_id)
    circle_of(member, case.circle_id)
    return case


def only_coordinators(member: Member) -> None:
    """Refuse everybody else.

    Raises:
        NotAllowed: they are no coordinator.
    """
    if not member.coordinates:
        raise NotAllowed


def handle_of(dbs: Databases, moderator_id: bytes) -> str:
    """Give the handle of somebody in the same circle."""
    return moderators.read_moderator(dbs.desk, moderator_id).handle
