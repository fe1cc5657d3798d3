"""Circles, their members, and the grants of their keys.

# P05: whoever is shut out has no grant of what is sealed from then on, and none left of what was sealed before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Final

from onion_app.errors import CircleChanged, NothingHere
from onion_app.vault.database import Database
from onion_app.vault.people.moderators import MODERATOR
from onion_app.vault.people.records import Circle, Grant, Moderator
from onion_app.vault.rows import as_json, shaped

_CIRCLE: Final = (
    "SELECT c.id, c.name, c.topics, c.languages, c.catch_all, c.coordinators, c.generation, c.public_key "
    "FROM circles AS c "
)


def add_circle(db: Database, circle: Circle) -> None:
    """Store a circle, which has no key until its first member comes."""
    lists = (as_json(circle.topics), as_json(circle.languages))
    with db.writing():
        db.run(
            "INSERT INTO circles (id, name, topics, languages, catch_all, coordinators, generation, public_key) "
            "VALUES (?, ?, ?, ?, ?, ?, 0, NULL)",
            (circle.id, circle.name, *lists, circle.catch_all, circle.coordinators),
        )


def read_circle(db: Database, circle_id: bytes) -> Circle:
    """Read a circle.

    Raises:
        NothingHere: there is none.
    """
    row = db.row(_CIRCLE + "WHERE id = ?", (circle_id,))
    if row is None:
        raise NothingHere
    return shaped(Circle, row)


def circles(db: Database) -> list[Circle]:
    """List every circle by name."""
    return [shaped(Circle, row) for row in db.rows(_CIRCLE + "ORDER BY name")]


def circles_of(db: Database, moderator_id: bytes) -> list[Circle]:
    """List the circles that somebody is a member of, by name."""
    member = "JOIN circle_grants AS g ON g.circle_id = c.id AND g.generation = c.generation "
    found = db.rows(_CIRCLE + member + "WHERE g.moderator_id = ? ORDER BY name", (moderator_id,))
    return [shaped(Circle, row) for row in found]


def members_of(db: Database, circle_id: bytes) -> list[Moderator]:
    """List the members of a circle by handle."""
    member = (
        "JOIN circle_grants AS g ON g.moderator_id = m.id "
        "JOIN circles AS c ON g.circle_id = c.id AND g.generation = c.generation WHERE c.id = ? ORDER BY handle"
    )
    return [shaped(Moderator, row) for row in db.rows(MODERATOR + member, (circle_id,))]


def waiting_in(db: Database, circle_id: bytes) -> list[Moderator]:
    """List who has redeemed an invitation to a circle and was not let in yet, by handle."""
    waiting = "JOIN invitations AS i ON i.redeemed_by = m.id WHERE i.circle_id = ? AND m.state = 'waiting' "
    return [shaped(Moderator, row) for row in db.rows(MODERATOR + waiting + "ORDER BY handle", (circle_id,))]


def gone_from(db: Database, circle_id: bytes) -> list[Moderator]:
    """List who was shut out and had done anything in a circle, by handle."""
    worked = "AND EXISTS (SELECT 1 FROM audit AS a WHERE a.circle_id = ? AND a.who = m.id) ORDER BY handle"
    return [shaped(Moderator, row) for row in db.rows(MODERATOR + "WHERE state = 'out' " + worked, (circle_id,))]


def grants_of(db: Database, moderator_id: bytes, circle_id: bytes) -> list[Grant]:
    """List what somebody opens a circle's cases with, newest generation first."""
    found = db.rows(
        "SELECT circle_id, generation, moderator_id, public_key, sealed FROM circle_grants "
        "WHERE circle_id = ? AND moderator_id = ? ORDER BY generation DESC",
        (circle_id, moderator_id),
    )
    return [shaped(Grant, row) for row in found]


def let_in(db: Database, moderator_id: bytes, grants: Sequence[Grant]) -> None:
    """Make a member of a newcomer, or of a member of another circle: give them grants, the newest of each circle too.

    Raises:
        NothingHere: nobody of that id works here any more.
        CircleChanged: a circle's key is of another generation by now.
    """
    with db.writing():
        for circle_id in {grant.circle_id for grant in grants}:
            newest = max(grant.generation for grant in grants if grant.circle_id == circle_id)
            if newest != read_circle(db, circle_id).generation:
                raise CircleChanged
        _store(db, grants)
        if not db.run("UPDATE moderators SET state = 'active' WHERE id = ? AND state <> 'out'", (moderator_id,)):
            raise NothingHere


def shut_out(db: Database, moderator_id: bytes, renewals: Mapping[bytes, Sequence[Grant]]) -> None:
    """Turn somebody out, with a new key for each circle of theirs: its id, and a grant for every member who remains.

    Where nobody remains the grants are none, and the circle has no key until its next first member. Their own grants
    go, what they had taken goes back, and their open invitations are cancelled.

    Raises:
        CircleChanged: the grants are not for exactly those circles and members.
    """
    with db.writing():
        if set(renewals) != {circle.id for circle in circles_of(db, moderator_id)}:
            raise CircleChanged
        for circle_id, grants in renewals.items():
            remaining = {member.id for member in members_of(db, circle_id)} - {moderator_id}
            renew(db, read_circle(db, circle_id), remaining, grants)
        db.run("DELETE FROM circle_grants WHERE moderator_id = ?", (moderator_id,))
        db.run("DELETE FROM taken WHERE moderator_id = ?", (moderator_id,))
        db.run("UPDATE invitations SET state = 'cancelled' WHERE made_by = ? AND state = 'open'", (moderator_id,))
        db.run("UPDATE moderators SET state = 'out' WHERE id = ?", (moderator_id,))
    db.try_checkpoint()  # the grants leave the log too


def renew(db: Database, circle: Circle, members: set[bytes], grants: Sequence[Grant]) -> None:
    """Give a circle its next key, granted to exactly these members, inside the caller's `writing()`.

    Raises:
        CircleChanged: the grants are for others, or not all of one key of the next generation.
    """
    generation = circle.generation + 1
    keys = {grant.public_key for grant in grants}
    wanted = sorted((circle.id, generation, member) for member in members)
    if sorted((grant.circle_id, grant.generation, grant.moderator_id) for grant in grants) != wanted or len(keys) > 1:
        raise CircleChanged
    _store(db, grants)
    public_key = next(iter(keys), None)
    db.run("UPDATE circles SET generation = ?, public_key = ? WHERE id = ?", (generation, public_key, circle.id))


def _store(db: Database, grants: Sequence[Grant]) -> None:
    for grant in grants:
        db.run(
            "INSERT INTO circle_grants (circle_id, generation, moderator_id, public_key, sealed) "
            "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            astuple(grant),
        )
