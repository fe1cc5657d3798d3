"""Coming into a circle and going out of it, each with the keys that follow: whoever comes gets those of the circle.

# P05: whoever is shut out has no grant of the circle's next key, and none left of those before.
"""

from collections.abc import Sequence
from typing import Final

from onion_app.crypto.casekeys import GENERATIONS
from onion_app.crypto.keys import KeyPair, new_keypair
from onion_app.crypto.members import seal_circle_key
from onion_app.errors import NothingHere, Refused, TooMany
from onion_app.shapes import to_json
from onion_app.vault.database import Database
from onion_app.vault.desk import proposals
from onion_app.vault.desk.admissions import Admission, note_admission
from onion_app.vault.desk.circles import (
    CIRCLE_CHANGED,
    Circle,
    Grant,
    circles,
    circles_of,
    is_elsewhere,
    members_of,
    public_keys,
    read_circle,
)
from onion_app.vault.desk.moderators import Moderator, make_active

_PROMISED: Final = (
    "SELECT i.coordinator, i.made_by FROM waiting AS w JOIN invitations AS i ON i.id = w.invitation_id "
    "WHERE w.circle_id = ? AND w.moderator_id = ?"
)


def next_generation(db: Database, circle_id: bytes) -> int:
    """Give the number of a circle's next key.

    Raises:
        TooMany: there are as many as a circle can have.
    """
    generation = max(public_keys(db, circle_id), default=0) + 1
    if generation > GENERATIONS:
        raise TooMany
    return generation


def grant_to(receiver: Moderator, pair: KeyPair, circle_id: bytes, generation: int) -> Grant:
    """Seal a circle's pair of one generation to a moderator."""
    sealed = seal_circle_key(
        pair.private,
        circle_id=circle_id,
        generation=generation,
        moderator_id=receiver.id,
        public_key=receiver.public_key,
    )
    return Grant(circle_id, generation, receiver.id, pair.public, sealed)


def let_in(db: Database, moderator_id: bytes, grants: Sequence[Grant], *, by: bytes, today: int) -> None:
    """Make a member of somebody who waits: give them a circle's grants, the newest too, and the office promised them.

    Raises:
        NothingHere: they do not wait there, or no more.
        Refused: the circle's key is of another generation by now.
    """
    with db.writing():
        for circle_id in {grant.circle_id for grant in grants}:
            newest = max(grant.generation for grant in grants if grant.circle_id == circle_id)
            if newest != read_circle(db, circle_id).generation:
                raise Refused(CIRCLE_CHANGED)
            promised = db.row(_PROMISED, (circle_id, moderator_id))
            if promised is None:
                raise NothingHere
            waits_no_more(db, circle_id, moderator_id)
            make_active(db, moderator_id, coordinator=bool(promised[0]))
            invited_by = promised[1] if isinstance(promised[1], bytes) else None
            note_admission(db, Admission(circle_id, moderator_id, invited_by, by, today))
        _store(db, grants)


def put_out(db: Database, moderator_id: bytes) -> None:
    """Turn somebody out of everything, inside the caller's `writing()`, after which the log is truncated.

    Each circle of theirs has a new key for those who remain; where nobody does, it has none until its next first
    member. Their own grants go, what they had taken goes back, their open invitations are cancelled, and what they
    proposed, and what they agreed to, falls. # P14
    """
    for circle in circles_of(db, moderator_id):
        _renew_without(db, circle, moderator_id)
    db.run("DELETE FROM circle_grants WHERE moderator_id = ?", (moderator_id,))
    db.run("DELETE FROM waiting WHERE moderator_id = ?", (moderator_id,))
    db.run("DELETE FROM taken WHERE moderator_id = ?", (moderator_id,))
    db.run("UPDATE invitations SET state = 'cancelled' WHERE made_by = ? AND state = 'open'", (moderator_id,))
    db.run("UPDATE moderators SET state = 'out' WHERE id = ?", (moderator_id,))
    proposals.fall_with(db, moderator_id)
    proposals.fall_about(db, moderator_id)


