"""Shutting somebody out: what ends at once, what they can open afterwards, and what the others learn."""

import pytest

from onion_app.desk import rekeying
from onion_app.errors import NothingHere
from onion_app.vault.desk import circles, moderators, taken
from onion_app.vault.mailbox import case_keys
from onion_app.vault.mailbox.lifetime import AT_ONCE
from tests import tables
from tests.desk.house import House, Volunteer, card_of, epochs_open_to, id_of, joins, listed, pairs_of, shuts_out
from tests.planting import Intruder
from tests.world import Author


def test_whoever_is_shut_out_opens_nothing_from_then_on(
    house: House, coordinator: Volunteer, author: Author, circle: bytes
) -> None:
    case, _ = author.writes("Dana read this."), Author(house, circle).writes("Nobody read this.")
    informer = joins(house, circle, "Dana", coordinator)
    informer.take(case)
    before = pairs_of(house, informer, circle)
    coordinator.press_on("/circles", f"/circles/shut-out/{id_of(house, 'Dana')}")
    # The browser that is still open, the sheet, and every later login.
    fields = [("csrf_token", "x"), ("text", "Still me"), ("message", "1" * 32), ("seen", "2")]
    assert informer.post(f"/case/{case}/reply", fields).has(id="passphrase")
    assert informer.get(f"/case/{case}").has(id="passphrase")
    assert "That did not work" in informer.press_on("/recover", "/recover", handle="Dana", sheet=informer.sheet).errors
    assert "That did not work" in informer.log_in().errors
    # The site seals to the new key in the same act, and nothing of theirs is left.
    assert house.public_key(circle) == circles.read_circle(house.desk, circle).public_key != before[0].public
    assert pairs_of(house, informer, circle) == []
    assert taken.taken_by(house.desk, [author.case_id]) == {}
    later = Author(house, circle)
    later.writes("After Dana.")
    assert epochs_open_to(house, later.case_id, circle, before) == set()
    # The cases that were there are re-keyed at the next login, and say so until then.
    assert coordinator.get("/").having_class("delayed")[0].text == "2"
    assert not coordinator.log_in().having_class("delayed")
    assert epochs_open_to(house, author.case_id, circle, before) == set()
    assert epochs_open_to(house, author.case_id, circle, pairs_of(house, coordinator, circle)) == {1, 2}
    assert "Dana read this." in coordinator.open_case(case).text
    # The others learn which case that person had before them, and only that one.
    coordinator.get("/circles")
    assert "Dana was shut out" in card_of(coordinator, circle).text
    assert listed(coordinator.get(f"/circles/{circle.hex()}/opened-by/{id_of(house, 'Dana')}")) == [case]


def test_a_case_that_was_handed_over_is_named_to_the_circle_that_has_it_now(
    house: House, coordinator: Volunteer, author: Author, circle: bytes
) -> None:
    law = house.circle("Law", topics=("law",))
    lawyer = house.volunteer(law, "Rojin")
    case, never_opened = author.writes("Dana read this."), Author(house, law).writes("Only for the law.")
    informer = joins(house, circle, "Dana", coordinator)
    informer.take(case)
    informer.press_on(f"/case/{case}/ways-out", f"/case/{case}/ways-out/hand-over", circle=law.hex())
    lawyer.log_in()
    elsewhere = f"/circles/{law.hex()}/opened-elsewhere"
    assert not lawyer.get(elsewhere).having_class("case")
    coordinator.press_on("/circles", f"/circles/shut-out/{id_of(house, 'Dana')}")
    lawyer.get("/circles")
    assert card_of(lawyer, law).has("a", href=elsewhere)
    assert listed(lawyer.get(elsewhere)) == [case]
    assert never_opened not in lawyer.page.text
    # Not who it was, nor in which circle; and nothing of it to anybody else.
    assert not any(word in lawyer.page.text for word in ("Dana", "Listening"))
    assert coordinator.get(elsewhere).status == 404
    assert not coordinator.get(f"/circles/{circle.hex()}/opened-elsewhere").having_class("case")


