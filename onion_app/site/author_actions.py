"""The acts of an author on their case: coming back to it, writing, another code, taking everything back.

Seals and tables meet here: sealed payloads go to the vault, and those that come from it are opened, with the author's
own keys only. Each act is one transaction of the mailbox, in which `shown.db` is read as well, and puts the author's
own values into the row whatever stood there. Nothing is remembered between two calls.
# P04: a text is sealed before it reaches the vault.
"""

from contextlib import suppress
from dataclasses import replace
from typing import Final

from onion_app.crypto import casekeys
from onion_app.crypto.codes import CodeKeys
from onion_app.crypto.keys import new_id, new_key
from onion_app.crypto.payloads import Consent, LastOpened, QuoteVerdict, Text, Verdict
from onion_app.errors import DiskTrouble, NothingHere, Paused, SealBroken, TooManyCodes
from onion_app.site import author_keys
from onion_app.site.author_keys import CaseAccess, expect_open
from onion_app.site.author_view import read_case
from onion_app.site.context import SiteFiles
from onion_app.vault.mailbox import case_keys, lifetime, messages, withdrawals
from onion_app.vault.mailbox.records import CodeRow
from onion_app.vault.shown import routing

# Messages that may wait in one case for its circle's next one. Fifty of the longest texts are a book of some 300 pages:
# far more than somebody frightened writes between two answers, and one code fills some 3 MiB. Consents and verdicts
# may go ten further, so that nobody has written too much to decide.
MOST_WAITING: Final = 50
MOST_DECIDED: Final = MOST_WAITING + 10
_PUBLISH: Final = ("no", "ask", "yes")

Said = Text | Consent | Verdict | QuoteVerdict  # what an author can add to their case


def case_under(files: SiteFiles, code: str) -> tuple[CodeKeys, CaseAccess]:
    """Find the case of a code, and note nothing.

    Raises:
        NothingHere: there is nothing under this code, for any reason.
    """
    keys = author_keys.code_keys(files, code)
    access = author_keys.opened_by(keys, case_keys.find_case(files.mailbox, "tag", keys.tag))
    expect_open(files, access)
    return keys, access


def open_case(files: SiteFiles, code: str) -> tuple[CaseAccess, int | None]:
    """Find the case of a code and note that it was opened; give it with the day of the opening before this one.

    Raises:
        NothingHere: there is nothing under this code, for any reason.
    """
    keys, access = case_under(files, code)
    first, opened = next(author_keys.open_messages(files, access), (None, None))
    before = opened.day if first and not first.number and isinstance(opened, LastOpened) else None
    with suppress(DiskTrouble), files.mailbox.writing():  # who cannot be noted may still read
        expect_open(files, access)
        case_keys.write_key_row(files.mailbox, access.key_row(keys), _facts(files, access))
        _note_opening(files, access)
    return access, before


def write_back(files: SiteFiles, access: CaseAccess, text: Text, seed: bytes) -> None:
    """Add a text to a case; the same text with the same seed (drawn for each form) is stored once.

    Raises:
        NothingHere: the case is gone, or this visit's code is no longer its code.
        Paused: nobody is in its circle, or there is no room.
        Overloaded: no turn to write.
        AwaitsAnswer: so much waits that no more is taken.
        KeysChanged: somebody put its id into another case.
    """
    with files.mailbox.writing():
        add_payload(files, access, text, casekeys.form_id(seed, "text", text.text.encode()), most=MOST_WAITING)


def save_consent(files: SiteFiles, access: CaseAccess, consent: Consent) -> None:
    """Add the author's consent from now on, unless it is the one that holds already.

    One under an older key counts as none: whoever lost access may have planted it, and the desk goes on with another.
    Who allows less is never refused for want of an answer or of room: nobody can take back more often than they gave.

    Raises:
        NothingHere, Paused, Overloaded, AwaitsAnswer: as for `write_back`.
    """
    consent = replace(consent, mark=access.story_mark.hex())
    with files.mailbox.writing():
        case = read_case(files, access)
        now = case.consent
        name, _ = author_keys.present_name(files.shown, access)
        holds = now and replace(now, day=consent.day) == consent and case.consent_name == name
        if consent.under_18 and case.story_id is not None:
            withdrawals.add_proofs(files.mailbox, [casekeys.story_proof(access.root)])  # it goes down in this moment
        if case.kind == "testimony" and not holds:
            most = None if now and _allows_no_more(consent, now) else MOST_DECIDED
            add_payload(files, access, consent, new_id(), most=most)


def give_verdict(files: SiteFiles, access: CaseAccess, verdict: Verdict, seed: bytes) -> None:
    """Add the author's verdict on a final text; the last one counts, and the same one from one form is stored once.

    Raises:
        NothingHere, Paused, Overloaded, AwaitsAnswer: as for `write_back`; a yes can always be taken back.
    """
    verdict_id = casekeys.form_id(seed, "verdict", f"{verdict.decision} {verdict.text}".encode())
    with files.mailbox.writing():
        before = read_case(files, access).verdict
        most: int | None = MOST_WAITING if verdict.text else MOST_DECIDED
        if before and before.decision == "yes" and verdict.decision == "no" and not verdict.text:
            most = None
        add_payload(files, access, verdict, verdict_id, most=most)


