"""A visit to the site: the draft that is being written, and the case that is open, kept between two pages.

A visitor is known by nothing but the key in their cookie, and all that is kept under it is gone with the visit. Here
stands the one check in front of every form of the site, too: whose it is, and which case it was made for.
# P06: of somebody who came back, the author's private keys are kept and the code is not.
"""

from base64 import b64decode, b64encode
from typing import Any, Final, cast

from flask import g, request, session

from onion_app.crypto.casekeys import split_codes
from onion_app.errors import AnotherCase, NothingHere, VisitOver
from onion_app.site import form_case, seat
from onion_app.site.author_keys import CaseAccess, expect_open
from onion_app.site.context import files, site_context
from onion_app.site.forms import fits_a_page

DRAFTED: Final = ("draft", "reply", "reply_to")  # what stands in a form too, and may make room for another's

_VISIT: Final = "visit"  # the name in the session cookie
_LEAVE: Final = "pages.leave"  # takes no token: the worst that somebody else could do with it is to close a case


def check_form() -> None:
    """Refuse a form that was made for a seat that was left, before anything else; or for a case that is gone.

    # P10: after *Leave* and after *Erase* what a browser has kept brings neither words nor a code back.

    Raises:
        SeatLeft: its visitor has left.
        AlreadyWithdrawn, NothingHere: its case was erased, or has a closed door or another code by now.
        SeatUnknown: it comes from another seat, or from a browser that refuses cookies.
    """
    if request.method != "POST" or request.endpoint in (None, _LEAVE):
        return
    stamp, about = seat.read_stamp()
    seat.expect_not_left(stamp)
    if seat.can_tell(stamp):
        form_case.read_form_case(about, request.form.get("text", ""))
        form_case.expect_as_it_was(files(), form_case.of_form(), _access_in(contents()))
    seat.expect_here(stamp)


def contents() -> dict[str, Any]:
    """Give the contents of the visit; nothing when there is none. They are opened once a request."""
    if "contents" not in g:
        g.contents = _opened()
    return cast("dict[str, Any]", g.contents)


def _opened() -> dict[str, Any]:
    if _VISIT not in session:
        return {}
    try:
        return site_context().visits.load(session[_VISIT])
    except VisitOver:
        del session[_VISIT]
        seat.put_codes_away()
        return {}


def keep(**changes: object) -> None:
    """Change the contents of the visit, and start one if there is none; None takes a name out."""
    # P10: a text that was sent to us is here again after Back and Reload, and gone after Leave.
    changed = {name: value for name, value in (contents() | changes).items() if value is not None}
    if changed == contents():
        return
    g.contents = changed
    if not changed:
        site_context().visits.end(session.pop(_VISIT, ""))
        return
    try:
        site_context().visits.save(session.get(_VISIT, ""), changed)
    except VisitOver:
        session[_VISIT] = site_context().visits.start(changed)


def forget() -> None:
    """End the visit, the seat and the session."""
    site_context().visits.end(session.get(_VISIT, ""))
    g.contents = {}
    seat.leave()


def keep_case_open(access: CaseAccess, opened_before: int | None) -> int | None:
    """Keep a case open for this visit, under a new key, so that an older copy of the cookie does not open it.

    Gives the day of the opening before this visit, which stays the same when the case is opened once more in it.
    """
    before = contents()
    same = _access_in(before)
    if same is not None and (same.mark, same.tag) == (access.mark, access.tag):
        opened_before = before.get("opened_before")
    site_context().visits.end(session.get(_VISIT, ""))
    parts = (access.case_id, access.tag, access.home, b"".join(access.privates))
    opened = {"case": [b64encode(part).decode() for part in parts], "opened_before": opened_before}
    session[_VISIT] = site_context().visits.start(before | opened, holder=access.case_id)
    del g.contents  # where there are too many visits, it holds less
    return opened_before


def take_token(kind: str, *, urgent: bool = False) -> None:
    """Take a token for an act; whoever has a case open takes it where no stranger does.

    Raises:
        Overloaded: there is none left.
    """
    site_context().budgets["visit" if "case" in contents() else kind].take(urgent=urgent)


def keep_reply(text: str) -> None:
    """Keep what somebody is writing in the case of this form, unless no page could show it: it would hide the case."""
    mark = form_case.of_form().mark
    if text and mark is not None and fits_a_page(text):
        keep(reply=text, reply_to=mark.hex())


def reply_to(access: CaseAccess) -> str:
    """Give what this visit keeps that was written for a case and not sent yet."""
    # P10: in the box of another case it never stands.
    kept = contents()
    return str(kept.get("reply", "")) if kept.get("reply_to") == access.mark.hex() else ""


def forget_case() -> None:
    """Forget the case that is open, unless its code still leads there; the draft stays."""
    access = _access_in(contents())
    if access is None:
        return
    try:
        expect_open(files(), access)
    except NothingHere:
        seat.put_codes_away()
        keep(case=None, opened_before=None, reply=None, reply_to=None)


def forget_gone() -> None:
    """Forget what this visit keeps of the case of a form, which is gone: as a draft, or open."""
    gone = form_case.of_form()
    if contents().get("draft", {}).get("seed") == gone.secret.hex():
        keep(draft=None)
    forget_case()


def case_access() -> CaseAccess:
    """Give the case that this visit has open.

    Raises:
        VisitOver: it has none open, or has ended.
    """
    access = _access_in(contents())
    if access is None:
        raise VisitOver
    return access


def case_of_form() -> CaseAccess:
    """Give the case that this visit has open, for a form that was made for it.

    Raises:
        VisitOver: it has none open, or has ended.
        AnotherCase: it has another one open.
    """
    access = case_access()
    if access.mark != form_case.of_form().mark:
        raise AnotherCase
    return access


def _access_in(visit: dict[str, Any]) -> CaseAccess | None:
    opened = visit.get("case")
    if opened is None:
        return None
    case_id, tag, home, privates = map(b64decode, opened)
    return CaseAccess(case_id, tag, home, split_codes(privates))
