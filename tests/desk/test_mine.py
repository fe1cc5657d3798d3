"""A counsellor's cases on one page, and the ways out of them."""

import pytest

from onion_app.crypto.payloads import Text
from onion_app.desk.phrases import PHRASES
from onion_app.vault.desk import moderators, taken
from tests.desk.house import House, Volunteer, listed
from tests.world import Author


@pytest.fixture
def authors(house: House, circle: bytes, counsellor: Volunteer) -> list[Author]:
    """Three people whose cases the counsellor has taken, and who is logged in with none of them opened."""
    found = [Author(house, circle) for _ in range(3)]
    for number, each in enumerate(found):
        each.writes(f"Question {number}")
    counsellor.log_in()
    for each in found:
        counsellor.take(each.case_id.hex())
    counsellor.log_in()
    return found


def answers(author: Author) -> list[str]:
    return [letter.text for letter in author.payloads() if isinstance(letter, Text) and letter.sender]


def test_of_the_ticked_cases_those_that_cannot_be_taken_are_said(
    house: House, counsellor: Volunteer, circle: bytes, law: bytes
) -> None:
    mine, gone, foreign = Author(house, circle), Author(house, circle), Author(house, law)
    house.volunteer(foreign.circle_id, "Dana")
    for each in (mine, gone, foreign):
        each.writes("Hello?")
    counsellor.log_in()
    page = counsellor.get(f"/circle/{circle.hex()}/new")
    assert [page.has(name=f"take_{author.case_id.hex()}") for author in (mine, gone, foreign)] == [True, True, False]
    gone.erases()
    token = counsellor.token
    ticks = [(f"take_{author.case_id.hex()}", "1") for author in (gone, foreign, mine)]
    page = counsellor.post("/mine/take", [*token, *ticks])
    assert "no longer here" in counsellor.page.errors
    assert listed(page, "mine") == [mine.case_id.hex()]
    assert list(taken.taken_by(house.desk, [mine.case_id, foreign.case_id])) == [mine.case_id]
    # What somebody has taken is not offered in the queue, and stays theirs whatever is sent.
    taken.give_case_back(house.desk, mine.case_id, moderators.find_moderator(house.desk, "Sara").id)
    taken.take_case(house.desk, mine.case_id, moderators.find_moderator(house.desk, "Dana").id, house.today)
    page = counsellor.get(f"/circle/{circle.hex()}/new")
    assert not page.has(name=f"take_{mine.case_id.hex()}")
    page = counsellor.post("/mine/take", [*token, *ticks])
    assert "Somebody else" in counsellor.page.errors
    assert not page.having_class("mine")


def test_a_set_phrase_is_put_into_the_ticked_boxes_in_the_language_of_each_author(
    counsellor: Volunteer, authors: list[Author]
) -> None:
    counsellor.press_on("/mine", "/mine/open")
    first, second, third = (author.case_id.hex() for author in authors)
    typed = {f"text_{first}": "Typed before", f"text_{second}": "Of the other"}
    fields = counsellor.page.form_to("/mine/send").filled(**typed, **{f"below_{first}": "1", f"below_{third}": "1"})
    fields = [field for field in fields if field[0] != "phrase"]
    page = counsellor.post("/mine/phrase", [*fields, ("phrase", "not_your_fault")])
    said = PHRASES["not_your_fault"]["ar"]
    boxes = [page.first(id=f"text_{case}").raw_text.strip() for case in (first, second, third)]
    assert boxes == [f"Typed before\n\n{said}", "Of the other", said]
    assert answers(authors[0]) == []
    emptied = counsellor.page.form_to("/mine/send").filled(**{f"text_{first}": " ", f"text_{third}": ""})
    page = counsellor.post("/mine/phrase", [*emptied, (f"below_{second}", "1")])
    boxes = [page.first(id=f"text_{case}").raw_text.strip() for case in (first, second, third)]
    assert (boxes[0], boxes[2]) == ("", ""), "what was taken out of a box does not come back"
    page = counsellor.post("/mine/phrase", [*fields, ("phrase", "nothing")])
    assert counsellor.page.errors
    assert page.first(id=f"text_{second}").raw_text.strip() == "Of the other"


def test_filled_boxes_are_sent_at_once_and_one_refusal_keeps_its_text(
    house: House, counsellor: Volunteer, authors: list[Author]
) -> None:
    page = counsellor.get("/mine")
    assert "Question" not in page.text
    page = counsellor.press("/mine/open")
    assert [f"Question {number}" in page.text for number in range(3)] == [True] * 3
    first, second, third = (f"text_{author.case_id.hex()}" for author in authors)
    authors[1].writes_back("One thing more")
    fields = counsellor.page.form_to("/mine/send").filled(**{first: "Answer A", second: "Answer B", third: " "})
    page = counsellor.post("/mine/send", fields)
    assert "written again" in counsellor.page.errors
    assert [answers(author) for author in authors] == [["Answer A"], [], []]
    page = counsellor.press("/mine/open")
    assert "One thing more" in page.text
    assert page.first(id=second).raw_text.strip() == "Answer B"
    assert page.first(id=first).raw_text.strip() == ""
    page = counsellor.press("/mine/send")
    assert page.has(id="sent")
    assert answers(authors[1]) == ["Answer B"]
    counsellor.post("/mine/send", fields)  # by pressing Back: nothing is sent twice
    assert answers(authors[0]) == ["Answer A"]
    # Texts for a case that is gone are shown, and nobody else's case is touched.
    authors[2].erases()
    fields = [*counsellor.token, (third, "Too late")]
    page = counsellor.post("/mine/send", [*fields, (f"message_{third[5:]}", "1" * 32), (f"seen_{third[5:]}", "9")])
    assert "Too late" in page.having_class("stray")[0].text
    # I must stop gives all of them back.
    counsellor.press("/mine/stop")
    assert taken.taken_by(house.desk, [author.case_id for author in authors]) == {}


def test_texts_of_many_boxes_survive_the_lock(house: House, counsellor: Volunteer, authors: list[Author]) -> None:
    counsellor.press_on("/mine", "/mine/open")
    first, second = (f"text_{author.case_id.hex()}" for author in authors[:2])
    fields = counsellor.page.form_to("/mine/send").filled(**{first: "وقت طويل", second: "Second"})
    house.clock.now += 16 * 60
    assert counsellor.post("/mine/send", fields).has(id="kept-notice")
    counsellor.fill_in_login()
    page = counsellor.press("/mine/open")
    assert page.first(id=first).raw_text.strip() == "وقت طويل"
    assert page.first(id=second).raw_text.strip() == "Second"
    assert answers(authors[0]) == []


def test_stepping_out_hides_a_case_from_whoever_steps_out(
    counsellor: Volunteer, authors: list[Author], circle: bytes
) -> None:
    case = authors[0].case_id.hex()
    page = counsellor.press_on(f"/case/{case}/ways-out", f"/case/{case}/ways-out/step-out")
    assert case not in listed(page, "mine")
    assert case not in listed(counsellor.get(f"/circle/{circle.hex()}/reading"))
