"""An opened case, line by line, with everything that is wrong about a line said beside it."""

from dataclasses import dataclass
from typing import NamedTuple

from onion_app.crypto.members import audit_mark
from onion_app.crypto.payloads import (
    Approval,
    Consent,
    Draft,
    FinalText,
    LastOpened,
    Payload,
    StoryLink,
    Text,
    Verdict,
    unpack,
)
from onion_app.crypto.sealing import Place, open_seal
from onion_app.desk.case_keys import keys_by_epoch, keys_in, remember
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member, case_of, handle_of
from onion_app.errors import SealBroken
from onion_app.vault.desk import audit, taken
from onion_app.vault.desk.entries import Entry, entries_of, replies_of, reply_mark
from onion_app.vault.mailbox import lifetime, records
from onion_app.vault.mailbox.messages import messages_of


class Cover(NamedTuple):
    """The facts about a case that are shown before it opens."""

    case: records.Case
    from_author: int
    answers: int
    taken_by: str


@dataclass(frozen=True, slots=True)
class MessageLine:
    """One message as the desk shows it; `trouble` is '', 'broken' or 'closed', and then there is no payload."""

    id: bytes
    number: int
    author: str
    forged: bool
    trouble: str
    payload: Payload | None
    gap: int  # how many numbers are missing between this message and the next older one

    @property
    def text(self) -> str:
        """The words in it."""
        return self.payload.text if isinstance(self.payload, Text | FinalText | Verdict) else ""

    @property
    def sender(self) -> str:
        """The handle of who wrote it; empty for the author of the case."""
        return self.payload.sender if isinstance(self.payload, Text) else ""

    @property
    def day(self) -> int | None:
        """The day it was written."""
        day: int | None = getattr(self.payload, "day", None)
        return day

    @property
    def consent(self) -> bool:
        """Whether it changes what the author allows."""
        return isinstance(self.payload, Consent)

    @property
    def final_text(self) -> FinalText | None:
        """The final text that it asks the author about."""
        return self.payload if isinstance(self.payload, FinalText) else None

    @property
    def verdict(self) -> Verdict | None:
        """The author's answer to a final text."""
        return self.payload if isinstance(self.payload, Verdict) else None

    @property
    def story_link(self) -> bool:
        """Whether it says that a story was made of the case."""
        return isinstance(self.payload, StoryLink)


class CaseNote(NamedTuple):
    """A note of the circle; its text is None when it does not open."""

    handle: str
    day: int
    text: str | None


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything on the page of a case, the newest line first."""

    case: records.Case
    lines: list[MessageLine]
    consent: Consent | None
    last_opened: int | None
    notes: list[CaseNote]
    mine: bool
    taken_by: str
    seen: int  # the newest number shown
    missing: int  # replies that were written here and are gone

    @property
    def fold(self) -> int:
        """How many lines stand above the box for the answer: down to the newest one that says something."""
        return next((place for place, line in enumerate(self.lines, 1) if line.text), len(self.lines))


def case_cover(dbs: Databases, member: Member, case_id: bytes) -> Cover:
    """Count the messages of a case, without a word of them.

    Raises:
        NothingHere, NotAllowed: it is no case of theirs.
    """
    case = case_of(dbs, member, case_id)
    keys = keys_by_epoch(dbs, member, case)
    # A consent is a message too, but nothing to be read; what does not open counts, since nobody knows what it is.
    authors = [line.author for line in _lines(messages_of(dbs.mailbox, case.id), keys, {}) if not line.consent]
    return Cover(case, authors.count("visitor"), authors.count("circle"), _taker(dbs, case_id)[1])


def mark_opened(dbs: Databases, member: Member, case_id: bytes) -> None:
    """Note in the audit that the member opens a case, and count it as read.

    Raises:
        NothingHere, NotAllowed: it is no case of theirs.
    """
    case = case_of(dbs, member, case_id)
    note_in_audit(dbs, member, case, "opened a case")
    lifetime.mark_read(dbs.mailbox, case.id)


def open_case(dbs: Databases, member: Member, case_id: bytes) -> CaseView:
    """Open every message of a case that the member's keys open, and check the rest of what can be checked.

    Raises:
        NothingHere, NotAllowed: it is no case of theirs.
    """
    case = case_of(dbs, member, case_id)
    keys = keys_by_epoch(dbs, member, case)
    messages = messages_of(dbs.mailbox, case.id)
    ours = replies_of(dbs.desk, case.id)
    lines = _lines(messages, keys, ours)
    consents = [line.payload for line in lines if isinstance(line.payload, Consent) and line.author == "visitor"]
    taker, handle = _taker(dbs, case.id)
    return CaseView(
        case=case,
        lines=lines[::-1],
        consent=consents[-1] if consents else None,
        last_opened=_last_opened(messages, keys),
        notes=_notes(dbs, case.id, keys),
        mine=taker == member.id,
        taken_by=handle,
        seen=max((message.number for message in messages), default=0),
        missing=len(ours.keys() - {message.id for message in messages}),
    )


def note_in_audit(dbs: Databases, member: Member, case: records.Case, what: str) -> None:
    """Write an audit line that names the case to its readers only, and note the keys that they have met."""
    keys = keys_in(dbs, member, case)
    remember(dbs, case.id, keys.epochs, keys.sealed_to)
    mark = audit_mark(keys.epochs[-1].key) if keys.epochs else None
    audit.add_to_audit(dbs.desk, member.id, what, dbs.today, case.circle_id, mark)


def _lines(messages: list[records.Message], keys: dict[int, bytes], ours: dict[bytes, bytes]) -> list[MessageLine]:
    """Open the messages from the oldest on; number 0 is no message but the day of the author's last visit."""
    lines = []
    before = 0
    for message in (message for message in messages if message.number > 0):
        payload, trouble = open_payload(message, keys)
        forged = message.author == "circle" and ours.get(message.id) != reply_mark(message.sealed)
        gap = message.number - before - 1
        lines.append(MessageLine(message.id, message.number, message.author, forged, trouble, payload, gap))
        before = message.number
    return lines


