"""The queues of a circle. Every question is answered from one index, and costs the same with many cases as with few."""

from contextlib import suppress
from typing import Literal

from onion_app.choices import CaseState
from onion_app.days import DAYS
from onion_app.errors import DamagedFile
from onion_app.vault.database import Database
from onion_app.vault.mailbox.lifetime import AT_ONCE, CASE
from onion_app.vault.mailbox.records import MANY, PAGE, Case, Counts

_WITHOUT_ANSWER = ("new", "reading")


def waiting_counts(db: Database, circle_id: bytes) -> Counts:
    """Count the unread cases of a circle and the urgent ones without an answer, and find the oldest of these."""
    unread = "SELECT count(*) FROM (SELECT 1 FROM cases WHERE circle_id = ? AND unread = 1 LIMIT ?)"
    urgent = "SELECT count(*) FROM (SELECT 1 FROM cases WHERE circle_id = ? AND state = ? AND urgent = 2 LIMIT ?)"
    oldest = (
        "SELECT min(last_day) FROM cases WHERE circle_id = ? AND state = ? AND urgent = ? AND last_day BETWEEN 0 AND ?"
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


def queued_cases(db: Database, circle_id: bytes, which: Literal[CaseState, "unread"], page: int) -> list[Case]:
    """List 25 cases of a circle in one state, or unread, the urgent and then the oldest first; pages count from 0."""
    # The ids come from the index alone: a page far down would otherwise look up every case before it.
    part = "ORDER BY urgent DESC, last_day, id LIMIT ? OFFSET ?"
    of_circle = "SELECT id FROM cases WHERE circle_id = ? AND octet_length(id) = 16 "
    if which == "unread":
        ids = db.rows(of_circle + "AND unread = 1 " + part, (circle_id, PAGE, PAGE * page))
    else:
        ids = db.rows(of_circle + "AND state = ? " + part, (circle_id, which, PAGE, PAGE * page))
    cases: list[Case] = []
    for case_id in ids:
        with suppress(DamagedFile):  # planted past every CHECK: whoever opens it by its address is told
            cases += db.well_formed(Case, CASE, case_id)
    return cases


def cases_of(db: Database, circle_id: bytes, after: bytes) -> list[bytes]:
    """List the next 100 cases of a circle, by id."""
    of_circle = "SELECT id FROM cases WHERE circle_id = ? AND id > ? AND octet_length(id) = 16 ORDER BY id LIMIT ?"
    return db.ids(of_circle, (circle_id, after, AT_ONCE))
