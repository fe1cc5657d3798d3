"""Who can open a case: its key, wrapped once for each epoch and holder."""

from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from typing import Final

from onion_app.errors import DamagedFile, EpochPassed, NothingHere
from onion_app.vault.cases.records import AUTHOR, Wrap
from onion_app.vault.database import Database
from onion_app.vault.rows import NUMBERS, Row, shaped

_WRAP: Final = "SELECT epoch, holder, recipient, wrap FROM case_keys "


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


def all_wraps(db: Database, case_id: bytes) -> list[Wrap]:
    """List every wrap of a case, whoever holds it, the newest epoch first; anybody's row may be among them."""
    return _wraps(db.rows(_WRAP + "WHERE case_id = ? ORDER BY epoch DESC, holder", (case_id,)))


def wraps_of(db: Database, case_id: bytes, holder: bytes) -> list[Wrap]:
    """List what one holder can open a case with, newest epoch first."""
    return _wraps(db.rows(_WRAP + "WHERE case_id = ? AND holder = ? ORDER BY epoch DESC", (case_id, holder)))


def _wraps(rows: Sequence[Row]) -> list[Wrap]:
    """Leave out what no function of ours stored: such a row opens for nobody, and keeps nobody out."""
    found = []
    for row in rows:
        with suppress(DamagedFile):
            found.append(shaped(Wrap, row))
    return found


def next_number(wraps: Sequence[Wrap], after: int) -> int:
    """Give the first number above that of an epoch under which no wrap stands yet.

    Raises:
        EpochPassed: somebody used up the numbers; above them nothing is found again.
    """
    taken = {wrap.epoch for wrap in wraps}
    number = next(number for number in count(after + 1) if number not in taken)
    if number not in NUMBERS:
        raise EpochPassed
    return number


def expect_unchanged(db: Database, case_id: bytes, held: Sequence[Wrap]) -> None:
    """See, inside the caller's `writing()`, that the wraps of a case are those that the caller has judged.

    Raises:
        NothingHere: no such case.
        EpochPassed: an epoch has begun, or the circle, the code or the door has changed.
    """
    if db.row("SELECT 1 FROM cases WHERE id = ?", (case_id,)) is None:
        raise NothingHere
    if all_wraps(db, case_id) != list(held):
        raise EpochPassed


def add_wraps(db: Database, case_id: bytes, wraps: Sequence[Wrap]) -> None:
    """Store wraps, inside the caller's `writing()`."""
    for each in wraps:
        db.run(
            "INSERT INTO case_keys (case_id, epoch, holder, recipient, wrap) VALUES (?, ?, ?, ?, ?)",
            (case_id, each.epoch, each.holder, each.recipient, each.wrap),
        )


def begin_epoch(db: Database, case_id: bytes, wraps: Sequence[Wrap]) -> None:
    """Store the wraps of another epoch, inside the caller's `writing()`: one for a circle, one for an open door.

    Raises:
        EpochPassed: there is such an epoch, or no circle could open it.
    """
    numbers = {each.epoch for each in wraps}
    circles = [each.holder for each in wraps if each.holder != AUTHOR]
    if len(numbers) != 1 or len(circles) != 1 or any(held.epoch in numbers for held in all_wraps(db, case_id)):
        raise EpochPassed
    # What is left under this number has a shape that none of ours has.
    db.run("DELETE FROM case_keys WHERE case_id = ? AND epoch = ?", (case_id, *numbers))
    add_wraps(db, case_id, wraps)


def change_code(
    db: Database,
    case_id: bytes,
    *,
    tag: bytes,
    author_key: bytes,
    wraps: Sequence[Wrap],
    new_wraps: Sequence[Wrap],
    held: Sequence[Wrap],
) -> None:
    """Replace the visitor's tag, key and wraps. P07: from then on the old code opens nothing, not in the log either.

    `new_wraps` begin an epoch that the old code never opened.

    Raises:
        NothingHere: no such case.
        EpochPassed: the keys have changed since `held` was read.
    """
    with db.writing():
        expect_unchanged(db, case_id, held)
        db.run("UPDATE cases SET lookup_tag = ?, author_key = ? WHERE id = ?", (tag, author_key, case_id))
        _drop_wraps(db, case_id, AUTHOR)
        add_wraps(db, case_id, wraps)
        if new_wraps:
            begin_epoch(db, case_id, new_wraps)
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
