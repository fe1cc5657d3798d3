"""An opened case, line by line, with everything that is wrong about a line said beside it."""

from dataclasses import dataclass
from typing import NamedTuple

from onion_app.crypto.casekeys import audit_mark
from onion_app.crypto.payloads import Consent, LastOpened, Payload, Text, unpack
from onion_app.crypto.sealing import open_seal
from onion_app.desk.case_keys import (
    CaseKeys,
    OpenedCase,
    key_to_answer,
    mark_of_all,
    note_met_and_read,
    open_case_messages,
)
from onion_app.desk.context import Databases
from onion_app.desk.opened_message import OpenedMessage
from onion_app.desk.permissions import Member, circle_of, handle_of
from onion_app.errors import NewMessage, NoReturn, Refused, SealBroken
from onion_app.vault.desk import audit, taken
from onion_app.vault.desk.entries import Entry, entries_of
from onion_app.vault.mailbox import case_keys, lifetime, records
from onion_app.vault.shown.routing import reply_marks


class CaseNote(NamedTuple):
    """A note of the circle; its text is None when it does not open."""

    handle: str
    day: int
    text: str | None


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything on the page of a case, the newest line first; its cover, before it opens, has no word of them."""

    case: records.Case
    lines: list[OpenedMessage]
    consent: Consent | None
    last_opened: int | None
    notes: list[CaseNote]
    mine: bool
    taken_by: str
    seen: int  # the newest number shown
    missing: int  # replies that were written here and are gone
    was_changed: bool  # what somebody had read stands there no more
    mark: bytes  # of everything that stands there now
    no_answer: Refused | None  # why nothing can be sent to its author

    @property
    def comes_back(self) -> bool:
        """Whether its author has a code, and an open door."""
        return not isinstance(self.no_answer, NoReturn)

    def written_by(self, author: str) -> int:
        """Count the messages of one side."""
        # A consent is a message too, but nothing to be read; what does not open counts, since nobody knows what it is.
        return sum(line.message.author == author and not line.consent for line in self.lines)

    @property
    def answer_in(self) -> str:
        """The language of the answer: the one that was chosen, else that of the page on which the author wrote."""
        if self.case.answer_in != "any":
            return self.case.answer_in
        theirs = [line.payload for line in self.lines if line.message.author == "visitor"]
        return next((each.language for each in reversed(theirs) if isinstance(each, Text)), "") or "any"

    @property
    def fold(self) -> int:
        """How many lines stand above the box for the answer: down to the newest one that says something."""
        return next((place for place, line in enumerate(self.lines, 1) if line.text), len(self.lines))


def mark_opened(dbs: Databases, member: Member, case_id: bytes) -> None:
    """Note in the audit that the member opens a case, count it as read, and note what was met and read in it.

    Raises:
        CircleKeyChanged: the circle's present key does not open; nothing was noted.
        NothingHere, NotAllowed, KeysChanged: as for `case_of`.
    """
    with dbs.mailbox.writing():
        opened = open_case_messages(dbs, member, case_id)
        note_in_audit(dbs, member, opened.case, "opened a case")
        note_met_and_read(dbs, opened)
        lifetime.mark_read(dbs.mailbox, case_id)


def confirm_changed(dbs: Databases, member: Member, case_id: bytes, shown: bytes) -> None:
    """Let what stands in a case count again, after a member has looked at what was changed in it: what has this mark.

    Raises:
        NewMessage: something else stands there by now.
        NothingHere, NotAllowed, KeysChanged: as for `case_of`.
    """
    with dbs.mailbox.writing():
        opened = open_case_messages(dbs, member, case_id)
        if mark_of_all(opened) != shown:
            raise NewMessage
        note_in_audit(dbs, member, opened.case, "confirmed what was changed in a case")
        note_met_and_read(dbs, opened, confirmed=True)


def open_case(dbs: Databases, member: Member, case_id: bytes) -> CaseView:
    """Open every message of a case that the member's keys open, and check the rest of what can be checked.

    Raises:
        NothingHere, NotAllowed, KeysChanged: as for `case_of`.
    """
    opened = open_case_messages(dbs, member, case_id)
    lines = [each for each in reversed(opened.messages) if each.message.number]
    visits = [each.payload for each in opened.messages if each.message.author == "site"]
    stored = {each.message.id for each in opened.messages}
    taker = taken.taken_by(dbs.desk, [case_id]).get(case_id)
    return CaseView(
        case=opened.case,
        lines=lines,
        consent=opened.consent,
        last_opened=next((visit.day for visit in visits if isinstance(visit, LastOpened)), None),
        notes=_notes(dbs, opened.keys),
        mine=taker == member.id,
        taken_by=handle_of(dbs, taker) if taker is not None else "",
        seen=max((each.message.number for each in opened.messages), default=0),
        missing=len(reply_marks(dbs.shown, case_id).keys() - stored),
        was_changed=opened.was_changed,
        mark=mark_of_all(opened),
        no_answer=why_no_answer(dbs, opened),
    )


def why_no_answer(dbs: Databases, opened: OpenedCase) -> Refused | None:
    """Say why nothing can be sent to the author of a case; None: something can."""
    try:
        key_to_answer(dbs, opened)
    except Refused as refused:
        return refused
    return None


def note_in_audit(dbs: Databases, member: Member, case: records.Case, what: str) -> None:
    """Write an audit line that names the case to its readers only.

    Raises:
        CircleKeyChanged: the circle's present key does not open for this member.
    """
    first = case_keys.key_row(dbs.mailbox, case.id).codes[0]
    mark = audit_mark(circle_of(member, case.circle_id).pair.private, case.id, first)
    audit.add_to_audit(dbs.desk, member.id, what, dbs.today, case.circle_id, mark)


def _notes(dbs: Databases, keys: CaseKeys) -> list[CaseNote]:
    """List the notes of the circle that has the case; those of another circle stay with it, and so do its handles."""
    own = [
        each for each in entries_of(dbs.desk, keys.row.id) if (each.kind, each.circle_id) == ("note", keys.circle.id)
    ]
    return [CaseNote(handle_of(dbs, entry.author), entry.day, note_text(entry, keys)) for entry in own]


def note_text(entry: Entry, keys: CaseKeys) -> str | None:
    """Open a note; None when it does not open."""
    payload = open_entry(entry, keys)
    return payload.text if isinstance(payload, Text) else None


def open_entry(entry: Entry, keys: CaseKeys) -> Payload | None:
    """Open an entry; None when it does not open."""
    key = keys.entry_key(entry.circle_id, entry.generation)
    try:
        return None if key is None else unpack(open_seal(key, entry.sealed, entry.place))
    except SealBroken:
        return None
