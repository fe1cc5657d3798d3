"""What a sealed message or entry says.

A text, a consent, the final text of a story with the author's verdict on it, which story was made of the case, or the
day of the last opening; and, among the circle only, a draft of a story and a second person's approval of it.
"""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from onion_app.days import DAYS
from onion_app.errors import SealBroken

Publish = Literal["no", "ask", "yes"]
Decision = Literal["yes", "change", "no"]


@dataclass(frozen=True, slots=True)
class Text:
    """Something written on a day (days since 1970-01-01); `sender` is a volunteer's handle, empty for the visitor."""

    text: str
    day: int
    sender: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Consent:
    """What the author allows: publishing, counting, quoting. The last one in a case is the one that holds."""

    publish: Publish
    count: bool
    quote: bool
    day: int


@dataclass(frozen=True, slots=True)
class FinalText:
    """The whole text of a story as it would be published, shown to its author in their language."""

    title: str
    text: str
    language: str
    day: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """The author's answer to a proposal, named by its message id in hexadecimal; `text` says what should change."""

    proposal_id: str
    decision: Decision
    text: str
    day: int


@dataclass(frozen=True, slots=True)
class LastOpened:
    """The last day on which somebody came with the code."""

    day: int


@dataclass(frozen=True, slots=True)
class StoryLink:
    """The story that was made of the case, by its id of 16 bytes in hexadecimal."""

    story_id: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A story as its circle edits it; `finished` once each line of the checklist was ticked for exactly these words."""

    title: str
    text: str
    language: str
    translated_from: str  # a language, or empty: made from the case itself
    notes: list[str]
    year: int
    finished: bool
    day: int


@dataclass(frozen=True, slots=True)
class Approval:
    """A second person's word that a draft can go out, which it names by its entry's id in hexadecimal."""

    draft_id: str
    day: int


Payload = Text | Consent | FinalText | Verdict | LastOpened | StoryLink | Draft | Approval
_KINDS: dict[str, type[Payload]] = {
    "text": Text,
    "consent": Consent,
    "proposal": FinalText,
    "verdict": Verdict,
    "opened": LastOpened,
    "pointer": StoryLink,
    "draft": Draft,
    "approval": Approval,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{32}", value) is not None


# Whoever controls the site can seal anything: a letter is believed no further than its shape.
_SHAPES: dict[str, Callable[[Any], bool]] = {
    "text": _is_text,
    "title": _is_text,
    "sender": _is_text,
    "language": _is_text,
    "day": lambda value: type(value) is int and value in DAYS,
    "publish": lambda value: value in get_args(Publish),
    "decision": lambda value: value in get_args(Decision),
    "count": lambda value: isinstance(value, bool),
    "quote": lambda value: isinstance(value, bool),
    "story_id": _is_id,
    "proposal_id": _is_id,
    "draft_id": _is_id,
    "translated_from": _is_text,
    "notes": lambda value: isinstance(value, list) and all(isinstance(note, str) for note in value),
    "year": lambda value: type(value) is int,
    "finished": lambda value: isinstance(value, bool),
}


def pack(letter: Payload) -> bytes:
    """Give the bytes to be sealed."""
    return json.dumps({"kind": _NAMES[type(letter)], **asdict(letter)}, ensure_ascii=False).encode()


def unpack(packed: bytes) -> Payload:
    """Read what was sealed.

    Raises:
        SealBroken: the seal held, but what it holds is none of the known letters, or has a value of another shape.
    """
    try:
        fields = json.loads(packed)
        letter = _KINDS[fields.pop("kind")](**fields)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SealBroken from None
    if not all(_SHAPES[name](value) for name, value in asdict(letter).items()):
        raise SealBroken
    return letter
