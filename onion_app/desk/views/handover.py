"""The page with the ways out of a case."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.desk import forms, handover, permissions
from onion_app.desk.context import databases
from onion_app.desk.login_gate import buttons, login_required, page_at
from onion_app.desk.permissions import Member
from onion_app.errors import DiskFull, Overloaded
from onion_app.vault.desk import case_records, taken
from onion_app.vault.shown.routing import door_of

pages = Blueprint("handover", __name__, url_prefix="/case/<id:case_id>/ways-out")

buttons(pages, "my_cases.show", step_out=("/step-out", handover.step_out))
buttons(
    pages,
    "handover.show",
    close_door=("/close-door", handover.close_authors_door),
    open_door=("/open-door", handover.open_authors_door),
)


@pages.post("/hand-over")
@login_required
def hand_over(member: Member, case_id: bytes) -> Answer:
    """Hand the case to another circle."""
    handover.hand_over(databases(), member, case_id, forms.id_of(request.form, "circle"))
    return redirect(url_for("my_cases.show"), 303)


@page_at("", pages, DiskFull, Overloaded)
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
    )
