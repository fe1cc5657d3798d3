"""The acts on words for a report: choosing them, agreeing as a second person, giving them.

Nothing leaves here that its author did not let go in advance, and was not shown for fourteen days or said yes to; that
only one person has read; or of which its author could not be told. What is given is told first: the line to the author
is on the disk before anybody sees the words to be copied. # P14 # P15
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from onion_app.choices import QUOTE_LETTERS, QUOTE_SENTENCES, Receiver
from onion_app.crypto.casekeys import given_id
from onion_app.crypto.keys import new_id
from onion_app.crypto.payloads import Approval, Quotation, Quoted, QuoteQuestion, Text
from onion_app.desk.answering import add_entry, sealed_for_author
from onion_app.desk.case_keys import OpenedCase
from onion_app.desk.case_view import note_in_audit
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member
from onion_app.desk.plain_words import as_heard, sentences_of, shortened, standing_in
from onion_app.desk.proposals import NOT_A_SECOND
from onion_app.desk.queues import taken_case
from onion_app.desk.quotation_status import (
    AGAIN,
    QuotationStatus,
    are_refused,
    has_second,
    public_words,
    quotation_status,
)
from onion_app.desk.seconds import is_second_for
from onion_app.errors import DamagedFile, NewMessage, NotAllowed, NothingHere, NotReady, Refused, marked
from onion_app.vault.desk import quotations
from onion_app.vault.desk.quotations import Given, month_of
from onion_app.vault.mailbox import messages, records
from onion_app.vault.shown.writing import put_reply

NOTHING_CHOSEN: Final = marked("Choose one to three of the author's sentences.")
TOO_MUCH: Final = marked("Write one to three sentences, each of at most 300 letters.")
NOT_OWN_WORDS: Final = marked("This is what the author wrote. Say it in plain words of your own.")
IN_A_STORY: Final = marked("This stands in a story, by which everybody could tell whose it is. Choose something else.")
UNWANTED: Final = marked("Its author does not want this said. Choose something else.")
ALONE: Final = marked("Nobody in this circle counts as a second person beside you, so that nothing is quoted.")
ENOUGH: Final = marked("Its author has been asked five times. That is enough.")
OWN_CHOICE: Final = marked("Whoever chose the words cannot be the second person who agrees to them.")
_LEFT_OUT: Final = (Refused, NothingHere, NotAllowed, DamagedFile)


class Words(NamedTuple):
    """What a member has typed: words of their own, made of some sentences of the author's."""

    text: str
    sentences: list[str]
    language: str
    receiver: Receiver


def authors_sentences(opened: OpenedCase) -> list[str]:
    """Give the sentences of an author that count as theirs, the oldest first, each once."""
    theirs = [each.payload for each in opened.messages if each.message.author == "visitor" and each.counts]
    texts = [each.text for each in theirs if isinstance(each, Text)]
    return list(dict.fromkeys(sentence for text in texts for sentence in sentences_of(text)))


def choose_words(dbs: Databases, member: Member, case_id: bytes, entry_id: bytes, typed: Words) -> None:
    """Choose words for a report out of a case that one has taken; its author sees nothing until somebody agrees.

    Raises:
        Refused: they are too many or too few, the author's own, refused, in a story, or nobody else could agree.
        NotReady: the author does not allow it, has no code, or other words wait already.
        CircleKeyChanged: the circle's present key does not open.
        Refused, NothingHere, NotAllowed: as for `taken_case`.
    """
    words = sentences_of(typed.text)
    if not 1 <= len(words) <= QUOTE_SENTENCES or max(map(len, words)) > QUOTE_LETTERS:
        raise Refused(TOO_MUCH, field="text")
    taken_case(dbs, member, case_id)
    with dbs.mailbox.writing():
        public = public_words(dbs)
        status = quotation_status(dbs, member, case_id, public)
        if status.chosen and status.chosen.id == entry_id:
            return
        _expect_choice(dbs, member, status)
        theirs = authors_sentences(status.opened)
        sentences = [each for each in theirs if each in typed.sentences]
        if not 1 <= len(sentences) <= QUOTE_SENTENCES:
            raise Refused(NOTHING_CHOSEN, field="sentences")
        if standing_in(words, [as_heard(" ".join(theirs))]):
            raise Refused(NOT_OWN_WORDS, field="text")
        if are_refused(status.opened, words):
            raise Refused(UNWANTED, field="text")
        if standing_in([*words, *sentences], public):
            raise Refused(IN_A_STORY, field="text")
        turn = status.opened.keys.turn
        chosen = Quotation(words, list(map(shortened, sentences)), typed.language, typed.receiver, turn, dbs.today)
        add_entry(dbs, member, status.opened.keys, entry_id, "quotation", chosen)
        note_in_audit(dbs, member, status.opened.case, "chose words for a report")


