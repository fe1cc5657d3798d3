"""The acts of a circle on the story of a case: drafting, approving, asking its author, queueing, stopping.

Nothing goes out that its author did not allow last, that was changed after the author's yes, or that, in a circle of
two and more, only one person has read. A later wish of its author is carried out once the circle reads it.
"""

import re
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from typing import Final

from onion_app.choices import LANGUAGE_CODES
from onion_app.crypto.keys import new_id
from onion_app.crypto.payloads import Approval, Draft, FinalText, StoryLink
from onion_app.desk.answering import keep_entry, send_payload
from onion_app.desk.case_view import note_in_audit
from onion_app.desk.context import Databases
from onion_app.desk.opened_message import OpenedMessage
from onion_app.desk.permissions import Member, case_of, only_coordinators
from onion_app.desk.proposals import NOT_A_SECOND, note
from onion_app.desk.queues import taken_case
from onion_app.desk.story_status import CurrentDraft, Step, StoryStatus, story_status
from onion_app.errors import KeysChanged, NewMessage, NoReturn, NotAllowed, NothingHere, NotReady, Refused, marked
from onion_app.vault.desk import stories, stories_queue
from onion_app.vault.mailbox import lifetime, records
from onion_app.vault.shown.reading import NAME, Version, story_named

_NAMED: Final = re.compile(rf"/stories/({NAME.pattern})\b")  # how the site writes which story a request is about


NOTHING_CHANGED: Final = marked("Nothing was changed. Is there really nothing by which a family would know them?")


def save_draft(
    dbs: Databases, member: Member, case_id: bytes, entry_id: bytes, draft: Draft, *, as_it_is: bool = False
) -> None:
    """Keep a draft; a version queued in its language leaves the queue when its words have changed.

    Raises:
        Refused: it is called finished, is what the author wrote, and nobody has said that it may stay as it is.
        NotReady: the author does not allow a story, or it is a translation of nothing that is published.
        Refused, NothingHere, NotAllowed: as for `taken_case`.
    """
    case = taken_case(dbs, member, case_id)
    status = story_status(dbs, member, case_id)
    draft = _as_translation(status, draft)
    if draft.finished and not draft.translated_from and not as_it_is and draft.text.split() == status.original.split():
        raise Refused(NOTHING_CHANGED, field="as_it_is")
    before = status.drafts.get(draft.language)
    if status.publish == "no" or status.answer(draft.title, draft.text, draft.language).decision == "no":
        raise NotReady
    if before is not None and replace(before.content, day=draft.day) == draft:
        return
    if before is not None and status.where(before.content) == "queued" and status.where(draft) != "queued":
        stories_queue.withhold_story(dbs.mailbox, dbs.shown, dbs.desk, case.id, also_shown=False)
    keep_entry(dbs, member, case.id, entry_id, "draft", draft)
    if case.state == "agreed":  # to other words
        lifetime.set_state(dbs.mailbox, case.id, "reading")
    note_in_audit(dbs, member, case, "wrote a draft of a story")


def _as_translation(status: StoryStatus, draft: Draft) -> Draft:
    """Name the source of a draft: the case while nothing is published, else the published version."""
    source = status.source
    if source is None or source.language == draft.language:
        return replace(draft, translated_from="")
    if source.state != "public":
        raise NotReady
    return replace(draft, translated_from=source.language)


def approve_draft(dbs: Databases, member: Member, case_id: bytes, draft_id: bytes) -> None:
    """Approve a draft as the second person of the circle.

    Raises:
        NotReady: it was changed meanwhile, or does not wait for this.
        Refused: they wrote it themselves, or do not count as a second person beside whoever did.
        CircleKeyChanged: the circle's present key does not open.
        NothingHere, NotAllowed: it is no case of theirs.
    """
    status = story_status(dbs, member, case_id)
    draft = _draft_at(status, draft_id, "second")
    if draft.author == member.id:
        raise Refused("Who wrote a draft cannot be the second person who approves it.")
    if member.id not in status.seconds[draft.author]:
        raise Refused(NOT_A_SECOND)
    keep_entry(dbs, member, case_id, new_id(), "approval", Approval(draft_id.hex(), dbs.today))
    note_in_audit(dbs, member, status.opened.case, "approved a draft")


def ask_author(dbs: Databases, member: Member, case_id: bytes, draft_id: bytes) -> None:
    """Show the final text to its author, who says yes, no, or what should change.

    Raises:
        NewMessage: the author has written, and nobody has read it.
        NotReady: the draft was changed, or does not wait for this.
        NoReturn: its author does not come back.
        Refused, NothingHere, NotAllowed: as for `taken_case`.
    """
    case = _read_case(dbs, member, case_id)
    status = story_status(dbs, member, case_id)
    words = _draft_at(status, draft_id, "ask").content
    final = FinalText(words.title, words.text, words.language, dbs.today)
    send_payload(dbs, member, case.id, new_id(), final, status.opened.seen)
    if case.state not in ("ready", "published"):
        lifetime.set_state(dbs.mailbox, case.id, "asking")
    note_in_audit(dbs, member, case, "asked the author about a story")


