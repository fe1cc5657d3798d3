"""Tell and ask, and the check page that both lead to: nothing is stored before its code was typed back.

# P10: the form carries all there is, so that it survives a lost cookie, an ended visit and a restart; the visit keeps
it too, for whoever goes back.
"""

from dataclasses import asdict, replace
from typing import Any, Final

from flask import request
from flask.typing import ResponseReturnValue

from onion_app.choices import ANSWER_LANGUAGES, REQUEST_TOPICS
from onion_app.errors import AlreadyWithdrawn, NothingHere, SealBroken
from onion_app.site import new_case, visit
from onion_app.site.context import files, in_force, site_context
from onion_app.site.details import pointed_out
from onion_app.site.forms import Submission, WritingKind, read_submission, wrong_line, wrong_submission, wrong_text
from onion_app.site.new_case import Prepared
from onion_app.site.rendering import how_to_find_us, language_code, make_blueprint, show_own_text, show_page
from onion_app.vault.shown import routing

pages: Final = make_blueprint("writing")
_PATHS: Final = "/<lang:code>/<any(tell, ask):kind>"


@pages.get(_PATHS)
def empty_form(kind: WritingKind) -> ResponseReturnValue:
    """Show an empty form, and whether something is being written already."""
    _expect_taking()  # none writes for nothing
    choices = {name: request.args.get(name, "") for name in ("topic", "story")}
    before = visit.contents().get("draft")
    return _form(read_submission(kind, choices), kept_kind=before["kind"] if before else None)


@pages.post(_PATHS)
def submit(kind: WritingKind) -> ResponseReturnValue:
    """Take a form in: show the check page, or send."""
    if "draft" in request.form:
        return _draft_of_the_visit(kind)
    draft = read_submission(kind, request.form)
    try:
        prepared = _prepared_in(draft)
    except SealBroken:
        visit.keep(draft=asdict(draft))
        return _prepare(draft, new_code=bool(draft.sealed))
    visit.keep(draft=asdict(draft))
    if "again" in request.form:
        return _check(draft, prepared)
    return _send(draft, prepared)


@pages.errorhandler(AlreadyWithdrawn)
@pages.errorhandler(NothingHere)
def say_that_it_is_gone(error: AlreadyWithdrawn | NothingHere) -> str:
    """Answer the form of a case that was erased, or has another code by now: neither words nor a code come back."""
    visit.keep(draft=None)  # P07
    return show_page("erased.html" if isinstance(error, AlreadyWithdrawn) else "nothing.html")


def _expect_taking() -> None:
    """See that new texts are taken, whatever they are about.

    Raises:
        Paused: they are not.
    """
    routing.writing_circle(files().mailbox, files().shown, in_force(), "unknown", "any")


def _prepared_in(draft: Submission) -> Prepared:
    prepared = new_case.prepared_in(site_context().field_key, draft.sealed)
    new_case.expect_not_erased(files(), prepared)
    return prepared


def _draft_of_the_visit(kind: WritingKind) -> ResponseReturnValue:
    """Show the draft of the visit once more, or drop it."""
    before = visit.contents().get("draft")
    if request.form["draft"] != "show" or not before:
        visit.keep(draft=None)
        return _form(Submission(kind), draft_gone=True)
    draft = Submission(**before)
    try:
        return _check(draft, _prepared_in(draft))
    except SealBroken:
        return _form(draft)


def _prepare(draft: Submission, **notices: bool) -> ResponseReturnValue:
    """Make the code and show the check page for the first time."""
    wrong = wrong_text(draft.text)
    if wrong:
        return _form(draft, errors=wrong)
    _expect_taking()
    visit.take_token(draft.kind, urgent=draft.urgent)
    prepared = new_case.prepare()
    # A line of the code before means nothing now.
    draft = replace(draft, sealed=prepared.sealed(site_context().field_key), line="")
    visit.keep(draft=asdict(draft))
    return _check(draft, prepared, **notices)


def _send(draft: Submission, prepared: Prepared) -> ResponseReturnValue:
    """Check everything once more, and store it."""
    wrong = wrong_submission(draft)
    if not draft.no_return:
        wrong |= wrong_line(prepared.code, draft.line)
    if wrong:
        return _check(draft, prepared, errors=wrong)
    visit.take_token("send", urgent=draft.urgent)
    new_case.send_case(files(), prepared, draft, language_code())
    visit.keep(draft=None)
    return show_page(
        "sent.html",
        kind=draft.kind,
        code="" if draft.no_return else prepared.code,
        days=_days(draft),
        how_to_find_us=how_to_find_us(),
    )


def _form(draft: Submission, **values: object) -> str:
    shown: dict[str, Any] = {"draft": draft, "draft_gone": False, "topics": REQUEST_TOPICS}
    if draft.kind == "ask":
        shown |= {"answer_languages": ANSWER_LANGUAGES, "days": in_force().answer_days["unknown"]}
    return show_own_text(f"{draft.kind}.html", draft.text, **(shown | values))


def _check(draft: Submission, prepared: Prepared, **values: object) -> str:
    return show_own_text(
        "check.html",
        draft.text,
        draft=draft,
        sealed=draft.sealed,
        code=prepared.code,
        line=draft.line,
        days=_days(replace(draft, danger="unknown")),
        how_to_find_us=how_to_find_us(),
        details=pointed_out(draft.text) if draft.kind == "tell" else (),
        **({"new_code": False} | values),
    )


def _days(draft: Submission) -> int:
    """Give how many days an answer usually takes."""
    topic = "testimony" if draft.kind == "tell" else draft.topic
    return in_force().answer_days["urgent" if draft.urgent else topic]
