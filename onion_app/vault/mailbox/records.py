"""The rows of a case as they leave the vault, and a case as it arrives."""

from dataclasses import dataclass
from typing import Annotated, Final

from onion_app.choices import AnswerIn, CaseKind, CaseState, MessageAuthor, Topic, Urgent
from onion_app.crypto.casekeys import CODES, GENERATIONS, TURNS, KeyName, case_id_of, is_list_of_codes, split_codes
from onion_app.crypto.sealing import MORE_BYTES, SIZES, MessagePlace
from onion_app.shapes import Day, Id, Key

MANY: Final = 200
"""Counting stops here: no circle answers more in a day, and a page costs the same with a hundred thousand waiting."""

PAGE: Final = 25  # cases, or stories, on one page of the desk
LONGEST_SEALED: Final = SIZES[-1] + MORE_BYTES
_FACTS: Final = ("id", "circle_id", "kind", "topic", "answer_in", "state", "unread", "urgent")
_LONGER: Final = {"id": 16, "home": 16, "mark": 32, "codes": 512, "tag": 32, "box": 569, "stop": 73}
FACTS_FIT: Final = " AND ".join(
    f"octet_length({name}) <= 100" for name in (*_FACTS, "received_day", "since_day", "last_day", "spread")
)


def bounded(*columns: str) -> str:
    """Name columns of the keys of a case so that none is read which is longer than ours: NULL stands for it."""
    return ", ".join(f"CASE WHEN octet_length({name}) <= {_LONGER[name]} THEN {name} END" for name in columns)


KEYS_FIT: Final = " AND ".join(f"({name} IS NULL OR octet_length({name}) <= {most})" for name, most in _LONGER.items())
WHOLE_ROW_FITS: Final = f"{FACTS_FIT} AND {KEYS_FIT}"
"""Conditions without which no row is read into memory: somebody could plant a value of any length past a CHECK."""

NUMBERS: Final = range(10_000)  # of the messages of a case; 0 is the day of the author's last visit


@dataclass(frozen=True, slots=True)
class Case:
    """The facts of a case by which queues are sorted: hints, believed by nobody."""

    id: Id
    circle_id: Id
    kind: CaseKind
    topic: Topic
    answer_in: AnswerIn
    state: CaseState
    unread: bool
    urgent: Urgent
    received_day: Day
    since_day: Day  # of the oldest word of its author that waits for an answer
    last_day: Day
    spread: Annotated[int, range(1000)]  # per mille of a fifth of the retention; drawn once


@dataclass(frozen=True, slots=True)
class KeyRow:
    """What a case is named and opened by: its home circle, the mark of its proof, the author's public keys.

    `tag`, `box` and `stop` are the code's, and None for an author who does not come back; a closed door takes the box.
    """

    id: Id
    home: Id
    mark: Key
    packed_codes: Annotated[bytes, is_list_of_codes]
    tag: Key | None
    box: bytes | None
    stop: bytes | None

    @property
    def codes(self) -> tuple[bytes, ...]:
        """The author's public keys, one for each code that the case has had."""
        return split_codes(self.packed_codes)

    @property
    def is_named_rightly(self) -> bool:
        """Whether the id follows from the first key, the home and the mark that stand here."""
        return case_id_of(self.codes[0], self.home, self.mark) == self.id


@dataclass(frozen=True, slots=True)
class CodeRow:
    """What a return code leads to. The author's public keys are missing here: whoever has the code makes them anew."""

    id: Id
    mark: bytes | None
    tag: Key | None
    box: bytes | None
    stop: bytes | None


@dataclass(frozen=True, slots=True)
class Message:
    """A sealed message, with the three numbers that name its key."""

    case_id: Id
    number: Annotated[int, NUMBERS]
    id: Id
    author: MessageAuthor
    turn: Annotated[int, range(TURNS + 1)]
    generation: Annotated[int, range(1, GENERATIONS + 1)]
    codes: Annotated[int, range(1, CODES + 1)]
    sealed: bytes

    @property
    def key_name(self) -> KeyName:
        """The name of the key under which it is sealed."""
        return KeyName(self.turn, self.generation, self.codes)

    @property
    def place(self) -> MessagePlace:
        """The one place where its seal holds."""
        return MessagePlace(self.case_id, self.id, self.number, self.author)


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case as the site sends it, with its first messages sealed under the numbers 1, 2, ..."""

    row: KeyRow
    circle_id: Id
    kind: CaseKind
    topic: Topic
    answer_in: AnswerIn
    urgent: Urgent
    day: Day
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """The waiting cases of a circle: unread, urgent and unanswered (each up to MANY), and the day of the oldest."""

    unread: int
    urgent: int
    oldest_day: int | None
