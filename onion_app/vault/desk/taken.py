"""Who has taken which case, and who has stepped out of one."""

from collections.abc import Sequence
from typing import Final

from onion_app.errors import Refused, marked
from onion_app.vault.database import Database

TAKEN_BY_ANOTHER: Final = marked("Somebody else of the circle has taken this case.")


def take_case(db: Database, case_id: bytes, moderator_id: bytes, day: int) -> None:
    """Take a case, so that nobody else answers it; taken again by the same person, it counts from this day.

    Raises:
        Refused: somebody else has it.
    """
    with db.writing():
        if taken_by(db, [case_id]).get(case_id, moderator_id) != moderator_id:
            raise Refused(TAKEN_BY_ANOTHER)
        let_go(db, case_id)
        db.run("INSERT INTO taken (case_id, moderator_id, day) VALUES (?, ?, ?)", (case_id, moderator_id, day))


def let_go(db: Database, case_id: bytes) -> None:
    """Give a case back, whoever has it, inside the caller's `writing()`."""
    db.run("DELETE FROM taken WHERE case_id = ?", (case_id,))


def give_case_back(db: Database, case_id: bytes, moderator_id: bytes) -> None:
    """Give a case back, if it is this person who has it."""
    with db.writing():
        db.run("DELETE FROM taken WHERE case_id = ? AND moderator_id = ?", (case_id, moderator_id))


def give_all_cases_back(db: Database, moderator_id: bytes) -> None:
    """Give back every case that somebody has taken."""
    with db.writing():
        db.run("DELETE FROM taken WHERE moderator_id = ?", (moderator_id,))


def give_back_untouched(db: Database, before_day: int) -> None:
    """Give back the cases that were last taken before a day."""
    with db.writing():
        db.run("DELETE FROM taken WHERE day < ?", (before_day,))


def taken_by(db: Database, case_ids: Sequence[bytes]) -> dict[bytes, bytes]:
    """Give who has taken each of these cases; those that nobody has are left out."""
    rows = [db.row("SELECT case_id, moderator_id FROM taken WHERE case_id = ?", (case_id,)) for case_id in case_ids]
    return {row[0]: row[1] for row in rows if row and isinstance(row[0], bytes) and isinstance(row[1], bytes)}


def all_taken(db: Database) -> list[tuple[bytes, bytes]]:
    """List every case that somebody has taken, with who has it."""
    rows = db.rows("SELECT case_id, moderator_id FROM taken ORDER BY case_id")
    return [(row[0], row[1]) for row in rows if isinstance(row[0], bytes) and isinstance(row[1], bytes)]


def taken_cases(db: Database, moderator_id: bytes) -> list[bytes]:
    """List the cases that somebody has taken."""
    return db.ids("SELECT case_id FROM taken WHERE moderator_id = ? ORDER BY case_id", (moderator_id,))


def step_out(db: Database, case_id: bytes, moderator_id: bytes) -> None:
    """Hide a case from somebody's lists, and give it back."""
    with db.writing():
        db.run("DELETE FROM taken WHERE case_id = ? AND moderator_id = ?", (case_id, moderator_id))
        row = (case_id, moderator_id)
        db.run("INSERT INTO stepped_out (case_id, moderator_id) VALUES (?, ?) ON CONFLICT DO NOTHING", row)


def stepped_out(db: Database, moderator_id: bytes) -> set[bytes]:
    """Give the cases that somebody stepped out of."""
    return set(db.ids("SELECT case_id FROM stepped_out WHERE moderator_id = ?", (moderator_id,)))
