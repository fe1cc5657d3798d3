"""A case as its author reads it: all of it opened with their own keys, and nothing changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from onion_app.choices import CaseState
from onion_app.crypto.casekeys import KeyName
from onion_app.crypto.payloads import Consent, FinalText, StoryLink, Text, Verdict
from onion_app.errors import DamagedFile, NothingHere
from onion_app.site.author_keys import CaseAccess, expect_open, open_messages, said_by
from onion_app.site.context import SiteFiles
from onion_app.site.quoted_words import QuotedWords, quoted_words
from onion_app.vault.mailbox import lifetime, withdrawals
from onion_app.vault.mailbox.records import Message
from onion_app.vault.shown import routing


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
    consent_name: KeyName | None  # of the key under which it was said
    story_id: bytes | None
    taken_back: bool  # the story, by its author; or their word that it may be published
    circle_id: bytes
    final_id: str
    final_text: FinalText | None  # the newest final text that the author was shown
    verdict: Verdict | None  # their last one on it
    again_by: int | None  # the day by which the newest answer promises another
    quoted: QuotedWords  # for reports: the question about some, and what was given
    restored: int | None  # the day of the backup that this case comes from


def read_case(files: SiteFiles, access: CaseAccess) -> AuthorView:
    """Open everything in a case.

    Raises:
        NothingHere: it was erased or closed, or its code was replaced, since then.
    """
    expect_open(files, access)
    try:
        case = lifetime.read_case(files.mailbox, access.case_id)
    except (DamagedFile, NothingHere):  # the row is there, as was just seen: its author reads on
        case = lifetime.careful_case(access.case_id, access.home, files.today)
    messages = list(open_messages(files, access))
    consents = said_by("visitor", Consent, messages)
    stories = said_by("circle", StoryLink, messages)
    taken_back = withdrawals.withdrawn_among(files.mailbox, files.shown, [access.story_mark])
    finals = said_by("circle", FinalText, messages)
    final_id, final_text = (finals[-1][0].id.hex(), finals[-1][1]) if finals else ("", None)
    answers = said_by("circle", Text, messages)
    verdicts = [each for _, each in said_by("visitor", Verdict, messages) if each.about == final_id]
    in_force = files.in_force
    return AuthorView(
        kind=case.kind,
        state=case.state,
        erased_on=lifetime.erased_on(case, in_force.retention_days),
        # Texts, and messages that do not open any more; no record of a visit.
        messages=tuple(
            _shown(message, payload)
            for message, payload in reversed(messages)
            if message.number and isinstance(payload, Text | None)
        ),
        consent=consents[-1][1] if consents else None,
        consent_name=consents[-1][0].key_name if consents else None,
        story_id=bytes.fromhex(stories[-1][1].story_id) if stories and not taken_back else None,
        taken_back=bool(taken_back) or _took_back([consent for _, consent in consents], case.state),
        circle_id=case.circle_id,
        final_id=final_id,
        final_text=final_text,
        verdict=verdicts[-1] if verdicts else None,
        again_by=answers[-1][1].again_by if answers else None,
        quoted=quoted_words(messages, max(routing.turns_of(files.shown, access.case_id, access.home))),
        restored=in_force.restored if case.received_day <= (in_force.restored or 0) else None,
    )


def _took_back(consents: Sequence[Consent], state: CaseState) -> bool:
    """Say whether what was allowed once is allowed no more; a story that can still be read is none of these."""
    allowed = [consent.publish != "no" and not consent.under_18 for consent in consents]
    return any(allowed) and not allowed[-1] and state != "published"


def _shown(message: Message, payload: Text | None) -> ShownMessage:
    yours = message.author == "visitor"
    if payload is None:
        return ShownMessage(message.number, yours, damaged=True)
    language = "" if yours else payload.language
    return ShownMessage(message.number, yours, payload.text, payload.day, payload.sender, language)
