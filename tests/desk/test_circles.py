"""Who comes into a circle, and who does not."""

from typing import Any

import pytest

from onion_app.crypto.members import words_to_compare
from onion_app.errors import LockHeld
from onion_app.vault.desk import circles, invitations, membership, moderators
from tests.desk.house import House, Volunteer, card_of, id_of, invites, joins
from tests.world import Author


def test_the_four_words_belong_to_one_key_one_circle_and_one_invitation() -> None:
    key, circle, invitation = bytes([1]) * 32, bytes([2]) * 16, bytes([3]) * 16
    words = words_to_compare(key, circle_id=circle, invitation_id=invitation)
    assert len(words) == 4
    assert words == words_to_compare(key, circle_id=circle, invitation_id=invitation)
    assert words != words_to_compare(circle * 2, circle_id=circle, invitation_id=invitation)
    assert words != words_to_compare(key, circle_id=invitation, invitation_id=invitation)
    assert words != words_to_compare(key, circle_id=circle, invitation_id=circle)


def test_whoever_is_let_in_reads_what_was_sent_before(
    house: House, counsellor: Volunteer, author: Author, circle: bytes
) -> None:
    case = author.writes("Before you came.")
    counsellor.log_in()
    other = joins(house, circle, "Dana", counsellor)
    lines = [
        line.text for line in counsellor.get(f"/circles/{circle.hex()}/audit").having_class("audit")[0].every("li")
    ]
    assert any("Sara" in line and "let somebody in" in line for line in lines)
    counsellor.get("/circles")
    assert [who.text for who in card_of(counsellor, circle).having_class("members")[0].every("li")] == ["Dana", "Sara"]
    assert not card_of(counsellor, circle).having_class("thin")
    assert "Before you came." in other.open_case(case).text


def test_a_newcomer_whose_key_was_exchanged_is_not_let_in(house: House, counsellor: Volunteer, circle: bytes) -> None:
    house.volunteer(circle, "Dana", logged_in=True)
    counsellor.log_in()
    page = counsellor.get("/circles")
    shown = page.having_class("newcomer")[0].having_class("words")[0].text
    fields = counsellor.page.form_to(f"/circles/{circle.hex()}/let-in/{id_of(house, 'Dana')}").filled()
    with house.desk.writing():
        house.desk.run("UPDATE moderators SET public_key = ? WHERE handle = 'Dana'", (bytes([7]) * 32,))
    page = counsellor.post(f"/circles/{circle.hex()}/let-in/{id_of(house, 'Dana')}", fields)
    assert "changed in the meantime" in counsellor.page.errors
    assert moderators.find_moderator(house.desk, "Dana").state == "waiting"
    assert page.having_class("newcomer")[0].having_class("words")[0].text != shown


def test_an_invitation_works_once_and_can_be_cancelled(house: House, counsellor: Volunteer, circle: bytes) -> None:
    counsellor.log_in()
    code = invites(counsellor, circle)
    assert not counsellor.get("/circles/invitation").has(id="code")
    assert code not in str(house.desk.rows("SELECT * FROM invitations"))
    one, two = house.volunteer(), house.volunteer()
    one.redeem(code)
    two.redeem(code)  # both browsers look at it; it has one place, which is the second one's now
    assert one.get("/enrol").has(id="invitation")
    assert two.type_back(handle="Dana").has(id="welcome")
    assert "unknown, used or too old" in one.redeem(code).errors
    cancelled, late = invites(counsellor, circle), invites(counsellor, circle)
    one.redeem(cancelled)
    page = counsellor.get("/circles")
    for form in page.having_class("invitation")[:2]:
        counsellor.press_on("/circles", form.get("action"))
    assert "unknown, used or too old" in one.type_back(handle="Lana").errors
    assert "unknown, used or too old" in two.redeem(cancelled).errors
    assert "unknown, used or too old" in two.redeem(late).errors


def test_the_first_page_says_who_waits_to_be_let_in_and_to_this_circle_alone(
    house: House, counsellor: Volunteer, circle: bytes, lawyer: Volunteer
) -> None:
    counsellor.log_in()
    house.volunteer(circle, "Dana")
    assert "Dana waits to be let in" in counsellor.get("/").main.text
    assert "Dana" not in lawyer.log_in().text


def test_only_a_coordinator_brings_in_another_and_only_into_the_coordinators_circle(
    house: House, counsellor: Volunteer, circle: bytes
) -> None:
    law = house.circle("Law", topics=("law",))
    here = f"/circles/{circle.hex()}/invite-coordinator"
    counsellor.log_in()
    assert not counsellor.get("/circles").has("form", action=here)
    assert counsellor.post(here, counsellor.token).status == 404
    house.make_coordinator(counsellor.login.handle)
    counsellor.get("/circles")
    assert counsellor.post(f"/circles/{law.hex()}/invite-coordinator", counsellor.token).status == 404
    assert invitations.open_invitations(house.desk) == []
    counsellor.press_on("/circles", here)
    [made] = invitations.open_invitations(house.desk)
    assert (made.circle_id, made.coordinator) == (circle, True)
    assert "invited a coordinator" in counsellor.get(f"/circles/{circle.hex()}/audit").text


def test_a_coordinator_adds_circles_and_invites_but_lets_nobody_in(house: House, coordinator: Volunteer) -> None:
    coordinator.press_on("/circles/new", "/circles/new/add", name=" Law ", topic_law="1", language_ckb="1")
    law = next(circle for circle in circles.circles(house.desk) if circle.name == "Law")
    assert (law.topics, law.languages, law.catch_all, law.coordinators) == (("law",), ("ckb",), False, False)
    assert "Another circle has this name" in coordinator.press_on("/circles/new", "/circles/new/add", name="law").errors
    lawyer = house.volunteer()
    lawyer.redeem(invites(coordinator, law.id))
    lawyer.type_back(handle="Dana")
    house.volunteer(law.id, "Rojin", logged_in=True)
    coordinator.get("/circles")
    card = card_of(coordinator, law.id)
    assert "Dana" in card.text
    assert not card.having_class("words")
    key = moderators.find_moderator(house.desk, "Rojin").public_key.hex()
    here = f"/circles/{law.id.hex()}/let-in/{id_of(house, 'Rojin')}"
    assert coordinator.post(here, [*coordinator.token, ("key", key)]).status == 404


def test_who_is_let_in_while_another_holds_the_file_for_long_is_let_in_by_pressing_again(
    house: House, counsellor: Volunteer, circle: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    counsellor.log_in()
    newcomer = house.volunteer(circle, "Azad", logged_in=True)
    held = iter([True])
    through = membership.let_in

    def let_in(*args: Any, **by: Any) -> None:
        if next(held, False):
            raise LockHeld
        through(*args, **by)

    monkeypatch.setattr(membership, "let_in", let_in)
    page = counsellor.get("/circles")
    card = next(box for box in page.having_class("newcomer") if "Azad" in box.text)
    address = f"/circles/{circle.hex()}/let-in/{card.get('data-newcomer')}"
    page = counsellor.press(address)
    assert (counsellor.status, page.has("form", action=address), bool(page.errors)) == (200, True, True)
    assert not newcomer.get("/").having_class("circle")
    counsellor.press(address)
    assert newcomer.get("/").having_class("circle")
