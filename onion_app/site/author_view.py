"""A case as its author reads it: all of it opened with their own keys, and nothing changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from onion_app.crypto.payloads import Consent, FinalText, Payload, StoryLink, Text, Verdict
from onion_app.site.author_keys import CaseAccess, open_messages, row_of
from onion_app.vault import settings
from onion_app.vault.database import Database
from onion_app.vault.mailbox import lifetime, withdrawals
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
    """A case opened by its author: its messages, newest first, and the consent that holds."""

    kind: str
    state: str
    erased_on: int
    messages: tuple[ShownMessage, ...]
    consent: Consent | None
    story_id: bytes | None
    proposal_id: str = ""
    proposal: FinalText | None = None  # the newest final text that the author was shown
    verdict: Verdict | None = None  # their last one on it
    restored: int | None = None  # the day of the backup that this case comes from


def read_case(mailbox: Database, shown: Database, access: CaseAccess) -> AuthorView:
    """Open everything in a case.

    Raises:
        NothingHere: it was erased or closed, or its code was replaced, since then.
    """
    row_of(mailbox, shown, access)
    case = lifetime.read_case(mailbox, access.case_id)
    messages = list(open_messages(mailbox, shown, access))
    texts = [_shown(message, payload) for message, payload in messages if _is_text(message, payload)]
    consents = [each for message, each in messages if isinstance(each, Consent) and message.author == "visitor"]
    stories = [each for message, each in messages if isinstance(each, StoryLink) and message.author == "circle"]
    taken_back = withdrawals.withdrawn_among(mailbox, shown, [access.story_mark])
    proposal_id, proposal = _newest_proposal(messages)
    in_force = settings.read_settings(shown)
    return AuthorView(
        kind=case.kind,
        state=case.state,
        erased_on=lifetime.erased_on(case, in_force.retention_days),
        messages=tuple(reversed(texts)),
        consent=consents[-1] if consents else None,
        story_id=bytes.fromhex(stories[-1].story_id) if stories and not taken_back else None,
        proposal_id=proposal_id,
        proposal=proposal,
        verdict=_verdict_on(proposal_id, messages),
        restored=in_force.restored if case.received_day <= (in_force.restored or 0) else None,
    )


def _newest_proposal(messages: Sequence[tuple[Message, Payload | None]]) -> tuple[str, FinalText | None]:
    for message, payload in reversed(messages):
        if message.author == "circle" and isinstance(payload, FinalText):
            return message.id.hex(), payload
    return "", None


def _verdict_on(proposal_id: str, messages: Sequence[tuple[Message, Payload | None]]) -> Verdict | None:
    verdicts = [each for message, each in messages if message.author == "visitor" and isinstance(each, Verdict)]
    return next((verdict for verdict in reversed(verdicts) if verdict.proposal_id == proposal_id), None)


def _is_text(message: Message, payload: Payload | None) -> bool:
    """Tell whether this stands on the page: a text, or a message that does not open any more; no record of openings."""
    return message.number > 0 and (payload is None or isinstance(payload, Text))


def _shown(message: Message, payload: Payload | None) -> ShownMessage:
    yours = message.author == "visitor"
    if not isinstance(payload, Text):
        return ShownMessage(message.number, yours, damaged=True)
    language = "" if yours else payload.language
    return ShownMessage(message.number, yours, payload.text, payload.day, payload.sender, language)
