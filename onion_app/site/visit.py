"""What the site keeps for somebody between two pages: the text being written, and the case that is open.

A visitor is known by nothing but the key in their cookie, and what is kept under it is gone with the visit.
# P06: of somebody who came back, the author's key pair is kept and the code is not.
"""

from typing import Any, Final

from flask import session

from onion_app.crypto.keys import keypair_from
from onion_app.errors import VisitOver
from onion_app.site.house import house
from onion_app.site.seals import Door

_VISIT: Final = "visit"  # the name in the session cookie


def kept() -> dict[str, Any]:
    """Give what the visit holds; nothing when there is none."""
    try:
        return house().visits.load(session.get(_VISIT, ""))
    except VisitOver:
        return {}


def keep(**changes: object) -> None:
    """Change what the visit holds, opening one if there is none; None takes a thing out."""
    # P10: what was sent to us is here again after Back and Reload, and gone after Leave.
    contents = {name: value for name, value in (kept() | changes).items() if value is not None}
    try:
        house().visits.save(session.get(_VISIT, ""), contents)
    except VisitOver:
        session[_VISIT] = house().visits.start(contents)


def forget() -> None:
    """End the visit and the session."""
    house().visits.end(session.pop(_VISIT, ""))
    session.clear()


def open_door(door: Door, opened_before: int | None) -> None:
    """Keep a case open for this visit, under a new key, so that an older copy of the cookie does not open it."""
    contents = kept()
    house().visits.end(session.get(_VISIT, ""))
    opened = {"case": door.case_id.hex(), "author": door.author.private.hex(), "opened_before": opened_before}
    session[_VISIT] = house().visits.start(contents | opened)


def close_door() -> None:
    """Forget the open case; what is being written stays."""
    keep(case=None, author=None, opened_before=None, reply=None)


def door() -> Door:
    """Give the case that this visit has open.

    Raises:
        VisitOver: none, or not any more.
    """
    contents = kept()
    if "case" not in contents:
        raise VisitOver
    return Door(bytes.fromhex(contents["case"]), keypair_from(bytes.fromhex(contents["author"])))
