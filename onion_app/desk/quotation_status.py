"""The status of words for a report, chosen out of a case: who agreed, what its author says, whether they can go.

Nothing here changes anything. What its author allows is read from the newest sealed message that counts as theirs, and
what nobody can read could be a no: then nothing goes. Words wait until their author says yes, or for fourteen days.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from onion_app.choices import MOST_QUESTIONS, QUOTE_DAYS
from onion_app.crypto.payloads import Approval, Facts, Quotation, Quoted, QuoteQuestion, QuoteVerdict
from onion_app.desk.case_keys import OpenedCase, open_case_messages
from onion_app.desk.case_view import open_entry, why_no_answer
from onion_app.desk.context import Databases
from onion_app.desk.fact_lists import UNDER_18
from onion_app.desk.opened_message import OpenedMessage
from onion_app.desk.permissions import Member, handle_of
from onion_app.desk.plain_words import as_heard, standing_in
from onion_app.desk.seconds import is_second_for
from onion_app.errors import Refused
from onion_app.vault.desk import circles, quotations
from onion_app.vault.desk.entries import Entry, entries_of, facts_of

Step = Literal[
    "forbidden", "young", "unread", "none", "given", "refused", "anew", "story", "alone", "untold", "second", "asked",
    "ready",
]  # fmt: skip
AGAIN: Final = ("none", "given", "refused", "anew", "story", "alone", "second")  # other words can be chosen


@dataclass(frozen=True, slots=True)
class Chosen:
    """The newest words chosen out of a case; `agreed_by` is the handle of a second person, or empty."""

    id: bytes
    author: bytes
    handle: str
    words: Quotation = field(repr=False)
    agreed_by: str


@dataclass(frozen=True, slots=True)
class QuotationStatus:
    """Everything that decides what may happen next with words out of a case."""

    opened: OpenedCase
    chosen: Chosen | None
    asked: QuoteQuestion | None = field(repr=False)  # about these words, as the author sees it
    given: Quoted | None = field(repr=False)
    questions: int  # that the author was asked, these words or others
    step: Step
    no_answer: Refused | None  # why its author could not be told

    @property
    def from_day(self) -> int | None:
        """The day from which the words can go without a yes."""
        return self.asked.day + QUOTE_DAYS if self.asked else None

    @property
    def is_enough(self) -> bool:
        """Whether the author was asked as often as anybody is."""
        return self.questions >= MOST_QUESTIONS

    @property
    def still_allowed(self) -> bool:
        """Whether the author still lets it be quoted; what was given is not handed on any more where they do not."""
        return self.given is not None and _is_allowed(self.opened, self.chosen)


def public_words(dbs: Databases) -> list[str]:
    """Give what stands in stories, as it is heard."""
    return [as_heard(text) for text in quotations.words_of_stories(dbs.desk)]


def quotation_status(
    dbs: Databases, member: Member, case_id: bytes, public: Sequence[str] | None = None
) -> QuotationStatus:
    """Read everything about words for a report out of a case; `public`: what stands in stories, if it is known.

    Raises:
        NothingHere, NotAllowed, KeysChanged: as for `case_of`.
    """
    opened = open_case_messages(dbs, member, case_id)
    chosen = _chosen(dbs, opened)
    questions = {each.message.id: each.quote for each in _believed(opened) if isinstance(each.quote, QuoteQuestion)}
    asked = questions.get(chosen.id) if chosen else None
    lines = [each.quote for each in _believed(opened) if isinstance(each.quote, Quoted)]
    given = next((each for each in lines if chosen and each.about == chosen.id.hex()), None)
    no_answer = why_no_answer(dbs, opened)
    status = QuotationStatus(opened, chosen, asked, given, len(questions), "none", no_answer)
    return replace(status, step=_step(dbs, member, status, public_words(dbs) if public is None else public))


def _step(dbs: Databases, member: Member, status: QuotationStatus, public: Sequence[str]) -> Step:
    opened, chosen = status.opened, status.chosen
    if chosen is not None and status.given is not None:
        return "given"
    if _has_unread(opened):
        return "unread"
    if not _is_allowed(opened, chosen):
        return "forbidden"
    if _is_about_somebody_young(dbs, opened):
        return "young"
    if chosen is None:
        return "none" if has_second(dbs, opened, member.id) else "alone"
    return _step_of_words(dbs, status, chosen, public)


def _is_about_somebody_young(dbs: Databases, opened: OpenedCase) -> bool:
    """Tell whether the circle itself has noted that somebody under 18 is in a case, whatever its author ticked."""
    entry = facts_of(dbs.desk, opened.case.id, opened.keys.circle.id)
    noted = open_entry(entry, opened.keys) if entry else None
    return isinstance(noted, Facts) and UNDER_18 in noted.chosen.get("age", ())


def _step_of_words(dbs: Databases, status: QuotationStatus, chosen: Chosen, public: Sequence[str]) -> Step:
    fallen = _why_fallen(dbs, status, chosen, public)
    if fallen is not None:
        return fallen
    if not chosen.agreed_by or status.asked is None:
        return "second"
    if _decision(status.opened, chosen) == "yes" or dbs.today >= status.asked.day + QUOTE_DAYS:
        return "ready" if status.no_answer is None else "untold"
    return "asked"


def _why_fallen(dbs: Databases, status: QuotationStatus, chosen: Chosen, public: Sequence[str]) -> Step | None:
    opened = status.opened
    if _decision(opened, chosen) == "no":
        return "refused"
    if not _chooser_counts(dbs, opened, chosen) or not _is_as_asked(status):
        return "anew"
    if standing_in([*chosen.words.words, *chosen.words.sentences], public):
        return "story"
    return None if has_second(dbs, opened, chosen.author) else "alone"


def has_second(dbs: Databases, opened: OpenedCase, chooser: bytes) -> bool:
    """Tell whether anybody in the circle counts as a second person beside whoever chooses: else it is one of one.

    # P14: of two of whom one let the other in neither counts beside the other, for 60 days.
    """
    members = circles.members_of(dbs.desk, opened.keys.circle.id)
    return any(is_second_for(dbs.desk, chooser, each.id, dbs.today) for each in members)


def _chosen(dbs: Databases, opened: OpenedCase) -> Chosen | None:
    """Open the newest words that the circle has chosen; an agreement falls with whoever gave it."""
    own = [each for each in entries_of(dbs.desk, opened.case.id) if each.kind == "quotation"]
    payloads = [(entry, open_entry(entry, opened.keys)) for entry in own]  # those of another circle do not open
    newest = next(((entry, words) for entry, words in reversed(payloads) if isinstance(words, Quotation)), None)
    if newest is None:
        return None
    entry, words = newest
    agreed = [
        each
        for each, payload in payloads
        if isinstance(payload, Approval) and payload.draft_id == entry.id.hex() and _agrees(dbs, each, entry)
    ]
    second = handle_of(dbs, agreed[-1].author) if agreed else ""
    return Chosen(entry.id, entry.author, handle_of(dbs, entry.author), words, second)


def _agrees(dbs: Databases, agreement: Entry, words: Entry) -> bool:
    members = {each.id for each in circles.members_of(dbs.desk, words.circle_id)}
    return agreement.author in members and is_second_for(dbs.desk, words.author, agreement.author, dbs.today)


def _chooser_counts(dbs: Databases, opened: OpenedCase, chosen: Chosen) -> bool:
    """Tell whether whoever chose the words is in the circle still, and the case was not in other hands since."""
    members = {each.id for each in circles.members_of(dbs.desk, opened.keys.circle.id)}
    return chosen.author in members and chosen.words.turn == opened.keys.turn


def _is_as_asked(status: QuotationStatus) -> bool:
    """Tell whether the words are those on the author's page, and stood there ever since they came.

    Leave that was taken back took them off it: given again, it is for other words.
    """
    if status.asked is None or status.chosen is None:
        return True
    asked, words, is_there = status.asked, status.chosen.words, False
    for each in _believed(status.opened):
        is_there = is_there or each.message.id == status.chosen.id
        if is_there and each.consent is not None and not each.consent.quote:
            return False
    of_asked = (asked.words, asked.sentences, asked.language, asked.receiver)
    return of_asked == (words.words, words.sentences, words.language, words.receiver)


def _believed(opened: OpenedCase) -> list[OpenedMessage]:
    return [each for each in opened.messages if each.message.number and each.counts]


def _decision(opened: OpenedCase, chosen: Chosen) -> str:
    """Give the author's word on the words: once a no, for ever a no, whoever chooses them again."""
    if are_refused(opened, chosen.words.words):
        return "no"
    said = [each.quote for each in _believed(opened) if isinstance(each.quote, QuoteVerdict)]
    about = {each.decision for each in said if each.about == chosen.id.hex()}
    return "no" if "no" in about else "yes" if "yes" in about else ""


