"""What authors took back, as the proofs that only they could give.

A proof that the site has just taken lies in the mailbox; the chores bring it into `shown.db`, which keeps it for good,
under its mark. What has a mark is withdrawn as soon as its proof lies in either. # P07: a mark without a proof, which
whoever writes the mailbox could make, hides and deletes nothing.
"""

import secrets
from collections.abc import Collection, Sequence
from typing import Final

from onion_app.crypto.casekeys import mark_of
from onion_app.crypto.keys import KEY_BYTES
from onion_app.shapes import Row, Value
from onion_app.vault.database import Database

# The site lets 600 codes a minute through at the most, and each erases one case by two proofs.
MOST: Final = 50_000  # proofs between two looks of the chores; whoever plants more could take away the true ones too


def add_proofs(mailbox: Database, proofs: Sequence[bytes]) -> None:
    """Take proofs in, inside the mailbox's `writing()`, so that pages that are kept ready go."""
    for proof in proofs:
        mailbox.run("INSERT INTO withdrawn (proof) VALUES (?) ON CONFLICT DO NOTHING", (proof,))
    # Drawn, and not counted up: whatever somebody has planted there, an author erases, and the pages that are kept go.
    mailbox.run("INSERT OR REPLACE INTO counter (one, withdrawals) VALUES (1, ?)", (secrets.randbits(62),))


def counter(mailbox: Database) -> Row | None:
    """Read the number that changes with every taking back; None where somebody has made it one that is none."""
    return mailbox.row("SELECT withdrawals FROM counter WHERE one = 1 AND octet_length(withdrawals) < 30")


def proofs_in(db: Database) -> list[bytes]:
    """List the proofs that lie in the mailbox, where the chores have not been yet, or those that are kept for good.

    What somebody planted that could be none is left out, and so is what is more than authors can have given.
    """
    most = MOST if db.kind == "mailbox" else -1
    return db.ids(
        "SELECT proof FROM withdrawn WHERE octet_length(proof) = ? AND proof > x'' LIMIT ?", (KEY_BYTES, most)
    )


def withdrawn_among(mailbox: Database, shown: Database, marks: Collection[Value]) -> set[bytes]:
    """Give those of some marks whose proof lies in either file; no mark is never among them."""
    asked = {mark for mark in marks if isinstance(mark, bytes)}
    new = {mark_of(proof) for proof in proofs_in(mailbox)} if asked else set()
    kept = "SELECT 1 FROM withdrawn WHERE mark = ?"
    return {mark for mark in asked if mark in new or shown.row(kept, (mark,)) is not None}


def all_withdrawn(mailbox: Database, shown: Database) -> set[Value]:
    """Give every mark whose proof lies in either file."""
    new: set[Value] = {mark_of(proof) for proof in proofs_in(mailbox)}
    return new | {row[0] for row in shown.rows("SELECT mark FROM withdrawn")}


def bring_proofs(mailbox: Database, shown: Database) -> list[bytes]:
    """Bring the new proofs where they stay for good, inside the mailbox's `writing()`, and give them."""
    proofs = proofs_in(mailbox)
    with shown.writing():
        keep_proofs(shown, proofs)
    return proofs


def discard_proofs(mailbox: Database, brought: Sequence[bytes]) -> None:
    """Discard proofs whose cases are forgotten, and what can be none; until then they explain why those are missing."""
    with mailbox.writing():
        # Below x'' stands whatever is no bytes.
        no_proof = "proof < x'' OR octet_length(proof) <> ? OR ?"
        mailbox.run(f"DELETE FROM withdrawn WHERE {no_proof}", (KEY_BYTES, len(brought) >= MOST))  # noqa: S608
        for proof in brought:
            mailbox.run("DELETE FROM withdrawn WHERE proof = ?", (proof,))


def keep_proofs(shown: Database, proofs: Sequence[bytes]) -> None:
    """Keep proofs under their marks, inside the caller's `writing()` of `shown.db`."""
    for proof in proofs:
        keep = "INSERT INTO withdrawn (mark, proof) VALUES (?, ?) ON CONFLICT DO NOTHING"
        shown.run(keep, (mark_of(proof), proof))
