"""The acts of an author on their case: coming back to it, writing, another code, taking everything back.

Seals and tables meet here: sealed payloads go to the vault, and those that come from it are opened, with the author's
own keys only. Each act is one transaction of the mailbox, in which `shown.db` is read as well, and puts the author's
own values into the row whatever stood there. Nothing is remembered between two calls.
# P04: a text is sealed before it reaches the vault.
"""

from contextlib import suppress
from dataclasses import replace
from typing import Final

from onion_app.crypto.casekeys import (
    CODES,
    case_proof,
    form_id,
    mark_of,
    open_stop,
    seal_box,
    seal_stop,
    story_proof,
)
from onion_app.crypto.codes import CodeKeys
from onion_app.crypto.keys import new_id, new_key
from onion_app.crypto.payloads import Consent, LastOpened, Text, Verdict
from onion_app.errors import DiskFull, NothingHere, Paused, SealBroken, TooManyCodes
from onion_app.site.author_keys import (
    CaseAccess,
    code_keys,
    key_to_write_under,
    open_messages,
    opened_by,
    row_of,
    sealed_message,
)
from onion_app.site.author_view import read_case
from onion_app.vault.database import Database
from onion_app.vault.mailbox import case_keys, lifetime, messages, withdrawals
from onion_app.vault.mailbox.records import CodeRow
from onion_app.vault.shown import routing

# Messages that may wait in one case for its circle's next one. Fifty of the longest texts are a book of some 300 pages:
# far more than somebody frightened writes between two answers, and one code fills some 3 MiB. Consents and verdicts
# may go ten further, so that nobody has written too much to decide.
MOST_WAITING: Final = 50
MOST_DECIDED: Final = MOST_WAITING + 10
_PUBLISH: Final = ("no", "ask", "yes")


def open_case(mailbox: Database, shown: Database, code: str, day: int) -> tuple[CaseAccess, int | None]:
    """Find the case of a code and note that it was opened; give it with the day of the opening before this one.

    Raises:
        NothingHere: there is nothing under this code, for any reason.
    """
    keys = code_keys(shown, code)
    access = opened_by(keys, case_keys.case_of_tag(mailbox, keys.tag))
    row_of(mailbox, shown, access)
    before = _last_opened(mailbox, shown, access)
    with suppress(DiskFull), mailbox.writing():  # who cannot be noted may still read
        row = row_of(mailbox, shown, access)
        stop = row.stop if _root_in_stop(keys, row) == access.root else seal_stop(keys.stop, row.id, access.root)
        case_keys.write_key_row(mailbox, access.key_row(row.box, stop))
        _note_opening(mailbox, shown, access, day)
    return access, before


def write_back(mailbox: Database, shown: Database, access: CaseAccess, text: Text, seed: bytes) -> None:
    """Add a text to a case; the same text with the same seed (drawn for each form) is stored once.

    Raises:
        NothingHere: the case is gone, or this visit's code is no longer its code.
        Paused: nobody is in its circle, or there is no room.
        Overloaded: no turn to write.
        AwaitsAnswer: so much waits that no more is taken.
    """
    add_payload(mailbox, shown, access, text, form_id(seed, "text", text.text.encode()), most=MOST_WAITING)


def save_consent(mailbox: Database, shown: Database, access: CaseAccess, consent: Consent) -> None:
    """Add the author's consent from now on, unless it is the one that holds already.

    Who allows less is never refused for want of an answer or of room: nobody can take back more often than they gave.

    Raises:
        NothingHere, Paused, Overloaded, AwaitsAnswer: as for `write_back`.
    """
    case = read_case(mailbox, shown, access)
    now, consent = case.consent, replace(consent, mark=access.story_mark.hex())
    if case.kind == "testimony" and not (now and replace(now, day=consent.day) == consent):
        most = None if now and _allows_no_more(consent, now) else MOST_DECIDED
        add_payload(mailbox, shown, access, consent, new_id(), most=most)


def give_verdict(mailbox: Database, shown: Database, access: CaseAccess, verdict: Verdict, seed: bytes) -> None:
    """Add the author's verdict on a final text; the last one counts, and the same one from one form is stored once.

    Raises:
        NothingHere, Paused, Overloaded, AwaitsAnswer: as for `write_back`; a yes can always be taken back.
    """
    before = read_case(mailbox, shown, access).verdict
    most: int | None = MOST_WAITING if verdict.text else MOST_DECIDED
    if before and before.decision == "yes" and verdict.decision == "no" and not verdict.text:
        most = None
    message_id = form_id(seed, "verdict", f"{verdict.decision} {verdict.text}".encode())
    add_payload(mailbox, shown, access, verdict, message_id, most=most)


def add_payload(
    mailbox: Database,
    shown: Database,
    access: CaseAccess,
    payload: Text | Consent | Verdict,
    message_id: bytes,
    *,
    most: int | None = MOST_DECIDED,
) -> None:
    """Seal a payload of the author's and add it to the case, unless `most` wait; the same id is stored once.

    Raises:
        NothingHere, Paused, Overloaded, AwaitsAnswer: as for `write_back`.
        KeysChanged: somebody put this id into another case.
    """
    with mailbox.writing():
        append_payload(mailbox, shown, access, payload, message_id, most=most)


