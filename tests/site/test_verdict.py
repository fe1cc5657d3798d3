"""The author's word on the final text, and what they can do with the story afterwards."""

from collections.abc import Callable

import pytest

from onion_app.crypto.payloads import Consent, StoryLink, Verdict
from onion_app.vault.mailbox import lifetime
from onion_app.vault.shown.reading import name_of
from scripts.rehearsal.pages import Page
from scripts.rehearsal.people import Visitor
from tests.site.conftest import Place


@pytest.fixture
def code(visitor: Visitor, place: Place) -> str:
    code = visitor.hand_in("tell", "They found my phone.", publish="ask")
    place.proposes("A phone", "Somebody found a phone.\n\nThen it was quiet.")
    return code


def verdicts(place: Place) -> list[tuple[str, str]]:
    return [(each.decision, each.text) for each in place.read_by(place.pair) if isinstance(each, Verdict)]


def decides(visitor: Visitor, page: Page, decision: str, text: str = "") -> Page:
    return visitor.send(page.form_doing(f"verdict {decision}"), change=text)


def test_the_final_text_comes_first_and_whole(visitor: Visitor, code: str) -> None:
    page = visitor.come_back(code)
    assert "Somebody found a phone.\n\nThen it was quiet." in page.main_html
    assert page.main_html.index('id="proposal"') < page.main_html.index('class="message"')


@pytest.mark.parametrize(("decision", "text"), [("yes", ""), ("change", "Not the phone."), ("no", "")])
def test_each_answer_arrives_sealed_and_is_said_back(
    visitor: Visitor, place: Place, code: str, decision: str, text: str
) -> None:
    before = visitor.come_back(code)
    page = decides(visitor, before, decision, text)
    assert page.has(id="decided")
    assert page.first(id="state").text != before.first(id="state").text
    assert not page.has(id="proposal")
    assert verdicts(place) == [(decision, text)]
    assert place.mailbox.rows("SELECT state, unread FROM cases") == [("asking", 1)]


def test_who_asks_for_a_change_after_a_yes_is_not_told_that_they_said_yes(
    visitor: Visitor, place: Place, code: str
) -> None:
    page = visitor.come_back(code)
    decides(visitor, page, "yes")
    lifetime.set_state(place.mailbox, place.case_ids()[0], "agreed")  # as the desk does once it has read the yes
    assert "You said yes." in visitor.come_back(code).first(id="state").text
    assert "You said yes." not in decides(visitor, page, "change", "Not the phone.").first(id="state").text


def test_pressing_twice_says_it_once_and_who_goes_back_may_say_otherwise(
    visitor: Visitor, place: Place, code: str
) -> None:
    page = visitor.come_back(code)
    for _ in range(2):
        decides(visitor, page, "yes")
    assert verdicts(place) == [("yes", "")]
    assert "You said no." in decides(visitor, page, "no").main.text
    assert verdicts(place) == [("yes", ""), ("no", "")]


@pytest.mark.parametrize(("words", "error"), [("", "One sentence is enough"), ("b" * 12_004, "4 letters too long")])
def test_a_change_without_words_or_too_long_is_asked_for_again_and_comes_back_whole(
    visitor: Visitor, place: Place, code: str, words: str, error: str
) -> None:
    page = decides(visitor, visitor.come_back(code), "change", words)
    assert page.title == "Error: Messages"
    assert error in page.errors
    assert words in page.main_html
    assert verdicts(place) == []


def test_nobody_says_yes_to_a_text_they_have_not_seen(visitor: Visitor, place: Place, code: str) -> None:
    page = visitor.come_back(code)
    place.proposes("Another", "Other words.")
    page = decides(visitor, page, "yes", "but not the name")
    assert 'id="another"' in page.main_html
    assert "Other words." in page.main.text
    assert "but not the name" in page.main_html
    assert verdicts(place) == []
    decides(visitor, page, "yes")
    assert [decision for decision, _ in verdicts(place)] == ["yes"]


