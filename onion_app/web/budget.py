"""How much is taken at once: a bucket of tokens for each kind of writing.

A bucket knows how many came, never who; it lives in memory and is full after a start.
"""

from threading import Lock
from typing import Final

from onion_app.errors import Overloaded
from onion_app.web.headers import Clock

STEP: Final = 5.0  # seconds; refilled in steps, so that whoever tries again in a few minutes meets a real chance
URGENT_SHARE: Final = 5  # one in five tokens is kept for those who are in danger


class TokenBucket:
    """Holds at most `size` tokens and gets `per_minute` of them back in a minute."""

    def __init__(self, clock: Clock, *, size: int, per_minute: float) -> None:
        """Start full."""
        self._clock = clock
        self._size = float(size)
        self._reserved = size / URGENT_SHARE
        self._per_step = per_minute * STEP / 60
        self._tokens = self._size
        self._filled = clock()
        self._lock = Lock()

    def take(self, *, urgent: bool = False) -> None:
        """Take one token; the reserved fifth goes to urgent requests only.

        Raises:
            Overloaded: there is none left for this request.
        """
        with self._lock:
            self._refill()
            if self._tokens - (0 if urgent else self._reserved) < 1:
                raise Overloaded
            self._tokens -= 1

    def has_left(self) -> bool:
        """Say whether a request that is not urgent would get a token now."""
        with self._lock:
            self._refill()
            return self._tokens - self._reserved >= 1

    def _refill(self) -> None:
        now = self._clock()
        self._filled = min(self._filled, now)  # the clock of the machine may have been put back
        steps = int((now - self._filled) / STEP)
        self._tokens = min(self._size, self._tokens + steps * self._per_step)
        self._filled += steps * STEP