def judge_words(files: SiteFiles, access: CaseAccess, verdict: QuoteVerdict) -> bool:
    """Add the author's word on words for a report, or that a line shall not be shown again; say whether it fits.

    It fits while the question, or the line, stands on their page; what is said already is not said twice. A no is never
    refused for want of an answer or of room.

    Raises:
        NothingHere, Paused, Overloaded, AwaitsAnswer: as for `write_back`.
    """
    with files.mailbox.writing():
        quoted = read_case(files, access).quoted
        if (verdict.about, verdict.decision) in quoted.said:
            return True
        if not quoted.awaits(verdict):
            return False
        add_payload(files, access, verdict, new_id(), most=MOST_DECIDED if verdict.decision == "yes" else None)
    return True


def add_payload(files: SiteFiles, access: CaseAccess, said: Said, message_id: bytes, most: int | None) -> None:
    """Seal a payload of the author's and add it, inside the caller's `writing()`; the same id is stored once.

    Raises:
        NothingHere, Paused, AwaitsAnswer, KeysChanged: as for `write_back`; without `most`, any number may wait.
    """
    mailbox, case_id = files.mailbox, access.case_id
    expect_open(files, access)
    if messages.is_stored(mailbox, case_id, message_id):
        return
    if most is not None:
        routing.expect_room_to_add(mailbox)
        messages.expect_few_waiting(mailbox, case_id, most)
    case_keys.write_author_keys(mailbox, access.key_row(), _facts(files, access))
    number = messages.next_number(mailbox, case_id)
    messages.insert_message(mailbox, author_keys.sealed_message(files.shown, access, number, message_id, said))
    messages.note_visitor_wrote(mailbox, case_id, said.day)


def _facts(files: SiteFiles, access: CaseAccess) -> case_keys.Facts:
    """Give what puts the facts of a case right, where somebody has made them what no honest program writes."""
    return lifetime.facts_to_put_right(files.mailbox, access.case_id, access.home, files.today)


def change_code(files: SiteFiles, access: CaseAccess, code: str) -> CaseAccess:
    """Let another code open the case, and the old one nothing from now on; sent twice it is done once.

    # P05: what comes later is sealed under a key that the old code never opened.

    Raises:
        NothingHere: the case is gone, or its code was replaced meanwhile.
        TooManyCodes: the case has had sixteen.
        Overloaded: no turn to write.
    """
    keys = author_keys.code_keys(files, code)
    with files.mailbox.writing():
        with suppress(NothingHere):
            return author_keys.opened_by(keys, case_keys.find_case(files.mailbox, "tag", keys.tag))
        expect_open(files, access)
        if len(access.privates) >= casekeys.CODES:
            raise TooManyCodes
        new = replace(access, tag=keys.tag, privates=(*access.privates, new_key()))
        case_keys.write_key_row(files.mailbox, new.key_row(keys), _facts(files, access))
        _note_opening(files, new)
    return new


def take_story_back(files: SiteFiles, access: CaseAccess) -> None:
    """Take the published story back for ever, and allow no other; the messages stay.

    Raises:
        NothingHere, Overloaded: as for `write_back`; waiting messages, an empty circle or a lack of room stop nobody.
    """
    consent = read_case(files, access).consent
    with files.mailbox.writing():
        expect_open(files, access)
        withdrawals.add_proofs(files.mailbox, [casekeys.story_proof(access.root)])
    lifetime.set_state(files.mailbox, access.case_id, "reading")
    if consent is not None:
        with suppress(Paused):
            save_consent(files, access, replace(consent, publish="no", day=files.today))


def erase(files: SiteFiles, access: CaseAccess) -> None:
    """Destroy a case and the story that was made of it.

    Raises:
        NothingHere: it is gone already, or this visit's code is no longer its code.
    """
    expect_open(files, access)
    lifetime.erase_case(files.mailbox, access.case_id, _proofs(access.root))


def erase_without_opening(files: SiteFiles, code: str) -> None:
    """Destroy the case of a code, also where its door was closed; nothing of it is shown to anybody.

    Raises:
        NothingHere: there is nothing under this code, for any reason.
    """
    keys = author_keys.code_keys(files, code)
    row = case_keys.find_case(files.mailbox, "tag", keys.tag)
    if routing.door_of(files.shown, row.id) == "gone":
        raise NothingHere
    root = _root_in_stop(keys, row)
    if root is None:
        with suppress(NothingHere):
            root = author_keys.opened_by(keys, row).root
    # Where somebody has damaged both, the rows go all the same.
    lifetime.erase_case(files.mailbox, row.id, _proofs(root) if root else [])


def _proofs(root: bytes) -> list[bytes]:
    """Give both proofs. P07: the story goes with its case."""
    return [casekeys.case_proof(root), casekeys.story_proof(root)]


def _root_in_stop(keys: CodeKeys, row: CodeRow) -> bytes | None:
    with suppress(SealBroken):
        root = casekeys.open_stop(keys.stop, row.id, row.stop or b"")
        return root if casekeys.mark_of(casekeys.case_proof(root)) == row.mark else None
    return None


def _allows_no_more(consent: Consent, now: Consent) -> bool:
    allowed = _PUBLISH.index(consent.publish) <= _PUBLISH.index(now.publish)
    return allowed and consent.count <= now.count and consent.quote <= now.quote


def _note_opening(files: SiteFiles, access: CaseAccess) -> None:
    """Put the day into message 0, by which the desk sees that somebody came with all the codes there are."""
    with suppress(Paused):
        opened = author_keys.sealed_message(files.shown, access, 0, new_id(), LastOpened(files.today))
        messages.insert_message(files.mailbox, opened)
