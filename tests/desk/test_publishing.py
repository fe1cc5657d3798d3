"""From a testimony to a story that others read: what has to happen first."""

from datetime import UTC, datetime

import pytest

from onion_app.vault.desk import entries, stories, stories_queue
from onion_app.vault.mailbox import lifetime
from onion_app.vault.shown import reading
from tests.desk.house import House, Volunteer, joins
from tests.desk.story_steps import (
    CHECKS,
    DRAFT,
    EDITED,
    WRITTEN,
    finish,
    finished,
    in_queue,
    on_the_site,
    queued,
    states,
    step,
    two_weeks_later,
)
from tests.world import Author


def test_a_testimony_becomes_a_story_on_its_day(house: House, editor: Volunteer, author: Author) -> None:
    case = finished(editor, author)
    assert step(editor, case) == "ready"
    story = queued(editor, author, case)
    [version] = reading.versions_of(house.desk, story.id)
    assert version.publish_day is not None
    assert 1 <= version.publish_day - house.today <= stories_queue.LATEST_DAYS
    assert lifetime.read_case(house.mailbox, author.case_id).state == "ready"
    stories_queue.publish_due_stories(*house.dbs)
    assert on_the_site(house, story.id) == []
    two_weeks_later(house)
    [version] = reading.shown_story(house.mailbox, house.shown, story.id)
    assert (version.year, version.notes) == (2025, ("violence",))
    assert (version.title, version.body) == ("I ran away", EDITED)
    assert lifetime.read_case(house.mailbox, author.case_id).state == "published"


def test_the_draft_stands_beside_the_original_with_what_was_changed(editor: Volunteer, author: Author) -> None:
    case = finished(editor, author)
    page = editor.get(f"/case/{case}/story")
    assert [cell.text for cell in page.every("del")] == ["Ahmed from Basra hit me."]
    assert [cell.text for cell in page.every("ins")] == ["Somebody in a city hit me."]


def test_a_draft_is_sealed_until_it_is_queued(house: House, editor: Volunteer, author: Author) -> None:
    finished(editor, author)
    assert stories.story_of(house.desk, author.case_id) is None
    assert all(b"Somebody" not in entry.sealed for entry in entries.entries_of(house.desk, author.case_id))


@pytest.fixture
def begun(editor: Volunteer, author: Author) -> str:
    """Give a testimony that is taken, with the page of its story open."""
    case = author.tells(WRITTEN)
    editor.take(case)
    editor.get(f"/case/{case}/story")
    return case


@pytest.mark.parametrize("left_out", list(CHECKS))
def test_every_line_of_the_checklist_is_ticked(editor: Volunteer, author: Author, begun: str, left_out: str) -> None:
    ticked = {name: value for name, value in CHECKS.items() if name != left_out}
    page = editor.press(f"/case/{begun}/story/save", **DRAFT, **ticked, finished="1")
    assert "five lines" in editor.page.errors
    assert page.first(id="text").raw_text.strip() == EDITED
    assert entries.entries_of(author.world.desk, author.case_id) == []


@pytest.mark.parametrize(
    ("field", "value"), [("title", "x" * 81), ("title", " "), ("text", ""), ("language", "de"), ("year", "3025")]
)
def test_each_field_is_checked(editor: Volunteer, author: Author, begun: str, field: str, value: str) -> None:
    assert editor.press(f"/case/{begun}/story/save", **(DRAFT | {field: value})).has("a", href=f"#{field}")
    assert entries.entries_of(author.world.desk, author.case_id) == []


@pytest.mark.parametrize("year", [2027, 2028, 2029, 2032, 2036])
def test_the_new_year_can_be_typed_on_its_first_day(
    house: House, editor: Volunteer, author: Author, year: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.clock, "now", datetime(year, 1, 1, 12, tzinfo=UTC).timestamp())
    editor.log_in()
    case = finished(editor, author, year=str(year))
    assert editor.get(f"/case/{case}/story").first(id="year").get("value") == str(year)


