"""The queues of a circle, and the cases that a member has taken from them.

Whoever has taken a case answers it, and nobody else, until they give it back or close it.
"""

from typing import Final, Literal, NamedTuple

from onion_app.choices import CaseState
from onion_app.desk.case_view import note_in_audit
from onion_app.desk.context import Databases
from onion_app.desk.look_again import cases_to_look_at
from onion_app.desk.permissions import Member, OwnCircle, case_of, circle_of, handle_of
from onion_app.errors import KeysChanged, NewMessage, NotAllowed, NothingHere, Refused
from onion_app.vault import overdue
from onion_app.vault.desk import audit, circles, entries, promised, stories, taken
from onion_app.vault.mailbox import lifetime, queues, records
from onion_app.vault.mailbox.records import PAGE
from onion_app.vault.settings import read_settings
from onion_app.vault.shown.reading import name_of

# The vault's word for each tab; those of 'mine' and 'again' are a member's own, taken or to be looked at again.
TABS: Final[dict[str, Literal[CaseState, "unread"] | None]] = {
    "new": "unread",
    "reading": "reading",
    "mine": None,
    "again": None,
    "waiting": "answered",
    "asking": "asking",
    "agreed": "agreed",
    "ready": "ready",
    "published": "published",
    "closed": "closed",
}
_OWN: Final = tuple(tab for tab, which in TABS.items() if which is None)


class QueueRow(NamedTuple):
    """A line of a queue."""

    case: records.Case
    number: str
    notes: int
    taken_by: str  # handle, or empty


class QueuePage(NamedTuple):
    """A part of a queue, and the place after which it goes on."""

    rows: list[QueueRow]
    last: queues.Place | None


class TakenCases(NamedTuple):
    """The cases that a member has taken, and the ids of those whose keys somebody has changed."""

    cases: list[records.Case]
    changed: list[bytes]


class CircleCounts(NamedTuple):
    """The numbers of a circle on the first page."""

    circle: OwnCircle
    counts: records.Counts
    unread: queues.UnreadCounts
    tabs: dict[CaseState | Literal["unread"], int]
    mine: int
    overdue: int
    again: int


def circle_counts(dbs: Databases, member: Member) -> list[CircleCounts]:
    """Count the cases of each of the member's circles."""
    own = {tab: [case.circle_id for case in _own_cases(dbs, member, tab)] for tab in _OWN}
    return [
        CircleCounts(
            circle,
            queues.waiting_counts(dbs.mailbox, circle.id),
            queues.unread_counts(dbs.mailbox, circle.id),
            queues.tab_counts(dbs.mailbox, circle.id),
            own["mine"].count(circle.id),
            _overdue(dbs, circle.id).cases,
            own["again"].count(circle.id),
        )
        for circle in member.circles.values()
    ]


def tab_counts(dbs: Databases, member: Member, circle_id: bytes) -> dict[str, int]:
    """Count the cases under each tab of a circle's queue."""
    counts = queues.tab_counts(dbs.mailbox, circle_id)
    own = {tab: sum(case.circle_id == circle_id for case in _own_cases(dbs, member, tab)) for tab in _OWN}
    return {tab: own[tab] if which is None else counts[which] for tab, which in TABS.items()}


def _own_cases(dbs: Databases, member: Member, tab: str) -> list[records.Case]:
    if tab == "mine":
        return taken_cases_of(dbs, member).cases
    return sorted(cases_to_look_at(dbs, member), key=lambda case: queues.place_of(case).order)


def case_number(case_id: bytes) -> str:
    """Give the four letters by which a circle speaks of a case."""
    return name_of(case_id)[:4]


def silent_circles(dbs: Databases) -> list[str]:
    """Name the circles that do not answer: something in them has been overdue for as long as there was time for it."""
    return [circle.name for circle in circles.circles(dbs.desk) if _overdue(dbs, circle.id).is_silent]


def _overdue(dbs: Databases, circle_id: bytes) -> overdue.Overdue:
    return overdue.overdue_in(dbs.mailbox, dbs.desk, read_settings(dbs.shown), circle_id, dbs.today)


def acknowledge_finding(dbs: Databases, member: Member, finding_id: bytes) -> None:
    """Note that a finding was seen, and by whom: the others go on seeing it until they have said so themselves."""
    audit.acknowledge(dbs.desk, finding_id, member.id)
    audit.add_to_audit(dbs.desk, member.id, "acknowledged a finding", dbs.today)


