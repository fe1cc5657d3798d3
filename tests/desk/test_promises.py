"""Promises of a day, and what is asked before an answer goes out."""

import pytest

from onion_app.crypto.payloads import Text
from onion_app.desk import phrases
from onion_app.desk.questions import question_about
from onion_app.errors import NothingHere
from onion_app.vault.desk.promised import promised_day
from onion_app.vault.mailbox import lifetime
from onion_app.vault.overdue import overdue_in
from onion_app.vault.settings import read_settings
from onion_app.web.i18n import day_words
from tests.desk.house import House, Volunteer, listed
from tests.world import Author

THREE_DAYS = 20_503
WAITS = "1 read, and not answered"
HELD = "1 urgent, read, and not answered yet"
MINE = "1 that I have taken"


@pytest.fixture
def urgent(counsellor: Volunteer, author: Author) -> str:
    """Give an urgent case that the counsellor has opened and taken."""
    case = author.writes("They found my phone.", danger="yes")
    counsellor.log_in()
    counsellor.take(case)
    return case


def day_of(counsellor: Volunteer) -> list[str]:
    """Read the lines of the first page."""
    return [line.text for line in counsellor.get("/").having_class("line")]


def last_answer(author: Author) -> Text:
    payload = author.payloads()[-1]
    assert isinstance(payload, Text)
    return payload


def test_a_holding_phrase_leaves_an_urgent_case_urgent_until_it_is_kept(
    house: House, counsellor: Volunteer, author: Author, urgent: str
) -> None:
    page = counsellor.press(f"/case/{urgent}/phrase", phrase="received", phrase_in="ar")
    assert page.form_to(f"/case/{urgent}/reply").value("write_again") == str(THREE_DAYS)
    counsellor.press(f"/case/{urgent}/reply")
    assert last_answer(author).again_by == THREE_DAYS
    assert day_of(counsellor) == [HELD, WAITS, MINE]
    house.clock.wait(days=3)
    counsellor.log_in()
    assert day_of(counsellor) == [HELD, WAITS, MINE]
    house.clock.wait(days=1)
    counsellor.log_in()
    assert day_of(counsellor) == [HELD, "1 overdue", WAITS, MINE]
    assert "19 February 2026" in counsellor.open_case(urgent).first(id="promised").text
    counsellor.take(urgent)
    counsellor.press(f"/case/{urgent}/reply", text="Here it is.")
    assert last_answer(author).again_by is None
    assert day_of(counsellor) == [MINE]
    assert promised_day(house.desk, author.case_id) is None


@pytest.mark.parametrize(("danger", "is_met"), [("no", False), ("yes", False), ("no", True)])
def test_a_promise_of_three_days_is_overdue_on_day_4_and_at_the_coordinators_on_day_7(
    house: House, coordinator: Volunteer, author: Author, *, danger: str, is_met: bool
) -> None:
    case = author.writes("They found my phone.", danger=danger)
    coordinator.take(case)
    coordinator.press_on(f"/case/{case}", f"/case/{case}/reply", text="Soon.", write_again=str(THREE_DAYS))
    if is_met:
        coordinator.press(f"/case/{case}/answered")
    overdue, silent, in_status = [], [], []
    for day in range(9):
        coordinator.log_in()
        page = coordinator.get("/")
        overdue += [day] if "1 overdue" in [line.text for line in page.having_class("line")] else []
        silent += [day] if page.having_class("silent") else []
        late = overdue_in(*house.dbs[::2], read_settings(house.shown), author.circle_id, house.today)
        in_status += [day] * late.cases
        house.clock.wait(days=1)
    expected = ([], []) if is_met else ([4, 5, 6, 7, 8], [7, 8])
    assert (overdue, silent) == expected
    assert in_status == overdue


def test_planted_urgent_requests_push_nobody_who_waits_longer_back(
    house: House, counsellor: Volunteer, circle: bytes
) -> None:
    first = Author(house, circle)
    waits = first.writes("They found my phone.", danger="yes")
    house.clock.wait(days=1)
    for _ in range(30):
        Author(house, circle).writes("Planted", danger="yes")
    first.writes_back("Are you there?")
    house.clock.wait(days=1)
    planted = Author(house, circle)
    planted.writes("Planted", danger="yes")
    planted.writes_back("Again")
    counsellor.log_in()
    assert day_of(counsellor)[0] == "more than 20 urgent, nobody has read them"
    rows = listed(counsellor.get(f"/circle/{circle.hex()}/new"))
    assert rows[0] == waits, "a second message moves nobody back, nor up"
    assert planted.case_id.hex() not in rows


