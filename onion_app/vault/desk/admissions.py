"""Who came into a circle, when, by whose invitation and by whose hand; and who was shut out by whom.

The rows stay: somebody who is out has still brought others in. Once a second person has come, that is noted for good,
and whatever becomes of them nobody decides anything alone any more. # P14
"""

from dataclasses import astuple, dataclass
from typing import Final

from onion_app.choices import SHUT_OUT_WITHIN
from onion_app.shapes import Day, Id
from onion_app.vault import settings
from onion_app.vault.database import Database

_ADMISSION: Final = "SELECT circle_id, moderator_id, invited_by, let_in_by, day FROM admissions "


@dataclass(frozen=True, slots=True)
class Admission:
    """How somebody came into a circle; None: the operator invited them, and nobody was there to let them in."""

    circle_id: Id
    moderator_id: Id
    invited_by: Id | None
    let_in_by: Id | None
    day: Day


def note_admission(db: Database, admission: Admission) -> None:
    """Note that somebody came into a circle, inside the caller's `writing()`.

    With the second person what was set until then is told for 30 days, to them too.
    """
    put = "INSERT INTO admissions (circle_id, moderator_id, invited_by, let_in_by, day) VALUES (?, ?, ?, ?, ?) "
    again = (
        "ON CONFLICT DO UPDATE SET invited_by = excluded.invited_by, let_in_by = excluded.let_in_by, day = excluded.day"
    )
    db.run(put + again, astuple(admission))
    is_second = db.row("SELECT 1 FROM admissions WHERE moderator_id <> ?", (admission.moderator_id,))
    if is_second and is_alone(db):
        settings.put_setting(db, "second_came", admission.day)
        db.run("UPDATE proposals SET decided_day = ? WHERE state = 'alone'", (admission.day,))


def is_alone(db: Database) -> bool:
    """Tell whether no second person ever came."""
    return settings.read_second_came(db) is None


def stay_in_company(db: Database, newer: Database) -> None:
    """Note, inside `writing()`, that a second person has come if a newer desk knows it."""
    # P14: no backup makes anybody alone again.
    if is_alone(db) and (day := settings.read_second_came(newer)) is not None:
        settings.put_setting(db, "second_came", day)


def all_admissions(db: Database) -> list[Admission]:
    """List how everybody came."""
    return db.all(Admission, _ADMISSION)


def note_shut_out(db: Database, moderator_id: bytes, by_whom: bytes, day: int) -> None:
    """Note who has shut somebody out, inside the caller's `writing()`."""
    db.run(
        "INSERT INTO shut_outs (moderator_id, by_whom, day) VALUES (?, ?, ?) "
        "ON CONFLICT DO UPDATE SET day = excluded.day",
        (moderator_id, by_whom, day),
    )


def shut_out_lately(db: Database, by_whom: bytes, today: int) -> int:
    """Count whom somebody has shut out within seven days; a day that is yet to come counts as today."""
    lately = "SELECT count(*) FROM shut_outs WHERE by_whom = ? AND day > ?"
    return db.number(lately, (by_whom, today - SHUT_OUT_WITHIN))
