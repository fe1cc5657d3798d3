"""The author has the last word about a story, before it is published and after."""

import pytest

from onion_app.crypto.casekeys import KeyName
from onion_app.crypto.payloads import FinalText, StoryLink, Verdict
from onion_app.vault.desk import entries, stories, stories_queue
from onion_app.vault.mailbox import lifetime
from onion_app.vault.shown import reading
from tests.desk.house import House, Volunteer
from tests.desk.story_steps import (
    DRAFT,
    EDITED,
    WRITTEN,
    asked,
    finish,
    finished,
    in_queue,
    on_the_site,
    queued,
    step,
    two_weeks_later,
)
from tests.planting import Intruder
from tests.world import Author


def test_the_author_sees_the_whole_text_and_says_yes(house: House, editor: Volunteer, author: Author) -> None:
    case = finished(editor, author, "ask")
    assert step(editor, case) == "ask"
    editor.press(f"/case/{case}/story/ask")
    assert lifetime.read_case(house.mailbox, author.case_id).state == "asking"
    asked = author.asked()
    assert asked is not None
    assert asked[1] == FinalText("I ran away", EDITED, "en", house.today)
    assert step(editor, case) == "asked"
    author.says("yes")
    editor.open_case(case)
    assert step(editor, case) == "ready"
    queued(editor, author, case)


def test_without_an_answer_nothing_is_published(editor: Volunteer, author: Author) -> None:
    case = finished(editor, author, "ask")
    page = editor.press_on(f"/case/{case}/story", f"/case/{case}/story/ask")
    assert not page.has("form", action=f"/case/{case}/story/queue")
    draft = entries.entries_of(author.world.desk, author.case_id)[-1].id.hex()
    assert "cannot be done yet" in editor.post(f"/case/{case}/story/queue", [*editor.token, ("draft", draft)]).errors
    assert stories.story_of(author.world.desk, author.case_id) is None


def test_what_the_author_wants_changed_is_changed_and_asked_again(editor: Volunteer, author: Author) -> None:
    case = asked(editor, author)
    author.says("change", "Leave the city out too.")
    editor.open_case(case)
    assert step(editor, case) == "change"
    assert "Leave the city out too." in editor.page.first(id="authors-words").text
    finish(editor, case, text="Somebody hit me.")
    assert step(editor, case) == "ask"
    editor.press(f"/case/{case}/story/ask")
    author.says("yes")
    editor.open_case(case)
    assert step(editor, case) == "ready"
    finish(editor, case, text="Somebody hit me. And more.")
    assert step(editor, case) == "ask", "the yes was for other words"


def test_a_no_is_for_ever(editor: Volunteer, author: Author) -> None:
    case = asked(editor, author)
    author.says("no")
    author.allows("yes")
    editor.open_case(case)
    assert step(editor, case) == "refused"
    page = editor.get(f"/case/{case}/story")
    assert not page.has(id="editor")


def test_a_no_is_not_evaded_by_another_language(editor: Volunteer, author: Author) -> None:
    case = finished(editor, author, "ask")
    editor.get(f"/case/{case}/story")
    fields = editor.page.form_to(f"/case/{case}/story/save").filled(**(DRAFT | {"language": "ar"}))
    editor.press(f"/case/{case}/story/ask")
    author.says("no")
    editor.open_case(case)
    assert "cannot be done yet" in editor.post(f"/case/{case}/story/save", fields).errors
    assert step(editor, case) == "refused"


def test_an_author_who_does_not_allow_it_is_not_asked(editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN, "no")
    page = editor.take(case)
    assert not page.has("a", href=f"/case/{case}/story")
    fields = [*editor.token, ("entry", "0" * 32), *DRAFT.items()]
    assert "cannot be done yet" in editor.post(f"/case/{case}/story/save", fields).errors


def test_a_consent_taken_back_in_the_queue_stops_the_story(house: House, editor: Volunteer, author: Author) -> None:
    case, story = in_queue(editor, author)
    author.allows("no")
    two_weeks_later(house)
    assert on_the_site(house, story.id) == [], "nobody has read what the author wrote"
    editor.log_in()
    editor.open_case(case)
    assert step(editor, case) == "forbidden"
    assert reading.versions_of(house.desk, story.id) == [], "the words have left the desk's own tables"
    two_weeks_later(house)
    assert on_the_site(house, story.id) == []


