"""A case that goes to another circle and back, and a door that is closed: who reads what, and what is still sent."""

import pytest

from onion_app.crypto.casekeys import TURNS
from onion_app.desk.proposals import propose
from onion_app.errors import NothingHere
from onion_app.site import author_actions
from onion_app.vault.desk import case_records, moderators
from onion_app.vault.desk.case_records import Handed
from onion_app.vault.desk.taken import taken_by
from onion_app.vault.mailbox import case_keys
from onion_app.vault.shown.routing import door_of
from tests.desk.house import House, Volunteer, listed, shuts_out
from tests.planting import Intruder
from tests.world import Author


@pytest.fixture
def case(counsellor: Volunteer, author: Author, lawyer: Volunteer) -> str:
    """Give a case that the counsellor has answered, with a note; a lawyer is logged in as well."""
    case = author.writes("They found my phone.")
    counsellor.log_in()
    counsellor.reply(case, "We are here.")
    counsellor.press(f"/case/{case}/note", note="Needs a lawyer.")
    lawyer.log_in()
    return case


def hands_over(volunteer: Volunteer, case: str, to: bytes) -> None:
    volunteer.take(case)
    volunteer.press_on(f"/case/{case}/ways-out", f"/case/{case}/ways-out/hand-over", circle=to.hex())


def test_the_other_circle_reads_what_was_before_and_the_former_one_nothing_after_it(
    house: House, counsellor: Volunteer, author: Author, case: str, circle: bytes, law: bytes, lawyer: Volunteer
) -> None:
    hands_over(counsellor, case, law)
    assert taken_by(house.desk, [author.case_id]) == {}
    assert listed(lawyer.get(f"/circle/{law.hex()}/new")) == [case]
    page = lawyer.open_case(case)
    assert all(words in page.text for words in ("They found my phone.", "We are here.", "another circle"))
    for act in ("hand-over", "close-door"):  # who has not taken it does neither
        lawyer.post(f"/case/{case}/ways-out/{act}", [*lawyer.token, ("circle", circle.hex()), ("word", "close")])
        assert "Take this case first" in lawyer.page.errors
    # It learns neither who wrote in the other circle, nor what that one noted.
    assert not any(word in page.text for word in ("Sara", "Listening", "Needs a lawyer."))
    lawyer.press_on(f"/case/{case}", f"/case/{case}/take")
    assert lawyer.press(f"/case/{case}/reply", text="Under a key of ours.").errors == ""
    lawyer.press(f"/case/{case}/note", note="Wants a lawyer.")
    author.writes_back("Thank you.")
    assert author.texts() == ["They found my phone.", "We are here.", "Under a key of ours.", "Thank you."]
    assert counsellor.get(f"/case/{case}").status == 404
    # Back again it holds all that was said, the notes of this circle, and none of the other.
    hands_over(lawyer, case, circle)
    page = counsellor.open_case(case)
    assert all(text in page.text for text in author.texts())
    assert "Needs a lawyer." in page.first(id="notes").text
    assert not any(word in page.text for word in ("Rojin", "Wants a lawyer."))
    assert not page.having_class("doubted")
    counsellor.reply(case, "We have it again.")
    assert author.texts()[-1] == "We have it again."
    assert lawyer.get(f"/case/{case}").status == 404


def test_of_keys_that_were_handed_over_and_do_not_open_the_page_goes_on_without(
    house: House, counsellor: Volunteer, author: Author, case: str, law: bytes, lawyer: Volunteer
) -> None:
    hands_over(counsellor, case, law)
    author.writes_back("Are you there?")
    with house.desk.writing():
        house.desk.run("UPDATE handed SET sealed = ?", (bytes(200),))
    page = lawyer.open_case(case)
    assert (lawyer.status, len(page.having_class("closed"))) == (200, 2)
    assert "Are you there?" in page.text


def test_a_case_is_handed_over_at_most_255_times(
    house: House, counsellor: Volunteer, author: Author, case: str, circle: bytes, law: bytes
) -> None:
    with house.desk.writing():
        case_records.add_turn(house.desk, Handed(author.case_id, TURNS, circle, 1, bytes(200)))
    house.follow()
    author.writes_back("In the last turn.")
    assert "In the last turn." in counsellor.open_case(case).text
    hands_over(counsellor, case, law)
    assert "as often as it can be" in counsellor.page.errors
    assert counsellor.reply(case, "It stays with us.").errors == ""
    assert author.texts()[-1] == "It stays with us."


