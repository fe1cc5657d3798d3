"""The page of a case, and the acts on it.

A case opens only after its cover was read and *Open* was pressed, which the audit notes; until then a text that was
typed for it waits in the session.
"""

from contextlib import suppress
from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.crypto.keys import KEY_BYTES, new_id
from onion_app.crypto.payloads import LookAgain
from onion_app.desk import answering, case_view, fact_lists, forms, look_again, notebook, phrases, queues, story_actions
from onion_app.desk.closed_lists import KINDS, REACHES
from onion_app.desk.context import databases
from onion_app.desk.facts import read_facts
from onion_app.desk.held_texts import WRITE_AGAIN, done_with, held_day, held_for, hold_for, hold_form
from onion_app.desk.login_gate import buttons, login_required, page_at
from onion_app.desk.permissions import Member
from onion_app.desk.questions import SENTENCES, question_about
from onion_app.desk.reply_form import OVER, days_to_choose, read_reply
from onion_app.desk.session import has_opened, remember_opened
from onion_app.errors import DiskTrouble, Overloaded, Refused
from onion_app.vault.desk import promised
from onion_app.web.i18n import LANGUAGES, current_language

pages = Blueprint("case", __name__, url_prefix="/case/<id:case_id>")

# Choices beside the box, of which nothing waits.
_TOOLS: Final = ("phrase", "phrase_in", "known_for", "known_in", "look_again")

buttons(
    pages,
    "case.show",
    take=("/take", queues.take_case),
    give_back=("/give-back", queues.give_case_back),
    close=("/close", queues.close_case),
    answered=("/answered", answering.call_answered),
    look_no_more=("/look-no-more", look_again.look_no_more),
)


@pages.post("/open")
@login_required
def open_it(member: Member, case_id: bytes) -> Answer:
    """Open a case."""
    case_view.mark_opened(databases(), member, case_id)
    # After it counts as read: whatever the author sends from now on makes it unread again, and stops the queue.
    story_actions.apply_authors_wishes(databases(), member, case_id)
    remember_opened(case_id)
    return _back_to(case_id)


@pages.post("/confirm")
@login_required
def confirm(member: Member, case_id: bytes) -> Answer:
    """Let what was changed in a case count again."""
    mark = forms.id_of(request.form, "mark", "", length=KEY_BYTES)
    case_view.confirm_changed(databases(), member, case_id, mark)
    story_actions.apply_authors_wishes(databases(), member, case_id)
    return _back_to(case_id)


@pages.post("/reply")
@login_required
def reply(member: Member, case_id: bytes) -> Answer:
    """Send an answer."""
    typed = read_reply(request.form, databases().today)
    message_id, seen = forms.id_of(request.form, "message"), forms.number(request.form, "seen")
    answering.send_reply(databases(), member, case_id, message_id, typed, seen)
    story_actions.apply_authors_wishes(databases(), member, case_id)
    done_with("text", WRITE_AGAIN, *_TOOLS)
    return _back_to(case_id)


@pages.post("/note")
@login_required
def note(member: Member, case_id: bytes) -> Answer:
    """Keep a note."""
    text, entry_id = forms.text(request.form, "note"), forms.id_of(request.form, "entry")
    answering.write_note(databases(), member, case_id, entry_id, text)
    done_with("note", *_TOOLS)
    return _back_to(case_id)


@pages.post("/look-again")
@login_required
def look_again_on(member: Member, case_id: bytes) -> Answer:
    """Note on which day one looks at a case again."""
    day = forms.whole_number(request.form, "look_again", look_again.days_from(databases().today), OVER)
    entry_id = forms.id_of(request.form, "entry")
    answering.keep_entry(databases(), member, case_id, entry_id, "look_again", LookAgain(day))
    done_with(*_TOOLS)
    return _back_to(case_id)


@pages.post("/phrase")
@login_required
def phrase(_member: Member, case_id: bytes) -> Answer:
    """Put a set phrase under the typed text; nothing is sent."""
    chosen = forms.one_of(request.form, "phrase", phrases.PHRASES)
    language = forms.one_of(request.form, "phrase_in", LANGUAGES)
    text = phrases.with_phrase(forms.body(request.form), chosen, language, databases().today)
    hold_form()
    hold_for(case_id, text=text)
    return redirect(url_for("case.show", case_id=case_id, phrase_in=language, _anchor="text"), 303)


@pages.post("/referral")
@login_required
def referral(member: Member, case_id: bytes) -> Answer:
    """Put under the typed text whom the circle knows; nothing is sent."""
    dbs, form = databases(), request.form
    kind, region = forms.one_of(form, "known_for", KINDS), forms.one_of(form, "known_in", REACHES)
    language = forms.one_of(form, "phrase_in", LANGUAGES)
    case = queues.taken_case(dbs, member, case_id)
    found = notebook.words_for_answer(dbs, member, case.circle_id, kind, region, language)
    case_view.note_in_audit(dbs, member, case, "looked for somebody in the notebook")
    typed = forms.body(form)
    text = phrases.put_under(typed, found) if found else phrases.with_phrase(typed, "ask_them", language, dbs.today)
    hold_form()
    hold_for(case_id, text=text)
    return redirect(url_for("case.show", case_id=case_id, phrase_in=language, _anchor="text"), 303)


def _back_to(case_id: bytes) -> Answer:
    return redirect(url_for("case.show", case_id=case_id), 303)


@page_at("", pages, DiskTrouble, Overloaded)
def show(member: Member, mistakes: dict[str, str], case_id: bytes) -> Answer:
    """Show the cover, or the case; a typed text stays in its box, and in the session until it is sent."""
    dbs = databases()
    opened = case_view.open_case(dbs, member, case_id)
    kept = held_for(case_id)
    if opened.case.unread or not has_opened(case_id):
        return render_template("cover.html", opened=opened, kept=kept, mistakes=mistakes)
    return render_template(
        "case.html",
        opened=opened,
        number=queues.case_number(case_id),
        about_stories=story_actions.stories_named_in(dbs, member, opened.lines),
        kept=kept,
        mistakes=mistakes,
        reply_text=kept.get("text", ""),
        question=question_about(kept.get("text", "")) if mistakes.get("text") in SENTENCES else None,
        facts=read_facts(dbs, member, case_id),
        fact_lists=fact_lists.lists_of(dbs.today),
        promised=promised.promised_day(dbs.desk, case_id),
        look_again=look_again.day_to_look_again(dbs, member, case_id),
        look_days=[dbs.today + within for within in look_again.AGAIN_IN],
        again_days=days_to_choose(kept.get("text", ""), held_day(case_id), dbs.today),
        note_text=kept.get("note", ""),
        new_id=_id_for_next(),
        phrase_names=phrases.offered_in(current_language().code),
        phrase_languages=LANGUAGES.values(),
        kinds=KINDS,
        reaches=REACHES,
        phrase_in=phrases.phrase_language(request.args.get("phrase_in", opened.answer_in)),
    )


def _id_for_next() -> str:
    """Give the id under which the next text is stored: the same again when this one was refused."""
    for name in ("message", "entry"):
        with suppress(Refused):
            return forms.id_of(request.form, name).hex()
    return new_id().hex()
