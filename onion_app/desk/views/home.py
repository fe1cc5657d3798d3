"""The first page and the queues."""

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue as Answer

from onion_app.desk import circles, forms, proposals, queues
from onion_app.desk.context import databases
from onion_app.desk.held_texts import forget_form, hold_answers, page_at_address, page_of
from onion_app.desk.login_gate import buttons, login_required
from onion_app.desk.permissions import Member
from onion_app.desk.session import own_key
from onion_app.vault.desk import audit
from onion_app.vault.mailbox import records

pages = Blueprint("home", __name__)

buttons(pages, "home.findings", acknowledge=("/finding/<id:finding_id>/acknowledge", queues.acknowledge_finding))


@pages.post("/forget")
@login_required
def forget(_member: Member) -> Answer:
    """Throw away what waits for a form, and show what stands in it now."""
    address = request.form.get("address", "")
    hold_answers(request.form)
    page = page_at_address(request.args["back"]) if "back" in request.args else page_of(address)
    forget_form(address)
    return redirect(page, 303)


@pages.post("/go")
@login_required
def go(_member: Member) -> Answer:
    """Go where a button beside boxes leads; what stands in the boxes waits for whoever comes back to them."""
    hold_answers(request.form)
    return redirect(page_at_address(request.form.get("go", "")), 303)


@pages.get("/")
@login_required
def home(member: Member) -> Answer:
    """Show the day's list: counts, each of them a way."""
    dbs = databases()
    return render_template(
        "home.html",
        most=records.MANY,
        circles=queues.circle_counts(dbs, member),
        findings=len(audit.findings_for(dbs.desk, member.id)),
        awaited=circles.awaited_circles(dbs, member, own_key()),
        newcomers=circles.waiting_newcomers(dbs, member),
        thin=circles.circles_with_too_few_sheets(dbs, member),
        proposed=proposals.open_for(dbs, member.id),
        silent=queues.silent_circles(dbs) if member.coordinates else [],
        decided=proposals.decided_for(dbs, member.id),
    )


@pages.get("/findings")
@login_required
def findings(member: Member) -> Answer:
    """Show what the chores found wrong, until this member has said that they have seen it."""
    return render_template("findings.html", findings=audit.findings_for(databases().desk, member.id))


@pages.get("/circle/<id:circle_id>/<which>")
@login_required
def queue(member: Member, circle_id: bytes, which: str) -> Answer:
    """List the cases of a circle, 25 a page."""
    dbs, after = databases(), forms.after(request.args)
    rows, last = queues.queue_page(dbs, member, circle_id, which, after)
    return render_template(
        "queue.html",
        circle=member.circles[circle_id],
        which=which,
        most=records.MANY,
        counts=queues.tab_counts(dbs, member, circle_id),
        rows=rows,
        after=after,
        following=forms.after_this(last.urgent, last.day, last.case_id) if last else "",
    )
