"""Proposals: what one person wants and a second one has not agreed to yet; and what was decided, for 30 days.

The rows hold ids, the words that would be public and nothing else that anybody typed. A yes carries the mark of what
was shown to whoever gave it. # P14
"""

from dataclasses import astuple, dataclass
from typing import Final

from onion_app.choices import DECIDED_DAYS, ObjectionReason, ProposalKind, ProposalState
from onion_app.shapes import Day, Id, Key
from onion_app.vault.database import Database

OPERATOR: Final = b""
"""Stands for the operator where somebody has said yes, or has objected."""

_PROPOSAL: Final = "SELECT id, kind, subject, wanted, proposer, matter, day, state, decided_day, before FROM proposals "


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody wants, or what was decided; `wanted` and `before` are JSON, the subject is zeros for a setting."""

    id: Id
    kind: ProposalKind
    subject: Id
    wanted: str
    proposer: Id | None  # None: the operator
    matter: Key
    day: Day
    state: ProposalState = "open"
    decided_day: Day | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Objection:
    """Somebody's reason against a matter."""

    who: bytes  # an id, or `OPERATOR`
    reason: ObjectionReason


def read_proposal(db: Database, proposal_id: bytes) -> Proposal:
    """Read a proposal.

    Raises:
        NothingHere: there is none, or no longer.
    """
    return db.one(Proposal, _PROPOSAL + "WHERE id = ?", (proposal_id,))


def open_proposals(db: Database) -> list[Proposal]:
    """List what waits for a yes, the oldest day first."""
    return db.well_formed(Proposal, _PROPOSAL + "WHERE state = 'open' ORDER BY day, id")


def open_by(db: Database, proposer: bytes | None) -> list[Proposal]:
    """List what somebody has proposed, or the operator, and nobody has decided."""
    return db.well_formed(Proposal, _PROPOSAL + "WHERE state = 'open' AND proposer IS ? ORDER BY day, id", (proposer,))


def decided_since(db: Database, day: int) -> list[Proposal]:
    """List what was decided on a day or after it, the newest first."""
    return db.well_formed(Proposal, _PROPOSAL + "WHERE decided_day >= ? ORDER BY decided_day DESC, id", (day,))


def add_proposal(db: Database, proposal: Proposal) -> None:
    """Store a proposal, inside the caller's `writing()`; of what was set alone the newest is kept of each subject."""
    if proposal.state == "alone":
        db.run(
            "DELETE FROM proposals WHERE state = 'alone' AND kind = ? AND subject = ?",
            (proposal.kind, proposal.subject),
        )
    db.run(
        "INSERT INTO proposals (id, kind, subject, wanted, proposer, matter, day, state, decided_day, before) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        astuple(proposal),
    )


def note_decided(db: Database, proposal_id: bytes, day: int, before: str) -> None:
    """Note that a proposal was agreed to, inside the caller's `writing()`; who said yes is forgotten."""
    db.run("DELETE FROM yeses WHERE proposal_id = ?", (proposal_id,))
    decide = "UPDATE proposals SET state = 'agreed', decided_day = ?, before = ? WHERE id = ? AND state = 'open'"
    db.run(decide, (day, before, proposal_id))


def drop(db: Database, proposal_id: bytes) -> None:
    """Forget an open proposal, inside the caller's `writing()`; an invitation that waited for it brings nobody in."""
    waited = "SELECT subject FROM proposals WHERE id = ? AND kind = 'coordinator'"
    db.run(f"UPDATE invitations SET state = 'cancelled' WHERE state = 'proposed' AND id IN ({waited})", (proposal_id,))  # noqa: S608
    db.run("DELETE FROM yeses WHERE proposal_id = ?", (proposal_id,))
    db.run("DELETE FROM proposals WHERE id = ? AND state = 'open'", (proposal_id,))


def fall_with(db: Database, moderator_id: bytes) -> None:
    """Let what somebody proposed or agreed to fall, inside the caller's `writing()`; what they objected to stays so."""
    for proposal in open_by(db, moderator_id):
        drop(db, proposal.id)
    db.run("DELETE FROM yeses WHERE who = ?", (moderator_id,))


