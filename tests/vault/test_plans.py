"""No question walks through a table that grows: each one is answered from an index, whatever the number of rows."""

import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext

import pytest

from onion_app.choices import MessageAuthor
from onion_app.vault import truth
from onion_app.vault.database import Database
from onion_app.vault.desk import audit, circles, entries, known_keys, stories_queue, taken
from onion_app.vault.mailbox import case_keys, lifetime, queues, records
from onion_app.vault.mailbox.messages import messages_of, put_opened
from onion_app.vault.mailbox.records import AUTHOR, Message
from onion_app.vault.shown import routing, writing
from tests.vault.made import TODAY, Installation, draft, grant, new_case, sealing, some_id, some_key, wrap, write

GROWING = "cases|messages|case_keys|entries|audit|written_replies|withdrawn|known_keys"


@pytest.fixture
def asked(mailbox: Database, desk: Database) -> Iterator[list[tuple[Database, str]]]:
    """Listen to every statement that runs in both databases."""
    statements: list[tuple[Database, str]] = []
    for db in (mailbox, desk):
        db._link.set_trace_callback(lambda statement, db=db: statements.append((db, statement)))
    yield statements
    for db in (mailbox, desk):
        db._link.set_trace_callback(None)


def a_working_day(made: Installation, mailbox: Database, desk: Database) -> None:
    """Do everything once that the vault offers for cases."""
    new, message_id = made.add_case(mailbox), some_id()
    case = lifetime.find_by_tag(mailbox, new.lookup_tag or b"")
    case_id, circle_id, me = case.id, case.circle_id, made.moderator_id
    routing.writing_circle(mailbox, "law", "ar")
    routing.circle_key(mailbox, circle_id)
    queues.waiting_counts(mailbox, circle_id)
    for which in ("unread", "new", "closed"):
        queues.queued_cases(mailbox, circle_id, which, 1)
    lifetime.mark_read(mailbox, case_id)
    case_keys.author_key_of(mailbox, case_id)
    case_keys.wraps_of(mailbox, case_id, AUTHOR)
    messages_of(mailbox, case_id)
    held = case_keys.all_wraps(mailbox, case_id)
    put_opened(mailbox, case_id, some_id(), epoch=1, expected_wraps=held, seal=sealing())
    author = case_keys.wraps_of(mailbox, case_id, AUTHOR)[0].recipient
    epoch = [wrap(2, circle_id), wrap(2, AUTHOR, author)]
    writers: list[tuple[MessageAuthor, list[records.Wrap]]] = [("visitor", epoch), ("circle", [])]
    for who, wraps in writers:
        write(mailbox, case, who, epoch=2, new_wraps=wraps, seen=1)
    mine = [wrap(1, AUTHOR, author), wrap(2, AUTHOR, author)]
    code = {"tag": some_key(), "author_key": some_key(), "expected_wraps": case_keys.all_wraps(mailbox, case_id)}
    case_keys.change_code(mailbox, case_id, **code, wraps=mine, new_wraps=[wrap(3, circle_id), wrap(3, AUTHOR, author)])  # type: ignore[arg-type]
    ours, begun = [wrap(epoch, circle_id) for epoch in (1, 2, 3)], [wrap(4, circle_id), wrap(4, AUTHOR, author)]
    held = case_keys.all_wraps(mailbox, case_id)
    case_keys.rewrap(mailbox, case_id, circle_id, wraps=ours, new_wraps=begun, expected_wraps=held)
    sealed_to = {held.recipient for held in case_keys.wraps_of(mailbox, case_id, circle_id)}
    case_keys.set_aside(mailbox, case_id, circle_id, sealed_to, but={1})
    lifetime.due_cases(mailbox, TODAY + 200, 180)
    taken.take_case(desk, case_id, me, TODAY)
    taken.taken_by(desk, [case_id])
    taken.taken_cases(desk, me)
    made.entry(desk, case_id)
    entries.entries_of(desk, case_id)
    entries.record_reply(desk, message_id, case_id, b"sealed")
    entries.replies_of(desk, case_id)
    known_keys.remember_keys(desk, case_id, [known_keys.KnownKey(1, some_key(), some_id())])
    known_keys.remember_keys(desk, case_id, [known_keys.KnownKey(1, some_key(), some_id())])
    audit.add_to_audit(desk, me, "opened a case", TODAY, circle_id, some_key())
    audit.audit_of(desk, None, 1)
    audit.audit_of(desk, circle_id, 1)
    case_keys.sealed_to(mailbox, circle_id, some_id(), some_id())
    the_end_of_somebodys_day(desk, circle_id, case_id, me)
    lifetime.set_state(mailbox, case_id, "closed")
    text_id = draft(desk, case_id=case_id)
    stories_queue.stories_of(desk, case_id)
    stories_queue.find_story(mailbox, desk, text_id)
    stories_queue.stories_in(desk, "queued", 0)
    writing.publish_text(mailbox, desk, text_id)
    case_keys.end_return(mailbox, case_id)
    lifetime.erase_case(mailbox, case_id, TODAY, text_id)
    truth.repair(mailbox, desk, TODAY)


