"""The tables of numbers as they were published, and the marks of the cases that stand in one.

Of a period there is one try. What was published is never made again, nor changed: not by erasing, by other facts, or
by a backup that is put in place. # P07: whose row is gone has no mark that anybody computes.
"""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Final

from onion_app.errors import DamagedFile
from onion_app.shapes import Day, Id, from_json, to_json
from onion_app.vault.database import Database

_AT_ONCE: Final = 500  # marks that one statement writes: one for each takes ten times as long
_TABLE: Final = "SELECT id, circle_id, first_day, last_day, numbers FROM tables "


@dataclass(frozen=True, slots=True)
class Numbers:
    """Published numbers by list and name: 0 is under ten, and as many as the total nearly all."""

    total: int
    cells: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Table:
    """A try at the numbers of a circle for a period, by its first and last day; `packed` is None: none were made."""

    id: Id
    circle_id: Id
    first_day: Day
    last_day: Day
    packed: str | None

    @property
    def numbers(self) -> Numbers | None:
        """What was published.

        Raises:
            DamagedFile: it cannot be read.
        """
        return from_json(Numbers, self.packed, DamagedFile) if self.packed is not None else None


def pack(numbers: Numbers) -> str:
    """Write published numbers as they are kept."""
    return to_json(asdict(numbers))


def tables_of(desk: Database, circle_id: bytes) -> list[Table]:
    """List the tries of a circle, the newest first."""
    return desk.well_formed(Table, _TABLE + "WHERE circle_id = ? ORDER BY last_day DESC", (circle_id,))


def all_tables(desk: Database) -> list[Table]:
    """List the tables of every circle."""
    return desk.well_formed(Table, _TABLE + "WHERE numbers IS NOT NULL ORDER BY circle_id, last_day DESC")


def published_in(desk: Database, tries: Iterable[Table]) -> list[tuple[Table, Numbers]]:
    """Give the numbers of those that were made; one that cannot be read keeps back none of the others."""
    found = []
    for table in tries:
        with desk.leaving_out():
            if (numbers := table.numbers) is not None:
                found.append((table, numbers))
    return found


def read_table(desk: Database, table_id: bytes) -> Table:
    """Read one.

    Raises:
        NothingHere: there is none.
    """
    return desk.one(Table, _TABLE + "WHERE id = ?", (table_id,))


def last_try(desk: Database, circle_id: bytes) -> int | None:
    """Give the last day of the newest period that a circle has tried."""
    row = desk.row("SELECT last_day FROM tables WHERE circle_id = ? ORDER BY last_day DESC LIMIT 1", (circle_id,))
    return row[0] if row and isinstance(row[0], int) else None


def counted(desk: Database) -> set[bytes]:
    """Give the marks of all cases that stand in a table."""
    return set(desk.ids("SELECT mark FROM counted"))


def add_table(desk: Database, table: Table, marks: Collection[bytes]) -> None:
    """Keep a try, and the cases that stand in it as counted, inside the caller's `writing()`."""
    row = (table.id, table.circle_id, table.first_day, table.last_day, table.packed)
    desk.run("INSERT INTO tables (id, circle_id, first_day, last_day, numbers) VALUES (?, ?, ?, ?, ?)", row)
    each = sorted(marks)
    for some in (each[start : start + _AT_ONCE] for start in range(0, len(each), _AT_ONCE)):
        rows = ", ".join(["(?)"] * len(some))
        desk.run(f"INSERT INTO counted (mark) VALUES {rows} ON CONFLICT DO NOTHING", some)  # noqa: S608


def take_over(desk: Database, other: Database) -> None:
    """Take over what another desk of the installation has published and counted, inside the caller's `writing()`.

    A period of which this one knows another try keeps its own: one of the two was printed already.
    """
    add = (
        "INSERT INTO tables (id, circle_id, first_day, last_day, numbers) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    )
    for table in other.well_formed(Table, _TABLE):
        desk.try_run(add, (table.id, table.circle_id, table.first_day, table.last_day, table.packed))
    for mark in counted(other):
        desk.try_run("INSERT INTO counted (mark) VALUES (?) ON CONFLICT DO NOTHING", (mark,))
