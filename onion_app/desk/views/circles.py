"""Who is in my circle: its handles, who waits, invitations; to coordinators every circle, and nothing of its cases."""

from collections.abc import Callable
from functools import partial

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.choices import CIRCLE_TOPICS
from onion_app.crypto import codes
from onion_app.crypto.keys import KEY_BYTES
from onion_app.desk import circle_changes, circles, forms, member_removal
from onion_app.desk.context import Databases, databases
from onion_app.desk.login_gate import buttons, login_required, page_at
from onion_app.desk.permissions import Member
from onion_app.desk.session import keep_in_session, session_contents
from onion_app.errors import DiskTrouble, Overloaded
from onion_app.vault.desk import admissions, invitations
from onion_app.web.i18n import LANGUAGES

pages = Blueprint("circles", __name__, url_prefix="/circles")

buttons(pages, "circles.show", cancel=("/invitation/<id:invitation_id>/cancel", circles.cancel))


def _proposals(**acts: tuple[str, Callable[..., bool]]) -> None:
    """Let buttons, each by its endpoint, path and act, do something that may have to wait for a second person."""

    def button(act: Callable[..., bool]) -> Callable[..., Answer]:
        def pressed(**ids: bytes) -> Answer:
            waits = act(databases(), g.member, **ids)
            return redirect(url_for("circles.show", waits=int(waits) or None), 303)

        return pressed

    for endpoint, (path, act) in acts.items():
        pages.post(path, endpoint=endpoint)(button(act))


def _change(dbs: Databases, member: Member, circle_id: bytes) -> bool:
    return circle_changes.change_circle(dbs, member, circle_id, *forms.topics_and_languages(request.form))


def _leave_topics(dbs: Databases, member: Member, circle_id: bytes) -> bool:
    heir = forms.id_of(request.form, "heir", "") if request.form.get("heir") else None
    return circle_changes.leave_topics_to(dbs, member, circle_id, heir)


_proposals(
    shut_out=("/shut-out/<id:moderator_id>", member_removal.remove_member),
    shut_out_of=("/<id:circle_id>/shut-out/<id:moderator_id>", member_removal.remove_from_circle),
    change=("/<id:circle_id>/change", _change),
    catch_all=("/<id:circle_id>/catch-all", circle_changes.make_catch_all),
    found_anew=("/<id:circle_id>/anew", circle_changes.found_anew),
    leave_topics=("/<id:circle_id>/topics-to", _leave_topics),
)


def _invite(dbs: Databases, member: Member, circle_id: bytes, *, coordinator: bool = False) -> None:
    """Make an invitation; its code waits in the session to be shown once."""
    code = circles.invite(dbs, member, circle_id, coordinator=coordinator)
    keep_in_session(invitation=code, waits=coordinator and not admissions.is_alone(dbs.desk))


buttons(
    pages,
    "circles.code",
    invite=("/<id:circle_id>/invite", _invite),
    invite_coordinator=("/<id:circle_id>/invite-coordinator", partial(_invite, coordinator=True)),
)


@pages.get("/invitation")
@login_required
def code(_member: Member) -> Answer:
    """Show the code of the invitation just made, this once."""
    invitation = session_contents().get("invitation", "")
    keep_in_session(invitation="")
    if not invitation:
        return redirect(url_for("circles.show"), 303)
    lines, waits = codes.code_lines(invitation), session_contents().get("waits", False)
    return render_template("invitation.html", lines=lines, waits=waits, days=invitations.INVITATION_DAYS)


@pages.post("/<id:circle_id>/let-in/<id:newcomer_id>")
@login_required
def let_in(member: Member, circle_id: bytes, newcomer_id: bytes) -> Answer:
    """Let a newcomer in whose words were compared."""
    circles.let_in(databases(), member, circle_id, newcomer_id, forms.id_of(request.form, "key", "", length=KEY_BYTES))
    return redirect(url_for("circles.show"), 303)


@pages.get("/<id:circle_id>/opened-by/<id:gone_id>")
@login_required
def opened_by(member: Member, circle_id: bytes, gone_id: bytes) -> Answer:
    """Show the cases in which somebody worked who was shut out since."""
    after = forms.place_in_list(request.args.get("after", ""))
    found = circles.opened_by(databases(), member, circle_id, gone_id, after)
    return render_template("opened_by.html", found=found)


@pages.get("/<id:circle_id>/audit")
@login_required
def audit(member: Member, circle_id: bytes) -> Answer:
    """Show the audit of a circle."""
    after = forms.after(request.args)
    circle, lines, last = circles.audit_of(databases(), member, circle_id, after[1:] if after else None)
    following = forms.after_this(0, *last) if last else ""
    return render_template("audit.html", circle=circle, rows=lines, after=after, following=following)


@page_at("", pages, DiskTrouble, Overloaded)
def show(member: Member, mistakes: dict[str, str], **_ids: bytes) -> Answer:
    """Show who is in the member's circles."""
    return render_template(
        "circles.html",
        gatherings=circles.circle_overviews(databases(), member),
        mistakes=mistakes,
        waits="waits" in request.args,
        topics=CIRCLE_TOPICS,
        choices=LANGUAGES.values(),
    )
