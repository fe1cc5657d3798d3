"""The notebook of a circle: rows of one length, which say nothing about what stands in them, and the day some go.

Nobody but the circle's members opens a row, the chores neither: that a message goes after its days, and that what was
taken away stays away after a restore, follows from the ids in `fading` alone.
"""

from dataclasses import astuple, dataclass
from typing import Annotated, Final

from onion_app.crypto.casekeys import GENERATIONS
from onion_app.crypto.sealing import EntryPlace
from onion_app.errors import NothingHere
from onion_app.shapes import Day, Id
from onion_app.vault.database import Database

_ROW: Final = "SELECT id, circle_id, generation, sealed FROM notebook "
_REMEMBERED: Final = 365  # days for which it is known what was taken away; safety copies are to go within 90


@dataclass(frozen=True, slots=True)
class NotebookRow:
    """What stands in a notebook, sealed under the circle's key of one generation."""

    id: Id
    circle_id: Id
    generation: Annotated[int, range(1, GENERATIONS + 1)]
    sealed: bytes

    @property
    def place(self) -> EntryPlace:
        """The one place where its seal holds."""
        return EntryPlace(self.circle_id, self.id, 0, "notebook", self.circle_id)


@dataclass(frozen=True, slots=True)
class _Fading:
    """The day from which nothing stands under an id."""

    id: Id
    day: Day


def rows_of(desk: Database, circle_id: bytes) -> list[NotebookRow]:
    """List the rows of a circle, in the order of their random ids."""
    return desk.well_formed(NotebookRow, _ROW + "WHERE circle_id = ? ORDER BY id", (circle_id,))


def read_row(desk: Database, row_id: bytes, circle_id: bytes) -> NotebookRow:
    """Read a row of a circle.

    Raises:
        NothingHere: there is none.
    """
    return desk.one(NotebookRow, _ROW + "WHERE id = ? AND circle_id = ?", (row_id, circle_id))


def put_row(desk: Database, row: NotebookRow, last_day: int | None = None) -> None:
    """Store a row, or what it says now, inside the caller's `writing()`; after its last day, if it has one, it goes.

    Raises:
        NothingHere: a row of another circle has this id.
    """
    put = (
        "INSERT INTO notebook (id, circle_id, generation, sealed) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE "
        "SET generation = excluded.generation, sealed = excluded.sealed WHERE circle_id = excluded.circle_id"
    )
    if not desk.run(put, astuple(row)):
        raise NothingHere
    if last_day is not None:
        _fade(desk, row.id, last_day + 1)


def is_fading(desk: Database, row_id: bytes) -> bool:
    """Tell whether what stands, or stood, under an id goes on a day: whatever is put there goes with it."""
    return desk.row("SELECT 1 FROM fading WHERE id = ?", (row_id,)) is not None


def take_away(desk: Database, row_id: bytes, day: int) -> None:
    """Take a row out for good, inside the caller's `writing()`."""
    desk.run("DELETE FROM notebook WHERE id = ?", (row_id,))
    _fade(desk, row_id, day)


def forget_faded(desk: Database, today: int) -> None:
    """Let go what has had its days; and after a year that it was ever there."""
    with desk.writing():
        desk.run("DELETE FROM notebook WHERE id IN (SELECT id FROM fading WHERE day <= ?)", (today,))
        desk.run("DELETE FROM fading WHERE day < ?", (today - _REMEMBERED,))


def take_over(desk: Database, newer: Database) -> None:
    """Take out what is gone by a newer desk, and note when the rest goes, inside the caller's `writing()`.

    What the newer desk lacks without a word of its having been taken away comes back: it may have been lost.
    """
    there = set(newer.ids("SELECT id FROM notebook"))
    for faded in newer.well_formed(_Fading, "SELECT id, day FROM fading"):
        with desk.leaving_out():
            _fade(desk, faded.id, faded.day)
            if faded.id not in there:
                desk.run("DELETE FROM notebook WHERE id = ?", (faded.id,))


def _fade(desk: Database, row_id: bytes, day: int) -> None:
    put = "INSERT INTO fading (id, day) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET day = min(day, excluded.day)"
    desk.run(put, (row_id, day))
