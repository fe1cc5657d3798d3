"""The seat of a visitor, and the sealed field by which each form of the site says for which seat it was made.

A seat is a random value in the session cookie. Nothing but *Leave* ends it: no time, no new key and no restart; what a
browser kept of it after that is answered with *Done*. The field serves as the token of the form, too: a seat that is
not told to anybody else makes no form of another place.
# P10: words come back to their own seat, and to nobody who has left it.
"""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from secrets import token_bytes, token_hex
from threading import Lock
from typing import Final, NamedTuple, cast

from flask import Flask, current_app, g, request, session

from onion_app.crypto.keys import digest, subkey
from onion_app.crypto.sealing import open_bytes, seal_bytes
from onion_app.errors import SealBroken, SeatLeft, SeatUnknown

FIELD: Final = "csrf_token"  # the name of the field in every form
MOST_LEFT: Final = 4096  # seats remembered as left; the next ones are only counted as missed
REMEMBERED: Final = 24  # hours

_SEAT, _PUT_AWAY, _TAKEN_OVER = "seat", "put_away", "taken_over"  # the names in the session cookie
_MOST_TAKEN_OVER: Final = 8  # seats; each comes of a first page whose cookie was refused, or overtaken by another's
_STAMP: Final = struct.Struct(">16s8sI?B")
_LONGEST: Final = 1024  # letters of the field; the longest of ours has 240
_PLACE: Final = b"form of the site"


class Stamp(NamedTuple):
    """For which seat a form was made (a hash), by which process, in which hour, and whether its cookie had come back.

    `put_away` counts how often the codes of this seat had been put away by then.
    """

    seat: bytes
    process: bytes
    hour: int
    came_back: bool
    put_away: int


