"""A counsellor's cases on one page, and the ways out of them."""

import pytest

from onion_app.crypto.epochs import AUTHOR_HOLDER
from onion_app.crypto.payloads import Text
from onion_app.desk.phrases import PHRASES
from onion_app.errors import NothingHere
from onion_app.vault.desk import audit, moderators, taken
from onion_app.vault.mailbox import case_keys, lifetime
from onion_app.web.app import Hardened
from tests.desk.actors import Author, House, Volunteer
from tests.desk.circles import epochs_open_to, pairs_of


@pytest.fixture
def authors(house: House, circle: bytes, counsellor: Volunteer) -> list[Author]:
    """Three people whose cases the counsellor has taken, and who is logged in with none of them opened."""
    found = [Author(house, circle) for _ in range(3)]
    for number, each in enumerate(found):
        each.writes(f"Question {number}")
    counsellor.logs_in()
    for each in found:
        counsellor.takes(each.case_id.hex())
    counsellor.logs_in()
    return found


def answers(author: Author) -> list[str]:
    return [letter.text for letter in author.letters() if isinstance(letter, Text) and letter.sender]


def test_ten_waiting_cases_are_taken_and_answered_in_four_pages(
    house: House, counsellor: Volunteer, circle: bytes
) -> None:
    waiting = [Author(house, circle) for _ in range(10)]
    for each in waiting:
        each.writes("Please answer me.")
    counsellor.logs_in()
    counsellor.goes_to(f"/circle/{circle.hex()}/new")
    ticks = {f"take_{author.case_id.hex()}": "1" for author in waiting}
    page = counsellor.presses("/mine/take", **ticks)
    assert "Please answer me." not in page.text
    counsellor.presses("/mine/open")
    boxes = {f"text_{author.case_id.hex()}": f"Answer {number}" for number, author in enumerate(waiting)}
    assert counsellor.presses("/mine/send", **boxes).has(id="sent")
    assert [answers(author) for author in waiting] == [[f"Answer {number}"] for number in range(10)]


def test_of_the_ticked_cases_those_that_cannot_be_taken_are_said(
    house: House, app: Hardened, counsellor: Volunteer, circle: bytes
) -> None:
    mine, gone, foreign = Author(house, circle), Author(house, circle), Author(house, house.circle("Law"))
    lawyer = Volunteer(house, app)
    lawyer.enrols(foreign.circle_id, "Dana")
    for each in (mine, gone, foreign):
        each.writes("Hello?")
    counsellor.logs_in()
    counsellor.goes_to(f"/circle/{circle.hex()}/new")
    gone.erases()
    token = ("csrf_token", counsellor.form("/mine/take").value("csrf_token"))
    ticks = [(f"take_{author.case_id.hex()}", "1") for author in (gone, foreign, mine)]
    page = counsellor.sends("/mine/take", [token, *ticks])
    assert "no longer here" in counsellor.mistakes
    assert [card.get("data-case") for card in page.having_class("mine")] == [mine.case_id.hex()]
    assert list(taken.taken_by(house.desk, [mine.case_id, foreign.case_id])) == [mine.case_id]
    # What somebody has taken is not offered in the queue, and stays theirs whatever is sent.
    with house.desk.writing():
        house.desk.run("UPDATE taken SET moderator_id = ?", (moderators.find_moderator(house.desk, "Dana").id,))
    page = counsellor.goes_to(f"/circle/{circle.hex()}/new")
    assert not page.has(name=f"take_{mine.case_id.hex()}")
    page = counsellor.sends("/mine/take", [token, *ticks])
    assert "Somebody else" in counsellor.mistakes
    assert not page.having_class("mine")


