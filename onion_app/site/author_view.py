"""A case as its author reads it: everything in it opened with their own keys, and nothing changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from onion_app.crypto.payloads import Consent, FinalText, Payload, StoryLink, Text, Verdict
from onion_app.site.author_keys import CaseAccess, keys_by_epoch, open_message
from onion_app.vault import settings
from onion_app.vault.database import Database
from onion_app.vault.mailbox import lifetime, messages
from onion_app.vault.mailbox.records import Message


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """A message as its author reads it; `day` and `text` mean nothing when it is damaged."""

    number: int
    yours: bool
    text: str = ""
    day: int = 0
    sender: str = ""
    language: str = ""
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class AuthorView:
    """A case opened by its author: its messages, newest first, and what they allowed last."""

    kind: str
    state: str
    erased_on: int
    letters: tuple[ShownMessage, ...]
    consent: Consent | None
    story_id: bytes | None
    proposal_id: str = ""
    proposal: FinalText | None = None  # the newest final text that the author was shown
    verdict: Verdict | None = None  # what they last said to it
    restored: settings.Restored | None = None  # this case comes from a backup


def read_case(db: Database, access: CaseAccess) -> AuthorView:
    """Open everything in a case.

    Raises:
        NothingHere: it was erased, or its code was replaced, since then.
    """
    case = lifetime.read_case(db, access.case_id)
    keys = keys_by_epoch(db, access)
    letters = [(message, open_message(keys, message)) for message in messages.messages_of(db, access.case_id)]
    shown = [_shown(message, letter) for message, letter in letters if _is_text(message, letter)]
    consents = [letter for message, letter in letters if isinstance(letter, Consent) and message.author == "visitor"]
    stories = [letter for message, letter in letters if isinstance(letter, StoryLink) and message.author != "visitor"]
    proposal_id, proposal = _newest_proposal(letters)
    held = settings.read(db)
    return AuthorView(
        kind=case.kind,
        state=case.state,
        erased_on=lifetime.erased_on(case, held.retention_days),
        letters=tuple(reversed(shown)),
        consent=consents[-1] if consents else None,
        story_id=bytes.fromhex(stories[-1].story_id) if stories else None,
        proposal_id=proposal_id,
        proposal=proposal,
        verdict=_verdict_on(proposal_id, letters),
        restored=held.restored.for_case(case.received_day) if held.restored else None,
    )


def _newest_proposal(letters: Sequence[tuple[Message, Payload | None]]) -> tuple[str, FinalText | None]:
    found = [
        (message.id.hex(), letter)
        for message, letter in letters
        if message.author == "circle" and isinstance(letter, FinalText)
    ]
    return found[-1] if found else ("", None)


def _verdict_on(proposal_id: str, letters: Sequence[tuple[Message, Payload | None]]) -> Verdict | None:
    given = [letter for message, letter in letters if message.author == "visitor" and isinstance(letter, Verdict)]
    return next((verdict for verdict in reversed(given) if verdict.proposal_id == proposal_id), None)


def _is_text(message: Message, letter: Payload | None) -> bool:
    """Tell what stands on the page: texts, and what cannot be opened any more; but no record of openings."""
    return message.number > 0 and (letter is None or isinstance(letter, Text))


def _shown(message: Message, letter: Payload | None) -> ShownMessage:
    yours = message.author == "visitor"
    if not isinstance(letter, Text):
        return ShownMessage(message.number, yours, damaged=True)
    return ShownMessage(message.number, yours, letter.text, letter.day, letter.sender, letter.language)
