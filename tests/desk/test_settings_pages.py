"""Settings are the coordinators', each is checked, and the site follows at once."""

import secrets

import pytest

from onion_app.vault import settings, truth
from onion_app.vault.shown import reading
from tests.desk.actors import House, Volunteer


@pytest.fixture
def coordinator(house: House, counsellor: Volunteer) -> Volunteer:
    with house.mailbox.writing():
        with house.desk.writing():
            settings.put_setting(house.desk, "code_salt", secrets.token_bytes(16))
            house.desk.run("UPDATE moderators SET coordinator = 1")
        truth.copy_settings(house.mailbox, house.desk)
    counsellor.logs_in()
    counsellor.goes_to("/settings")
    return counsellor


def both(house: House) -> settings.Settings:
    """Read the settings, which are the same at the desk and in the mailbox."""
    assert settings.read_settings(house.desk) == settings.read_settings(house.mailbox)
    return settings.read_settings(house.desk)


def test_how_to_find_us_is_said_in_each_language(house: House, coordinator: Volunteer) -> None:
    counter = reading.published_counter(house.mailbox)
    coordinator.presses("/settings/how_to_find_us", find_en="Ask  somebody\tyou trust.", find_ar="اسألوا من تثقون به.")
    assert coordinator.page.has(id="done")
    assert both(house).how_to_find_us["en"] == "Ask somebody you trust."
    assert both(house).how_to_find_us["ar"] == "اسألوا من تثقون به."
    assert reading.published_counter(house.mailbox) > counter, "pages that are kept ready say it"


def test_days_to_answer_are_set_for_each_topic(house: House, coordinator: Volunteer) -> None:
    coordinator.presses("/settings/answer_days", days_law="٧", days_urgent="2")
    assert (both(house).answer_days["law"], both(house).answer_days["urgent"]) == (7, 2)
    assert both(house).answer_days["talk"] == 3


def test_retention_and_safety_copies_are_set_in_days(house: House, coordinator: Volunteer) -> None:
    coordinator.presses("/settings/retention_days", retention_days="90")
    coordinator.presses("/settings/backup_days", backup_days="14")
    assert (both(house).retention_days, both(house).backup_days) == (90, 14)


def test_the_room_for_messages_is_set_in_gib(house: House, coordinator: Volunteer) -> None:
    coordinator.presses("/settings/quota_gib", quota_gib="20")
    assert both(house).quota_gib == 20


def test_the_pause_is_a_switch(house: House, coordinator: Volunteer) -> None:
    coordinator.presses("/settings/paused")
    assert both(house).paused
    coordinator.presses("/settings/paused")
    assert not both(house).paused


@pytest.mark.parametrize(
    ("which", "field", "value"),
    [
        ("retention_days", "retention_days", "29"),
        ("retention_days", "retention_days", "731"),
        ("retention_days", "retention_days", "-40"),
        ("retention_days", "retention_days", "many"),
        ("backup_days", "backup_days", "0"),
        ("backup_days", "backup_days", "91"),
        ("quota_gib", "quota_gib", "0"),
        ("quota_gib", "quota_gib", "101"),
        ("answer_days", "days_law", "0"),
        ("answer_days", "days_urgent", "31"),
        ("how_to_find_us", "find_en", "x" * 301),
    ],
)
def test_a_value_that_does_not_fit_changes_nothing(
    house: House, coordinator: Volunteer, which: str, field: str, value: str
) -> None:
    before = both(house)
    coordinator.presses(f"/settings/{which}", **{field: value})
    assert coordinator.mistakes
    assert coordinator.page.first(id=field).get("value") == value
    assert both(house) == before


@pytest.mark.parametrize("which", ["code_salt", "anything"])
def test_nothing_else_can_be_set(house: House, coordinator: Volunteer, which: str) -> None:
    before = both(house)
    token = coordinator.form("/logout").value("csrf_token")
    coordinator.sends(f"/settings/{which}", [("csrf_token", token), (which, "00")])
    assert coordinator.status == 404
    assert both(house) == before


def test_nobody_but_a_coordinator_sees_or_changes_settings(house: House, coordinator: Volunteer) -> None:
    token = coordinator.form("/logout").value("csrf_token")
    with house.desk.writing():
        house.desk.run("UPDATE moderators SET coordinator = 0")
    before = both(house)
    coordinator.goes_to("/settings")
    assert coordinator.status == 404
    for which in ("paused", "retention_days", "how_to_find_us"):
        coordinator.sends(f"/settings/{which}", [("csrf_token", token), ("pause", "1"), ("retention_days", "30")])
        assert coordinator.status == 404
    assert both(house) == before


def test_a_coordinator_who_was_not_let_in_yet_changes_nothing(house: House, coordinator: Volunteer) -> None:
    with house.desk.writing():
        house.desk.run("UPDATE moderators SET state = 'waiting'")
    coordinator.goes_to("/settings")
    assert coordinator.status == 404
