"""The permissions of a member: their circles, and the cases that these have.

The mailbox is hostile input here: which circle has a case follows from its id and from the desk's own rows, never from
a column that queues are sorted by.
# P05: a case is opened with the keys of its circle only, and those come out of this member's own grants.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from onion_app.crypto.keys import KeyPair, keypair_from
from onion_app.crypto.members import open_circle_key
from onion_app.desk.context import Databases
from onion_app.errors import (
    CircleKeyChanged,
    DamagedFile,
    KeysChanged,
    LoginSuspended,
    NotAllowed,
    NothingHere,
    SealBroken,
)
from onion_app.vault.database import Database
from onion_app.vault.desk import case_records, moderators
from onion_app.vault.desk.circles import Circle, Grant, circles_of, grants_of, read_circle
from onion_app.vault.desk.proposals import is_suspended
from onion_app.vault.mailbox import case_keys, lifetime, records
from onion_app.vault.shown.routing import door_of


@dataclass(frozen=True, slots=True)
class OwnCircle:
    """A circle that one is a member of: the generation of its key, and the pairs of all generations that open."""

    id: bytes
    name: str
    generation: int
    pairs: Mapping[int, KeyPair] = field(repr=False)

    @property
    def pair(self) -> KeyPair:
        """The present pair.

        Raises:
            CircleKeyChanged: the grant of it does not open; an older pair is known to whoever was shut out.
        """
        if self.generation not in self.pairs:
            raise CircleKeyChanged
        return self.pairs[self.generation]


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
        LoginSuspended: until a second person has said whether they are out.
    """
    who = moderators.read_moderator(dbs.desk, moderator_id)
    check_key(who, private)
    expect_no_suspension(dbs.desk, who.id)
    circles = (_circle(dbs, circle, who.id, private) for circle in circles_of(dbs.desk, who.id))
    return Member(who.id, who.handle, who.state, {circle.id: circle for circle in circles}, who.coordinator)


def check_key(who: moderators.Moderator, private: bytes) -> None:
    """Refuse a private key that is not, or no longer, the one of a moderator.

    Raises:
        NothingHere: they were shut out, or have another key.
    """
    if who.state == "out" or keypair_from(private).public != who.public_key:
        raise NothingHere


def expect_no_suspension(desk: Database, moderator_id: bytes) -> None:
    """Refuse somebody who has proved who they are, and is suspended until a second person has decided.

    Raises:
        LoginSuspended: they are.
    """
    if is_suspended(desk, moderator_id):
        raise LoginSuspended


def _circle(dbs: Databases, circle: Circle, moderator_id: bytes, private: bytes) -> OwnCircle:
    opened = {grant.generation: _granted(grant, private) for grant in grants_of(dbs.desk, moderator_id, circle.id)}
    pairs = {generation: pair for generation, pair in opened.items() if pair is not None}
    return OwnCircle(circle.id, circle.name, circle.generation or 0, pairs)


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
    pair = keypair_from(opened)
    return pair if pair.public == grant.public_key else None


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
    """Give a case that one of the member's circles has, whatever circle its row names.

    Raises:
        NothingHere: no such case, or one that is gone.
        KeysChanged: its id does not follow from its row, or there is no sense in that.
        NotAllowed: another circle has it.
    """
    try:
        holder = holder_of(dbs, case_id)
        if door_of(dbs.desk, case_id) == "gone":
            raise NothingHere
        circle_of(member, holder)
        return replace(lifetime.read_case(dbs.mailbox, case_id), circle_id=holder)
    except DamagedFile:
        raise KeysChanged from None


def expect_present_key(dbs: Databases, circle: OwnCircle) -> None:
    """See, inside the mailbox's `writing()`, that nobody was shut out since this member's request began.

    # P05: nothing is sealed under a former key, nor changed by who is out, once somebody has been shut out.

    Raises:
        CircleKeyChanged: the circle has another key by now, or its grant does not open.
    """
    if read_circle(dbs.desk, circle.id).generation != circle.generation or circle.generation not in circle.pairs:
        raise CircleKeyChanged


def holder_of(dbs: Databases, case_id: bytes) -> bytes:
    """Give the circle that has a case: the one of its newest turn, else the home that its id follows from.

    Raises:
        NothingHere: no such case.
        KeysChanged: its id does not follow from its row.
    """
    home, turns = case_keys.key_row(dbs.mailbox, case_id).home, case_records.turns_of(dbs.desk, case_id)
    return turns[max(turns)].circle_id if turns else home


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