def are_refused(opened: OpenedCase, sentences: Sequence[str]) -> bool:
    """Tell whether any of these sentences is one that the author has refused, as it is heard."""
    said = [(each.message.id.hex(), each.quote) for each in _believed(opened)]
    refused = {quote.about for _, quote in said if isinstance(quote, QuoteVerdict) and quote.decision == "no"}
    words = [quote.words for about, quote in said if isinstance(quote, QuoteQuestion) and about in refused]
    return not {as_heard(each) for asked in words for each in asked}.isdisjoint(map(as_heard, sentences))


def _is_allowed(opened: OpenedCase, chosen: Chosen | None) -> bool:
    """Tell whether the newest consent that counts lets it be quoted, and nothing newer could be another word.

    What does not open, is doubted or was changed could take the leave back, or be a no to the words.
    """
    consents = [(each.message.number, each.consent) for each in _believed(opened) if each.consent]
    if opened.was_changed or not consents or not consents[-1][1].quote:
        return False
    asked = [each.message.number for each in _believed(opened) if chosen and each.message.id == chosen.id]
    since = min([consents[-1][0], *asked])
    newer = [each for each in opened.messages if each.message.number > since]
    return all(not each.gap and (each.counts or each.message.author == "circle") for each in newer)


def _has_unread(opened: OpenedCase) -> bool:
    """Tell whether its author has written since somebody last read, whatever the queue's column says."""
    theirs = [each.message.number for each in _believed(opened) if each.message.author == "visitor"]
    return opened.case.unread or max(theirs, default=0) > opened.read.number