def test_a_set_phrase_is_put_into_the_ticked_boxes_in_the_language_of_each_author(
    counsellor: Volunteer, authors: list[Author]
) -> None:
    counsellor.goes_to("/mine")
    counsellor.presses("/mine/open")
    first, second, third = (author.case_id.hex() for author in authors)
    typed = {f"text_{first}": "Typed before", f"text_{second}": "Of the other"}
    fields = counsellor.form("/mine/send").filled(**typed, **{f"below_{first}": "1", f"below_{third}": "1"})
    fields = [field for field in fields if field[0] != "phrase"]
    page = counsellor.sends("/mine/phrase", [*fields, ("phrase", "not_your_fault")])
    said = PHRASES["not_your_fault"]["ar"]
    boxes = [page.first(id=f"text_{case}").raw_text.strip() for case in (first, second, third)]
    assert boxes == [f"Typed before\n\n{said}", "Of the other", said]
    assert answers(authors[0]) == []
    emptied = counsellor.form("/mine/send").filled(**{f"text_{first}": " ", f"text_{third}": ""})
    page = counsellor.sends("/mine/phrase", [*emptied, (f"below_{second}", "1")])
    boxes = [page.first(id=f"text_{case}").raw_text.strip() for case in (first, second, third)]
    assert (boxes[0], boxes[2]) == ("", ""), "what was taken out of a box does not come back"
    page = counsellor.sends("/mine/phrase", [*fields, ("phrase", "nothing")])
    assert counsellor.mistakes
    assert page.first(id=f"text_{second}").raw_text.strip() == "Of the other"


def test_filled_boxes_are_sent_at_once_and_one_refusal_keeps_its_text(
    house: House, counsellor: Volunteer, authors: list[Author]
) -> None:
    page = counsellor.goes_to("/mine")
    assert "Question" not in page.text
    page = counsellor.presses("/mine/open")
    assert [f"Question {number}" in page.text for number in range(3)] == [True] * 3
    first, second, third = (f"text_{author.case_id.hex()}" for author in authors)
    authors[1].writes_back("One thing more")
    fields = counsellor.form("/mine/send").filled(**{first: "Answer A", second: "Answer B", third: " "})
    page = counsellor.sends("/mine/send", fields)
    assert "written again" in counsellor.mistakes
    assert [answers(author) for author in authors] == [["Answer A"], [], []]
    page = counsellor.presses("/mine/open")
    assert "One thing more" in page.text
    assert page.first(id=second).raw_text.strip() == "Answer B"
    assert page.first(id=first).raw_text.strip() == ""
    page = counsellor.presses("/mine/send")
    assert page.has(id="sent")
    assert answers(authors[1]) == ["Answer B"]
    counsellor.sends("/mine/send", fields)  # by pressing Back: nothing is sent twice
    assert answers(authors[0]) == ["Answer A"]
    # Texts for a case that is gone are shown, and nobody else's case is touched.
    authors[2].erases()
    fields = [("csrf_token", counsellor.form("/logout").value("csrf_token")), (third, "Too late")]
    page = counsellor.sends("/mine/send", [*fields, (f"message_{third[5:]}", "1" * 32), (f"seen_{third[5:]}", "9")])
    assert "Too late" in page.having_class("stray")[0].text
    # I must stop gives all of them back.
    counsellor.presses("/mine/stop")
    assert taken.taken_by(house.desk, [author.case_id for author in authors]) == {}


def test_texts_of_many_boxes_survive_the_lock(house: House, counsellor: Volunteer, authors: list[Author]) -> None:
    counsellor.goes_to("/mine")
    counsellor.presses("/mine/open")
    first, second = (f"text_{author.case_id.hex()}" for author in authors[:2])
    fields = counsellor.form("/mine/send").filled(**{first: "وقت طويل", second: "Second"})
    house.clock.now += 16 * 60
    assert counsellor.sends("/mine/send", fields).has(id="kept-notice")
    counsellor.fills_in_login()
    page = counsellor.presses("/mine/open")
    assert page.first(id=first).raw_text.strip() == "وقت طويل"
    assert page.first(id=second).raw_text.strip() == "Second"
    assert answers(authors[0]) == []


