"""Words for reports as the author of a case meets them: the question about some, and what was given."""

from collections.abc import Collection
from typing import Final, NamedTuple

from onion_app.choices import MOST_QUESTIONS, QUOTE_DAYS
from onion_app.crypto.payloads import Consent, Quoted, QuoteQuestion, QuoteVerdict
from onion_app.site.author_keys import Opened, said_by


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


def quoted_words(messages: Opened, turn: int) -> QuotedWords:
    """Find them in the opened messages of a case, which is in this turn; what another circle asked waits no more."""
    decided = frozenset((each.about, each.decision) for _, each in said_by("visitor", QuoteVerdict, messages))
    given = [Line(message.id.hex(), each) for message, each in said_by("circle", Quoted, messages)]
    question = _open_question(messages, turn, decided, {line.words.about for line in given})
    shown = [line for line in reversed(given) if (line.id, "hide") not in decided]
    return QuotedWords(question, tuple(shown)[:MOST_QUESTIONS], decided)


def _open_question(
    messages: Opened, turn: int, decided: Collection[tuple[str, str]], given: Collection[str]
) -> Question | None:
    """Give the newest question, unless it was answered with a no, asked in another turn, given or without leave."""
    asked, consents = said_by("circle", QuoteQuestion, messages), said_by("visitor", Consent, messages)
    if not asked or not consents or not consents[-1][1].quote:
        return None
    message, words = asked[-1]
    about = message.id.hex()
    # Leave that was taken back after the question and given again is for other words.
    is_taken_back = any(later.number > message.number and not each.quote for later, each in consents)
    if message.turn != turn or (about, "no") in decided or about in given or is_taken_back:
        return None
    return Question(about, words, words.day + QUOTE_DAYS, (about, "yes") in decided)
