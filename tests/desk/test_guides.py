"""Guides are written by coordinators alone, with what readers will see beside the words, and who has checked them."""

from typing import cast

import pytest

from onion_app.choices import LanguageCode
from onion_app.days import DAY
from onion_app.errors import NothingHere
from onion_app.vault.desk import audit, guides
from onion_app.vault.shown import reading
from tests.desk.house import House, Volunteer

BODY = "1. Go first.\n2. Take water.\n\n## Then?\n\n<script>alert(1)</script> [here](http://example.com) *now*"


def begun(coordinator: Volunteer, slug: str = "now") -> str:
    """Begin a guide and give its path."""
    assert coordinator.press_on("/guides", "/guides/begin", slug=slug).errors == ""
    guide, _ = guides.all_guides(coordinator.house.desk)[0]
    return f"/guides/{guide.id.hex()}"


def kept(coordinator: Volunteer, path: str, **changed: str) -> None:
    """Write the English version and keep it."""
    coordinator.get(f"{path}?language=en")
    fields = [
        pair for pair in coordinator.page.form_to(f"{path}/save").fields if pair[0] not in ("title", "text", "preview")
    ]
    coordinator.post(f"{path}/save", [*fields, *({"title": "In danger now?", "text": BODY} | changed).items()])


def shown(house: House) -> list[reading.Version]:
    try:
        return reading.shown_guide(house.shown, "now")
    except NothingHere:
        return []


def test_a_guide_is_written_shown_first_and_published(house: House, coordinator: Volunteer) -> None:
    path = begun(coordinator)
    page = coordinator.press_on(f"{path}?language=en", f"{path}/save", title="In danger now?", text=BODY)
    preview = page.first(id="preview")
    assert [item.text for item in preview.every("li")] == ["Go first.", "Take water."]
    assert preview.every("script") == []
    assert preview.every("a") == []
    assert guides.all_guides(house.desk)[0][1] == [], "it was only shown"
    kept(coordinator, path)
    assert shown(house) == []
    coordinator.press(f"{path}/publish")
    [found] = shown(house)
    assert (found.title, found.checked_by) == ("In danger now?", None)
    coordinator.press(f"{path}/down")
    assert shown(house) == []
    said = {row.what for row in audit.audit_of(house.desk, None)[0]}
    assert {"began a guide", "changed a guide", "published a guide", "took a guide down"} <= said


def test_checking_a_guide_names_nobody_who_has_not_chosen_it(house: House, coordinator: Volunteer) -> None:
    path = begun(coordinator)
    kept(coordinator, path)
    coordinator.press(f"{path}/publish")
    page = coordinator.press(f"{path}/check")
    [found] = shown(house)
    assert (found.checked_by, found.checked_day) == (None, house.today)
    assert "checked by one of us" in page.first(id="standing").text
    assert "Sara" not in str(house.shown.rows("SELECT * FROM versions"))


def test_a_guide_under_another_title_is_not_the_one_that_was_read(house: House, coordinator: Volunteer) -> None:
    path = begun(coordinator)
    kept(coordinator, path)
    coordinator.get(f"{path}?language=en")
    before = coordinator.page.form_to(f"{path}/check").filled()
    kept(coordinator, path, title="It is safe to meet alone")
    assert "changed in the meantime" in coordinator.post(f"{path}/check", before).errors
    assert guides.all_guides(house.desk)[0][1][0].checked_day is None


def test_checking_a_guide_names_who_wants_it_and_when_until_it_changes(house: House, coordinator: Volunteer) -> None:
    path = begun(coordinator)
    kept(coordinator, path)
    coordinator.press(f"{path}/publish")
    coordinator.press(f"{path}/check", named="1")
    [found] = shown(house)
    assert (found.checked_by, found.checked_day) == ("Sara", house.today)
    kept(coordinator, path, text="Other words.")
    [found] = shown(house)
    assert (found.body, found.checked_by) == ("Other words.", None)


def test_what_was_checked_half_a_year_ago_turns_red(house: House, coordinator: Volunteer) -> None:
    path = begun(coordinator)
    kept(coordinator, path)
    assert "to be checked again" not in coordinator.get("/guides").main.text
    coordinator.get(path)
    coordinator.press(f"{path}/check")
    for days, red in ((179, False), (1, True)):
        house.clock.now += days * DAY
        for page in ("/guides", path):
            coordinator.log_in()
            coordinator.get(page)
            assert "to be checked again on" in coordinator.page.main.text
            assert bool([each for each in coordinator.page.every("span") if "again" in each.classes]) == red


