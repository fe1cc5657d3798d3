"""Belief in the machine's clock: cases are destroyed because of their age, and a wrong clock makes all of them old.

The desk's database keeps the newest day that the chores have seen. A clock that stands before it, or far behind the
time that any installation sleeps, is doubted, and so is one that has gone on faster than the launcher has run: nothing
is destroyed, published or given back by it until it is put right or the operator has said that it is right.
"""

import time
from collections.abc import Callable

from onion_app.days import DAY, date_of, today
from onion_app.vault import settings
from onion_app.vault.database import Database

LONGEST_SLEEP = 14  # days without a launcher, after which somebody has to look at a calendar
_SLACK = 1  # day; a clock that is set back by an hour may come from tomorrow
_AHEAD = 2  # days; one for the midnight that part of a day may hold, one for a clock that is put right by some hours


def check_and_note(desk: Database, machine_day: int, *, is_right: bool, latest_day: int | None) -> int:
    """Note a day since 1970 that is believed, and give 0; or give the days between the newest one seen and this one.

    `is_right` is the operator's word, which is always believed. `latest_day` is the launcher's bound (`SinceLaunch`).
    """
    newest = settings.read_settings(desk).seen_day
    if newest is not None and not is_right:
        latest = newest + LONGEST_SLEEP if latest_day is None else min(newest + LONGEST_SLEEP, max(newest, latest_day))
        if not newest - _SLACK <= machine_day <= latest:
            return machine_day - newest
    if is_right or newest is None or machine_day > newest:
        with desk.writing():
            settings.put_setting(desk, "seen_day", machine_day)
    return 0


def describe_doubt(off: int) -> str:
    """Say why nothing is done by the clock, and what ends that; `off` is in days after the newest day seen."""
    distance = f"{off} days after" if off > 0 else f"{-off} days before"
    return (
        f"it says {date_of(today(time.time)):%d.%m.%Y}, {distance} the newest day seen. Nothing is destroyed or "
        "published until: ./scripts/manage clock"
    )


def time_since_boot() -> float:
    """Measure seconds, those in which the machine slept included: no setting of its clock moves them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class SinceLaunch:
    """A launcher's bound of the day: since its chores first believed the clock, only so much time can have passed.

    Otherwise a clock that is stepped on by two weeks every hour would make all cases old within a day.
    """

    def __init__(self, machine_day: Callable[[], int], up: Callable[[], float] = time_since_boot) -> None:
        """Take the machine's clock as two functions: the day since 1970, and the seconds since the start."""
        self._machine_day = machine_day
        self._up = up
        self._begun = (machine_day(), up())
        self._believed: tuple[int, float] | None = None

    def chores_begin(self) -> None:
        """Note the moment at which chores look at the clock."""
        self._begun = (self._machine_day(), self._up())

    def clock_was_believed(self) -> None:
        """Count from the moment at which the first chores that believed the clock have looked at it."""
        self._believed = self._believed or self._begun

    def operator_has_looked(self) -> None:
        """Count anew from the next chores that believe the clock."""
        self._believed = None

    def latest_day(self) -> int | None:
        """Give the latest day since 1970 that it can be; None before any chores have believed the clock."""
        if self._believed is None:
            return None
        day, up = self._believed
        return day + int(self._up() - up) // DAY + _AHEAD
