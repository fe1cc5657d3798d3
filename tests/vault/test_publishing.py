"""The queue, the shelf and the guides, as the vault keeps them, and the author's proofs, which end them."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from onion_app.crypto.casekeys import mark_of
from onion_app.errors import AlreadyWithdrawn, KeysChanged, NewMessage, NothingHere, NotReady
from onion_app.launch.processes.chores import Files
from onion_app.vault.desk import entries, guides, stories, stories_queue
from onion_app.vault.mailbox import lifetime, withdrawals
from onion_app.vault.mailbox.records import Case, NewCase
from onion_app.vault.shown import reading, writing
from tests.vault.made import (
    TODAY,
    Installation,
    follow,
    guide,
    key_row,
    proofs_of,
    prove,
    queued,
    read_by_all,
    show_guide,
    some_id,
    some_key,
    words,
    write,
)

LATE = TODAY + stories_queue.LATEST_DAYS


def told(dbs: Files, story_id: bytes) -> list[tuple[str, str]]:
    """Read what readers see of a story."""
    with suppress(NothingHere):
        return [(version.language, version.body) for version in reading.shown_story(dbs.mailbox, dbs.shown, story_id)]
    return []


def states(dbs: Files, story_id: bytes) -> list[tuple[str, str]]:
    return [(version.language, version.state) for version in reading.versions_of(dbs.desk, story_id)]


@pytest.fixture
def public(dbs: Files, case: Case) -> bytes:
    """Give a story of the case that is dbs.shown."""
    story_id = queued(dbs, case.id)
    stories_queue.publish_story(*dbs, story_id)
    return story_id


def test_a_queued_story_comes_out_on_its_day_and_not_before(dbs: Files, case: Case) -> None:
    story_id = queued(dbs, case.id)
    [line] = stories.stories_in(*dbs, "queued")[0]
    assert line.publish_day is not None
    assert TODAY < line.publish_day <= LATE
    assert lifetime.read_case(dbs.mailbox, case.id).state == "ready"
    assert stories_queue.publish_due_stories(*dbs, line.publish_day - 1) == 0
    assert told(dbs, story_id) == []
    assert stories_queue.publish_due_stories(*dbs, line.publish_day) == 1
    [version] = reading.shown_story(dbs.mailbox, dbs.shown, story_id)
    assert version == words(story_id, year=2025, notes=("violence",), state="public")
    assert lifetime.read_case(dbs.mailbox, case.id).state == "published"
    assert stories_queue.publish_due_stories(*dbs, LATE) == 0


def test_stories_come_out_in_batches(made: Installation, dbs: Files) -> None:
    for _ in range(20):
        queued(dbs, made.add_case(dbs.mailbox).row.id)
    assert len({line.publish_day for line in stories.stories_in(*dbs, "queued")[0]}) == 1


def test_a_story_of_a_case_with_an_unread_message_waits(dbs: Files, case: Case) -> None:
    story_id = queued(dbs, case.id)
    write(dbs.mailbox, case.id)
    with pytest.raises(NewMessage):
        stories_queue.publish_story(*dbs, story_id)
    assert stories_queue.publish_due_stories(*dbs, LATE) == 0
    assert states(dbs, story_id) == [("en", "queued")]
    with dbs.mailbox.writing():
        dbs.mailbox.run("UPDATE cases SET unread = 0")  # as somebody does who writes the mailbox
    assert stories_queue.publish_due_stories(*dbs, LATE) == 0
    read_by_all(dbs, case.id)
    assert stories_queue.publish_due_stories(*dbs, LATE) == 1


def test_a_new_edition_waits_beside_the_shown_one_and_brings_its_year_and_its_notes(
    dbs: Files, case: Case, public: bytes
) -> None:
    for language, body in (("ar", "مرة."), ("en", "Twice."), ("en", "Thrice.")):
        facts: dict[str, Any] = {"language": language, "body": body, "year": 2026, "notes": ("death",)}
        assert queued(dbs, case.id, **facts) == public
    assert states(dbs, public) == [("ar", "queued"), ("en", "public"), ("en", "queued")]
    assert told(dbs, public) == [("en", "Once.")]
    assert lifetime.read_case(dbs.mailbox, case.id).state == "published"
    assert stories_queue.publish_due_stories(*dbs, LATE) == 1
    versions = reading.shown_story(dbs.mailbox, dbs.shown, public)
    assert [(each.language, each.body, each.translated_from) for each in versions] == [
        ("ar", "مرة.", "en"),
        ("en", "Thrice.", None),
    ]
    assert {(each.year, each.notes) for each in versions} == {(2026, ("death",))}


def test_a_translation_has_the_year_and_the_notes_of_what_was_told(dbs: Files, case: Case, public: bytes) -> None:
    queued(dbs, case.id, language="ar", year=1950, notes=())
    stories_queue.publish_story(*dbs, public)
    versions = reading.shown_story(dbs.mailbox, dbs.shown, public)
    assert [(each.year, each.notes) for each in versions] == [(2025, ("violence",))] * 2


def test_an_edition_that_is_queued_for_later_does_not_come_with_one_that_is_due(
    dbs: Files, case: Case, public: bytes
) -> None:
    queued(dbs, case.id, language="ar")
    queued(dbs, case.id, day=TODAY + 100, body="Twice.")
    assert stories_queue.publish_due_stories(*dbs, LATE) == 1
    assert states(dbs, public) == [("ar", "public"), ("en", "public"), ("en", "queued")]


def test_before_anything_is_shown_one_version_waits(dbs: Files, case: Case) -> None:
    story_id = queued(dbs, case.id)
    assert queued(dbs, case.id, language="ar", source="en") == story_id
    [version] = reading.versions_of(dbs.desk, story_id)
    assert (version.language, version.translated_from) == ("ar", None)


def test_only_what_is_shown_is_taken_down_and_only_what_is_down_is_put_back(dbs: Files, case: Case) -> None:
    story_id = queued(dbs, case.id)
    for act in (stories_queue.take_down_story, stories_queue.put_story_back):
        with pytest.raises(NotReady):
            act(*dbs, story_id)
    stories_queue.publish_story(*dbs, story_id)
    for act in (stories_queue.publish_story, stories_queue.put_story_back):
        with pytest.raises(NotReady):
            act(*dbs, story_id)
    counter = reading.published_counter(dbs.shown)
    stories_queue.take_down_story(*dbs, story_id)
    assert reading.published_counter(dbs.shown) != counter
    assert told(dbs, story_id) == []
    stories_queue.put_story_back(*dbs, story_id)
    assert told(dbs, story_id) == [("en", "Once.")]


def test_what_is_queued_waits_while_its_story_is_down(dbs: Files, case: Case, public: bytes) -> None:
    queued(dbs, case.id, language="ar")
    stories_queue.take_down_story(*dbs, public)
    with pytest.raises(NotReady):
        stories_queue.publish_story(*dbs, public)
    assert stories_queue.publish_due_stories(*dbs, LATE) == 0
    stories_queue.put_story_back(*dbs, public)
    assert told(dbs, public) == [("en", "Once.")]
    stories_queue.publish_story(*dbs, public)
    assert [language for language, _ in told(dbs, public)] == ["ar", "en"]


@pytest.mark.parametrize("also_shown", [False, True])
def test_what_is_withheld_leaves_no_words_behind(dbs: Files, case: Case, public: bytes, *, also_shown: bool) -> None:
    queued(dbs, case.id, language="ar")
    queued(dbs, case.id, body="Twice.")
    stories_queue.withhold_story(*dbs, case.id, also_shown=also_shown)
    assert states(dbs, public) == ([] if also_shown else [("en", "public")])
    assert told(dbs, public) == ([] if also_shown else [("en", "Once.")])
    assert lifetime.read_case(dbs.mailbox, case.id).state == ("reading" if also_shown else "published")
    assert stories_queue.publish_due_stories(*dbs, LATE) == 0
    assert queued(dbs, case.id) == public, "told again, it is the same story"


# --- taking back ------------------------------------------------------------------------------------------------------


@pytest.fixture
def ours(made: Installation, dbs: Files) -> NewCase:
    """Give a case whose author's proofs are known."""
    return made.add_case(dbs.mailbox)


