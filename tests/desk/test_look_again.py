"""A member looks at a case again on a day: their own first page says so, nobody else's, and it goes with the case."""

import pytest

from onion_app.vault.desk import entries
from tests.desk.house import House, Volunteer, joins, listed
from tests.desk.test_day_and_queues import lines_on
from tests.world import Author

DAY = 20_503
DUE = "1 to look at again"


@pytest.fixture
def reminded(counsellor: Volunteer, taken: str) -> str:
    """Give a case that its counsellor wants to look at in three days."""
    counsellor.press_on(f"/case/{taken}", f"/case/{taken}/look-again", look_again=str(DAY))
    return taken


def test_a_case_is_to_be_looked_at_on_its_day_and_not_before(
    house: House, counsellor: Volunteer, author: Author, reminded: str
) -> None:
    seen = []
    for _ in range(4):
        counsellor.log_in()
        seen.append(DUE in lines_on(counsellor.get("/")))
        house.clock.wait(days=1)
    assert seen == [False, False, False, True]
    counsellor.log_in()
    line = next(each for each in counsellor.get("/").having_class("line") if each.text == DUE)
    assert listed(counsellor.get(line.get("href"))) == [reminded]
    assert "19 February 2026" in counsellor.open_case(reminded).first(id="look-again").text
    counsellor.press(f"/case/{reminded}/look-no-more")
    assert DUE not in lines_on(counsellor.get("/"))
    assert entries.entries_of(house.desk, author.case_id) == []


def test_the_day_is_the_members_own_and_the_newest_alone_counts(
    house: House, counsellor: Volunteer, author: Author, reminded: str
) -> None:
    other = joins(house, author.circle_id, "Dana", counsellor)
    counsellor.press_on(f"/case/{reminded}", f"/case/{reminded}/look-again", look_again="20501")
    [entry] = entries.entries_of(house.desk, author.case_id)
    assert (entry.kind, b"20501" in entry.sealed, entry.day) == ("look_again", False, 20_500)
    house.clock.wait(days=1)
    counsellor.log_in()
    other.log_in()
    assert DUE in lines_on(counsellor.get("/"))
    assert DUE not in lines_on(other.get("/"))
    assert not other.open_case(reminded).has("button", formaction=f"/case/{reminded}/look-no-more")


def test_a_day_that_was_moved_to_another_place_reminds_of_nothing(
    house: House, counsellor: Volunteer, author: Author, reminded: str
) -> None:
    house.clock.wait(days=5)
    counsellor.log_in()
    assert DUE in lines_on(counsellor.get("/"))
    other = Author(house, author.circle_id)
    other.writes("Hello?")
    [entry] = entries.entries_of(house.desk, author.case_id)
    assert (entry.case_id.hex(), entry.kind) == (reminded, "look_again")
    for change, value in (("case_id", other.case_id), ("number", 9), ("sealed", b"0" * 2089)):
        with house.desk.writing():
            house.desk.run(f"UPDATE entries SET {change} = ? WHERE kind = 'look_again'", (value,))
        assert DUE not in lines_on(counsellor.get("/")), change


@pytest.mark.parametrize("day", ["20500", "20499", "20531", "", "soon", "99999999999"])
def test_no_other_day_is_taken(house: House, counsellor: Volunteer, author: Author, taken: str, day: str) -> None:
    page = counsellor.press_on(f"/case/{taken}", f"/case/{taken}/look-again", look_again=day, note="Not lost.")
    assert "still to come" in page.errors
    assert page.first(id="note").raw_text.strip() == "Not lost."
    assert entries.entries_of(house.desk, author.case_id) == []


def test_it_goes_with_the_case_and_is_not_handed_on(
    house: House, counsellor: Volunteer, author: Author, reminded: str, law: bytes, lawyer: Volunteer
) -> None:
    house.clock.wait(days=4)
    counsellor.log_in()
    counsellor.take(reminded)
    ways = f"/case/{reminded}/ways-out"
    counsellor.press_on(ways, f"{ways}/hand-over", circle=law.hex())
    assert DUE not in lines_on(counsellor.get("/"))
    lawyer.log_in()
    assert DUE not in lines_on(lawyer.get("/"))
    author.erases()
    house.chores()
    assert entries.entries_of(house.desk, author.case_id) == []
