"""The page of today's notice: coordinators propose, and two members or one coordinator take it off."""

import pytest

from onion_app.vault.desk import notice
from tests.desk.house import House, Volunteer, joins

TRAP = "Whoever writes elsewhere in our name is not us."


@pytest.fixture
def member(house: House, coordinator: Volunteer, circle: bytes) -> Volunteer:
    """Give a member who has been here for as long as the coordinator."""
    somebody = joins(house, circle, "Noor", coordinator)
    house.settle()
    return somebody


def propose(coordinator: Volunteer, text: str = TRAP) -> None:
    coordinator.press_on("/notice", "/notice/propose", notice_en=text, notice_ar="ليسوا منا.")


def agree(house: House, who: Volunteer) -> None:
    house.clock.wait(days=3)  # there is no other coordinator, and a member answers
    who.log_in()
    [card] = who.get("/proposals").having_class("proposal")
    assert TRAP in card.text
    who.press(f"/proposals/{card.get('data-proposal')}/agree")


def test_a_notice_waits_stands_and_is_taken_off_by_its_coordinator(
    house: House, coordinator: Volunteer, member: Volunteer
) -> None:
    propose(coordinator)
    assert coordinator.page.has(id="waits")
    assert notice.standing(house.desk, house.today) == []
    agree(house, member)
    page = member.get("/notice")
    assert TRAP in page.first(id="standing").text
    assert not page.has(id="propose")
    coordinator.log_in()
    coordinator.press_on("/notice", "/notice/off")
    assert coordinator.page.has(id="done")
    assert "No notice." in coordinator.get("/notice").text


def test_one_member_is_noted_and_the_second_takes_it_off(
    house: House, coordinator: Volunteer, member: Volunteer, lawyer: Volunteer
) -> None:
    house.settle()
    propose(coordinator)
    agree(house, member)
    member.press_on("/notice", "/notice/off")
    assert "Another member has to press too" in member.get("/notice").text
    lawyer.log_in()
    assert "A member wants it off the site." in lawyer.get("/notice").text
    assert "Noor" not in lawyer.page.main.text
    lawyer.press("/notice/off")
    assert notice.standing(house.desk, house.today) == []
    page = lawyer.get("/notice")
    assert "No notice." in page.text


def test_what_a_notice_may_not_say_stays_in_its_box(coordinator: Volunteer, member: Volunteer) -> None:
    assert member.login.handle == "Noor"
    propose(coordinator, "Come to the park.")
    assert "This sounds like an invitation." in coordinator.page.text
    assert coordinator.page.form_to("/notice/propose").value("notice_en") == "Come to the park."


def test_a_member_who_has_read_other_words_takes_nothing_off(
    house: House, coordinator: Volunteer, member: Volunteer
) -> None:
    propose(coordinator)
    agree(house, member)
    form = member.get("/notice").form_to("/notice/off")
    with house.desk.writing():
        notice.put_notice(house.desk, {"en": "Searches today."}, house.today, house.today)
    member.send(form)
    assert notice.against(house.desk) == []
    assert "Searches today." in member.page.text
