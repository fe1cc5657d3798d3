"""Days since 1970-01-01 UTC: the one unit in which time is stored, and the one place that makes dates of it."""

from collections.abc import Callable
from datetime import date
from typing import Final

DAY: Final = 86_400  # seconds
DAYS: Final = range(150_000)
"""Up to the year 2380: a date can be made of every one of them."""

_FIRST: Final = date(1970, 1, 1).toordinal()


def today(clock: Callable[[], float]) -> int:
    """Give the day of a clock that tells unix seconds. # P08: nothing finer is stored, and no page asks for it."""
    return int(clock() // DAY)


def date_of(day: int) -> date:
    """Give the date of a day."""
    return date.fromordinal(_FIRST + day)
