"""The account of a moderator: passphrase, phone, sheet, one more circle; the end of every session."""

from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.crypto import codes
from onion_app.crypto.members import new_secrets
from onion_app.crypto.passphrases import new_passphrase
from onion_app.desk import enrolment, forms, identity
from onion_app.desk.context import databases, desk_context
from onion_app.desk.login_gate import buttons, login_required, one_try, page_at
from onion_app.desk.permissions import Member
from onion_app.desk.session import end_every_session, keep_in_session, session_contents
from onion_app.errors import LoginRefused, Refused, marked

NOT_OLD: Final = marked("This is not the old passphrase. After several tries wait a minute.")
WRONG: Final = marked("This is not your passphrase. After several tries wait a minute.")

pages = Blueprint("account", __name__, url_prefix="/account")

buttons(pages, "login.login", everywhere=("/everywhere", lambda _, member: end_every_session(member.id)))
# What is drawn counts only once it was typed back, or once the phone showed its digits.
buttons(
    pages,
    "account.show",
    new_words=("/new-words", lambda *_: keep_in_session(new_words=new_passphrase())),
    new_digits=("/new-digits", lambda *_: keep_in_session(new_totp=new_secrets().totp)),
    new_sheet=("/new-sheet", lambda *_: keep_in_session(new_sheet=codes.new_code(), line=identity.line_to_type_back())),
)


@pages.post("/passphrase")
@login_required
def passphrase(member: Member) -> Answer:
    """Replace the passphrase by the new words, and end every session that was opened with the old one."""
    drawn = session_contents().get("new_words", "")
    old, again = forms.short(request.form, "passphrase"), forms.short(request.form, "again")
    try:
        identity.change_passphrase(databases(), one_try, member, old, drawn, again)
    except LoginRefused:
        return show(member, {"passphrase": NOT_OLD})
    end_every_session(member.id)
    return redirect(url_for("login.login"), 303)


@pages.post("/second-factor")
@login_required
def second_factor(member: Member) -> Answer:
    """Replace the second factor, and end every session."""
    passphrase, digits = forms.short(request.form, "passphrase_digits"), forms.short(request.form, "totp")
    drawn = session_contents().get("new_totp", "")
    if not drawn:
        return redirect(url_for("account.show"), 303)
    try:
        at = desk_context().phone_clock()
        identity.change_second_factor(databases(), one_try, member, passphrase, drawn, digits, at)
    except LoginRefused:
        return show(member, {"passphrase_digits": WRONG})
    end_every_session(member.id)
    return redirect(url_for("login.login"), 303)


@pages.post("/sheet")
@login_required
def sheet(member: Member) -> Answer:
    """Replace the recovery sheet."""
    passphrase, digits = forms.short(request.form, "passphrase_sheet"), forms.short(request.form, "line")
    contents = session_contents()
    drawn, line = contents.get("new_sheet", ""), contents.get("line", 1)
    try:
        identity.change_sheet(databases(), one_try, member, passphrase, drawn, line, digits)
    except LoginRefused:
        return show(member, {"passphrase_sheet": WRONG})
    keep_in_session(new_sheet="")
    return redirect(url_for("account.show", done=1), 303)


@pages.post("/join")
@login_required
def join_circle(member: Member) -> Answer:
    """Join another circle with an invitation; the first page then shows the circle, or the words to read out to it."""
    try:
        enrolment.join(databases(), member, forms.short(request.form, "invitation"))
    except Refused as refused:
        return show(member, {"invitation": refused.sentence})
    return redirect(url_for("home.home"), 303)


@page_at("", pages)
def show(_member: Member, mistakes: dict[str, str]) -> Answer:
    """Show the account."""
    contents = session_contents()
    totp, sheet_drawn = contents.get("new_totp", ""), contents.get("new_sheet", "")
    return render_template(
        "account.html",
        new_words=contents.get("new_words", ""),
        totp_groups=identity.in_fours(totp),
        qr=identity.qr_code(totp) if totp else "",
        sheet=codes.code_lines(sheet_drawn),
        line_number=contents.get("line", 1),
        done="done" in request.args,
        typed_invitation=forms.short(request.form, "invitation"),
        mistakes=mistakes,
    )
