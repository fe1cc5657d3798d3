"""Tell and ask, and the check page that both lead to: nothing is stored before its code was typed back.

# P10: the form carries all there is, so that it survives a lost cookie, an ended visit and a restart; the visit keeps
it too, for whoever goes back.
"""

from dataclasses import asdict, replace
from typing import Any, Final

from flask import request
from flask.typing import ResponseReturnValue

from onion_app.errors import AlreadyWithdrawn, SealBroken
from onion_app.site import newcase
from onion_app.site.details import pointed_out
from onion_app.site.forms import (
    ANSWER_LANGUAGES,
    TOPICS,
    AnswerIn,
    Draft,
    Kind,
    read_draft,
    wrong_draft,
    wrong_line,
    wrong_text,
)
from onion_app.site.house import house, in_force, mailbox, today
from onion_app.site.newcase import Prepared
from onion_app.site.pages import how_to_find_us, pages_called, show, show_own
from onion_app.site.visit import keep, kept
from onion_app.vault.shown import routing
from onion_app.web.app import current_language

writing: Final = pages_called("writing")
_PATHS: Final = "/<lang:code>/<any(tell, ask):kind>"


@writing.get(_PATHS)
def start(kind: Kind) -> ResponseReturnValue:
    """Show an empty form, and whether something is being written already."""
    routing.writing_circle(mailbox(), "unknown", "any")  # raises Paused: nobody should write for nothing
    asked = {name: request.args.get(name, "") for name in ("topic", "story")}
    before = kept().get("draft")
    return _form(read_draft(kind, asked), kept_kind=before["kind"] if before else None)


@writing.post(_PATHS)
def go_on(kind: Kind) -> ResponseReturnValue:
    """Take a form in: show the check page, or send."""
    if "draft" in request.form:
        return _draft_of_the_visit(kind)
    draft = read_draft(kind, request.form)
    keep(draft=asdict(draft))
    try:
        prepared = newcase.prepared_in(house().field_key, draft.sealed)
    except SealBroken:
        return _prepare(draft, new_code=bool(draft.sealed))
    if "again" in request.form:
        return _check(draft, prepared)
    return _send(draft, prepared)


def _draft_of_the_visit(kind: Kind) -> ResponseReturnValue:
    """Show what the visit holds once more, or drop it."""
    before = kept().get("draft")
    if request.form["draft"] != "show" or not before:
        keep(draft=None)
        return _form(Draft(kind), draft_gone=True)
    draft = Draft(**before)
    try:
        return _check(draft, newcase.prepared_in(house().field_key, draft.sealed))
    except SealBroken:
        return _form(draft)


def _prepare(draft: Draft, **notices: bool) -> ResponseReturnValue:
    """Make the code and show the check page for the first time."""
    wrong = wrong_text(draft.text)
    if wrong:
        return _form(draft, errors=wrong)
    routing.writing_circle(mailbox(), "unknown", "any")  # raises Paused
    house().budgets[draft.kind].take(urgent=draft.urgent)
    prepared = newcase.prepare(mailbox())
    draft = draft.with_seal(prepared.sealed(house().field_key))
    keep(draft=asdict(draft))
    return _check(draft, prepared, **notices)


def _send(draft: Draft, prepared: Prepared) -> ResponseReturnValue:
    """Check everything once more, and store it."""
    wrong = wrong_draft(draft)
    if not draft.no_return:
        wrong |= wrong_line(prepared.code, draft.line)
    if wrong:
        return _check(draft, prepared, errors=wrong)
    house().budgets["send"].take(urgent=draft.urgent)
    try:
        newcase.send(mailbox(), prepared, draft, today(), _language())
    except AlreadyWithdrawn:
        return _prepare(draft, was_withdrawn=True)
    keep(draft=None)
    return show(
        "sent.html",
        kind=draft.kind,
        code="" if draft.no_return else prepared.code,
        days=_days(draft),
        how_to_find_us=how_to_find_us(),
    )


def _form(draft: Draft, **values: object) -> str:
    known: dict[str, Any] = {"draft": draft, "draft_gone": False, "topics": TOPICS}
    if draft.kind == "ask":
        known |= {"answer_languages": ANSWER_LANGUAGES, "days": in_force().answer_days["unknown"]}
    return show_own(f"{draft.kind}.html", draft.text, **(known | values))


def _check(draft: Draft, prepared: Prepared, **values: object) -> str:
    return show_own(
        "check.html",
        draft.text,
        draft=draft,
        sealed=draft.sealed,
        code=prepared.code,
        line=draft.line,
        days=_days(replace(draft, danger="unknown")),
        how_to_find_us=how_to_find_us(),
        details=pointed_out(draft.text) if draft.kind == "tell" else (),
        **({"was_withdrawn": False, "new_code": False} | values),
    )


def _days(draft: Draft) -> int:
    """Give how many days an answer usually takes."""
    topic = "testimony" if draft.kind == "tell" else draft.topic
    return in_force().answer_days["urgent" if draft.urgent else topic]


def _language() -> AnswerIn:
    found: AnswerIn = next(each for each in ANSWER_LANGUAGES if each == current_language().code)
    return found
