"""The numbers, through the real rooms: made once, of what may be counted, and shown as they were made."""

import csv
import signal
from datetime import date
from io import StringIO

import pytest

from onion_app.days import day_of
from onion_app.desk import counting, noise
from onion_app.desk.periods import Period, periods_to_try
from onion_app.vault.desk import audit, tables
from scripts.rehearsal.wire import Answer
from tests.desk.counted import Counting, Killed, dies_in_the_middle, numbers_on
from tests.desk.house import House, Volunteer, joins, pairs_of
from tests.planting import Intruder
from tests.world import Author, Enrolled

FIRST_QUARTER = day_of(date(2026, 3, 31))  # everybody writes in February
SECOND_QUARTER = day_of(date(2026, 6, 30))
APRIL, JULY = day_of(date(2026, 4, 7)), day_of(date(2026, 7, 7))


@pytest.fixture
def circle_counts(house: House, circle: bytes, counsellor: Volunteer) -> Counting:
    who = house.unlocked(counsellor.login.handle, counsellor.login.passphrase)
    return Counting(house, circle, who, counsellor)


@pytest.fixture
def no_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "draw", lambda: 0)


def kept(house: House) -> list[object]:
    """Read every row of what was published and counted."""
    return [house.desk.rows(f"SELECT * FROM {table}") for table in ("tables", "counted")]


# --- periods ---------------------------------------------------------------------------------------------------------


def period(begin: tuple[int, int], end: tuple[int, int, int]) -> Period:
    return Period(day_of(date(*begin, 1)), day_of(date(*end)))


def test_at_first_the_newest_quarter_half_and_year_that_are_over_can_be_tried() -> None:
    assert periods_to_try(None, APRIL) == [
        period((2026, 1), (2026, 3, 31)),
        period((2025, 7), (2025, 12, 31)),
        period((2025, 1), (2025, 12, 31)),
    ]
    assert periods_to_try(None, FIRST_QUARTER)[0] == period((2025, 10), (2025, 12, 31))  # a quarter ends with its day


def test_the_next_one_begins_where_the_last_one_ended_and_is_over() -> None:
    december = day_of(date(2025, 12, 31))
    assert periods_to_try(december, APRIL) == [period((2026, 1), (2026, 3, 31))]
    assert periods_to_try(december, JULY) == [period((2026, 1), (2026, 3, 31)), period((2026, 1), (2026, 6, 30))]
    assert len(periods_to_try(december, day_of(date(2027, 1, 1)))) == 3
    assert periods_to_try(FIRST_QUARTER, JULY) == [period((2026, 4), (2026, 6, 30))]
    assert periods_to_try(FIRST_QUARTER, SECOND_QUARTER) == []


# --- what is counted -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_chance")
def test_a_table_counts_what_may_be_counted_and_came_until_its_end(circle_counts: Counting) -> None:
    circle_counts.tell(22)
    circle_counts.tell(3, what=["arrest", "threat"], where=["not_said"])
    for _ in range(10):
        circle_counts.tells_no_more(what=["killing"])
    Author(circle_counts.house, circle_counts.circle).tells("No facts are set of this one.")
    circle_counts.house.clock.wait(days=APRIL - 20_500)
    circle_counts.tell(10, what=["forced_marriage"])  # it came in April
    circle_counts.volunteer.log_in()
    found = numbers_on(circle_counts.makes(FIRST_QUARTER))
    assert found[""] == "25"
    assert found["beating"] == "20"
    assert (found["arrest"], found["killing, or an attempt"], found["forced marriage"]) == ("under 10",) * 3
    assert found["family"] == found["their own"] == found["18–24"] == "nearly all"
    assert found["Basra"] == "20"
    assert "Baghdad" not in found  # under ten
    assert found["not said"] == "under 10"


@pytest.mark.usefixtures("no_chance")
def test_no_case_stands_in_two_tables_whatever_is_set_of_it_later(circle_counts: Counting) -> None:
    first = circle_counts.tell(25)
    circle_counts.waits_until(APRIL)
    assert numbers_on(circle_counts.makes(FIRST_QUARTER))[""] == "25"
    for author in first:
        circle_counts.sets(author, what=["arrest"])
    circle_counts.tell(20, what=["threat"])
    circle_counts.waits_until(JULY)
    found = numbers_on(circle_counts.makes(SECOND_QUARTER))
    assert (found[""], found["threat"], found["arrest"]) == ("20", "nearly all", "under 10")
    assert len(tables.counted(circle_counts.house.desk)) == 45


