"""The messages of a case, each under a number that is given to it inside the transaction that stores it."""

from collections.abc import Sequence
from typing import Final

from onion_app.choices import MessageAuthor
from onion_app.errors import AwaitsAnswer
from onion_app.shapes import from_row
from onion_app.vault.database import Database
from onion_app.vault.mailbox.case_keys import begin_epoch, expect_unchanged
from onion_app.vault.mailbox.records import Message, Seal, Wrap
from onion_app.vault.shown.routing import expect_room_to_add

_MESSAGE: Final = "SELECT case_id, number, id, epoch, author, sealed FROM messages "


def messages_of(db: Database, case_id: bytes) -> list[Message]:
    """List the messages of a case by number."""
    return db.all(Message, _MESSAGE + "WHERE case_id = ? ORDER BY number", (case_id,))


def append_message(  # noqa: PLR0913  each is a fact of the message, and named at the call
    db: Database,
    case_id: bytes,
    message_id: bytes,
    *,
    author: MessageAuthor,
    epoch: int,
    expected_wraps: Sequence[Wrap],
    new_wraps: Sequence[Wrap],
    seal: Seal,
    day: int,
    seen: int | None = None,
    most: int | None = None,
) -> Message:
    """Add a message under the next number, which `seal` is given; the same id sent twice is stored once.

    A circle's answer leaves the case unread when the visitor wrote a message numbered above `seen`, the newest one that
    the answer's author had before them; without `seen` they had all of them.

    `expected_wraps` are all wraps of the case as they were when the epoch was chosen; `new_wraps` begin it.

    With `most`, a message is taken only while there is room, and while fewer than so many of the visitor's wait.

    Raises:
        NothingHere: no such case.
        AwaitsAnswer: so many wait. Paused: there is no room.
        EpochPassed: the keys have changed since `expected_wraps` was read; see also `begin_epoch`.
    """
    with db.writing():
        earlier = db.row(_MESSAGE + "WHERE id = ? AND case_id = ?", (message_id, case_id))
        if earlier:
            return from_row(Message, earlier)
        if most is not None:
            expect_room_to_add(db)
            _expect_few_waiting(db, case_id, most)
        expect_unchanged(db, case_id, expected_wraps)
        if new_wraps:
            begin_epoch(db, case_id, new_wraps)
        number = _next_number(db, case_id)
        message = Message(case_id, number, message_id, epoch, author, seal(number))
        insert_message(db, message)
        if author == "visitor":
            _visitor_wrote(db, case_id, day)
        if author == "circle":
            _circle_wrote(db, case_id, day, number if seen is None else seen)
        return message


def put_opened(
    db: Database, case_id: bytes, message_id: bytes, *, epoch: int, expected_wraps: Sequence[Wrap], seal: Seal
) -> None:
    """Replace message 0, the record of the last opening, by one with a new id.

    Raises:
        NothingHere: no such case.
        EpochPassed: the keys have changed since `expected_wraps` was read.
    """
    with db.writing():
        expect_unchanged(db, case_id, expected_wraps)
        db.run("DELETE FROM messages WHERE case_id = ? AND number = 0", (case_id,))
        insert_message(db, Message(case_id, 0, message_id, epoch, "site", seal(0)))


def insert_message(db: Database, message: Message) -> None:
    """Store a message, inside the caller's `writing()`."""
    db.run(
        "INSERT INTO messages (case_id, number, id, epoch, author, sealed) VALUES (?, ?, ?, ?, ?, ?)",
        (message.case_id, message.number, message.id, message.epoch, message.author, message.sealed),
    )


def _next_number(db: Database, case_id: bytes) -> int:
    newest = db.row("SELECT number FROM messages WHERE case_id = ? ORDER BY number DESC LIMIT 1", (case_id,))
    return int(newest[0] or 0) + 1 if newest else 1


def _expect_few_waiting(db: Database, case_id: bytes, most: int) -> None:
    """Count the visitor's messages since the circle's last message, as far as `most`."""
    of = "FROM messages WHERE case_id = ? AND author = "
    answered = db.row(f"SELECT number {of} 'circle' ORDER BY number DESC LIMIT 1", (case_id,)) or (0,)
    waiting = db.rows(f"SELECT 1 {of} 'visitor' AND number > ? LIMIT ?", (case_id, answered[0], most))
    if len(waiting) >= most:
        raise AwaitsAnswer


def _visitor_wrote(db: Database, case_id: bytes, day: int) -> None:
    """Bring the case back into the queue, unless its story is on its way: that stays where it is, and is unread."""
    db.run(
        "UPDATE cases SET unread = 1, last_day = max(last_day, ?), "
        "state = CASE WHEN state IN ('answered', 'closed') THEN 'new' ELSE state END WHERE id = ?",
        (day, case_id),
    )


def _circle_wrote(db: Database, case_id: bytes, day: int, seen: int) -> None:
    """Call the case answered, unless its story is on its way; and read, unless a message came meanwhile."""
    unseen = db.row(
        "SELECT 1 FROM messages WHERE case_id = ? AND number > ? AND author = 'visitor' LIMIT 1", (case_id, seen)
    )
    db.run(
        "UPDATE cases SET unread = ?, last_day = max(last_day, ?), "
        "state = CASE WHEN state IN ('asking', 'ready', 'published') THEN state ELSE 'answered' END WHERE id = ?",
        (1 if unseen else 0, day, case_id),
    )
