"""No question walks through a table that grows: each one is answered from an index, whatever the number of rows."""

import re
from collections.abc import Callable, Iterator

import pytest

from onion_app.vault import cases, known, people, publishing, texts, truth, upkeep, worklog
from onion_app.vault.cases import AUTHOR, Message
from onion_app.vault.database import Database
from tests.vault.made import TODAY, Installation, new_case, sealing, some_id, some_key, wrap, write
from tests.vault.test_people import enrol

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
    new, message_id = new_case(made.circle_id), some_id()
    cases.add_case(mailbox, new)
    case = cases.find_by_tag(mailbox, new.lookup_tag or b"")
    case_id, circle_id, me = case.id, case.circle_id, made.moderator_id
    cases.writing_circle(mailbox, "law", "ar")
    cases.circle_key(mailbox, circle_id)
    cases.counts(mailbox, circle_id)
    for which in ("unread", "new", "closed"):
        cases.queue(mailbox, circle_id, which, 1)
    cases.mark_read(mailbox, case_id)
    cases.author_key_of(mailbox, case_id)
    cases.wraps_of(mailbox, case_id, AUTHOR)
    cases.messages_of(mailbox, case_id)
    held = cases.all_wraps(mailbox, case_id)
    cases.put_opened(mailbox, case_id, some_id(), epoch=1, held=held, seal=sealing())
    author = cases.wraps_of(mailbox, case_id, AUTHOR)[0].recipient
    epoch = [wrap(2, circle_id), wrap(2, AUTHOR, author)]
    writers: list[tuple[cases.MessageAuthor, list[cases.Wrap]]] = [("visitor", epoch), ("circle", [])]
    for who, wraps in writers:
        write(mailbox, case, who, epoch=2, new_wraps=wraps, seen=1)
    cases.change_code(
        mailbox,
        case_id,
        tag=some_key(),
        author_key=some_key(),
        wraps=[wrap(1, AUTHOR, author), wrap(2, AUTHOR, author)],
        new_wraps=[wrap(3, circle_id), wrap(3, AUTHOR, author)],
        held=cases.all_wraps(mailbox, case_id),
    )
    upkeep.rewrap(
        mailbox,
        case_id,
        circle_id,
        wraps=[wrap(1, circle_id), wrap(2, circle_id), wrap(3, circle_id)],
        new_wraps=[wrap(4, circle_id), wrap(4, AUTHOR, author)],
        held=cases.all_wraps(mailbox, case_id),
    )
    sealed_to = {held.recipient for held in cases.wraps_of(mailbox, case_id, circle_id)}
    upkeep.set_aside(mailbox, case_id, circle_id, sealed_to, but={1})
    upkeep.due(mailbox, TODAY + 200, 180)
    worklog.take(desk, case_id, me, TODAY)
    worklog.taken_by(desk, [case_id])
    worklog.taken_cases(desk, me)
    worklog.add_entry(
        desk, some_id(), case_id, kind="note", author=me, day=TODAY, epoch=1, language=None, seal=sealing()
    )
    worklog.entries_of(desk, case_id)
    worklog.record_reply(desk, message_id, case_id, b"sealed")
    worklog.replies_of(desk, case_id)
    known.remember(desk, case_id, [known.KnownKey(1, some_key(), some_id())])
    known.remember(desk, case_id, [known.KnownKey(1, some_key(), some_id())])
    worklog.audit(desk, me, "opened a case", TODAY, circle_id, some_key())
    worklog.audit_of(desk, None, 1)
    worklog.audit_of(desk, circle_id, 1)
    upkeep.sealed_to(mailbox, circle_id, some_id(), some_id())
    the_end_of_somebodys_day(desk, circle_id, case_id, me)
    cases.set_state(mailbox, case_id, "closed")
    text = texts.Text(some_id(), "story", None, None, ())
    texts.draft(desk, text, [], case_id)
    publishing.stories_of(desk, case_id)
    publishing.find(mailbox, desk, text.id)
    publishing.listed(desk, "queued", 0)
    texts.publish(mailbox, desk, text.id)
    cases.close_door(mailbox, case_id)
    cases.erase_case(mailbox, case_id, TODAY, text.id)
    truth.repair(mailbox, desk, TODAY)


