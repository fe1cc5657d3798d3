"""What a sealed message says.

A text, a consent, the final text of a story with the author's verdict on it, which story was made of the case, or the
day of the last opening.
"""

import json
from dataclasses import asdict, dataclass
from typing import Literal

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
class Proposal:
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
class Opened:
    """The last day on which somebody came with the code."""

    day: int


@dataclass(frozen=True, slots=True)
class Pointer:
    """The story that was made of the case, by its id of 16 bytes in hexadecimal."""

    story_id: str


Letter = Text | Consent | Proposal | Verdict | Opened | Pointer
_KINDS: dict[str, type[Letter]] = {
    "text": Text,
    "consent": Consent,
    "proposal": Proposal,
    "verdict": Verdict,
    "opened": Opened,
    "pointer": Pointer,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def pack(letter: Letter) -> bytes:
    """Give the bytes to be sealed."""
    return json.dumps({"kind": _NAMES[type(letter)], **asdict(letter)}, ensure_ascii=False).encode()


def unpack(packed: bytes) -> Letter:
    """Read what was sealed.

    Raises:
        SealBroken: the seal held, but what it holds is none of the known letters.
    """
    try:
        fields = json.loads(packed)
        return _KINDS[fields.pop("kind")](**fields)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SealBroken from None
