"""The acts of a member on a case: taking it and giving it back, answering, keeping notes, closing.

Nothing is sent by whoever has not taken the case, nor past a message of its author that was not on the page. A text is
sealed before it is stored, and each reply is recorded at the desk, so that a forged one stands out.
"""

from contextlib import suppress
from typing import Final

from onion_app.choices import EntryKind
from onion_app.crypto.keys import new_id
from onion_app.crypto.payloads import Payload, Text, pack
from onion_app.crypto.sealing import Place, seal
from onion_app.desk.case_keys import KEYS_GONE, begun, keys_by_epoch, keys_in, to_write_in
from onion_app.desk.case_view import note_in_audit, note_text, open_payload
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member, case_of
from onion_app.errors import EpochPassed, NewMessage, Refused
from onion_app.vault.desk import entries, taken
from onion_app.vault.mailbox import lifetime, messages, records

_TRIES: Final = 3  # somebody may begin a new key of the case at the same moment; hardly three times


def take_case(dbs: Databases, member: Member, case_id: bytes) -> None:
    """Take a case: from now on nobody else can answer it.

    Raises:
        Refused: somebody else has.
        NothingHere, NotAllowed: it is no case of theirs.
    """
    case = case_of(dbs, member, case_id)
    taken.take_case(dbs.desk, case.id, member.id, dbs.today)
    note_in_audit(dbs, member, case, "took a case")


def give_case_back(dbs: Databases, member: Member, case_id: bytes) -> None:
    """Let the others of the circle take a case.

    Raises:
        Refused: they have not taken it.
        NothingHere, NotAllowed: it is no case of theirs.
    """
    case = taken_case(dbs, member, case_id)
    taken.give_case_back(dbs.desk, case.id, member.id)
    note_in_audit(dbs, member, case, "gave a case back")


def close_case(dbs: Databases, member: Member, case_id: bytes) -> None:
    """Close a case and give it back; a new message of its author opens it again.

    Raises:
        NewMessage: the author has written and nobody has read it.
        Refused: they have not taken it.
        NothingHere, NotAllowed: it is no case of theirs.
    """
    case = taken_case(dbs, member, case_id)
    if case.unread:
        raise NewMessage
    if case.state not in ("ready", "published"):  # its author goes on seeing where the story is
        lifetime.set_state(dbs.mailbox, case.id, "closed")
    taken.give_case_back(dbs.desk, case.id, member.id)
    note_in_audit(dbs, member, case, "closed a case")


def send_reply(dbs: Databases, member: Member, case_id: bytes, message_id: bytes, text: str, seen: int) -> None:
    """Send a reply to a case that one has taken; the same form sent twice is one reply.

    Raises:
        NewMessage: the author has written after message number `seen`.
        Refused: they have not taken it, or its author could not open the reply; nothing was sent.
        NothingHere, NotAllowed: it is no case of theirs.
        EpochPassed, Overloaded, DiskFull: it may be tried again; nothing was sent.
    """
    case = taken_case(dbs, member, case_id)
    stored = {message.id: message for message in messages.messages_of(dbs.mailbox, case.id)}
    if message_id in stored:
        payload, _trouble = open_payload(stored[message_id], keys_by_epoch(dbs, member, case))
        if isinstance(payload, Text) and payload.text == text:
            return
        message_id = new_id()  # changed after it was sent: another reply
    if any(message.author == "visitor" and message.number > seen for message in stored.values()):
        raise NewMessage
    send_payload(dbs, member, case, message_id, Text(text, dbs.today, sender=member.handle), seen)
    taken.take_case(dbs.desk, case.id, member.id, dbs.today)  # touched: three days from now it would go back
    note_in_audit(dbs, member, case, "answered a case")


def send_payload(
    dbs: Databases, member: Member, case: records.Case, message_id: bytes, payload: Payload, seen: int
) -> None:
    """Seal a payload of the circle's and store it in a case, whose messages up to number `seen` were read.

    Raises:
        EpochPassed, Overloaded, DiskFull: it may be tried again; nothing was sent.
        Refused: its author could not open it; nothing was sent.
    """
    for _ in range(_TRIES):
        with suppress(EpochPassed):
            _append(dbs, member, case, message_id, pack(payload), seen)
            return
    raise EpochPassed


def _append(dbs: Databases, member: Member, case: records.Case, message_id: bytes, packed: bytes, seen: int) -> None:
    """Seal a payload under the newest key of the case, or a new one, and store it."""
    chosen = to_write_in(dbs, member, case)
    epoch = chosen.epoch
    written = False  # and nothing is, where the same message was stored at the same moment

    def sealed_at(number: int) -> bytes:
        nonlocal written
        written = True
        sealed = seal(epoch.key, packed, Place(case.id, epoch.number, message_id, number, "circle"))
        # Before the mailbox has it: a power cut in between leaves an answer that is missing, none that looks forged.
        entries.record_reply(dbs.desk, message_id, case.id, sealed)
        return sealed

    messages.append_message(
        dbs.mailbox,
        case.id,
        message_id,
        author="circle",
        epoch=epoch.number,
        expected_wraps=chosen.held,
        new_wraps=chosen.new_wraps,
        seal=sealed_at,
        day=dbs.today,
        seen=seen,
    )
    if written:
        begun(dbs, chosen)


def write_note(dbs: Databases, member: Member, case_id: bytes, entry_id: bytes, text: str) -> None:
    """Keep a note for the circle, sealed under the key of the case.

    Raises:
        NothingHere, NotAllowed: it is no case of theirs.
        Refused: no key of the case opens for the circle.
    """
    case = case_of(dbs, member, case_id)
    earlier = {entry.id: entry for entry in entries.entries_of(dbs.desk, case.id)}
    if entry_id in earlier:
        if note_text(earlier[entry_id], keys_by_epoch(dbs, member, case)) == text:
            return
        entry_id = new_id()
    keep_entry(dbs, member, case, entry_id, "note", Text(text, dbs.today, sender=member.handle))
    note_in_audit(dbs, member, case, "wrote a note")


def keep_entry(
    dbs: Databases,
    member: Member,
    case: records.Case,
    entry_id: bytes,
    kind: EntryKind,
    payload: Payload,
) -> None:
    """Seal a payload that the circle keeps for itself under the newest key of the case, and store it at the desk.

    Raises:
        Refused: no key of the case opens for the circle.
    """
    keys, packed = keys_in(dbs, member, case), pack(payload)
    if not keys.epochs:
        raise Refused(KEYS_GONE)
    epoch = keys.epochs[-1]

    def sealed_at(number: int) -> bytes:
        return seal(epoch.key, packed, Place(case.id, epoch.number, entry_id, number, kind))

    entries.add_entry(
        dbs.desk,
        entry_id,
        case.id,
        kind=kind,
        author=member.id,
        day=dbs.today,
        epoch=epoch.number,
        language=None,
        seal=sealed_at,
    )


def taken_case(dbs: Databases, member: Member, case_id: bytes) -> records.Case:
    """Give a case that the member has taken.

    Raises:
        Refused: nobody has, or somebody else.
        NothingHere, NotAllowed: it is no case of theirs.
    """
    case = case_of(dbs, member, case_id)
    taker = taken.taken_by(dbs.desk, [case.id]).get(case.id)
    if taker is None:
        raise Refused("Take this case first: only who has taken it can do this.")
    if taker != member.id:
        raise Refused(taken.TAKEN_BY_ANOTHER)
    return case
