"""The author has the last word about a story, before it is published and after."""

import pytest

from onion_app.crypto.payloads import FinalText, StoryLink
from onion_app.vault import truth
from onion_app.vault.desk import entries, stories_queue
from onion_app.vault.mailbox import lifetime
from onion_app.vault.shown import reading
from tests.desk.actors import Author, House, Volunteer
from tests.desk.story_steps import DRAFT, EDITED, WRITTEN, finish, on_the_site, queued, step, two_weeks_later


def test_the_author_sees_the_whole_text_and_says_yes(house: House, editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN, "ask")
    finish(editor, case)
    assert step(editor, case) == "ask"
    editor.presses(f"/case/{case}/story/ask")
    assert lifetime.read_case(house.mailbox, author.case_id).state == "asking"
    asked = author.asked()
    assert asked is not None
    assert asked[1] == FinalText("I ran away", EDITED, "en", house.clock.today)
    assert step(editor, case) == "asked"
    author.says("yes")
    editor.opens(case)
    assert step(editor, case) == "ready"
    queued(editor, author, case)


def test_without_an_answer_nothing_is_published(editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN, "ask")
    finish(editor, case)
    editor.goes_to(f"/case/{case}/story")
    page = editor.presses(f"/case/{case}/story/ask")
    assert not page.has("form", action=f"/case/{case}/story/queue")
    draft = entries.entries_of(author.house.desk, author.case_id)[-1].id.hex()
    token = editor.form("/logout").value("csrf_token")
    editor.sends(f"/case/{case}/story/queue", [("csrf_token", token), ("draft", draft)])
    assert "cannot be done yet" in editor.mistakes
    assert stories_queue.stories_of(author.house.desk, author.case_id) == []


def test_what_the_author_wants_changed_is_changed_and_asked_again(editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN, "ask")
    finish(editor, case)
    editor.goes_to(f"/case/{case}/story")
    editor.presses(f"/case/{case}/story/ask")
    author.says("change", "Leave the city out too.")
    editor.opens(case)
    assert step(editor, case) == "change"
    assert "Leave the city out too." in editor.page.first(id="authors-words").text
    finish(editor, case, text="Somebody hit me.")
    assert step(editor, case) == "ask"
    editor.presses(f"/case/{case}/story/ask")
    author.says("yes")
    editor.opens(case)
    assert step(editor, case) == "ready"
    finish(editor, case, text="Somebody hit me. And more.")
    assert step(editor, case) == "ask", "the yes was for other words"


def test_a_no_is_for_ever(editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN, "ask")
    finish(editor, case)
    editor.goes_to(f"/case/{case}/story")
    editor.presses(f"/case/{case}/story/ask")
    author.says("no")
    author.allows("yes")
    editor.opens(case)
    assert step(editor, case) == "refused"
    page = editor.goes_to(f"/case/{case}/story")
    assert not page.has(id="editor")


def test_a_no_is_not_evaded_by_another_language(editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN, "ask")
    finish(editor, case)
    editor.goes_to(f"/case/{case}/story")
    fields = editor.form(f"/case/{case}/story/save").filled(**(DRAFT | {"language": "ar"}))
    editor.presses(f"/case/{case}/story/ask")
    author.says("no")
    editor.opens(case)
    editor.sends(f"/case/{case}/story/save", fields)
    assert "cannot be done yet" in editor.mistakes
    assert step(editor, case) == "refused"


def test_an_author_who_does_not_allow_it_is_not_asked(editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN, "no")
    page = editor.takes(case)
    assert not page.has("a", href=f"/case/{case}/story")
    token = editor.form("/logout").value("csrf_token")
    fields = [("csrf_token", token), ("entry", "0" * 32), *DRAFT.items()]
    editor.sends(f"/case/{case}/story/save", fields)
    assert "cannot be done yet" in editor.mistakes


def test_a_consent_taken_back_in_the_queue_stops_it_unread_and_read(
    house: House, editor: Volunteer, author: Author
) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    story = queued(editor, author, case)
    author.allows("no")
    two_weeks_later(house)
    assert on_the_site(house, story.id) == [], "nobody has read what the author wrote"
    editor.logs_in()
    editor.opens(case)
    assert step(editor, case) == "forbidden"
    assert stories_queue.stories_of(house.desk, author.case_id)[0].state == "draft"
    assert reading.read_text(house.desk, story.id)[1] == [], "the words have left the desk's own tables"
    two_weeks_later(house)
    assert on_the_site(house, story.id) == []


def test_a_story_whose_author_wants_to_be_asked_after_all_leaves_the_queue(
    house: House, editor: Volunteer, author: Author
) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    queued(editor, author, case)
    author.allows("ask")
    editor.opens(case)
    assert step(editor, case) == "ask"
    two_weeks_later(house)
    assert on_the_site(house, stories_queue.stories_of(house.desk, author.case_id)[0].id) == []


def test_a_yes_given_before_a_no_counts_no_more(house: House, editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN, "ask")
    finish(editor, case)
    editor.goes_to(f"/case/{case}/story")
    editor.presses(f"/case/{case}/story/ask")
    author.says("yes")
    author.allows("no")
    author.allows("ask")
    editor.opens(case)
    assert step(editor, case) == "ask"
    assert stories_queue.stories_of(house.desk, author.case_id) == []


def test_a_friendly_word_in_the_queue_only_waits_to_be_read(house: House, editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    story = queued(editor, author, case)
    author.writes_back("Thank you.")
    two_weeks_later(house)
    assert on_the_site(house, story.id) == []
    editor.logs_in()
    editor.opens(case)
    stories_queue.publish_due_stories(house.mailbox, house.desk, house.clock.today)
    assert on_the_site(house, story.id) == [EDITED]


def test_a_consent_taken_back_after_publication_takes_the_story_down(
    house: House, editor: Volunteer, author: Author
) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    story = queued(editor, author, case)
    two_weeks_later(house)
    editor.logs_in()
    author.allows("no")
    editor.opens(case)
    assert on_the_site(house, story.id) == []
    assert reading.read_text(house.desk, story.id)[1] == []
    assert truth.repair(house.mailbox, house.desk, house.clock.today) == []


@pytest.mark.parametrize("published", [False, True])
def test_an_erased_case_takes_story_drafts_and_approvals_with_it(
    house: House, editor: Volunteer, author: Author, *, published: bool
) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    story = queued(editor, author, case)
    if published:
        two_weeks_later(house)
    author.erases()
    assert on_the_site(house, story.id) == []
    editor.logs_in()
    editor.goes_to(f"/stories/{story.id.hex()}")
    assert editor.status == 404
    two_weeks_later(house)
    assert stories_queue.stories_of(house.desk, author.case_id) == []
    assert entries.entries_of(house.desk, author.case_id) == []
    assert on_the_site(house, story.id) == []


def test_the_case_names_its_story_before_anybody_sees_it(house: House, editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN)
    finish(editor, case)
    story = queued(editor, author, case)
    assert author.letters()[-1] == StoryLink(story.id.hex())
    editor.goes_to(f"/case/{case}/story")
    editor.presses(f"/case/{case}/story/stop")
    assert step(editor, case) == "ready"
    assert queued(editor, author, case).id == story.id
    assert author.letters().count(StoryLink(story.id.hex())) == 1
    assert house.ended


def test_a_forged_question_gives_no_yes(house: House, editor: Volunteer, author: Author) -> None:
    case = author.tells(WRITTEN, "ask")
    finish(editor, case)
    author.forges(FinalText("I ran away", EDITED, "en", house.clock.today), "circle")
    author.says("yes")
    editor.opens(case)
    assert step(editor, case) == "ask"
