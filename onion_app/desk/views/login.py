"""Logging in and out, enrolling with an invitation, and coming back with a recovery sheet.

These are the only pages that answer somebody who is not logged in. They tell nobody which handles exist.
"""

from dataclasses import asdict

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.crypto import codes
from onion_app.desk import enrolment, forms
from onion_app.desk.context import databases, desk_context
from onion_app.desk.enrolment import Enrolment
from onion_app.desk.held_texts import held_form, hold_again, is_typed_beside, page_of, sealed_form
from onion_app.desk.identity import in_fours, log_in, qr_code
from onion_app.desk.login_gate import login_required, one_try
from onion_app.desk.permissions import Member
from onion_app.desk.session import (
    begin_enrolment_visit,
    begin_members_session,
    end_enrolment,
    end_every_session,
    end_session,
    enrolment_contents,
)
from onion_app.errors import LoginRefused, LoginSuspended, Refused, VisitOver, marked
from onion_app.shapes import as_shape

pages = Blueprint("login", __name__)


@pages.post("/logout")
@login_required
def logout(member: Member) -> Answer:
    """End the session; words that stand in a box of the page wait in the login page, for the same person alone."""
    kept = sealed_form(member.id.hex()) if is_typed_beside() else ""
    end_session()
    del g.member
    return _login_page({}, kept) if kept else redirect(url_for("login.login"), 303)


@pages.route("/login", methods=["GET", "POST"])
def login() -> Answer:
    """Ask for handle, passphrase and six digits; go on where a text was kept."""
    if request.method == "GET":
        return _login_page({})
    handle, passphrase, digits = (forms.short(request.form, name) for name in ("handle", "passphrase", "totp"))
    try:
        moderator_id, private = log_in(databases(), one_try, handle, passphrase, digits, desk_context().phone_clock())
        begin_members_session(moderator_id, private)
    except (LoginRefused, LoginSuspended) as refused:
        return _login_page({"": refused.sentence})
    held = held_form(request.form.get("kept", ""), moderator_id.hex())
    if held is None:
        return redirect(url_for("home.home"), 303)
    hold_again(held)
    return redirect(page_of(held.address), 303)


def _login_page(mistakes: dict[str, str], kept: str = "") -> Answer:
    return render_template(
        "login.html",
        mistakes=mistakes,
        kept=kept or request.form.get("kept", ""),
        locked=False,
        typed_handle=forms.short(request.form, "handle"),
        welcome="welcome" in request.args,
    )


@pages.route("/join", methods=["GET", "POST"])
def join() -> Answer:
    """Ask for an invitation."""
    if request.method == "GET":
        return render_template("join.html", mistakes={}, typed_invitation="")
    try:
        pending = enrolment.begin_enrolment(databases(), forms.short(request.form, "invitation"))
        begin_enrolment_visit(pending.invitation, {"enrolment": asdict(pending)})
    except Refused as refused:
        typed = forms.short(request.form, "invitation")
        return render_template("join.html", mistakes={"invitation": refused.sentence}, typed_invitation=typed)
    return redirect(url_for("login.enrol"), 303)


@pages.route("/enrol", methods=["GET", "POST"])
def enrol() -> Answer:
    """Show a newcomer their secrets, and store them once two of them were typed back."""
    try:
        pending = as_shape(Enrolment, enrolment_contents()["enrolment"], VisitOver)
    except VisitOver:
        return redirect(url_for("login.join"), 303)
    if request.method == "GET":
        return _enrol_page(pending, {})
    try:
        _store(pending, enrolment_contents().get("recovering", ""))
    except Refused as refused:
        return _enrol_page(pending, {refused.field: refused.sentence})
    end_enrolment()
    return redirect(url_for("login.login", welcome=1), 303)


def _store(pending: Enrolment, recovering: str) -> None:
    """Store a newcomer, or the new secrets of somebody who came back with their sheet."""
    handle = "" if recovering else forms.handle(request.form)
    line, digits = forms.short(request.form, "line"), forms.short(request.form, "totp")
    enrolment.check_typed_back(pending, line, digits, desk_context().phone_clock())
    if not recovering:
        enrolment.enrol(databases(), pending, handle)
        return
    enrolment.recover(databases(), bytes.fromhex(recovering), pending)
    end_every_session(bytes.fromhex(recovering))  # whoever held the old passphrase is out


@pages.route("/recover", methods=["GET", "POST"])
def recover() -> Answer:
    """Ask for the recovery sheet; the new secrets are then shown like to a newcomer."""
    if request.method == "GET":
        return render_template("recover.html", mistakes={}, typed_handle="")
    handle, sheet = forms.short(request.form, "handle"), forms.short(request.form, "sheet")
    try:
        who, pending = enrolment.begin_recovery(databases(), one_try, handle, sheet)
        begin_enrolment_visit(who, {"enrolment": asdict(pending), "recovering": who.hex()})
    except LoginSuspended as suspended:
        return render_template("recover.html", mistakes={"": suspended.sentence}, typed_handle=handle)
    except LoginRefused:
        sentence = marked("That did not work. Check the handle and the digits; after several tries wait a minute.")
        return render_template("recover.html", mistakes={"": sentence}, typed_handle=handle)
    return redirect(url_for("login.enrol"), 303)


def _enrol_page(pending: Enrolment, mistakes: dict[str, str]) -> Answer:
    return render_template(
        "enrol.html",
        mistakes=mistakes,
        passphrase=pending.passphrase,
        totp_groups=in_fours(pending.secrets.totp),
        qr=qr_code(pending.secrets.totp),
        recovering="recovering" in enrolment_contents(),
        sheet=codes.code_lines(pending.sheet),
        line_number=pending.line,
        typed_handle=forms.short(request.form, "handle"),
    )
