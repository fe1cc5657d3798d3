"""Circles, their members, and the grants of their keys. Somebody may be in more than one.

# P05: whoever is shut out has no grant of the circle's next key, and none left of those before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from onion_app.crypto.casekeys import GENERATIONS
from onion_app.crypto.keys import KeyPair, new_keypair
from onion_app.crypto.members import seal_circle_key
from onion_app.errors import NothingHere, Refused, TooMany, marked
from onion_app.shapes import Id, Key, Number, Words, to_json
from onion_app.vault.database import Database
from onion_app.vault.desk import proposals
from onion_app.vault.desk.admissions import Admission, note_admission
from onion_app.vault.desk.moderators import MODERATOR, Moderator, make_active

CIRCLE_CHANGED: Final = marked("The circle has changed in the meantime. Look at it again.")
_PROMISED: Final = (
    "SELECT i.coordinator, i.made_by FROM waiting AS w JOIN invitations AS i ON i.id = w.invitation_id "
    "WHERE w.circle_id = ? AND w.moderator_id = ?"
)
_CIRCLE: Final = (
    "SELECT c.id, c.name, c.topics, c.languages, c.catch_all, c.coordinators, c.generation FROM circles AS c "
)
_GRANT: Final = (
    "SELECT g.circle_id, g.generation, g.moderator_id, k.public_key, g.sealed FROM circle_grants AS g "
    "JOIN circle_keys AS k ON k.circle_id = g.circle_id AND k.generation = g.generation "
)


@dataclass(frozen=True, slots=True)
class Circle:
    """A few people who share a key pair, whose generation counts up from 1; None while nobody is in it."""

    id: Id
    name: str
    topics: Words
    languages: Words
    catch_all: bool
    coordinators: bool
    generation: Number | None


@dataclass(frozen=True, slots=True)
class Grant:
    """A generation of a circle's private key, sealed to one member."""

    circle_id: Id
    generation: Number
    moderator_id: Id
    public_key: Key  # the circle's
    sealed: bytes


def add_circle(db: Database, circle: Circle) -> None:
    """Store a circle, which has no key until its first member comes, inside the caller's `writing()`."""
    lists = (to_json(circle.topics), to_json(circle.languages))
    db.run(
        "INSERT INTO circles (id, name, topics, languages, catch_all, coordinators) VALUES (?, ?, ?, ?, ?, ?)",
        (circle.id, circle.name, *lists, circle.catch_all, circle.coordinators),
    )


def set_routes(db: Database, circle_id: bytes, topics: Words, languages: Words) -> None:
    """Let a circle get what is about these topics, in these languages first, inside the caller's `writing()`."""
    lists = (to_json(topics), to_json(languages))
    db.run("UPDATE circles SET topics = ?, languages = ? WHERE id = ?", (*lists, circle_id))


def set_catch_all(db: Database, circle_id: bytes) -> None:
    """Let a circle get what no other one does, inside the caller's `writing()`."""
    db.run("UPDATE circles SET catch_all = 0 WHERE catch_all = 1")
    db.run("UPDATE circles SET catch_all = 1 WHERE id = ?", (circle_id,))


def read_circle(db: Database, circle_id: bytes) -> Circle:
    """Read a circle.

    Raises:
        NothingHere: there is none.
    """
    return db.one(Circle, _CIRCLE + "WHERE id = ?", (circle_id,))


def circles(db: Database) -> list[Circle]:
    """List every circle by name."""
    return db.well_formed(Circle, _CIRCLE + "ORDER BY name")


def circles_of(db: Database, moderator_id: bytes) -> list[Circle]:
    """List the circles that somebody is a member of, by name."""
    member = "JOIN circle_grants AS g ON g.circle_id = c.id AND g.generation = c.generation "
    return db.well_formed(Circle, _CIRCLE + member + "WHERE g.moderator_id = ? ORDER BY name", (moderator_id,))


