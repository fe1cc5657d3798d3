"""What a circle lets wait for too long, and whether it has done so for as long again.

Overdue is an urgent case that nobody has read for two days, a promise past its day, and any other case without an
answer past the days that are promised for its topic, where somebody reads an answer. The columns are hints, as in
every queue; the promises stand at the desk.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from onion_app.vault.database import Database
from onion_app.vault.desk.promised import promises
from onion_app.vault.mailbox import lifetime, queues
from onion_app.vault.settings import Settings

_UNREAD_DAYS: Final = 2  # on which an urgent case that nobody has read is overdue


class Overdue(NamedTuple):
    """How many cases of a circle are overdue, and whether one has been for as long again."""

    cases: int
    is_silent: bool


@dataclass(frozen=True, slots=True)
class _Time:
    case_id: bytes
    last_day: int  # on which it is not overdue
    days: int  # that there were


def overdue_in(mailbox: Database, desk: Database, in_force: Settings, circle_id: bytes, today: int) -> Overdue:
    """Find what is overdue in a circle on a day."""
    late = [each for each in _times(mailbox, desk, in_force, circle_id, today) if today > each.last_day]
    is_silent = any(today > each.last_day + each.days for each in late)
    return Overdue(len({each.case_id for each in late}), is_silent)


def _times(mailbox: Database, desk: Database, in_force: Settings, circle_id: bytes, today: int) -> Iterator[_Time]:
    for case_id, since_day in queues.urgent_unread(mailbox, circle_id, today - _UNREAD_DAYS):
        yield _Time(case_id, since_day + _UNREAD_DAYS - 1, _UNREAD_DAYS)
    promised = {promise.case_id: promise for promise in promises(desk)}
    for promise in promised.values():
        if promise.day < today and lifetime.queue_of(mailbox, promise.case_id) == circle_id:
            yield _Time(promise.case_id, promise.day, promise.day - promise.made_day)
    days = in_force.answer_days
    for case in queues.unanswered_until(mailbox, circle_id, today - min(days.values()) - 1):
        if case.id not in promised:
            within = days["urgent" if case.urgent == 2 else case.topic]  # noqa: PLR2004 - as it sorts
            yield _Time(case.id, case.last_day + within, within)
