"""Who can open a case: its key, wrapped once for each epoch and holder."""

from collections.abc import Sequence

from onion_app.errors import DamagedFile, EpochPassed, NothingHere
from onion_app.vault.cases.records import AUTHOR, Wrap
from onion_app.vault.database import Database
from onion_app.vault.rows import shaped


def author_key_of(db: Database, case_id: bytes) -> bytes | None:
    """Read the public key that the visitor's wraps are sealed to, or None when the visitor does not come back.

    Raises:
        NothingHere: no such case.
    """
    row = db.row("SELECT author_key FROM cases WHERE id = ?", (case_id,))
    if row is None:
        raise NothingHere
    if row[0] is not None and not isinstance(row[0], bytes):
        raise DamagedFile
    return row[0]


def wraps_of(db: Database, case_id: bytes, holder: bytes) -> list[Wrap]:
    """List what one holder can open a case with, newest epoch first."""
    found = db.rows(
        "SELECT epoch, holder, recipient, wrap FROM case_keys WHERE case_id = ? AND holder = ? ORDER BY epoch DESC",
        (case_id, holder),
    )
    return [shaped(Wrap, row) for row in found]


def newest_epoch(db: Database, case_id: bytes) -> int:
    """Give the epoch whose key seals what is written next.

    Raises:
        NothingHere: no such case.
    """
    row = db.row("SELECT epoch FROM case_keys WHERE case_id = ? ORDER BY epoch DESC LIMIT 1", (case_id,))
    if row is None:
        raise NothingHere
    return int(row[0] or 0)


def add_wraps(db: Database, case_id: bytes, wraps: Sequence[Wrap]) -> None:
    """Store wraps, inside the caller's `writing()`."""
    for each in wraps:
        db.run(
            "INSERT INTO case_keys (case_id, epoch, holder, recipient, wrap) VALUES (?, ?, ?, ?, ?)",
            (case_id, each.epoch, each.holder, each.recipient, each.wrap),
        )


def begin_epoch(db: Database, case_id: bytes, wraps: Sequence[Wrap]) -> None:
    """Store the wraps of the next epoch, inside the caller's `writing()`: one for the circle, one for an open door.

    Raises:
        NothingHere: no such case.
        EpochPassed: since the wraps were made, another epoch began, or the circle, the code or the door has changed.
    """
    epoch = newest_epoch(db, case_id) + 1
    circle = db.row("SELECT circle_id FROM cases WHERE id = ?", (case_id,))
    author = wraps_of(db, case_id, AUTHOR)[:1]
    expected = {(epoch, circle and circle[0], None)} | {(epoch, AUTHOR, held.recipient) for held in author}
    given = {(each.epoch, each.holder, each.recipient if each.holder == AUTHOR else None) for each in wraps}
    if given != expected:
        raise EpochPassed
    add_wraps(db, case_id, wraps)


def change_code(db: Database, case_id: bytes, tag: bytes, author_key: bytes, wraps: Sequence[Wrap]) -> None:
    """Replace the visitor's tag, key and wraps. P07: from then on the old code opens nothing, not in the log either.

    Raises:
        NothingHere: no such case, or its door was closed.
        EpochPassed: the wraps are not for exactly the epochs that the visitor holds.
    """
    with db.writing():
        held = [wrap.epoch for wrap in wraps_of(db, case_id, AUTHOR)]
        if not held:
            raise NothingHere
        if held != sorted((wrap.epoch for wrap in wraps if wrap.holder == AUTHOR), reverse=True):
            raise EpochPassed
        db.run("UPDATE cases SET lookup_tag = ?, author_key = ? WHERE id = ?", (tag, author_key, case_id))
        _drop_wraps(db, case_id, AUTHOR)
        add_wraps(db, case_id, wraps)
    db.try_checkpoint()


def close_door(db: Database, case_id: bytes) -> None:
    """Take the visitor's way in away: tag, key and wraps. The circle keeps the case.

    Raises:
        NothingHere: no such case.
    """
    with db.writing():
        if not db.run("UPDATE cases SET lookup_tag = NULL, author_key = NULL WHERE id = ?", (case_id,)):
            raise NothingHere
        _drop_wraps(db, case_id, AUTHOR)
    db.try_checkpoint()


def _drop_wraps(db: Database, case_id: bytes, holder: bytes) -> None:
    db.run("DELETE FROM case_keys WHERE case_id = ? AND holder = ?", (case_id, holder))
