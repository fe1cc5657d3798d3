"""What is done with a story once it is queued or shown, and by whom."""

from onion_app.vault import truth
from onion_app.vault.desk import entries, stories_queue
from onion_app.vault.mailbox import lifetime
from onion_app.vault.shown import reading
from onion_app.web.app import Hardened
from tests.desk.actors import Author, House, Volunteer
from tests.desk.story_steps import CHECKS, DRAFT, EDITED, WRITTEN, finish, on_the_site, queued, two_weeks_later


def test_a_story_is_taken_down_and_put_back(house: House, editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    story = queued(editor, author, case)
    two_weeks_later(house)
    editor.logs_in()
    editor.goes_to(f"/stories/{story.id.hex()}")
    editor.presses(f"/stories/{story.id.hex()}/down")
    assert on_the_site(house, story.id) == []
    author.writes_back("Please leave it out.")
    editor.presses(f"/stories/{story.id.hex()}/back")
    assert "read it first" in editor.mistakes
    editor.opens(case)
    editor.goes_to(f"/stories/{story.id.hex()}")
    editor.presses(f"/stories/{story.id.hex()}/back")
    assert on_the_site(house, story.id) == [EDITED]
    assert truth.repair(house.mailbox, house.desk, house.clock.today) == []


def test_a_coordinator_publishes_now_and_takes_down_but_opens_no_case(
    house: House, editor: Volunteer, coordinator: Volunteer, author: Author
) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    story = queued(editor, author, case)
    path = f"/stories/{story.id.hex()}"
    coordinator.goes_to("/stories")
    assert [item.get("data-story") for item in coordinator.page.having_class("case")] == [story.id.hex()]
    coordinator.goes_to(path)
    coordinator.presses(f"{path}/now")
    assert on_the_site(house, story.id) == [EDITED]
    coordinator.presses(f"{path}/down")
    assert on_the_site(house, story.id) == []
    coordinator.goes_to(f"/case/{case}/story")
    assert coordinator.status == 404
    editor.goes_to(path)
    assert editor.status == 200


def test_nobody_outside_the_circle_does_anything_with_its_story(
    house: House, app: Hardened, editor: Volunteer, author: Author
) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    draft = entries.entries_of(house.desk, author.case_id)[-1].id.hex()
    story = queued(editor, author, case)
    stranger = Volunteer(house, app)
    stranger.enrols(house.circle("Law"), "Amara")
    stranger.logs_in()
    token = stranger.form("/logout").value("csrf_token")
    fields = [("csrf_token", token), ("draft", draft), ("entry", "1" * 32), *DRAFT.items(), *CHECKS.items()]
    for path in (f"/case/{case}/story", f"/stories/{story.id.hex()}", "/stories"):
        stranger.goes_to(path)
        assert stranger.status == 404
    for act in ("save", "approve", "ask", "queue", "stop"):
        stranger.sends(f"/case/{case}/story/{act}", fields)
        assert stranger.status == 404
    for act in ("down", "back", "now"):
        stranger.sends(f"/stories/{story.id.hex()}/{act}", fields)
        assert stranger.status == 404
    assert stories_queue.stories_of(house.desk, author.case_id) == [story]


def test_a_member_who_is_no_coordinator_waits_for_the_day(house: House, editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    story = queued(editor, author, case)
    token = editor.form("/logout").value("csrf_token")
    editor.sends(f"/stories/{story.id.hex()}/now", [("csrf_token", token)])
    assert editor.status == 404
    assert on_the_site(house, story.id) == []


def test_a_translation_is_made_from_the_published_version_and_joins_it(
    house: House, editor: Volunteer, author: Author
) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    story = queued(editor, author, case)
    two_weeks_later(house)
    editor.logs_in()
    editor.opens(case)
    page = editor.goes_to(f"/case/{case}/story?language=ar")
    assert page.first(id="text").raw_text.strip() == EDITED
    assert "Ahmed" not in page.text
    finish(editor, case, title="هربت", text="ضربني أحد.", language="ar")
    page = editor.goes_to(f"/case/{case}/story?language=ar")
    assert "The published version" in page.first(id="beside").text
    editor.presses(f"/case/{case}/story/queue")
    assert editor.mistakes == ""
    assert lifetime.read_case(house.mailbox, author.case_id).state == "published"
    assert on_the_site(house, story.id) == [EDITED]
    two_weeks_later(house)
    _, versions = reading.shown_story(house.mailbox, story.id)
    assert [(version.language, version.translated_from) for version in versions] == [("ar", "en"), ("en", None)]
    assert [one.state for one in stories_queue.stories_of(house.desk, author.case_id)] == ["public"]
    assert truth.repair(house.mailbox, house.desk, house.clock.today) == []


def test_whoever_is_asked_about_a_story_finds_it_from_the_request(
    house: House, editor: Volunteer, author: Author
) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    story = queued(editor, author, case)
    request = Author(house, author.circle_id).writes(f"This is about me.\n\n/stories/{story.id.hex()}", topic="story")
    page = editor.opens(request)
    assert page.has("a", href=f"/stories/{story.id.hex()}")
