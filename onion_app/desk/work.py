"""The first page and the queues."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.desk import casework, membership, rekeying
from onion_app.desk.casework import PAGE, Member
from onion_app.desk.gate import login_required
from onion_app.desk.session import own_key, room
from onion_app.vault.desk import taken

pages = Blueprint("work", __name__)

LAST_PAGE = 10_000


@pages.get("/")
@login_required
def home(member: Member) -> Answer:
    """Show counts, and what the chores found."""
    books = room().books()
    first = casework.first_page(books, member)
    return render_template(
        "home.html",
        circles=first.circles,
        findings=first.findings,
        awaited=membership.awaited(books, member, own_key()),
        delayed=rekeying.waiting(books, member),
        thin=membership.thin_circles(books, member),
    )


@pages.post("/finding/<id:finding_id>/acknowledge")
@login_required
def acknowledge(member: Member, finding_id: bytes) -> Answer:
    """Note that a finding was seen."""
    casework.acknowledge(room().books(), finding_id, member)
    return redirect(url_for("work.home"), 303)


@pages.get("/circle/<id:circle_id>/<which>")
@login_required
def queue(member: Member, circle_id: bytes, which: str) -> Answer:
    """List the cases of a circle, 25 a page."""
    page = min(max(request.args.get("page", 1, type=int), 1), LAST_PAGE)
    found = casework.queue(room().books(), member, circle_id, which, page)
    hidden = taken.stepped_out(room().books().desk, member.id)
    return render_template(
        "queue.html",
        circle=member.circles[circle_id],
        which=which,
        cases=[item for item in found if item.case.id not in hidden],
        page=page,
        more=len(found) == PAGE,
    )
