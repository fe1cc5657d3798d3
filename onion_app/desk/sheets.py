"""Published numbers as they are shown and written into a file: nothing is drawn here, and nothing worked out anew."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Final, NamedTuple

from onion_app.country import FactList
from onion_app.desk.fact_lists import is_place, name_on
from onion_app.errors import marked
from onion_app.vault.desk.tables import Numbers

UNDER_EVERY_TABLE: Final = marked(
    "These numbers count what people told us. "
    "We have verified none of it, some may be invented, each is changed by chance."
)


class SheetRow(NamedTuple):
    """A name and its number; 0 is under ten."""

    label: str
    number: int


class SheetPart(NamedTuple):
    """A list, with the rows of its names."""

    title: str
    rows: list[SheetRow]


class Sheet(NamedTuple):
    """Numbers to be shown, in one language; of a sum they are the least that is known."""

    total: int
    parts: list[SheetPart]
    is_sum: bool

    def is_nearly_all(self, number: int) -> bool:
        """Say whether a number of a table reaches its total, so that it says no more than that."""
        return not self.is_sum and number >= self.total


def sheet_of(numbers: Numbers, lists: Mapping[str, FactList], language: str, *, is_sum: bool = False) -> Sheet:
    """Lay numbers out by list; a place with fewer than ten is not named, and stands in no other row."""
    parts = []
    for name, each in lists.items():
        cells = numbers.cells.get(name, {})
        rows = [
            SheetRow(said[language], cells.get(cell, 0))
            for cell, said in each.names.items()
            if cells.get(cell) or (cell in cells and not is_place(name, cell))
        ]
        parts.append(SheetPart(each.title[language], rows))
    return Sheet(numbers.total, parts, is_sum)


def sum_of(published: Sequence[Numbers], lists: Mapping[str, FactList]) -> Numbers:
    """Add published numbers; what is under ten adds nothing, so that a sum is the least that is known.

    A year that the lists name no more is added to those before.
    """
    cells: dict[str, dict[str, int]] = {}
    for numbers in published:
        for list_name, named in numbers.cells.items():
            own = cells.setdefault(list_name, {})
            for name, number in named.items():
                now = name_on(list_name, name, lists) or name
                own[now] = own.get(now, 0) + number
    return Numbers(sum(numbers.total for numbers in published), cells)


def as_csv(rows: Iterable[Sequence[str]]) -> str:
    """Write a file that spreadsheets read, in any letters."""
    written = StringIO()
    csv.writer(written).writerows(rows)
    return "\ufeff" + written.getvalue()
