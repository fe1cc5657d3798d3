"""The page on which the facts of a case are set, behind its cover."""

from typing import Final

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.country import FactList
from onion_app.crypto.keys import new_id
from onion_app.crypto.payloads import Facts
from onion_app.desk import facts, forms
from onion_app.desk.as_shown import expect_as_shown, mark_of
from onion_app.desk.context import databases
from onion_app.desk.fact_lists import lists_of
from onion_app.desk.login_gate import behind_the_cover, login_required, page_at
from onion_app.desk.permissions import Member
from onion_app.desk.queues import case_number
from onion_app.errors import DiskTrouble, Overloaded, Refused, marked
from onion_app.vault.shown.reading import name_of

pages = behind_the_cover(Blueprint("facts", __name__, url_prefix="/case/<id:case_id>/facts"), "facts.keep")

_TOO_MANY: Final = marked("More are ticked than are counted of one case. Choose what weighs most.")
_NONE: Final = marked("Choose at least one.")


@pages.post("/keep")
@login_required
def keep(member: Member, case_id: bytes) -> Answer:
    """Keep the facts."""
    dbs, entry_id = databases(), forms.id_of(request.form, "entry", "")
    chosen = {name: _chosen(name, each) for name, each in lists_of(dbs.today).items()}
    letters = forms.short(request.form, "same_as")
    same_as = facts.case_named(dbs, member, case_id, letters).hex() if letters else ""
    before = facts.read_facts(dbs, member, case_id)
    expect_as_shown(request.form, before.id if before else "")
    facts.set_facts(dbs, member, case_id, entry_id, Facts(chosen, dbs.today, same_as))
    return redirect(url_for("case.show", case_id=case_id, _anchor="facts"), 303)


def _chosen(name: str, offered: FactList) -> list[str]:
    """Read what was chosen of a list.

    Raises:
        Refused: nothing of it, or too many.
    """
    names = tuple(offered.names)
    if offered.most == 1:
        return [forms.one_of(request.form, name, names)]
    ticked = forms.ticked(request.form, name, names)
    if not 1 <= len(ticked) <= offered.most:
        raise Refused(_TOO_MANY if ticked else _NONE, field=name)
    return ticked


@page_at("", pages, DiskTrouble, Overloaded)
def show(member: Member, mistakes: dict[str, str], case_id: bytes) -> Answer:
    """Show the lists, with what was chosen."""
    dbs = databases()
    found = facts.read_facts(dbs, member, case_id)
    same_as = bytes.fromhex(found.facts.same_as) if found else b""
    return render_template(
        "set_facts.html",
        mistakes=mistakes,
        case_id=case_id,
        number=case_number(case_id),
        letters=name_of(case_id),
        counted=facts.may_be_counted(dbs, member, case_id),
        found=found,
        now=found.facts.chosen if found else {},
        lists=lists_of(dbs.today),
        same_as=name_of(same_as) if same_as else "",
        as_shown=mark_of(found.id if found else ""),
        entry=new_id().hex(),
    )