@pytest.mark.usefixtures("no_chance")
def test_under_twenty_nothing_is_made_there_is_no_second_try_and_they_go_into_the_next(circle_counts: Counting) -> None:
    circle_counts.tell(19)
    circle_counts.waits_until(APRIL)
    assert circle_counts.periods[0] == FIRST_QUARTER
    page = circle_counts.makes(FIRST_QUARTER)
    assert page.has(id="too-few")
    assert not page.having_class("numbers")
    assert tables.counted(circle_counts.house.desk) == set()
    assert circle_counts.periods == []
    circle_counts.tells()
    volunteer = circle_counts.volunteer
    fields = [*volunteer.token, ("period", str(FIRST_QUARTER))]
    assert "cannot be done" in volunteer.post(f"/numbers/{circle_counts.circle.hex()}/begin", fields).errors
    circle_counts.waits_until(JULY)
    assert numbers_on(circle_counts.makes(SECOND_QUARTER))[""] == "20"


@pytest.mark.usefixtures("no_chance")
def test_cases_of_the_same_event_are_one_with_the_facts_of_both(circle_counts: Counting) -> None:
    first = circle_counts.tell(20)
    for author in first[:12]:
        circle_counts.joins(circle_counts.tells(), author, what=["arrest"], age=["25_34"])
    taken_back = circle_counts.tells()
    circle_counts.joins(taken_back, first[-1], what=["threat"])
    taken_back.allows_counting(is_allowed=False)
    circle_counts.waits_until(APRIL)
    found = numbers_on(circle_counts.makes(FIRST_QUARTER))
    assert found[""] == "20"
    assert (found["beating"], found["arrest"]) == ("nearly all", "10")
    assert (found["18–24"], found["25–34"]) == ("nearly all", "10")
    assert len(tables.counted(circle_counts.house.desk)) == 32


@pytest.mark.usefixtures("no_chance")
def test_an_event_that_stands_in_a_table_is_not_counted_again_by_another_who_tells_of_it(
    circle_counts: Counting,
) -> None:
    first = circle_counts.tell(20)
    circle_counts.waits_until(APRIL)
    circle_counts.makes(FIRST_QUARTER)
    for author in first[:15]:
        circle_counts.joins(circle_counts.tells(), author)
    circle_counts.tell(20)
    circle_counts.waits_until(JULY)
    assert numbers_on(circle_counts.makes(SECOND_QUARTER))[""] == "20"


@pytest.mark.usefixtures("no_chance")
def test_a_case_that_was_handed_over_is_counted_by_the_circle_that_has_it(
    circle_counts: Counting, law: bytes, lawyer: Volunteer
) -> None:
    house = circle_counts.house
    moved = circle_counts.tell(5)
    circle_counts.tell(20)
    who = house.unlocked(lawyer.login.handle, lawyer.login.passphrase)
    theirs = Counting(house, law, who, lawyer)
    for author in moved:
        house.hands_over(circle_counts.who, author.case_id, law)
        theirs.sets(author)
    theirs.tell(15, what=["arrest"])
    circle_counts.waits_until(APRIL)
    assert numbers_on(circle_counts.makes(FIRST_QUARTER))[""] == "20"
    theirs.waits_until(APRIL)
    found = numbers_on(theirs.makes(FIRST_QUARTER))
    assert (found[""], found["arrest"]) == ("20", "15")


@pytest.mark.usefixtures("no_chance")
def test_a_word_that_may_not_be_the_authors_lets_nothing_be_counted(circle_counts: Counting) -> None:
    """Somebody who had a member's keys, was shut out and writes the mailbox, allows it in the authors' names."""
    from onion_app.crypto.casekeys import KeyName
    from onion_app.crypto.payloads import Consent

    house, circle = circle_counts.house, circle_counts.circle
    circle_counts.tell(12)
    doubted = [circle_counts.tells_no_more() for _ in range(12)]
    (pair,) = pairs_of(house, circle_counts.volunteer, circle)
    circle_counts.volunteer.log_in()
    joins(house, circle, "Dana", circle_counts.volunteer)
    house.make_coordinator(circle_counts.volunteer.login.handle)
    house.shuts_out(circle_counts.who, "Dana")
    for author in doubted:
        author.writes_back("Please do not count it.")
        house.opens(circle_counts.who, author.case_id)
        intruder = Intruder(house, author.case_id)
        yes = Consent("no", count=True, quote=False, day=house.today)
        intruder.says(yes, intruder.as_circle(pair), pair.public, KeyName(0, 1, 1), author="visitor")
    circle_counts.waits_until(APRIL)
    assert circle_counts.makes(FIRST_QUARTER).has(id="too-few")