def test_a_story_whose_author_is_to_be_asked_leaves_the_queue(house: House, editor: Volunteer, author: Author) -> None:
    case, story = in_queue(editor, author)
    author.allows("ask")
    editor.open_case(case)
    assert step(editor, case) == "ask"
    two_weeks_later(house)
    assert on_the_site(house, story.id) == []


def test_a_yes_given_before_a_no_counts_no_more(house: House, editor: Volunteer, author: Author) -> None:
    case = asked(editor, author)
    author.says("yes")
    author.allows("no")
    author.allows("ask")
    editor.open_case(case)
    assert step(editor, case) == "ask"
    assert stories.story_of(house.desk, author.case_id) is None


def test_a_friendly_word_in_the_queue_only_waits_to_be_read(house: House, editor: Volunteer, author: Author) -> None:
    case, story = in_queue(editor, author)
    author.writes_back("Thank you.")
    two_weeks_later(house)
    assert on_the_site(house, story.id) == []
    editor.log_in()
    editor.open_case(case)
    stories_queue.publish_due_stories(*house.dbs)
    assert on_the_site(house, story.id) == [EDITED]


def test_a_consent_taken_back_later_takes_the_story_down(house: House, editor: Volunteer, author: Author) -> None:
    case, story = in_queue(editor, author)
    two_weeks_later(house)
    editor.log_in()
    author.allows("no")
    editor.open_case(case)
    assert on_the_site(house, story.id) == []
    assert reading.versions_of(house.desk, story.id) == []


def test_the_case_names_its_story_before_anybody_sees_it(house: House, editor: Volunteer, author: Author) -> None:
    case, story = in_queue(editor, author)
    assert author.payloads()[-1] == StoryLink(story.id.hex())
    editor.press_on(f"/case/{case}/story", f"/case/{case}/story/stop")
    assert step(editor, case) == "ready"
    assert queued(editor, author, case).id == story.id
    assert author.payloads().count(StoryLink(story.id.hex())) == 1
    assert house.ended


def test_a_forged_question_gives_no_yes(house: House, editor: Volunteer, author: Author) -> None:
    case = finished(editor, author, "ask")
    intruder = Intruder(house, author.case_id)
    question = FinalText("I ran away", EDITED, "en", house.today)
    keys, circle_key = intruder.as_author(*author.access.privates), house.public_key(author.circle_id)
    forged = intruder.says(question, keys, circle_key, KeyName(0, 1, 1))
    author.adds(Verdict(forged.hex(), "yes", "", house.today))
    editor.open_case(case)
    assert step(editor, case) == "ask"


@pytest.fixture
def story(house: House, editor: Volunteer, author: Author) -> bytes:
    """Give the story of the author's testimony, which is shown."""
    _, story = in_queue(editor, author)
    two_weeks_later(house)
    editor.log_in()
    return story.id


def test_what_its_author_takes_back_is_seen_no_more_and_is_not_told_again(
    house: House, editor: Volunteer, author: Author, story: bytes
) -> None:
    author.takes_the_story_back()
    assert on_the_site(house, story) == []
    house.chores()
    case = author.case_id.hex()
    author.allows("yes")
    editor.open_case(case)
    finish(editor, case)
    assert "taken back" in editor.press_on(f"/case/{case}/story", f"/case/{case}/story/queue").errors
    assert reading.versions_of(house.desk, story) == []


@pytest.mark.parametrize("rows", ["", "AND author = 'visitor' AND number > 1"])
def test_who_can_only_delete_takes_no_story_down(
    house: House, editor: Volunteer, author: Author, story: bytes, rows: str
) -> None:
    case = author.case_id.hex()
    Intruder(house, author.case_id).runs(f"DELETE FROM messages WHERE case_id = ? {rows}", author.case_id)
    house.chores()
    editor.open_case(case)
    editor.press(f"/case/{case}/confirm")
    assert on_the_site(house, story) == [EDITED]
    author.allows("no")
    page = editor.open_case(case)
    if page.has(id="changed"):  # what stands in the place of something read counts not yet
        editor.press(f"/case/{case}/confirm")
    assert on_the_site(house, story) == [], "but its author's word does"


def test_what_was_changed_stops_the_queue_until_somebody_has_looked(
    house: House, editor: Volunteer, author: Author
) -> None:
    case, story = in_queue(editor, author)
    Intruder(house, author.case_id).runs("DELETE FROM messages WHERE case_id = ? AND number = 1", author.case_id)
    editor.log_in()
    editor.open_case(case)
    assert step(editor, case) == "forbidden", "what they allowed counts no more"
    two_weeks_later(house)
    assert on_the_site(house, story.id) == []
