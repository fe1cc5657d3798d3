"""Stories on their way: queued for a later day, shown, taken down and put back, or withheld when their author says so.

Before a story is queued it exists only as sealed entries of its case; from then on it stands in the desk's database,
whose chores show it on its day without any key of a case. What they cannot read they respect: while a message that the
author wrote is unread, nothing of theirs is published. A queued text of a case whose story is shown already is another
version of that story, and joins it.
"""

import secrets
from dataclasses import astuple, dataclass
from typing import Final

from onion_app.choices import TextState
from onion_app.errors import AlreadyWithdrawn, NewMessage, NothingHere, NotReady
from onion_app.shapes import Day, Id, to_json
from onion_app.vault.database import Database
from onion_app.vault.shown import reading, writing
from onion_app.vault.shown.reading import StoryOrGuide, Version

LATEST_DAYS: Final = 14
"""A story comes out on a day drawn up to two weeks ahead, so that it does not tell on which day its author was here."""

PAGE: Final = 25

_STORY: Final = "SELECT id, state, publish_day, case_id FROM texts WHERE kind = 'story' "


@dataclass(frozen=True, slots=True)
class Story:
    """Where a story stands; `case_id` is the case that it was made from."""

    id: Id
    state: TextState
    publish_day: Day | None
    case_id: Id | None


def stories_of(desk: Database, case_id: bytes) -> list[Story]:
    """List the texts that were made of a case: the story, and the versions that are queued to join it."""
    return desk.all(Story, _STORY + "AND case_id = ? ORDER BY id", (case_id,))


def main_story(stories: list[Story]) -> Story | None:
    """Give the story among the texts of a case: the one that is or was shown, else the only one."""
    return next((story for story in stories if story.state in ("public", "down")), next(iter(stories), None))


def find_story(mailbox: Database, desk: Database, story_id: bytes) -> Story:
    """Read where a story stands.

    Raises:
        NothingHere: there is none, or its author has taken it back.
    """
    story = _read(desk, story_id)
    if reading.is_withdrawn(mailbox, story.id) or reading.is_withdrawn(mailbox, story.case_id):
        raise NothingHere  # P07: the desk's own rows of it go with the next chores
    return story


def stories_in(desk: Database, state: TextState, page: int) -> list[Story]:
    """List 25 stories in a state, the one due first first; pages count from 0."""
    part = "AND state = ? ORDER BY publish_day, id LIMIT ? OFFSET ?"
    return desk.all(Story, _STORY + part, (state, PAGE, PAGE * page))


def queue_story(
    mailbox: Database, desk: Database, text: StoryOrGuide, version: Version, case_id: bytes, today: int
) -> int:
    """Queue a story, or another version of one that is shown, and give the day on which it comes out.

    Raises:
        NothingHere: the case is gone.
        AlreadyWithdrawn: its author has taken the story back.
    """
    with mailbox.writing(), desk.writing():
        if reading.is_withdrawn(mailbox, text.id):
            raise AlreadyWithdrawn
        ready = "UPDATE cases SET state = CASE state WHEN 'published' THEN state ELSE 'ready' END WHERE id = ?"
        if not mailbox.run(ready, (case_id,)):
            raise NothingHere
        day = _day_of_the_batch(desk, today)
        writing.remove_text(desk, text.id)
        desk.run(
            "INSERT INTO texts (id, kind, slug, year, notes, state, publish_day, case_id) "
            "VALUES (?, 'story', NULL, ?, ?, 'queued', ?, ?)",
            (text.id, text.year, to_json(text.notes), day, case_id),
        )
        writing.insert_version(desk, astuple(version))
        return day


def publish_story(mailbox: Database, desk: Database, story_id: bytes) -> None:
    """Show a story that is queued or was taken down.

    Raises:
        NothingHere: there is none, or its case is gone.
        NotReady: it is neither queued nor down, or it is to join a story that is down.
        NewMessage: its author has written something that nobody has read yet.
        AlreadyWithdrawn: its author has taken it back.
    """
    with mailbox.writing(), desk.writing():
        story = _read(desk, story_id)
        if story.state not in ("queued", "down"):
            raise NotReady
        _refuse_against_its_author(mailbox, story)
        shown = _joined(desk, story)
        desk.run("UPDATE texts SET state = 'public', publish_day = NULL WHERE id = ?", (shown,))
        mailbox.run("UPDATE cases SET state = 'published' WHERE id = ?", (story.case_id,))
        writing.show_text(mailbox, shown, writing.shown_by_desk(desk, shown))


