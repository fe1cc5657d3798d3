"""Who can open a case: its key, wrapped once for each epoch and holder."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from itertools import count
from typing import Final

from onion_app.errors import DamagedFile, EpochPassed, NothingHere
from onion_app.shapes import NUMBERS, Row, from_row
from onion_app.vault.database import Database
from onion_app.vault.mailbox.records import AUTHOR, Wrap

AT_ONCE: Final = 100  # cases that are listed at once
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
    """List the wraps that one holder can open, newest epoch first."""
    return _wraps(db.rows(_WRAP + "WHERE case_id = ? AND holder = ? ORDER BY epoch DESC", (case_id, holder)))


def _wraps(rows: Sequence[Row]) -> list[Wrap]:
    """Leave out rows that no function of ours stored: such a row opens for nobody, and keeps nobody out."""
    wraps = []
    for row in rows:
        with suppress(DamagedFile):
            wraps.append(from_row(Wrap, row))
    return wraps


def next_number(wraps: Sequence[Wrap], after: int) -> int:
    """Give the first number above that of an epoch under which no wrap stands yet.

    Raises:
        EpochPassed: somebody used up the numbers; above them nothing is found again.
    """
    used = {wrap.epoch for wrap in wraps}
    number = next(number for number in count(after + 1) if number not in used)
    if number not in NUMBERS:
        raise EpochPassed
    return number


def expect_unchanged(db: Database, case_id: bytes, expected_wraps: Sequence[Wrap]) -> None:
    """See, inside the caller's `writing()`, that the wraps of a case are those that the caller has judged.

    Raises:
        NothingHere: no such case.
        EpochPassed: an epoch has begun, or the circle, the code or the door has changed.
    """
    if db.row("SELECT 1 FROM cases WHERE id = ?", (case_id,)) is None:
        raise NothingHere
    if all_wraps(db, case_id) != list(expected_wraps):
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
    if len(numbers) != 1 or len(circles) != 1 or any(wrap.epoch in numbers for wrap in all_wraps(db, case_id)):
        raise EpochPassed
    # A row that is left under this number has a shape that none of ours has.
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
    expected_wraps: Sequence[Wrap],
) -> None:
    """Replace the visitor's tag, key and wraps. P07: from then on the old code opens nothing, not in the log either.

    `new_wraps` begin an epoch that the old code never opened.

    Raises:
        NothingHere: no such case.
        EpochPassed: the keys have changed since `expected_wraps` was read.
    """
    with db.writing():
        expect_unchanged(db, case_id, expected_wraps)
        db.run("UPDATE cases SET lookup_tag = ?, author_key = ? WHERE id = ?", (tag, author_key, case_id))
        _drop_wraps(db, case_id, AUTHOR)
        add_wraps(db, case_id, wraps)
        if new_wraps:
            begin_epoch(db, case_id, new_wraps)
    db.try_checkpoint()


def end_return(db: Database, case_id: bytes) -> None:
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


def rewrap(
    db: Database,
    case_id: bytes,
    circle_id: bytes,
    *,
    wraps: Sequence[Wrap],
    new_wraps: Sequence[Wrap],
    expected_wraps: Sequence[Wrap],
) -> None:
    """Hand a case over to a circle, or re-key it for its own: these wraps take the place of every circle's.

    `wraps` are the circle's, one for each epoch that the circle of the case held; where it re-keys its own, those that
    open for nobody may be left out, and stay. `new_wraps` begin the next epoch, whose key the former holders
    never had. # P05

    Raises:
        NothingHere: no such case.
        EpochPassed: the keys have changed since `expected_wraps` was read, or an epoch would be lost.
    """
    # For another circle it is new and unread, unless its story is on its way.
    handed = (
        "UPDATE cases SET unread = 1, state = CASE WHEN state IN ('asking', 'ready', 'published') THEN state "
        "ELSE 'new' END, circle_id = ? WHERE id = ?"
    )
    with db.writing():
        expect_unchanged(db, case_id, expected_wraps)
        (former,) = db.row("SELECT circle_id FROM cases WHERE id = ?", (case_id,)) or (None,)
        given, had = {wrap.epoch for wrap in wraps}, {wrap.epoch for wrap in expected_wraps if wrap.holder == former}
        if {wrap.holder for wrap in wraps} != {circle_id} or not given <= had:
            raise EpochPassed
        if former != circle_id:
            if given != had:
                raise EpochPassed
            db.run(handed, (circle_id, case_id))
        for epoch in given:
            db.run("DELETE FROM case_keys WHERE case_id = ? AND epoch = ? AND holder <> ?", (case_id, epoch, AUTHOR))
        add_wraps(db, case_id, wraps)
        begin_epoch(db, case_id, new_wraps)
    db.try_checkpoint()  # P07: the former wraps leave the log too


def set_aside(
    db: Database, case_id: bytes, circle_id: bytes, recipients: Collection[bytes], *, but: Collection[int]
) -> None:
    """Note that a circle's wraps of a case, but for these epochs, open for nobody of these fingerprints.

    Then it is found under no key, and stays as it is. Rows that no function of ours stored are among them.
    """
    sealed = "SELECT epoch, recipient FROM case_keys WHERE case_id = ? AND holder = ?"
    circles_rows = db.rows(sealed, (case_id, circle_id))
    others = [epoch for epoch, recipient in circles_rows if recipient in recipients and epoch not in but]
    if not others:
        return
    aside = "UPDATE case_keys SET recipient = ? WHERE case_id = ? AND epoch = ? AND holder = ?"
    with db.writing():
        for epoch in others:
            db.run(aside, (bytes(16), case_id, epoch, circle_id))


def sealed_to(db: Database, circle_id: bytes, recipient: bytes, after: bytes) -> list[bytes]:
    """List the next 100 cases, by id, of which the circle holds a wrap that is sealed to this key's fingerprint."""
    rows = db.rows(
        "SELECT DISTINCT case_id FROM case_keys WHERE holder = ? AND recipient = ? AND case_id > ? "
        "ORDER BY case_id LIMIT ?",
        (circle_id, recipient, after, AT_ONCE),
    )
    return [row[0] for row in rows if isinstance(row[0], bytes)]
