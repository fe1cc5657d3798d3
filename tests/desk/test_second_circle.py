"""Somebody who works in one circle joins another: with the handle and the keys they have, and unseen by the first."""

import pytest

from onion_app.vault.desk import circles, invitations, moderators, taken
from scripts.rehearsal.pages import Element
from tests.desk.house import House, Volunteer, card_of, compares, id_of, invites, joins, listed, pairs_of
from tests.world import Author


@pytest.fixture
def lawyer(lawyer: Volunteer) -> Volunteer:
    """Log in as the first member of the other circle."""
    lawyer.log_in()
    return lawyer


def types_invitation(volunteer: Volunteer, code: str) -> Element:
    """Join another circle under My account."""
    return volunteer.press_on("/account", "/account/join", invitation=code)


def joins_too(house: House, volunteer: Volunteer, host: Volunteer, circle: bytes) -> None:
    """Join another circle, to the end."""
    types_invitation(volunteer, house.invitation(circle))
    compares(volunteer, host, circle)


def circles_shown(volunteer: Volunteer) -> set[str]:
    """Name the circles whose counts the first page shows."""
    return {card.get("data-circle") for card in volunteer.get("/").having_class("circle")}


def told_to(volunteer: Volunteer, circle: bytes) -> str:
    """Read everything that a member is shown about their circle and its people."""
    pages = ("/", "/circles", f"/circles/{circle.hex()}/audit")
    return " ".join(volunteer.get(page).text for page in pages)


def test_a_member_of_one_circle_joins_another_and_keeps_handle_words_phone_and_sheet(
    house: House, counsellor: Volunteer, author: Author, lawyer: Volunteer, circle: bytes, law: bytes
) -> None:
    case, foreign = author.writes("For the listeners."), Author(house, law).writes("For the lawyers.")
    counsellor.log_in()
    as_enrolled, before = moderators.find_moderator(house.desk, "Sara"), pairs_of(house, counsellor, circle)
    page = types_invitation(counsellor, invites(lawyer, law))
    # Until somebody of the circle has compared the words, it is as closed as before, and the first one as open.
    assert "Law" in page.first(id="waiting").text
    assert circles_shown(counsellor) == {circle.hex()}
    assert counsellor.get(f"/case/{foreign}").status == 404
    counsellor.get("/")
    compares(counsellor, lawyer, law)
    assert not counsellor.get("/").has(id="waiting")
    assert circles_shown(counsellor) == {circle.hex(), law.hex()}
    assert "For the lawyers." in counsellor.open_case(foreign).text
    assert "For the listeners." in counsellor.open_case(case).text
    # The same person, with the same secrets; and the first circle's keys are as they were.
    assert moderators.find_moderator(house.desk, "Sara") == as_enrolled
    assert pairs_of(house, counsellor, circle) == before
    # What the other circle is told is what it is told of a newcomer.
    said = told_to(lawyer, law)
    assert "Sara" in said
    assert "Listening" not in said
    lines = [line.text for line in lawyer.get(f"/circles/{law.hex()}/audit").having_class("audit")[0].every("li")]
    assert len([line for line in lines if "came with an invitation" in line]) == 2


def test_the_circle_that_somebody_is_in_learns_nothing_of_the_other(
    house: House, counsellor: Volunteer, lawyer: Volunteer, circle: bytes, law: bytes
) -> None:
    counsellor.log_in()
    colleague = joins(house, circle, "Dana", counsellor)
    before = told_to(colleague, circle)
    joins_too(house, counsellor, lawyer, law)
    foreign = Author(house, law).writes("For the lawyers.")
    counsellor.take(foreign)
    assert told_to(colleague, circle) == before
    counsellor.press_on(f"/case/{foreign}/ways-out", f"/case/{foreign}/ways-out/hand-over", circle=circle.hex())
    before = told_to(colleague, circle)  # the case is theirs too now
    house.make_coordinator(lawyer.login.handle)
    lawyer.press_on("/circles", f"/circles/{law.hex()}/shut-out/{id_of(house, 'Sara')}")
    assert told_to(colleague, circle) == before


def test_a_code_that_does_not_work_says_what_it_says_at_the_door(
    house: House, counsellor: Volunteer, lawyer: Volunteer, circle: bytes, law: bytes
) -> None:
    counsellor.log_in()
    used, late = house.invitation(law), house.invitation(law)
    types_invitation(counsellor, used)
    for code, sentence in ((used, "unknown, used or too old"), ("1234", "28 digits")):
        page = types_invitation(counsellor, code)
        assert sentence in counsellor.page.errors
        assert page.first(id="invitation").get("aria-invalid") == "true"
    # Where one is, or waits, already, the code is not used up: it still brings somebody in.
    for code in (late, own := house.invitation(circle)):
        types_invitation(counsellor, code)
        assert "in this circle already" in counsellor.page.errors
    assert len(invitations.open_invitations(house.desk)) == 2
    assert circles.waiting_in(house.desk, law) == [moderators.find_moderator(house.desk, "Sara")]
    types_invitation(lawyer, own)
    assert lawyer.page.has(id="waiting")