def members_of(db: Database, circle_id: bytes) -> list[Moderator]:
    """List the members of a circle by handle."""
    member = (
        "JOIN circle_grants AS g ON g.moderator_id = m.id "
        "JOIN circles AS c ON g.circle_id = c.id AND g.generation = c.generation WHERE c.id = ? ORDER BY handle"
    )
    return db.well_formed(Moderator, MODERATOR + member, (circle_id,))


def waiting_in(db: Database, circle_id: bytes) -> list[Moderator]:
    """List who has redeemed an invitation to a circle and was not let in yet, by handle."""
    waiting = "JOIN waiting AS w ON w.moderator_id = m.id WHERE w.circle_id = ? ORDER BY handle"
    return db.well_formed(Moderator, MODERATOR + waiting, (circle_id,))


def gone_from(db: Database, circle_id: bytes) -> list[Moderator]:
    """List who had come into a circle and done anything there, and was shut out of it since, by handle."""
    came = "EXISTS (SELECT 1 FROM invitations AS i WHERE i.circle_id = ? AND i.redeemed_by = m.id) "
    worked = "AND EXISTS (SELECT 1 FROM audit AS a WHERE a.circle_id = ? AND a.who = m.id) "
    left = "AND NOT EXISTS (SELECT 1 FROM circle_grants AS g WHERE g.circle_id = ? AND g.moderator_id = m.id) "
    waits = "AND NOT EXISTS (SELECT 1 FROM waiting AS w WHERE w.circle_id = ? AND w.moderator_id = m.id) "
    question = f"{MODERATOR}WHERE {came}{worked}{left}{waits}ORDER BY handle"
    return db.well_formed(Moderator, question, (circle_id,) * 4)


def out_since(db: Database, newer: Database) -> list[tuple[bytes, bytes]]:
    """Give who is a member of which circle here, and by a newer desk was shut out of it: the circle and the person."""
    known = {circle.id for circle in circles(newer)}
    people = {row[0] for row in newer.rows("SELECT id FROM moderators")}
    return [
        (circle.id, member.id)
        for circle in circles(db)
        if circle.id in known
        for member in members_of(db, circle.id)
        if member.id in people
        and member.id not in {each.id for each in (*members_of(newer, circle.id), *waiting_in(newer, circle.id))}
    ]


def grants_of(db: Database, moderator_id: bytes, circle_id: bytes) -> list[Grant]:
    """List the grants with which somebody opens a circle's cases, newest generation first."""
    theirs = "WHERE g.circle_id = ? AND g.moderator_id = ? ORDER BY g.generation DESC"
    return db.well_formed(Grant, _GRANT + theirs, (circle_id, moderator_id))


def public_keys(db: Database, circle_id: bytes) -> dict[int, bytes]:
    """Give the public key of every generation that a circle ever had."""
    rows = db.rows("SELECT generation, public_key FROM circle_keys WHERE circle_id = ?", (circle_id,))
    return {generation: key for generation, key in rows if isinstance(generation, int) and isinstance(key, bytes)}


def next_generation(db: Database, circle_id: bytes) -> int:
    """Give the number of a circle's next key.

    Raises:
        TooMany: there are as many as a circle can have.
    """
    generation = max(public_keys(db, circle_id), default=0) + 1
    if generation > GENERATIONS:
        raise TooMany
    return generation


def seal_next_key(db: Database, circle_id: bytes, leaving: bytes) -> tuple[Grant, ...]:
    """Make a circle's next pair and seal it to every member but one; its private half goes nowhere else.

    Raises:
        TooMany: there are as many as a circle can have.
    """
    pair, generation = new_keypair(), next_generation(db, circle_id)
    return tuple(
        grant_to(member, pair, circle_id, generation) for member in members_of(db, circle_id) if member.id != leaving
    )


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