def test_many_urgent_cases_are_more_than_20(house: House, counsellor: Volunteer, circle: bytes) -> None:
    for _ in range(21):
        Author(house, circle).writes("Hello?", danger="yes")
    counsellor.log_in()
    assert day_of(counsellor)[0] == "more than 20 urgent, nobody has read them"


def test_a_day_is_chosen_under_any_answer_and_the_case_can_be_called_answered(
    house: House, counsellor: Volunteer, author: Author, urgent: str
) -> None:
    counsellor.press_on(f"/case/{urgent}", f"/case/{urgent}/reply", text="Stay inside.", write_again="20502")
    assert last_answer(author) == Text("Stay inside.", 20_500, sender="Sara", again_by=20_502)
    assert lifetime.read_case(house.mailbox, author.case_id).state == "reading"
    author.writes_back("I do.")
    page = counsellor.post(f"/case/{urgent}/answered", counsellor.token)
    assert promised_day(house.desk, author.case_id) == 20_502, "nobody has read what was written after it"
    page = counsellor.open_case(urgent)
    counsellor.press(f"/case/{urgent}/answered")
    assert promised_day(house.desk, author.case_id) is None
    assert day_of(counsellor) == [MINE]
    page = counsellor.post(f"/case/{urgent}/answered", counsellor.token)
    assert page.errors


def test_of_two_days_the_earlier_one_is_promised_and_a_day_that_is_over_none(
    counsellor: Volunteer, author: Author, urgent: str
) -> None:
    said = phrases.PHRASES["not_today"]["en"].replace("{day}", day_words(20_502, "en"))
    page = counsellor.press_on(f"/case/{urgent}", f"/case/{urgent}/reply", text=said, write_again="20499")
    assert "still to come" in page.errors
    assert page.first(id="text").raw_text.strip() == said
    counsellor.press(f"/case/{urgent}/reply", text=said, write_again="20507")
    assert last_answer(author).again_by == 20_502


def test_a_promise_ends_where_nobody_would_read_it(
    house: House, counsellor: Volunteer, author: Author, urgent: str
) -> None:
    promise = {"text": "Soon.", "write_again": str(THREE_DAYS)}
    counsellor.press_on(f"/case/{urgent}", f"/case/{urgent}/reply", **promise)
    counsellor.press(f"/case/{urgent}/close")
    assert promised_day(house.desk, author.case_id) is None
    counsellor.take(urgent)
    counsellor.press_on(f"/case/{urgent}", f"/case/{urgent}/reply", **promise)
    door = f"/case/{urgent}/ways-out/close-door"
    assert counsellor.press_on(door, door, word="CLOSE").has(id="door-closed")
    assert promised_day(house.desk, author.case_id) is None


def test_a_circle_that_does_not_answer_is_named_to_the_coordinators_after_as_long_again(
    house: House, coordinator: Volunteer, author: Author
) -> None:
    author.writes("Hello?", danger="yes")
    seen = []
    for _ in range(4):
        house.clock.wait(days=1)
        coordinator.log_in()
        seen.append([box.text for box in coordinator.get("/").having_class("silent")])
    assert seen == [[], [], [], ["The circle Listening does not answer."]]
    house.make_coordinator("Sara", is_one=False)
    assert not coordinator.get("/").having_class("silent")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Call ٠٧٧٠\u202f١٢٣\u2011٤٥٦٧.", "telephone number"),
        ("Come to the alley behind it.", "address"),
        ("Write to help@example.org", "address"),
        ("Meet me tomorrow.", "meeting"),
        ("نلتقي غداً", "meeting"),
        ("یەکتری دەبینین", "meeting"),
        ("سبێ هەڤدو ببینین", "meeting"),
        ("Erbil Duhok Zakho Basra Mosul Kirkuk Najaf Karbala Hilla Kut Samarra Tikrit 07701234567", "telephone number"),
    ],
)
def test_an_answer_with_a_number_an_address_or_a_meeting_is_asked_about_before_it_goes(
    counsellor: Volunteer, author: Author, taken: str, text: str, sentence: str
) -> None:
    page = counsellor.press_on(f"/case/{taken}", f"/case/{taken}/reply", text=text)
    assert sentence in page.having_class("question")[0].text
    assert page.first(id="text").raw_text.strip() == text
    yes = page.first("button", name="asked").get("value")
    assert len(author.payloads()) == 1
    # A yes is about what was found, and no more.
    page = counsellor.press(f"/case/{taken}/reply", text=f"{text} Or 0750 999 88 77.", asked=yes)
    assert page.having_class("question")
    assert len(author.payloads()) == 1
    counsellor.press(f"/case/{taken}/reply", text=text, asked=yes)
    assert last_answer(author).text == text