def brought(dbs: Files) -> None:
    with dbs.mailbox.writing():
        withdrawals.bring_proofs(dbs.mailbox, dbs.shown)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("and_then", [lambda *_: None, brought])
def test_what_was_taken_back_is_seen_no_more_and_never_again(
    dbs: Files,
    ours: NewCase,
    which: int,
    and_then: Callable[[Files], None],
) -> None:
    proofs = proofs_of(ours.row)
    mark = mark_of(proofs[1])
    story_id = queued(dbs, ours.row.id, mark=mark)
    stories_queue.publish_story(*dbs, story_id)
    queued(dbs, ours.row.id, mark=mark, language="ar")
    prove(dbs.mailbox, proofs[which])
    and_then(dbs)
    if which == 1:  # a reader's page asks for the mark of the story; that of the case is the desk's to know
        assert told(dbs, story_id) == []
    for act in (stories_queue.publish_story, stories_queue.put_story_back):
        with pytest.raises((AlreadyWithdrawn, NotReady)):
            act(*dbs, story_id)
    with pytest.raises(AlreadyWithdrawn):
        queued(dbs, ours.row.id, mark=mark)
    with pytest.raises(NothingHere):
        stories.find_story(*dbs, story_id)
    assert stories_queue.publish_due_stories(*dbs, LATE) == 0
    assert stories_queue.remove_withdrawn_stories(*dbs) == 1
    assert told(dbs, story_id) == []
    assert stories_queue.remove_withdrawn_stories(*dbs) == 0
    assert dbs.desk.rows("SELECT 1 FROM versions") == dbs.shown.rows("SELECT 1 FROM versions") == []
    for other in (mark, some_key(), None):  # also where a consent in the name of the author names another proof
        with pytest.raises(AlreadyWithdrawn):
            queued(dbs, ours.row.id, mark=other)


