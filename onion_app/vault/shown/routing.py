"""Which circle's key somebody's words are sealed to."""

import secrets
from dataclasses import dataclass
from typing import Final

from onion_app.choices import COORDINATORS_TOPICS, AnswerIn, Topic
from onion_app.errors import NothingHere, Paused
from onion_app.shapes import Id, Key, Row, from_row, read_words
from onion_app.vault import settings
from onion_app.vault.database import Database

# The quota that coordinators set begins at 4 GiB: about 400,000 cases of the usual length. The disk of the smallest
# rented machine (20 GiB) still has room for the log, a backup and the copy before a migration.
_GIB: Final = 1024**3
# New cases end first, then messages in open ones. The rest is for people who take back, read and answer: each
# of these writes too, and so do tor and backups.
LEAST_ROOM: Final = 64 * 1024**2  # bytes free on the disk
LEAST_ROOM_TO_ADD: Final = 32 * 1024**2


@dataclass(frozen=True, slots=True)
class CircleKey:
    """The circle that somebody's words are sealed to."""

    id: Id
    public_key: Key


def writing_circle(db: Database, topic: Topic, answer_in: AnswerIn) -> CircleKey:
    """Choose the circle for a topic and a language: one that has both, else one with the topic, else the catch-all.

    Raises:
        Paused: writing is paused, the catch-all circle has no key yet, or there is no room.
    """
    circles = db.rows("SELECT id, public_key, topics, languages, catch_all, coordinators FROM circles")
    catch_all = next((circle for circle in circles if circle[4]), None)
    if catch_all is None or settings.read_settings(db).paused or not has_room(db):
        raise Paused
    if topic in COORDINATORS_TOPICS:
        fitting = [circle for circle in circles if circle[5]]
    else:
        with_topic = [circle for circle in circles if topic in read_words(circle[2])]
        fitting = [circle for circle in with_topic if answer_in in (*read_words(circle[3]), "any")] or with_topic
    # Circles that fit equally share the work by chance.
    return _key(secrets.choice(fitting or [catch_all]))


def has_room(db: Database) -> bool:
    """Say whether a new case may be stored: the mailbox has a quota, and the disk a rest that is kept free."""
    return not is_full(db) and db.room() >= LEAST_ROOM


def is_full(db: Database) -> bool:
    """Say whether the mailbox has reached its quota; past it only open cases grow, each to a limit of its own."""
    return db.size() >= settings.read_settings(db).quota_gib * _GIB


def expect_room_to_add(db: Database) -> None:
    """See that a visitor may add to an open case without using up the room that erasing and answering need.

    Raises:
        Paused: there is no room.
    """
    if db.room() < LEAST_ROOM_TO_ADD:
        raise Paused


def circle_key(db: Database, circle_id: bytes) -> CircleKey:
    """Read the key of a circle.

    Raises:
        NothingHere: the circle is unknown, or has no key.
    """
    row = db.row("SELECT id, public_key FROM circles WHERE id = ?", (circle_id,))
    if row is None:
        raise NothingHere
    return _key(row)


def _key(circle: Row) -> CircleKey:
    return from_row(CircleKey, circle[:2])
