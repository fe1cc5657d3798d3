"""The forms that wait: what was typed into any form of the desk, until it is done or thrown away.

What a lock, a mistake or somebody else's change keeps from being done is held under the address of its form, which
names the thing and its language, and stands in the boxes again wherever that form is shown. Where no session is left
it waits sealed in the login page; whoever logs in there gets it back.
"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

from flask import Response, current_app, g, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from onion_app.crypto.sealing import open_field, seal_field
from onion_app.desk import forms
from onion_app.desk.as_shown import AS_SHOWN
from onion_app.desk.context import desk_context
from onion_app.desk.refill import TAB, in_tab, refill
from onion_app.desk.session import keep_in_session, session_contents
from onion_app.errors import SealBroken, VisitOver
from onion_app.shapes import from_json
from onion_app.web.headers import BODY_LIMIT
from onion_app.web.i18n import LANGUAGES
from onion_app.web.text import is_empty

# Nobody types these, and where they do, the next page asks for them anew: no passphrase waits anywhere.
NOT_KEPT: Final = re.compile(
    f"csrf_token|kept|{TAB}|message|entry|seen|draft|mark|key|asked|(message|seen|take|below|asked)_[0-9a-f]{{32}}"
    "|passphrase.*|again|totp|line|sheet|word"
)
_OF_ONE_CASE: Final = re.compile("[a-z_]+_[0-9a-f]{32}")  # beside many others, whose view keeps what was not sent
_ANSWERS: Final = {"text": "case.reply", "note": "case.note"}  # the boxes of a case, and where their form goes
WRITE_AGAIN: Final = "write_again"  # the field under an answer with the day of the next one
_KEPT: Final = "kept form"
_MOST_KEPT: Final = 4 * forms.MOST_CASES  # forms in which something waits; the newest

Fields = dict[str, str]


class HeldForm(NamedTuple):
    """The fields of a form that came after its session had ended, and its address."""

    address: str
    fields: Fields


def page_of(address: str) -> str:
    """Give the page that a form stands on: its own address, or the nearest above it, in the same language."""
    path, _, query = address.partition("?")
    while path:
        with suppress(HTTPException):
            current_app.url_map.bind("").match(path, method="GET")
            return f"{path}?{query}".rstrip("?")
        path = path.rpartition("/")[0]
    return "/"


def sealed_form() -> str:
    """Seal what was typed into the form of this request for the login page; empty when nothing was."""
    fields = _typed()
    if not any(map(str.strip, fields.values())):
        return request.form.get("kept", "")
    # JSON would make six bytes of an Arabic letter, and the body has a limit.
    packed = b64encode(json.dumps(fields, ensure_ascii=False).encode()).decode()
    return seal_field(desk_context().field_key, _KEPT, {"address": _address(), "fields": packed})


def held_form(sealed: str) -> HeldForm | None:
    """Open the form that a login page carried; None when there is none, or none of ours."""
    if not sealed:
        return None
    try:
        packed = open_field(desk_context().field_key, _KEPT, sealed)
    except SealBroken:
        return None
    fields = from_json(dict[str, str], b64decode(packed["fields"]).decode(), SealBroken, 2 * BODY_LIMIT)
    return HeldForm(packed["address"], fields)


def hold_again(held: HeldForm) -> None:
    """Keep a form that waited in the login page; of a page with many cases each answer waits for its case."""
    hold_answers(held.fields)
    of_cases = {f"{name}_{case_id.hex()}" for case_id in forms.boxes(held.fields) for name in ("text", WRITE_AGAIN)}
    _hold(held.address, {name: typed for name, typed in held.fields.items() if name not in of_cases})


def hold_form(*, shown_anew: bool = False) -> None:
    """Keep what was typed into the form of this request; `shown_anew`: beside what somebody else has put there."""
    left_out = {AS_SHOWN} if shown_anew else set()
    fields = {n: typed for n, typed in _typed().items() if n not in left_out and not _OF_ONE_CASE.fullmatch(n)}
    _hold(_address(), fields)
    g.held_now = True


def forget_form(address: str) -> None:
    """Forget what was typed into a form."""
    _hold(address, {})


def typed_into(path: str, tab: str = "") -> Fields:
    """Give what waits for a form, by its path and the language of its tab."""
    return _all_kept().get(in_tab(path, tab), {})


def held_for(case_id: bytes) -> Fields:
    """Give the texts that wait in the boxes of a case, by their box, and as `draft` where that of its story stands."""
    kept = _all_kept()
    answers = {box: kept.get(_form_of(case_id, box), {}).get("text", "") for box in _ANSWERS}
    story = url_for("story.save", case_id=case_id)
    drafts = [page_of(address) for address in kept if address.partition("?")[0] == story]
    return {box: text for box, text in (answers | {"draft": "".join(drafts[-1:])}).items() if text}


def hold(case_id: bytes, box: str, text: str) -> None:
    """Keep a text for a box of a case; an empty one is forgotten."""
    _hold_each({_form_of(case_id, box): {"text": text} if text else {}})


def hold_answer(case_id: bytes, text: str, day: str) -> None:
    """Keep an answer, with the day that was chosen under it."""
    _hold_each({_form_of(case_id, "text"): _answer(text, day)})


def hold_answers(form: Mapping[str, str]) -> None:
    """Keep the answers on a page with many cases at once: each change seals the whole session anew."""
    days = {case_id: form.get(f"{WRITE_AGAIN}_{case_id.hex()}", "") for case_id in forms.boxes(form)}
    _hold_each({_form_of(each, "text"): _answer(text, days[each]) for each, text in forms.boxes(form).items()})


def _answer(text: str, day: str) -> Fields:
    return ({"text": text} | ({WRITE_AGAIN: day} if day else {})) if text else {}


def held_day(case_id: bytes) -> str:
    """Give the day that waits under the answer to a case."""
    return _all_kept().get(_form_of(case_id, "text"), {}).get(WRITE_AGAIN, "")


def give_back(answer: Response) -> Response:
    """Fill the forms of a page with what waits for them; forget what is done, and keep what is not."""
    # P10: this holds for every form, whatever page it stands on.
    if "member" not in g or answer.mimetype != "text/html":
        return answer
    try:
        if request.method == "POST":
            _keep_or_forget(answer)
        if answer.status_code != 303:  # noqa: PLR2004 - See Other: it is done, and the next page says so
            answer.set_data(_filled(answer.get_data(as_text=True)))
    except VisitOver:
        pass  # it ended with this request, and everything that waited in it
    return answer


def _keep_or_forget(answer: Response) -> None:
    if "held_now" in g:
        return
    if answer.status_code == 303:  # noqa: PLR2004 - See Other
        forget_form(_address())
    elif answer.status_code == 200:  # noqa: PLR2004 - the page again, and not the next one
        hold_form()


def _filled(page: str) -> str:
    kept = _all_kept()
    filled = refill(page, kept)
    if filled.moved:
        keep_in_session(kept={filled.moved.get(address, address): fields for address, fields in kept.items()})
    if not filled.address or 'id="not-sent"' in page:
        return filled.page
    heading, end, rest = filled.page.partition("</h1>")
    return "".join([heading, end, render_template("held.html", address=filled.address, there=filled.there), rest])


def _typed() -> Fields:
    return {name: typed for name, typed in request.form.items() if not NOT_KEPT.fullmatch(name)}


def _address() -> str:
    """Give the address of the form of this request, with the language of the tab that it stands on."""
    tab = request.form.get(TAB, "")
    return in_tab(request.path, tab if tab in LANGUAGES else "")


def _form_of(case_id: bytes, box: str) -> str:
    return url_for(_ANSWERS[box], case_id=case_id)


def _all_kept() -> dict[str, Fields]:
    kept: dict[str, Fields] = session_contents().get("kept", {})
    return kept


def _hold(address: str, fields: Fields) -> None:
    _hold_each({address: fields} if any(not is_empty(typed) for typed in fields.values()) else {address: {}})


def _hold_each(held: Mapping[str, Fields]) -> None:
    before = _all_kept()
    kept: dict[str, Any] = {address: fields for address, fields in before.items() if address not in held}
    kept |= {address: fields for address, fields in held.items() if fields}
    if kept != before:
        keep_in_session(kept=dict(list(kept.items())[-_MOST_KEPT:]))
