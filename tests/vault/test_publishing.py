"""The queue, the shelf and the guides, as the vault keeps them, whatever somebody does to the mailbox."""

import pytest

from onion_app.errors import AlreadyWithdrawn, NewMessage, NothingHere, NotReady
from onion_app.vault import truth
from onion_app.vault.database import Database
from onion_app.vault.desk import guides, stories_queue
from onion_app.vault.mailbox import lifetime
from onion_app.vault.mailbox.records import Case
from onion_app.vault.shown import reading
from onion_app.vault.shown.reading import StoryOrGuide
from tests.vault.made import TODAY, Installation, queued, some_id, words, write

LATE = TODAY + stories_queue.LATEST_DAYS


def shown(mailbox: Database, desk: Database, case: Case) -> bytes:
    story_id = queued(mailbox, desk, case.id)
    stories_queue.publish_story(mailbox, desk, story_id)
    return story_id


def test_a_queued_story_comes_out_on_its_day_and_not_before(mailbox: Database, desk: Database, case: Case) -> None:
    story_id = queued(mailbox, desk, case.id)
    day = stories_queue.find_story(mailbox, desk, story_id).publish_day
    assert day is not None
    assert TODAY < day <= LATE
    assert stories_queue.publish_due_stories(mailbox, desk, day - 1) == 0
    assert stories_queue.publish_due_stories(mailbox, desk, day) == 1
    assert reading.shown_story(mailbox, story_id)[1] == [words(story_id)]
    assert stories_queue.publish_due_stories(mailbox, desk, day) == 0


def test_stories_come_out_in_batches(mailbox: Database, desk: Database, case: Case) -> None:
    stories = [queued(mailbox, desk, case.id) for _ in range(20)]
    assert len({stories_queue.find_story(mailbox, desk, story_id).publish_day for story_id in stories}) == 1


def test_a_story_of_a_case_with_an_unread_message_waits(mailbox: Database, desk: Database, case: Case) -> None:
    story_id = queued(mailbox, desk, case.id)
    write(mailbox, case)
    with pytest.raises(NewMessage):
        stories_queue.publish_story(mailbox, desk, story_id)
    assert stories_queue.publish_due_stories(mailbox, desk, LATE) == 0
    lifetime.mark_read(mailbox, case.id)
    assert stories_queue.publish_due_stories(mailbox, desk, LATE) == 1


def test_what_was_taken_back_is_neither_queued_nor_published(mailbox: Database, desk: Database, case: Case) -> None:
    story_id = queued(mailbox, desk, case.id)
    lifetime.withdraw_story(mailbox, story_id, TODAY)
    with pytest.raises(AlreadyWithdrawn):
        stories_queue.publish_story(mailbox, desk, story_id)
    with pytest.raises(AlreadyWithdrawn):
        queued(mailbox, desk, case.id, story_id)
    with pytest.raises(NothingHere):
        stories_queue.find_story(mailbox, desk, story_id)
    assert stories_queue.publish_due_stories(mailbox, desk, LATE) == 0


def test_an_erased_case_cannot_have_a_story(mailbox: Database, desk: Database, case: Case) -> None:
    story_id = queued(mailbox, desk, case.id)
    lifetime.erase_case(mailbox, case.id, TODAY)
    assert stories_queue.publish_due_stories(mailbox, desk, LATE) == 0
    text = StoryOrGuide(some_id(), "story", None, 2025, ())
    with pytest.raises(NothingHere):
        stories_queue.queue_story(mailbox, desk, text, words(text.id), case.id, TODAY)
    truth.repair(mailbox, desk, TODAY)
    with pytest.raises(NothingHere):
        stories_queue.find_story(mailbox, desk, story_id)


def test_only_what_is_shown_is_taken_down_and_only_what_is_down_is_put_back(
    mailbox: Database, desk: Database, case: Case
) -> None:
    story_id = queued(mailbox, desk, case.id)
    with pytest.raises(NotReady):
        stories_queue.take_down_story(mailbox, desk, story_id)
    stories_queue.publish_story(mailbox, desk, story_id)
    with pytest.raises(NotReady):
        stories_queue.publish_story(mailbox, desk, story_id)
    counter = reading.published_counter(mailbox)
    stories_queue.take_down_story(mailbox, desk, story_id)
    assert reading.published_counter(mailbox) > counter
    with pytest.raises(NothingHere):
        reading.shown_story(mailbox, story_id)
    stories_queue.publish_story(mailbox, desk, story_id)
    assert reading.shown_story(mailbox, story_id)[1] == [words(story_id)]
    assert truth.repair(mailbox, desk, TODAY) == []


