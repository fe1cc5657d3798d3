"""Tell and ask, and the check page that both lead to: nothing is stored before its code was typed back.

# P10: the form carries all there is, so that it survives an ended visit and a restart; the visit keeps it too, for
whoever goes back.
"""

import re
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from flask import request
from flask.typing import ResponseReturnValue

from onion_app.choices import ANSWER_LANGUAGES, REQUEST_TOPICS
from onion_app.crypto.payloads import Text
from onion_app.errors import NothingHere
from onion_app.site import form_case, new_case, visit
from onion_app.site.beside import page_beside, written
from onion_app.site.context import files, in_force, site_context
from onion_app.site.form_case import FormCase, Stage, make_forms_for
from onion_app.site.forms import Submission, WritingKind, read_submission, wrong_line, wrong_submission, wrong_text
from onion_app.site.rendering import (
    best_version,
    how_to_find_us,
    language_code,
    make_blueprint,
    show_own_text,
    show_page,
)
from onion_app.vault.shown import reading, routing
from onion_app.vault.shown.reading import Version
from onion_app.web.details import has_more, known_by, pointed_out
from onion_app.web.i18n import translated

pages: Final = make_blueprint("writing")
_PATHS: Final = "/<lang:code>/<any(tell, ask):kind>"
_ID: Final = re.compile("[0-9a-f]{32}")


@pages.get(_PATHS)
def empty_form(kind: WritingKind) -> ResponseReturnValue:
    """Show an empty form, and whether something is being written already."""
    _expect_taking()  # none writes for nothing
    choices = {name: request.args.get(name, "") for name in ("topic", "story", "course")}
    before = visit.contents().get("draft")
    make_forms_for(form_case.empty())
    if before is None and not any(choices.values()) and not written():
        return _empty_form(kind)
    return _form(read_submission(kind, choices, language_code()), kept_kind=before["kind"] if before else None)


@pages.get("/<lang:code>/ask/answer")
def about_an_answer() -> ResponseReturnValue:
    """Show the form of a request about an answer that went wrong."""
    _expect_taking()
    make_forms_for(form_case.empty())
    return _form(read_submission("ask", {"topic": "answer"}, language_code()))


@pages.post(_PATHS)
def submit(kind: WritingKind) -> ResponseReturnValue:
    """Take a form in: show the check page, or send."""
    if "draft" in request.form:
        return _draft_of_the_visit(kind)
    case = form_case.written()
    checked = case.stage is Stage.CHECKED
    if checked and "urgent" in request.form:
        return _turn_urgent(kind, case)
    draft = replace(read_submission(kind, request.form, language_code()), seed=case.secret.hex(), checked=checked)
    visit.keep(draft=draft.fields)
    if beside := page_beside():
        return beside
    if "again" in request.form:
        return _check(draft, case, added=_has_more(draft)) if checked else _form(draft)
    return _send(draft, case) if checked else _prepare(draft, case)


def _empty_form(kind: WritingKind) -> str:
    """Give the form that is the same for everybody but for its sealed field: it is rendered once."""
    forms = site_context().empty_forms
    name = (kind, language_code())
    if name not in forms:
        forms[name] = form_case.in_any_form(lambda: _form(read_submission(kind, {}, language_code())))
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
    form_case.go_on_with(case)
    form_case.expect_as_it_was(files(), case)
    return _check(draft, case) if draft.checked else _form(draft)


def _prepare(draft: Submission, case: FormCase) -> ResponseReturnValue:
    """Show the check page for the first time."""
    wrong = {} if draft.story else wrong_text(draft.text)
    if wrong:
        return _form(draft, errors=wrong)
    _expect_taking()
    visit.take_token(draft.kind, urgent=draft.kind == "ask" and draft.urgent)  # tellers are asked on the next page
    draft = replace(draft, checked=True)
    visit.keep(draft=draft.fields)
    return _check(draft, case)


def _send(draft: Submission, case: FormCase) -> ResponseReturnValue:
    """Check everything once more, and store it."""
    prepared = case.prepared
    wrong = wrong_submission(draft)
    if not draft.no_return:
        wrong |= wrong_line(prepared.code, draft.line)
    if wrong:
        return _check(draft, case, errors=wrong)
    if _has_more(draft):
        return _check(draft, case, added=True)
    visit.take_token("send", urgent=draft.urgent)
    text_id = new_case.send_case(files(), prepared, draft, language_code())
    visit.keep(draft=None)
    return _sent(draft, case, text_id)


def _has_more(draft: Submission) -> bool:
    """Say whether a testimony holds a detail that the page which it comes from has not shown."""
    return draft.kind == "tell" and has_more(draft.text, request.form.get("known", ""))


def _turn_urgent(kind: WritingKind, case: FormCase) -> ResponseReturnValue:
    """Note that somebody who has told us something could be hurt today or tomorrow."""
    visit.take_token("erase")
    text_id = bytes.fromhex(request.form["urgent"]) if _ID.fullmatch(request.form["urgent"]) else None
    words = Text(translated("I could be hurt today or tomorrow."), files().today, language=language_code())
    new_case.turn_urgent(files(), case.prepared, words, text_id)
    return _sent(Submission(kind, danger="yes", no_return=text_id is not None), case, text_id or b"")


def _sent(draft: Submission, case: FormCase, text_id: bytes) -> str:
    make_forms_for(replace(case, stage=Stage.CHECKED))
    return show_page(
        "sent.html",
        kind=draft.kind,
        danger=draft.danger,
        code="" if draft.no_return else case.prepared.code,
        text_id=text_id.hex() if draft.no_return else "1",
        days=_days(draft),
        how_to_find_us=how_to_find_us(),
    )


def _form(draft: Submission, **values: object) -> str:
    shown: dict[str, Any] = {"draft": draft, "draft_gone": False}
    if draft.story:
        shown |= {"title": _title_of(draft.story), "days": in_force().answer_days["urgent"]}
    return show_own_text(f"{draft.kind}.html", draft.text, **(shown | values))


def _title_of(story: str) -> Version | None:
    with suppress(NothingHere):
        return best_version(
            reading.shown_story(files().mailbox, files().shown, reading.story_named(files().shown, story))
        )
    return None


def _check(draft: Submission, case: FormCase, **values: object) -> str:
    make_forms_for(replace(case, stage=Stage.CHECKED))
    details = pointed_out(draft.text) if draft.kind == "tell" else ()
    return show_own_text(
        "check.html",
        draft.text,
        draft=draft,
        code=case.prepared.code,
        line=draft.line,
        days=_least_and_most_days(draft),
        urgent_days=in_force().answer_days["urgent"],
        topics=REQUEST_TOPICS,
        answer_languages=ANSWER_LANGUAGES,
        how_to_find_us=how_to_find_us(),
        details=details,
        known=known_by(details),
        **({"added": False} | values),
    )


def _least_and_most_days(draft: Submission) -> tuple[int, int]:
    """Give how many days answers usually take, over the topics that can still be chosen."""
    fixed = bool(draft.story or draft.course)
    answer_days = [in_force().answer_days[topic] for topic in REQUEST_TOPICS if not fixed and topic != "story"]
    return (min(answer_days), max(answer_days)) if answer_days else (_days(draft),) * 2


def _days(draft: Submission) -> int:
    """Give how many days an answer usually takes."""
    topic = "testimony" if draft.kind == "tell" else draft.topic
    return in_force().answer_days["urgent" if draft.urgent else topic]
