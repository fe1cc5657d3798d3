"""The case page: all that its author can read, add, allow and take back while the visit lasts.

The code is not there: the visit keeps the author's private keys, and when it is over a form comes back with its words
and asks for the code again. # P10
"""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, get_args

from flask import request
from flask.typing import ResponseReturnValue

from onion_app.crypto.casekeys import CODES
from onion_app.crypto.codes import new_code, read_code
from onion_app.crypto.keys import new_key
from onion_app.crypto.payloads import Decision, QuoteDecision, QuoteVerdict, Text, Verdict
from onion_app.crypto.sealing import open_field, seal_field
from onion_app.errors import AnotherCase, CodeMistyped, NothingHere, SanctuaryError, SealBroken, TooManyCodes, VisitOver
from onion_app.site import author_actions, form_case, seat, visit
from onion_app.site.author_keys import CaseAccess, code_keys, expect_open
from onion_app.site.author_view import read_case
from onion_app.site.beside import page_beside
from onion_app.site.case_page import case_page, unsent
from onion_app.site.context import files, site_context
from onion_app.site.forms import read_consent, wrong_line, wrong_text
from onion_app.site.rendering import (
    closed_page,
    erase_page,
    make_blueprint,
    return_page,
    show_between,
    show_form_again,
    show_page,
    typed_code,
)
from onion_app.web.details import has_more, pointed_out

pages: Final = make_blueprint("case")

_NEW_CODE: Final = "new code"
_SEED: Final = re.compile(r"[0-9a-f]{64}")


@pages.get("/<lang:code>/case")
def show_case() -> ResponseReturnValue:
    """Show the case that this visit has open."""
    try:
        return case_page(visit.case_access())
    except VisitOver:
        return return_page("expired" if seat.has_come() else "")


@pages.post("/<lang:code>/case")
def submit() -> ResponseReturnValue:
    """Do the act that a form of the case page names, on the case that it was made for."""
    visit.keep_reply(unsent(*_words()))
    return page_beside("sealed") or _do()


def _words() -> tuple[str, str]:
    """Give what stands in the two boxes of the form: what is written back, and what should be different."""
    return request.form.get("text", ""), request.form.get("change", "")


def _pressed() -> list[str]:
    """Give the words of the button that was pressed: the act, the decision, and what it is about."""
    return [*request.form.get("do", "").split(" "), "", ""][:3]


def _do() -> ResponseReturnValue:
    act = _ACTS.get(_pressed()[0], _write)
    if ("again" in request.form and act is not _change_code) or "part" in request.form:
        act = case_page
    try:
        access = _opened_by_code() if "code" in request.form else visit.case_of_form()
    except VisitOver:
        return closed_page("expired")
    except AnotherCase:
        return _ask_for_code("other") if "code" in request.form else closed_page("another")
    except CodeMistyped as mistyped:
        return _ask_for_code("mistyped", typed_code(mistyped)["typed_lines"])
    except NothingHere:
        return _ask_for_code("nothing")
    try:
        expect_open(files(), access)
        return act(access)
    except TooManyCodes:
        return case_page(access, done="no_more_codes")


def _opened_by_code() -> CaseAccess:
    """Open the case of the code that came with the form."""
    code = read_code(request.form["code"])
    visit.take_token("open")
    access, opened_before = author_actions.open_case(files(), code)
    if access.mark != form_case.of_form().mark:
        raise AnotherCase
    visit.keep_case_open(access, opened_before)
    return access


def _ask_for_code(wrong: str, typed_lines: Sequence[str] = ()) -> ResponseReturnValue:
    """Ask for the code once more; what was typed stands in no field, since the visit is over."""
    why = "another" if "case" in visit.contents() else "expired"
    return show_form_again(why, {"code": wrong}, typed_lines=typed_lines), 400


def _write(access: CaseAccess) -> ResponseReturnValue:
    text, change = _words()
    wrong = wrong_text(text)
    if wrong:
        return case_page(access, errors=wrong)
    if has_more(text, request.form.get("known", "")) and read_case(files(), access).kind == "testimony":
        return case_page(access, added=pointed_out(text))
    author_actions.write_back(files(), access, Text(text, files().today), _seed())
    visit.keep(reply=change or None)
    return case_page(access, text="", done="arrived")


def _seed() -> bytes:
    seed = request.form.get("message", "")
    return bytes.fromhex(seed) if _SEED.fullmatch(seed) else new_key()


