"""No question walks through a table that grows: each one is answered from an index, whatever the number of rows."""

import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext

import pytest

from onion_app.launch.processes.chores import Files
from onion_app.vault import forgetting
from onion_app.vault.database import Database
from onion_app.vault.desk import (
    audit,
    case_records,
    circles,
    entries,
    guides,
    stories,
    stories_queue,
    taken,
)
from onion_app.vault.desk.case_records import Handed, Met, Read
from onion_app.vault.mailbox import case_keys, lifetime, messages, queues, records, withdrawals
from onion_app.vault.settings import read_settings
from onion_app.vault.show import show_case
from onion_app.vault.shown import routing, writing
from onion_app.vault.shown.reading import list_stories, shown_guide, shown_story, titles_of_guides
from tests.vault.made import (
    TODAY,
    Installation,
    guide,
    key_row,
    mark_read,
    message,
    put_out,
    queued,
    some_id,
    some_key,
    write,
)

GROWING = "cases|messages|entries|audit|replies|withdrawn|met|read|handed|doors"


@pytest.fixture
def asked(dbs: Files) -> Iterator[list[tuple[Database, str]]]:
    """Listen to every statement that runs in the three databases."""
    statements: list[tuple[Database, str]] = []
    for db in dbs:
        db._link.set_trace_callback(lambda statement, db=db: statements.append((db, statement)))
    yield statements
    for db in dbs:
        db._link.set_trace_callback(None)


def a_working_day(made: Installation, dbs: Files) -> None:
    """Do everything once that the vault offers for cases while people wait for it; the chores walk through them all."""
    mailbox, shown, desk = dbs
    row, me = made.add_case(mailbox).row, made.moderator_id
    case_id, circle_id = row.id, made.circle_id
    case_keys.find_case(mailbox, "tag", row.tag or b"")
    case_keys.find_case(mailbox, "mark", row.mark)
    with mailbox.writing():
        case_keys.write_key_row(mailbox, case_keys.key_row(mailbox, case_id))
        messages.insert_message(mailbox, message(case_id, 0))
    routing.writing_circle(mailbox, shown, read_settings(shown), "law", "ar")
    routing.public_key(shown, circle_id, 1)
    routing.turns_of(shown, case_id, row.home)
    routing.door_of(shown, case_id)
    routing.reply_marks(shown, case_id)
    withdrawals.withdrawn_among(mailbox, shown, [row.mark])
    queues.waiting_counts(mailbox, circle_id)
    queues.unread_counts(mailbox, circle_id)
    queues.tab_counts(mailbox, circle_id)
    queues.urgent_unread(mailbox, circle_id, TODAY)
    queues.unanswered_until(mailbox, circle_id, TODAY)
    for which in ("unread", "new", "closed"):
        queues.queued_cases(mailbox, circle_id, which)
    queues.cases_of(mailbox, circle_id, b"")
    queues.cases_beginning_with(mailbox, circle_id, bytes(16), case_id)
    queues.written_since(mailbox, TODAY)
    queues.in_queues_of(mailbox, circle_id, [case_id])
    messages.newest_number(mailbox, case_id)
    mark_read(mailbox, case_id)
    written = [write(mailbox, case_id, author) for author in ("visitor", "circle")]
    messages.messages_of(mailbox, case_id)
    messages.is_stored(mailbox, case_id, written[0].id)
    messages.is_stored_anywhere(mailbox, written[0].id)
    messages.expect_few_waiting(mailbox, case_id, 5)
    forgetting.due_cases(mailbox, TODAY + 200, 180, b"")
    the_desk_works(made, shown, desk, case_id)
    with mailbox.writing():
        show_case(shown, desk, case_id)
        lifetime.move_to_circle(mailbox, case_id, circle_id)
    the_end_of_somebodys_day(desk, circle_id, case_id, me)
    lifetime.set_state(mailbox, case_id, "closed")
    stories.story_of(desk, case_id)
    stories.stories_in(mailbox, shown, desk, "queued")
    with desk.writing():
        entries.forget_drafts(desk, case_id)
    lifetime.erase_case(mailbox, case_id, [some_key()])
    forgetting.forget_cases(mailbox, shown, desk, [case_id])


