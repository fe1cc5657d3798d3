"""Visits: what somebody wrote or opened, kept between two pages, sealed under a key that only their cookie holds.

# P04: the memory of the server alone opens no visit; the key comes with a request and goes with it.
# P10: a visit is gone at once when it is ended, 15 minutes after the last page, and after an hour in any case.
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
from onion_app.crypto.sealing import open_field, seal_field
from onion_app.errors import VisitOver
from onion_app.web.headers import Clock

IDLE: Final = 15 * 60  # seconds after the last page
LONGEST: Final = 60 * 60  # seconds after the first page
MOST_VISITS: Final = 500  # times 16 KiB of text and its base64: 12 MiB at most

_KEY_BYTES = 32
_KEY_LETTERS = 43  # what 32 bytes are in urlsafe base64 without its padding
_CONTENTS = "contents of a visit"
_PLACE = "place of a visit"


@dataclass(slots=True)
class _Visit:
    sealed: str
    started: float
    used: float
    holder: bytes = b""  # who can have one visit only; empty where anybody may have many


class Visits:
    """The open visits of one app; times in seconds."""

    def __init__(
        self,
        clock: Clock,
        *,
        idle: float = IDLE,
        longest: float = LONGEST,
        on_empty: Callable[[], object] | None = None,
    ) -> None:
        """Start without visits; `on_empty` is called whenever the last one has ended."""
        self._clock = clock
        self._idle = idle
        self._longest = longest
        self._on_empty = on_empty
        self._lock = Lock()
        self._open: OrderedDict[bytes, _Visit] = OrderedDict()  # the one unused longest comes first

    def __len__(self) -> int:
        """Count the visits that have not ended, those among them that are overdue."""
        return len(self._open)

    def start(self, contents: dict[str, Any] | None = None, *, holder: bytes = b"") -> str:
        """Open a visit and give its key, for the cookie; where there are too many, the one unused longest goes.

        A `holder` has one visit: this one takes the place of theirs.
        """
        key = token_urlsafe(_KEY_BYTES)
        with self._table() as now:
            for place in [place for place, visit in self._open.items() if holder and visit.holder == holder]:
                del self._open[place]
            while len(self._open) >= MOST_VISITS:
                self._open.popitem(last=False)
            self._open[_place(key)] = _Visit(_seal(key, contents or {}), now, now, holder)
        return key

    def load(self, key: str) -> dict[str, Any]:
        """Give the contents of a visit, and count this as a use of it.

        Raises:
            VisitOver: it was ended, or is overdue, or made room for another; or the key is no key.
        """
        with self._table() as now:
            sealed = self._use(key, now).sealed
        return open_field(key.encode(), _CONTENTS, sealed)

    def save(self, key: str, contents: dict[str, Any]) -> None:
        """Replace the contents of a visit.

        Raises:
            VisitOver: as for `load`.
        """
        with self._table() as now:
            visit = self._use(key, now)
            visit.sealed = _seal(key, contents)

    def end(self, key: str) -> None:
        """Forget a visit; one that is over already is no mistake."""
        with self._table(), suppress(VisitOver):
            self._open.pop(_place(key), None)

    def sweep(self) -> int:
        """Forget the visits that are overdue and give how many are still open; looks at each, so once a second."""
        with self._table() as now:
            for place, visit in list(self._open.items()):
                if self._is_overdue(visit, now):
                    del self._open[place]
            return len(self._open)

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
            self._open.pop(place, None)
            raise VisitOver
        visit.used = now
        self._open.move_to_end(place)
        return visit

    def _is_overdue(self, visit: _Visit, now: float) -> bool:
        # A clock that was put back ends a visit; it never makes one longer.
        return not (0 <= now - visit.used < self._idle and 0 <= now - visit.started < self._longest)


def _place(key: str) -> bytes:
    """Derive where a visit is kept: the key itself must not stay behind in the table.

    Raises:
        VisitOver: it cannot be a key of ours.
    """
    if len(key) != _KEY_LETTERS or not key.isascii():
        raise VisitOver
    return subkey(key.encode(), _PLACE)


def _seal(key: str, contents: dict[str, Any]) -> str:
    return seal_field(key.encode(), _CONTENTS, contents)
