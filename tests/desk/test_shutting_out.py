"""Shutting somebody out: what ends at once, what they can open afterwards, and what the others learn."""

import pytest

from onion_app.vault.desk import circles, moderators, taken
from onion_app.vault.mailbox import lifetime, queues
from tests.desk.house import House, Volunteer, card_of, id_of, joins, listed, pairs_of, shuts_out
from tests.world import Author


def test_whoever_is_shut_out_opens_nothing_from_then_on(
    house: House, coordinator: Volunteer, author: Author, circle: bytes
) -> None:
    case, unread = author.writes("Dana read this."), Author(house, circle)
    unread.writes("Nobody read this.")
    informer = joins(house, circle, "Dana", coordinator)
    informer.take(case)
    [had] = pairs_of(house, informer, circle)
    coordinator.press_on("/circles", f"/circles/shut-out/{id_of(house, 'Dana')}")
    # The browser that is still open, the sheet, and every later login.
    fields = [("csrf_token", "x"), ("text", "Still me"), ("message", "1" * 32), ("seen", "2")]
    assert informer.post(f"/case/{case}/reply", fields).has(id="passphrase")
    assert informer.get(f"/case/{case}").has(id="passphrase")
    assert "That did not work" in informer.press_on("/recover", "/recover", handle="Dana", sheet=informer.sheet).errors
    assert "That did not work" in informer.log_in().errors
    # The site seals to the new key in the same act, and nothing of theirs is left.
    assert circles.read_circle(house.desk, circle).generation == 2
    assert house.public_key(circle) == circles.public_keys(house.desk, circle)[2] != had.public
    assert pairs_of(house, informer, circle) == []
    assert taken.taken_by(house.desk, [author.case_id]) == {}
    author.writes_back("After Dana.")
    coordinator.reply(case, "Dana is gone.")
    assert author.texts() == ["Dana read this.", "After Dana.", "Dana is gone."]
    assert "Dana read this." in coordinator.get(f"/case/{case}").text
    assert "Nobody read this." in coordinator.open_case(unread.case_id.hex()).text
    # The others learn which case that person had before them, and only that one.
    coordinator.get("/circles")
    assert "Dana was shut out" in card_of(coordinator, circle).text
    assert listed(coordinator.get(f"/circles/{circle.hex()}/opened-by/{id_of(house, 'Dana')}")) == [case]


def test_the_audit_names_who_was_let_in_and_shut_out_and_nobody_of_another_circle(
    house: House, coordinator: Volunteer
) -> None:
    law = house.circle("Law", topics=("law",))
    lawyer = house.volunteer(law, "Dana", logged_in=True)
    joins(house, law, "Rojin", lawyer)
    coordinator.press_on("/circles", f"/circles/shut-out/{id_of(house, 'Rojin')}")
    lines = {reader: audit_lines(reader, law) for reader in (lawyer, coordinator)}
    assert [line for line in lines[lawyer] if "somebody" in line] == [
        "Dana let somebody in Rojin",
        "somebody of another circle shut somebody out Rojin",
    ]
    assert "Sara shut somebody out Rojin" in lines[coordinator]
    assert "Sara" not in lawyer.page.text


def audit_lines(reader: Volunteer, circle: bytes) -> list[str]:
    """Read a circle's audit without its days, in the order of the letters."""
    found = reader.get(f"/circles/{circle.hex()}/audit").having_class("audit")[0].every("li")
    return sorted(line.text.partition(" · ")[2].replace(" · ", " ") for line in found)


def test_a_coordinator_shuts_out_in_another_circle_and_reads_nothing(house: House, coordinator: Volunteer) -> None:
    law = house.circle("Law", topics=("law",))
    lawyer = house.volunteer(law, "Dana", logged_in=True)
    joins(house, law, "Rojin", lawyer)
    case = Author(house, law).writes("For the lawyers.")
    coordinator.press_on("/circles", f"/circles/shut-out/{id_of(house, 'Rojin')}")
    assert moderators.find_moderator(house.desk, "Rojin").state == "out"
    assert pairs_of(house, coordinator, law) == []
    token, opened_by = coordinator.token, f"/circles/{law.hex()}/opened-by/{id_of(house, 'Rojin')}"
    for path in (f"/case/{case}", f"/circle/{law.hex()}/new", opened_by):
        assert coordinator.get(path).status == 404, path
    assert coordinator.post(f"/case/{case}/open", token).status == 404
    coordinator.get("/circles")
    coordinator.post(f"/circles/shut-out/{id_of(house, 'Sara')}", coordinator.token)
    assert "Nobody can shut themselves out" in coordinator.page.errors


@pytest.mark.parametrize("writes_again", [False, True])
def test_right_after_somebody_was_shut_out_the_cases_they_worked_in_are_named(
    house: House, coordinator: Volunteer, author: Author, circle: bytes, *, writes_again: bool
) -> None:
    informer = joins(house, circle, "Dana", coordinator)
    case, other = author.writes("Hello?"), Author(house, circle).writes("And me?")
    informer.log_in()
    informer.take(case)
    coordinator.log_in()
    shuts_out(house, coordinator, "Dana")
    if writes_again:
        author.writes_back("Are you there?")
    page = coordinator.get(f"/circles/{circle.hex()}/opened-by/{id_of(house, 'Dana')}")
    assert (case in page.html, other in page.html, "Nothing here" in page.text) == (True, False, False)
    nobody = joins(house, circle, "Azad", coordinator)
    assert nobody.login.handle
    shuts_out(house, coordinator, "Azad")
    page = coordinator.get(f"/circles/{circle.hex()}/opened-by/{id_of(house, 'Azad')}")
    assert (case in page.html, "Nothing here" in page.text) == (False, True)


def test_no_page_says_nothing_is_here_while_more_cases_are_to_be_looked_through(
    house: House, coordinator: Volunteer, author: Author, circle: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    informer = joins(house, circle, "Dana", coordinator)
    cases = sorted(each.writes("Hello?") for each in (author, Author(house, circle), Author(house, circle)))
    informer.log_in()
    informer.open_case(cases[-1])
    coordinator.log_in()
    shuts_out(house, coordinator, "Dana")
    for room in (lifetime, queues):
        monkeypatch.setattr(room, "AT_ONCE", 2)
    page = coordinator.get(f"/circles/{circle.hex()}/opened-by/{id_of(house, 'Dana')}")
    assert (listed(page), "Nothing here" in page.text) == ([], False)
    [way] = [link for link in page.every("a") if link.text == "Next page"]
    assert listed(coordinator.get(way.get("href"))) == [cases[-1]]
