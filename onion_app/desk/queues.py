"""What waits in a circle, and what a member has taken of it."""

from typing import Final, Literal, NamedTuple

from onion_app.choices import CaseState
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member, OwnCircle, case_of, circle_of, handle_of
from onion_app.errors import DamagedFile, NotAllowed, NothingHere
from onion_app.vault.desk import audit
from onion_app.vault.desk.taken import taken_by, taken_cases
from onion_app.vault.mailbox import queues, records

PAGE: Final = 25


# What stands behind each tab of a queue, in the vault's words; 'mine' is made of what one has taken.
TABS: Final[dict[str, Literal[CaseState, "unread"] | None]] = {
    "new": "unread",
    "reading": "reading",
    "mine": None,
    "waiting": "answered",
    "asking": "asking",
    "ready": "ready",
    "published": "published",
    "closed": "closed",
}


class QueueRow(NamedTuple):
    """A line of a queue."""

    case: records.Case
    taken_by: str  # handle, or empty


class CircleCounts(NamedTuple):
    """What the first page says about a circle."""

    circle: OwnCircle
    counts: records.Counts
    mine: int


class FirstPage(NamedTuple):
    """Counts only, and what the chores found."""

    circles: list[CircleCounts]
    findings: list[audit.Finding]


def first_page(dbs: Databases, member: Member) -> FirstPage:
    """Count what waits in each circle, and tell what the chores found."""
    taken = [case.circle_id for case in taken_cases_of(dbs, member)]
    tallies = [
        CircleCounts(circle, queues.waiting_counts(dbs.mailbox, circle.id), taken.count(circle.id))
        for circle in member.circles.values()
    ]
    return FirstPage(tallies, audit.findings(dbs.desk))


def acknowledge_finding(dbs: Databases, finding_id: bytes, member: Member) -> None:
    """Note that a finding was seen, and by whom."""
    audit.acknowledge(dbs.desk, finding_id)
    audit.add_to_audit(dbs.desk, member.id, "acknowledged a finding", dbs.today)


def queue_rows(dbs: Databases, member: Member, circle_id: bytes, tab: str, page: int) -> list[QueueRow]:
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
        mine = [case for case in taken_cases_of(dbs, member) if case.circle_id == circle_id]
        found = mine[PAGE * (page - 1) :][:PAGE]
    else:
        found = queues.queued_cases(dbs.mailbox, circle_id, which, page - 1)
    takers = taken_by(dbs.desk, [case.id for case in found])
    handles = {who: handle_of(dbs, who) for who in set(takers.values())}
    return [QueueRow(case, handles[takers[case.id]] if case.id in takers else "") for case in found]


def taken_cases_of(dbs: Databases, member: Member) -> list[records.Case]:
    """Read the cases that the member has taken and that are still theirs, the urgent and then the oldest first."""
    found = []
    for case_id in taken_cases(dbs.desk, member.id):
        try:
            found.append(case_of(dbs, member, case_id))
        except (DamagedFile, NothingHere, NotAllowed):
            continue
    return sorted(found, key=lambda case: (-case.urgent, case.last_day, case.id))
