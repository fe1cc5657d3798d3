"""What a member of a circle may see: their circles, the queues, and the cases that their keys open.

The mailbox is hostile input here. Nothing of it is believed without a seal: a message that does not open is shown as
one, a reply that this desk did not write is marked, a missing number is marked, and the key to which the site seals
new cases is compared with the one that the members hold.
# P05: a case is opened with the keys of its circle only, and those come out of this member's own grants.
"""

from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from onion_app.crypto.keys import KeyPair, keypair_from
from onion_app.crypto.members import open_circle_key
from onion_app.errors import DamagedFile, NotAllowed, NothingHere, SealBroken
from onion_app.vault.database import Database
from onion_app.vault.desk import audit, moderators
from onion_app.vault.desk import taken as taken_rows
from onion_app.vault.desk.circles import Circle, Grant, circles_of, grants_of
from onion_app.vault.desk.taken import taken_cases
from onion_app.vault.mailbox import lifetime, queues, records
from onion_app.vault.shown import routing

PAGE: Final = 25
# What stands behind each tab of a queue, in the vault's words; 'mine' is made of what one has taken.
TABS: Final[dict[str, Literal["unread", "reading", "answered", "asking", "ready", "published", "closed"] | None]] = {
    "new": "unread",
    "reading": "reading",
    "mine": None,
    "waiting": "answered",
    "asking": "asking",
    "ready": "ready",
    "published": "published",
    "closed": "closed",
}


class Books(NamedTuple):
    """The two databases, as one thread has them open, and the day."""

    mailbox: Database
    desk: Database
    today: int


@dataclass(frozen=True, slots=True)
class CircleHere:
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
    circles: dict[bytes, CircleHere]
    coordinator: bool = False

    @property
    def coordinates(self) -> bool:
        """Whether guides, settings and what is published are theirs to change: a coordinator who was let in."""
        return self.coordinator and self.state == "active"


class Listed(NamedTuple):
    """A line of a queue."""

    case: records.Case
    taken_by: str  # handle, or empty


class Tally(NamedTuple):
    """What the first page says about a circle."""

    circle: CircleHere
    counts: records.Counts
    mine: int


class FirstPage(NamedTuple):
    """Counts only, and what the chores found."""

    circles: list[Tally]
    findings: list[audit.Finding]


def member(books: Books, moderator_id: bytes, private: bytes) -> Member:
    """Give a moderator with the keys of their circles, as the databases stand now.

    Raises:
        NothingHere: unknown, shut out, or with another key than the one in the session.
    """
    who = moderators.read_moderator(books.desk, moderator_id)
    if who.state == "out" or keypair_from(private).public != who.public_key:
        raise NothingHere
    found = (_circle(books, circle, who.id, private) for circle in circles_of(books.desk, who.id))
    return Member(who.id, who.handle, who.state, {circle.id: circle for circle in found}, who.coordinator)


def _circle(books: Books, circle: Circle, moderator_id: bytes, private: bytes) -> CircleHere:
    grants = grants_of(books.desk, moderator_id, circle.id)
    opened = [_granted(grant, private) for grant in grants]
    # Without the newest pair nothing is opened or sealed: an older one is known to whoever was shut out.
    pairs = tuple(pair for pair in opened if pair is not None) if opened and opened[0] is not None else ()
    ours = pairs[0].public if pairs else None
    return CircleHere(circle.id, circle.name, pairs, not circle.public_key == ours == _sealed_to(books, circle.id))


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


def _sealed_to(books: Books, circle_id: bytes) -> bytes | None:
    """Give the key to which the site seals new cases of a circle."""
    try:
        return routing.circle_key(books.mailbox, circle_id).public_key
    except NothingHere:
        return None


def first_page(books: Books, member: Member) -> FirstPage:
    """Count what waits in each circle, and tell what the chores found."""
    taken = [case.circle_id for case in taken_cases_of(books, member)]
    tallies = [
        Tally(circle, queues.counts(books.mailbox, circle.id), taken.count(circle.id))
        for circle in member.circles.values()
    ]
    return FirstPage(tallies, audit.findings(books.desk))


def acknowledge(books: Books, finding_id: bytes, member: Member) -> None:
    """Note that a finding was seen, and by whom."""
    audit.acknowledge(books.desk, finding_id)
    audit.audit(books.desk, member.id, "acknowledged a finding", books.today)


def circle_of(member: Member, circle_id: bytes) -> CircleHere:
    """Give one of the member's circles.

    Raises:
        NotAllowed: they are not in it, or there is none.
    """
    circle = member.circles.get(circle_id)
    if circle is None:
        raise NotAllowed
    return circle


def case_of(books: Books, member: Member, case_id: bytes) -> records.Case:
    """Give a case of one of the member's circles.

    Raises:
        NothingHere: no such case.
        NotAllowed: it belongs to another circle.
    """
    case = lifetime.read_case(books.mailbox, case_id)
    circle_of(member, case.circle_id)
    return case


def queue(books: Books, member: Member, circle_id: bytes, tab: str, page: int) -> list[Listed]:
    """List up to 25 cases of a circle, the urgent ones first; pages count from 1.

    Raises:
        NotAllowed: not a circle of theirs.
        NothingHere: no such tab.
    """
    circle_of(member, circle_id)
    if tab not in TABS:
        raise NothingHere
    which = TABS[tab]
    if which is None:
        mine = [case for case in taken_cases_of(books, member) if case.circle_id == circle_id]
        found = mine[PAGE * (page - 1) :][:PAGE]
    else:
        found = queues.queue(books.mailbox, circle_id, which, page - 1)
    takers = taken_rows.taken_by(books.desk, [case.id for case in found])
    handles = {who: handle_of(books, who) for who in set(takers.values())}
    return [Listed(case, handles[takers[case.id]] if case.id in takers else "") for case in found]


def only_coordinators(member: Member) -> None:
    """Refuse everybody else.

    Raises:
        NotAllowed: they are no coordinator.
    """
    if not member.coordinates:
        raise NotAllowed


def handle_of(books: Books, moderator_id: bytes) -> str:
    """Give the handle of somebody in the same circle."""
    return moderators.read_moderator(books.desk, moderator_id).handle


def taken_cases_of(books: Books, member: Member) -> list[records.Case]:
    """Read the cases that the member has taken and that are still theirs, the urgent and then the oldest first."""
    found = []
    for case_id in taken_cases(books.desk, member.id):
        try:
            found.append(case_of(books, member, case_id))
        except (DamagedFile, NothingHere, NotAllowed):
            continue
    return sorted(found, key=lambda case: (-case.urgent, case.last_day, case.id))
