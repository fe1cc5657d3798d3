"""When which chores are due: all of them every hour, two smaller rounds at moments drawn, asked for by nobody.

# P08: chores that followed an erasing would tell whoever watches the machine that it was one.
"""

import secrets

from onion_app.days import DAY
from onion_app.launch.processes.child import Work

_HOUR = 3600.0  # seconds
_FIRST = 3.0  # after the start; until then the site and the desk have the machine for themselves
_SHORT = (60.0, 1740.0)  # between two short rounds: a quarter of an hour, more or less


class Rounds:
    """The next moment of each round. Times are seconds of the monotonic clock, given by the caller."""

    def __init__(self, now: float) -> None:
        """Draw the first moments."""
        self._day = now
        self._due: dict[Work, float] = {"all": now + _FIRST, "daily": now + _drawn(0, DAY)}
        self._due["short"] = now + _drawn(*_SHORT)

    def next(self) -> float:
        """Give the moment at which the next round is due."""
        return min(self._due.values())

    def begin(self, now: float) -> Work:
        """Choose the round that begins, the largest that is due, and draw when it comes again."""
        all_chores: Work = "all"
        work = next((work for work, due in self._due.items() if due <= now), all_chores)
        match work:
            case "all":
                self._due[work] = now + _HOUR
            case "short":
                self._due[work] = now + _drawn(*_SHORT)
            case "daily":  # once in each day since the start, at any of its moments
                self._day = max(self._day + DAY, now)
                self._due[work] = self._day + _drawn(0, DAY)
        return work


def _drawn(soonest: float, latest: float) -> float:
    return secrets.SystemRandom().uniform(soonest, latest)
