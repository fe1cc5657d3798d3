"""The pages on which words for reports are chosen, agreed to and given, as volunteers use them."""

import re

import pytest

from onion_app.choices import QUOTE_DAYS
from onion_app.web.i18n import month_words
from tests.desk.house import House, Volunteer, joins
from tests.quoting import SENTENCE, TOLD, WORDS, Reporting, on_the_page
from tests.world import Author


@pytest.fixture
def second(house: House, circle: bytes, counsellor: Volunteer) -> Volunteer:
    """Log in a second person of the circle; the first is logged in too."""
    counsellor.log_in()
    other = joins(house, circle, "Dana", counsellor)
    house.settle()
    return other


@pytest.fixture
def told(author: Author) -> str:
    return author.tells(TOLD, "no", quote=True)


def chooses(volunteer: Volunteer, case: str, words: str = WORDS, sentence: str = SENTENCE, **typed: str) -> None:
    """Open and take a case, tick a sentence of its author's, and write words."""
    volunteer.take(case)
    page = volunteer.get(f"/case/{case}/quotation")
    ticks = [each for each in page.first(id="sentences").every("label") if each.text == sentence]
    ticked = {each.first("input").get("name"): "1" for each in ticks}
    volunteer.press(f"/case/{case}/quotation/choose", text=words, **ticked, **typed)


def step(volunteer: Volunteer, case: str) -> str:
    return volunteer.get(f"/case/{case}/quotation").first(id="standing").get("data-step")


def agrees(volunteer: Volunteer, case: str) -> None:
    volunteer.open_case(case)
    volunteer.press_on(f"/case/{case}/quotation", f"/case/{case}/quotation/agree")


def test_words_go_from_a_case_into_a_report(
    house: House, counsellor: Volunteer, second: Volunteer, author: Author, told: str
) -> None:
    chooses(counsellor, told)
    assert counsellor.page.errors == ""
    assert step(counsellor, told) == "second"
    assert f"/case/{told}/quotation/agree" not in counsellor.page.html, "not whoever chose them"
    assert on_the_page(author).question is None
    second.open_case(told)
    page = second.get(f"/case/{told}/quotation")
    assert TOLD.split("\n")[1] in page.first(id="original").text, "the second one sees what they come from"
    agrees(second, told)
    assert step(second, told) == "asked"
    assert on_the_page(author).question is not None
    house.clock.wait(days=QUOTE_DAYS)
    for each in (counsellor, second):
        each.log_in()
    page = counsellor.get("/quotations")
    counsellor.press("/quotations/give", **{f"give_{told}": "1"})
    given = counsellor.page.having_class("given")
    assert [WORDS in each.text for each in given] == [True]
    assert len(on_the_page(author).lines) == 1
    file = counsellor.get(counsellor.page.first(id="as-file").first("a").get("href"))
    answer = counsellor.seen[-1][1]
    assert answer.header("content-type") == "text/plain; charset=utf-8"
    assert answer.header("content-disposition") == "attachment; filename=text.txt"
    assert answer.body.decode().split("\n") == [
        month_words(house.today, "en"),
        WORDS,
        "",
        "Changed and translated by us.",
        "We have not verified this, and do not know who wrote it.",
        "",
    ]
    for name in ("Sara", "Dana", "Listening", told):
        assert name not in file.html
    assert not re.search(r"[0-9a-f]{8}", answer.body.decode())
    months = counsellor.get("/quotations").first(id="months").text
    assert month_words(house.today, "en") in months


def test_what_could_not_go_is_named_beside_what_did(
    house: House, counsellor: Volunteer, second: Volunteer, author: Author, told: str
) -> None:
    other, third = (Author(house, author.circle_id) for _ in range(2))
    papers = "They took my papers away."
    cases = [told, *(each.tells(f"{papers} I was alone then.", "no", quote=True) for each in (other, third))]
    for case, sentence in zip(cases, (SENTENCE, papers, papers), strict=True):
        chooses(counsellor, case, f"Words that were made for case {case[:2]}.", sentence)
        agrees(second, case)
    house.clock.wait(days=QUOTE_DAYS)
    counsellor.log_in()
    counsellor.get("/quotations")
    other.allows("no")
    counsellor.press("/quotations/give", **{f"give_{case}": "1" for case in cases[:2]})
    assert [each.get("data-case") for each in counsellor.page.having_class("given")] == [told]
    assert [each.get("data-step") for each in counsellor.page.having_class("left-out")] == ["unread"]
    second.log_in()
    other.allows("no", quote=True)
    second.open_case(cases[1])
    house.show({"en": ("A story", f"Once. Words that were made for case {cases[2][:2]}.")})
    second.press_on("/quotations", "/quotations/give", **{f"give_{case}": "1" for case in cases[1:]})
    assert [each.get("data-step") for each in second.page.having_class("left-out")] == ["anew", "story"]
    author.allows("no")
    counsellor.open_case(told)
    page = counsellor.get(f"/quotations/given?case={told}")
    assert page.having_class("given") == []
    assert "taken the leave back" in page.main.text
    assert WORDS not in counsellor.get(f"/quotations/text.txt?case={told}").html


@pytest.mark.usefixtures("second")
def test_what_is_refused_stays_in_its_boxes(counsellor: Volunteer, told: str) -> None:
    chooses(counsellor, told, "One. Two is here. Three is here. Four is here. Five.", receiver="group")
    page = counsellor.page
    assert "one to three sentences" in page.errors
    assert page.first(id="text").raw_text.strip().startswith("One. Two")
    assert [each.get("name") for each in page.first(id="sentences").every("input") if "checked" in each.attributes]
    assert page.first("option", value="group").attributes.get("selected") is not None


def test_nothing_ticked_gives_nothing(counsellor: Volunteer, second: Volunteer, author: Author, told: str) -> None:
    chooses(counsellor, told)
    agrees(second, told)
    author.world.clock.wait(days=QUOTE_DAYS)  # type: ignore[attr-defined]
    counsellor.log_in()
    counsellor.get("/quotations")
    assert counsellor.press("/quotations/give").errors != ""
    assert on_the_page(author).lines == ()


def test_a_case_that_nobody_has_opened_shows_its_cover_first(
    counsellor: Volunteer, second: Volunteer, told: str
) -> None:
    for each in (counsellor, second):
        assert TOLD.split("\n")[1] not in each.get(f"/case/{told}/quotation").html


@pytest.mark.parametrize("case", ["zz", "00", "0" * 32])
def test_an_address_of_nothing_says_nothing(editor: Volunteer, case: str) -> None:
    assert editor.get(f"/quotations/given?case={case}").having_class("given") == []
    assert WORDS not in editor.get(f"/quotations/text.txt?case={case}").html
    assert editor.status == 200


def test_words_typed_for_other_words_are_not_lost_by_agreeing(
    counsellor: Volunteer, second: Volunteer, author: Author, told: str
) -> None:
    chooses(counsellor, told)
    counsellor.press_on(f"/case/{told}", f"/case/{told}/give-back")
    second.take(told)
    page = second.get(f"/case/{told}/quotation")
    second.post(f"/case/{told}/quotation/agree", page.form_with("of").filled(text="Half a sentence of mine"))
    assert step(second, told) == "asked"
    Reporting(author.world).judges(author, "no")
    second.open_case(told)
    assert second.get(f"/case/{told}/quotation").first(id="text").raw_text.strip() == "Half a sentence of mine"
