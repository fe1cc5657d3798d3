"""The messages of a case, each under a number that is given to it inside the transaction that stores it.

A message under an earlier turn or generation never gets a higher number than a change of them: whoever changes one
holds the mailbox's `writing()`, and whoever seals a message chooses its key and its number inside it.
"""

from contextlib import suppress
from dataclasses import astuple
from itertools import accumulate
from typing import Final

from onion_app.crypto.keys import ID_BYTES
from onion_app.errors import AwaitsAnswer, DamagedFile, KeysChanged, NothingHere, TooMany
from onion_app.shapes import Value, from_row
from onion_app.vault.database import Database
from onion_app.vault.mailbox.records import LONGEST_SEALED, NUMBERS, Message

LARGEST: Final = 32 * 1024**2  # bytes of sealed messages in a case, some 500 of the longest: they are read at once

# Whatever somebody has planted past a CHECK, a value of any length too, is not even read.
_OURS: Final = (
    "FROM messages WHERE case_id = ? AND number BETWEEN 0 AND ? AND author IN ('visitor', 'circle', 'site') "
    "AND id >= x'' AND octet_length(id) = ? AND sealed >= x'' AND octet_length(sealed) <= ? ORDER BY number"
)


def messages_of(db: Database, case_id: bytes) -> list[Message]:
    """List the messages of a case by number; left out are rows that are none of ours, and what no case can hold."""
    message = f"SELECT case_id, number, id, author, turn, generation, codes, sealed {_OURS}"
    sizes = _sizes(db, case_id)
    # Up to a number, not so many: an author who comes back between the two questions stores one before all others.
    fitting = (number for number, held in zip(sizes, accumulate(sizes.values()), strict=True) if held <= LARGEST)
    messages = []
    for row in db.rows(message, _ours(case_id, max(fitting, default=-1))):
        with suppress(DamagedFile):
            messages.append(from_row(Message, row))
    return messages


def _sizes(db: Database, case_id: bytes) -> dict[int, int]:
    """Give the bytes of each message, by number."""
    rows = db.rows(f"SELECT number, length(sealed) {_OURS}", _ours(case_id, NUMBERS[-1]))
    return {int(number or 0): int(size or 0) for number, size in rows}


def _ours(case_id: bytes, last: int) -> tuple[Value, ...]:
    return case_id, last, ID_BYTES, LONGEST_SEALED


def newest_number(db: Database, case_id: bytes) -> int:
    """Give the number of the newest message of a case, 0 where there is none."""
    newest = "SELECT number FROM messages WHERE case_id = ? AND number BETWEEN 0 AND ? ORDER BY number DESC LIMIT 1"
    row = db.row(newest, (case_id, NUMBERS[-1]))
    return row[0] if row and isinstance(row[0], int) else 0


def is_stored(db: Database, case_id: bytes, message_id: bytes) -> bool:
    """Tell whether a message stands in a case.

    Raises:
        KeysChanged: somebody put its id into another case.
    """
    row = db.row("SELECT case_id = ? FROM messages WHERE id = ?", (case_id, message_id))
    if row is not None and row[0] != 1:
        raise KeysChanged
    return row is not None


def is_stored_anywhere(db: Database, message_id: bytes) -> bool:
    """Tell whether a message stands in any case."""
    return db.row("SELECT 1 FROM messages WHERE id = ?", (message_id,)) is not None


def case_of(db: Database, message_id: bytes) -> bytes:
    """Name the case in which a message stands.

    Raises:
        NothingHere: none.
    """
    row = db.row("SELECT case_id FROM messages WHERE id = ?", (message_id,))
    if row is None or not isinstance(row[0], bytes):
        raise NothingHere
    return row[0]


def next_number(db: Database, case_id: bytes) -> int:
    """Give the number of the next message, inside the caller's `writing()`; rows with a wild number do not count.

    Where somebody has planted a message under the last number, it is the one after the newest that is not followed.

    Raises:
        TooMany: there are as many as a case can have, or as much.
    """
    if sum(_sizes(db, case_id).values()) > LARGEST - LONGEST_SEALED:
        raise TooMany
    of_case = "SELECT m.number FROM messages AS m WHERE m.case_id = ? AND m.number BETWEEN 1 AND ? "
    newest = db.row(of_case + "ORDER BY m.number DESC LIMIT 1", (case_id, NUMBERS[-1]))
    if newest == (NUMBERS[-1],):
        followed = "SELECT 1 FROM messages AS n WHERE n.case_id = m.case_id AND n.number = m.number + 1"
        last = of_case + f"AND NOT EXISTS ({followed}) ORDER BY m.number DESC LIMIT 1"
        newest = db.row(last, (case_id, NUMBERS[-2]))
        if newest is None and db.row(of_case, (case_id, 1)):
            raise TooMany
    return int(newest[0] or 0) + 1 if newest else 1


def insert_message(db: Database, message: Message) -> None:
    """Store a message, inside the caller's `writing()`; a new record of the last visit takes the place of the old.

    Raises:
        KeysChanged: somebody put its id elsewhere.
    """
    if not message.number:
        db.run("DELETE FROM messages WHERE case_id = ? AND number = 0", (message.case_id,))
    insert = (
        "INSERT INTO messages (case_id, number, id, author, turn, generation, codes, sealed) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
    )
    if not db.run(insert, astuple(message)):
        raise KeysChanged


def expect_few_waiting(db: Database, case_id: bytes, most: int) -> None:
    """See that fewer than `most` messages of the visitor wait for the circle's next one.

    Raises:
        AwaitsAnswer: so many wait.
    """
    of = "FROM messages WHERE case_id = ? AND author = "
    answered = db.row(f"SELECT number {of} 'circle' ORDER BY number DESC LIMIT 1", (case_id,)) or (0,)
    waiting = db.rows(f"SELECT 1 {of} 'visitor' AND number > ? LIMIT ?", (case_id, answered[0], most))
    if len(waiting) >= most:
        raise AwaitsAnswer


def note_visitor_wrote(db: Database, case_id: bytes, day: int) -> None:
    """Bring the case back into the queue, unless its story is on its way: that stays where it is, and is unread.

    It waits since the oldest word that was not answered: writing again moves nobody up, nor back.
    """
    db.run(
        "UPDATE cases SET unread = 1, last_day = max(last_day, ?), "
        "since_day = CASE WHEN unread = 1 OR state IN ('new', 'reading') THEN since_day ELSE ? END, "
        "state = CASE WHEN state IN ('answered', 'closed') THEN 'new' ELSE state END WHERE id = ?",
        (day, day, case_id),
    )


def note_circle_wrote(db: Database, case_id: bytes, day: int, *, unread: bool, answers: bool = True) -> None:
    """Call the case answered, unless its story is on its way; and read, unless a message came meanwhile.

    Where it `answers` nothing yet, because another answer is promised, it stays among those without one.
    """
    db.run(
        "UPDATE cases SET unread = ?, last_day = max(last_day, ?), since_day = CASE WHEN ? THEN ? ELSE since_day END, "
        "state = CASE WHEN state IN ('asking', 'agreed', 'ready', 'published') THEN state ELSE ? END WHERE id = ?",
        (unread, day, answers, day, "answered" if answers else "reading", case_id),
    )