# --- step by step ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_chance")
def test_each_page_shows_how_far_it_is_and_no_number_of_any_fact(
    circle_counts: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "STEP", 10)
    circle_counts.tell(25)
    circle_counts.waits_until(APRIL)
    pages = [circle_counts.begins(FIRST_QUARTER), *(circle_counts.goes_on() for _ in range(3))]
    said = [page.first(id="how-far").first("p").text for page in pages]
    assert said == [f"{number} of 25 cases were looked at." for number in (0, 10, 20, 25)]
    assert "beating" not in "".join(page.html for page in pages)
    assert kept(circle_counts.house) == [[], []]
    assert numbers_on(circle_counts.goes_on())[""] == "25"


@pytest.mark.usefixtures("no_chance")
def test_the_last_step_looks_again_at_what_changed_meanwhile(
    circle_counts: Counting, law: bytes, lawyer: Volunteer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lawyer.login.handle
    monkeypatch.setattr(counting, "STEP", 8)
    authors = circle_counts.tell(32)
    circle_counts.waits_until(APRIL)
    circle_counts.begins(FIRST_QUARTER)
    for _ in range(3):
        assert circle_counts.goes_on().has(id="how-far")
    circle_counts.volunteer.get("/numbers/count")
    authors[0].erases()
    authors[1].allows_counting(is_allowed=False)
    circle_counts.sets(authors[2], what=["arrest"])
    authors[3].writes_back("One thing more.")
    circle_counts.house.hands_over(circle_counts.who, authors[4].case_id, law)
    back = "UPDATE cases SET circle_id = ?, last_day = last_day - 60 WHERE id = ?"
    Intruder(circle_counts.house, authors[4].case_id).runs(back, circle_counts.circle, authors[4].case_id)
    authors[5].allows_counting(is_allowed=False)
    authors[5].allows_counting(is_allowed=True)
    found = numbers_on(circle_counts.goes_on_to_the_end())
    assert found[""] == "30"  # 29
    assert len(tables.counted(circle_counts.house.desk)) == 29


@pytest.mark.usefixtures("no_chance")
def test_of_two_members_who_count_at_once_one_makes_the_table(circle_counts: Counting) -> None:
    house, circle = circle_counts.house, circle_counts.circle
    circle_counts.tell(25)
    circle_counts.waits_until(APRIL)
    other = joins(house, circle, "Dana", circle_counts.volunteer)
    circle_counts.begins(FIRST_QUARTER)
    also = Counting(house, circle, circle_counts.who, other)
    also.begins(FIRST_QUARTER)
    circle_counts.goes_on()
    assert numbers_on(also.goes_on_to_the_end())[""] == "25"
    before = kept(house)
    assert "cannot be done" in circle_counts.goes_on().errors
    assert kept(house) == before
    lines = [row.what for row in audit.audit_of(house.desk, circle)[0] if "table" in row.what]
    assert lines == ["made a table of numbers"]


def test_whoever_is_shut_out_meanwhile_makes_no_table(circle_counts: Counting) -> None:
    house = circle_counts.house
    circle_counts.tell(25)
    circle_counts.waits_until(APRIL)
    host: Enrolled = circle_counts.who
    newcomer = joins(house, circle_counts.circle, "Dana", circle_counts.volunteer)
    theirs = Counting(house, circle_counts.circle, host, newcomer)
    theirs.begins(FIRST_QUARTER)
    house.make_coordinator(host.handle)
    house.shuts_out(host, "Dana")
    newcomer.press("/numbers/count/go-on")
    newcomer.get("/numbers")
    assert kept(house) == [[], []]


@pytest.mark.parametrize(
    "dies",
    [
        Killed(commits=0),
        Killed(commits=1),
        Killed(at="onion_app.vault.desk.tables.add_table"),
        Killed(at="onion_app.vault.desk.audit.insert_line"),
        Killed(at="onion_app.desk.counting.make_numbers"),
    ],
    ids=["before the desk", "before the mailbox", "before the table", "after the table", "before the draw"],
)
def test_killed_in_the_middle_of_making_a_table_leaves_nothing_half(circle_counts: Counting, dies: Killed) -> None:
    house = circle_counts.house
    circle_counts.tell(45)
    circle_counts.waits_until(APRIL)
    member = house.member(circle_counts.who)
    begun = counting.go_on(house.dbs, member, circle_counts.begun(FIRST_QUARTER))
    assert isinstance(begun, counting.Counting)
    assert dies_in_the_middle(circle_counts, begun, dies) == -signal.SIGKILL
    lines = [row.what for row in audit.audit_of(house.desk, circle_counts.circle)[0] if "table" in row.what]
    found = (len(house.desk.rows("SELECT 1 FROM tables")), len(tables.counted(house.desk)), len(lines))
    assert found == ((1, 45, 1) if dies.commits == 1 else (0, 0, 0))
    if dies.commits != 1:
        assert circle_counts.makes(FIRST_QUARTER).having_class("numbers")


# --- what was made stays ---------------------------------------------------------------------------------------------


def test_looked_at_60_times_a_table_is_the_same(circle_counts: Counting) -> None:
    circle_counts.tell(40)
    circle_counts.waits_until(APRIL)
    circle_counts.makes(FIRST_QUARTER)
    path = circle_counts.volunteer.path
    looks = [numbers_on(circle_counts.volunteer.get(path)) for _ in range(60)]
    assert all(look == looks[0] for look in looks)


def test_erased_by_an_author_a_case_leaves_the_table_as_it_was_and_nobody_computes_its_mark(
    circle_counts: Counting,
) -> None:
    house = circle_counts.house
    authors = circle_counts.tell(40)
    circle_counts.waits_until(APRIL)
    shown = numbers_on(circle_counts.makes(FIRST_QUARTER))
    path, before = circle_counts.volunteer.path, kept(house)
    for author in authors[:30]:
        author.erases()
    house.chores()
    assert kept(house) == before
    assert numbers_on(circle_counts.volunteer.get(path)) == shown
    assert circle_counts.periods == []
    known = house.mailbox.rows("SELECT id, codes FROM cases") + house.desk.rows("SELECT case_id FROM doors")
    assert len({row[0] for row in known}) == 40
    assert len([row for row in known if len(row) == 2]) == 10  # the keys without which no mark is computed


@pytest.mark.usefixtures("no_chance")
def test_19_planted_tell_the_twentieth_where_there_is_no_chance(circle_counts: Counting) -> None:
    """19 planted: without chance the twentieth would be told, as it is here."""
    circle_counts.tell(12, what=["beating"])
    circle_counts.tell(7, what=["threat"])
    circle_counts.tells(what=["beating"])
    circle_counts.waits_until(APRIL)
    assert numbers_on(circle_counts.makes(FIRST_QUARTER))["beating"] == "15"


def test_four_a_cell_and_ten_apart_are_under_ten_and_no_table(circle_counts: Counting) -> None:
    for what in ("threat", "arrest", "killing", "beating", "custody"):
        circle_counts.tell(4, what=[what])
    circle_counts.tell(20, what=["other"])
    circle_counts.waits_until(APRIL)
    circle_counts.makes(FIRST_QUARTER)
    before = kept(circle_counts.house)
    circle_counts.tell(10, what=["threat"])
    circle_counts.waits_until(JULY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(noise, "draw", lambda: 0)
        assert circle_counts.makes(SECOND_QUARTER).has(id="too-few")
    assert kept(circle_counts.house)[1] == before[1]


def test_a_former_member_finds_chance_in_every_number_of_the_table(
    circle_counts: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, draw = list[int](), noise.draw

    def noted() -> int:
        drawn.append(draw())
        return drawn[-1]

    monkeypatch.setattr(noise, "draw", noted)
    circle_counts.tell(35)
    circle_counts.waits_until(APRIL)
    circle_counts.makes(FIRST_QUARTER)
    assert len(drawn) == 2 * (1 + 13 + 8 + 21 + 12 + 5 + 2)


@pytest.mark.usefixtures("no_chance")
def test_year_and_all_and_sum_minus_own_add_what_was_published_and_draw_nothing(
    circle_counts: Counting, law: bytes, lawyer: Volunteer, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = circle_counts.house
    theirs = Counting(house, law, house.unlocked(lawyer.login.handle, lawyer.login.passphrase), lawyer)
    circle_counts.tell(20, what=["threat"])
    theirs.tell(30, what=["arrest"])
    circle_counts.waits_until(APRIL)
    circle_counts.tell(22, what=["threat"])
    circle_counts.makes(FIRST_QUARTER)
    theirs.waits_until(APRIL)
    theirs.makes(FIRST_QUARTER)
    circle_counts.waits_until(JULY)
    circle_counts.makes(SECOND_QUARTER)
    monkeypatch.setattr(noise, "draw", pytest.fail)
    own = numbers_on(circle_counts.volunteer.get(f"/numbers/years/{circle_counts.circle.hex()}"))
    both = numbers_on(circle_counts.volunteer.get("/numbers/circles"))
    assert (own["threat"], own["arrest"]) == ("at least 40", "under 10 in each table")
    assert (both["threat"], both["arrest"]) == ("at least 40", "at least 30")
    assert "at least 70" in circle_counts.volunteer.page.first(id="total").text
    assert "Law" not in circle_counts.volunteer.page.main.text
    with house.desk.writing():
        house.desk.run("UPDATE tables SET numbers = '{' WHERE circle_id = ?", (law,))
    assert numbers_on(circle_counts.volunteer.get("/numbers/circles"))["threat"] == "at least 40"


# --- the page and the file -------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_chance")
def test_the_page_says_what_numbers_are_and_where_a_file_stays_before_it_is_taken(circle_counts: Counting) -> None:
    circle_counts.tell(20)
    circle_counts.waits_until(APRIL)
    page = circle_counts.makes(FIRST_QUARTER)
    text = page.main.text
    assert "These numbers count what people told us. We have verified none of it" in text
    assert text.index("stays in the folder Downloads") < text.index("table.csv")
    assert page.every("rect")[0].get("width") == "0"
    path = circle_counts.volunteer.path
    arabic = circle_counts.volunteer.get(f"{path}?lang=ar")
    assert numbers_on(arabic)["ضرب"] == "الكل تقريباً"
    assert "لم نتحقق من أي شيء منه" in arabic.main.text


def file_at(volunteer: Volunteer, path: str) -> tuple[Answer, list[list[str]]]:
    """Take a file, and read its rows."""
    volunteer.get(f"{path}/table.csv")
    answer = volunteer.seen[-1][1]
    return answer, list(csv.reader(StringIO(answer.body.decode("utf-8-sig"))))


@pytest.mark.usefixtures("no_chance")
def test_the_file_holds_the_same_numbers_and_no_name_of_ours(circle_counts: Counting) -> None:
    circle_counts.tell(20)
    circle_counts.tell(5, what=["threat"], where=["iraq.duhok"])
    circle_counts.waits_until(APRIL)
    page = circle_counts.makes(FIRST_QUARTER)
    answer, rows = file_at(circle_counts.volunteer, circle_counts.volunteer.path)
    assert answer.header("content-type") == "text/csv; charset=utf-8"
    assert answer.header("content-disposition") == "attachment; filename=table.csv"
    assert answer.header("cache-control") == "no-store"
    shown = numbers_on(page)
    assert rows[0] == ["January 2026 – March 2026"]
    assert rows[1] == ["", "Events counted", shown.pop("")]
    assert {(label, number) for _, label, number in rows[2:-1]} >= set(shown.items()) - {("not said", "under 10")}
    assert rows[-1][0].startswith("These numbers count what people told us.")
    whole = answer.body.decode().lower()
    for word in ("sara", "listening", "sanctuary", "circle", "duhok", circle_counts.circle.hex()):
        assert word not in whole


@pytest.mark.usefixtures("no_chance")
def test_nobody_of_another_circle_sees_a_table_and_nobody_who_waits_any_number(
    circle_counts: Counting, law: bytes, lawyer: Volunteer
) -> None:
    circle_counts.tell(20)
    circle_counts.waits_until(APRIL)
    circle_counts.makes(FIRST_QUARTER)
    path = circle_counts.volunteer.path
    waits = circle_counts.house.volunteer(law, "Hana", logged_in=True)
    lawyer.log_in()
    for there in (path, f"{path}/table.csv", f"/numbers/years/{circle_counts.circle.hex()}"):
        assert lawyer.get(there).status == 404
    assert numbers_on(lawyer.get("/numbers/circles"))["beating"] == "at least 20"
    for there in ("/numbers", "/numbers/circles", "/numbers/count", path):
        assert waits.get(there).status == 404