def test_the_proof_that_takes_back_what_is_shown_stays_the_same(dbs: Files, ours: NewCase) -> None:
    """A consent in the name of the author, that names a mark of somebody else's, cannot keep the story from them."""
    proof = proofs_of(ours.row)[1]
    story_id = queued(dbs, ours.row.id, mark=mark_of(proof))
    stories_queue.publish_story(*dbs, story_id)
    for act in (lambda *_: None, stories_queue.take_down_story):
        act(*dbs, story_id)
        for other in (some_key(), None):
            with pytest.raises(KeysChanged):
                queued(dbs, ours.row.id, mark=other)
    prove(dbs.mailbox, proof)
    assert stories_queue.remove_withdrawn_stories(*dbs) == 1


def test_no_story_goes_without_a_proof(made: Installation, dbs: Files, ours: NewCase) -> None:
    mark = mark_of(proofs_of(ours.row)[1])
    story_id = queued(dbs, ours.row.id, mark=mark)
    stories_queue.publish_story(*dbs, story_id)
    for planted in (mark, ours.row.mark, ours.row.id, story_id, some_key(), b""):
        with made.hostile() as link:
            link.execute("INSERT OR IGNORE INTO withdrawn VALUES (?)", (planted,))
    brought(dbs)
    assert stories_queue.remove_withdrawn_stories(*dbs) == 0
    assert told(dbs, story_id) == [("en", "Once.")]


