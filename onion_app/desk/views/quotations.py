"""Words for reports out of every case of one's circles: what waits, what can go, and the words to be copied."""

from typing import Final, NamedTuple

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.crypto.keys import ID_BYTES
from onion_app.desk import forms, queues, quotations
from onion_app.desk.context import Databases, databases
from onion_app.desk.login_gate import login_required, page_at
from onion_app.desk.permissions import Member
from onion_app.desk.quotation_status import QuotationStatus, public_words, quotation_status
from onion_app.errors import (
    DamagedFile,
    DiskTrouble,
    KeysChanged,
    NotAllowed,
    NothingHere,
    Overloaded,
    Refused,
    marked,
)
from onion_app.vault.desk import quotations as stored
from onion_app.vault.mailbox.records import PAGE
from onion_app.web.i18n import current_language, month_words, translated

pages = Blueprint("quotations", __name__, url_prefix="/quotations")

GONE: Final = marked("This case is no longer here: its author took it back, or it was handed over.")
CHANGED: Final = marked("Changed and translated by us.")
NOT_VERIFIED: Final = marked("We have not verified this, and do not know who wrote it.")
NONE_TICKED: Final = marked("Tick the words that go.")


class Row(NamedTuple):
    """A case in which words were chosen; without a status, and a sentence why, where it does not open."""

    case_id: bytes
    status: QuotationStatus | None
    sentence: str

    @property
    def number(self) -> str:
        """The letters by which the circle speaks of it."""
        return queues.case_number(self.case_id)


@pages.post("/give")
@login_required
def give(member: Member) -> Answer:
    """Tell the authors of the ticked words that these are given, and lead to the words."""
    ticked = forms.ticked_cases(request.form, "give")
    if not ticked:
        raise Refused(NONE_TICKED)
    quotations.give_words(databases(), member, ticked)
    return redirect(url_for("quotations.given", case=[each.hex() for each in ticked]), 303)


@pages.get("/given")
@login_required
def given(member: Member) -> Answer:
    """Show the words that were given out of some cases, to be copied; of the others why they are not among them."""
    rows = _rows(databases(), member, _asked_for())
    if any(row.status and row.status.step == "ready" for row in rows):  # and were not given: a story may hold them
        rows = _rows(databases(), member, _asked_for(), public_words(databases()))
    return render_template(
        "given.html", rows=rows, cases=request.args.getlist("case"), sentences=(CHANGED, NOT_VERIFIED)
    )


@pages.get("/text.txt")
@login_required
def text(member: Member) -> Answer:
    """Give the same words as a file of plain text; it names no day, nobody, and nothing of ours."""
    language = current_language().code
    lines = list[str]()
    for row in _rows(databases(), member, _asked_for()):
        if row.status is not None and row.status.given is not None and row.status.still_allowed:
            words = row.status.given
            lines += [month_words(words.month, language), " ".join(words.words), ""]
    lines += [translated(CHANGED), translated(NOT_VERIFIED), ""]
    headers = {"Content-Disposition": "attachment; filename=text.txt"}
    return Response("\n".join(lines), content_type="text/plain; charset=utf-8", headers=headers)


@page_at("", pages, DiskTrouble, Overloaded)
def show(member: Member, mistakes: dict[str, str]) -> Answer:
    """List the cases in which words were chosen, and the months in which any were given."""
    dbs, after = databases(), forms.place_in_list(request.args.get("after", ""))
    found = stored.cases_with_quotations(dbs.desk, list(member.circles), after, PAGE + 1)
    listed = found[:PAGE]
    return render_template(
        "quotations.html",
        rows=_rows(dbs, member, listed),
        months=stored.all_given(dbs.desk) if member.circles else [],
        after=after,
        following=listed[-1].hex() if len(found) > len(listed) else "",
        mistakes=mistakes,
    )


def _rows(dbs: Databases, member: Member, case_ids: list[bytes], public: list[str] | None = None) -> list[Row]:
    """Read how far the words of some cases are; `public`: what stands in stories, where it is looked through. # P16."""
    return [_row(dbs, member, case_id, public or []) for case_id in case_ids]


def _row(dbs: Databases, member: Member, case_id: bytes, public: list[str]) -> Row:
    try:
        return Row(case_id, quotation_status(dbs, member, case_id, public), "")
    except KeysChanged as changed:
        return Row(case_id, None, changed.sentence)
    except (DamagedFile, NotAllowed, NothingHere):
        return Row(case_id, None, GONE)


def _asked_for() -> list[bytes]:
    """Read from the address which cases it is about."""
    places = [forms.place_in_list(each) for each in request.args.getlist("case")[:PAGE]]
    return [each for each in places if len(each) == ID_BYTES]
