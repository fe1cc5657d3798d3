"""The page on which the story of a case is made: the draft beside the original, and every step to the queue.

It opens after the case was opened: whoever has not read a case does not decide about its story.
"""

from collections.abc import Callable
from typing import Final

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.choices import NOTES
from onion_app.crypto.keys import new_id
from onion_app.crypto.payloads import Draft
from onion_app.days import date_of
from onion_app.desk import forms, sentence_diff, story_actions, story_status
from onion_app.desk.as_shown import expect_as_shown, mark_of
from onion_app.desk.context import Databases, databases
from onion_app.desk.held_texts import held_for
from onion_app.desk.login_gate import behind_the_cover, buttons, login_required, page_at
from onion_app.desk.permissions import Member
from onion_app.desk.story_status import StoryStatus
from onion_app.errors import DiskTrouble, Overloaded, Refused, marked
from onion_app.web.details import MOST, pointed_out
from onion_app.web.i18n import LANGUAGES

pages = behind_the_cover(Blueprint("story", __name__, url_prefix="/case/<id:case_id>/story"), "story.save")

# The five lines that are ticked before a draft is finished; their words stand in the template.
CHECKLIST: Final = ("names", "places", "others", "true", "grown")
_FIRST_YEAR: Final = 1950

buttons(pages, "story.show", take_from_queue=("/stop", story_actions.take_story_from_queue))


@pages.post("/save")
@login_required
def save(member: Member, case_id: bytes) -> Answer:
    """Keep the draft; pressed as *finished*, only with every line of the checklist ticked."""
    entry_id, draft = forms.id_of(request.form, "entry"), _draft()
    there = story_status.story_status(databases(), member, case_id).draft_in(draft.language)
    if there is not None:
        expect_as_shown(request.form, there.id)
    story_actions.save_draft(databases(), member, case_id, entry_id, draft, as_it_is="as_it_is" in request.form)
    return redirect(url_for("story.show", case_id=case_id, language=draft.language), 303)


def _with_shown_draft(act: Callable[[Databases, Member, bytes, bytes], None]) -> Callable[[bytes], Answer]:
    def with_draft(case_id: bytes) -> Answer:
        act(databases(), g.member, case_id, forms.id_of(request.form, "draft", beside=""))
        return redirect(url_for("story.show", case_id=case_id, language=request.form.get("language", "")), 303)

    return with_draft


pages.post("/approve", endpoint="approve")(_with_shown_draft(story_actions.approve_draft))
pages.post("/ask", endpoint="ask")(_with_shown_draft(story_actions.ask_author))
pages.post("/queue", endpoint="queue")(_with_shown_draft(story_actions.queue_story))


def _draft() -> Draft:
    """Read the form of a draft.

    Raises:
        Refused: a field does not fit, or the draft is called finished with a line of the checklist open.
    """
    form, dbs = request.form, databases()
    text, title = forms.text(form), forms.title(form)
    finished = "finished" in form
    if finished and len(forms.ticked(form, "check", CHECKLIST)) < len(CHECKLIST):
        raise Refused("Read the five lines once more, and tick each that is true.", field="checklist")
    years = range(_FIRST_YEAR, date_of(dbs.today).year + 1)
    return Draft(
        title=title,
        text=text,
        language=forms.one_of(form, "language", tuple(LANGUAGES)),
        translated_from="",
        notes=forms.ticked(form, "note", NOTES),
        year=forms.whole_number(form, "year", years, marked("Write the year with four digits.")),
        finished=finished,
        day=dbs.today,
    )


@page_at("", pages, DiskTrouble, Overloaded)
def show(member: Member, mistakes: dict[str, str], case_id: bytes) -> Answer:
    """Show the editor; a draft that was refused stays in its box."""
    status = story_status.story_status(databases(), member, case_id)
    language = _language(status)
    draft = status.draft_in(language)
    source = status.source
    original = source.body if source is not None and source.language != language else status.original
    day = status.opened.case.received_day
    words = Draft("", original, language, "", [], date_of(day).year, finished=False, day=day)  # the author's own
    if draft is not None:
        words = draft.content
    return render_template(
        "story.html",
        now=status,
        mistakes=mistakes,
        language_of_text=words.language,
        tab={"language": words.language},
        draft=draft,
        step=status.step(draft) if draft is not None else "",
        answer=status.answer(words.title, words.text, words.language),
        own=draft is not None and draft.author == member.id,
        rows=sentence_diff.side_by_side(original, words.text) if draft is not None else [],
        original=original,
        as_shown=mark_of(draft.id if draft is not None else ""),
        details=pointed_out(words.text),
        most_details=MOST,
        text=words.text,
        title=words.title,
        kept="draft" in held_for(case_id),
        notes=NOTES,
        checklist=CHECKLIST,
        choices=LANGUAGES.values(),
        entry=new_id().hex(),
        year=words.year,
    )


def _language(status: StoryStatus) -> str:
    """Give the language that is edited: the one asked for, or the author's."""
    named = request.values.get("language", "")
    if named in LANGUAGES:
        return named
    if status.source is not None:
        return status.source.language
    return status.opened.answer_in if status.opened.answer_in in LANGUAGES else next(iter(LANGUAGES))
