"""Days since 1970-01-01, as they begin in the country: the one unit in which time is stored, and dates made of it."""

from collections.abc import Callable
from datetime import date
from typing import Final

from onion_app.country import hours_ahead

Clock = Callable[[], float]
"""Tells unix seconds."""

DAY: Final = 86_400  # seconds
DAYS: Final = range(150_000)
"""Up to the year 2380: a date can be made of every one of them."""

_HOUR: Final = 3600  # seconds
_FIRST: Final = date(1970, 1, 1).toordinal()


def today(clock: Clock) -> int:
    """Give the day there, by a clock of unix seconds. # P08: nothing finer is stored, and no page asks for it."""
    return int((clock() + hours_ahead() * _HOUR) // DAY)


def date_of(day: int) -> date:
    """Give the date of a day."""
    return date.fromordinal(_FIRST + day)


def day_of(when: date) -> int:
    """Give the day of a date."""
    return when.toordinal() - _FIRST
