"""A case that does not exist yet: its seed, its code, and the one moment in which it is sealed and stored.

The seed travels in the forms of one case (`form_case`). Its code, the author's first key and the ids of all that is
stored follow from it: whatever a form is sent again with, its case is known by the mark.
Until the case is stored this machine keeps nothing of it.
# P04: a text is sealed before it reaches the vault. # P06: the code stays in the page, sealed.
"""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from typing import Final, Literal

from onion_app.choices import AnswerIn
from onion_app.crypto import casekeys
from onion_app.crypto.codes import CodeKeys, code_of
from onion_app.crypto.keys import keypair_from, new_id, new_key
from onion_app.crypto.payloads import Consent, Text
from onion_app.errors import AlreadyWithdrawn, NothingHere
from onion_app.site import author_actions, author_keys
from onion_app.site.author_keys import CaseAccess
from onion_app.site.context import SiteFiles
from onion_app.site.forms import Submission
from onion_app.vault.database import Database
from onion_app.vault.mailbox import case_keys, lifetime, messages, withdrawals
from onion_app.vault.mailbox.records import CodeRow, NewCase
from onion_app.vault.shown import routing

_URGENCY: Final[dict[str, Literal[0, 1, 2]]] = {"yes": 2, "unknown": 1, "no": 0, "": 0}


@dataclass(frozen=True)
class Prepared:
    """A case that may come of a form: all that it stores, and its code, follow from one seed."""

    seed: bytes = field(repr=False)

    @cached_property
    def code(self) -> str:
        """The code that the check page shows."""
        return code_of(casekeys.form_code(self.seed))

    @cached_property
    def mark(self) -> bytes:
        """The mark of the case that an author who comes back begins with it."""
        return casekeys.case_mark(casekeys.form_private(self.seed))


def prepare() -> Prepared:
    """Draw a seed."""
    return Prepared(new_key())


def expect_not_erased(files: SiteFiles, prepared: Prepared) -> None:
    """See that the case of a form was not erased: what it says is not stored again then, without return neither. # P07.

    Raises:
        AlreadyWithdrawn: its author has erased it.
    """
    if withdrawals.withdrawn_among(files.mailbox, files.shown, [prepared.mark]):
        raise AlreadyWithdrawn


@dataclass(frozen=True, slots=True)
class _Sent:
    """A form as it was sent; without the keys of a code its author does not come back."""

    seed: bytes = field(repr=False)
    keys: CodeKeys | None
    text: Text
    consent: Consent | None

    @property
    def text_id(self) -> bytes:
        """The id of the text, the same however often it is sent."""
        return casekeys.form_id(self.seed, "text" if self.keys else "alone text", self.text.text.encode())

    def consent_id(self, number: int) -> bytes:
        """Give the id of a consent; it is given a number of its own each time that the choices have changed."""
        return casekeys.form_id(self.seed, "consent", str(number).encode())


def send_case(files: SiteFiles, prepared: Prepared, draft: Submission, language: AnswerIn) -> bytes:
    """Store the case and give the id of its text; sent twice it is stored once.

    A text or consent that was changed in between is added to it.

    Raises:
        AlreadyWithdrawn: its author has erased it.
        NothingHere: it was stored before, and has a closed door or another code by now.
        Paused: nothing new is taken.
        Overloaded: no turn to write.
    """
    keys = None if draft.no_return else author_keys.code_keys(files, prepared.code)
    chosen = Consent(draft.publish, draft.count, draft.quote, files.today, under_18=draft.under_18)
    consent = chosen if draft.kind == "tell" else None
    wanted = language if draft.kind == "tell" or draft.answer_in == "any" else draft.answer_in
    text = Text(draft.sealed_text, files.today, language=wanted, alone=draft.no_return)
    sent = _Sent(prepared.seed, keys, text, consent)
    with files.mailbox.writing():
        expect_not_erased(files, prepared)
        if keys and (stored := _stored_before(files.mailbox, keys.tag, prepared.mark)):
            _add_what_changed(files, author_keys.opened_by(keys, stored), sent)
        elif keys or not messages.is_stored_anywhere(files.mailbox, sent.text_id):
            _store(files, sent, draft, language)
    return sent.text_id


