"""Tell and ask, and the check page that both lead to: nothing is stored before its code was typed back.

# P10: the form carries all there is, so that it survives an ended visit and a restart; the visit keeps it too, for
whoever goes back.
"""

from dataclasses import asdict, replace
from typing import Any, Final

from flask import request
from flask.typing import ResponseReturnValue

from onion_app.choices import ANSWER_LANGUAGES, REQUEST_TOPICS
from onion_app.site import form_case, new_case, visit
from onion_app.site.context import files, in_force, site_context
from onion_app.site.details import pointed_out
from onion_app.site.form_case import FormCase, Stage, make_forms_for
from onion_app.site.forms import Submission, WritingKind, read_submission, wrong_line, wrong_submission, wrong_text
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
    make_forms_for(form_case.empty())
    if before is None and not any(choices.values()):
        return _empty_form(kind)
    return _form(read_submission(kind, choices), kept_kind=before["kind"] if before else None)


@pages.post(_PATHS)
def submit(kind: WritingKind) -> ResponseReturnValue:
    """Take a form in: show the check page, or send."""
    if "draft" in request.form:
        return _draft_of_the_visit(kind)
    case = form_case.written()
    checked = case.stage is Stage.CHECKED
    draft = replace(read_submission(kind, request.form), seed=case.secret.hex(), checked=checked)
    visit.keep(draft=asdict(draft))
    return _send(draft, case) if checked else _prepare(draft, case)


def _empty_form(kind: WritingKind) -> str:
    """Give the form that is the same for everybody but for its sealed field: it is rendered once."""
    forms = site_context().empty_forms
    name = (kind, language_code(), in_force().answer_days["unknown"])
    if name not in forms:
        forms[name] = form_case.in_any_form(lambda: _form(Submission(kind)))
    return forms[name].replace(form_case.ANY_FIELD, form_case.form_field())


def _expect_taking() -> None:
    """See that new texts are taken, whatever they are about.

    Raises:
        Paused: they are not.
    """
    routing.writing_circle(files().mailbox, files().shown, in_force(), "unknown", "any")


def _draft_of_the_visit(kind: WritingKind) -> ResponseReturnValue:
    """Show the draft of the visit once more, or drop it."""
    before = visit.contents().get("draft")
    if request.form["draft"] != "show" or not before:
        visit.keep(draft=None)
        make_forms_for(form_case.empty())
        return _form(Submission(kind), draft_gone=True)
    draft = Submission(**before)
    case = FormCase(Stage.CHECKED if draft.checked else Stage.WRITTEN, bytes.fromhex(draft.seed))
    form_case.expect_as_it_was(files(), case)
    make_forms_for(case)
    return _check(draft, case) if draft.checked else _form(draft)


def _prepare(draft: Submission, case: FormCase) -> ResponseReturnValue:
    """Show the check page for the first time."""
    wrong = wrong_text(draft.text)
    if wrong:
        return _form(draft, errors=wrong)
    _expect_taking()
    visit.take_token(draft.kind, urgent=draft.urgent)
    draft = replace(draft, checked=True)
    visit.keep(draft=asdict(draft))
    return _check(draft, case)


def _send(draft: Submission, case: FormCase) -> ResponseReturnValue:
    """Check everything once more, and store it."""
    prepared = case.prepared
    wrong = wrong_submission(draft)
    if not draft.no_return:
        wrong |= wrong_line(prepared.code, draft.line)
    if wrong:
        return _check(draft, case, errors=wrong)
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


def _check(draft: Submission, case: FormCase, **values: object) -> str:
    make_forms_for(replace(case, stage=Stage.CHECKED))
    return show_own_text(
        "check.html",
        draft.text,
        draft=draft,
        code=case.prepared.code,
        line=draft.line,
        days=_days(replace(draft, danger="unknown")),
        how_to_find_us=how_to_find_us(),
        details=pointed_out(draft.text) if draft.kind == "tell" else (),
        **values,
    )


def _days(draft: Submission) -> int:
    """Give how many days an answer usually takes."""
    topic = "testimony" if draft.kind == "tell" else draft.topic
    return in_force().answer_days["urgent" if draft.urgent else topic]