class Seats:
    """The seats that were left within a day, as hashes in memory; strangers fill the list and take nobody out of it."""

    def __init__(self, clock: Callable[[], float], key: bytes) -> None:
        """Start with none; `clock` gives unix seconds, `key` seals the fields."""
        self._clock = clock
        self._key = key
        self._lock = Lock()
        self._left: dict[bytes, int] = {}  # the hour in which each was left, the oldest first
        self._missed = -1  # the last hour in which one was not noted for want of room
        self.process = token_bytes(8)

    def __len__(self) -> int:
        """Count the seats that are remembered."""
        return len(self._left)

    @property
    def hour(self) -> int:
        """The present hour, counted from 1970."""
        return int(self._clock() // 3600)

    def leave(self, seat: bytes) -> None:
        """Note that a seat was left."""
        with self._lock:
            hour = self.hour
            # One hour more than is asked for: a form of the last of them counts as a day old at its end.
            while self._left and hour - next(iter(self._left.values())) > REMEMBERED:
                del self._left[next(iter(self._left))]
            if len(self._left) < MOST_LEFT:
                self._left[seat] = hour
            else:
                self._missed = hour

    def was_left(self, seat: bytes) -> bool:
        """Say whether a seat is known to have been left."""
        return seat in self._left

    def can_tell(self, stamp: Stamp) -> bool:
        """Say whether a form whose cookie had not come back is known not to be of a seat that was left."""
        age = self.hour - stamp.hour
        return stamp.process == self.process and 0 <= age < REMEMBERED and stamp.hour > self._missed

    def seal(self, stamp: Stamp, about: bytes) -> str:
        """Seal a field: the stamp, and what the form is about."""
        return urlsafe_b64encode(seal_bytes(self._key, _STAMP.pack(*stamp) + about, _PLACE)).decode()

    def open(self, field: str) -> tuple[Stamp, bytes]:
        """Open a field.

        Raises:
            SealBroken: it is none of this installation's.
        """
        if len(field) > _LONGEST:
            raise SealBroken
        try:
            sealed = urlsafe_b64decode(field.encode())
        except (NotBase64, ValueError):
            raise SealBroken from None
        packed = open_bytes(self._key, sealed, _PLACE)
        return Stamp(*_STAMP.unpack_from(packed)), packed[_STAMP.size :]


def set_up_seats(app: Flask, clock: Callable[[], float], key: bytes) -> None:
    """Give an app its seats."""
    app.extensions["seats"] = Seats(clock, subkey(key, "forms of the site"))


def _seats() -> Seats:
    return cast("Seats", current_app.extensions["seats"])


def sealed_stamp(about: bytes) -> str:
    """Give the field of a form of this page, and with the first one a seat to whoever has none."""
    came = _that_came()
    seat = came or session.setdefault(_SEAT, token_hex(20))
    return _seats().seal(
        Stamp(_hash(seat), _seats().process, _seats().hour, came is not None, session.get(_PUT_AWAY, 0)), about
    )


def read_stamp() -> tuple[Stamp, bytes]:
    """Give the stamp of the form that was sent, and what the form is about.

    Raises:
        SeatUnknown: the form has none; a form that a browser kept has its own.
    """
    try:
        g.stamp, about = _seats().open(request.form.get(FIELD, ""))
    except SealBroken:
        raise SeatUnknown(with_words=True) from None
    return g.stamp, about


def expect_not_left(stamp: Stamp) -> None:
    """See that the seat of a form is not known to have been left.

    Raises:
        SeatLeft: it was: its cookie had come back once, and is not here any more, or it is among those that were left.
    """
    if not _is_here(stamp) and (stamp.came_back or _seats().was_left(stamp.seat)):
        raise SeatLeft


def can_tell(stamp: Stamp) -> bool:
    """Say whether it is certain that nobody has left the seat of a form."""
    return _is_here(stamp) or _seats().can_tell(stamp)


def expect_here(stamp: Stamp) -> None:
    """See that a form comes from the seat that it was made for.

    Raises:
        SeatUnknown: from another one, or from none, since this browser refuses cookies.
    """
    if _is_here(stamp):
        return
    known = can_tell(stamp)
    if known:  # its words are shown to the seat that is here now: who leaves this one leaves that one, too
        others = [*session.get(_TAKEN_OVER, ()), stamp.seat.hex()]
        session[_TAKEN_OVER] = others[-_MOST_TAKEN_OVER:]
    raise SeatUnknown(with_words=known, without_cookie=_that_came() is None)


def case_key() -> bytes:
    """Derive the key under which the forms of this seat name their case: with the cookie it is gone."""
    return subkey(str(session.get(_SEAT)).encode(), "case of a form")


def has_come() -> bool:
    """Say whether this request comes from a seat."""
    return _that_came() is not None


def leave() -> None:
    """End the seat that came with this request, with those that it has taken over, and the session."""
    if came := _that_came():
        for seat in (_hash(came), *map(bytes.fromhex, session.get(_TAKEN_OVER, ()))):
            _seats().leave(seat)
    session.clear()


def put_codes_away() -> None:
    """Let no form that this seat was given until now show a code again, and none fill one in from now on."""
    session[_PUT_AWAY] = min(session.get(_PUT_AWAY, 0) + 1, 255)


def may_show_code() -> bool:
    """Say whether the code that was typed into this form may be shown back."""
    return "stamp" in g and g.stamp.put_away == session.get(_PUT_AWAY, 0)


def may_fill_in_code() -> bool:
    """Say whether it may stand in the field again: not once a visit was over, or *Erase everything?* was asked."""
    return may_show_code() and not session.get(_PUT_AWAY, 0)


def _is_here(stamp: Stamp) -> bool:
    came = _that_came()
    return came is not None and _hash(came) == stamp.seat


def _that_came() -> str | None:
    """Give the seat that came with this request."""
    if "seat_that_came" not in g:
        came = session.get(_SEAT)
        if came is not None and _seats().was_left(_hash(came)):
            session.clear()  # an answer that was on its way when somebody left has brought the cookie back
            came = None
        g.seat_that_came = came
    return cast("str | None", g.seat_that_came)


def _hash(seat: str) -> bytes:
    return digest(b"sanctuary seat 2", seat.encode(), size=16)
