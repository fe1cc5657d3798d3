"""The days by which a circle has said that it writes again, until they are met; of met ones nothing is kept.

The same day stands sealed in the answer, where its author reads it; here it stands for the queues alone.
"""

from dataclasses import astuple, dataclass

from onion_app.shapes import Day, Id
from onion_app.vault.database import Database


@dataclass(frozen=True, slots=True)
class Promise:
    """A day by which a case is written to again, and the day on which that was said."""

    case_id: Id
    made_day: Day
    day: Day


def put_promise(desk: Database, promise: Promise) -> None:
    """Note a promise, inside the caller's `writing()`; it takes the place of the one before."""
    desk.run("INSERT OR REPLACE INTO promises (case_id, made_day, day) VALUES (?, ?, ?)", astuple(promise))


def forget_promise(desk: Database, case_id: bytes) -> None:
    """Forget the promise to a case, inside the caller's `writing()`: it is met, or nobody waits for it."""
    desk.run("DELETE FROM promises WHERE case_id = ?", (case_id,))


def promised_day(desk: Database, case_id: bytes) -> int | None:
    """Give the day that was promised to a case, while it is not met."""
    promises = desk.all(Promise, "SELECT case_id, made_day, day FROM promises WHERE case_id = ?", (case_id,))
    return next((promise.day for promise in promises), None)


def promises(desk: Database) -> list[Promise]:
    """List every promise that is not met; one that is damaged hides none of the others."""
    return desk.well_formed(Promise, "SELECT case_id, made_day, day FROM promises ORDER BY case_id")