def test_no_set_phrase_is_asked_about() -> None:
    day = day_words(THREE_DAYS, "en")
    said = [text.replace("{day}", day) for languages in phrases.PHRASES.values() for text in languages.values()]
    assert [text for text in said if question_about(text)] == []


def test_of_the_filled_ones_each_is_asked_about_alone(house: House, counsellor: Volunteer, circle: bytes) -> None:
    authors = [Author(house, circle) for _ in range(3)]
    for each in authors:
        each.writes("Question")
    counsellor.log_in()
    for each in authors:
        counsellor.take(each.case_id.hex())
    counsellor.open_case(authors[0].case_id.hex())
    counsellor.press(f"/case/{authors[0].case_id.hex()}/note", note="Lives with his sister.")
    page = counsellor.get("/mine")
    first, second, third = (each.case_id.hex() for each in authors)
    assert "Lives with his sister." in page.text
    assert page.html.index("Lives with his sister.") < page.html.index(f'id="text_{first}"')
    typed = {f"text_{first}": "Ring 07701234567", f"text_{second}": "Meet me", f"text_{third}": "Here."}
    page = counsellor.press(
        "/mine/send", **typed, **{f"write_again_{third}": str(THREE_DAYS), f"write_again_{first}": "20502"}
    )
    assert [len(each.payloads()) for each in authors] == [1, 1, 2]
    assert last_answer(authors[2]).again_by == THREE_DAYS
    assert len(page.having_class("question")) == 2
    assert page.form_to("/mine/send").value(f"write_again_{first}") == "20502"
    yes = page.first("button", name=f"asked_{first}").get("value")
    fields = page.form_to("/mine/send").filled(**{f"text_{third}": "Half a", f"asked_{first}": yes})
    counsellor.post("/mine/send", [field for field in fields if field[0] != f"asked_{second}"])  # the button of another
    assert [len(each.payloads()) for each in authors] == [2, 1, 2], "nothing but what the button stands under goes"
    assert last_answer(authors[0]).again_by == 20_502
    page = counsellor.get("/mine")
    boxes = [page.first(id=f"text_{case}").raw_text.strip() for case in (first, second, third)]
    assert boxes == ["", "Meet me", "Half a"]


def test_words_typed_for_a_case_that_was_erased_meanwhile_are_shown(
    counsellor: Volunteer, author: Author, taken: str
) -> None:
    counsellor.open_case(taken)
    author.erases()
    page = counsellor.press(f"/case/{taken}/reply", text="I typed for an hour.")
    assert (page.status, page.first(id="not-sent").having_class("text")[0].text) == (404, "I typed for an hour.")
    assert not counsellor.get(f"/case/{taken}").has(id="not-sent")


def test_the_door_is_closed_by_typing_the_word_on_a_page_of_its_own(
    counsellor: Volunteer, author: Author, taken: str
) -> None:
    door = f"/case/{taken}/ways-out/close-door"
    page = counsellor.get(f"/case/{taken}/ways-out")
    assert not page.has("form", action=door)
    for word in ("", "yes", "closed"):
        page = counsellor.press_on(door, door, word=word)
        assert "Nothing was done" in page.first(id="word-wrong").text
        assert page.first(id="word").get("value") == ""
        author.comes_back()
    counsellor.get(f"{door}?lang=ar")
    page = counsellor.press(door, word="اغلاق")
    assert page.has(id="door-closed"), page.text
    with pytest.raises(NothingHere):
        author.comes_back()


def test_where_nobody_reads_an_answer_no_box_is_offered(counsellor: Volunteer, taken: str) -> None:
    assert counsellor.open_case(taken).has("textarea", id="text")
    door = f"/case/{taken}/ways-out/close-door"
    counsellor.press_on(door, door, word="close")
    assert not counsellor.open_case(taken).has("textarea", id="text")
    assert not counsellor.get("/mine").has("textarea", name=f"text_{taken}")