def test_a_case_whose_list_of_keys_is_not_the_one_that_was_met_is_handed_to_nobody(
    house: House, counsellor: Volunteer, author: Author, case: str, law: bytes
) -> None:
    intruder = Intruder(house, author.case_id)
    author.changes_code()
    author.writes_back("With a new code.")
    counsellor.open_case(case)
    intruder.puts_back()
    hands_over(counsellor, case, law)
    assert "changed the keys" in counsellor.page.errors
    assert case_records.turns_of(house.desk, author.case_id) == {}


def test_a_circle_founded_anew_reads_nothing_of_before_and_answers_once_the_author_has_come_back(
    house: House, author: Author, case: str, circle: bytes, lawyer: Volunteer
) -> None:
    house.make_coordinator(lawyer.login.handle)
    shuts_out(house, lawyer, "Sara")
    propose(house.dbs, moderators.find_moderator(house.desk, "Rojin").id, "founding", circle, {})
    assert house.agrees(None)
    founder = house.volunteer(circle, "Noor", logged_in=True)
    page = founder.take(case)
    assert len(page.having_class("closed")) == len(page.having_class("message")) == 2
    assert page.has(id="no-answer")
    assert not any(word in page.text for word in ("They found my phone.", "Needs a lawyer."))
    author.comes_back()
    assert not founder.open_case(case).has(id="no-answer")
    assert founder.press(f"/case/{case}/reply", text="We are new here.").errors == ""
    assert author.texts() == ["They found my phone.", "We are here.", "We are new here."]


def test_a_closed_door_is_opened_again_on_the_same_day_only_and_erasing_goes_on_working(
    house: House, counsellor: Volunteer, author: Author, case: str
) -> None:
    door = f"/case/{case}/ways-out"
    counsellor.press_on(f"{door}/close-door", f"{door}/close-door", word="close")
    assert counsellor.page.has(id="door-closed")
    with pytest.raises(NothingHere):
        author.comes_back()
    with pytest.raises(NothingHere):
        author.writes_back("It is me.")
    page = counsellor.open_case(case)
    assert page.has(id="no-answer")
    fields = [*counsellor.token, ("message", "1" * 32), ("seen", "99"), ("text", "Among ourselves.")]
    page = counsellor.post(f"/case/{case}/reply", fields)
    assert "door is closed" in counsellor.page.errors
    assert page.first(id="text").raw_text.strip() == "Among ourselves."
    house.chores()
    counsellor.press_on(door, f"{door}/open-door")
    author.comes_back()
    author.writes_back("It is me.")
    assert "It is me." in counsellor.open_case(case).text
    # From the next day on the box is gone, and closing it once more makes it no younger.
    counsellor.press_on(f"{door}/close-door", f"{door}/close-door", word="close")
    house.clock.wait(days=1)
    house.chores()
    assert case_keys.find_case(house.mailbox, "mark", Intruder(house, author.case_id).row.mark).box is None
    counsellor.log_in()
    page = counsellor.get(door)
    assert not page.has("form", action=f"{door}/open-door")
    counsellor.post(f"{door}/close-door", counsellor.token)
    counsellor.post(f"{door}/open-door", counsellor.token)
    assert "cannot be done" in counsellor.page.errors
    assert door_of(house.desk, author.case_id) == "closed"
    author_actions.erase_without_opening(author.files, author.code)
    house.chores()
    assert counsellor.get(f"/case/{case}").status == 404


def test_a_case_that_is_gone_stays_gone_whoever_puts_its_rows_back(
    house: House, counsellor: Volunteer, author: Author, case: str
) -> None:
    rows = {
        table: house.mailbox.rows(f"SELECT * FROM {table} WHERE {column} = ?", (author.case_id,))
        for table, column in (("cases", "id"), ("messages", "case_id"))
    }
    author.erases()
    house.chores()
    with house.mailbox.writing():
        for table, found in rows.items():
            for row in found:
                house.mailbox.run(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
    for path in (f"/case/{case}", f"/case/{case}/ways-out"):
        assert counsellor.get(path).status == 404
    assert counsellor.get("/mine").status == 200
    assert "They found my phone." not in counsellor.page.text