def append_payload(
    mailbox: Database,
    shown: Database,
    access: CaseAccess,
    payload: Text | Consent | Verdict,
    message_id: bytes,
    *,
    most: int | None,
) -> None:
    """Do what `add_payload` does, inside the caller's `writing()`."""
    row = row_of(mailbox, shown, access)
    if messages.is_stored(mailbox, row.id, message_id):
        return
    if most is not None:
        routing.expect_room_to_add(mailbox)
        messages.expect_few_waiting(mailbox, row.id, most)
    case_keys.write_key_row(mailbox, access.key_row(row.box, row.stop))
    under, number = key_to_write_under(shown, access), messages.next_number(mailbox, row.id)
    messages.insert_message(mailbox, sealed_message(under, row.id, message_id, number, "visitor", payload))
    messages.note_visitor_wrote(mailbox, row.id, payload.day)


def change_code(mailbox: Database, shown: Database, access: CaseAccess, code: str, day: int) -> CaseAccess:
    """Let another code open the case, and the old one nothing from now on; sent twice it is done once.

    # P05: what comes later is sealed under a key that the old code never opened.

    Raises:
        NothingHere: the case is gone, or its code was replaced meanwhile.
        TooManyCodes: the case has had sixteen.
        Overloaded: no turn to write.
    """
    keys = code_keys(shown, code)
    with mailbox.writing():
        with suppress(NothingHere):
            return opened_by(keys, case_keys.case_of_tag(mailbox, keys.tag))
        row_of(mailbox, shown, access)
        if len(access.privates) >= CODES:
            raise TooManyCodes
        new = replace(access, tag=keys.tag, privates=(*access.privates, new_key()))
        box = seal_box(keys.box, new.case_id, new.home, new.privates)
        stop = seal_stop(keys.stop, new.case_id, new.root)
        case_keys.write_key_row(mailbox, new.key_row(box, stop))
        _note_opening(mailbox, shown, new, day)
    return new


def take_story_back(mailbox: Database, shown: Database, access: CaseAccess, day: int) -> None:
    """Take the published story back for ever, and allow no other; the messages stay.

    Raises:
        NothingHere, Overloaded: as for `write_back`; waiting messages, an empty circle or a lack of room stop nobody.
    """
    consent = read_case(mailbox, shown, access).consent
    with mailbox.writing():
        row_of(mailbox, shown, access)
        withdrawals.add_proofs(mailbox, [story_proof(access.root)])
    lifetime.set_state(mailbox, access.case_id, "reading")
    if consent is not None:
        with suppress(Paused):
            save_consent(mailbox, shown, access, replace(consent, publish="no", day=day))


def erase(mailbox: Database, shown: Database, access: CaseAccess) -> None:
    """Destroy a case and the story that was made of it.

    Raises:
        NothingHere: it is gone already, or this visit's code is no longer its code.
    """
    row_of(mailbox, shown, access)
    _erase(mailbox, access.case_id, access.root)


def erase_without_opening(mailbox: Database, shown: Database, code: str) -> None:
    """Destroy the case of a code, also where its door was closed; nothing of it is shown to anybody.

    Raises:
        NothingHere: there is nothing under this code, for any reason.
    """
    keys = code_keys(shown, code)
    row = case_keys.case_of_tag(mailbox, keys.tag)
    if routing.door_of(shown, row.id) == "gone":
        raise NothingHere
    root = _root_in_stop(keys, row)
    if root is None:
        with suppress(NothingHere):
            root = opened_by(keys, row).root
    _erase(mailbox, row.id, root)


def _erase(mailbox: Database, case_id: bytes, root: bytes | None) -> None:
    """P07: the story goes with its case; where somebody has damaged what gives the proofs, the rows go all the same."""
    lifetime.erase_case(mailbox, case_id, [case_proof(root), story_proof(root)] if root else [])


def _root_in_stop(keys: CodeKeys, row: CodeRow) -> bytes | None:
    with suppress(SealBroken):
        root = open_stop(keys.stop, row.id, row.stop or b"")
        return root if mark_of(case_proof(root)) == row.mark else None
    return None


def _allows_no_more(consent: Consent, now: Consent) -> bool:
    allowed = _PUBLISH.index(consent.publish) <= _PUBLISH.index(now.publish)
    return allowed and consent.count <= now.count and consent.quote <= now.quote


def _last_opened(mailbox: Database, shown: Database, access: CaseAccess) -> int | None:
    message, payload = next(open_messages(mailbox, shown, access), (None, None))
    return payload.day if message and not message.number and isinstance(payload, LastOpened) else None


def _note_opening(mailbox: Database, shown: Database, access: CaseAccess, day: int) -> None:
    """Put the day into message 0, by which the desk sees that somebody came with all the codes there are."""
    with suppress(Paused):
        under = key_to_write_under(shown, access)
        messages.insert_message(mailbox, sealed_message(under, access.case_id, new_id(), 0, "site", LastOpened(day)))
