"""What waits for a second person's yes, and what was decided lately; agreeing, objecting, taking back."""

from collections.abc import Callable
from typing import Final, cast

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.choices import ObjectionReason
from onion_app.crypto.keys import KEY_BYTES
from onion_app.desk import forms, proposals
from onion_app.desk.context import Databases, databases
from onion_app.desk.login_gate import login_required, page_at
from onion_app.desk.permissions import Member
from onion_app.errors import NothingHere, Refused, marked

pages = Blueprint("proposals", __name__, url_prefix="/proposals")

WAITS_NO_MORE: Final = marked("This waits no more: it was decided, taken back, or does not concern you any longer.")


@pages.post("/<id:proposal_id>/agree")
@login_required
def agree(member: Member, proposal_id: bytes) -> Answer:
    """Agree to the words that were shown."""
    mark = forms.id_of(request.form, "mark", "", length=KEY_BYTES)
    decided = _done(lambda dbs: proposals.agree(dbs, member.id, proposal_id, mark))
    return redirect(url_for("proposals.show", done="decided" if decided else "agreed"), 303)


@pages.post("/<id:proposal_id>/object")
@login_required
def object_to(member: Member, proposal_id: bytes) -> Answer:
    """Object, with one of the set reasons."""
    reason = cast("ObjectionReason", request.form.get("reason", ""))
    _done(lambda dbs: proposals.object_to(dbs, member.id, proposal_id, reason))
    return redirect(url_for("proposals.show", done="objected"), 303)


@pages.post("/<id:proposal_id>/withdraw")
@login_required
def withdraw(member: Member, proposal_id: bytes) -> Answer:
    """Take back what one has proposed."""
    _done(lambda dbs: proposals.withdraw(dbs, member.id, proposal_id))
    return redirect(url_for("proposals.show", done="withdrawn"), 303)


def _done(act: Callable[[Databases], bool | None]) -> bool | None:
    """Do something about a proposal.

    Raises:
        Refused: it waits no more, or what it was refused for; the page then shows what waits now.
    """
    try:
        return act(databases())
    except NothingHere:
        raise Refused(WAITS_NO_MORE) from None


@page_at("", pages)
def show(member: Member, mistakes: dict[str, str], **_ids: bytes) -> Answer:
    """Show what waits and what was decided, as far as it concerns the member."""
    dbs = databases()
    return render_template(
        "proposals.html",
        waiting=proposals.open_for(dbs, member.id),
        decided=proposals.decided_for(dbs, member.id),
        mistakes=mistakes,
        done=request.args.get("done", ""),
    )
