"""What time and changing circles do to cases: retention, handing over, and wrapping again for a circle's new key."""

from collections.abc import Collection, Sequence

from onion_app.errors import EpochPassed
from onion_app.vault.cases.keys import add_wraps, begin_epoch, expect_unchanged
from onion_app.vault.cases.lifetime import CASE
from onion_app.vault.cases.records import AUTHOR, Case, Wrap
from onion_app.vault.database import Database
from onion_app.vault.rows import shaped

AT_ONCE = 100  # cases handled between two looks at the clock


def erased_on(case: Case, retention_days: int) -> int:
    """Give the day on which a case is erased if nothing new is written: spread by up to a fifth of the retention."""
    return case.last_day + retention_days + retention_days * case.spread // 5000


def due(db: Database, today: int, retention_days: int) -> list[Case]:
    """List up to 100 cases whose time is over; never one whose story is published, which its author can take back."""
    found = db.rows(
        CASE + "WHERE last_day <= ? AND last_day + ? + ? * spread / 5000 <= ? AND state <> 'published' LIMIT ?",
        (today - retention_days, retention_days, retention_days, today, AT_ONCE),
    )
    return [shaped(Case, row) for row in found]


def bring_back(db: Database, today: int) -> None:
    """Let the cases that were written while the clock was ahead have come today."""
    with db.writing():
        db.run(
            "UPDATE cases SET received_day = min(received_day, ?), last_day = ? WHERE last_day > ?",
            (today, today, today),
        )


def rewrap(
    db: Database,
    case_id: bytes,
    circle_id: bytes,
    *,
    wraps: Sequence[Wrap],
    new_wraps: Sequence[Wrap],
    held: Sequence[Wrap],
) -> None:
    """Hand a case over to a circle, or re-key it for its own: these wraps take the place of every circle's.

    `wraps` are the circle's, one for each epoch that the circle of the case held; where it re-keys its own, those that
    open for nobody may be left out, and stay. `new_wraps` begin the epoch of what follows, whose key the former holders
    never had. # P05

    Raises:
        NothingHere: no such case.
        EpochPassed: the keys have changed since `held` was read, or an epoch would be lost.
    """
    # For another circle it is new and unread, unless its story is on its way.
    handed = (
        "UPDATE cases SET unread = 1, state = CASE WHEN state IN ('asking', 'ready', 'published') THEN state "
        "ELSE 'new' END, circle_id = ? WHERE id = ?"
    )
    with db.writing():
        expect_unchanged(db, case_id, held)
        (former,) = db.row("SELECT circle_id FROM cases WHERE id = ?", (case_id,)) or (None,)
        given, had = {wrap.epoch for wrap in wraps}, {wrap.epoch for wrap in held if wrap.holder == former}
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
    """Note that what a circle holds of a case, but for these epochs, opens for nobody of these fingerprints.

    Then it is found under no key, and stays as it is. Rows that no function of ours stored are among them.
    """
    sealed = "SELECT epoch, recipient FROM case_keys WHERE case_id = ? AND holder = ?"
    held = db.rows(sealed, (case_id, circle_id))
    others = [epoch for epoch, recipient in held if recipient in recipients and epoch not in but]
    if not others:
        return
    aside = "UPDATE case_keys SET recipient = ? WHERE case_id = ? AND epoch = ? AND holder = ?"
    with db.writing():
        for epoch in others:
            db.run(aside, (bytes(16), case_id, epoch, circle_id))


def sealed_to(db: Database, circle_id: bytes, recipient: bytes, after: bytes) -> list[bytes]:
    """List the next 100 cases, by id, of which the circle holds a wrap that is sealed to this key's fingerprint."""
    found = db.rows(
        "SELECT DISTINCT case_id FROM case_keys WHERE holder = ? AND recipient = ? AND case_id > ? "
        "ORDER BY case_id LIMIT ?",
        (circle_id, recipient, after, AT_ONCE),
    )
    return [row[0] for row in found if isinstance(row[0], bytes)]
