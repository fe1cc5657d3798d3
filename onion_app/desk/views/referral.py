"""A new referral: the first question is whether they have published it themselves; no field for a contact without."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.choices import ANSWER_LANGUAGES
from onion_app.crypto.keys import new_id
from onion_app.crypto.payloads import Referral
from onion_app.desk import forms, notebook
from onion_app.desk.closed_lists import KINDS, REACHES
from onion_app.desk.context import databases
from onion_app.desk.login_gate import login_required, page_at
from onion_app.desk.permissions import Member, circle_of
from onion_app.errors import DiskTrouble, NothingHere, Overloaded

pages = Blueprint("referral", __name__, url_prefix="/notebook/<id:circle_id>/referral")

_PUBLISHED, _TO_BE_ASKED = "published", "to-be-asked"


@pages.get("")
@login_required
def question(member: Member, circle_id: bytes) -> Answer:
    """Ask the first question."""
    return render_template("published.html", circle=circle_of(member, circle_id))


@pages.post("/<which>")
@login_required
def add(member: Member, circle_id: bytes, which: str) -> Answer:
    """Write it down."""
    form, dbs, is_published = request.form, databases(), _is_published(which)
    content = Referral(
        forms.one_of(form, "kind", KINDS),
        forms.one_of(form, "region", REACHES),
        forms.one_of(form, "language", ANSWER_LANGUAGES),
        is_published,
        forms.one_line(form, "name"),
        forms.one_line(form, "contact"),
        member.id.hex(),
        dbs.today,
    )
    notebook.write_referral(dbs, member, circle_id, forms.id_of(form, "entry"), content)
    return redirect(url_for("notebook.show", circle_id=circle_id), 303)


@page_at("/<which>", pages, DiskTrouble, Overloaded)
def write(member: Member, mistakes: dict[str, str], circle_id: bytes, which: str) -> Answer:
    """Show the form: with a contact for what is published, and without one for the rest."""
    return render_template(
        "referral.html",
        circle=circle_of(member, circle_id),
        which=which,
        is_published=_is_published(which),
        kinds=KINDS,
        reaches=REACHES,
        answer_languages=ANSWER_LANGUAGES,
        entry=new_id().hex(),
        mistakes=mistakes,
    )


def _is_published(which: str) -> bool:
    if which not in {_PUBLISHED, _TO_BE_ASKED}:
        raise NothingHere
    return which == _PUBLISHED