def fall_about(db: Database, subject: bytes, wanted: str | None = None) -> None:
    """Let fall what was proposed about somebody who is gone, or an invitation that is cancelled, likewise.

    Where `wanted` is given, only what wanted just that: whoever is suspended stays so while the rest waits.
    """
    about = "SELECT id FROM proposals WHERE kind IN ('shut_out', 'coordinator') AND state = 'open' AND subject = ?"
    for proposal_id in db.ids(f"{about} AND (? IS NULL OR wanted = ?)", (subject, wanted, wanted)):
        drop(db, proposal_id)


def put_yes(db: Database, proposal_id: bytes, who: bytes, mark: bytes) -> None:
    """Note that somebody has agreed to the words of this mark, inside the caller's `writing()`."""
    put = "INSERT INTO yeses (proposal_id, who, mark) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET mark = excluded.mark"
    db.run(put, (proposal_id, who, mark))


def yeses_to(db: Database, proposal_id: bytes) -> dict[bytes, bytes]:
    """Give who has agreed, and the mark of the words that each was shown."""
    rows = db.rows("SELECT who, mark FROM yeses WHERE proposal_id = ?", (proposal_id,))
    return {who: mark for who, mark in rows if isinstance(who, bytes) and isinstance(mark, bytes)}


def put_objection(db: Database, matter: bytes, who: bytes, reason: ObjectionReason, day: int) -> bool:
    """Note that somebody objects, inside the caller's `writing()`; tell whether it is the first time in this matter."""
    put = "INSERT INTO objections (matter, who, reason, day) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
    return bool(db.run(put, (matter, who, reason, day)))


def objections_to(db: Database, matter: bytes) -> list[Objection]:
    """List the objections in a matter."""
    return db.all(Objection, "SELECT who, reason FROM objections WHERE matter = ? ORDER BY who", (matter,))


def is_suspended(db: Database, moderator_id: bytes) -> bool:
    """Tell whether somebody waits for a second person to say that they are out; a coordinator works on meanwhile."""
    waits = (
        "SELECT 1 FROM proposals AS p JOIN moderators AS m ON m.id = p.subject "
        "WHERE p.kind = 'shut_out' AND p.state = 'open' AND m.coordinator = 0 AND m.id = ?"
    )
    return db.row(waits, (moderator_id,)) is not None


def suspended(db: Database) -> list[tuple[str, str]]:
    """Give the handles of who was suspended, each after that of who has asked for it."""
    rows = db.rows(
        "SELECT a.handle, m.handle FROM proposals AS p JOIN moderators AS m ON m.id = p.subject "
        "LEFT JOIN moderators AS a ON a.id = p.proposer "
        "WHERE p.kind = 'shut_out' AND p.state = 'open' AND m.coordinator = 0 ORDER BY m.handle"
    )
    return [(str(by or ""), str(who)) for by, who in rows]


def may_be_founded(db: Database, circle_id: bytes) -> bool:
    """Tell whether a second person has said that an emptied circle may begin anew."""
    return db.row("SELECT 1 FROM foundings WHERE circle_id = ?", (circle_id,)) is not None


def allow_founding(db: Database, circle_id: bytes) -> None:
    """Let an emptied circle begin anew, once, inside the caller's `writing()`."""
    db.run("INSERT INTO foundings (circle_id) VALUES (?) ON CONFLICT DO NOTHING", (circle_id,))


def forget_old(db: Database, today: int) -> None:
    """Forget what was decided more than 30 days ago, and objections as old to what nobody proposes any more."""
    with db.writing():
        since = today - DECIDED_DAYS
        # What was set alone waits for a second person to read it, however long that takes.
        told = "(state = 'agreed' OR EXISTS (SELECT 1 FROM settings WHERE name = 'second_came'))"
        db.run(f"DELETE FROM proposals WHERE decided_day < ? AND {told}", (since,))  # noqa: S608
        db.run("DELETE FROM objections WHERE day < ? AND matter NOT IN (SELECT matter FROM proposals)", (since,))
        db.run("DELETE FROM shut_outs WHERE day < ?", (since,))