def _decide(access: CaseAccess) -> ResponseReturnValue:
    """Take the author's verdict on the final text."""
    decision = next((each for each in get_args(Decision) if each == _pressed()[1]), None)
    if decision is None:
        return case_page(access)
    text, change = _words()
    wrong = wrong_text(change) if decision == "change" or change else {}
    if wrong:
        return case_page(access, errors={"change": wrong["text"]})
    if request.form.get("final") != read_case(files(), access).final_id:
        return case_page(access, done="another")  # nobody says yes to a text unseen
    verdict = Verdict(request.form["final"], decision, change, files().today)
    author_actions.give_verdict(files(), access, verdict, _seed())
    visit.keep(reply=text or None)
    return case_page(access, change="", done="decided")


def _judge_words(access: CaseAccess) -> ResponseReturnValue:
    """Take the author's word on words for a report; of what is no word of ours nothing is done."""
    _, decision, about = _pressed()
    decided = next((each for each in get_args(QuoteDecision) if each == decision), None)
    if decided is None:
        return case_page(access)
    is_said = author_actions.judge_words(files(), access, QuoteVerdict(about, decided, files().today))
    return case_page(access, done=("saved" if decided == "hide" else "decided") if is_said else "another")


def _take_back(access: CaseAccess) -> ResponseReturnValue:
    author_actions.take_story_back(files(), access)
    return case_page(access, done="taken_back")


def _allow(access: CaseAccess) -> ResponseReturnValue:
    author_actions.save_consent(files(), access, read_consent(request.form, files().today))
    return case_page(access, done="allowed")


def _change_code(access: CaseAccess) -> ResponseReturnValue:
    """Show a new code, and let it take effect when line 7 of it was typed back."""
    fields = _new_code_of_form()
    if fields.get("case") != access.case_id.hex() or _is_outdated(access, fields["code"]):
        return _show_new_code(access)
    code, line = fields["code"], request.form.get("line", "")
    wrong = {} if "again" in request.form else wrong_line(code, line)
    if wrong or "again" in request.form:
        return show_between("newcode.html", code=code, sealed=request.form["sealed"], line=line[:40], errors=wrong)
    access = author_actions.change_code(files(), access, code)
    visit.keep_case_open(access, visit.contents().get("opened_before"))
    return case_page(access, done="new_code")


def _new_code_of_form() -> dict[str, str]:
    """Give the code that the form which was sent has shown, and its case; nothing where it shows none of ours."""
    with suppress(SealBroken):
        return open_field(site_context().field_key, _NEW_CODE, request.form.get("sealed", ""))
    return {}


def page_of_a_change_done() -> ResponseReturnValue | None:
    """Answer a form whose own new code opens its case already; None where this is no such form.

    Pressed twice, its first answer was thrown away, and the visit with it: only the code opens another.
    """
    if shown := _new_code_of_form():
        with suppress(SanctuaryError):  # whatever stands in the way, the answer to every other form is right
            visit.take_token("open")
            _, access = author_actions.case_under(files(), shown["code"])
            if access.mark == form_case.of_form().mark:
                form_case.make_forms_for(form_case.is_open(access))
                return closed_page("changed")
    return None


def _is_outdated(access: CaseAccess, code: str) -> bool:
    """Tell whether the case has got another code since this one was shown.

    An older page that is sent once more does not bring back a code that was replaced, and with it close the newest.
    """
    return form_case.of_form().codes != len(access.privates) and code_keys(files(), code).tag != access.tag


def _show_new_code(access: CaseAccess) -> str:
    if len(access.privates) >= CODES:
        raise TooManyCodes
    form_case.make_forms_for(form_case.is_open(access))
    code = new_code()
    sealed = seal_field(site_context().field_key, _NEW_CODE, {"code": code, "case": access.case_id.hex()})
    return show_between("newcode.html", code=code, sealed=sealed)


def _erase(access: CaseAccess) -> ResponseReturnValue:
    if "sure" not in request.form:
        return erase_page("case", {"do": "erase", "sure": "1"})
    author_actions.erase(files(), access)
    visit.forget_case()
    return show_page("erased.html")


_ACTS: Final[dict[str, Callable[[CaseAccess], ResponseReturnValue]]] = {
    "verdict": _decide,
    "quote": _judge_words,
    "take_back": _take_back,
    "consents": _allow,
    "new_code": _change_code,
    "erase": _erase,
}