def remove_member(db: Database, moderator_id: bytes, renewals: Mapping[bytes, Sequence[Grant]]) -> None:
    """Turn somebody out of everything, with a new key for each circle of theirs: a grant for each who remains there.

    Where nobody remains the grants are none, and the circle has no key until its next first member. Their own grants
    go, what they had taken goes back, and their open invitations are cancelled.

    Raises:
        Refused: the grants are not for exactly those circles and members.
    """
    with db.writing():
        put_out(db, moderator_id, renewals)
    db.try_checkpoint()  # the grants leave the log too


def put_out(db: Database, moderator_id: bytes, renewals: Mapping[bytes, Sequence[Grant]]) -> None:
    """Turn somebody out as `remove_member` does, inside the caller's `writing()`; the log is truncated after it.

    What they proposed, and what they agreed to, falls. # P14

    Raises:
        Refused: as for `remove_member`.
    """
    if set(renewals) != {circle.id for circle in circles_of(db, moderator_id)}:
        raise Refused(CIRCLE_CHANGED)
    for circle_id, grants in renewals.items():
        remaining = {member.id for member in members_of(db, circle_id)} - {moderator_id}
        renew(db, read_circle(db, circle_id), remaining, grants)
    db.run("DELETE FROM circle_grants WHERE moderator_id = ?", (moderator_id,))
    db.run("DELETE FROM waiting WHERE moderator_id = ?", (moderator_id,))
    db.run("DELETE FROM taken WHERE moderator_id = ?", (moderator_id,))
    db.run("UPDATE invitations SET state = 'cancelled' WHERE made_by = ? AND state = 'open'", (moderator_id,))
    db.run("UPDATE moderators SET state = 'out' WHERE id = ?", (moderator_id,))
    proposals.fall_with(db, moderator_id)
    proposals.fall_about(db, moderator_id)


def remove_from_circle(
    db: Database, moderator_id: bytes, circle_id: bytes, grants: Sequence[Grant], case_ids: Sequence[bytes]
) -> None:
    """Turn somebody out of one circle who has another, with its new key for every member who remains.

    What they had taken of its cases goes back, their open invitations to it are cancelled, and with the coordinators'
    circle goes the office, and every open invitation made in it. Whoever only waited there waits no more, and the
    circle keeps its key: then the grants are none.

    Raises:
        Refused: they are not there, or nowhere else; or the grants are not for exactly those who remain.
    """
    with db.writing():
        put_out_of(db, moderator_id, circle_id, grants, case_ids)
    db.try_checkpoint()  # the grants leave the log too


def put_out_of(
    db: Database, moderator_id: bytes, circle_id: bytes, grants: Sequence[Grant], case_ids: Sequence[bytes]
) -> None:
    """Turn somebody out of one circle as `remove_from_circle` does, inside the caller's `writing()`; likewise.

    Raises:
        Refused: as for `remove_from_circle`.
    """
    if not is_elsewhere(db, moderator_id, circle_id):
        raise Refused(CIRCLE_CHANGED)
    circle, members = read_circle(db, circle_id), {member.id for member in members_of(db, circle_id)}
    if moderator_id in members:
        renew(db, circle, members - {moderator_id}, grants)
    elif grants or not waits_no_more(db, circle_id, moderator_id):
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


def is_elsewhere(db: Database, moderator_id: bytes, circle_id: bytes) -> bool:
    """Tell whether somebody is a member of another circle than this one, or waits in one."""
    waits = db.rows("SELECT circle_id FROM waiting WHERE moderator_id = ?", (moderator_id,))
    return bool(({circle.id for circle in circles_of(db, moderator_id)} | {row[0] for row in waits}) - {circle_id})


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
        members = {member.id for member in members_of(db, circle.id)}
        if members:
            renew(db, circle, members, seal_next_key(db, circle.id, leaving=b""))


def _store(db: Database, grants: Sequence[Grant]) -> None:
    for grant in grants:
        db.run(
            "INSERT INTO circle_grants (circle_id, generation, moderator_id, sealed) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            (grant.circle_id, grant.generation, grant.moderator_id, grant.sealed),
        )
