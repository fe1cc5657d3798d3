"""The numbers of one's circles: making a table of a period, and the pages and the file of what was published."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final, NamedTuple

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue as Answer

from onion_app.desk import counting, forms
from onion_app.desk.context import databases
from onion_app.desk.counting import Counting
from onion_app.desk.fact_lists import lists_of
from onion_app.desk.login_gate import login_required, page_at
from onion_app.desk.permissions import Member, circle_of
from onion_app.desk.session import count_contents, keep_count
from onion_app.desk.sheets import UNDER_EVERY_TABLE, Sheet, as_csv, sheet_of, sum_of
from onion_app.errors import DiskTrouble, NotAllowed, NothingHere, NotReady, Overloaded, VisitOver
from onion_app.shapes import as_shape
from onion_app.vault.desk import tables
from onion_app.vault.desk.tables import Table
from onion_app.vault.settings import read_settings
from onion_app.web.i18n import current_language, month_words, translated

pages = Blueprint("numbers", __name__, url_prefix="/numbers")

_AS_FILE: Final = {"Content-Disposition": "attachment; filename=table.csv"}


class Shown(NamedTuple):
    """Published numbers for a page or a file: a table, or the sum of all of a circle, or of all circles."""

    kind: str
    first_day: int
    last_day: int
    sheet: Sheet | None  # None: nothing was made


@pages.before_request
def only_in_a_circle() -> None:
    """Show numbers to members, and not to who waits to be let in."""
    if not g.member.circles:
        raise NotAllowed


@pages.post("/<id:circle_id>/begin")
@login_required
def begin(member: Member, circle_id: bytes) -> Answer:
    """Begin to count for a period."""
    circle_of(member, circle_id)
    begun = counting.begin(databases(), member, circle_id, forms.number(request.form, "period"))
    _keep(begun, member)
    return redirect(url_for("numbers.count"), 303)


@pages.post("/count/go-on")
@login_required
def go_on(member: Member) -> Answer:
    """Look at the next cases; after the last one, show what was made."""
    now = _under_way()
    if now is None:
        raise NotReady
    try:
        after = counting.go_on(databases(), member, now)
    except (NotReady, NotAllowed):
        keep_count(None, member.id)
        raise
    if isinstance(after, Counting):
        _keep(after, member)
        return redirect(url_for("numbers.count"), 303)
    keep_count(None, member.id)
    return redirect(url_for("numbers.table", table_id=after.id), 303)


@pages.get("/count")
@login_required
def count(member: Member) -> Answer:
    """Show how far it is, and nothing else."""
    now = _under_way()
    if now is None:
        return redirect(url_for("numbers.show"), 303)
    return render_template("count.html", now=now, circle=circle_of(member, now.circle_id))


def _under_way() -> Counting | None:
    contents = count_contents()
    return as_shape(Counting, contents, VisitOver) if contents is not None else None


def _keep(now: Counting, member: Member) -> None:
    keep_count(asdict(now), member.id)


@page_at("", pages, DiskTrouble, Overloaded)
def show(member: Member, mistakes: dict[str, str], **_ids: bytes) -> Answer:
    """List the tables of one's circles, and the periods of which one can be made."""
    dbs = databases()
    circles = [
        (circle, tables.tables_of(dbs.desk, circle.id), counting.periods_of(dbs, circle.id))
        for circle in member.circles.values()
    ]
    return render_template(
        "numbers.html",
        mistakes=mistakes,
        circles=circles,
        now=_under_way(),
        any_table=bool(tables.all_tables(dbs.desk)),
        kept_days=read_settings(dbs.shown).retention_days,
    )


def _shown_on(path: str, endpoint: str) -> Callable[[Callable[..., Shown]], Callable[..., Shown]]:
    """Show what a function finds on a page at a path, and as a file under it."""

    def register(find: Callable[..., Shown]) -> Callable[..., Shown]:
        def page(**ids: bytes) -> Answer:
            found = find(g.member, **ids)
            return render_template(
                "table.html", shown=found, file=url_for(f"numbers.{endpoint}_file", **_any(ids)), says=UNDER_EVERY_TABLE
            )

        def file(**ids: bytes) -> Answer:
            found = find(g.member, **ids)
            if found.sheet is None:
                raise NothingHere
            rows = _rows(found.sheet, month_words(found.first_day, _code()), month_words(found.last_day, _code()))
            return Response(as_csv(rows), mimetype="text/csv", headers=_AS_FILE)

        pages.get(path, endpoint=endpoint)(page)
        pages.get(f"{path}/table.csv", endpoint=f"{endpoint}_file")(file)
        return find

    return register


def _any(ids: dict[str, bytes]) -> dict[str, Any]:
    return dict(ids)


def _code() -> str:
    return current_language().code


def _rows(sheet: Sheet, *months: str) -> Iterator[Sequence[str]]:
    """Write a file's lines: no name of ours is in them, and the sentence under every table is."""
    yield [" – ".join(months)]
    yield ["", translated("Events counted"), _at_least(sheet, sheet.total)]
    for part in sheet.parts:
        yield from ([part.title, row.label, _number(sheet, row.number)] for row in part.rows)
    yield [translated(UNDER_EVERY_TABLE)]


def _number(sheet: Sheet, number: int) -> str:
    if not number:
        return translated("under 10 in each table" if sheet.is_sum else "under 10")
    return translated("nearly all") if sheet.is_nearly_all(number) else _at_least(sheet, number)


def _at_least(sheet: Sheet, number: int) -> str:
    return f"≥ {number}" if sheet.is_sum else str(number)


@_shown_on("/table/<id:table_id>", "table")
def one_table(member: Member, table_id: bytes) -> Shown:
    """Find a table of one of the member's circles."""
    table = tables.read_table(databases().desk, table_id)
    circle_of(member, table.circle_id)
    if table.numbers is None:
        return Shown("table", table.first_day, table.last_day, None)
    sheet = sheet_of(table.numbers, lists_of(table.last_day), _code())
    return Shown("table", table.first_day, table.last_day, sheet)


@_shown_on("/years/<id:circle_id>", "years")
def all_years(member: Member, circle_id: bytes) -> Shown:
    """Add the tables of one of the member's circles."""
    circle_of(member, circle_id)
    return _sum("years", tables.tables_of(databases().desk, circle_id))


@_shown_on("/circles", "circles")
def all_circles(_member: Member) -> Shown:
    """Add the tables of every circle."""
    return _sum("circles", tables.all_tables(databases().desk))


def _sum(kind: str, added: list[Table]) -> Shown:
    published = tables.published_in(databases().desk, added)
    if not published:
        raise NothingHere
    first = min(table.first_day for table, _ in published)
    last = max(table.last_day for table, _ in published)
    lists = lists_of(last)
    numbers = sum_of([each for _, each in published], lists)
    return Shown(kind, first, last, sheet_of(numbers, lists, _code(), is_sum=True))
