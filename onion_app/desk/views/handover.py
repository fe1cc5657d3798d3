"""The page with the ways out of a case."""

from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.desk import forms, handover, permissions, queues
from onion_app.desk.context import databases
from onion_app.desk.held_texts import held_for
from onion_app.desk.login_gate import buttons, login_required, page_at
from onion_app.desk.permissions import Member
from onion_app.errors import DiskTrouble, Overloaded, marked
from onion_app.vault.desk import case_records, taken
from onion_app.vault.shown.routing import door_of
from onion_app.web.as_read import AsRead
from onion_app.web.i18n import translated

_NOT_THE_WORD: Final = marked("Type this word to close the door. Nothing was done.")

pages = Blueprint("handover", __name__, url_prefix="/case/<id:case_id>/ways-out")

buttons(pages, "my_cases.show", step_out=("/step-out", handover.step_out))
buttons(pages, "handover.show", open_door=("/open-door", handover.open_authors_door))


@pages.post("/hand-over")
@login_required
def hand_over(member: Member, case_id: bytes) -> Answer:
    """Hand the case to another circle."""
    handover.hand_over(databases(), member, case_id, forms.id_of(request.form, "circle"))
    return redirect(url_for("my_cases.show"), 303)


@pages.get("/close-door")
@login_required
def door(member: Member, case_id: bytes) -> Answer:
    """Say what it means to close the door, and ask for the word."""
    return _door(member, case_id, {})


@pages.post("/close-door")
@login_required
def close_door(member: Member, case_id: bytes) -> Answer:
    """Close the author's door, once the word was typed."""
    if AsRead(forms.short(request.form, "word")).letters not in {AsRead(word).letters for word in _words()}:
        return _door(member, case_id, {"word": _NOT_THE_WORD})
    handover.close_authors_door(databases(), member, case_id)
    return redirect(url_for("handover.show", case_id=case_id), 303)


def _door(member: Member, case_id: bytes, mistakes: dict[str, str]) -> Answer:
    case = queues.taken_case(databases(), member, case_id)
    return render_template("door.html", case=case, word=_words()[-1], mistakes=mistakes)


def _words() -> tuple[str, str]:
    """Give the word that closes a door, in English and in the language of the page."""
    word = marked("close")
    return word, translated(word)


@page_at("", pages, DiskTrouble, Overloaded)
def show(member: Member, mistakes: dict[str, str], case_id: bytes) -> Answer:
    """Show the ways out."""
    dbs = databases()
    case = permissions.case_of(dbs, member, case_id)
    return render_template(
        "ways_out.html",
        case=case,
        circles=handover.circles_for(dbs, case),
        door=door_of(dbs.desk, case_id),
        may_open=case_records.may_open_door(dbs.desk, case_id),
        mine=taken.taken_by(dbs.desk, [case_id]).get(case_id) == member.id,
        mistakes=mistakes,
        waiting=bool(held_for(case_id)),
    )
