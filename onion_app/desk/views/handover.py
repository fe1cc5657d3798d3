"""The page with the ways out of a case."""

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.desk import forms, handover, permissions
from onion_app.desk.context import databases
from onion_app.desk.login_gate import login_required
from onion_app.desk.permissions import Member
from onion_app.errors import DiskFull, EpochPassed, KeysLost, NotReady, NotTaken, Overloaded, TakenByAnother
from onion_app.vault.desk import taken

pages = Blueprint("handover", __name__, url_prefix="/case/<id:case_id>/ways-out")

REFUSALS = (DiskFull, EpochPassed, KeysLost, NotReady, NotTaken, Overloaded, TakenByAnother)


@pages.get("")
@login_required
def show(member: Member, case_id: bytes) -> Answer:
    """Show the ways out."""
    return _page(member, case_id, {})


@pages.post("/hand-over")
@login_required
def hand_over(member: Member, case_id: bytes) -> Answer:
    """Hand the case to another circle."""
    try:
        circle_id = forms.id_of(request.form, "circle")
    except forms.Mistake as mistake:
        return _page(member, case_id, {mistake.field: mistake.sentence})
    return _done(member, case_id, lambda: handover.hand_over(databases(), member, case_id, circle_id))


@pages.post("/step-out")
@login_required
def step_out(member: Member, case_id: bytes) -> Answer:
    """Step out of the case."""
    return _done(member, case_id, lambda: handover.step_out(databases(), member, case_id))


@pages.post("/close-door")
@login_required
def end_authors_access(member: Member, case_id: bytes) -> Answer:
    """Close the author's door."""
    return _done(member, case_id, lambda: handover.end_authors_access(databases(), member, case_id))


def _done(member: Member, case_id: bytes, act: Callable[[], None]) -> Answer:
    try:
        act()
    except REFUSALS as refused:
        return _page(member, case_id, {"": refused.sentence})
    return redirect(url_for("my_cases.show"), 303)


def _page(member: Member, case_id: bytes, mistakes: dict[str, str]) -> Answer:
    dbs = databases()
    case = permissions.case_of(dbs, member, case_id)
    return render_template(
        "ways_out.html",
        case=case,
        circles=handover.circles_for(dbs, case),
        mine=taken.taken_by(dbs.desk, [case_id]).get(case_id) == member.id,
        mistakes=mistakes,
    )
