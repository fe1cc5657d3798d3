"""What waits, until when it is kept; and no row is shown that this program never wrote."""

import tracemalloc

import pytest

from onion_app.errors import DamagedFile
from onion_app.vault import forgetting
from onion_app.vault.database import Database
from onion_app.vault.mailbox import lifetime, queues, records
from onion_app.vault.mailbox.records import Case
from tests.vault.made import Installation, mark_read, some_id


def test_retention_is_counted_from_the_last_message_and_spread_by_a_fifth(
    made: Installation, mailbox: Database
) -> None:
    case = lifetime.read_case(mailbox, made.add_case(mailbox, day=1000).row.id)
    day = lifetime.erased_on(case, 180)
    assert 1180 <= day < 1216
    assert forgetting.due_cases(mailbox, day - 1, 180, b"") == []
    assert forgetting.due_cases(mailbox, day, 180, b"") == [case.id]
    assert forgetting.due_cases(mailbox, day, 180, case.id) == []


def test_counts_and_queues_show_the_urgent_and_the_oldest_first(made: Installation, mailbox: Database) -> None:
    facts = [(0, 5), (1, 3), (2, 9), (2, 7), (1, 1), (0, 1)]
    for urgent, day in facts:
        made.add_case(mailbox, urgent=urgent, day=day)
    made.add_case(mailbox, circle_id=some_id(), urgent=2, day=0)
    queue, _ = queues.queued_cases(mailbox, made.circle_id, "unread")
    assert [(case.urgent, case.last_day) for case in queue] == [(2, 7), (2, 9), (1, 1), (1, 3), (0, 1), (0, 5)]
    assert queues.queued_cases(mailbox, made.circle_id, "new") == (queue, None)
    assert queues.unread_counts(mailbox, made.circle_id) == queues.UnreadCounts(urgent=2, asked=0)
    assert queues.waiting_counts(mailbox, made.circle_id) == records.Counts(unread=6, urgent=2, oldest_day=1)
    for case in queue[2:]:
        mark_read(mailbox, case.id)
        lifetime.set_state(mailbox, case.id, "answered")
    mark_read(mailbox, queue[0].id)
    assert queues.waiting_counts(mailbox, made.circle_id) == records.Counts(unread=1, urgent=2, oldest_day=7)
    assert [case.id for case in queues.queued_cases(mailbox, made.circle_id, "reading")[0]] == [queue[0].id]
    lifetime.set_state(mailbox, queue[1].id, "asking")
    assert queues.unread_counts(mailbox, made.circle_id) == queues.UnreadCounts(urgent=1, asked=1)
    counts = queues.tab_counts(mailbox, made.circle_id)
    assert counts == dict.fromkeys(counts, 0) | {"unread": 1, "reading": 1, "asking": 1, "answered": 4}
    assert queues.waiting_counts(mailbox, some_id()) == records.Counts(unread=0, urgent=0, oldest_day=None)


def test_a_queue_goes_on_after_what_was_seen_and_skips_nobody_who_left_before(
    made: Installation, mailbox: Database
) -> None:
    for each in range(51):
        made.add_case(mailbox, urgent=each % 3, day=each % 5)
    everybody, after = [], queues.BEGINNING
    while True:
        page, last = queues.queued_cases(mailbox, made.circle_id, "unread", after)
        everybody += page
        for case in page:
            mark_read(mailbox, case.id)
        if last is None:
            break
        after = last
    assert len({case.id for case in everybody}) == len(everybody) == 51
    assert everybody == sorted(everybody, key=lambda case: queues.place_of(case).order)


def test_what_somebody_has_planted_ends_no_queue_before_its_end(made: Installation, mailbox: Database) -> None:
    ids = [made.add_case(mailbox, urgent=2, day=each).row.id for each in range(30)]
    with made.hostile_past_strict() as link:
        link.execute("UPDATE cases SET topic = '<b>' WHERE id = ?", (ids[3],))
        link.execute("UPDATE cases SET since_day = 0.5 WHERE id = ?", (ids[4],))
        link.execute("UPDATE cases SET since_day = 'today' WHERE id = ?", (ids[5],))
    first, last = queues.queued_cases(mailbox, made.circle_id, "unread")
    assert last is not None
    second, _ = queues.queued_cases(mailbox, made.circle_id, "unread", last)
    assert {case.id for case in [*first, *second]} == {*ids} - {*ids[3:6]}


def test_a_word_of_any_length_that_somebody_has_planted_is_not_read_by_who_looks_for_the_unanswered(
    made: Installation, mailbox: Database
) -> None:
    ids = [made.add_case(mailbox, day=each).row.id for each in range(3)]
    with made.hostile_past_strict() as link:
        link.execute("UPDATE cases SET topic = CAST(zeroblob(8000000) AS TEXT) WHERE id = ?", (ids[1],))
    tracemalloc.start()
    found = queues.unanswered_until(mailbox, made.circle_id, 100)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [case.id for case in found] == [ids[0], ids[2]]
    assert most < 1_000_000


def test_the_cases_of_a_circle_are_listed_by_id_a_hundred_at_a_time(made: Installation, mailbox: Database) -> None:
    ids = sorted(made.add_case(mailbox).row.id for _ in range(101))
    made.add_case(mailbox, some_id())
    first = queues.cases_of(mailbox, made.circle_id, b"")
    assert first + queues.cases_of(mailbox, made.circle_id, first[-1]) == ids


@pytest.mark.parametrize(
    "change",
    ["state = '<b>'", "topic = CAST(x'ff' AS TEXT)", "last_day = 99999999999", "urgent = 7", "circle_id = x'00'",
     "circle_id = 'sixteen letters.'", "unread = 0.5", "received_day = 'today'"],
)  # fmt: skip
def test_a_row_that_this_program_never_wrote_is_named_and_not_shown(
    made: Installation, mailbox: Database, case: Case, change: str
) -> None:
    with made.hostile_past_strict() as link:
        link.execute(f"UPDATE cases SET {change}")
    with pytest.raises(DamagedFile):
        lifetime.read_case(mailbox, case.id)
