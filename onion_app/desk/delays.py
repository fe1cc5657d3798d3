"""A delay that grows with the failed logins of one handle in one browser, and keeps nobody else out.

The first two tries of a browser are free; after that each failure doubles its pause, up to a minute. A try within the
pause is refused unchecked and does not make it longer. What strangers do in other browsers is counted by handle alone:
after many of their failures, whoever has used up the free tries waits the whole minute. It refuses no browser that has
free tries left: a right passphrase with its digits passes at once, however many others are trying.

Time is the time since this machine was started: a clock that is put back or on changes no pause. What was typed as a
handle is kept as a hash under a key of this process only: people type a passphrase into the wrong box.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Final

from onion_app.crypto.keys import new_key, subkey
from onion_app.errors import CodeMistyped, LoginRefused, NothingHere, WrongPassphrase, WrongSecondFactor
from onion_app.vault.desk.moderators import compared

_FREE: Final = 2
_LONGEST: Final = 60.0  # seconds: a guess a minute finds no passphrase of six words, and a person can wait that long
_FORGOTTEN: Final = 3600.0  # seconds after which a failure counts no more
_ENOUGH: Final = 10  # failures of a browser after which its pause grows no more, however many follow
_MANY: Final = 20  # failures of one handle, in all browsers together, that no forgetful person makes
_KEPT: Final = 1000  # in each table; more would let a flood of invented handles or browsers fill the memory

OneTry = Callable[[str], AbstractContextManager[None]]
"""`Delays.one_try` as one browser has it: it takes the handle."""


def since_boot() -> float:
    """Tell the seconds since this machine was started, those that it slept included; nobody can put them back."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(slots=True)
class _Failures:
    count: int = 0
    last: float = 0.0


class _Table:
    """Failures by name. The fewest failures make room first: who fails once under many names empties no other's."""

    def __init__(self) -> None:
        self._failures: dict[bytes, _Failures] = {}

    def of(self, name: bytes, now: float) -> _Failures:
        """Give the failures under a name that still count."""
        failures = self._failures.get(name, _Failures())
        return failures if now - failures.last <= _FORGOTTEN else _Failures()

    def add(self, name: bytes, now: float) -> None:
        """Count one more."""
        count = self.of(name, now).count + 1
        self._failures.pop(name, None)
        while len(self._failures) >= _KEPT:
            fewest = min(self._failures, key=lambda each: (self.of(each, now).count, self._failures[each].last))
            del self._failures[fewest]
        self._failures[name] = _Failures(count, now)

    def forget(self, name: bytes) -> None:
        """Let what was counted under a name count no more."""
        self._failures.pop(name, None)


class Delays:
    """Counts failures by handle and browser; safe to be used by several threads."""

    def __init__(self, elapsed: Callable[[], float]) -> None:
        """Start without any failure; `elapsed` gives seconds that only ever grow."""
        self._elapsed = elapsed
        self._key = new_key()
        self._own = _Table()
        self._shared = _Table()
        self._lock = Lock()

    @contextmanager
    def one_try(self, handle: str, browser: str) -> Iterator[None]:
        """Count a try as failed until the check within has passed, so that many at once are no way around.

        Raises:
            LoginRefused: the browser's pause after its last failure is not over, or the check failed; its reason is
                not told.
        """
        everybody = subkey(self._key, compared(handle))
        own = subkey(everybody, browser)
        self._begin(everybody, own)
        try:
            yield
        except (NothingHere, CodeMistyped, WrongPassphrase, WrongSecondFactor):
            raise LoginRefused from None
        with self._lock:
            self._own.forget(own)

    def _begin(self, everybody: bytes, own: bytes) -> None:
        now = self._elapsed()
        with self._lock:
            failures, all_failures = self._own.of(own, now), self._shared.of(everybody, now)
            pause = min(2.0 ** (min(failures.count, _ENOUGH) - _FREE), _LONGEST)
            if all_failures.count > _MANY:
                pause = _LONGEST
            # The pause is the browser's own, from its own last failure; strangers only make it the longest one.
            if failures.count > _FREE and now - failures.last < pause:
                raise LoginRefused
            self._own.add(own, now)
            self._shared.add(everybody, now)