def publish_due_stories(mailbox: Database, desk: Database, today: int) -> int:
    """Show every story whose day has come and whose author has not written since; give how many."""
    shown = 0
    for row in desk.rows("SELECT id FROM texts WHERE state = 'queued' AND publish_day <= ?", (today,)):
        try:
            publish_story(mailbox, desk, row[0] if isinstance(row[0], bytes) else b"")
        except (NewMessage, NotReady, AlreadyWithdrawn, NothingHere):  # it waits, or the next repair removes it
            continue
        shown += 1
    return shown


def take_down_story(mailbox: Database, desk: Database, story_id: bytes) -> None:
    """Show a story no more; the desk keeps it and can put it back.

    Raises:
        NothingHere: there is none.
        NotReady: it is not shown.
    """
    with mailbox.writing(), desk.writing():
        story = _read(desk, story_id)
        if story.state != "public":
            raise NotReady
        desk.run("UPDATE texts SET state = 'down' WHERE id = ?", (story.id,))
        mailbox.run("UPDATE cases SET state = 'closed' WHERE id = ? AND state = 'published'", (story.case_id,))
        writing.show_text(mailbox, story.id, ([], []))


def withhold_stories(mailbox: Database, desk: Database, case_id: bytes, *, also_shown: bool) -> None:
    """Take the texts of a case out of the queue, and off the site too where its author forbids it.

    The words leave the desk's own tables; the sealed drafts stay.
    """
    with mailbox.writing(), desk.writing():
        stories = stories_of(desk, case_id)
        shown = next((story for story in stories if story.state in ("public", "down")), None)
        for story in stories:
            if story.state == "queued" and shown is not None:
                writing.remove_text(desk, story.id)
            elif story.state == "queued" or (story is shown and also_shown):
                _back_to_draft(mailbox, desk, story)
        kept = shown is not None and not also_shown
        if not kept:
            mailbox.run(
                "UPDATE cases SET state = 'reading' WHERE id = ? AND state IN ('ready', 'published')", (case_id,)
            )
    desk.try_checkpoint()  # P07: the words leave the logs too
    mailbox.try_checkpoint()


def _back_to_draft(mailbox: Database, desk: Database, story: Story) -> None:
    desk.run("DELETE FROM versions WHERE text_id = ?", (story.id,))
    desk.run("UPDATE texts SET state = 'draft', publish_day = NULL WHERE id = ?", (story.id,))
    if story.state == "public":
        writing.show_text(mailbox, story.id, ([], []))


def _read(desk: Database, story_id: bytes) -> Story:
    return desk.one(Story, _STORY + "AND id = ?", (story_id,))


def _day_of_the_batch(desk: Database, today: int) -> int:
    """Join the next batch that was drawn already, so that stories come out together; else draw a day."""
    batch = desk.row(
        "SELECT publish_day FROM texts WHERE state = 'queued' AND publish_day > ? ORDER BY publish_day LIMIT 1",
        (today,),
    )
    if batch is not None and isinstance(batch[0], int):
        return batch[0]
    return today + 1 + secrets.randbelow(LATEST_DAYS)


def _refuse_against_its_author(mailbox: Database, story: Story) -> None:
    if story.case_id is None:
        return
    if reading.is_withdrawn(mailbox, story.id) or reading.is_withdrawn(mailbox, story.case_id):
        raise AlreadyWithdrawn
    row = mailbox.row("SELECT unread FROM cases WHERE id = ?", (story.case_id,))
    if row is None:
        raise NothingHere
    if row[0] != 0:  # it could be a No, which only a member of the circle can read
        raise NewMessage


def _joined(desk: Database, story: Story) -> bytes:
    """Give the id under which a story is shown, after a version of one that is shown already has joined it."""
    others = [] if story.case_id is None else stories_of(desk, story.case_id)
    main = next((other for other in others if other.state in ("public", "down") and other.id != story.id), None)
    if main is None:
        return story.id
    if main.state == "down":
        raise NotReady
    text, versions = reading.read_text(desk, story.id)
    writing.remove_text(desk, story.id)
    for version in versions:
        desk.run("DELETE FROM versions WHERE text_id = ? AND language = ?", (main.id, version.language))
        writing.insert_version(desk, (main.id, *astuple(version)[1:]))
        if version.translated_from is None:  # a new edition of what was told, with its own notes
            desk.run("UPDATE texts SET year = ?, notes = ? WHERE id = ?", (text.year, to_json(text.notes), main.id))
    return main.id