def test_nothing_goes_out_without_the_second_person(house: House, editor: Volunteer, author: Author) -> None:
    second = joins(house, author.circle_id, "Dana", editor)
    case = finished(editor, author)
    assert step(editor, case) == "ready", "whom one has let in counts as oneself until they count as a second person"
    house.settle()
    assert step(editor, case) == "second"
    draft = entries.entries_of(author.world.desk, author.case_id)[-1].id.hex()
    token = editor.token
    for act, refusal in (("approve", "Who wrote a draft"), ("queue", "cannot be done yet")):
        assert refusal in editor.post(f"/case/{case}/story/{act}", [*token, ("draft", draft)]).errors
    second.open_case(case)
    second.press_on(f"/case/{case}/story", f"/case/{case}/story/approve")
    assert step(editor, case) == "ready"
    finish(editor, case, text=EDITED + " More.")
    assert step(editor, case) == "second", "changed words need a new approval"
    assert "cannot be done yet" in editor.post(f"/case/{case}/story/queue", [*token, ("draft", draft)]).errors


@pytest.mark.parametrize("text", ["وقت طويل", ""])
def test_title_and_text_of_a_draft_survive_the_lock(
    house: House, editor: Volunteer, author: Author, begun: str, text: str
) -> None:
    fields = editor.page.form_to(f"/case/{begun}/story/save").filled(title="بيت جديد", text=text)
    house.clock.now += 16 * 60
    assert editor.post(f"/case/{begun}/story/save", fields).has(id="kept-notice")
    editor.fill_in_login()
    assert editor.open_case(begun).has(id="draft-kept")
    page = editor.get(f"/case/{begun}/story")
    assert entries.entries_of(house.desk, author.case_id) == []
    assert page.first(id="title").get("value") == "بيت جديد"
    assert page.first(id="text").raw_text.strip() == text
    # Once it is kept, nothing of it comes back.
    editor.press(f"/case/{begun}/story/save", **DRAFT)
    assert editor.get(f"/case/{begun}/story").first(id="title").get("value") == DRAFT["title"]


def test_title_and_text_of_a_draft_survive_a_new_message(editor: Volunteer, author: Author, begun: str) -> None:
    author.writes_back("One thing more")
    editor.press(f"/case/{begun}/story/save", title="New house", text=EDITED)
    editor.open_case(begun)
    page = editor.get(f"/case/{begun}/story")
    assert page.first(id="title").get("value") == "New house"
    assert page.first(id="text").raw_text.strip() == EDITED


def test_an_unchanged_text_is_finished_only_by_who_says_that_there_is_nothing(editor: Volunteer, begun: str) -> None:
    page = editor.get(f"/case/{begun}/story")
    assert WRITTEN.split() == page.first(id="original").having_class("text")[0].text.split(), "beside the first draft"
    page = editor.press(f"/case/{begun}/story/save", title="A house", year="2025", **CHECKS, finished="1")
    assert "Nothing was changed. Is there really nothing" in page.errors
    page = editor.press(f"/case/{begun}/story/save", finished="1")
    assert "Nothing was changed. Is there really nothing" in page.errors, "five ticks do not answer it"
    editor.press(f"/case/{begun}/story/save", finished="1", as_it_is="1")
    assert step(editor, begun) == "ready"


def test_what_was_pointed_out_to_the_author_is_pointed_out_to_the_editor(editor: Volunteer, begun: str) -> None:
    page = editor.get(f"/case/{begun}/story")
    assert "Basra · name of a place" in page.first(id="details").text
    editor.press(f"/case/{begun}/story/save", **DRAFT)
    assert not editor.get(f"/case/{begun}/story").has(id="details")


@pytest.mark.parametrize("changed", [{"note_family": "1"}, {"year": "2024"}], ids=["notes", "year"])
def test_other_notes_and_another_year_are_not_what_was_queued(
    house: House, editor: Volunteer, author: Author, changed: dict[str, str]
) -> None:
    case, story = in_queue(editor, author)
    finish(editor, case, **changed)
    assert states(house, story.id) == []
    assert step(editor, case) == "ready"
