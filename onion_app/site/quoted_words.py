"""Words for reports as the author of a case meets them: the question about some, and what was given."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from onion_app.choices import QUOTE_DAYS
from onion_app.crypto.payloads import Consent, Payload, Quoted, QuoteQuestion, QuoteVerdict
from onion_app.vault.mailbox.records import Message

_MOST: Final = 5  # lines; the desk asks no author more often


class Question(NamedTuple):
    """Words that may go from a day on, unless their author refuses them; `agreed`: they have said yes."""

    id: str
    words: QuoteQuestion
    from_day: int
    agreed: bool


class Line(NamedTuple):
    """Words that were given, and the id by which their author says that they shall not be shown again."""

    id: str
    words: Quoted


class QuotedWords(NamedTuple):
    """All of it: at most one question, and the lines that its author has not put away, the newest first."""

    question: Question | None
    lines: tuple[Line, ...]
    said: frozenset[tuple[str, str]]  # what the author has decided about which

    def awaits(self, verdict: QuoteVerdict) -> bool:
        """Say whether a verdict is about what stands on the page."""
        if verdict.decision == "hide":
            return verdict.about in {line.id for line in self.lines}
        return self.question is not None and verdict.about == self.question.id


NO_WORDS: Final = QuotedWords(None, (), frozenset())


def quoted_words(messages: Sequence[tuple[Message, Payload | None]], turn: int) -> QuotedWords:
    """Find them in the opened messages of a case, which is in this turn; what another circle asked waits no more."""
    consents = [each for message, each in messages if isinstance(each, Consent) and message.author == "visitor"]
    said = [each for message, each in messages if isinstance(each, QuoteVerdict) and message.author == "visitor"]
    given = [
        Line(message.id.hex(), each)
        for message, each in messages
        if isinstance(each, Quoted) and message.author == "circle"
    ]
    asked = [
        (message, each) for message, each in messages if isinstance(each, QuoteQuestion) and message.author == "circle"
    ]
    question = None
    if asked and consents and consents[-1].quote:
        message, words = asked[-1]
        about = message.id.hex()
        decisions = {each.decision for each in said if each.about == about}
        is_over = "no" in decisions or about in {line.words.about for line in given} or _taken_back(messages, message)
        if message.turn == turn and not is_over:
            question = Question(about, words, words.day + QUOTE_DAYS, "yes" in decisions)
    decided = frozenset((each.about, each.decision) for each in said)
    shown = [line for line in reversed(given) if (line.id, "hide") not in decided]
    return QuotedWords(question, tuple(shown)[:_MOST], decided)


def _taken_back(messages: Sequence[tuple[Message, Payload | None]], question: Message) -> bool:
    """Say whether the leave to quote was taken back after a question; given again, it is for other words."""
    later = [each for message, each in messages if message.number > question.number and message.author == "visitor"]
    return any(isinstance(each, Consent) and not each.quote for each in later)
