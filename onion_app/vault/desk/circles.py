"""Circles, what each gets, who is in one or waits there, and the grants of their keys. Somebody may be in several."""

from dataclasses import dataclass
from typing import Final

from onion_app.errors import marked
from onion_app.shapes import Id, Key, Number, Words, to_json
from onion_app.vault.database import Database
from onion_app.vault.desk.moderators import MODERATOR, Moderator

CIRCLE_CHANGED: Final = marked("The circle has changed in the meantime. Look at it again.")
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


def is_elsewhere(db: Database, moderator_id: bytes, circle_id: bytes) -> bool:
    """Tell whether somebody is a member of another circle than this one, or waits in one."""
    waits = db.rows("SELECT circle_id FROM waiting WHERE moderator_id = ?", (moderator_id,))
    return bool(({circle.id for circle in circles_of(db, moderator_id)} | {row[0] for row in waits}) - {circle_id})


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