def turn_urgent(files: SiteFiles, prepared: Prepared, words: Text, text_id: bytes | None) -> None:
    """Let a testimony be seen first, because its author could be hurt; they say so in a message of its own, once.

    Where they do not come back, `text_id` names what they wrote: then only the queue changes.

    Raises:
        AlreadyWithdrawn, NothingHere, Paused, Overloaded: as for `send_case`.
    """
    with files.mailbox.writing():
        expect_not_erased(files, prepared)
        if text_id is None:
            row = case_keys.key_row(files.mailbox, case_keys.find_case(files.mailbox, "mark", prepared.mark).id)
            case = CaseAccess(row.id, row.tag or b"", row.home, (casekeys.form_private(prepared.seed),))
            author_actions.add_payload(files, case, words, casekeys.form_id(prepared.seed, "urgent", b""), most=None)
        lifetime.turn_urgent(files.mailbox, row.id if text_id is None else messages.case_of(files.mailbox, text_id))


def _stored_before(mailbox: Database, tag: bytes, mark: bytes) -> CodeRow | None:
    """Find the case that a form has stored: under its code, or by its mark, which no other code and circle changes."""
    with suppress(NothingHere):
        return case_keys.find_case(mailbox, "tag", tag)
    with suppress(NothingHere):
        return case_keys.find_case(mailbox, "mark", mark)
    return None


def _store(files: SiteFiles, sent: _Sent, draft: Submission, language: AnswerIn) -> None:
    testimony, keys = draft.kind == "tell", sent.keys
    answer_in = language if testimony or draft.answer_in == "any" else draft.answer_in  # who reads the page's language
    topic = "testimony" if testimony else draft.topic
    circle = routing.writing_circle(files.mailbox, files.shown, files.in_force, topic, answer_in)
    # Without return the key is thrown away after this, and another text has another one.
    alone = casekeys.lone_private(sent.seed, sent.text.text.encode())
    first = casekeys.form_private(sent.seed) if keys else alone
    case_id = casekeys.case_id_of(keypair_from(first).public, circle.id, casekeys.case_mark(first))
    case = CaseAccess(case_id, keys.tag if keys else b"", circle.id, (first,))
    if routing.door_of(files.shown, case_id) is not None:  # P07: a case that is gone does not come again
        raise NothingHere
    said: list[tuple[bytes, author_actions.Said]] = [(sent.text_id, sent.text)]
    if sent.consent:
        mark = case.story_mark.hex() if keys else ""
        said.append((sent.consent_id(1) if keys else new_id(), replace(sent.consent, mark=mark)))
    new = NewCase(
        row=case.key_row(keys),
        circle_id=circle.id,
        kind="testimony" if testimony else "request",
        topic=topic,
        answer_in="any" if answer_in == language else answer_in,  # few write Badini: its mark would be a place on a map
        urgent=_URGENCY[draft.danger],
        day=files.today,
        messages=tuple(
            author_keys.sealed_message(files.shown, case, number, *message)
            for number, message in enumerate(said, start=1)
        ),
    )
    lifetime.store_case(files.mailbox, new)


def _add_what_changed(files: SiteFiles, case: CaseAccess, sent: _Sent) -> None:
    """Add to the stored case: somebody may have sent, gone back, written more and sent again.

    A choice that was changed on the case page meanwhile holds against one that is changed on the check page.
    """
    author_actions.add_payload(files, case, sent.text, sent.text_id, most=author_actions.MOST_WAITING)
    if sent.consent is None:
        return
    consent = replace(sent.consent, mark=case.story_mark.hex())
    opened = list(author_keys.open_messages(files, case))
    ids = {message.id for message, _ in opened}
    here = next(number for number in count(1) if sent.consent_id(number) not in ids)
    consents = [(message.id, payload) for message, payload in opened if isinstance(payload, Consent)]
    for message_id, latest in consents[-1:]:
        if message_id == sent.consent_id(here - 1) and replace(latest, day=consent.day) != consent:
            most = author_actions.MOST_DECIDED
            author_actions.add_payload(files, case, consent, sent.consent_id(here), most=most)