def test_out_of_one_circle_is_not_out_of_the_other(
    house: House, counsellor: Volunteer, author: Author, lawyer: Volunteer, circle: bytes, law: bytes
) -> None:
    lawyers_case = Author(house, law)
    case, foreign = author.writes("For the listeners."), lawyers_case.writes("For the lawyers.")
    house.make_coordinator(lawyer.login.handle)
    counsellor.log_in()
    joins(house, circle, "Dana", counsellor)
    counsellor.take(case)
    page = lawyer.get("/circles")
    assert not page.has("form", action=f"/circles/{circle.hex()}/shut-out/{id_of(house, 'Sara')}")
    joins_too(house, counsellor, lawyer, law)
    counsellor.take(foreign)
    invites(counsellor, law)
    invites(counsellor, circle)
    had, key = pairs_of(house, counsellor, law), house.public_key(circle)
    lawyer.get("/circles")
    assert [bool(card_of(lawyer, each).having_class("last")) for each in (law, circle)] == [False, False]
    lawyer.press(f"/circles/{law.hex()}/shut-out/{id_of(house, 'Sara')}")
    # At once, in the browser that is still open: nothing of the one, everything of the other.
    assert counsellor.get(f"/case/{foreign}").status == 404
    assert "For the listeners." in counsellor.open_case(case).text
    assert circles_shown(counsellor) == {circle.hex()}
    assert taken.taken_by(house.desk, [author.case_id, lawyers_case.case_id]).keys() == {author.case_id}
    assert [found.circle_id for found in invitations.open_invitations(house.desk)] == [circle]
    # The right circle has a new key; the other's is the same.
    assert pairs_of(house, counsellor, law) == []
    assert house.public_key(law) == circles.public_keys(house.desk, law)[2] != had[0].public
    assert house.public_key(circle) == key
    # Those who remain learn what that person had read; and a second membership comes only with a new letting in.
    lawyer.get("/circles")
    assert "Sara was shut out" in card_of(lawyer, law).text
    assert listed(lawyer.get(f"/circles/{law.hex()}/opened-by/{id_of(house, 'Sara')}")) == [foreign]
    types_invitation(counsellor, invites(lawyer, law))
    assert counsellor.get(f"/case/{foreign}").status == 404
    counsellor.get("/")
    compares(counsellor, lawyer, law)
    assert "For the lawyers." in counsellor.open_case(foreign).text
    assert "Sara was shut out" not in lawyer.get("/circles").text


def test_somebody_who_only_waits_can_be_turned_away_from_there_alone(
    house: House, counsellor: Volunteer, lawyer: Volunteer, circle: bytes, law: bytes
) -> None:
    house.make_coordinator(lawyer.login.handle)
    counsellor.log_in()
    types_invitation(counsellor, house.invitation(law))
    key = house.public_key(law)
    lawyer.get("/circles")
    letting_in = lawyer.page.form_to(f"/circles/{law.hex()}/let-in/{id_of(house, 'Sara')}").filled()
    lawyer.press(f"/circles/{law.hex()}/shut-out/{id_of(house, 'Sara')}")
    assert not counsellor.get("/").has(id="waiting")
    assert circles_shown(counsellor) == {circle.hex()}
    assert house.public_key(law) == key  # nobody had it who has not now
    assert lawyer.post(f"/circles/{law.hex()}/let-in/{id_of(house, 'Sara')}", letting_in).status == 404
    assert pairs_of(house, counsellor, law) == []
    # From the one circle that is left nobody shuts out in this way.
    lawyer.get("/")
    lawyer.post(f"/circles/{circle.hex()}/shut-out/{id_of(house, 'Sara')}", lawyer.token)
    assert "changed in the meantime" in lawyer.page.errors
    assert circles_shown(counsellor) == {circle.hex()}


def test_an_office_begins_with_letting_in_and_ends_with_its_circle(
    house: House, coordinator: Volunteer, lawyer: Volunteer, circle: bytes, law: bytes
) -> None:
    code = invites(coordinator, circle, "invite-coordinator")
    types_invitation(lawyer, code)
    assert "unknown, used or too old" in lawyer.page.errors, "it waits for a second person"
    assert house.agrees(None)
    types_invitation(lawyer, code)
    assert not lawyer.page.has("a", href="/settings")
    coordinator.get("/circles")
    assert card_of(coordinator, circle).having_class("office")
    lawyer.get("/")
    compares(lawyer, coordinator, circle)
    assert lawyer.get("/").has("a", href="/settings")
    invites(lawyer, law)
    # Nobody shuts themselves out of the circle that the office comes with; of another one, a coordinator may.
    own = f"/circles/{circle.hex()}/shut-out/{id_of(house, 'Rojin')}"
    assert not lawyer.get("/circles").has("form", action=own)
    assert "Nobody can shut themselves out" in lawyer.post(own, lawyer.page.form_to("/logout").filled()).errors
    coordinator.press_on("/circles", own)
    assert lawyer.get("/").has("a", href="/settings"), "nobody alone shuts a coordinator out"
    assert house.agrees(None)
    assert not lawyer.get("/").has("a", href="/settings")
    assert circles_shown(lawyer) == {law.hex()}
    assert invitations.open_invitations(house.desk) == []
    # Somebody of the coordinators' circle becomes one with such an invitation, and nothing else changes.
    member = joins(house, circle, "Dana", coordinator)
    key = house.public_key(circle)
    code = invites(coordinator, circle, "invite-coordinator")
    assert house.agrees(None)
    types_invitation(coordinator, code)
    assert "in this circle already" in coordinator.page.errors
    assert types_invitation(member, code).has("a", href="/settings")
    assert house.public_key(circle) == key
    assert "became a coordinator" in member.get(f"/circles/{circle.hex()}/audit").text
