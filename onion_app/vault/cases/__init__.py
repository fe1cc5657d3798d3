"""Cases: what one visitor writes with one circle, sealed message by message, until the visitor takes it back.

Every text that a person wrote arrives here sealed and leaves sealed.
# P08: days and random ids, never an hour; numbers count only within a case.
# P07: what is taken back goes in one transaction, and the log is truncated after it.
"""

from onion_app.vault.cases.conversation import append, messages_of, put_opened
from onion_app.vault.cases.keys import all_wraps, author_key_of, change_code, close_door, next_number, wraps_of
from onion_app.vault.cases.lifetime import add_case, erase_case, find_by_tag, mark_read, read_case, set_state
from onion_app.vault.cases.queues import counts, queue
from onion_app.vault.cases.records import (
    AUTHOR,
    MANY,
    PAGE,
    Case,
    CircleKey,
    Counts,
    Message,
    MessageAuthor,
    NewCase,
    Seal,
    State,
    Wrap,
)
from onion_app.vault.cases.routing import circle_key, is_full, writing_circle

__all__ = [
    "AUTHOR",
    "MANY",
    "PAGE",
    "Case",
    "CircleKey",
    "Counts",
    "Message",
    "MessageAuthor",
    "NewCase",
    "Seal",
    "State",
    "Wrap",
    "add_case",
    "all_wraps",
    "append",
    "author_key_of",
    "change_code",
    "circle_key",
    "close_door",
    "counts",
    "erase_case",
    "find_by_tag",
    "is_full",
    "mark_read",
    "messages_of",
    "next_number",
    "put_opened",
    "queue",
    "read_case",
    "set_state",
    "wraps_of",
    "writing_circle",
]
