"""The day's list and the queues: what waits is counted, and whoever goes through a list misses nobody."""

from itertools import pairwise

import pytest

from onion_app.desk.queues import case_number
from onion_app.vault.desk import audit
from scripts.rehearsal.pages import Page
from tests.desk.house import House, Volunteer, id_of, invites, joins, listed
from tests.desk.story_steps import asked, finish, in_queue, two_weeks_later
from tests.desk.test_guides import begun, kept
from tests.world import Author


def lines_on(page: Page) -> list[str]:
    """Read the day's list."""
    return [line.text for line in page.having_class("line")]


def goes_on(volunteer: Volunteer, left_open: Page) -> Page:
    """Press *Next page* on a page that was left open."""
    [way] = [way for tag in ("a", "button") for way in left_open.every(tag) if way.text == "Next page"]
    return volunteer.get(way.get("href") or way.get("value"))


def names_next(page: Page) -> bool:
    return "Next page" in [link.text for link in page.every("a")]


def test_whoever_opens_a_page_of_the_queue_and_goes_on_misses_nobody(
    house: House, counsellor: Volunteer, circle: bytes
) -> None:
    cases = {Author(house, circle).writes("Hello?") for _ in range(51)}
    counsellor.log_in()
    seen: list[list[str]] = []
    page = counsellor.get(f"/circle/{circle.hex()}/new")
    while len(seen) < 51:
        seen.append(listed(page))
        for case in seen[-1]:
            counsellor.open_case(case)
        if not names_next(page):
            break
        page = goes_on(counsellor, page)
    assert [len(part) for part in seen] == [25, 25, 1]
    assert {case for part in seen for case in part} == cases


def test_a_row_says_what_it_is_for_whom_since_when_and_who_has_it(
    counsellor: Volunteer, author: Author, circle: bytes
) -> None:
    case = author.writes("They found my phone.", danger="yes")
    counsellor.log_in()
    counsellor.take(case)
    for _ in range(2):
        counsellor.press_on(f"/case/{case}", f"/case/{case}/note", note="Spoke of it.")
    [row] = counsellor.get(f"/circle/{circle.hex()}/reading").having_class("case")
    said = ["Urgent: danger today or tomorrow", "any language", "16 February 2026", "2 notes", "Sara"]
    assert [word for word in [case_number(author.case_id), *said] if word not in row.text] == []
    assert case_number(author.case_id) in counsellor.get(f"/case/{case}").first("h1").text
    assert not row.every("input"), "it is taken"
    tabs = {link.text for link in counsellor.get(f"/circle/{circle.hex()}/new").having_class("tabs")[0].every("a")}
    assert {"Unread 0", "Read, not answered 1", "Mine 1"} <= tabs


def test_ticked_rows_are_taken_by_the_button_above_and_the_one_below(
    counsellor: Volunteer, author: Author, circle: bytes
) -> None:
    case = author.writes("Hello?")
    counsellor.log_in()
    page = counsellor.get(f"/circle/{circle.hex()}/new")
    above, below = [button for button in page.every("button") if button.text == "Take the ticked ones"]
    assert above.get("form") == page.first("form", action="/mine/take").get("id")
    assert not below.get("form")
    counsellor.press("/mine/take", **{f"take_{case}": "1"})
    assert listed(counsellor.page, "mine") == [case]


def test_the_first_page_is_the_days_list_and_each_line_leads_there(
    house: House, coordinator: Volunteer, author: Author, circle: bytes
) -> None:
    author.writes("They found my phone.", danger="yes")
    Author(house, circle).writes("Hello?")
    house.volunteer().enrol(invites(coordinator, circle), "Azad")
    page = coordinator.get("/")
    assert lines_on(page) == ["Azad waits to be let in", "1 urgent, nobody has read it", "2 unread"]
    for line in page.having_class("line"):
        assert coordinator.get(line.get("href")).has("main")
        assert coordinator.status == 200


def test_who_has_said_yes_is_waited_for_no_more(editor: Volunteer, author: Author) -> None:
    case = asked(editor, author)
    asking = f"/circle/{author.circle_id.hex()}/asking"
    assert "waiting for the author's yes" in editor.get(f"/case/{case}").text
    author.says("yes")
    assert "1 author whom we asked about a story has written" in lines_on(editor.get("/"))
    [row] = editor.get(asking).having_class("case")
    assert "we asked its author, who has written" in row.text
    assert "waiting for" not in row.text
    page = editor.open_case(case)
    assert "waiting for the author's yes" not in page.text
    assert "its author said yes" in page.text
    assert "1 author said yes" in lines_on(editor.get("/"))
    assert listed(editor.get(asking)) == []
    assert listed(editor.get(asking.replace("asking", "agreed"))) == [case]
    finish(editor, case, text="Somebody else hit me.")
    assert "1 author said yes" not in lines_on(editor.get("/")), "to other words"


