"""Who sits at the desk, and what is held for them: a session lives in memory only.

The cookie carries a random key; what it opens (the moderator's private key, the cases opened, a text that was kept)
is held encrypted under it for 15 minutes after the last page, 12 hours at most. Nothing of it reaches a disk.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from flask import current_app, session

from onion_app.desk.casework import Books, Member, member
from onion_app.desk.delays import Delays
from onion_app.desk.identity import Identity
from onion_app.errors import NothingHere, VisitOver
from onion_app.vault.per_thread import PerThread
from onion_app.web.visits import Visits

IDLE: Final = 15 * 60  # seconds; long enough to read a hard message, short enough for a desk that was left
LONGEST: Final = 12 * 3600  # seconds; a night's sleep ends every session
DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Room:
    """What the app holds while it runs; nobody's key is among it."""

    mailbox: PerThread
    desk: PerThread
    visits: Visits
    delays: Delays
    field_key: bytes
    clock: Callable[[], float]
    ended: dict[bytes, float] = field(default_factory=dict)  # sessions of a moderator begun before are over

    def books(self) -> Books:
        """Give this thread's databases and the day."""
        return Books(self.mailbox.here(), self.desk.here(), int(self.clock() // DAY))


def room() -> Room:
    """Give the room of the running app."""
    found: Room = current_app.extensions["desk"]
    return found


def begin(contents: dict[str, Any]) -> None:
    """Start a session with a new key, whatever the cookie carried before."""
    before = session.get("visit")
    session["visit"] = room().visits.start(contents)
    if before is not None:
        room().visits.end(before)  # after the new one is open: the last session must not seem to end here


def end() -> None:
    """End the session of this cookie, if there is one; the language and the token of the browser stay."""
    key = session.pop("visit", None)
    if key is not None:
        room().visits.end(key)


def begin_for(who: Identity) -> None:
    """Start the session of somebody who has just logged in."""
    begin({"moderator": who.moderator_id.hex(), "private": who.private.hex(), "since": room().clock()})


def end_everywhere(moderator_id: bytes) -> None:
    """End every session of a moderator; the others are refused at their next page."""
    room().ended[moderator_id] = room().clock()
    end()


def contents() -> dict[str, Any]:
    """Read what the session holds.

    Raises:
        VisitOver: there is none, or it was locked.
    """
    key = session.get("visit")
    if key is None:
        raise VisitOver
    return room().visits.load(key)


def keep(**changed: Any) -> None:  # noqa: ANN401 - JSON
    """Change what the session holds."""
    room().visits.save(session["visit"], contents() | changed)


def own_key() -> bytes:
    """Give the private key of whoever is here.

    Raises:
        VisitOver: nobody is.
    """
    return bytes.fromhex(contents()["private"])


def whoever_is_here() -> Member:
    """Give the moderator of this session, as the desk's database knows them at this moment.

    Raises:
        VisitOver: nobody is logged in, or they were shut out meanwhile.
    """
    held = contents()
    if "moderator" not in held:  # somebody is enrolling
        raise VisitOver
    who = bytes.fromhex(held["moderator"])
    if held["since"] <= room().ended.get(who, -1.0):
        end()
        raise VisitOver
    try:
        return member(room().books(), who, bytes.fromhex(held["private"]))
    except NothingHere:
        end()
        raise VisitOver from None


def has_opened(case_id: bytes) -> bool:
    """Tell whether a case was opened in this session."""
    return case_id.hex() in contents().get("opened", [])


def remember_opened(case_id: bytes) -> None:
    """Note that a case was opened in this session."""
    opened = contents().get("opened", [])
    keep(opened=[*opened, case_id.hex()] if case_id.hex() not in opened else opened)