def test_a_row_planted_past_the_schema_keeps_no_story_from_coming_or_going(made: Installation, dbs: Files) -> None:
    rows = [made.add_case(dbs.mailbox, row=key_row(made.circle_id)).row for _ in range(4)]
    theirs = [queued(dbs, row.id, mark=mark_of(proofs_of(row)[1])) for row in rows]
    with made.hostile_past_strict() as link:
        link.execute("UPDATE cases SET answer_in = x'00' WHERE id IN (?, ?)", (rows[0].id, rows[1].id))
    assert stories_queue.publish_due_stories(*dbs, LATE) == 4
    for row in (rows[0], rows[2]):
        prove(dbs.mailbox, proofs_of(row)[1])
    assert stories_queue.remove_withdrawn_stories(*dbs) == 2
    assert [states(dbs, each) for each in theirs] == [[], [("en", "public")]] * 2


def test_drafts_of_a_story_go_with_it_and_notes_stay(made: Installation, dbs: Files, ours: NewCase) -> None:
    for kind in ("note", "draft", "approval"):
        made.entry(dbs.desk, ours.row.id, kind)
    proof = proofs_of(ours.row)[1]
    queued(dbs, ours.row.id, mark=mark_of(proof))
    prove(dbs.mailbox, proof)
    stories_queue.remove_withdrawn_stories(*dbs)
    assert [entry.kind for entry in entries.entries_of(dbs.desk, ours.row.id)] == ["note"]
    assert lifetime.read_case(dbs.mailbox, ours.row.id).state == "reading"


def test_a_case_that_is_gone_has_no_story_and_one_with_strange_keys_none_that_is_new(
    made: Installation, dbs: Files, ours: NewCase
) -> None:
    story_id = queued(dbs, ours.row.id)
    with made.hostile() as link:
        link.execute("UPDATE cases SET mark = ?", (some_key(),))
    with pytest.raises(KeysChanged):
        queued(dbs, ours.row.id)
    lifetime.erase_case(dbs.mailbox, ours.row.id, [])
    assert stories_queue.publish_due_stories(*dbs, LATE) == 0
    with pytest.raises(NothingHere):
        stories_queue.publish_story(*dbs, story_id)
    with pytest.raises(NothingHere):
        stories_queue.queue_story(*dbs, ours.row.id, words(some_id()), None, TODAY)


@pytest.mark.parametrize(("act", "left"), [(None, 1), ("take_down_story", 0)])
def test_when_a_case_is_lost_its_public_story_alone_stays(
    dbs: Files, case: Case, public: bytes, act: str | None, left: int
) -> None:
    queued(dbs, case.id, language="ar")
    if act:
        getattr(stories_queue, act)(*dbs, public)
    with dbs.desk.writing():
        stories_queue.forget_unfinished(dbs.desk, case.id)
        stories_queue.forget_unfinished(dbs.desk, some_id())
    assert states(dbs, public) == [("en", "public")] * left
    assert told(dbs, public) == [("en", "Once.")] * left
    assert stories.shown_stories(dbs.desk) == ({case.id: public} if left else {})


# --- a power cut between the two files --------------------------------------------------------------------------------


