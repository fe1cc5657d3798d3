"""The payload of a sealed message or entry.

A text, a consent, the final text of a story with the author's verdict on it, which story was made of the case, or the
day of the last opening; words for a report that the author is asked about, their verdict on these, and what was given;
and, among the circle only, a draft of a story, words that were chosen, a second person's approval of either, the facts
that are counted, a day to look again, and whom the circle knows for somebody who asks. Whoever controls the site can
seal anything: a payload is believed no further than its shape.
"""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from onion_app.choices import Receiver
from onion_app.errors import SealBroken
from onion_app.shapes import Day, HexId, as_shape, from_json

Publish = Literal["no", "ask", "yes"]
Decision = Literal["yes", "change", "no"]
QuoteDecision = Literal["yes", "no", "hide"]


@dataclass(frozen=True, slots=True)
class Text:
    """Something written on a day (days since 1970-01-01); `sender` is a volunteer's handle, empty for the visitor.

    `alone`: its author took no code, and does not come back. `again_by`: the day by which an answer promises another.
    """

    text: str
    day: Day
    sender: str = ""
    language: str = ""
    alone: bool = False
    again_by: Day | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """An author's word on publishing, counting and quoting. The last one in a case is the one that holds.

    `mark` is that of the proof which takes the story back, in hexadecimal; empty for an author who does not come back.
    While its author is under 18 nothing is published and nothing is quoted: such a wish is not even kept.
    """

    publish: Publish
    count: bool
    quote: bool
    day: Day
    mark: Annotated[str, re.compile("([0-9a-f]{64})?")] = ""
    under_18: bool = False

    def __post_init__(self) -> None:
        """Let no wish be read as leave."""
        if self.under_18:
            object.__setattr__(self, "publish", "no")
            object.__setattr__(self, "quote", False)


@dataclass(frozen=True, slots=True)
class FinalText:
    """The whole text of a story as it would be published, shown to its author in their language."""

    title: str
    text: str
    language: str
    day: Day


@dataclass(frozen=True, slots=True)
class Verdict:
    """The author's answer to a final text, named by its message id in hexadecimal; `text` says their wishes."""

    about: HexId
    decision: Decision
    text: str
    day: Day


@dataclass(frozen=True, slots=True)
class QuoteQuestion:
    """Words for a report, shown to the author beside those of their own sentences that they come from."""

    words: list[str]
    sentences: list[str]
    language: str
    receiver: Receiver
    day: Day


@dataclass(frozen=True, slots=True)
class Quoted:
    """The words that were given, by the id of the question's message in hexadecimal; `month` is its first day."""

    about: HexId
    words: list[str]
    language: str
    receiver: Receiver
    month: Day


@dataclass(frozen=True, slots=True)
class QuoteVerdict:
    """The author's answer to a question about words for a report; or that what was given shall not be shown again."""

    about: HexId
    decision: QuoteDecision
    day: Day


@dataclass(frozen=True, slots=True)
class LastOpened:
    """The last day on which somebody came with the code."""

    day: Day


@dataclass(frozen=True, slots=True)
class StoryLink:
    """The story that was made of the case, by its id of 16 bytes in hexadecimal."""

    story_id: HexId


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
    day: Day


@dataclass(frozen=True, slots=True)
class Approval:
    """A second person's word that a draft, or chosen words, can go out, named by their entry's id in hexadecimal."""

    draft_id: HexId
    day: Day


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened, for numbers alone: of each closed list the names that were chosen.

    `same_as`: another case of the circle that tells of the same event, by its id in hexadecimal; empty: of none.
    """

    chosen: dict[str, list[str]]
    day: Day
    same_as: Annotated[str, re.compile("([0-9a-f]{32})?")] = ""


@dataclass(frozen=True, slots=True)
class Referral:
    """Whom a circle knows for somebody who asks; only what `published` its contact itself is named at all.

    `writer` is a member's id in hexadecimal, and `known_by` that of a second one, who alone has `checked` it, on a day.
    """

    known_for: str
    region: str
    language: str
    published: bool
    name: str
    contact: str
    writer: HexId
    day: Day
    known_by: Annotated[str, re.compile("([0-9a-f]{32})?")] = ""
    checked: Day | None = None


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words for a report that a member has made of sentences of the author's, in a turn of the case."""

    words: list[str]
    sentences: list[str]
    language: str
    receiver: Receiver
    turn: Annotated[int, range(256)]
    day: Day


@dataclass(frozen=True, slots=True)
class LookAgain:
    """The day on which a member wants to look at a case again."""

    day: Day


OfAuthor = Consent | Verdict | QuoteVerdict
OfCircle = FinalText | StoryLink | QuoteQuestion | Quoted
OfDesk = Draft | Approval | Facts | Quotation | Referral | LookAgain
Payload = Text | LastOpened | OfAuthor | OfCircle | OfDesk
_KINDS: dict[str, type[Payload]] = {
    "text": Text,
    "consent": Consent,
    "final text": FinalText,
    "verdict": Verdict,
    "opened": LastOpened,
    "pointer": StoryLink,
    "draft": Draft,
    "approval": Approval,
    "facts": Facts,
    "referral": Referral,
    "quote question": QuoteQuestion,
    "quoted": Quoted,
    "quote verdict": QuoteVerdict,
    "quotation": Quotation,
    "look again": LookAgain,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def pack(payload: Payload) -> bytes:
    """Give the bytes to be sealed."""
    return json.dumps({"kind": _NAMES[type(payload)], **asdict(payload)}, ensure_ascii=False).encode()


def unpack(packed: bytes) -> Payload:
    """Read the bytes that were sealed.

    Raises:
        SealBroken: the seal held, but no payload of a known kind and shape was under it.
    """
    members = from_json(dict[str, Any], packed, SealBroken)
    kind: Callable[..., Payload] | None = _KINDS.get(str(members.pop("kind", "")))
    if kind is None:
        raise SealBroken
    return as_shape(kind, members, SealBroken)
