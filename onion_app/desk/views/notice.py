"""Today's notice: what stands on the site, the way to have it off, and to coordinators the way to propose one."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.choices import LANGUAGE_CODES, NOTICE_DAYS, NOTICE_LONGEST
from onion_app.desk import forms, notice
from onion_app.desk.as_shown import expect_as_shown, mark_of
from onion_app.desk.context import databases
from onion_app.desk.login_gate import login_required, page_at
from onion_app.desk.notice_rules import field_of
from onion_app.desk.permissions import Member
from onion_app.errors import NotReady
from onion_app.web.i18n import LANGUAGES

pages = Blueprint("notice", __name__, url_prefix="/notice")


@pages.post("/propose")
@login_required
def propose(member: Member) -> Answer:
    """Propose words, or the present ones for longer."""
    dbs = databases()
    words: dict[str, str] = {code: forms.one_line(request.form, field_of(code)) for code in LANGUAGE_CODES}
    if member.coordinates:
        expect_as_shown(request.form, notice.read_notice(dbs, member).words)
    waits = notice.propose_notice(dbs, member, words)
    return redirect(url_for("notice.show", done="waits" if waits else "stands"), 303)


@pages.post("/off")
@login_required
def take_off(member: Member) -> Answer:
    """Take it off, or be the first member who wants that; whatever stands there by now, for a coordinator."""
    dbs = databases()
    if not member.coordinates:
        expect_as_shown(request.form, notice.read_notice(dbs, member).words)
    is_off = notice.take_notice_off(dbs, member)
    return redirect(url_for("notice.show", done="off" if is_off else "noted"), 303)


@page_at("", pages, NotReady)
def show(member: Member, mistakes: dict[str, str]) -> Answer:
    """Show what stands."""
    standing = notice.read_notice(databases(), member)
    return render_template(
        "notice.html",
        standing=standing,
        as_shown=mark_of(standing.words),
        done=request.args.get("done", ""),
        choices=[LANGUAGES[code] for code in LANGUAGE_CODES],
        field_of=field_of,
        days=NOTICE_DAYS,
        most_days=NOTICE_LONGEST,
        mistakes=mistakes,
    )
