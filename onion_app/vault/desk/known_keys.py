"""Which keys of a case the desk has met, so that nobody who writes into the mailbox exchanges them unnoticed.

A key is known again by a mark, from which nothing of it follows; the marks go with their case. # P07
"""

from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass, replace

from onion_app.shapes import Id, Key, Number
from onion_app.vault.database import Database


@dataclass(frozen=True, slots=True)
class KnownKey:
    """The key of an epoch by its mark, and the fingerprint of the circle's key that it stands under here.

    That is the key to which it was sealed when the desk met it, or an earlier one where the desk had met nothing of the
    case; and once the desk itself has begun another epoch, the one for which that was begun. Wrapping it anew in the
    mailbox changes nothing of it.
    """

    epoch: Number
    mark: Key
    recipient: Id


def known_keys(db: Database, case_id: bytes) -> dict[int, KnownKey]:
    """Give the keys of a case that the desk has met, by epoch."""
    known_keys_of = "SELECT epoch, mark, recipient FROM known_keys WHERE case_id = ?"
    return {known.epoch: known for known in db.all(KnownKey, known_keys_of, (case_id,))}


def remember_keys(db: Database, case_id: bytes, met: Sequence[KnownKey]) -> None:
    """Note the keys that somebody has met, where they are not noted yet."""
    before = known_keys(db, case_id)
    _note(db, case_id, [key for key in met if key.epoch not in before or before[key.epoch].mark != key.mark])


def note_begun_epoch(db: Database, case_id: bytes, met: Sequence[KnownKey], former: Collection[bytes]) -> None:
    """Note that the desk began an epoch: each key under a former key of the circle is under its present one now."""
    before = known_keys(db, case_id)
    recipient = met[-1].recipient
    others = [replace(key, recipient=recipient) for key in before.values() if key.recipient in former]
    _note(db, case_id, [*others, *met])


def _note(db: Database, case_id: bytes, new: Sequence[KnownKey]) -> None:
    if not new:
        return
    with db.writing():
        for key in new:
            db.run(
                "INSERT OR REPLACE INTO known_keys (case_id, epoch, mark, recipient) VALUES (?, ?, ?, ?)",
                (case_id, *astuple(key)),
            )


def forget_what_never_came(mailbox: Database, desk: Database) -> None:
    """Forget the keys that began after the mailbox of a backup was copied, and before the desk was.

    Of a mailbox that is in use nothing is forgotten: there a key that is missing was taken away.
    """
    with desk.writing():
        for case_id, epoch in desk.rows("SELECT case_id, epoch FROM known_keys"):
            if mailbox.row("SELECT 1 FROM case_keys WHERE case_id = ? AND epoch = ?", (case_id, epoch)) is None:
                desk.run("DELETE FROM known_keys WHERE case_id = ? AND epoch = ?", (case_id, epoch))
