"""Which circle has a case, and under which key its author's words are sealed: out of a file that the site only reads.

The site reads here inside its transaction of the mailbox, which whoever changes anything here holds as well.
# P13: a process that serves pages can name no circle and no key of its own.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast

from onion_app.choices import COORDINATORS_TOPICS, AnswerIn, Topic
from onion_app.errors import NothingHere, Paused
from onion_app.shapes import Id, Key, Number, Row, Words
from onion_app.vault.database import Database
from onion_app.vault.settings import Settings

# The quota that coordinators set begins at 4 GiB: about 400,000 cases of the usual length. The disk of the smallest
# rented machine (20 GiB) still has room for the log, a backup and the copy before a migration.
_GIB: Final = 1024**3
# New cases end first, then messages in open ones. The rest is for people who take back, read and answer: each
# of these writes too, and so do tor and backups.
LEAST_ROOM: Final = 64 * 1024**2  # bytes free on the disk
LEAST_ROOM_TO_ADD: Final = 32 * 1024**2

Door = Literal["closed", "gone"]


@dataclass(frozen=True, slots=True)
class CircleKey:
    """The circle that somebody's words are sealed to, and the generation of its key."""

    id: Id
    generation: Number
    public_key: Key


@dataclass(frozen=True, slots=True)
class Route:
    """What decides which cases a circle gets; one that never had a key is none."""

    id: Id
    generation: Number | None
    topics: Words
    languages: Words
    catch_all: bool
    coordinators: bool


def routes(db: Database) -> list[Route]:
    """Read the routes as they are shown, or as the desk has them."""
    return db.all(
        Route,
        "SELECT id, generation, topics, languages, catch_all, coordinators FROM circles "
        "WHERE id IN (SELECT circle_id FROM circle_keys) ORDER BY id",
    )


def receivers(circles: Sequence[Route], topic: Topic, answer_in: AnswerIn) -> list[Route]:
    """Choose the circles for a topic and a language: those that have both, else the topic, else the catch-all.

    None: they pause. # P14: where a circle was emptied, nothing goes elsewhere until two people have said where to.
    """
    if topic in COORDINATORS_TOPICS:
        fitting = [circle for circle in circles if circle.coordinators]
    else:
        with_topic = [circle for circle in circles if topic in circle.topics]
        fitting = [circle for circle in with_topic if answer_in in (*circle.languages, "any")] or with_topic
    chosen = fitting or [circle for circle in circles if circle.catch_all]
    return [] if any(circle.generation is None for circle in chosen) else chosen


def writing_circle(
    mailbox: Database, shown: Database, in_force: Settings, topic: Topic, answer_in: AnswerIn
) -> CircleKey:
    """Choose the circle for a topic and a language; circles that fit equally share the work by chance.

    A circle that never had a key leaves its topics to the catch-all; one that was emptied pauses them.

    Raises:
        Paused: writing is paused, there is no room, or the circle has nobody.
    """
    circles = routes(shown)
    has_room = mailbox.room() >= LEAST_ROOM and not is_full(mailbox, in_force)
    if not (any(circle.catch_all for circle in circles) and takes_new_text(in_force) and has_room):
        raise Paused
    fitting = receivers(circles, topic, answer_in)
    if not fitting:
        raise Paused
    return circle_key(shown, secrets.choice(fitting).id)


def takes_new_text(in_force: Settings) -> bool:
    """Say whether writing is neither paused nor stopped until the operator has looked at cases that are missing."""
    return not (in_force.paused or in_force.missing or in_force.unchecked)


def is_full(mailbox: Database, in_force: Settings) -> bool:
    """Say whether the mailbox has reached its quota; past it only open cases grow, each to a limit of its own."""
    return mailbox.size() >= in_force.quota_gib * _GIB


def expect_room_to_add(mailbox: Database) -> None:
    """See that a visitor may add to an open case without using up the room that erasing and answering need.

    Raises:
        Paused: there is no room.
    """
    if mailbox.room() < LEAST_ROOM_TO_ADD:
        raise Paused


def circle_key(shown: Database, circle_id: bytes) -> CircleKey:
    """Read the present key of a circle.

    Raises:
        Paused: nobody is in it.
    """
    present = (
        "SELECT c.id, c.generation, k.public_key FROM circles AS c "
        "JOIN circle_keys AS k ON k.circle_id = c.id AND k.generation = c.generation WHERE c.id = ?"
    )
    try:
        return shown.one(CircleKey, present, (circle_id,))
    except NothingHere:
        raise Paused from None


def public_key(shown: Database, circle_id: bytes, generation: int) -> bytes:
    """Read the public key of any generation of a circle.

    Raises:
        NothingHere: there never was one.
    """
    key = "SELECT circle_id, generation, public_key FROM circle_keys WHERE circle_id = ? AND generation = ?"
    return shown.one(CircleKey, key, (circle_id, generation)).public_key


def turns_of(shown: Database, case_id: bytes, home: bytes) -> Mapping[int, bytes]:
    """Give the circle of each turn of a case, 0 (its home) first."""
    rows: list[Row] = shown.rows("SELECT turn, circle_id FROM handed WHERE case_id = ? ORDER BY turn", (case_id,))
    return {0: home} | {int(turn or 0): circle_id for turn, circle_id in rows if isinstance(circle_id, bytes)}


def door_of(db: Database, case_id: bytes) -> Door | None:
    """Say, as the desk or as what is shown has it, whether a case's door is closed, or the case gone; None: open."""
    row = db.row("SELECT state FROM doors WHERE case_id = ?", (case_id,))
    return cast("Door", row[0]) if row else None


def reply_marks(shown: Database, case_id: bytes) -> dict[bytes, bytes]:
    """Give the mark of every answer that the desk wrote in a case, by message id."""
    rows = shown.rows("SELECT message_id, mark FROM replies WHERE case_id = ?", (case_id,))
    return {answer: mark for answer, mark in rows if isinstance(answer, bytes) and isinstance(mark, bytes)}
