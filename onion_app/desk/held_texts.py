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
from onion_app.desk.as_shown import is_mark
from onion_app.desk.context import desk_context
from onion_app.desk.refill import NOT_KEPT, OF, TAB, in_tab, refill, typed_anew, with_marks
from onion_app.desk.session import keep_in_session, session_contents
from onion_app.errors import SealBroken, VisitOver
from onion_app.shapes import from_json
from onion_app.vault.mailbox.records import PAGE
from onion_app.web.headers import BODY_LIMIT
from onion_app.web.i18n import LANGUAGES
from onion_app.web.text import is_empty

_LONGEST_ADDRESS: Final = 100  # letters; ours have half of that
_OF_ONE_CASE: Final = re.compile("[a-z_]+_[0-9a-f]{32}")  # beside many others, whose view keeps what was not sent
_BOXES: Final = ("text", "note")  # of the page of a case
_OF_A_CASE: Final = re.compile("/case/([0-9a-f]{32})/reply")  # the address of the form on its page
WRITE_AGAIN: Final = "write_again"  # the field under an answer with the day of the next one
_KEPT: Final = "kept form"
_MOST_KEPT: Final = 4 * PAGE  # forms in which something waits; the newest

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


def page_at_address(address: str) -> str:
    """Give an address again where a page of the desk stands at it, else that of the first page."""
    page = page_of(address)
    return page if page == address and not address.startswith("//") else "/"  # //name is another host


def sealed_form(who: str = "") -> str:
    """Seal what was typed into the form of this request for the login page, for whoever logs in there, or one person.

    It is empty when nothing was.
    """
    fields = _typed()
    if not any(map(str.strip, fields.values())) or (OF in request.form and not typed_anew(request.form)):
        return request.form.get("kept", "")
    # JSON would make six bytes of an Arabic letter, and the body has a limit.
    packed = b64encode(json.dumps(fields, ensure_ascii=False).encode()).decode()
    return seal_field(desk_context().field_key, _KEPT, {"address": _address(), "fields": packed, "who": who})


def held_form(sealed: str, who: str) -> HeldForm | None:
    """Open the form that a login page carried; None when there is none, or none of ours, or somebody else's."""
    if not sealed:
        return None
    try:
        packed = open_field(desk_context().field_key, _KEPT, sealed)
    except SealBroken:
        return None
    if packed["who"] not in ("", who):
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
    typed = {name: text for name, text in _typed().items() if not _OF_ONE_CASE.fullmatch(name)}
    fields = {name: text for name, text in typed.items() if not (shown_anew and is_mark(name))}
    _hold(_address(), fields)
    g.held_now = True


def done_with(*names: str) -> None:
    """Say which fields of the form of this request are done: what was typed into the others waits on."""
    g.done = names


def forget_form(address: str) -> None:
    """Forget what was typed into a form."""
    _hold(address, {})


def typed_into(path: str, tab: str) -> Fields:
    """Give what waits for a form, by its path and the language of its tab."""
    return _all_kept().get(in_tab(path, tab), {})


def held_for(case_id: bytes) -> Fields:
    """Give the texts that wait in the boxes of a case, by their box, and as `draft` where that of its story stands."""
    kept = _all_kept()
    boxes = kept.get(form_of(case_id), {})
    story = url_for("story.save", case_id=case_id)
    drafts = [page_of(address) for address in kept if address.partition("?")[0] == story]
    texts = {box: boxes.get(box, "") for box in _BOXES} | {"draft": "".join(drafts[-1:])}
    return {box: text for box, text in texts.items() if text}


def cases_with_texts() -> list[bytes]:
    """List the cases for which a text waits."""
    found = [(_OF_A_CASE.fullmatch(address), fields) for address, fields in _all_kept().items()]
    return [bytes.fromhex(case[1]) for case, fields in found if case and any(fields.get(box) for box in _BOXES)]


def hold_for(case_id: bytes, **texts: str) -> None:
    """Keep texts for boxes of a case beside what waits in the others; an empty one is forgotten."""
    _hold_for_each({case_id: texts})


def hold_answers(form: Mapping[str, str]) -> None:
    """Keep the answers on a page with many cases at once: each change seals the whole session anew."""
    days = {case_id: form.get(f"{WRITE_AGAIN}_{case_id.hex()}", "") for case_id in forms.boxes(form)}
    _hold_for_each({each: {"text": text, WRITE_AGAIN: days[each]} for each, text in forms.boxes(form).items()})


def _hold_for_each(typed: Mapping[bytes, Fields]) -> None:
    kept, held = _all_kept(), dict[str, Fields]()
    for case_id, fields in typed.items():
        merged = {n: typed for n, typed in (kept.get(form_of(case_id), {}) | fields).items() if typed}
        held[form_of(case_id)] = merged if any(merged.get(box) for box in _BOXES) else {}
    _hold_each(held)


def held_day(case_id: bytes) -> str:
    """Give the day that waits under the answer to a case."""
    return _all_kept().get(form_of(case_id), {}).get(WRITE_AGAIN, "")


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
        _keep_the_rest()
    elif answer.status_code == 200:  # noqa: PLR2004 - the page again, and not the next one
        hold_form()


def _keep_the_rest() -> None:
    """Forget what is done; where another button of the form was pressed, keep what was typed beside it."""
    address, every = _address(), _form_itself() == request.path
    if "done" not in g and every:
        return forget_form(address)
    anew, before = typed_anew(request.form), _all_kept().get(address, {})
    typed = {n: text for n, text in _typed().items() if not _OF_ONE_CASE.fullmatch(n)} if anew else before
    done = {*g.get("done", ())}
    is_left = (anew | before.keys()) - done
    return _hold(address, {n: text for n, text in typed.items() if n not in done} if is_left else {})


def is_typed_beside() -> bool:
    """Say whether something was typed, or waits, in the form whose button for another address was pressed."""
    return OF in request.form and bool(typed_anew(request.form))


def _filled(page: str) -> str:
    kept = _all_kept()
    filled = refill(page, kept)
    marked = with_marks(filled.page, kept)
    if not filled.address or 'id="not-sent"' in page:
        return marked
    heading, end, rest = marked.partition("</h1>")
    return "".join([heading, end, render_template("held.html", address=filled.address, there=filled.there), rest])


def _typed() -> Fields:
    # No day is nothing that was typed: a set phrase in the box may name one.
    return {n: typed for n, typed in request.form.items() if not NOT_KEPT.fullmatch(n) and (typed or n != WRITE_AGAIN)}


def _address() -> str:
    """Give the address of the form of this request, with the language of the tab that it stands on."""
    tab = request.form.get(TAB, "")
    return in_tab(_form_itself(), tab if tab in LANGUAGES else "")


def _form_itself() -> str:
    named = request.form.get(OF, "")
    return named if 0 < len(named) <= _LONGEST_ADDRESS else request.path


def form_of(case_id: bytes) -> str:
    """Give the address of the form on the page of a case."""
    return url_for("case.reply", case_id=case_id)


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