def the_desk_works(made: Installation, shown: Database, desk: Database, case_id: bytes) -> None:
    """Do what the desk does with a case in its own files."""
    taken.take_case(desk, case_id, made.moderator_id, TODAY)
    taken.taken_by(desk, [case_id])
    taken.taken_cases(desk, made.moderator_id)
    made.entry(desk, case_id)
    entries.entries_of(desk, case_id)
    made.entry(desk, case_id, "facts")
    entries.facts_of(desk, case_id, made.circle_id)
    entries.newest_facts(desk, made.circle_id)
    entries.number_with_facts(desk, made.circle_id)
    entries.cases_with_facts(desk, made.circle_id, b"", 100)
    entries.handed_on_with_facts(desk, made.circle_id)
    with desk.writing(), shown.writing():
        case_records.add_turn(desk, Handed(case_id, 1, made.circle_id, 1, b"keys"))
        case_records.put_met(desk, case_id, Met(2, some_key()))
        case_records.put_read(desk, case_id, Read(1, some_key(), 0, 1, 1))
        case_records.close_door(desk, case_id, TODAY)
        case_records.open_door(desk, case_id)
        writing.put_reply(shown, case_id, some_id(), b"sealed")
    case_records.turns_of(desk, case_id)
    case_records.read_met(desk, case_id)
    case_records.read_read(desk, case_id)
    routing.door_of(desk, case_id)
    audit.add_to_audit(desk, made.moderator_id, "opened a case", TODAY, made.circle_id, some_key())
    audit.audit_of(desk, None, (TODAY, bytes(16)))
    audit.audit_of(desk, made.circle_id, (TODAY, bytes(16)))


def the_end_of_somebodys_day(desk: Database, circle_id: bytes, case_id: bytes, who: bytes) -> None:
    """Do what the desk does when somebody stops, or is shut out."""
    taken.step_out(desk, case_id, who)
    taken.stepped_out(desk, who)
    taken.give_case_back(desk, case_id, who)
    taken.give_all_cases_back(desk, who)
    audit.marks_of(desk, circle_id, who)
    circles.gone_from(desk, circle_id)
    audit.findings_for(desk, who)


def test_no_statement_scans_or_sorts_a_growing_table(
    made: Installation, dbs: Files, asked: list[tuple[Database, str]]
) -> None:
    a_working_day(made, dbs)
    statements = [(db, text) for db, text in dict.fromkeys(asked) if re.match("SELECT|UPDATE|DELETE|INSERT", text)]
    assert len(statements) > 80
    plans = {(db.kind, text): db.rows(f"EXPLAIN QUERY PLAN {text}") for db, text in statements}
    bad = {
        (kind, text, str(step[3]))
        for (kind, text), plan in plans.items()
        for step in plan
        if re.match(rf"SCAN ({GROWING})\b", str(step[3]))
        or ("TEMP B-TREE FOR ORDER BY" in str(step[3]) and re.search(rf"FROM ({GROWING})\b", text))
    }
    # Walking through the audit in the order of its index, up to the end of a page, is no scan of what grows; and of the
    # proofs the mailbox has those of a quarter of an hour.
    expected = {("desk", "SCAN audit USING INDEX audit_by_day"), ("mailbox", "SCAN withdrawn")}
    assert {(kind, step) for kind, _, step in bad} <= expected


def test_nobody_walks_through_the_texts(made: Installation, dbs: Files, asked: list[tuple[Database, str]]) -> None:
    mailbox, shown, desk = dbs
    case_id, mark = made.add_case(mailbox).row.id, some_key()
    story_id = queued(dbs, case_id, mark=mark)
    stories_queue.publish_due_stories(*dbs, TODAY + stories_queue.LATEST_DAYS)
    queued(dbs, case_id, mark=mark, language="ar")
    stories_queue.publish_story(*dbs, story_id)
    for language in ("ar", "en", "kmr"):
        list_stories(mailbox, shown, language, (), story_id)
    assert len(shown_story(mailbox, shown, story_id)) == 2
    assert shown_guide(shown, slug := guides.read_guide(desk, guide(dbs))[0].slug)
    assert list(titles_of_guides(shown)) == [slug]
    stories_queue.take_down_story(*dbs, story_id)
    stories_queue.put_story_back(*dbs, story_id)
    for state in ("queued", "public"):
        stories.stories_in(mailbox, shown, desk, state, (TODAY, bytes(16)))
    stories_queue.withhold_story(*dbs, case_id, also_shown=True)
    of_texts = "(FROM|UPDATE) (versions|texts)"
    texts = [(db, text) for db, text in dict.fromkeys(asked) if re.search(of_texts, text)]
    assert len(texts) > 30
    steps = {(text, str(step[3])) for db, text in texts for step in db.rows(f"EXPLAIN QUERY PLAN {text}")}
    walks = {step for step in steps if re.match("SCAN|USE TEMP B-TREE FOR ORDER BY", step[1])}
    assert {step for step in walks if "WHERE text_id = " not in step[0]} == set(), "the versions of one text are few"


