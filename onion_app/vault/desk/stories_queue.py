"""Stories on their way: queued for a later day, shown, taken down and put back, or withheld when their author says so.

Before a story is queued it exists only as sealed entries of its case; from then on its versions stand in the desk's
database, whose chores show each on its day without any key of a case. What they cannot read they respect: while a
message that the author wrote is unread, nothing of theirs is published. A new edition waits beside the one that is
shown, and brings its year and its notes when it comes.
# P07: nothing that has the mark of a proof is queued or published again, and the chores remove it.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Final

from onion_app.days import DAYS
from onion_app.errors import AlreadyWithdrawn, KeysChanged, NewMessage, NothingHere, NotReady
from onion_app.vault.database import Database
from onion_app.vault.desk import case_records, entries
from onion_app.vault.desk.stories import STORY, Story, read_story, story_of
from onion_app.vault.mailbox.case_keys import key_row
from onion_app.vault.mailbox.withdrawals import all_withdrawn, withdrawn_among
from onion_app.vault.shown import writing
from onion_app.vault.shown.reading import Version, versions_of

LATEST_DAYS: Final = 14
"""A story comes out on a day drawn up to two weeks ahead, so that it does not tell on which day its author was here."""

_NO_STORY: Final = "UPDATE cases SET state = 'reading' WHERE id = ? AND state IN ('ready', 'published')"


def queue_story(
    mailbox: Database, shown: Database, desk: Database, case_id: bytes, version: Version, mark: bytes | None, today: int
) -> int:
    """Queue the story of a case, or another version of it, and give the day on which it comes out.

    `mark` is that of the author's newest consent. In another language than the original's it is a translation.

    Raises:
        NothingHere: the case is gone.
        KeysChanged: somebody has changed its row, or the consent names another proof than that of the story shown.
        AlreadyWithdrawn: its author has taken the story, or the case, back.
    """
    with mailbox.writing(), desk.writing():
        case_mark = key_row(mailbox, case_id).mark
        story = story_of(desk, case_id)
        if withdrawn_among(mailbox, shown, (mark, case_mark, story.mark if story else None)):
            raise AlreadyWithdrawn
        story_id = story.id if story else version.text_id
        source = _source(versions_of(desk, story_id))
        if source and story and story.mark != mark:  # P07: the proof that takes back what is shown stays the same
            raise KeysChanged
        desk.run(
            "INSERT INTO texts (id, case_id, mark, case_mark) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET mark = ?, case_mark = ?",
            (story_id, case_id, mark, case_mark, mark, case_mark),
        )
        day = _day_of_the_batch(desk, today)
        waiting = "DELETE FROM versions WHERE text_id = ? AND state = 'queued'"
        if source is None:  # one version only can be the original
            desk.run(waiting, (story_id,))
        else:
            desk.run(waiting + " AND language = ?", (story_id, version.language))
        source_language = source.language if source and source.language != version.language else None
        version = replace(version, text_id=story_id, translated_from=source_language, state="queued", publish_day=day)
        writing.insert_version(desk, version)
        ready = "UPDATE cases SET state = CASE state WHEN 'published' THEN state ELSE 'ready' END WHERE id = ?"
        mailbox.try_run(ready, (case_id,))
        return day


def publish_story(mailbox: Database, shown: Database, desk: Database, story_id: bytes, until: int = DAYS.stop) -> None:
    """Show the versions of a story that are queued for a day up to `until`, in place of the earlier ones.

    Raises:
        NothingHere: there is none, or its case is gone.
        NotReady: nothing is queued, or the story was taken down.
        NewMessage: its author has written something that nobody has read yet.
        AlreadyWithdrawn: its author has taken it back.
    """
    with _changing(mailbox, shown, desk, story_id) as story:
        versions = versions_of(desk, story.id)
        due = [each for each in versions if each.publish_day is not None and each.publish_day <= until]
        if not due or any(version.state == "down" for version in versions):
            raise NotReady
        _refuse_against_its_author(mailbox, shown, desk, story)
        for version in due:
            one = "text_id = ? AND language = ? AND state = "
            desk.run(f"DELETE FROM versions WHERE {one} 'public'", (story.id, version.language))  # noqa: S608
            come = f"UPDATE versions SET state = 'public', publish_day = NULL WHERE {one} 'queued'"  # noqa: S608
            desk.run(come, (story.id, version.language))
        mailbox.try_run("UPDATE cases SET state = 'published' WHERE id = ?", (story.case_id,))


def put_story_back(mailbox: Database, shown: Database, desk: Database, story_id: bytes) -> None:
    """Show a story again that was taken down.

    Raises:
        NothingHere, NewMessage, AlreadyWithdrawn: as for `publish_story`.
        NotReady: it is not down.
    """
    with _changing(mailbox, shown, desk, story_id) as story:
        if not desk.run("UPDATE versions SET state = 'public' WHERE text_id = ? AND state = 'down'", (story.id,)):
            raise NotReady
        _refuse_against_its_author(mailbox, shown, desk, story)
        mailbox.try_run("UPDATE cases SET state = 'published' WHERE id = ?", (story.case_id,))


def publish_due_stories(mailbox: Database, shown: Database, desk: Database, today: int) -> int:
    """Show every story whose day has come and whose author has not written since; give how many."""
    count, due = 0, "SELECT DISTINCT text_id FROM versions WHERE state = 'queued' AND publish_day <= ?"
    for story_id in desk.ids(due, (today,)):
        # Where it is refused it waits, or the next chores remove it.
        with desk.leaving_out(), suppress(NewMessage, NotReady, AlreadyWithdrawn, NothingHere):
            publish_story(mailbox, shown, desk, story_id, today)
            count += 1
    return count


def take_down_story(mailbox: Database, shown: Database, desk: Database, story_id: bytes) -> None:
    """Show a story no more; the desk keeps it and can put it back.

    Raises:
        NothingHere: there is none.
        NotReady: it is not shown.
    """
    with _changing(mailbox, shown, desk, story_id) as story:
        if not desk.run("UPDATE versions SET state = 'down' WHERE text_id = ? AND state = 'public'", (story.id,)):
            raise NotReady
        mailbox.try_run("UPDATE cases SET state = 'closed' WHERE id = ? AND state = 'published'", (story.case_id,))


def withhold_story(mailbox: Database, shown: Database, desk: Database, case_id: bytes, *, also_shown: bool) -> None:
    """Take the story of a case out of the queue, and off the site too where its author forbids it.

    The words leave the desk's own tables; the sealed drafts stay.
    """
    story = story_of(desk, case_id)
    if story is None:
        return
    with _changing(mailbox, shown, desk, story.id):
        desk.run("DELETE FROM versions WHERE text_id = ? AND (state = 'queued' OR ?)", (story.id, also_shown))
        if not versions_of(desk, story.id):
            mailbox.try_run(_NO_STORY, (case_id,))
    _truncate_logs(mailbox, desk)


def remove_withdrawn_stories(mailbox: Database, shown: Database, desk: Database) -> int:
    """Remove the words of every story that its author has taken back, or whose case, with its drafts; give how many.

    While the case is there its mark stays beside it, so that no later consent with another one brings the story back.
    """
    withdrawn = all_withdrawn(mailbox, shown)
    words = "EXISTS (SELECT 1 FROM versions WHERE text_id = texts.id)"
    drafts = "EXISTS (SELECT 1 FROM entries AS e WHERE e.case_id = texts.case_id AND e.kind <> 'note')"
    left = desk.well_formed(Story, f"{STORY} AND ({words} OR {drafts})")
    stories = [story for story in left if withdrawn & {story.mark, story.case_mark}]
    for story in stories:
        with desk.leaving_out(), suppress(NothingHere), _changing(mailbox, shown, desk, story.id):
            desk.run("DELETE FROM versions WHERE text_id = ?", (story.id,))
            entries.forget_drafts(desk, story.case_id)
            mailbox.try_run(_NO_STORY, (story.case_id,))
    if stories:
        _truncate_logs(mailbox, desk)
    return len(stories)


def forget_unfinished(desk: Database, case_id: bytes) -> None:
    """Delete what is not shown of the story of a case that is gone, inside the caller's `writing()`.

    A story that is shown stays: nobody who can only delete rows takes a story away.
    """
    story = story_of(desk, case_id)
    if story is None:
        return
    desk.run("DELETE FROM versions WHERE text_id = ? AND state <> 'public'", (story.id,))
    if not versions_of(desk, story.id):
        writing.remove_text(desk, story.id)


@contextmanager
def _changing(mailbox: Database, shown: Database, desk: Database, story_id: bytes) -> Iterator[Story]:
    """Let a story be changed at the desk and in the mailbox, and show what is public of it then."""
    with mailbox.writing():
        with desk.writing():
            yield read_story(desk, story_id)
        with shown.writing():
            writing.show_text(shown, desk, story_id)


def _source(versions: list[Version]) -> Version | None:
    """Give the original among the versions that are or were shown."""
    told = [version for version in versions if version.state in ("public", "down")]
    return next((version for version in told if version.translated_from is None), None)


def _day_of_the_batch(desk: Database, today: int) -> int:
    """Join the next batch that was drawn already, so that stories come out together; else draw a day."""
    batch = desk.row(
        "SELECT publish_day FROM versions WHERE state = 'queued' AND publish_day > ? ORDER BY publish_day LIMIT 1",
        (today,),
    )
    if batch is not None and isinstance(batch[0], int):
        return batch[0]
    return today + 1 + secrets.randbelow(LATEST_DAYS)


def _refuse_against_its_author(mailbox: Database, shown: Database, desk: Database, story: Story) -> None:
    """Refuse to show a story while something of its author's is unread: it could be a No.

    Whether it is unread is known by the number up to which the desk has read; the column alone could be changed.
    """
    if withdrawn_among(mailbox, shown, (story.mark, story.case_mark)):
        raise AlreadyWithdrawn
    row = mailbox.row("SELECT unread = 0 FROM cases WHERE id = ?", (story.case_id,))
    if row is None:
        raise NothingHere
    read = case_records.read_read(desk, story.case_id or b"")
    later = "SELECT 1 FROM messages WHERE case_id = ? AND author = 'visitor' AND number > ? LIMIT 1"
    if row[0] != 1 or mailbox.row(later, (story.case_id, read.number if read else 0)):
        raise NewMessage


def _truncate_logs(mailbox: Database, desk: Database) -> None:
    desk.try_checkpoint()  # P07: the words leave the logs too
    mailbox.try_checkpoint()
