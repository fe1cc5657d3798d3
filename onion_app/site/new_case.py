"""A case that does not exist yet: its code, its ids, and the one moment in which it is sealed and stored.

The code, the ids and the keys stay the same through retries: they are drawn once, when the check page is first shown,
and travel in that page. Until the case is stored this machine keeps nothing of it.
# P04: a text is sealed before it reaches the vault. # P06: the code stays in the page, sealed.
"""

from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final, Literal

from onion_app.choices import AnswerIn
from onion_app.crypto.codes import new_code
from onion_app.crypto.epochs import first_epoch
from onion_app.crypto.keys import KeyPair, keypair_from, new_id, subkey
from onion_app.crypto.payloads import Consent, Text, pack
from onion_app.crypto.sealing import Place, open_field, seal, seal_field
from onion_app.errors import AlreadyWithdrawn, NothingHere
from onion_app.site import author_actions
from onion_app.site.author_keys import CaseAccess, keys_of, message_id_of, open_messages, wraps_for
from onion_app.site.forms import Submission
from onion_app.vault.database import Database
from onion_app.vault.mailbox import case_keys, lifetime
from onion_app.vault.mailbox.records import Message, NewCase
from onion_app.vault.shown import routing

_FIELD: Final = "check page"
_URGENCY: Final[dict[str, Literal[0, 1, 2]]] = {"yes": 2, "unknown": 1, "no": 0}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A code with its tag and key pair, and the id of the case that it will open."""

    code: str = field(repr=False)
    case_id: bytes
    tag: bytes
    author: KeyPair = field(repr=False)

    def sealed(self, key: bytes) -> str:
        """Give the hidden field in which this travels; only the check page takes it back."""
        ids = {"case_id": self.case_id.hex(), "tag": self.tag.hex(), "author": self.author.private.hex()}
        return seal_field(key, _FIELD, {"code": self.code, **ids})

    def seed(self, kind: str) -> bytes:
        """Derive the seed of the ids of one kind; only who holds the page, or the code, can name them."""
        return subkey(self.code.encode(), kind)


def prepare(db: Database) -> Prepared:
    """Draw a code and the id of a case; takes as long as opening one, about 25 ms."""
    code = new_code()
    keys = keys_of(db, code)
    return Prepared(code, new_id(), keys.tag, keys.author)


def prepared_in(key: bytes, sealed: str) -> Prepared:
    """Read the hidden field.

    Raises:
        SealBroken: it is not one that a check page of this installation carried.
    """
    fields: dict[str, Any] = open_field(key, _FIELD, sealed)
    case_id, tag, author = (bytes.fromhex(fields[name]) for name in ("case_id", "tag", "author"))
    return Prepared(fields["code"], case_id, tag, keypair_from(author))


def send_case(db: Database, prepared: Prepared, draft: Submission, day: int, language: AnswerIn) -> None:
    """Store the case; sent twice it is stored once, and a text or consent changed in between is added to it.

    Raises:
        AlreadyWithdrawn: it was stored before and is gone, or has another code by now.
        Paused: nothing new is taken.
        Overloaded: no turn to write.
    """
    text, consent = _whole_text(draft, day), _consent(draft, day)
    payloads: list[tuple[bytes, Text | Consent]] = [(message_id_of(_text_seed(prepared, draft), text.text), text)]
    if consent:
        payloads.append((message_id_of(_consent_seed(prepared, draft), "1"), consent))
    new = _new_case(db, prepared, draft, payloads, day, language)
    is_new = lifetime.add_case(db, new)
    if not (is_new or draft.no_return):
        _add_what_changed(db, prepared, draft, new)


def _whole_text(draft: Submission, day: int) -> Text:
    """Give the text, and under it the story that it is about, where its reader looks for it."""
    about = f"\n\n/stories/{draft.story}" if draft.story else ""
    return Text(draft.text + about, day)


def _consent(draft: Submission, day: int) -> Consent | None:
    return Consent(draft.publish, draft.count, draft.quote, day) if draft.kind == "tell" else None


def _text_seed(prepared: Prepared, draft: Submission) -> bytes:
    return prepared.seed("text without return" if draft.no_return else "text")


def _consent_seed(prepared: Prepared, draft: Submission) -> bytes:
    return prepared.seed(f"consent without return {draft.text}" if draft.no_return else "consent")


def _new_case(
    db: Database,
    prepared: Prepared,
    draft: Submission,
    payloads: list[tuple[bytes, Text | Consent]],
    day: int,
    language: AnswerIn,
) -> NewCase:
    comes_back = not draft.no_return
    testimony = draft.kind == "tell"
    answer_in = language if testimony else draft.answer_in
    topic = "testimony" if testimony else draft.topic
    circle = routing.writing_circle(db, topic, answer_in)
    # Without return there is nothing that a changed text could be added to: it is a case of its own.
    case_id = prepared.case_id if comes_back else message_id_of(prepared.seed("case without return"), draft.text)
    epoch = first_epoch(case_id, circle.id, circle.public_key, prepared.author if comes_back else None)
    return NewCase(
        id=case_id,
        circle_id=circle.id,
        kind="testimony" if testimony else "request",
        topic=topic,
        answer_in=answer_in,
        urgent=0 if testimony else _URGENCY[draft.danger],
        lookup_tag=prepared.tag if comes_back else None,
        author_key=prepared.author.public if comes_back else None,
        day=day,
        wraps=wraps_for(epoch),
        messages=tuple(
            _message(epoch.key, Place(case_id, epoch.number, message_id, number, "visitor"), payload)
            for number, (message_id, payload) in enumerate(payloads, start=1)
        ),
    )


def _message(case_key: bytes, place: Place, payload: Text | Consent) -> Message:
    sealed = seal(case_key, pack(payload), place)
    return Message(place.case_id, place.number, place.message_id, place.epoch, "visitor", sealed)


def _add_what_changed(db: Database, prepared: Prepared, draft: Submission, new: NewCase) -> None:
    """Compare with the stored case: somebody may have sent, gone back, written more and sent again."""
    try:
        author = case_keys.author_key_of(db, new.id)
    except NothingHere:
        raise AlreadyWithdrawn from None
    if author != prepared.author.public:
        raise AlreadyWithdrawn
    access = CaseAccess(new.id, keys_of(db, prepared.code).author)
    author_actions.write_back(db, access, _whole_text(draft, new.day), _text_seed(prepared, draft))
    consent = _consent(draft, new.day)
    if consent:
        _change_consent(db, access, consent, _consent_seed(prepared, draft))


def _change_consent(db: Database, access: CaseAccess, consent: Consent, seed: bytes) -> None:
    """Follow a choice changed on the check page, unless it was made on the case page meanwhile: that one holds."""
    stored = list(open_messages(db, access))
    ids = {message.id for message, _ in stored}
    here = next(number for number in count(1) if message_id_of(seed, str(number)) not in ids)
    consents = [(message.id, payload) for message, payload in stored if isinstance(payload, Consent)]
    for message_id, latest in consents[-1:]:
        same = replace(latest, day=consent.day) == consent
        if message_id == message_id_of(seed, str(here - 1)) and not same:
            author_actions.add_payload(db, access, consent, message_id_of(seed, str(here)))