def test_a_case_handed_over_gets_keys_that_the_former_circle_never_had(
    house: House, app: Hardened, counsellor: Volunteer, authors: list[Author], circle: bytes
) -> None:
    law = house.circle("Law", topics=("law",))
    lawyer = Volunteer(house, app)
    lawyer.enrols(law, "Dana")
    author = authors[0]
    case = author.case_id.hex()
    counsellor.opens(case)
    counsellor.presses(f"/case/{case}/note", text="Needs a lawyer")
    before = pairs_of(house, counsellor, circle)
    counsellor.goes_to(f"/case/{case}/ways-out")
    counsellor.presses(f"/case/{case}/ways-out/hand-over", circle=law.hex())
    for path in ("", "/ways-out"):
        counsellor.goes_to(f"/case/{case}{path}")
        assert counsellor.status == 404
    assert epochs_open_to(house, author.case_id, law, before) == set()
    assert epochs_open_to(house, author.case_id, law, pairs_of(house, lawyer, law)) == {1, 2}
    assert [found.epoch for found in case_keys.wraps_of(house.mailbox, author.case_id, AUTHOR_HOLDER)] == [2, 1]
    assert taken.taken_by(house.desk, [author.case_id]) == {}
    lawyer.logs_in()
    page = lawyer.goes_to(f"/circle/{law.hex()}/new")
    assert [card.get("data-case") for card in page.having_class("case")] == [case]
    assert "Needs a lawyer" in lawyer.opens(case).text
    # Whoever has not taken it hands nothing over and closes no door.
    other = authors[1].case_id.hex()
    token = lawyer.form("/logout").value("csrf_token")
    for act in ("hand-over", "step-out", "close-door"):
        lawyer.sends(f"/case/{other}/ways-out/{act}", [("csrf_token", token), ("circle", law.hex())])
        assert lawyer.status == 404
        lawyer.sends(f"/case/{case}/ways-out/hand-over", [("csrf_token", token), ("circle", circle.hex())])
        assert "Take this case first" in lawyer.mistakes
    assert lifetime.read_case(house.mailbox, authors[1].case_id).circle_id == circle


def test_a_case_of_which_a_part_opens_for_nobody_is_not_handed_over(
    house: House, app: Hardened, counsellor: Volunteer, authors: list[Author], circle: bytes
) -> None:
    law = house.circle("Law", topics=("law",))
    Volunteer(house, app).enrols(law, "Dana")
    author = authors[0]
    counsellor.opens(author.case_id.hex())
    counsellor.goes_to(f"/case/{author.case_id.hex()}/ways-out")
    with house.mailbox.writing():
        damaged = "UPDATE case_keys SET wrap = ? WHERE case_id = ? AND holder = ?"
        house.mailbox.run(damaged, (bytes(120), author.case_id, circle))
    counsellor.presses(f"/case/{author.case_id.hex()}/ways-out/hand-over", circle=law.hex())
    assert "opens for nobody any more" in counsellor.mistakes
    assert "handed a case over" not in [row.what for row in audit.audit_of(house.desk, circle, 0)]


def test_stepping_out_hides_a_case_and_closing_the_door_takes_the_code_away(
    house: House, counsellor: Volunteer, authors: list[Author], circle: bytes
) -> None:
    hidden, closed = authors[0].case_id.hex(), authors[1].case_id.hex()
    page = counsellor.goes_to(f"/case/{hidden}/ways-out")
    assert "Your key could still open it" in page.text
    counsellor.presses(f"/case/{hidden}/ways-out/step-out")
    assert hidden not in [card.get("data-case") for card in counsellor.page.having_class("mine")]
    page = counsellor.goes_to(f"/circle/{circle.hex()}/reading")
    assert hidden not in [card.get("data-case") for card in page.having_class("case")]
    counsellor.goes_to(f"/case/{closed}/ways-out")
    counsellor.presses(f"/case/{closed}/ways-out/close-door")
    assert case_keys.wraps_of(house.mailbox, authors[1].case_id, AUTHOR_HOLDER) == []
    assert case_keys.author_key_of(house.mailbox, authors[1].case_id) is None
    with pytest.raises(NothingHere):
        lifetime.find_by_tag(house.mailbox, bytes(32))
    assert "Question 1" in counsellor.opens(closed).text