def test_a_translation_joins_its_story_and_waits_while_it_is_down(
    mailbox: Database, desk: Database, case: Case
) -> None:
    story_id = shown(mailbox, desk, case)
    joining = queued(mailbox, desk, case.id, language="ar", source="en", body="مرة.")
    stories_queue.take_down_story(mailbox, desk, story_id)
    with pytest.raises(NotReady):
        stories_queue.publish_story(mailbox, desk, joining)
    stories_queue.publish_story(mailbox, desk, story_id)
    stories_queue.publish_story(mailbox, desk, joining)
    assert [version.language for version in reading.shown_story(mailbox, story_id)[1]] == ["ar", "en"]
    with pytest.raises(NothingHere):
        stories_queue.find_story(mailbox, desk, joining)
    assert truth.repair(mailbox, desk, TODAY) == []


@pytest.mark.parametrize("also_shown", [False, True])
def test_what_is_withheld_leaves_no_words_behind(
    mailbox: Database, desk: Database, case: Case, *, also_shown: bool
) -> None:
    shown(mailbox, desk, case)
    queued(mailbox, desk, case.id, language="ar", source="en")
    stories_queue.withhold_stories(mailbox, desk, case.id, also_shown=also_shown)
    assert [story.state for story in stories_queue.stories_of(desk, case.id)] == ["draft" if also_shown else "public"]
    assert len(desk.rows("SELECT body FROM versions")) == (0 if also_shown else 1)
    assert len(mailbox.rows("SELECT body FROM versions")) == (0 if also_shown else 1)
    assert lifetime.read_case(mailbox, case.id).state == ("reading" if also_shown else "published")
    assert stories_queue.publish_due_stories(mailbox, desk, LATE) == 0
    assert truth.repair(mailbox, desk, TODAY) == []


def test_a_queued_story_that_was_brought_out_early_is_removed_and_said(
    made: Installation, mailbox: Database, desk: Database, case: Case
) -> None:
    story_id = queued(mailbox, desk, case.id)
    with made.hostile() as link:
        link.execute("INSERT INTO texts VALUES (?, 'story', NULL, 2025, '[]')", (story_id,))
        link.execute("INSERT INTO versions VALUES (?, 'en', 'Title', 'Once.', NULL, NULL, NULL)", (story_id,))
    assert [finding.what for finding in truth.repair(mailbox, desk, TODAY)] == ["text planted"]
    with pytest.raises(NothingHere):
        reading.shown_story(mailbox, story_id)
    assert stories_queue.find_story(mailbox, desk, story_id).state == "queued"


def test_a_guide_changes_in_both_databases_at_once(mailbox: Database, desk: Database) -> None:
    guide_id = guides.begin_guide(desk, some_id(), "now")
    with pytest.raises(NothingHere):
        guides.publish_guide(mailbox, desk, guide_id)
    guides.save_version(mailbox, desk, words(guide_id))
    guides.publish_guide(mailbox, desk, guide_id)
    counter = reading.published_counter(mailbox)
    guides.save_version(mailbox, desk, words(guide_id, body="Twice."))
    assert reading.published_counter(mailbox) > counter
    assert reading.shown_guide(mailbox, "now")[1] == [words(guide_id, body="Twice.")]
    guides.note_check(mailbox, desk, words(guide_id, body="Twice."), "Noor", TODAY)
    assert reading.shown_guide(mailbox, "now")[1][0].checked_by == "Noor"
    with pytest.raises(NothingHere):
        guides.note_check(mailbox, desk, words(guide_id), "Noor", TODAY)
    guides.take_down_guide(mailbox, desk, guide_id)
    with pytest.raises(NothingHere):
        reading.shown_guide(mailbox, "now")
    assert truth.repair(mailbox, desk, TODAY) == []


def test_no_story_is_taken_for_a_guide(mailbox: Database, desk: Database, case: Case) -> None:
    story_id = shown(mailbox, desk, case)
    for act in (guides.publish_guide, guides.take_down_guide):
        with pytest.raises(NothingHere):
            act(mailbox, desk, story_id)
    with pytest.raises(NothingHere):
        guides.save_version(mailbox, desk, words(story_id))
