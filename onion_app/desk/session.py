"""The session of a moderator, which lives in memory only.

The cookie carries a random key; the contents (the moderator's private key, the ids of the cases opened, texts that
wait) are held encrypted under it for 15 minutes after the last page, 12 hours at most, and one hour where they
came through tor. None of them reaches a disk.
"""

from typing import Any, Final

from flask import g, request, session

from onion_app.desk.context import databases, desk_context
from onion_app.desk.permissions import Member, member_with_keys
from onion_app.errors import LoginRefused, LoginSuspended, NothingHere, VisitOver
from onion_app.web.headers import THROUGH_TOR
from onion_app.web.visits import Visits

IDLE: Final = 15 * 60  # seconds; long enough to read a hard message, short enough for a desk that was left
LONGEST: Final = 12 * 3600  # seconds; a night's sleep ends every session
LONGEST_FAR: Final = 3600  # seconds of a session from a machine elsewhere, whatever is done in it


def begin_members_session(moderator_id: bytes, private: bytes) -> None:
    """Start the session of a moderator who has just logged in, with a new key, whatever the cookie carried before.

    Raises:
        LoginRefused: as for `_started`.
    """
    before = session.get("visit")
    contents = {"moderator": moderator_id.hex(), "private": private.hex(), "ended": _times_ended(moderator_id)}
    session["visit"] = _started(desk_context().visits, contents, moderator_id)
    if before is not None:
        desk_context().visits.end(before)  # after the new one is open: the last session must not seem to end here


def end_session() -> None:
    """End the session of this cookie, if there is one; the language and the token of the browser stay."""
    key = session.pop("visit", None)
    if key is not None:
        desk_context().visits.end(key)


def end_every_session(moderator_id: bytes) -> None:
    """End every session of a moderator; the others are refused at their next page."""
    # Counted, not dated: a clock that was ahead would refuse every later session until it is there again.
    desk_context().ended[moderator_id] = _times_ended(moderator_id) + 1
    end_session()


def _times_ended(moderator_id: bytes) -> int:
    return desk_context().ended.get(moderator_id, 0)


def end_enrolment() -> None:
    """Forget who enrolled or came back in this browser."""
    key = session.pop("joining", None)
    if key is not None:
        desk_context().enrolments.end(key)


def begin_enrolment_visit(holder: bytes, contents: dict[str, Any]) -> None:
    """Keep what is shown to somebody who enrols or comes back; an invitation has one place, and so has a person.

    Raises:
        LoginRefused: as for `_started`.
    """
    session["joining"] = _started(desk_context().enrolments, contents, holder)


def _started(visits: Visits, contents: dict[str, Any], holder: bytes) -> str:
    """Open a visit and give its key.

    Raises:
        LoginRefused: all from elsewhere were ended since this one was asked for from there. # P02
    """
    key = visits.start(contents, holder=holder)
    if request.environ.get(THROUGH_TOR) and desk_context().far_ended != g.far_ended:
        visits.end(key)
        raise LoginRefused
    return key


def enrolment_contents() -> dict[str, Any]:
    """Read what was drawn for who enrols or comes back in this browser.

    Raises:
        VisitOver: nothing was, or it was locked.
    """
    key = session.get("joining")
    if key is None:
        raise VisitOver
    return desk_context().enrolments.load(key)


def session_contents() -> dict[str, Any]:
    """Read the contents of the session.

    Raises:
        VisitOver: there is none, or it was locked.
    """
    key = session.get("visit")
    if key is None:
        raise VisitOver
    return desk_context().visits.load(key)


def keep_in_session(**changed: Any) -> None:  # noqa: ANN401 - JSON
    """Change the contents of the session."""
    desk_context().visits.save(session["visit"], session_contents() | changed)


def own_key() -> bytes:
    """Give the private key of the moderator of this session.

    Raises:
        VisitOver: nobody is logged in.
    """
    return bytes.fromhex(session_contents()["private"])


def current_member() -> Member:
    """Give the moderator of this session, as the desk's database knows them at this moment.

    Raises:
        VisitOver: nobody is logged in, or they were shut out meanwhile.
    """
    contents = session_contents()
    who = bytes.fromhex(contents["moderator"])
    if contents["ended"] != _times_ended(who):
        end_session()
        raise VisitOver
    try:
        return member_with_keys(databases(), who, bytes.fromhex(contents["private"]))
    except (NothingHere, LoginSuspended):
        end_session()
        raise VisitOver from None


def keep_count(contents: dict[str, Any] | None, holder: bytes) -> None:
    """Keep how far the making of a table has come, beside the session and under a key in it; None: it is done."""
    key = session_contents().get("count")
    if key is not None:
        desk_context().counts.end(key)
    kept = desk_context().counts.start(contents, holder=holder) if contents is not None else None
    keep_in_session(count=kept)


def count_contents() -> dict[str, Any] | None:
    """Read how far the making of a table has come; None: none is under way, or it was left for too long."""
    key = session_contents().get("count")
    try:
        return desk_context().counts.load(key) if key is not None else None
    except VisitOver:
        return None


def has_opened(case_id: bytes) -> bool:
    """Tell whether a case was opened in this session."""
    return case_id.hex() in session_contents().get("opened", [])


def remember_opened(case_id: bytes) -> None:
    """Note that a case was opened in this session."""
    opened = session_contents().get("opened", [])
    keep_in_session(opened=[*opened, case_id.hex()] if case_id.hex() not in opened else opened)
