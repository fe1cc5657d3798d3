"""The page with the ways out of a case."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.desk import forms, handover, permissions
from onion_app.desk.context import databases
from onion_app.desk.login_gate import answers_refusals, login_required
from onion_app.desk.permissions import Member
from onion_app.errors import DiskFull, Overloaded
from onion_app.vault.desk import case_records, taken

pages = Blueprint("handover", __name__, url_prefix="/case/<id:case_id>/ways-out")


@pages.get("")
@login_required
def show(member: Member, case_id: bytes) -> Answer:
    """Show the ways out."""
    return _page(member, {}, case_id)


@pages.post("/hand-over")
@login_required
def hand_over(member: Member, case_id: bytes) -> Answer:
    """Hand the case to another circle."""
    handover.hand_over(databases(), member, case_id, forms.id_of(request.form, "circle"))
    return redirect(url_for("my_cases.show"), 303)


@pages.post("/step-out")
@login_required
def step_out(member: Member, case_id: bytes) -> Answer:
    """Step out of the case."""
    handover.step_out(databases(), member, case_id)
    return redirect(url_for("my_cases.show"), 303)


@pages.post("/close-door")
@login_required
def close_door(member: Member, case_id: bytes) -> Answer:
    """Close the door of the case's author."""
    handover.close_authors_door(databases(), member, case_id)
    return redirect(url_for("handover.show", case_id=case_id), 303)


@pages.post("/open-door")
@login_required
def open_door(member: Member, case_id: bytes) -> Answer:
    """Open the door again that was closed today."""
    handover.open_authors_door(databases(), member, case_id)
    return redirect(url_for("handover.show", case_id=case_id), 303)


@answers_refusals(pages, DiskFull, Overloaded)
def _page(member: Member, mistakes: dict[str, str], case_id: bytes) -> Answer:
    dbs = databases()
    case = permissions.case_of(dbs, member, case_id)
    return render_template(
        "ways_out.html",
        case=case,
        circles=handover.circles_for(dbs, case),
        door=case_records.read_door(dbs.desk, case_id),
        may_open=case_records.may_open_door(dbs.desk, case_id),
        mine=taken.taken_by(dbs.desk, [case_id]).get(case_id) == member.id,
        mistakes=mistakes,
    )
