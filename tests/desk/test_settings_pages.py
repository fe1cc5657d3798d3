"""Settings are the coordinators', each is checked, and the site follows at once."""

import pytest

from onion_app.vault import settings
from onion_app.vault.shown import reading
from tests.desk.house import House, Volunteer


@pytest.fixture
def coordinator(coordinator: Volunteer) -> Volunteer:
    """Open the page of the settings."""
    coordinator.get("/settings")
    return coordinator


def in_force(house: House) -> settings.Settings:
    """Read the settings as the site does."""
    return settings.read_settings(house.shown)


def test_how_to_find_us_is_said_in_each_language(house: House, coordinator: Volunteer) -> None:
    counter = reading.published_counter(house.shown)
    coordinator.press("/settings/how_to_find_us", find_en="Ask  somebody\tyou trust.", find_ar="اسألوا من تثقون به.")
    assert coordinator.page.has(id="done")
    assert in_force(house).how_to_find_us["en"] == "Ask somebody you trust."
    assert in_force(house).how_to_find_us["ar"] == "اسألوا من تثقون به."
    assert reading.published_counter(house.shown) != counter, "pages that are kept ready say it"


@pytest.mark.parametrize(
    ("which", "typed", "held"),
    [
        ("retention_days", {"retention_days": "90"}, 90),
        ("backup_days", {"backup_days": "14"}, 14),
        ("quota_gib", {"quota_gib": "20"}, 20),
        ("paused", {}, True),
    ],
)
def test_each_setting_is_set(
    house: House, coordinator: Volunteer, which: str, typed: dict[str, str], held: object
) -> None:
    coordinator.press(f"/settings/{which}", **typed)
    assert getattr(in_force(house), which) == held


def test_days_to_answer_are_set_for_each_topic(house: House, coordinator: Volunteer) -> None:
    coordinator.press("/settings/answer_days", days_law="٧", days_urgent="2")
    assert [in_force(house).answer_days[name] for name in ("law", "urgent", "talk")] == [7, 2, 3]


@pytest.mark.parametrize(
    ("which", "field", "value"),
    [
        ("retention_days", "retention_days", "29"),
        ("retention_days", "retention_days", "-40"),
        ("retention_days", "retention_days", "many"),
        ("backup_days", "backup_days", "91"),
        ("quota_gib", "quota_gib", "0"),
        ("answer_days", "days_urgent", "31"),
        ("how_to_find_us", "find_en", "x" * 301),
    ],
)
def test_a_value_that_does_not_fit_changes_nothing(
    house: House, coordinator: Volunteer, which: str, field: str, value: str
) -> None:
    before = in_force(house)
    coordinator.press(f"/settings/{which}", **{field: value})
    assert coordinator.page.errors
    assert coordinator.page.first(id=field).get("value") == value
    assert in_force(house) == before


@pytest.mark.parametrize("which", ["code_salt", "anything"])
def test_nothing_else_can_be_set(house: House, coordinator: Volunteer, which: str) -> None:
    before = in_force(house)
    assert coordinator.post(f"/settings/{which}", [*coordinator.token, (which, "00")]).status == 404
    assert in_force(house) == before


def test_a_coordinator_who_was_not_let_in_yet_changes_nothing(house: House, coordinator: Volunteer) -> None:
    with house.desk.writing():
        house.desk.run("UPDATE moderators SET state = 'waiting'")
    assert coordinator.get("/settings").status == 404