def the_end_of_somebodys_day(desk: Database, circle_id: bytes, case_id: bytes, who: bytes) -> None:
    """Do what the desk does when somebody stops, or is shut out."""
    worklog.step_out(desk, case_id, who)
    worklog.stepped_out(desk, who)
    worklog.give_back(desk, case_id, who)
    worklog.give_all_back(desk, who)
    worklog.marks_of(desk, circle_id, who)
    people.gone_from(desk, circle_id)
    worklog.findings(desk)


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
    cases.counts(mailbox, made.circle_id)
    for which in ("unread", "new", "closed"):
        cases.queue(mailbox, made.circle_id, which, 30)  # nothing is on that page, so that no case is looked up
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
        cases.counts(mailbox, made.circle_id)
        cases.queue(mailbox, made.circle_id, "unread", 0)
        cases.queue(mailbox, made.circle_id, "new", 1)
        assert upkeep.sealed_to(mailbox, made.circle_id, former, b"") == []

    def fill(number: int) -> None:
        with mailbox.writing():
            for each in range(number):
                case_id = some_id()
                mailbox.run(
                    "INSERT INTO cases (id, circle_id, kind, topic, answer_in, state, unread, urgent, received_day, "
                    "last_day, spread) VALUES (?, ?, 'request', 'law', 'ar', 'new', 1, ?, ?, ?, 0)",
                    (case_id, made.circle_id, each % 3, TODAY, TODAY + each % 100),
                )
                mailbox.run(
                    "INSERT INTO case_keys (case_id, epoch, holder, recipient, wrap) VALUES (?, 1, ?, ?, ?)",
                    (case_id, made.circle_id, present, b"sealed"),
                )

    fill(1000)
    few = cost(mailbox, ask)
    fill(5_000)
    assert cases.counts(mailbox, made.circle_id).unread == cases.MANY
    assert 1000 < cost(mailbox, ask) <= 1.01 * few


def test_what_somebody_did_is_found_without_reading_what_the_others_did(made: Installation, desk: Database) -> None:
    gone = enrol(made, desk)
    with desk.writing():
        desk.run("UPDATE moderators SET state = 'out' WHERE id = ?", (gone.id,))

    def ask() -> None:
        assert people.gone_from(desk, made.circle_id) == []
        assert worklog.marks_of(desk, made.circle_id, gone.id) == set()

    def fill(number: int) -> None:
        with desk.writing():
            for _ in range(number):
                desk.run(
                    "INSERT INTO audit (id, day, who, what, circle_id, case_mark) VALUES (?, ?, ?, 'opened', ?, ?)",
                    (some_id(), TODAY, made.moderator_id, made.circle_id, some_key()),
                )

    fill(10)
    few = cost(desk, ask)
    fill(1000)
    assert cost(desk, ask) <= 1.01 * few


def test_a_case_of_many_messages_is_appended_to_without_reading_them(
    made: Installation, mailbox: Database, asked: list[tuple[Database, str]]
) -> None:
    new = new_case(made.circle_id)
    messages = tuple(Message(new.id, number, some_id(), 1, "visitor", b"sealed") for number in range(1, 500))
    cases.add_case(mailbox, new_case(made.circle_id, id=new.id, messages=messages))
    asked.clear()
    write(mailbox, cases.read_case(mailbox, new.id))
    read = [text for _, text in asked if text.startswith("SELECT") and "FROM messages" in text]
    assert read
    assert all("LIMIT 1" in text or "WHERE id = " in text for text in read)


def test_members_see_nothing_of_others_circles_in_any_list(
    made: Installation, mailbox: Database, desk: Database
) -> None:
    other = enrol(made, desk)
    cases.add_case(mailbox, new_case(some_id()))
    assert cases.queue(mailbox, made.circle_id, "unread", 0) == []
    assert cases.counts(mailbox, made.circle_id).unread == 0
    assert worklog.taken_cases(desk, other.id) == []