def test_no_reader_sees_a_word_of_the_law_before_a_lawyer_has_confirmed_it(
    house: House, coordinator: Volunteer
) -> None:
    path = begun(coordinator, "law")
    kept(coordinator, path, title="The law")
    coordinator.press(f"{path}/publish")
    assert "law" not in {slug for slug, titles in reading.titles_of_guides(house.shown).items() if titles}
    with pytest.raises(NothingHere):
        reading.shown_guide(house.shown, "law")
    coordinator.press(f"{path}/check")
    assert [version.title for version in reading.shown_guide(house.shown, "law")] == ["The law"]
    assert reading.titles_of_guides(house.shown)["law"] == {"en": "The law"}
    kept(coordinator, path, title="The law", text="Other words.")
    with pytest.raises(NothingHere):
        reading.shown_guide(house.shown, "law")


def test_nobody_checks_words_that_were_changed_meanwhile(house: House, coordinator: Volunteer) -> None:
    path = begun(coordinator)
    kept(coordinator, path)
    coordinator.get(f"{path}?language=en")
    before = coordinator.page.form_to(f"{path}/check").filled()
    kept(coordinator, path, text="Other words.")
    assert "changed in the meantime" in coordinator.post(f"{path}/check", before).errors
    assert guides.all_guides(house.desk)[0][1][0].checked_day is None


@pytest.mark.parametrize("slug", ["", "Now!", "1st", "a/b", "x" * 31, "..", "دليل"])
def test_a_name_that_does_not_fit_an_address_is_refused(coordinator: Volunteer, slug: str) -> None:
    assert "Latin letters" in coordinator.press_on("/guides", "/guides/begin", slug=slug).errors
    assert guides.all_guides(coordinator.house.desk) == []


def test_a_name_leads_to_one_guide_only(coordinator: Volunteer) -> None:
    assert begun(coordinator) == begun(coordinator)


@pytest.mark.parametrize("field", ["title", "text"])
def test_a_guide_without_words_is_refused(coordinator: Volunteer, field: str) -> None:
    path = begun(coordinator)
    kept(coordinator, path, **{field: " "})
    assert coordinator.page.has("a", href=f"#{field}")
    assert guides.all_guides(coordinator.house.desk)[0][1] == []


def test_signs_without_end_are_no_guide(house: House, coordinator: Volunteer) -> None:
    path = begun(coordinator)
    kept(coordinator, path, text="- a\n" * 1_002)
    assert "at most 1,000" in coordinator.page.errors
    kept(coordinator, path, text="- a\n" * 999)
    assert len(guides.all_guides(house.desk)[0][1]) == 1


def test_a_guide_survives_the_lock(house: House, coordinator: Volunteer) -> None:
    path = begun(coordinator)
    coordinator.get(f"{path}?language=en")
    fields = coordinator.page.form_to(f"{path}/save").filled(title="In danger now?", text="وقت طويل")
    house.clock.now += 16 * 60
    coordinator.post(f"{path}/save", fields)
    page = coordinator.fill_in_login()
    assert page.has(id="not-sent")
    assert page.first(id="text").raw_text.strip() == "وقت طويل"
    assert page.first(id="title").get("value") == "In danger now?"


def test_guides_are_listed_and_opened_in_the_language_of_the_desk(house: House, coordinator: Volunteer) -> None:
    written = {"now": {"ar": "هل من خطر الآن؟", "en": "In danger now?"}, "more": {"ar": "المزيد"}}
    for slug, titles in written.items():
        guide_id = guides.begin_guide(house.desk, slug.encode().ljust(16), slug)
        for language, title in titles.items():
            version = reading.Version(guide_id, cast("LanguageCode", language), title, "Words.")
            guides.save_draft(house.desk, version)
    for own, listed in (("en", ["المزيد", "In danger now?"]), ("ar", ["المزيد", "هل من خطر الآن؟"])):
        page = coordinator.get(f"/guides?lang={own}")
        links = [case.first("h2").first("button") for case in page.every("li") if case.get("data-guide")]
        assert [link.text for link in links] == listed
        assert [link.get("lang") for link in links] == ["ar", own]
        opened = [coordinator.get(link.get("value")).first(id="title").get("value") for link in links]
        assert opened == listed