def the_end_of_somebodys_day(desk: Database, circle_id: bytes, case_id: bytes, who: bytes) -> None:
    """Do what the desk does when somebody stops, or is shut out."""
    taken.step_out(desk, case_id, who)
    taken.stepped_out(desk, who)
    taken.give_case_back(desk, case_id, who)
    taken.give_all_cases_back(desk, who)
    audit.marks_of(desk, circle_id, who)
    circles.gone_from(desk, circle_id)
    audit.findings(desk)


def test_no_statement_scans_or_sorts_a_growing_table(
    made: Installation, mailbox: Database, desk: Database, asked: list[tuple[Database, str]]
) -> None:
    a_working_day(made, mailbox, desk)
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
    # Walking through the audit in the order of its index, up to the end of a page, is no scan of what grows.
    assert {step for _, _, step in bad} <= {"SCAN audit USING INDEX audit_by_day"}


def test_counting_and_turning_pages_touch_no_case_but_only_an_index(
    made: Installation, mailbox: Database, asked: list[tuple[Database, str]]
) -> None:
    queues.waiting_counts(mailbox, made.circle_id)
    for which in ("unread", "new", "closed"):
        queues.queued_cases(mailbox, made.circle_id, which, 30)  # nothing is on that page, so that no case is looked up
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
    present, former = some_id(), some_id()

    def ask() -> None:
        queues.waiting_counts(mailbox, made.circle_id)
        queues.queued_cases(mailbox, made.circle_id, "unread", 0)
        queues.queued_cases(mailbox, made.circle_id, "new", 1)
        assert case_keys.sealed_to(mailbox, made.circle_id, former, b"") == []

    def fill(number: int) -> None:
        with mailbox.writing(), pytest.MonkeyPatch.context() as patch:
            patch.setattr(mailbox, "writing", nullcontext)  # all of them at once
            for each in range(number):
                sealed = (wrap(1, made.circle_id, present),)
                made.add_case(mailbox, urgent=each % 3, day=TODAY + each % 100, wraps=sealed, messages=())

    fill(1000)
    few = cost(mailbox, ask)
    fill(5_000)
    assert queues.waiting_counts(mailbox, made.circle_id).unread == records.MANY
    assert 1000 < cost(mailbox, ask) <= 1.01 * few


def test_what_somebody_did_is_found_without_reading_what_the_others_did(made: Installation, desk: Database) -> None:
    gone = made.enrol(desk)
    circles.remove_member(desk, made.let_in(desk, gone).id, {made.circle_id: [
        grant(made.circle_id, 2, made.moderator_id, some_key())
    ]})  # fmt: skip

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
    new = new_case(made.circle_id)
    messages = tuple(Message(new.id, number, some_id(), 1, "visitor", b"sealed") for number in range(1, 500))
    lifetime.add_case(mailbox, new_case(made.circle_id, id=new.id, messages=messages))
    asked.clear()
    write(mailbox, lifetime.read_case(mailbox, new.id))
    read = [text for _, text in asked if text.startswith("SELECT") and "FROM messages" in text]
    assert read
    assert all("LIMIT 1" in text or "WHERE id = " in text for text in read)