def open_payload(message: records.Message, keys: dict[int, bytes]) -> tuple[Payload | None, str]:
    """Open a message with the keys of its case, or give None and why it does not open: 'closed' or 'broken'."""
    if message.epoch not in keys:
        return None, "closed"
    place = Place(message.case_id, message.epoch, message.id, message.number, message.author)
    payload = _unsealed(keys, message.sealed, place)
    # Only the author of a case can consent or judge, only we propose, and only number 0 says when they were here.
    misplaced = (
        (isinstance(payload, Consent | Verdict) and message.author != "visitor")
        or (isinstance(payload, FinalText | StoryLink) and message.author != "circle")
        or isinstance(payload, Draft | Approval)
        or isinstance(payload, LastOpened) != (message.number == 0)
    )
    return (None, "broken") if payload is None or misplaced else (payload, "")


def _unsealed(keys: dict[int, bytes], sealed: bytes, place: Place) -> Payload | None:
    """Open a seal with the key of its epoch; None when that is not there, or the seal is broken."""
    key = keys.get(place.epoch)
    try:
        return unpack(open_seal(key, sealed, place)) if key is not None else None
    except SealBroken:
        return None


def _last_opened(messages: list[records.Message], keys: dict[int, bytes]) -> int | None:
    for message in messages:
        if message.number == 0 and message.author == "site":
            payload, _ = open_payload(message, keys)
            return payload.day if isinstance(payload, LastOpened) else None
    return None


def _notes(dbs: Databases, case_id: bytes, keys: dict[int, bytes]) -> list[CaseNote]:
    entries = [entry for entry in entries_of(dbs.desk, case_id) if entry.kind == "note"]
    return [CaseNote(handle_of(dbs, entry.author), entry.day, note_text(entry, keys)) for entry in entries]


def note_text(entry: Entry, keys: dict[int, bytes]) -> str | None:
    """Open a note; None when it does not open."""
    payload = open_entry(entry, keys)
    return payload.text if isinstance(payload, Text) else None


def open_entry(entry: Entry, keys: dict[int, bytes]) -> Payload | None:
    """Open a note, a draft or an approval; None when it does not open."""
    return _unsealed(keys, entry.sealed, Place(entry.case_id, entry.epoch, entry.id, entry.number, entry.kind))


def _taker(dbs: Databases, case_id: bytes) -> tuple[bytes | None, str]:
    taker = taken.taken_by(dbs.desk, [case_id]).get(case_id)
    return (taker, handle_of(dbs, taker)) if taker is not None else (None, "")
