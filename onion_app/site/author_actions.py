"""The acts of an author on their case: coming back to it, writing, another code, taking everything back.

Seals and tables meet here: sealed payloads go to the vault, and those that come from it are opened, with the author's
own keys only. Nothing is remembered between two calls.
# P04: a text is sealed before it reaches the vault.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import takewhile
from typing import Final

from onion_app.crypto.epochs import AUTHOR_HOLDER, claimed
from onion_app.crypto.keys import new_id
from onion_app.crypto.payloads import Consent, LastOpened, Text, Verdict
from onion_app.crypto.sealing import Place
from onion_app.errors import DiskFull, EpochPassed, NothingHere, Overloaded, Paused
from onion_app.site.author_keys import (
    CaseAccess,
    epoch_to_write_in,
    keys_in,
    keys_of,
    message_id_of,
    open_messages,
    sealer,
    wrapped,
)
from onion_app.site.author_view import read_case
from onion_app.vault.database import Database
from onion_app.vault.mailbox import case_keys, lifetime, messages
from onion_app.vault.mailbox.records import Wrap

# Messages that may wait in one case for its circle's next one. Fifty of the longest texts are a book of some 300 pages:
# far more than somebody frightened writes between two answers, and one code fills some 3 MiB. Consents and verdicts
# may go ten further, so that nobody has written too much to decide.
MOST_WAITING: Final = 50
MOST_DECIDED: Final = MOST_WAITING + 10
# Each new code begins an epoch; nobody who is afraid for theirs needs so many, and each makes the case slower to open.
MOST_EPOCHS: Final = 200
_PUBLISH: Final = ("no", "ask", "yes")

TRIES: Final = 5  # a new epoch is begun about once in the life of a case; losing that race five times is no accident


def open_case(db: Database, code: str, day: int) -> tuple[CaseAccess, int | None]:
    """Find the case of a code and note that it was opened; give it with the day of the opening before this one.

    Raises:
        NothingHere: there is nothing under this code, for any reason.
    """
    keys = keys_of(db, code)
    access = CaseAccess(lifetime.find_by_tag(db, keys.tag).id, keys.author)
    before = _last_opened(db, access)
    with suppress(DiskFull):  # who cannot be noted may still read
        _note_opening(db, access, day)
    return access, before


def write_back(db: Database, access: CaseAccess, text: Text, seed: bytes) -> None:
    """Add a text to a case; the same text with the same seed (drawn for each form) is stored once.

    Raises:
        NothingHere: the case is gone.
        Paused: its circle has no key, or there is no room.
        Overloaded: no turn to write.
        AwaitsAnswer: so much waits that no more is taken.
    """
    add_payload(db, access, text, message_id_of(seed, text.text), most=MOST_WAITING)


def save_consent(db: Database, access: CaseAccess, consent: Consent) -> None:
    """Add the author's consent from now on, unless it is the one that holds already.

    Who allows less is never refused for want of an answer or of room: nobody can take back more often than they gave.

    Raises:
        NothingHere, Paused, Overloaded, AwaitsAnswer: as for `write_back`.
    """
    case = read_case(db, access)
    now = case.consent
    same = now and replace(now, day=consent.day) == consent
    if case.kind == "testimony" and not same:
        add_payload(db, access, consent, new_id(), most=None if now and _allows_no_more(consent, now) else MOST_DECIDED)


def add_payload(
    db: Database,
    access: CaseAccess,
    payload: Text | Consent | Verdict,
    message_id: bytes,
    *,
    most: int | None = MOST_DECIDED,
) -> None:
    """Seal a payload of the author's and add it to the case, unless `most` wait; the same id is stored once.

    Raises:
        NothingHere, Paused, Overloaded, AwaitsAnswer: as for `write_back`.
    """

    def append() -> None:
        keys = keys_in(db, access)
        epoch, wraps = epoch_to_write_in(db, access, keys)
        sealed = sealer(epoch.key, Place(access.case_id, epoch.number, message_id, 0, "visitor"), payload)
        messages.append_message(
            db,
            access.case_id,
            message_id,
            author="visitor",
            epoch=epoch.number,
            expected_wraps=keys.wraps,
            new_wraps=wraps,
            seal=sealed,
            day=payload.day,
            most=most,
        )

    _until_no_epoch_passed(append)


def change_code(db: Database, access: CaseAccess, code: str) -> CaseAccess:
    """Let another code open the case, and the old one nothing from now on.

    Raises:
        NothingHere: the case is gone, or its code was replaced meanwhile.
        Overloaded: no turn to write, or too many codes.
    """
    new = keys_of(db, code)

    def rewrap() -> None:
        keys = keys_in(db, access)
        if len(keys.epochs) >= MOST_EPOCHS:
            raise Overloaded
        epochs = [claimed(first, new.author.private) for first in keys.epochs[:1]] + keys.epochs[1:]
        # P05: what comes later is sealed under a key that the old code never opened, unless nobody is there to read it.
        new_wraps: Sequence[Wrap] = ()
        with suppress(Paused):
            _, new_wraps = epoch_to_write_in(db, CaseAccess(access.case_id, new.author), keys)
        case_keys.change_code(
            db,
            access.case_id,
            tag=new.tag,
            author_key=new.author.public,
            wraps=[wrapped(epoch, AUTHOR_HOLDER, new.author.public) for epoch in epochs],
            new_wraps=new_wraps,
            expected_wraps=keys.wraps,
        )

    _until_no_epoch_passed(rewrap)
    return CaseAccess(access.case_id, new.author)


def erase(db: Database, access: CaseAccess, day: int) -> None:
    """Destroy a case and the story that was made of it.

    Raises:
        NothingHere: it is gone already, or the access belongs to a code that was replaced.
    """
    if case_keys.author_key_of(db, access.case_id) != access.author.public:
        raise NothingHere
    # P07: the story goes with its case, and the case with its keys.
    lifetime.erase_case(db, access.case_id, day, read_case(db, access).story_id)


def erase_without_opening(db: Database, code: str, day: int) -> None:
    """Destroy the case of a code; nothing of it is shown to anybody.

    Raises:
        NothingHere: there is nothing under this code, for any reason.
    """
    keys = keys_of(db, code)
    erase(db, CaseAccess(lifetime.find_by_tag(db, keys.tag).id, keys.author), day)


def give_verdict(db: Database, access: CaseAccess, verdict: Verdict, seed: bytes) -> None:
    """Add the author's verdict on a final text; the last one counts, and the same one from one form is stored once.

    Raises:
        NothingHere, Paused, Overloaded, AwaitsAnswer: as for `write_back`; a yes can always be taken back.
    """
    before = read_case(db, access).verdict
    most: int | None = MOST_WAITING if verdict.text else MOST_DECIDED
    if before and before.decision == "yes" and verdict.decision == "no" and not verdict.text:
        most = None
    add_payload(db, access, verdict, message_id_of(seed, f"{verdict.decision} {verdict.text}"), most=most)


def take_story_back(db: Database, access: CaseAccess, day: int) -> None:
    """Take the published story back for ever, and allow no other; the messages stay.

    Raises:
        NothingHere, Paused, Overloaded: as for `give_verdict`; waiting messages or a lack of room stop nobody.
    """
    case = read_case(db, access)
    if case.story_id is not None:
        lifetime.withdraw_story(db, case.story_id, day)
        lifetime.set_state(db, access.case_id, "reading")
    if case.consent is not None:
        save_consent(db, access, replace(case.consent, publish="no", day=day))


def _allows_no_more(consent: Consent, now: Consent) -> bool:
    allowed = _PUBLISH.index(consent.publish) <= _PUBLISH.index(now.publish)
    return allowed and consent.count <= now.count and consent.quote <= now.quote


def _last_opened(db: Database, access: CaseAccess) -> int | None:
    records = takewhile(lambda opened: opened[0].number == 0, open_messages(db, access))
    return next((payload.day for _, payload in records if isinstance(payload, LastOpened)), None)


def _note_opening(db: Database, access: CaseAccess, day: int) -> None:
    def note() -> None:
        keys = keys_in(db, access)
        for epoch in keys.epochs[-1:]:
            place = Place(access.case_id, epoch.number, new_id(), 0, "site")
            sealed = sealer(epoch.key, place, LastOpened(day))
            messages.put_opened(
                db, access.case_id, place.message_id, epoch=epoch.number, expected_wraps=keys.wraps, seal=sealed
            )

    _until_no_epoch_passed(note)


def _until_no_epoch_passed(write: Callable[[], None]) -> None:
    for _ in range(TRIES):
        try:
            return write()
        except EpochPassed:
            continue
    raise Overloaded