def test_counting_and_turning_pages_touch_no_case_but_only_an_index(
    made: Installation, mailbox: Database, asked: list[tuple[Database, str]]
) -> None:
    queues.waiting_counts(mailbox, made.circle_id)
    queues.unread_counts(mailbox, made.circle_id)
    queues.tab_counts(mailbox, made.circle_id)
    for which in ("unread", "new", "closed"):
        # Nothing comes after it, so that no case is looked up.
        queues.queued_cases(mailbox, made.circle_id, which, queues.Place(2, TODAY + 1, b""))
    plans = [mailbox.rows(f"EXPLAIN QUERY PLAN {text}") for _, text in list(asked)]
    steps = [str(step[3]) for plan in plans for step in plan if "cases" in str(step[3])]
    assert steps
    assert all("USING COVERING INDEX" in step for step in steps), steps


def cost(db: Database, ask: Callable[[], object]) -> int:
    """Count the steps of SQLite's own machine, which do not depend on how busy this one is."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    db._link.set_progress_handler(step, 1)
    ask()
    db._link.set_progress_handler(None, 1)
    return steps


def test_counts_and_queues_cost_the_same_with_many_cases(made: Installation, mailbox: Database) -> None:
    def ask() -> None:
        queues.waiting_counts(mailbox, made.circle_id)
        queues.unread_counts(mailbox, made.circle_id)
        queues.tab_counts(mailbox, made.circle_id)
        queues.queued_cases(mailbox, made.circle_id, "unread")
        queues.queued_cases(mailbox, made.circle_id, "new", queues.Place(2, TODAY + 50, bytes(16)))
        queues.unanswered_until(mailbox, made.circle_id, TODAY + 200)

    def fill(number: int) -> None:
        with mailbox.writing(), pytest.MonkeyPatch.context() as patch:
            patch.setattr(mailbox, "writing", nullcontext)  # all of them at once
            for each in range(number):
                row = key_row(made.circle_id, with_return=bool(each % 2))
                made.add_case(mailbox, row=row, urgent=each % 3, day=TODAY + each % 100, messages=())

    fill(1_500)
    few = cost(mailbox, ask)
    fill(4_500)
    assert queues.waiting_counts(mailbox, made.circle_id).unread == records.MANY
    assert 1000 < cost(mailbox, ask) <= 1.01 * few


def test_what_somebody_did_is_found_without_reading_what_the_others_did(made: Installation, desk: Database) -> None:
    gone = made.enrol(desk)
    put_out(desk, made.let_in(desk, gone).id)

    def ask() -> None:
        assert circles.gone_from(desk, made.circle_id) == []
        assert audit.marks_of(desk, made.circle_id, gone.id) == set()

    def fill(number: int) -> None:
        for _ in range(number):
            audit.add_to_audit(desk, made.moderator_id, "opened a case", TODAY, made.circle_id, some_key())

    fill(10)
    few = cost(desk, ask)
    fill(300)
    assert cost(desk, ask) <= 1.01 * few


def test_a_case_of_many_messages_is_appended_to_without_reading_them(
    made: Installation, mailbox: Database, asked: list[tuple[Database, str]]
) -> None:
    row = key_row(made.circle_id)
    made.add_case(mailbox, row=row, messages=tuple(message(row.id, number) for number in range(1, 500)))
    asked.clear()
    write(mailbox, row.id)
    read = [text for _, text in asked if text.startswith("SELECT") and "FROM messages" in text]
    # The question for the lengths opens no page of theirs.
    read = [text for text in read if not text.startswith("SELECT number, length(sealed) ")]
    assert read
    assert all("LIMIT 1" in text or "WHERE id = " in text for text in read)
