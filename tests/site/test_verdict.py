"""The author's word on the final text, and what they can do with the story afterwards."""

import pytest

from onion_app.crypto.payloads import Consent, FinalText, Text, Verdict
from onion_app.vault.shown import reading
from tests.site.conftest import Page, Place, Visitor
from tests.site.library import put_story

FORM = 'value="verdict"'


@pytest.fixture
def code(visitor: Visitor, place: Place) -> str:
    code = visitor.tells("They found my phone.", publish="ask")
    place.proposes("A phone", "Somebody found a phone.\n\nThen it was quiet.")
    return code


def verdicts(place: Place) -> list[tuple[str, str]]:
    return [(each.decision, each.text) for each in place.read_by(place.circle) if isinstance(each, Verdict)]


def decides(visitor: Visitor, page: Page, decision: str, text: str = "") -> Page:
    return visitor.fills(page, FORM, decision=decision, text=text)


def test_the_final_text_comes_first_and_whole(visitor: Visitor, code: str) -> None:
    page = visitor.returns(code)
    assert "We need your yes before we publish." in page.words
    assert "Somebody found a phone.\n\nThen it was quiet." in page.main
    assert page.main.index('id="proposal"') < page.main.index('class="message"')
    assert "If you do not answer, we do not publish." in page.words


@pytest.mark.parametrize(
    ("decision", "text", "said"),
    [
        ("yes", "", "You said yes. We prepare it for publishing."),
        ("change", "Not the phone.", "Somebody is working on the text."),
        ("no", "", "You said no. We do not publish it."),
    ],
)
def test_each_answer_arrives_sealed_and_is_said_back(
    visitor: Visitor, place: Place, code: str, decision: str, text: str, said: str
) -> None:
    page = decides(visitor, visitor.returns(code), decision, text)
    assert 'id="decided"' in page.main
    assert said in page.words
    assert 'id="proposal"' not in page.main
    assert verdicts(place) == [(decision, text)]
    assert place.db.rows("SELECT state, unread FROM cases") == [("asking", 1)]


def test_pressing_twice_says_it_once(visitor: Visitor, place: Place, code: str) -> None:
    page = visitor.returns(code)
    for _ in range(2):
        decides(visitor, page, "yes")
    assert verdicts(place) == [("yes", "")]


def test_whoever_goes_back_may_say_otherwise_and_the_last_word_stands(
    visitor: Visitor, place: Place, code: str
) -> None:
    page = visitor.returns(code)
    decides(visitor, page, "yes")
    assert "You said no." in decides(visitor, page, "no").words
    assert [decision for decision, _ in verdicts(place)] == ["yes", "no"]


def test_a_change_without_words_is_asked_for_again(visitor: Visitor, place: Place, code: str) -> None:
    page = decides(visitor, visitor.returns(code), "change")
    assert page.title == "Error: Messages"
    assert '<a href="#change-field">' in page.errors or "One sentence is enough" in page.errors
    assert verdicts(place) == []


def test_a_change_too_long_comes_back_whole(visitor: Visitor, place: Place, code: str) -> None:
    page = decides(visitor, visitor.returns(code), "change", "b" * 12_004)
    assert "4 letters too long" in page.errors
    assert "b" * 12_004 in page.main
    assert verdicts(place) == []


def test_nobody_says_yes_to_a_text_they_have_not_seen(visitor: Visitor, place: Place, code: str) -> None:
    page = visitor.returns(code)
    place.proposes("Another", "Other words.")
    page = decides(visitor, page, "yes", "but not the name")
    assert 'id="another"' in page.main
    assert "Other words." in page.words
    assert "but not the name" in page.main
    assert verdicts(place) == []
    decides(visitor, page, "yes")
    assert verdicts(place) == [("yes", "but not the name")] or verdicts(place) == [("yes", "")]


def test_a_form_without_a_decision_is_a_message_and_no_yes(visitor: Visitor, place: Place, code: str) -> None:
    page = visitor.fills(visitor.returns(code), FORM, text="Who are you?")
    assert 'id="arrived"' in page.main
    assert place.texts()[-1] == "Who are you?"
    assert verdicts(place) == []


def test_the_word_comes_back_when_the_page_was_open_too_long(visitor: Visitor, place: Place, code: str) -> None:
    page = visitor.returns(code)
    place.clock.wait(minutes=20)
    expired = decides(visitor, page, "change", "Not the phone.")
    assert expired.box == "Not the phone."
    assert 'id="decided"' in visitor.fills(expired, code=code).main
    assert verdicts(place) == [("change", "Not the phone.")]


def test_a_visitor_can_propose_nothing_to_themselves(visitor: Visitor, place: Place) -> None:
    page = visitor.returns(visitor.tells(publish="ask"))
    assert 'id="proposal"' not in page.main
    visitor.posts(*_forged(page))
    assert verdicts(place) == []


def _forged(page: Page) -> tuple[str, dict[str, str]]:
    path, fields = page.form('name="text"')
    return path, fields | {"do": "verdict", "decision": "yes", "proposal": "ab" * 16, "text": ""}


def test_the_page_fits_with_the_longest_final_text_and_message(visitor: Visitor, place: Place) -> None:
    code = visitor.tells("&" * 12_000, publish="ask")
    place.proposes("t" * 80, "<" * 12_000)
    page = visitor.returns(code)
    assert len(page.html.encode()) < 131_000
    assert page.status == 200


@pytest.fixture
def published(visitor: Visitor, place: Place) -> tuple[str, str]:
    code = visitor.tells("They found my phone.", publish="yes", count="1")
    story = put_story(place.db, {"en": ("A phone", "Somebody found a phone.")})
    place.points_to_a_story(bytes.fromhex(story))
    with place.db.writing():
        place.db.run("UPDATE cases SET state = 'published'")
    return code, story


def test_the_author_finds_their_story_from_their_messages(visitor: Visitor, published: tuple[str, str]) -> None:
    code, story = published
    page = visitor.returns(code)
    assert "It is published." in page.words
    assert f'<a href="/en/stories/{story}">' in page.main


def test_a_story_taken_back_is_gone_and_the_messages_stay(
    visitor: Visitor, place: Place, published: tuple[str, str]
) -> None:
    code, story = published
    page = visitor.fills(visitor.returns(code), 'value="take_back"')
    assert "The story is taken back and will not be shown again." in page.words
    assert "They found my phone." in page.words
    assert place.count("texts") == place.count("versions") == place.count("listed") == 0
    assert reading.is_withdrawn(place.db, bytes.fromhex(story))
    assert place.consents() == [("yes", True, False), ("no", True, False)]
    assert place.db.rows("SELECT state, unread FROM cases") == [("reading", 1)]
    assert "Your story" not in visitor.opens("case").words


def test_taking_back_twice_does_no_harm(visitor: Visitor, place: Place, published: tuple[str, str]) -> None:
    page = visitor.returns(published[0])
    for _ in range(2):
        assert 'id="taken-back"' in visitor.fills(page, 'value="take_back"').main
    assert place.consents() == [("yes", True, False), ("no", True, False)]


def test_what_the_circle_reads_after_all_that_is_in_order(visitor: Visitor, place: Place, code: str) -> None:
    decides(visitor, visitor.returns(code), "yes")
    kinds = [
        type(letter)
        for letter in place.read_by(place.circle)
        if isinstance(letter, Text | Consent | FinalText | Verdict)
    ]
    assert kinds == [Text, Consent, FinalText, Verdict]
