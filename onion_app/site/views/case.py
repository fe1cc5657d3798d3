"""The case page: all that its author can read, add, allow and take back while the visit lasts.

The code is not there: the visit keeps the author's private keys, and when it is over a form comes back with its words
and asks for the code again. # P10
"""

import re
from collections.abc import Callable
from typing import Any, Final, get_args

from flask import request
from flask.typing import ResponseReturnValue
from markupsafe import escape

from onion_app.crypto.casekeys import CODES
from onion_app.crypto.codes import new_code, read_code
from onion_app.crypto.keys import new_key
from onion_app.crypto.payloads import Decision, Text, Verdict
from onion_app.crypto.sealing import open_field, seal_field
from onion_app.errors import CodeMistyped, NothingHere, SealBroken, TooManyCodes, VisitOver
from onion_app.site import author_actions, visit
from onion_app.site.author_keys import CaseAccess, expect_open
from onion_app.site.author_view import read_case
from onion_app.site.context import files, site_context
from onion_app.site.forms import read_consent, wrong_line, wrong_text
from onion_app.site.paging import fill_parts, part_number
from onion_app.site.rendering import (
    erase_page,
    expired_page,
    make_blueprint,
    return_page,
    show_form_again,
    show_own_text,
    show_page,
    typed_code,
)
from onion_app.vault.shown.reading import name_of

pages: Final = make_blueprint("case")

_NEW_CODE: Final = "new code"
_SEED: Final = re.compile(r"[0-9a-f]{64}")
_PART: Final = 50_000  # bytes of messages on one page; one message alone may have 60,000 once escaped
_ROOM: Final = 55_000  # bytes that may stand in the boxes beside them: together with the page they fit the long size


@pages.get("/<lang:code>/case")
def show_case() -> ResponseReturnValue:
    """Show the case that this visit has open."""
    try:
        return _case_page(visit.case_access())
    except VisitOver:
        return return_page("expired")
    except NothingHere:
        visit.forget_case()
        return show_page("nothing.html")


@pages.post("/<lang:code>/case")
def submit() -> ResponseReturnValue:
    """Do the act that a form of the case page names."""
    act = _ACTS.get(request.form.get("do", ""), _write)
    text = request.form.get("text", "")
    if text:
        visit.keep(reply=text)
    try:
        return act(_case_access())
    except VisitOver:
        return expired_page()
    except CodeMistyped as mistyped:
        return show_form_again("expired", "case", {"code": "mistyped"}, **typed_code(mistyped))
    except TooManyCodes:
        return _case_page(visit.case_access(), done="no_more_codes")
    except NothingHere:
        if text:
            return show_form_again("expired", "case", {"code": "nothing"}, **typed_code())
        visit.forget_case()
        return show_page("nothing.html")


def _case_access() -> CaseAccess:
    """Give the case that is open, or the one of the code that came with the form."""
    if "code" not in request.form:
        access = visit.case_access()
        expect_open(files(), access)
        return access
    code = read_code(request.form["code"])
    visit.take_token("open")
    access, opened_before = author_actions.open_case(files(), code)
    visit.keep_case_open(access, opened_before)
    return access


def _write(access: CaseAccess) -> ResponseReturnValue:
    text = request.form.get("text", "")
    wrong = wrong_text(text)
    if wrong:
        return _case_page(access, text=text, errors=wrong)
    author_actions.write_back(files(), access, Text(text, files().today), _seed())
    visit.keep(reply=None)
    return _case_page(access, done="arrived")


def _seed() -> bytes:
    seed = request.form.get("message", "")
    return bytes.fromhex(seed) if _SEED.fullmatch(seed) else new_key()


def _decide(access: CaseAccess) -> ResponseReturnValue:
    """Take the author's verdict on the final text; without a decision it is a message like any other."""
    decision = next((each for each in get_args(Decision) if each == request.form.get("decision")), None)
    if decision is None:
        return _write(access)
    text = request.form.get("text", "")
    wrong = wrong_text(text) if decision == "change" or text else {}
    if wrong:
        return _case_page(access, text="", change=text, errors={"change": wrong["text"]})
    if request.form.get("proposal") != read_case(files(), access).proposal_id:
        return _case_page(access, text="", change=text, done="another")  # nobody says yes to a text unseen
    verdict = Verdict(request.form["proposal"], decision, text, files().today)
    author_actions.give_verdict(files(), access, verdict, _seed())
    visit.keep(reply=None)
    return _case_page(access, done="decided")


def _take_back(access: CaseAccess) -> ResponseReturnValue:
    author_actions.take_story_back(files(), access)
    return _case_page(access, done="taken_back")


def _allow(access: CaseAccess) -> ResponseReturnValue:
    author_actions.save_consent(files(), access, read_consent(request.form, files().today))
    return _case_page(access, done="saved")


def _change_code(access: CaseAccess) -> ResponseReturnValue:
    """Show a new code, and let it take effect when line 7 of it was typed back."""
    try:
        fields = open_field(site_context().field_key, _NEW_CODE, request.form.get("sealed", ""))
    except SealBroken:
        fields = {}
    if fields.get("case") != access.case_id.hex():
        if len(access.privates) >= CODES:
            raise TooManyCodes
        code = new_code()
        sealed = seal_field(site_context().field_key, _NEW_CODE, {"code": code, "case": access.case_id.hex()})
        return show_page("newcode.html", code=code, sealed=sealed)
    code, line = fields["code"], request.form.get("line", "")
    wrong = wrong_line(code, line)
    if wrong:
        return show_page("newcode.html", code=code, sealed=request.form["sealed"], line=line[:40], errors=wrong)
    access = author_actions.change_code(files(), access, code)
    visit.keep_case_open(access, visit.contents().get("opened_before"))
    return _case_page(access, done="new_code")


def _erase(access: CaseAccess) -> ResponseReturnValue:
    if "sure" not in request.form:
        return erase_page("case", {"do": "erase", "sure": "1"})
    author_actions.erase(files(), access)
    visit.forget_case()
    return show_page("erased.html")


_ACTS: Final[dict[str, Callable[[CaseAccess], ResponseReturnValue]]] = {
    "verdict": _decide,
    "take_back": _take_back,
    "consents": _allow,
    "new_code": _change_code,
    "erase": _erase,
}


def _case_page(access: CaseAccess, **values: Any) -> str:  # noqa: ANN401 - plain values for the template
    case = read_case(files(), access)
    contents = visit.contents()
    text = values.pop("text", contents.get("reply", ""))
    proposal = case.proposal if case.verdict is None else None
    beside = _bytes(text) + _bytes(values.get("change", "")) + (_bytes(proposal.text) if proposal else 0)
    parts = fill_parts(case.messages, lambda message: _bytes(message.text), _PART) if beside <= _ROOM else [[]]
    part = part_number(len(parts))
    return show_own_text(
        "case.html",
        text,
        state=case.state,
        consent=case.consent if case.kind == "testimony" else None,
        erased_around=case.erased_on,
        opened_before=contents.get("opened_before"),
        restored=case.restored,
        letters=parts[part - 1],
        part=part,
        more=part < len(parts),
        message_seed=new_key().hex(),
        proposal=proposal,
        proposal_id=case.proposal_id,
        verdict=case.verdict.decision if case.verdict else "",
        story=name_of(case.story_id) if case.story_id else "",
        **({"done": "", "change": ""} | values),
    )


def _bytes(text: str) -> int:
    return len(str(escape(text)).encode())
