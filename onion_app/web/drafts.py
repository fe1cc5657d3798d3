"""The visits of an app in which anybody may write: what they have open in one place, what they write in another.

# P16: what somebody writes, which is in its form too, makes no visit go that has a case open.
"""

from collections.abc import Collection
from contextlib import suppress
from threading import Lock
from typing import Any, Final

from onion_app.errors import Overloaded, VisitOver
from onion_app.web.headers import Clock
from onion_app.web.visits import Visits, new_visit_key

LARGEST_CASE: Final = 1024  # bytes of an open case as it is kept: all its keys; 20 MiB in all
LARGEST_DRAFT: Final = 64 * 1024  # bytes: 12,000 letters of four, and every choice of the form
MOST_DRAFTS: Final = 2_000
ROOM_FOR_DRAFTS: Final = 12 << 20  # bytes of all drafts as they are kept


class Drafts(Visits):
    """What is being written: bounded in bytes as well as in number; for a new one, those unused longest go."""

    def __init__(self, clock: Clock) -> None:
        """Start without drafts."""
        super().__init__(clock, most=MOST_DRAFTS, largest=LARGEST_DRAFT)

    def _make_room(self, size: int) -> None:
        if size > self._largest:
            raise Overloaded
        while len(self._open) >= self._most or self._bytes + size > ROOM_FOR_DRAFTS:
            self._remove(next(iter(self._open)))


class VisitsWithDrafts:
    """The visits of an app in which anybody may write: what they have open in one place, what they write in another."""

    def __init__(self, clock: Clock, drafted: Collection[str]) -> None:
        """Start without visits; contents named in `drafted` are drafts."""
        self._visits = Visits(clock, largest=LARGEST_CASE)
        self._drafts = Drafts(clock)
        self._drafted = drafted
        self._lock = Lock()  # whoever leaves meanwhile has left: nothing is put back under their key

    def start(self, contents: dict[str, Any], *, holder: bytes = b"") -> str:
        """Open a visit and give its key; what finds no room, or is too large, is not kept."""
        key = new_visit_key()
        opened, drafts = self._parted(contents)
        with self._lock:
            with suppress(Overloaded):
                if opened:
                    self._visits.start_under(key, opened, holder=holder)
            with suppress(Overloaded):
                if drafts:
                    self._drafts.start_under(key, drafts)
        return key

    def load(self, key: str) -> dict[str, Any]:
        """Give the contents of a visit, and count this as a use of it.

        Raises:
            VisitOver: nothing of it is there, or not any more.
        """
        with self._lock:
            return self._load(key)

    def save(self, key: str, contents: dict[str, Any]) -> None:
        """Replace the contents of a visit; a draft that is too long is not kept, nor what stood there before it.

        Raises:
            VisitOver: as for `load`.
        """
        opened, drafts = self._parted(contents)
        with self._lock:
            if not (self._visits.use(key) | self._drafts.use(key)):
                raise VisitOver
            with suppress(VisitOver, Overloaded):
                self._visits.save(key, opened) if opened else self._visits.end(key)
            self._drafts.end(key)
            with suppress(Overloaded):
                if drafts:
                    self._drafts.start_under(key, drafts)

    def end(self, key: str) -> None:
        """Forget a visit; one that is over already is no mistake."""
        with self._lock:
            self._visits.end(key)
            self._drafts.end(key)

    def sweep(self) -> int:
        """Forget what is overdue, and give how many are still open in both places."""
        return self._visits.sweep() + self._drafts.sweep()

    def _load(self, key: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = []
        for place in (self._visits, self._drafts):
            with suppress(VisitOver):
                found.append(place.load(key))
        if not found:
            raise VisitOver
        return {name: value for part in found for name, value in part.items()}

    def _parted(self, contents: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        opened = {name: value for name, value in contents.items() if name not in self._drafted}
        return opened, {name: value for name, value in contents.items() if name in self._drafted}
