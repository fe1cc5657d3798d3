"""What a sealed message says: a text, a consent, the day of the last opening, or which story was made of the case."""

import json
from dataclasses import asdict, dataclass
from typing import Literal

from onion_app.errors import SealBroken

Publish = Literal["no", "ask", "yes"]


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
class Opened:
    """The last day on which somebody came with the code."""

    day: int


@dataclass(frozen=True, slots=True)
class Pointer:
    """The story that was made of the case, by its id of 16 bytes in hexadecimal."""

    story_id: str


Letter = Text | Consent | Opened | Pointer
_KINDS: dict[str, type[Letter]] = {"text": Text, "consent": Consent, "opened": Opened, "pointer": Pointer}
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