def queue_page(
    dbs: Databases, member: Member, circle_id: bytes, tab: str, after: tuple[int, int, bytes] | None
) -> QueuePage:
    """List the next 25 cases of a circle after a place, the urgent ones first, but for those they stepped out of.

    Raises:
        NotAllowed: not a circle of theirs.
        NothingHere: no such tab.
    """
    circle_of(member, circle_id)
    if tab not in TABS:
        raise NothingHere
    which = TABS[tab]
    if which is None:
        cases, last = page_of([case for case in _own_cases(dbs, member, tab) if case.circle_id == circle_id], after)
    else:
        cases, last = queues.queued_cases(dbs.mailbox, circle_id, which, _place(after))
    hidden = taken.stepped_out(dbs.desk, member.id)
    cases = [case for case in cases if case.id not in hidden and not (tab == "published" and _is_withdrawn(dbs, case))]
    takers = taken.taken_by(dbs.desk, [case.id for case in cases])
    handles = {who: handle_of(dbs, who) for who in set(takers.values())}
    rows = [
        QueueRow(
            case,
            case_number(case.id),
            entries.notes_of(dbs.desk, case.id, circle_id),
            handles[takers[case.id]] if case.id in takers else "",
        )
        for case in cases
    ]
    return QueuePage(rows, last)


def page_of(
    cases: list[records.Case], after: tuple[int, int, bytes] | None
) -> tuple[list[records.Case], queues.Place | None]:
    """Give the next 25 of a sorted list of cases, and the place after which it goes on."""
    rest = [case for case in cases if queues.place_of(case).order > _place(after).order]
    return rest[:PAGE], queues.place_of(rest[PAGE - 1]) if len(rest) > PAGE else None


def _place(after: tuple[int, int, bytes] | None) -> queues.Place:
    return queues.place_at(*after) if after else queues.BEGINNING


def _is_withdrawn(dbs: Databases, case: records.Case) -> bool:
    """Tell whether the author of a story has taken it back; its case says otherwise until the next chores."""
    story = stories.story_of(dbs.desk, case.id)
    return story is not None and stories.is_withdrawn(*dbs[:3], story.id)


def taken_cases_of(dbs: Databases, member: Member) -> TakenCases:
    """Read the cases that the member has taken and that are still theirs, the urgent and then the oldest first."""
    cases, changed = [], []
    for case_id in taken.taken_cases(dbs.desk, member.id):
        try:
            cases.append(case_of(dbs, member, case_id))
        except KeysChanged:
            changed.append(case_id)
        except (NothingHere, NotAllowed):
            continue
    return TakenCases(sorted(cases, key=lambda case: queues.place_of(case).order), changed)


def take_case(dbs: Databases, member: Member, case_id: bytes) -> None:
    """Take a case: from now on nobody else can answer it.

    Raises:
        Refused: somebody else has.
        NothingHere, NotAllowed: it is no case of theirs.
    """
    case = case_of(dbs, member, case_id)
    taken.take_case(dbs.desk, case.id, member.id, dbs.today)
    note_in_audit(dbs, member, case, "took a case")


def give_case_back(dbs: Databases, member: Member, case_id: bytes) -> None:
    """Let the others of the circle take a case.

    Raises:
        Refused, NothingHere, NotAllowed: as for `taken_case`.
    """
    case = taken_case(dbs, member, case_id)
    taken.give_case_back(dbs.desk, case.id, member.id)
    note_in_audit(dbs, member, case, "gave a case back")


def close_case(dbs: Databases, member: Member, case_id: bytes) -> None:
    """Close a case and give it back; a new message of its author opens it again.

    Raises:
        NewMessage: the author has written and nobody has read it.
        Refused, NothingHere, NotAllowed: as for `taken_case`.
    """
    case = taken_case(dbs, member, case_id)
    if case.unread:
        raise NewMessage
    if case.state not in ("ready", "published"):  # its author goes on seeing where the story is
        lifetime.set_state(dbs.mailbox, case.id, "closed")
    with dbs.desk.writing():
        promised.forget_promise(dbs.desk, case.id)
    taken.give_case_back(dbs.desk, case.id, member.id)
    note_in_audit(dbs, member, case, "closed a case")


def taken_case(dbs: Databases, member: Member, case_id: bytes) -> records.Case:
    """Give a case that the member has taken.

    Raises:
        Refused: nobody has, or somebody else.
        NothingHere, NotAllowed: it is no case of theirs.
    """
    case = case_of(dbs, member, case_id)
    taker = taken.taken_by(dbs.desk, [case.id]).get(case.id)
    if taker is None:
        raise Refused("Take this case first: only who has taken it can do this.")
    if taker != member.id:
        raise Refused(taken.TAKEN_BY_ANOTHER)
    return case
