"""Ask: what is needed, how urgent it is, and in which language to answer."""

import pytest

from scripts.rehearsal.people import Visitor
from tests.site.conftest import Place

STORY = "0123456789abcdef" * 2
WELL = {"topic": "safety", "answer_in": "ckb"}


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ({}, ("unknown", "any", 1)),
        ({"danger": "perhaps", "topic": "weather", "answer_in": "fr"}, ("unknown", "any", 1)),
        ({"answer_in": "en"}, ("unknown", "any", 1)),  # the page's own: it lies in the sealed message, not in the row
        ({"danger": "yes"} | WELL, ("safety", "ckb", 2)),
        ({"danger": "unknown"} | WELL, ("safety", "ckb", 1)),
        ({"danger": "no"} | WELL, ("safety", "ckb", 0)),
    ],
)
def test_what_is_said_is_stored_and_what_is_no_choice_is_the_careful_one(
    visitor: Visitor, place: Place, said: dict[str, str], stored: tuple[str, str, int]
) -> None:
    visitor.hand_in("ask", "May I talk to somebody?", **said)
    assert place.mailbox.rows("SELECT topic, answer_in, urgent FROM cases WHERE kind = 'request'") == [stored]


@pytest.mark.parametrize(
    ("story", "named"),
    [(STORY, f"\n\n/stories/{STORY}"), *((bad, "") for bad in ("", "../../x", "<b>", STORY.upper(), STORY + "0"))],
)
def test_only_an_id_of_a_story_stays_with_the_request(visitor: Visitor, place: Place, story: str, named: str) -> None:
    visitor.confirm(visitor.send(visitor.go("ask?topic=story"), text="It is about me.", story=story))
    assert place.texts() == [f"It is about me.{named}"]


def test_the_check_page_of_a_request_asks_for_no_consents(visitor: Visitor, place: Place) -> None:
    check = visitor.check("ask", "May I talk to somebody?", topic="health", answer_in="en")
    assert 'name="publish"' not in check.main_html
    visitor.confirm(check, publish="yes", count="1")
    assert place.consents() == []


def test_days_to_answer_come_from_the_settings(visitor: Visitor, place: Place) -> None:
    place.put(answer_days={"health": 12, "unknown": 5, "urgent": 2})
    assert "Usually we answer within 5 days." in visitor.go("ask").main.text
    assert "Usually we answer within 12 days." in visitor.check("ask", "Help.", topic="health").main.text
    sent = visitor.confirm(visitor.check("ask", "Help.", topic="health", danger="yes"))
    assert "in about 2 days" in sent.main.text


def test_a_link_can_choose_the_topic_and_nothing_else(visitor: Visitor) -> None:
    page = visitor.go(f"ask?topic=story&story={STORY}&danger=no&text=planted")
    fields = page.form().values
    assert (fields["topic"], fields["story"], fields["danger"], fields["text"]) == ("story", STORY, "unknown", "")


def test_an_empty_request_keeps_every_choice(visitor: Visitor) -> None:
    page = visitor.check("ask", "", topic="law", danger="no", answer_in="kmr")
    fields = page.form().values
    assert page.title == "Error: Write"
    assert (fields["topic"], fields["danger"], fields["answer_in"]) == ("law", "no", "kmr")
