"""The rows of a case as they leave the vault, and a case as it arrives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

from onion_app.choices import AnswerIn, CaseKind, CaseState, MessageAuthor, Topic, Urgent
from onion_app.shapes import Day, Id, Key, Number

AUTHOR: Final = bytes(16)
"""The holder of the wraps that the visitor's code opens; circles hold theirs under their id."""

MANY: Final = 200
"""Counting stops here: no circle answers more in a day, and a page costs the same with a hundred thousand waiting."""

PAGE: Final = 25

Seal = Callable[[int], bytes]  # from the number that a message gets to its sealed bytes


@dataclass(frozen=True, slots=True)
class Case:
    """The facts of a case that need no key."""

    id: Id
    circle_id: Id
    kind: CaseKind
    topic: Topic
    answer_in: AnswerIn
    state: CaseState
    unread: bool
    urgent: Urgent
    received_day: Day
    last_day: Day
    spread: Annotated[int, range(1000)]  # per mille of a fifth of the retention; drawn once


@dataclass(frozen=True, slots=True)
class Wrap:
    """The case key of one epoch, sealed to one public key, of which `recipient` is the fingerprint."""

    epoch: Number
    holder: Id
    recipient: Id
    wrap: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """A sealed message; number 0 is the record of the last opening."""

    case_id: Id
    number: Number
    id: Id
    epoch: Number
    author: MessageAuthor
    sealed: bytes


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case as the site sends it: its wraps of epoch 1, and its first messages sealed under the numbers 1, 2, ..."""

    id: Id
    circle_id: Id
    kind: CaseKind
    topic: Topic
    answer_in: AnswerIn
    urgent: Urgent
    lookup_tag: Key | None  # None, like the author's key, when the visitor does not come back
    author_key: Key | None
    day: Day
    wraps: tuple[Wrap, ...]
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """The waiting cases of a circle: unread, urgent and unanswered (each up to MANY), and the day of the oldest."""

    unread: int
    urgent: int
    oldest_day: int | None
