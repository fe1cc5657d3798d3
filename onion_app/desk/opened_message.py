"""One message of a case as it opens for a member, and everything that is wrong about it."""

from typing import NamedTuple

from onion_app.crypto.payloads import (
    Consent,
    FinalText,
    LastOpened,
    OfAuthor,
    OfCircle,
    OfDesk,
    Payload,
    Quoted,
    QuoteQuestion,
    QuoteVerdict,
    StoryLink,
    Text,
    Verdict,
    unpack,
)
from onion_app.errors import SealBroken
from onion_app.vault.mailbox.records import Message


class OpenedMessage(NamedTuple):
    """A message, the bytes that were sealed in it, what they say, and what speaks against believing it."""

    message: Message
    packed: bytes | None  # None: no key of ours opens it
    payload: Payload | None
    no_key: bool
    forged: bool  # the circle's, by its author, but nobody wrote it at this desk
    out_of_order: bool  # under an older key than something before it: whoever lost access may have added it
    changed: bool  # stands where somebody read something else
    proves: bool  # its author's: whoever sealed it had private keys for the author's keys in the row
    gap: int  # how many numbers are missing between this message and the next older one
    elsewhere: bool  # another circle had the case then

    @property
    def trouble(self) -> str:
        """Why there is no payload: '', 'closed' or 'broken'."""
        if self.no_key:
            return "closed"
        return "broken" if self.payload is None else ""

    @property
    def doubt(self) -> str:
        """Why it is not believed: '', 'forged', 'changed' or 'doubted' (it may not be the author's)."""
        if self.forged:
            return "forged"
        if self.changed:
            return "changed"
        return "doubted" if self.out_of_order and self.packed is not None else ""

    @property
    def counts(self) -> bool:
        """Whether it is believed: only then a consent or a verdict in it is followed."""
        return not self.doubt and not self.trouble

    @property
    def text(self) -> str:
        """The words in it."""
        return self.payload.text if isinstance(self.payload, Text | FinalText | Verdict) else ""

    @property
    def sender(self) -> str:
        """The handle of who wrote it; empty for the author, for a member of another circle, and for a forger."""
        return self.payload.sender if isinstance(self.payload, Text) and not (self.elsewhere or self.doubt) else ""

    @property
    def day(self) -> int | None:
        """The day it was written."""
        day: int | None = getattr(self.payload, "day", None)
        return day

    @property
    def consent(self) -> Consent | None:
        """What the author allows from then on."""
        return self.payload if isinstance(self.payload, Consent) else None

    @property
    def final_text(self) -> FinalText | None:
        """The final text that it asks the author about."""
        return self.payload if isinstance(self.payload, FinalText) else None

    @property
    def verdict(self) -> Verdict | None:
        """The author's answer to a final text."""
        return self.payload if isinstance(self.payload, Verdict) else None

    @property
    def quote(self) -> QuoteQuestion | Quoted | QuoteVerdict | None:
        """What it asks or says about words for a report."""
        return self.payload if isinstance(self.payload, QuoteQuestion | Quoted | QuoteVerdict) else None

    @property
    def story_link(self) -> bool:
        """Whether it says that a story was made of the case."""
        return isinstance(self.payload, StoryLink)


def payload_in(packed: bytes | None, message: Message) -> Payload | None:
    """Read what was sealed in a message; None when it is broken, or nothing that this author says in this place."""
    try:
        payload = None if packed is None else unpack(packed)
    except SealBroken:
        return None
    # Only the author of a case can consent or judge, only we ask, and only number 0 says when they were here.
    misplaced = (
        (isinstance(payload, OfAuthor) and message.author != "visitor")
        or (isinstance(payload, OfCircle) and message.author != "circle")
        or isinstance(payload, OfDesk)
        or isinstance(payload, LastOpened) != (message.number == 0)
    )
    return None if misplaced else payload
