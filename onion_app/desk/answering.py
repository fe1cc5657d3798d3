"""What a member writes into a case: answers to its author, and notes for the circle.

Nothing is sent by whoever has not taken the case, nor past a message of its author that was not on the page. A text is
sealed before it is stored, under a key that only its author's newest code and the circle's newest key give.
"""

from dataclasses import replace
from typing import NamedTuple

from onion_app.choices import EntryKind
from onion_app.crypto.casekeys import note_key
from onion_app.crypto.keys import new_id
from onion_app.crypto.payloads import Payload, Text, pack
from onion_app.crypto.sealing import seal
from onion_app.desk.case_keys import CaseKeys, OpenedCase, key_to_answer, note_met_and_read, open_case_messages
from onion_app.desk.case_view import note_in_audit, note_text
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member, case_of, expect_present_key
from onion_app.desk.queues import taken_case
from onion_app.errors import NewMessage, NotReady
from onion_app.vault.desk import entries, promised, taken
from onion_app.vault.mailbox import lifetime, messages, records
from onion_app.vault.shown.writing import put_reply


class Reply(NamedTuple):
    """What a member answers, and the day by which they write again, if they say so."""

    text: str
    again_by: int | None = None


def send_reply(dbs: Databases, member: Member, case_id: bytes, message_id: bytes, reply: Reply, seen: int) -> None:
    """Send a reply to a case that one has taken; the same form sent twice is one reply.

    A day by which its author is written to again stands in it, and at the desk until it is met: by another reply.

    Raises:
        NewMessage: the author has written after message number `seen`.
        Refused: they have not taken it, or its author could not open the reply; nothing was sent.
        NothingHere, NotAllowed: it is no case of theirs.
        Overloaded, DiskTrouble: it may be tried again; nothing was sent.
    """
    taken_case(dbs, member, case_id)
    with dbs.mailbox.writing():
        opened = open_case_messages(dbs, member, case_id)
        if _was_sent(opened, message_id, reply):
            return
        if _wrote_after(opened, seen):
            raise NewMessage
        if messages.is_stored_anywhere(dbs.mailbox, message_id):
            message_id = new_id()  # changed after it was sent, or the id of another case: another reply
        text = Text(reply.text, dbs.today, sender=member.handle, again_by=reply.again_by)
        case = _store(dbs, opened, message_id, text, seen)
    if reply.again_by is None:  # after the mailbox has it: a power cut in between leaves a promise, and loses none
        _forget_promise(dbs, case_id)
    taken.take_case(dbs.desk, case.id, member.id, dbs.today)  # touched: three days from now it would go back
    note_in_audit(dbs, member, case, "answered a case")


def send_payload(
    dbs: Databases, member: Member, case_id: bytes, message_id: bytes, payload: Payload, seen: int
) -> records.Case:
    """Seal a payload of the circle's and store it in a case, whose messages up to number `seen` were read.

    Raises:
        Refused: its author could not open it; nothing was sent.
        NothingHere, NotAllowed: it is no case of theirs.
        Overloaded, DiskTrouble: it may be tried again; nothing was sent.
    """
    with dbs.mailbox.writing():
        return _store(dbs, open_case_messages(dbs, member, case_id), message_id, payload, seen)


def sealed_for_author(dbs: Databases, opened: OpenedCase, message_id: bytes, payload: Payload) -> records.Message:
    """Seal a payload of the circle's for the author of a case, under its next number, inside the mailbox's `writing()`.

    Raises:
        Refused: its author could not open it.
    """
    name, key = key_to_answer(dbs, opened)
    number = messages.next_number(dbs.mailbox, opened.case.id)
    message = records.Message(opened.case.id, number, message_id, "circle", *name, b"")
    return replace(message, sealed=seal(key, pack(payload), message.place))


