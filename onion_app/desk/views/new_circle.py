"""The page on which a coordinator adds a circle."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.choices import CIRCLE_TOPICS
from onion_app.desk import circle_changes, forms
from onion_app.desk.context import databases
from onion_app.desk.login_gate import for_coordinators, login_required, page_at
from onion_app.desk.permissions import Member
from onion_app.web.i18n import LANGUAGES

pages = for_coordinators(Blueprint("new_circle", __name__, url_prefix="/circles/new"))


@pages.post("/add")
@login_required
def add(member: Member) -> Answer:
    """Add a circle, or propose it."""
    name, wanted = forms.one_line(request.form, "name"), forms.topics_and_languages(request.form)
    waits = circle_changes.add_circle(databases(), member, name, *wanted)
    return redirect(url_for("circles.show", waits=int(waits) or None), 303)


@page_at("", pages)
def show(_member: Member, mistakes: dict[str, str]) -> Answer:
    """Ask for its name, topics and languages."""
    return render_template("new_circle.html", mistakes=mistakes, topics=CIRCLE_TOPICS, choices=LANGUAGES.values())
