"""Words for reports on the page of their author: a question that nobody meets first, and lines on what was given."""

from collections.abc import Callable

import pytest

from onion_app.choices import QUOTE_DAYS, QUOTE_LETTERS, QUOTE_SENTENCES, Receiver
from onion_app.crypto.casekeys import given_id
from onion_app.crypto.keys import new_id
from onion_app.crypto.payloads import Quoted, QuoteQuestion, QuoteVerdict
from onion_app.desk import quotations
from onion_app.desk.case_keys import open_case_messages
from onion_app.site import author_actions
from onion_app.web.i18n import day_words, month_words
from scripts.rehearsal.pages import Page
from scripts.rehearsal.people import Visitor
from tests.site.conftest import Place

WORDS, SENTENCE = "A relative held a young person captive.", "They found my phone."
MONTH = 19_997  # the first of October 2024


@pytest.fixture
def code(visitor: Visitor) -> str:
    return visitor.hand_in("tell", f"{SENTENCE} I ran.", quote="1", count="1")


def tell(place: Place, message_id: bytes, payload: QuoteQuestion | Quoted) -> None:
    """Let the circle ask, or say what was given, as the desk does once everything is right."""
    (case_id,) = place.case_ids()
    with place.mailbox.writing():
        opened = open_case_messages(place.dbs, place.member(place.lamp), case_id)
        quotations._let_believe(place.dbs, [quotations._insert(place.dbs, opened, message_id, payload)])


def asks(place: Place, words: str = WORDS) -> bytes:
    message_id = new_id()
    tell(place, message_id, QuoteQuestion([words], [SENTENCE], "en", "un", place.today))
    return message_id


def gives(place: Place, about: bytes, words: str = WORDS, receiver: Receiver = "un") -> None:
    tell(place, given_id(about), Quoted(about.hex(), [words], "en", receiver, MONTH))


def judges(visitor: Visitor, page: Page, decision: str) -> Page:
    """Press the button of a decision."""
    (button,) = (each for each in page.every("button") if each.get("value").startswith(f"quote {decision} "))
    return visitor.send(page.form_doing(button.get("value")))


def verdicts(place: Place) -> list[str]:
    return [each.decision for each in place.read_by(place.pair) if isinstance(each, QuoteVerdict)]


def test_the_question_stands_folded_and_nothing_before_it_speaks_of_it(
    visitor: Visitor, place: Place, code: str
) -> None:
    before = visitor.come_back(code)
    asks(place)
    page = visitor.come_back(code)
    folded = page.main_html.index("<details><summary>What we may do with it (1 question)</summary>")
    assert folded < page.main_html.index('id="quote-question"')
    for word in ("quote", "Quote", "United Nations", "report", WORDS):
        assert word not in page.main_html[:folded]
    assert page.first(id="state").text == before.first(id="state").text
    question = page.first(id="quote-question").text
    assert WORDS in question
    assert SENTENCE in question
    assert f"From {day_words(place.today + QUOTE_DAYS, 'en')} on we may." in question
    assert "United Nations" in question


@pytest.mark.parametrize("language", ["ar", "ckb", "kmr"])
def test_it_stands_in_each_language(come: Callable[[], Visitor], place: Place, code: str, language: str) -> None:
    gives(place, asks(place), receiver="group")
    asks(place, "Other words.")
    visitor = come()
    visitor.language = language
    page = visitor.come_back(code)
    said = page.first(id="quote-question").text + page.first(id="quoted").text
    assert day_words(place.today + QUOTE_DAYS, language) in said
    assert month_words(MONTH, language) in said
    assert "Given" not in said


@pytest.mark.parametrize(("decision", "left"), [("yes", True), ("no", False)])
def test_each_answer_arrives_once_however_often_it_is_pressed(
    visitor: Visitor, place: Place, code: str, decision: str, *, left: bool
) -> None:
    asks(place)
    page = visitor.come_back(code)
    for _ in range(2):
        done = judges(visitor, page, decision)
        assert done.has(id="decided")
    assert verdicts(place) == [decision]
    assert done.has(id="quote-question") is left
    assert ("(1 question)" in done.main.text) is left
    if left:
        judges(visitor, done, "no")
        assert verdicts(place) == ["yes", "no"]


def test_a_no_finds_room_where_a_yes_does_not(
    visitor: Visitor, place: Place, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(author_actions, "MOST_DECIDED", 2)
    asks(place)
    page = visitor.come_back(code)
    for words in ("One more.", "And one."):
        visitor.write_back(page, words)
    assert judges(visitor, page, "yes").status == 503
    assert judges(visitor, page, "no").has(id="decided")
    assert verdicts(place) == ["no"]


def test_nobody_judges_words_that_they_have_not_seen_or_that_went(visitor: Visitor, place: Place, code: str) -> None:
    first = asks(place)
    page = visitor.come_back(code)
    second = asks(place, "Other words.")
    assert judges(visitor, page, "yes").has(id="another")
    newest = visitor.go("case")
    gives(place, second, "Other words.")
    assert judges(visitor, newest, "no").has(id="another")
    assert verdicts(place) == []
    assert first != second


def test_what_was_given_is_said_until_its_author_puts_it_away(visitor: Visitor, place: Place, code: str) -> None:
    gives(place, asks(place))
    page = visitor.come_back(code)
    assert not page.has(id="quote-question")
    said = page.first(id="quoted").text
    assert f"Given to the United Nations in {month_words(MONTH, 'en')}. Nobody can call that back." in said
    assert WORDS in said
    done = judges(visitor, page, "hide")
    assert done.has(id="saved")
    assert not done.has(id="quoted")
    assert WORDS not in visitor.come_back(code).html


def test_without_leave_there_is_no_question(visitor: Visitor, place: Place, code: str) -> None:
    asks(place)
    page = visitor.come_back(code)
    page = visitor.send(page.form_doing("consents"), quote=None)
    assert not page.has(id="quote-question")
    assert "(1 question)" not in page.main.text


def test_a_word_on_them_comes_back_when_the_page_was_open_too_long(visitor: Visitor, place: Place, code: str) -> None:
    asks(place)
    page = visitor.come_back(code)
    place.clock.wait(minutes=20)
    expired = judges(visitor, page, "no")
    assert verdicts(place) == []
    assert visitor.send(expired, code=code).has(id="decided")
    assert verdicts(place) == ["no"]


def test_the_page_fits_with_as_many_of_the_longest_words_as_there_can_be(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in("tell", "&" * 12_000, quote="1")
    longest = ["<" * QUOTE_LETTERS] * QUOTE_SENTENCES
    for _ in range(4):
        about = new_id()
        tell(place, about, QuoteQuestion(longest, longest, "en", "un", place.today))
        tell(place, given_id(about), Quoted(about.hex(), longest, "en", "un", MONTH))
    tell(place, new_id(), QuoteQuestion(longest, longest, "en", "un", place.today))
    page = visitor.come_back(code)
    assert page.status == 200
    assert len(page.html.encode()) < 131_000
    assert len(page.having_class("text")) > 8