def test_a_story_that_its_author_took_back_is_not_listed_as_on_the_site(
    house: House, coordinator: Volunteer, author: Author
) -> None:
    _case, story = in_queue(coordinator, author)
    two_weeks_later(house)
    coordinator.log_in()
    listing = "/stories?which=public"
    assert [item.get("data-story") for item in coordinator.get(listing).having_class("case")] == [story.id.hex()]
    author.takes_the_story_back()
    assert [item.get("data-story") for item in coordinator.get(listing).having_class("case")] == []
    assert listed(coordinator.get(f"/circle/{author.circle_id.hex()}/published")) == []


def test_who_was_let_in_and_shut_out_stands_in_the_audit_of_their_circle(
    house: House, coordinator: Volunteer, circle: bytes
) -> None:
    member = joins(house, circle, "Dana", coordinator)
    joins(house, circle, "Azad", coordinator)
    coordinator.press_on("/circles", f"/circles/shut-out/{id_of(house, 'Azad')}")
    for reader in (coordinator, member):
        said = reader.get(f"/circles/{circle.hex()}/audit").having_class("audit")[0].text
        for deed in ("let somebody in · Azad", "shut somebody out · Azad"):
            assert deed in said, (reader.login.handle, said)


def test_the_audit_goes_on_after_its_last_line_whatever_was_added(
    house: House, coordinator: Volunteer, circle: bytes
) -> None:
    for number in range(60):
        audit.add_to_audit(house.desk, None, f"deed {number:02}", number, circle)
    page = coordinator.get(f"/circles/{circle.hex()}/audit")
    first = page.having_class("audit")[0].text
    for _ in range(5):
        audit.add_to_audit(house.desk, None, "took a case", 20_500, circle)
    second = goes_on(coordinator, page).having_class("audit")[0].text
    assert [number for number in range(60) if (f"deed {number:02}" in first) == (f"deed {number:02}" in second)] == []


@pytest.mark.parametrize("path", ["/stories?which=down", "/circle/{}/closed?after=1-20000-" + "ab" * 16])
def test_another_language_keeps_the_tab_and_the_place(coordinator: Volunteer, circle: bytes, path: str) -> None:
    path = path.format(circle.hex())
    [link] = [link for link in coordinator.get(path).every("a") if link.get("hreflang")]
    assert link.get("href") == f"{path}&lang=ar"
    [back] = [link for link in coordinator.get(link.get("href")).every("a") if link.get("hreflang")]
    assert back.get("href") == f"{path}&lang=en"
    current = [tab for tab in coordinator.page.every("a") if tab.get("aria-current")]
    assert len(current) == 1


def test_a_guide_stays_in_its_tab_when_the_desk_speaks_another_language(coordinator: Volunteer) -> None:
    path = begun(coordinator)
    kept(coordinator, path, title="First steps")
    arabic = coordinator.get(path).first("header").first("button", lang="ar")
    page = coordinator.press("/go", go=arabic.get("value"))
    assert "lang=ar" in coordinator.path
    assert page.first(id="title").get("value") == "First steps"


def test_my_cases_go_on_too(house: House, counsellor: Volunteer, circle: bytes) -> None:
    cases = [Author(house, circle).writes("Hello?") for _ in range(26)]
    counsellor.log_in()
    for case in cases:
        counsellor.take(case)
    first = counsellor.get("/mine")
    assert len(listed(first, "mine")) == 25
    page = goes_on(counsellor, first)
    [last] = listed(page, "mine")
    assert {*listed(first, "mine"), last} == {*cases}
    page = counsellor.press(page.first("form", id="mine").get("action"), **{f"text_{last}": "I read it."})
    assert [each for each in listed(page, "mine") if each] == [last], "it goes on where it was"


def test_the_notes_stand_before_the_letter_and_the_phrase_before_the_box(counsellor: Volunteer, taken: str) -> None:
    counsellor.press_on(f"/case/{taken}", f"/case/{taken}/note", note="Ask for her gently.")
    text = counsellor.get(f"/case/{taken}").text
    order = ["Ask for her gently.", "Hello?", "Start from", "Your answer", "Send"]
    assert [(a, b) for a, b in pairwise(order) if text.index(a) > text.index(b)] == []