def _store(dbs: Databases, opened: OpenedCase, message_id: bytes, payload: Payload, seen: int) -> records.Case:
    case_id, message = opened.case.id, sealed_for_author(dbs, opened, message_id, payload)
    note_met_and_read(dbs, opened)
    again_by = payload.again_by if isinstance(payload, Text) else None
    if again_by is not None:
        with dbs.desk.writing():
            promised.put_promise(dbs.desk, promised.Promise(case_id, dbs.today, again_by))
    # Before the mailbox has it: a power cut in between leaves an answer that is missing, none that looks forged.
    with dbs.shown.writing():
        put_reply(dbs.shown, case_id, message_id, message.sealed)
    messages.insert_message(dbs.mailbox, message)
    unread, answers = _wrote_after(opened, seen), again_by is None
    messages.note_circle_wrote(dbs.mailbox, case_id, dbs.today, unread=unread, answers=answers)
    return opened.case


def call_answered(dbs: Databases, member: Member, case_id: bytes) -> None:
    """Say of a case that one has taken that its last answer is the whole one: nothing more is promised.

    Raises:
        NotReady: nothing is.
        NewMessage: the author has written and nobody has read it.
        Refused, NothingHere, NotAllowed: as for `taken_case`.
    """
    with dbs.mailbox.writing():
        if taken_case(dbs, member, case_id).unread:
            raise NewMessage
        if promised.promised_day(dbs.desk, case_id) is None:
            raise NotReady
        lifetime.call_answered(dbs.mailbox, case_id)
        _forget_promise(dbs, case_id)


def _forget_promise(dbs: Databases, case_id: bytes) -> None:
    with dbs.desk.writing():
        promised.forget_promise(dbs.desk, case_id)


def _was_sent(opened: OpenedCase, message_id: bytes, reply: Reply) -> bool:
    ours = [each.payload for each in opened.messages if each.message.id == message_id and not each.forged]
    return any(isinstance(each, Text) and (each.text, each.again_by) == reply for each in ours)


def _wrote_after(opened: OpenedCase, seen: int) -> bool:
    return any(each.message.author == "visitor" and each.message.number > seen for each in opened.messages)


def write_note(dbs: Databases, member: Member, case_id: bytes, entry_id: bytes, text: str) -> None:
    """Keep a note for the circle, sealed under a key of its own for the case.

    Raises:
        NothingHere, NotAllowed, KeysChanged: as for `case_of`.
        CircleKeyChanged: the circle has another key by now, or its present key does not open.
    """
    case = case_of(dbs, member, case_id)
    earlier = {entry.id: entry for entry in entries.entries_of(dbs.desk, case.id)}
    if entry_id in earlier:
        if note_text(earlier[entry_id], CaseKeys(dbs, member, case)) == text:
            return
        entry_id = new_id()
    keep_entry(dbs, member, case_id, entry_id, "note", Text(text, dbs.today, sender=member.handle))
    note_in_audit(dbs, member, case, "wrote a note")


def keep_entry(
    dbs: Databases, member: Member, case_id: bytes, entry_id: bytes, kind: EntryKind, payload: Payload
) -> None:
    """Seal a payload that the circle keeps for itself, and store it at the desk.

    The mailbox is locked meanwhile: an entry of a case that was just erased would be there after its chores.

    Raises:
        NothingHere, NotAllowed, KeysChanged: as for `case_of`.
        CircleKeyChanged: the circle has another key by now, or its present key does not open.
    """
    with dbs.mailbox.writing():
        add_entry(dbs, member, CaseKeys(dbs, member, case_of(dbs, member, case_id)), entry_id, kind, payload)


def add_entry(
    dbs: Databases, member: Member, keys: CaseKeys, entry_id: bytes, kind: EntryKind, payload: Payload
) -> None:
    """Do the same with the keys of a case, inside the mailbox's `writing()`.

    Raises:
        CircleKeyChanged: as for `keep_entry`.
    """
    circle, packed = keys.circle, pack(payload)
    expect_present_key(dbs, circle)
    key = note_key(circle.pair.private, keys.row.id, keys.row.codes[0])
    of_circle = (circle.id, circle.generation, member.id, dbs.today)
    entry = entries.Entry(entry_id, keys.row.id, kind, 0, None, *of_circle, sealed=b"")
    entries.add_entry(dbs.desk, entry, lambda place: seal(key, packed, place))
