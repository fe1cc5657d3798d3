"""The notebook of a circle: who reads it is in the circle's audit, each time."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.crypto.keys import new_id
from onion_app.desk import forms, notebook
from onion_app.desk.closed_lists import KINDS, REACHES
from onion_app.desk.context import databases
from onion_app.desk.login_gate import buttons, login_required, page_at
from onion_app.desk.permissions import Member, circle_of
from onion_app.errors import DiskTrouble, NothingHere, Overloaded

pages = Blueprint("notebook", __name__, url_prefix="/notebook")

buttons(
    pages,
    "notebook.show",
    know_too=("/<id:circle_id>/<id:entry_id>/known", notebook.know_too),
    take_away=("/<id:circle_id>/<id:entry_id>/away", notebook.take_away),
)


@pages.get("")
@login_required
def first(member: Member) -> Answer:
    """Lead to the notebook of the first circle that one is in."""
    circle_id = next(iter(member.circles), None)
    if circle_id is None:
        raise NothingHere
    return redirect(url_for("notebook.show", circle_id=circle_id), 303)


@pages.post("/<id:circle_id>/message")
@login_required
def message(member: Member, circle_id: bytes) -> Answer:
    """Leave a message to the circle."""
    entry_id, text = forms.id_of(request.form, "entry"), forms.text(request.form)
    notebook.write_message(databases(), member, circle_id, entry_id, text)
    return redirect(url_for("notebook.show", circle_id=circle_id), 303)


@page_at("/<id:circle_id>", pages, DiskTrouble, Overloaded)
def show(member: Member, mistakes: dict[str, str], circle_id: bytes, **_entry: bytes) -> Answer:
    """Show the whole notebook; where nothing can be written, and so not who reads it, only what was typed."""
    circle, book = circle_of(member, circle_id), None
    try:
        book = notebook.read_notebook(databases(), member, circle_id)
    except (DiskTrouble, Overloaded) as error:
        mistakes = mistakes or {"": error.sentence}
    return render_template(
        "notebook.html",
        circle=circle,
        book=book,
        kinds=KINDS,
        reaches=REACHES,
        entry=new_id().hex(),
        mistakes=mistakes,
    )
