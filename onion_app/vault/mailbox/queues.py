"""The queues of a circle. Every question is answered from one index, and costs the same with many cases as with few."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from onion_app.choices import CaseState, Topic, Urgent
from onion_app.days import DAYS
from onion_app.errors import DamagedFile
from onion_app.shapes import Day, Id
from onion_app.vault.database import Database
from onion_app.vault.mailbox.lifetime import AT_ONCE, CASE
from onion_app.vault.mailbox.records import MANY, PAGE, Case, Counts

_WITHOUT_ANSWER = ("new", "reading")
_AMONG: Final = 500  # cases that one statement asks for


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a case in a queue: the urgent first, then who waits longest, and by their ids those of one day."""

    urgent: Urgent
    day: Day
    case_id: Id

    @property
    def order(self) -> tuple[int, int, bytes]:
        """What the places of a queue are sorted by."""
        return -self.urgent, self.day, self.case_id


BEGINNING: Final = Place(2, 0, b"")
_URGENCIES: Final[dict[int, Urgent]] = {2: 2, 1: 1, 0: 0}


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A case whose author waits for an answer, and what decides how long it may take."""

    id: Id
    topic: Topic
    urgent: Urgent
    last_day: Day


@dataclass(frozen=True, slots=True)
class UnreadCounts:
    """The unread cases of a circle that are urgent, and those whose author was asked about a story; each up to MANY."""

    urgent: int
    asked: int


def waiting_counts(db: Database, circle_id: bytes) -> Counts:
    """Count the unread cases of a circle and the urgent ones without an answer, and find the oldest of these."""
    unread = "SELECT count(*) FROM (SELECT 1 FROM cases WHERE circle_id = ? AND unread = 1 LIMIT ?)"
    urgent = "SELECT count(*) FROM (SELECT 1 FROM cases WHERE circle_id = ? AND state = ? AND urgent = 2 LIMIT ?)"
    oldest = (
        "SELECT min(since_day) FROM cases "
        "WHERE circle_id = ? AND state = ? AND urgent = ? AND since_day BETWEEN 0 AND ?"
    )
    days = [
        row[0]
        for state in _WITHOUT_ANSWER
        for urgency in (2, 1, 0)
        for row in db.rows(oldest, (circle_id, state, urgency, DAYS[-1]))
        if isinstance(row[0], int)
    ]
    return Counts(
        unread=db.number(unread, (circle_id, MANY)),
        urgent=min(MANY, sum(db.number(urgent, (circle_id, state, MANY)) for state in _WITHOUT_ANSWER)),
        oldest_day=min(days, default=None),
    )


def tab_counts(db: Database, circle_id: bytes) -> dict[CaseState | Literal["unread"], int]:
    """Count the cases of a circle in each state, and the unread ones, each up to MANY."""
    in_state = "SELECT count(*) FROM (SELECT 1 FROM cases WHERE circle_id = ? AND state = ? LIMIT ?)"
    unread = "SELECT count(*) FROM (SELECT 1 FROM cases WHERE circle_id = ? AND unread = 1 LIMIT ?)"
    counts: dict[CaseState | Literal["unread"], int] = {
        state: db.number(in_state, (circle_id, state, MANY)) for state in get_args(CaseState)
    }
    return counts | {"unread": db.number(unread, (circle_id, MANY))}


def unread_counts(db: Database, circle_id: bytes) -> UnreadCounts:
    """Count the unread cases of a circle that are urgent, and those whose author was asked about a story."""
    urgent = "SELECT count(*) FROM (SELECT 1 FROM cases WHERE circle_id = ? AND unread = 1 AND urgent = 2 LIMIT ?)"
    asked = "SELECT count(*) FROM (SELECT 1 FROM cases WHERE circle_id = ? AND unread = 1 AND state = 'asking' LIMIT ?)"
    return UnreadCounts(db.number(urgent, (circle_id, MANY)), db.number(asked, (circle_id, MANY)))


def place_at(urgent: int, day: int, case_id: bytes) -> Place:
    """Give a place that an address names."""
    return Place(_URGENCIES[urgent], day, case_id)


def place_of(case: Case) -> Place:
    """Give the place of a case in its queue."""
    return Place(case.urgent, case.since_day, case.id)


def urgent_unread(db: Database, circle_id: bytes, until: int) -> list[tuple[bytes, int]]:
    """List up to MANY urgent cases that nobody has read and that came until a day, with it; the oldest first."""
    urgent = (
        "SELECT id, since_day FROM cases WHERE circle_id = ? AND unread = 1 AND urgent = 2 "
        "AND since_day BETWEEN 0 AND ? AND octet_length(id) = 16 ORDER BY since_day LIMIT ?"
    )
    rows = db.rows(urgent, (circle_id, until, MANY))
    return [(row[0], row[1]) for row in rows if isinstance(row[0], bytes) and isinstance(row[1], int)]


def unanswered_until(db: Database, circle_id: bytes, until: int) -> list[Unanswered]:
    """List the cases without an answer whose author comes back and has not written since a day.

    Left out are the urgent ones that nobody has read. Of each state and urgency the oldest are looked at, up to MANY:
    a circle that lets so many wait is late, whatever the topic of the next one.
    """
    waiting = (
        "SELECT id, topic, urgent, last_day FROM cases WHERE circle_id = ? AND state = ? "
        "AND urgent = ? AND since_day <= ? AND last_day BETWEEN 0 AND ? AND octet_length(id) = 16 "
        "AND octet_length(topic) <= 100 AND box IS NOT NULL AND NOT (unread = 1 AND urgent = 2) "
        "ORDER BY since_day, id LIMIT ?"
    )
    return [
        case
        for state in _WITHOUT_ANSWER
        for urgency in (2, 1, 0)
        for case in db.well_formed(Unanswered, waiting, (circle_id, state, urgency, until, until, MANY))
    ]


def queued_cases(
    db: Database, circle_id: bytes, which: Literal[CaseState, "unread"], after: Place = BEGINNING
) -> tuple[list[Case], Place | None]:
    """List the next 25 cases in one state, or unread, and where the list goes on; the urgent, then the oldest first.

    It goes on after a place, and not after a number of cases: those before it leave the queue while somebody reads.
    """
    # The places come from the index alone: nothing but what is on the page is looked up.
    places: list[Place] = []
    for place in (after, *(replace(BEGINNING, urgent=less) for less in (1, 0) if less < after.urgent)):
        places += _places(db, circle_id, which, place, PAGE + 1 - len(places))
    cases: list[Case] = []
    for place in places[:PAGE]:
        with suppress(DamagedFile):  # planted past every CHECK: whoever opens it by its address is told
            cases += db.well_formed(Case, CASE, (place.case_id,))
    return cases, places[PAGE - 1] if len(places) > PAGE else None


def _places(db: Database, circle_id: bytes, which: str, after: Place, most: int) -> list[Place]:
    """List the places after one of the same urgency, up to so many; a planted one that can be none is no place."""
    part = (
        "AND urgent = ? AND (since_day, id) > (?, ?) AND since_day <= ? AND since_day | 0 = since_day "
        "AND id > x'' AND octet_length(id) = 16 ORDER BY since_day, id LIMIT ?"  # above x'' stand bytes
    )
    rest = (after.urgent, after.day, after.case_id, DAYS[-1], most)
    select = "SELECT urgent, since_day, id FROM cases WHERE circle_id = ? "
    if which == "unread":
        return db.well_formed(Place, f"{select}AND unread = 1 {part}", (circle_id, *rest))
    return db.well_formed(Place, f"{select}AND state = ? {part}", (circle_id, which, *rest))


def cases_beginning_with(db: Database, circle_id: bytes, least: bytes, greatest: bytes) -> list[bytes]:
    """List cases in the queues of a circle whose ids lie between two, which a few letters name; not many of them."""
    between = "SELECT id FROM cases WHERE circle_id = ? AND id BETWEEN ? AND ? AND octet_length(id) = 16 LIMIT ?"
    return db.ids(between, (circle_id, least, greatest, MANY))


def written_since(db: Database, day: int) -> set[bytes]:
    """Give every case, of whatever circle, in which somebody has written on a day or later."""
    return set(db.ids("SELECT id FROM cases WHERE last_day >= ? AND octet_length(id) = 16", (day,)))


def in_queues_of(db: Database, circle_id: bytes, cases: Sequence[bytes]) -> set[bytes]:
    """Give those of some cases that stand in the queues of a circle: a hint, as they are."""
    found = set[bytes]()
    for some in (cases[start : start + _AMONG] for start in range(0, len(cases), _AMONG)):
        among = ", ".join("?" * len(some))
        found |= set(db.ids(f"SELECT id FROM cases WHERE circle_id = ? AND id IN ({among})", (circle_id, *some)))  # noqa: S608
    return found


def cases_of(db: Database, circle_id: bytes, after: bytes) -> list[bytes]:
    """List the next 100 cases of a circle, by id."""
    of_circle = "SELECT id FROM cases WHERE circle_id = ? AND id > ? AND octet_length(id) = 16 ORDER BY id LIMIT ?"
    return db.ids(of_circle, (circle_id, after, AT_ONCE))