def put_out_of(db: Database, moderator_id: bytes, circle_id: bytes, case_ids: Sequence[bytes]) -> None:
    """Turn somebody out of one circle who has another, likewise: it has a new key for every member who remains.

    What they had taken of its cases goes back, their open invitations to it are cancelled, and with the coordinators'
    circle goes the office, and every open invitation made in it. Whoever only waited there waits no more, and the
    circle keeps its key.

    Raises:
        Refused: they are not there, or nowhere else.
    """
    if not is_elsewhere(db, moderator_id, circle_id):
        raise Refused(CIRCLE_CHANGED)
    circle = read_circle(db, circle_id)
    if moderator_id in {member.id for member in members_of(db, circle_id)}:
        _renew_without(db, circle, moderator_id)
    elif not waits_no_more(db, circle_id, moderator_id):
        raise Refused(CIRCLE_CHANGED)
    db.run("DELETE FROM circle_grants WHERE circle_id = ? AND moderator_id = ?", (circle_id, moderator_id))
    for case_id in case_ids:
        db.run("DELETE FROM taken WHERE case_id = ? AND moderator_id = ?", (case_id, moderator_id))
    made = "UPDATE invitations SET state = 'cancelled' WHERE made_by = ? AND state = 'open' "
    db.run(made + "AND (circle_id = ? OR ?)", (moderator_id, circle_id, circle.coordinators))
    if circle.coordinators:
        db.run("UPDATE moderators SET coordinator = 0 WHERE id = ?", (moderator_id,))
        proposals.fall_with(db, moderator_id)
    if not circles_of(db, moderator_id):
        db.run("UPDATE moderators SET state = 'waiting' WHERE id = ?", (moderator_id,))
    proposals.fall_about(db, moderator_id, to_json({"circle": [circle_id.hex()]}))


def waits_no_more(db: Database, circle_id: bytes, moderator_id: bytes) -> bool:
    """Take somebody from those who wait in a circle, inside the caller's `writing()`; tell whether they did."""
    wait = "DELETE FROM waiting WHERE circle_id = ? AND moderator_id = ?"
    return bool(db.run(wait, (circle_id, moderator_id)))


def renew(db: Database, circle: Circle, members: set[bytes], grants: Sequence[Grant]) -> None:
    """Give a circle its next key, granted to exactly these members, inside the caller's `writing()`.

    Raises:
        Refused: the grants are for others, or not all of one key of the next generation.
    """
    generation = next_generation(db, circle.id)
    keys = {grant.public_key for grant in grants}
    wanted = sorted((circle.id, generation, member) for member in members)
    if sorted((grant.circle_id, grant.generation, grant.moderator_id) for grant in grants) != wanted or len(keys) > 1:
        raise Refused(CIRCLE_CHANGED)
    for public_key in keys:
        add = "INSERT INTO circle_keys (circle_id, generation, public_key) VALUES (?, ?, ?)"
        db.run(add, (circle.id, generation, public_key))
    _store(db, grants)
    if keys:
        db.run("DELETE FROM foundings WHERE circle_id = ?", (circle.id,))
    present = generation if keys else None
    db.run("UPDATE circles SET generation = ? WHERE id = ?", (present, circle.id))


def renew_all(db: Database) -> None:
    """Give each circle that somebody is in its next key, granted to all who are, inside the caller's `writing()`."""
    for circle in circles(db):
        if members_of(db, circle.id):
            _renew_without(db, circle, leaving=b"")


def _renew_without(db: Database, circle: Circle, leaving: bytes) -> None:
    """Give a circle its next key, granted to every member but one; its private half goes nowhere else."""
    pair, generation = new_keypair(), next_generation(db, circle.id)
    remaining = [member for member in members_of(db, circle.id) if member.id != leaving]
    grants = [grant_to(member, pair, circle.id, generation) for member in remaining]
    renew(db, circle, {member.id for member in remaining}, grants)


def _store(db: Database, grants: Sequence[Grant]) -> None:
    for grant in grants:
        db.run(
            "INSERT INTO circle_grants (circle_id, generation, moderator_id, sealed) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            (grant.circle_id, grant.generation, grant.moderator_id, grant.sealed),
        )