def _expect_choice(dbs: Databases, member: Member, status: QuotationStatus) -> None:
    if status.step == "unread":
        raise NewMessage
    if status.step not in AGAIN:
        raise NotReady
    if status.no_answer is not None:
        raise status.no_answer
    if not has_second(dbs, status.opened, member.id):
        raise Refused(ALONE)
    if status.is_enough:
        raise Refused(ENOUGH)


def agree_to_words(dbs: Databases, member: Member, case_id: bytes, entry_id: bytes) -> None:
    """Agree to chosen words as the second person; from then on they stand on their author's page.

    Raises:
        Refused: they chose them, do not count as a second person beside whoever did, or the author could not be asked.
        NotReady: these words do not wait for this.
        CircleKeyChanged: the circle's present key does not open.
        NothingHere, NotAllowed, KeysChanged: as for `case_of`.
    """
    with dbs.mailbox.writing():
        status = quotation_status(dbs, member, case_id)
        chosen, opened = status.chosen, status.opened
        if chosen is None or chosen.id != entry_id or status.step != "second":
            raise NewMessage if status.step == "unread" else NotReady
        if chosen.author == member.id:
            raise Refused(OWN_CHOICE)
        if not is_second_for(dbs.desk, chosen.author, member.id, dbs.today):
            raise Refused(NOT_A_SECOND)
        words = chosen.words
        question = QuoteQuestion(words.words, words.sentences, words.language, words.receiver, dbs.today)
        asking = [] if status.asked else [_insert(dbs, opened, chosen.id, question)]
        add_entry(dbs, member, opened.keys, new_id(), "quotation", Approval(chosen.id.hex(), dbs.today))
        _let_believe(dbs, asking)
    note_in_audit(dbs, member, opened.case, "agreed to words for a report")


def give_words(dbs: Databases, member: Member, case_ids: Sequence[bytes]) -> list[bytes]:
    """Tell the authors of some cases that their words are given, all at once, and name the cases whose words are.

    A case is left out whose author could not be told, or does not let them go any more. # P15

    Raises:
        Overloaded, DiskTrouble, DamagedFile: nobody was told, and nothing goes.
    """
    told = list[tuple[QuotationStatus, records.Message]]()
    with dbs.mailbox.writing():
        public = public_words(dbs)
        for case_id in case_ids:
            with suppress(*_LEFT_OUT):
                status = quotation_status(dbs, member, case_id, public)
                told.append((status, _insert_line(dbs, status)))
        with dbs.desk.writing():
            for receiver in {status.chosen.words.receiver for status, _ in told if status.chosen}:
                quotations.note_given(dbs.desk, Given(month_of(dbs.today), receiver))
        _let_believe(dbs, [line for _, line in told])
    for status, _ in told:
        note_in_audit(dbs, member, status.opened.case, "gave words for a report")
    return [line.case_id for _, line in told]


def _insert_line(dbs: Databases, status: QuotationStatus) -> records.Message:
    chosen = status.chosen
    if status.step != "ready" or chosen is None:
        raise NotReady
    words = chosen.words
    said = Quoted(chosen.id.hex(), words.words, words.language, words.receiver, month_of(dbs.today))
    return _insert(dbs, status.opened, given_id(chosen.id), said)


def _insert(dbs: Databases, opened: OpenedCase, message_id: bytes, payload: QuoteQuestion | Quoted) -> records.Message:
    """Store a line for an author, inside the mailbox's `writing()`.

    Neither the state of the case nor its days change: a page that somebody is forced to open does not begin with it,
    and no column tells which cases a report was made of.
    """
    line = sealed_for_author(dbs, opened, message_id, payload)
    messages.insert_message(dbs.mailbox, line)
    return line


def _let_believe(dbs: Databases, lines: Sequence[records.Message]) -> None:
    """Note that the desk wrote these lines, before the mailbox has them for good."""
    with dbs.shown.writing():
        for line in lines:
            put_reply(dbs.shown, line.case_id, line.id, line.sealed)