def queue_story(dbs: Databases, member: Member, case_id: bytes, draft_id: bytes) -> None:
    """Queue a draft for publication, after a link to the story was left in the case for its author to find it.

    Raises:
        NewMessage: the author has written, and nobody has read it.
        NotReady: something is missing.
        AlreadyWithdrawn: the author has taken the story back.
        Refused, NothingHere, NotAllowed: as for `taken_case`.
    """
    case = _read_case(dbs, member, case_id)
    status = story_status(dbs, member, case_id)
    words = _draft_at(status, draft_id, "ready").content
    story_id = status.story.id if status.story is not None else stories.new_story_id(dbs.desk)
    consent = status.opened.consent
    # P07: the mark of the proof by which the author, and nobody else, takes the story back.
    mark = bytes.fromhex(consent.mark) if consent and consent.mark else None
    written = next(code for code in LANGUAGE_CODES if code == words.language)
    version = Version(story_id, written, words.title, words.text, year=words.year, notes=tuple(words.notes))
    link = StoryLink(story_id.hex())
    if link not in [line.payload for line in status.opened.lines if line.counts]:
        with suppress(NoReturn):
            send_payload(dbs, member, case.id, new_id(), link, status.opened.seen)
    stories_queue.queue_story(dbs.mailbox, dbs.shown, dbs.desk, case.id, version, mark, dbs.today)
    note_in_audit(dbs, member, case, "queued a story")


def take_story_from_queue(dbs: Databases, member: Member, case_id: bytes) -> None:
    """Take a story out of the queue.

    Raises:
        NothingHere, NotAllowed: it is no case of theirs.
    """
    case = case_of(dbs, member, case_id)
    stories_queue.withhold_story(dbs.mailbox, dbs.shown, dbs.desk, case.id, also_shown=False)
    note_in_audit(dbs, member, case, "took a story out of the queue")


def apply_authors_wishes(dbs: Databases, member: Member, case_id: bytes) -> None:
    """Carry out the author's last word: take out of the queue, and off the site, every text that it no longer allows.

    Raises:
        NothingHere, NotAllowed: it is no case of theirs.
    """
    status = story_status(dbs, member, case_id)
    case = status.opened.case
    if case.state in ("asking", "agreed") and not status.awaits_verdict:
        lifetime.set_state(dbs.mailbox, case.id, "agreed" if status.is_agreed else "reading")
    # What does not open, or was changed, could be a No: it stops the queue. Only a word that counts takes down a shown
    # text, so that nobody who can merely delete or spoil rows does. # P07
    lines = status.opened.lines
    lacks_words = status.opened.was_changed or any(line.trouble and line.message.author != "circle" for line in lines)
    shown_is_forbidden = any(status.forbids(version, surely=lacks_words) for version in status.shown)
    if shown_is_forbidden or any(lacks_words or not status.allows(version) for version in status.queued):
        stories_queue.withhold_story(dbs.mailbox, dbs.shown, dbs.desk, case.id, also_shown=shown_is_forbidden)
        note_in_audit(dbs, member, case, "stopped a story at its author's word")


def take_story_down(dbs: Databases, member: Member, story_id: bytes) -> None:
    """Take a story off the site at once.

    Raises:
        NotReady: it is not shown.
        NothingHere, NotAllowed: it is not of their circle, and they are no coordinator.
    """
    story = story_for(dbs, member, story_id)
    stories_queue.take_down_story(dbs.mailbox, dbs.shown, dbs.desk, story.id)
    note(dbs, member.id, "took a story down")


def put_story_back(dbs: Databases, member: Member, story_id: bytes) -> None:
    """Put a story back that was taken down.

    Raises:
        NotReady: it is not down.
        NewMessage: its author has written, and nobody has read it.
        AlreadyWithdrawn: the author has taken the story back.
        NothingHere, NotAllowed: it is not of their circle, and they are no coordinator.
    """
    story = story_for(dbs, member, story_id)
    stories_queue.put_story_back(dbs.mailbox, dbs.shown, dbs.desk, story.id)
    note(dbs, member.id, "put a story back")


def publish_story_now(dbs: Databases, member: Member, story_id: bytes) -> None:
    """Publish a queued story without waiting for its day, as a coordinator.

    Raises:
        NotAllowed: they are no coordinator.
        NotReady: it is not queued.
        NewMessage: its author has written, and nobody has read it.
        AlreadyWithdrawn: the author has taken the story back.
        NothingHere: there is no such story.
    """
    only_coordinators(member)
    story = story_for(dbs, member, story_id)
    stories_queue.publish_story(dbs.mailbox, dbs.shown, dbs.desk, story.id)
    note(dbs, member.id, "published a story before its day")


def story_for(dbs: Databases, member: Member, story_id: bytes) -> stories.Story:
    """Give a story of one of the member's circles, or any to a coordinator.

    Raises:
        NothingHere, NotAllowed: there is none, or it is not theirs.
    """
    story = stories.find_story(dbs.mailbox, dbs.shown, dbs.desk, story_id)
    if story.case_id is None or member.coordinates:
        only_coordinators(member)
    else:
        case_of(dbs, member, story.case_id)
    return story


def stories_named_in(dbs: Databases, member: Member, lines: list[OpenedMessage]) -> list[bytes]:
    """List the stories that the author of a request is writing about, and that the member may take down."""
    named = [_NAMED.findall(line.text) for line in lines if line.message.author == "visitor"]
    theirs: list[bytes] = []
    for name in dict.fromkeys(chain(*named)):
        with suppress(NothingHere, NotAllowed, KeysChanged):
            theirs.append(story_for(dbs, member, story_named(dbs.desk, name)).id)
    return theirs


def _read_case(dbs: Databases, member: Member, case_id: bytes) -> records.Case:
    case = taken_case(dbs, member, case_id)
    if case.unread:
        raise NewMessage
    return case


def _draft_at(status: StoryStatus, draft_id: bytes, step: Step) -> CurrentDraft:
    """Give the draft of this id if it is still the newest in its language and waits for this step."""
    draft = next((draft for draft in status.drafts.values() if draft.id == draft_id), None)
    if draft is None or draft != status.draft_in(draft.content.language) or status.step(draft) != step:
        raise NotReady
    return draft
