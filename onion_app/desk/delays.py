"""A delay that grows with every failed login of one handle, and never locks anybody out for good.

The first two tries are free; after that each failure doubles the pause, up to a minute. A try within the pause is
refused unchecked and does not make it longer. What was typed as a handle is kept as a hash under a key of this
process only: people type a passphrase into the wrong box.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

from onion_app.crypto.keys import new_key, subkey
from onion_app.errors import CodeMistyped, LoginRefused, NothingHere, WrongPassphrase, WrongSecondFactor

_FREE: Final = 2
_LONGEST: Final = 60.0  # seconds: a guess a minute finds no passphrase of six words, and a person can wait that long
_FORGOTTEN: Final = 3600.0  # seconds after which a failure counts no more
_ENOUGH: Final = 10  # failures after which the pause grows no more, however many follow
_KEPT: Final = 1000  # handles remembered; more would let a flood of invented handles fill the memory


class Delays:
    """Counts failures by handle; safe to be used by several threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start without any failure."""
        self._clock = clock
        self._key = new_key()
        self._failures: OrderedDict[bytes, tuple[int, float]] = OrderedDict()
        self._lock = Lock()

    @contextmanager
    def one_try(self, handle: str) -> Iterator[None]:
        """Count a try as failed until the check within has passed, so that many at once are no way around.

        Raises:
            LoginRefused: the pause after the last failure is not over, or the check failed; its reason is not told.
        """
        self._begin(handle)
        try:
            yield
        except (NothingHere, CodeMistyped, WrongPassphrase, WrongSecondFactor):
            raise LoginRefused from None
        with self._lock:
            self._failures.pop(self._name(handle), None)

    def _begin(self, handle: str) -> None:
        name, now = self._name(handle), self._clock()
        with self._lock:
            count, last = self._failures.get(name, (0, now))
            if now - last > _FORGOTTEN:
                count = 0
            if count > _FREE and now - last < min(2.0 ** (count - _FREE), _LONGEST):
                raise LoginRefused
            self._failures[name] = (min(count + 1, _ENOUGH), now)
            self._failures.move_to_end(name)
            while len(self._failures) > _KEPT:
                self._failures.popitem(last=False)

    def _name(self, handle: str) -> bytes:
        return subkey(self._key, handle.casefold())
