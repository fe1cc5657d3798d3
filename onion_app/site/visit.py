"""A visit to the site: the draft that is being written, and the case that is open, kept between two pages.

A visitor is known by nothing but the key in their cookie, and all that is kept under it is gone with the visit.
# P06: of somebody who came back, the author's private keys are kept and the code is not.
"""

from base64 import b64decode, b64encode
from typing import Any, Final

from flask import session

from onion_app.crypto.casekeys import split_codes
from onion_app.errors import VisitOver
from onion_app.site.author_keys import CaseAccess
from onion_app.site.context import site_context

DRAFTED: Final = ("draft", "reply")  # what stands in a form too, and may make room for another's

_VISIT: Final = "visit"  # the name in the session cookie


def contents() -> dict[str, Any]:
    """Give the contents of the visit; nothing when there is none."""
    try:
        return site_context().visits.load(session.get(_VISIT, ""))
    except VisitOver:
        return {}


def keep(**changes: object) -> None:
    """Change the contents of the visit, and start one if there is none; None takes a name out."""
    # P10: a text that was sent to us is here again after Back and Reload, and gone after Leave.
    changed = {name: value for name, value in (contents() | changes).items() if value is not None}
    try:
        site_context().visits.save(session.get(_VISIT, ""), changed)
    except VisitOver:
        session[_VISIT] = site_context().visits.start(changed)


def forget() -> None:
    """End the visit and the session."""
    site_context().visits.end(session.pop(_VISIT, ""))
    session.clear()


def keep_case_open(access: CaseAccess, opened_before: int | None) -> None:
    """Keep a case open for this visit, under a new key, so that an older copy of the cookie does not open it."""
    before = contents()
    site_context().visits.end(session.get(_VISIT, ""))
    parts = (access.case_id, access.tag, access.home, b"".join(access.privates))
    opened = {"case": [b64encode(part).decode() for part in parts], "opened_before": opened_before}
    session[_VISIT] = site_context().visits.start(before | opened, holder=access.case_id)


def take_token(kind: str, *, urgent: bool = False) -> None:
    """Take a token for an act; whoever has a case open takes it where no stranger does.

    Raises:
        Overloaded: there is none left.
    """
    site_context().budgets["visit" if "case" in contents() else kind].take(urgent=urgent)


def forget_case() -> None:
    """Forget the open case; the draft stays."""
    keep(case=None, opened_before=None, reply=None)


def case_access() -> CaseAccess:
    """Give the case that this visit has open.

    Raises:
        VisitOver: it has none open, or has ended.
    """
    opened = contents().get("case")
    if opened is None:
        raise VisitOver
    case_id, tag, home, privates = map(b64decode, opened)
    return CaseAccess(case_id, tag, home, split_codes(privates))
