"""Visits: what somebody wrote or opened, kept between two pages, sealed under a key that only their cookie holds.

# P04: the memory of the server alone opens no visit; the key comes with a request and goes with it.
# P10: a visit is gone at once when it is ended, 15 minutes after the last page, and after an hour in any case.
# P16: what somebody has open is never thrown out for a stranger's. Of one holder, such as a case, the newest visits
hold; where there is no room for more, a new one is refused. Only drafts (`drafts`), whose words are in their form too,
make room for each other: the one unused longest goes.
Nothing here touches a disk, and no visit survives a restart.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from secrets import token_urlsafe
from threading import Lock
from typing import Any, Final

from onion_app.crypto.keys import subkey
from onion_app.crypto.sealing import open_bytes, seal_bytes
from onion_app.errors import Overloaded, VisitOver
from onion_app.shapes import from_json, to_json
from onion_app.web.headers import Clock

IDLE: Final = 15 * 60  # seconds after the last page
LONGEST: Final = 60 * 60  # seconds after the first page
MOST_VISITS: Final = 20_000

_KEY_BYTES = 32
_KEY_LETTERS = 43  # what 32 bytes are in urlsafe base64 without its padding
_CONTENTS = "contents of a visit"
_PLACE = "place of a visit"
_LONGEST_JSON = 1 << 24  # our own; what may be in it is limited before it is sealed


@dataclass(slots=True)
class _Visit:
    sealed: bytes
    started: float
    used: float
    holder: bytes  # whose newest visits hold; empty where anybody may have many


class Visits:
    """The open visits of one app; times in seconds."""

    def __init__(
        self,
        clock: Clock,
        *,
        idle: float = IDLE,
        longest: float = LONGEST,
        of_each_holder: int = 4,
        most: int = MOST_VISITS,
        largest: int = _LONGEST_JSON,
        on_empty: Callable[[], object] | None = None,
    ) -> None:
        """Start without visits; `on_empty` is called whenever the last one has ended."""
        self._clock = clock
        self._idle = idle
        self._longest = longest
        self._of_each_holder = of_each_holder
        self._most = most
        self._largest = largest
        self._on_empty = on_empty
        self._lock = Lock()
        self._open: OrderedDict[bytes, _Visit] = OrderedDict()  # the one unused longest comes first
        self._bytes = 0
        self._held: dict[bytes, list[bytes]] = {}  # the places of each holder, the oldest first

    def __len__(self) -> int:
        """Count the visits that have not ended, those among them that are overdue."""
        return len(self._open)

    def start(self, contents: dict[str, Any] | None = None, *, holder: bytes = b"") -> str:
        """Open a visit and give its key, for the cookie. Of a `holder` who has too many the oldest goes.

        Raises:
            Overloaded: there is no room for one more.
        """
        key = new_visit_key()
        self.start_under(key, contents or {}, holder=holder)
        return key

    def start_under(self, key: str, contents: dict[str, Any], *, holder: bytes = b"") -> None:
        """Open a visit under a key.

        Raises:
            Overloaded: as for `start`, or it is too large.
        """
        with self._table() as now:
            while holder and len(self._held.get(holder, ())) >= self._of_each_holder:
                self._remove(self._held[holder][0])
            self._put(key, _Visit(_seal(key, contents), now, now, holder))

    def load(self, key: str) -> dict[str, Any]:
        """Give the contents of a visit, and count this as a use of it.

        Raises:
            VisitOver: it was ended, or is overdue, or made room for another; or the key is no key.
        """
        with self._table() as now:
            sealed = self._use(key, now).sealed
        return from_json(dict[str, Any], open_bytes(_key(key), sealed, b""), VisitOver, _LONGEST_JSON)

    def use(self, key: str) -> bool:
        """Say whether a visit is open, and count this as a use of it."""
        with self._table() as now, suppress(VisitOver):
            self._use(key, now)
            return True
        return False

    def save(self, key: str, contents: dict[str, Any]) -> None:
        """Replace the contents of a visit.

        Raises:
            VisitOver: as for `load`.
            Overloaded: they are too large, and what was there before is gone.
        """
        with self._table() as now:
            visit = self._use(key, now)
            self._put(key, _Visit(_seal(key, contents), visit.started, now, visit.holder))

    def end(self, key: str) -> None:
        """Forget a visit; one that is over already is no mistake."""
        with self._table(), suppress(VisitOver):
            self._remove(_place(key))

    def end_all(self) -> None:
        """Forget every visit."""
        with self._table():
            for place in list(self._open):
                self._remove(place)

    def sweep(self) -> int:
        """Forget the visits that are overdue and give how many are still open; looks at each, so once a second."""
        with self._table() as now:
            for place, visit in list(self._open.items()):
                if self._is_overdue(visit, now):
                    self._remove(place)
            return len(self._open)

    def _put(self, key: str, visit: _Visit) -> None:
        place = _place(key)
        self._remove(place)
        self._make_room(len(visit.sealed))
        self._open[place] = visit
        self._bytes += len(visit.sealed)
        if visit.holder:
            self._held.setdefault(visit.holder, []).append(place)

    def _make_room(self, size: int) -> None:
        if size > self._largest or len(self._open) >= self._most:
            raise Overloaded

    @contextmanager
    def _table(self) -> Iterator[float]:
        """Hold the table and give the time; afterwards say so when the last visit has gone."""
        emptied = False
        try:
            with self._lock:
                before = len(self._open)
                try:
                    yield self._clock()
                finally:
                    emptied = before > 0 and not self._open
        finally:
            if emptied and self._on_empty is not None:
                self._on_empty()

    def _use(self, key: str, now: float) -> _Visit:
        place = _place(key)
        visit = self._open.get(place)
        if visit is None or self._is_overdue(visit, now):
            self._remove(place)
            raise VisitOver
        visit.used = now
        self._open.move_to_end(place)
        return visit

    def _remove(self, place: bytes) -> None:
        visit = self._open.pop(place, None)
        if visit is None:
            return
        self._bytes -= len(visit.sealed)
        if visit.holder:
            self._held[visit.holder].remove(place)
            if not self._held[visit.holder]:
                del self._held[visit.holder]

    def _is_overdue(self, visit: _Visit, now: float) -> bool:
        # A clock that was put back ends a visit; it never makes one longer.
        return not (0 <= now - visit.used < self._idle and 0 <= now - visit.started < self._longest)


def new_visit_key() -> str:
    """Draw the key of a visit, for the cookie."""
    return token_urlsafe(_KEY_BYTES)


def _place(key: str) -> bytes:
    """Derive where a visit is kept: the key itself must not stay behind in the table.

    Raises:
        VisitOver: it cannot be a key of ours.
    """
    if len(key) != _KEY_LETTERS or not key.isascii():
        raise VisitOver
    return subkey(key.encode(), _PLACE)


def _key(key: str) -> bytes:
    return subkey(key.encode(), _CONTENTS)


def _seal(key: str, contents: dict[str, Any]) -> bytes:
    return seal_bytes(_key(key), to_json(contents).encode(), b"")