class Cut(BaseException):
    """The power goes."""


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Let an act end after the desk has committed, and before readers have what it did."""

    def cut(act: Callable[[], object]) -> None:
        def gone(*_: object) -> None:
            raise Cut

        with monkeypatch.context() as patch:
            patch.setattr(writing, "show_text", gone)
            with pytest.raises(Cut):
                act()

    return cut


def test_a_cut_between_the_files_is_put_right(
    dbs: Files, case: Case, cut: Callable[[Callable[[], object]], None]
) -> None:
    story_id = queued(dbs, case.id)

    def expects(*expected: tuple[str, str]) -> None:
        assert told(dbs, story_id) != list(expected), "the cut came between"
        follow(dbs)
        assert told(dbs, story_id) == list(expected)
        counter = reading.published_counter(dbs.shown)
        follow(dbs)
        assert reading.published_counter(dbs.shown) == counter, "nothing is left to do"

    cut(lambda: stories_queue.publish_story(*dbs, story_id))
    expects(("en", "Once."))
    queued(dbs, case.id, body="Twice.")
    cut(lambda: stories_queue.publish_story(*dbs, story_id))
    expects(("en", "Twice."))
    queued(dbs, case.id, language="ar", body="مرة.")
    cut(lambda: stories_queue.publish_story(*dbs, story_id))
    expects(("ar", "مرة."), ("en", "Twice."))
    cut(lambda: stories_queue.take_down_story(*dbs, story_id))
    expects()
    cut(lambda: stories_queue.put_story_back(*dbs, story_id))
    expects(("ar", "مرة."), ("en", "Twice."))
    cut(lambda: stories_queue.withhold_story(*dbs, case.id, also_shown=True))
    expects()


def test_a_guide_whose_change_was_cut_off_is_put_right(dbs: Files, cut: Callable[[Callable[[], object]], None]) -> None:
    guide_id = guide(dbs)
    with dbs.desk.writing():
        guides.show_words(dbs.desk, [words(guide_id, body="Twice.")])
    assert reading.shown_guide(dbs.shown, "now")[1].body == "Go first."
    follow(dbs)
    assert reading.shown_guide(dbs.shown, "now")[1].body == "Twice."
    cut(lambda: guides.note_check(dbs.shown, dbs.desk, reading.versions_of(dbs.desk, guide_id)[1], "Noor", TODAY))
    follow(dbs)
    assert reading.shown_guide(dbs.shown, "now")[1].checked_by == "Noor"


# --- guides -----------------------------------------------------------------------------------------------------------


def test_a_guide_changes_at_the_desk_and_for_readers(dbs: Files) -> None:
    guide_id = guides.begin_guide(dbs.desk, some_id(), "now")
    assert guides.begin_guide(dbs.desk, some_id(), "now") == guide_id
    with pytest.raises(NothingHere):
        guides.take_down(dbs.shown, dbs.desk, guide_id)
    guides.save_draft(dbs.desk, words(guide_id))
    follow(dbs)
    with pytest.raises(NothingHere):
        reading.shown_guide(dbs.shown, "now")
    show_guide(dbs, guide_id)
    counter = reading.published_counter(dbs.shown)
    with pytest.raises(NotReady):  # P14: what is shown is no draft
        guides.save_draft(dbs.desk, words(guide_id, body="Twice."))
    show_guide(dbs, guide_id, words(guide_id, body="Twice."))
    assert reading.published_counter(dbs.shown) != counter
    [version] = reading.shown_guide(dbs.shown, "now")
    assert version.body == "Twice."
    guides.note_check(dbs.shown, dbs.desk, version, "Noor", TODAY)
    assert reading.shown_guide(dbs.shown, "now")[0].checked_by == "Noor"
    with pytest.raises(NothingHere):
        guides.note_check(dbs.shown, dbs.desk, version, "Noor", TODAY)
    show_guide(dbs, guide_id, *reading.versions_of(dbs.desk, guide_id), words(guide_id, "ar"))
    assert [version.checked_by for version in reading.shown_guide(dbs.shown, "now")] == [None, "Noor"]
    assert guides.state_of(guides.read_guide(dbs.desk, guide_id)[1]) == "public"
    guides.take_down(dbs.shown, dbs.desk, guide_id)
    with pytest.raises(NothingHere):
        reading.shown_guide(dbs.shown, "now")
    assert [guides.state_of(versions) for _, versions in guides.all_guides(dbs.desk)] == ["down"]


def test_no_story_is_taken_for_a_guide_nor_a_guide_for_a_story(dbs: Files, public: bytes) -> None:
    guide_id = guide(dbs)
    with pytest.raises(NothingHere):
        guides.take_down(dbs.shown, dbs.desk, public)
    with pytest.raises(NothingHere):
        guides.save_draft(dbs.desk, words(public))
    with pytest.raises(NothingHere):
        show_guide(dbs, public, words(public))
    with pytest.raises(NothingHere):
        stories_queue.take_down_story(*dbs, guide_id)
    assert told(dbs, guide_id) == []
    assert [line.id for line in stories.stories_in(*dbs, "public")[0]] == [public]
    assert [each.slug for each, _ in guides.all_guides(dbs.desk)] == ["now"]