def test_a_coordinator_shuts_out_in_another_circle_and_reads_nothing(house: House, coordinator: Volunteer) -> None:
    law = house.circle("Law", topics=("law",))
    lawyer = house.volunteer(law, "Dana", logged_in=True)
    joins(house, law, "Rojin", lawyer)
    foreign = Author(house, law)
    case = foreign.writes("For the lawyers.")
    coordinator.press_on("/circles", f"/circles/shut-out/{id_of(house, 'Rojin')}")
    assert moderators.find_moderator(house.desk, "Rojin").state == "out"
    assert pairs_of(house, coordinator, law) == []
    token = coordinator.token
    for path in (
        f"/case/{case}",
        f"/circle/{law.hex()}/new",
        f"/circles/{law.hex()}/opened-by/{id_of(house, 'Rojin')}",
    ):
        coordinator.get(path)
        assert coordinator.status == 404, path
    assert coordinator.post(f"/case/{case}/open", [*token]).status == 404
    coordinator.post("/circles/new-keys", [*token])
    assert [found.epoch for found in case_keys.wraps_of(house.mailbox, foreign.case_id, law)] == [1]
    # A member without the office shuts out nobody, in no circle.
    lawyer.get("/")
    token = lawyer.token
    for handle in ("Sara", "Dana"):
        assert lawyer.post(f"/circles/shut-out/{id_of(house, handle)}", [*token]).status == 404
    assert moderators.find_moderator(house.desk, "Sara").state == "active"
    # Nobody shuts themselves out, and a circle that nobody is left in has no key.
    coordinator.get("/circles")
    coordinator.post(
        f"/circles/shut-out/{id_of(house, 'Sara')}",
        coordinator.page.form_to(f"/circles/shut-out/{id_of(house, 'Dana')}").filled(),
    )
    assert "Nobody can shut themselves out" in coordinator.page.errors
    coordinator.press(f"/circles/shut-out/{id_of(house, 'Dana')}")
    with pytest.raises(NothingHere):
        house.public_key(law)


def test_re_keying_goes_in_steps_and_never_stops_a_login(
    house: House, coordinator: Volunteer, author: Author, circle: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rekeying, "AT_LOGIN", 1)
    monkeypatch.setattr(rekeying, "AT_ONCE", 2)
    case_id = min(bytes.fromhex(each.writes("Hello?")) for each in (author, *(Author(house, circle) for _ in range(3))))
    # The first whose turn it is opens for nobody.
    Intruder(house, case_id).runs("UPDATE case_keys SET wrap = ? WHERE case_id = ?", bytes(120), case_id)
    joins(house, circle, "Dana", coordinator)
    coordinator.press_on("/circles", f"/circles/shut-out/{id_of(house, 'Dana')}")
    assert coordinator.get("/").having_class("delayed")[0].text == "4"
    coordinator.log_in()
    assert coordinator.page.having_class("delayed")[0].text == "2"
    page = coordinator.press("/circles/new-keys")
    assert not page.having_class("delayed")
    # What did not open stays as it is: it opens again if somebody brings back what stood there.
    assert [found.wrap for found in case_keys.wraps_of(house.mailbox, case_id, circle)] == [bytes(120)]


def test_what_is_planted_without_a_case_keeps_no_other_from_its_new_keys(
    house: House, coordinator: Volunteer, author: Author, circle: bytes
) -> None:
    author.writes("Hello?")
    joins(house, circle, "Dana", coordinator)
    [held] = case_keys.wraps_of(house.mailbox, author.case_id, circle)
    insert = "INSERT INTO case_keys (case_id, epoch, holder, recipient, wrap) VALUES (?, 1, ?, ?, ?)"
    planted = [(number.to_bytes(16, "big"), circle, held.recipient, held.wrap) for number in range(AT_ONCE)]
    with tables.opened(house.state.mailbox / "mailbox.db", house.keys.mailbox) as past_every_rule:
        past_every_rule.executemany(insert, planted)
    coordinator.press_on("/circles", f"/circles/shut-out/{id_of(house, 'Dana')}")
    coordinator.log_in()
    assert not coordinator.press("/circles/new-keys").having_class("delayed")
    assert epochs_open_to(house, author.case_id, circle, pairs_of(house, coordinator, circle)[:1]) == {1, 2}


def test_what_went_with_a_circles_last_key_waits_for_nothing(house: House, coordinator: Volunteer) -> None:
    law = house.circle("Law", topics=("law",))
    case = Author(house, law)
    for handle in ("Dana", "Rojin", "Baran"):
        lawyer = house.volunteer(law, handle, logged_in=True)
        if handle == "Dana":
            case.writes("For Dana.")
        if handle != "Baran":
            shuts_out(house, coordinator, handle)
    assert not lawyer.page.having_class("delayed")
    lawyer.log_in()
    assert not lawyer.page.having_class("delayed")
    assert [found.epoch for found in case_keys.wraps_of(house.mailbox, case.case_id, law)] == [1]
