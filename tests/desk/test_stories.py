"""What is done with a story once it is queued or shown, and by whom."""

from onion_app.vault.mailbox import lifetime
from onion_app.vault.shown import reading
from tests.desk.house import House, Volunteer
from tests.desk.story_steps import EDITED, finish, in_queue, on_the_site, states, two_weeks_later
from tests.world import Author


def test_a_story_is_taken_down_and_put_back(house: House, editor: Volunteer, author: Author) -> None:
    case, story = in_queue(editor, author)
    two_weeks_later(house)
    editor.log_in()
    editor.press_on(f"/stories/{story.id.hex()}", f"/stories/{story.id.hex()}/down")
    assert on_the_site(house, story.id) == []
    author.writes_back("Please leave it out.")
    assert "read it first" in editor.press(f"/stories/{story.id.hex()}/back").errors
    editor.open_case(case)
    editor.press_on(f"/stories/{story.id.hex()}", f"/stories/{story.id.hex()}/back")
    assert on_the_site(house, story.id) == [EDITED]


def test_a_coordinator_publishes_now_and_takes_down_but_opens_no_case(
    house: House, editor: Volunteer, lawyer: Volunteer, author: Author
) -> None:
    case, story = in_queue(editor, author)
    house.make_coordinator(lawyer.login.handle)
    lawyer.log_in()
    path = f"/stories/{story.id.hex()}"
    lawyer.get("/stories")
    assert [item.get("data-story") for item in lawyer.page.having_class("case")] == [story.id.hex()]
    lawyer.press_on(path, f"{path}/now")
    assert on_the_site(house, story.id) == [EDITED]
    lawyer.press(f"{path}/down")
    assert on_the_site(house, story.id) == []
    assert lawyer.get(f"/case/{case}/story").status == 404
    assert editor.get(path).status == 200


def test_a_member_who_is_no_coordinator_waits_for_the_day(house: House, editor: Volunteer, author: Author) -> None:
    _case, story = in_queue(editor, author)
    assert editor.post(f"/stories/{story.id.hex()}/now", editor.token).status == 404
    assert on_the_site(house, story.id) == []


def test_a_translation_waits_beside_the_published_version(house: House, editor: Volunteer, author: Author) -> None:
    case, story = in_queue(editor, author)
    two_weeks_later(house)
    editor.log_in()
    editor.open_case(case)
    page = editor.get(f"/case/{case}/story?language=ar")
    assert page.first(id="text").raw_text.strip() == EDITED
    assert "Ahmed" not in page.text
    finish(editor, case, title="هربت", text="ضربني أحد.", language="ar")
    page = editor.get(f"/case/{case}/story?language=ar")
    assert "The published version" in page.first(id="beside").text
    assert editor.press(f"/case/{case}/story/queue").errors == ""
    assert lifetime.read_case(house.mailbox, author.case_id).state == "published"
    assert states(house, story.id) == [("ar", "queued"), ("en", "public")]
    assert on_the_site(house, story.id) == [EDITED]
    two_weeks_later(house)
    versions = reading.shown_story(house.mailbox, house.shown, story.id)
    assert [(version.language, version.translated_from) for version in versions] == [("ar", "en"), ("en", None)]
    assert states(house, story.id) == [("ar", "public"), ("en", "public")]


def test_a_new_edition_waits_beside_the_shown_one_and_takes_its_place(
    house: House, editor: Volunteer, coordinator: Volunteer, author: Author
) -> None:
    case, story = in_queue(editor, author)
    two_weeks_later(house)
    coordinator.log_in()
    finish(editor, case, text="Somebody hit me.", year="2024")
    editor.press_on(f"/case/{case}/story", f"/case/{case}/story/queue")
    for which in ("queued", "public"):
        page = coordinator.get(f"/stories?which={which}")
        assert [item.get("data-story") for item in page.having_class("case")] == [story.id.hex()]
    page = coordinator.get(f"/stories/{story.id.hex()}")
    assert sorted(one.get("data-state") for one in page.having_class("message")) == ["public", "queued"]
    assert on_the_site(house, story.id) == [EDITED]
    coordinator.press(f"/stories/{story.id.hex()}/now")
    [version] = reading.shown_story(house.mailbox, house.shown, story.id)
    assert (version.body, version.year) == ("Somebody hit me.", 2024)
    assert states(house, story.id) == [("en", "public")]


def test_who_is_asked_about_a_story_finds_it_from_the_request(house: House, editor: Volunteer, author: Author) -> None:
    _case, story = in_queue(editor, author)
    request = Author(house, author.circle_id).writes(
        f"This is about me.\n\n/stories/{reading.name_of(story.id)}", topic="story"
    )
    page = editor.open_case(request)
    assert page.has("button", value=f"/stories/{story.id.hex()}")