def test_a_form_without_a_decision_is_a_message_and_no_yes(visitor: Visitor, place: Place, code: str) -> None:
    page = visitor.send(visitor.come_back(code).form_with("text"), do=None, text="Who are you?")
    assert 'id="arrived"' in page.main_html
    assert place.texts()[-1] == "Who are you?"
    assert verdicts(place) == []


def test_the_word_comes_back_when_the_page_was_open_too_long(visitor: Visitor, place: Place, code: str) -> None:
    page = visitor.come_back(code)
    place.clock.wait(minutes=20)
    expired = decides(visitor, page, "change", "Not the phone.")
    assert expired.box == "Not the phone."
    assert 'id="decided"' in visitor.send(expired, code=code).main_html
    assert verdicts(place) == [("change", "Not the phone.")]


def test_a_visitor_can_propose_nothing_to_themselves(visitor: Visitor, place: Place) -> None:
    page = visitor.come_back(visitor.hand_in(publish="ask"))
    assert 'id="proposal"' not in page.main_html
    visitor.send(page.form_with("text"), do="verdict yes", final="ab" * 16, text="")
    assert verdicts(place) == []


def test_the_page_fits_with_the_longest_final_text_and_message(visitor: Visitor, place: Place) -> None:
    code = visitor.hand_in("tell", "&" * 12_000, publish="ask")
    place.proposes("t" * 80, "<" * 12_000)
    page = visitor.come_back(code)
    assert len(page.html.encode()) < 131_000
    assert page.status == 200


@pytest.fixture
def published(visitor: Visitor, place: Place) -> tuple[str, str]:
    code = visitor.hand_in("tell", "They found my phone.", publish="yes", count="1")
    (consent,) = (each for each in place.read_by(place.pair) if isinstance(each, Consent))
    story = place.show({"en": ("A phone", "Somebody found a phone.")}, mark=bytes.fromhex(consent.mark))
    place.says(place.lamp, place.case_ids()[0], StoryLink(story.hex()))
    lifetime.set_state(place.mailbox, place.case_ids()[0], "published")
    return code, name_of(story)


def test_the_author_finds_their_story_from_their_messages(visitor: Visitor, published: tuple[str, str]) -> None:
    code, story = published
    page = visitor.come_back(code)
    assert visitor.send(page.form_with("text"), go=f"stories/{story}", text="Half a").has(id="story")


def test_a_story_taken_back_goes_and_messages_stay(visitor: Visitor, place: Place, published: tuple[str, str]) -> None:
    code, story = published
    form = visitor.come_back(code).form_doing("take_back")
    for _ in range(2):
        page = visitor.send(form)
        assert page.has(id="taken-back")
        assert "They found my phone." in page.main.text
    assert visitor.go(f"stories/{story}").status == 404
    assert "A phone" not in visitor.go("stories").html
    assert place.consents() == [("yes", True, False), ("no", True, False)]
    assert place.mailbox.rows("SELECT state, unread FROM cases") == [("reading", 1)]
    lifetime.set_state(place.mailbox, place.case_ids()[0], "published")  # as whoever writes the mailbox could
    assert "Your story" not in visitor.go("case").main.text
    place.forgets()
    assert place.shown.rows("SELECT id FROM texts") == []


@pytest.mark.parametrize("way", ["take_back", "erase", "erase without opening"])
def test_a_page_that_is_kept_ready_goes_at_once(
    visitor: Visitor, come: Callable[[], Visitor], published: tuple[str, str], way: str
) -> None:
    code, story = published
    reader = come()
    for _ in range(2):
        assert "Somebody found a phone." in reader.go(f"stories/{story}").main.text
        assert "A phone" in reader.go("stories").main.text
    case = visitor.come_back(code)
    match way:
        case "take_back":
            visitor.send(case.form_doing("take_back"))
        case "erase":
            visitor.send(visitor.send(case.form_doing("erase")))
        case _:
            visitor.erase_without_opening(code)
    assert reader.go(f"stories/{story}").status == 404
    assert "A phone" not in reader.go("stories").html
