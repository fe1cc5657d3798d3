"""The page on which words for a report are chosen out of a case by one member, and agreed to by a second.

It opens after the case was opened: whoever has not read a case neither chooses out of it nor agrees.
"""

from typing import Final, cast

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.choices import RECEIVERS, Receiver
from onion_app.crypto.keys import new_id
from onion_app.desk import forms, quotations
from onion_app.desk.as_shown import mark_of
from onion_app.desk.case_view import open_case
from onion_app.desk.context import databases
from onion_app.desk.login_gate import behind_the_cover, login_required, page_at
from onion_app.desk.permissions import Member
from onion_app.desk.quotation_status import AGAIN, quotation_status
from onion_app.errors import DiskTrouble, Overloaded
from onion_app.web.details import MOST, pointed_out
from onion_app.web.i18n import LANGUAGES

pages = behind_the_cover(
    Blueprint("quotation", __name__, url_prefix="/case/<id:case_id>/quotation"), "quotation.choose"
)

_MOST_SENTENCES: Final = 500  # on one page; whoever writes more says it in their first ones
_MARK: Final = 16  # hexadecimal digits by which a form names a sentence


@pages.post("/choose")
@login_required
def choose(member: Member, case_id: bytes) -> Answer:
    """Choose words; their author sees nothing of it yet."""
    form, opened = request.form, quotation_status(databases(), member, case_id, public=()).opened
    words = quotations.Words(
        text=forms.text(form),
        sentences=[each for each in quotations.authors_sentences(opened) if form.get(f"sentence_{_mark(each)}")],
        language=forms.one_of(form, "language", tuple(LANGUAGES)),
        receiver=cast("Receiver", forms.one_of(form, "receiver", RECEIVERS)),
    )
    quotations.choose_words(databases(), member, case_id, forms.id_of(form, "entry", ""), words)
    return redirect(url_for("quotation.show", case_id=case_id), 303)


@pages.post("/agree")
@login_required
def agree(member: Member, case_id: bytes) -> Answer:
    """Agree to the words that were shown, as the second person."""
    quotations.agree_to_words(databases(), member, case_id, forms.id_of(request.form, "draft", ""))
    return redirect(url_for("quotation.show", case_id=case_id), 303)


@page_at("", pages, DiskTrouble, Overloaded)
def show(member: Member, mistakes: dict[str, str], case_id: bytes) -> Answer:
    """Show the words beside what its author wrote, and how far they are."""
    status = quotation_status(databases(), member, case_id, public=())  # P16: stories are looked through at each act
    view, chosen = open_case(databases(), member, case_id), status.chosen
    sentences = quotations.authors_sentences(status.opened)[:_MOST_SENTENCES]
    return render_template(
        "quotation.html",
        case=view.case,
        now=status,
        own=chosen is not None and chosen.author == member.id,
        original=[each for each in view.lines if each.message.author == "visitor" and each.counts and each.text],
        may_choose=view.mine and status.step in AGAIN and status.no_answer is None and not status.is_enough,
        mine=view.mine,
        sentences=[(_mark(each), each) for each in sentences],
        details=pointed_out("\n".join(chosen.words.words)) if chosen else (),
        most_details=MOST,
        languages_of_reports=LANGUAGES.values(),
        receivers=RECEIVERS,
        entry=new_id().hex(),
        mistakes=mistakes,
    )


def _mark(sentence: str) -> str:
    return mark_of(sentence)[:_MARK]
