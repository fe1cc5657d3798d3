"""The periods of which numbers are made: quarters, halves and years that are over, one after another."""

from datetime import date, timedelta
from typing import Final, NamedTuple

from onion_app.days import date_of, day_of

MONTHS: Final = (3, 6, 12)


class Period(NamedTuple):
    """A period, by its first and its last day."""

    first_day: int
    last_day: int


def periods_to_try(last_try: int | None, today: int) -> list[Period]:
    """List what can be tried next: what begins after the last try and is over; at first the newest of each length."""
    if last_try is None:
        found = [_period(_begin_before(today, months), months) for months in MONTHS]
    else:
        begin = date_of(last_try + 1)
        found = [_period(begin, months) for months in MONTHS if not (begin.month - 1) % months]
    return [period for period in found if period.last_day < today]


def _period(begin: date, months: int) -> Period:
    return Period(day_of(begin), day_of(_later(begin, months) - timedelta(days=1)))


def _begin_before(today: int, months: int) -> date:
    """Give the first day of the newest period of a length that is over."""
    now = date_of(today)
    begun = date(now.year, (now.month - 1) // months * months + 1, 1)
    return _later(begun, -months)


def _later(begin: date, months: int) -> date:
    years, month = divmod(begin.month - 1 + months, 12)
    return date(begin.year + years, month + 1, 1)
