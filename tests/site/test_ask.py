"""Ask: what is needed, how urgent it is, and in which language to answer."""

import pytest

from scripts.rehearsal.people import Visitor
from tests.site.conftest import Place

STORY = "0123456789abcdef" * 2


def row(place: Place) -> tuple[object, ...]:
    found = place.mailbox.row("SELECT kind, topic, answer_in, urgent FROM cases")
    assert found is not None
    return found


def test_whoever_answers_nothing_has_said_i_do_not_know(visitor: Visitor, place: Place) -> None:
    fields = visitor.go("ask").form().values
    assert (fields["topic"], fields["danger"], fields["answer_in"]) == ("unknown", "unknown", "any")
    visitor.hand_in("ask", "May I talk to somebody?")
    assert row(place) == ("request", "unknown", "any", 1)


@pytest.mark.parametrize(("danger", "urgent"), [("yes", 2), ("unknown", 1), ("no", 0)])
def test_danger_in_the_next_day_decides_the_order(visitor: Visitor, place: Place, danger: str, urgent: int) -> None:
    visitor.hand_in("ask", "May I talk to somebody?", danger=danger, topic="safety", answer_in="ckb")
    assert row(place) == ("request", "safety", "ckb", urgent)


def test_choices_that_are_none_become_the_careful_ones(visitor: Visitor, place: Place) -> None:
    visitor.hand_in("ask", "May I talk to somebody?", danger="perhaps", topic="weather", answer_in="fr")
    assert row(place) == ("request", "unknown", "any", 1)


def test_the_check_page_of_a_request_asks_for_no_consents(visitor: Visitor, place: Place) -> None:
    check = visitor.check("ask", "May I talk to somebody?", topic="health", answer_in="en")
    assert 'name="publish"' not in check.main_html
    assert "What it is about: Health" in check.main.text
    assert "Language of the answer: English" in check.main.text
    visitor.confirm(check, publish="yes", count="1")
    assert place.consents() == []


def test_an_urgent_request_is_told_within_a_day(visitor: Visitor) -> None:
    said = "We try to answer within a day."
    assert said in visitor.check("ask", "Help.", danger="yes").main.text
    assert said not in visitor.check("ask", "Help.", danger="unknown").main.text


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


def test_the_story_stays_with_the_request_and_is_named_under_it(visitor: Visitor, place: Place) -> None:
    page = visitor.go(f"ask?topic=story&story={STORY}")
    check = visitor.send(page, text="It is about me.")
    visitor.confirm(check)
    assert place.texts() == [f"It is about me.\n\n/stories/{STORY}"]


@pytest.mark.parametrize("story", ["", "../../x", "<b>", STORY.upper(), STORY + "0"])
def test_what_is_no_id_of_a_story_is_dropped(visitor: Visitor, place: Place, story: str) -> None:
    page = visitor.go("ask?topic=story")
    check = visitor.send(page, text="It is about me.", story=story)
    visitor.confirm(check)
    assert place.texts() == ["It is about me."]


def test_an_empty_request_keeps_every_choice(visitor: Visitor) -> None:
    page = visitor.check("ask", "", topic="law", danger="no", answer_in="kmr")
    fields = page.form().values
    assert page.title == "Error: Write"
    assert (fields["topic"], fields["danger"], fields["answer_in"]) == ("law", "no", "kmr")
