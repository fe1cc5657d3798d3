"""What waits, until when it is kept; and no row is shown that this program never wrote."""

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
    queue = queues.queued_cases(mailbox, made.circle_id, "unread", 0)
    assert [(case.urgent, case.last_day) for case in queue] == [(2, 7), (2, 9), (1, 1), (1, 3), (0, 1), (0, 5)]
    assert queues.queued_cases(mailbox, made.circle_id, "new", 0) == queue
    assert queues.waiting_counts(mailbox, made.circle_id) == records.Counts(unread=6, urgent=2, oldest_day=1)
    for case in queue[2:]:
        mark_read(mailbox, case.id)
        lifetime.set_state(mailbox, case.id, "answered")
    mark_read(mailbox, queue[0].id)
    assert queues.waiting_counts(mailbox, made.circle_id) == records.Counts(unread=1, urgent=2, oldest_day=7)
    assert [case.id for case in queues.queued_cases(mailbox, made.circle_id, "reading", 0)] == [queue[0].id]
    assert queues.waiting_counts(mailbox, some_id()) == records.Counts(unread=0, urgent=0, oldest_day=None)


def test_a_queue_has_25_to_a_page(made: Installation, mailbox: Database) -> None:
    for _ in range(27):
        made.add_case(mailbox)
    pages = [queues.queued_cases(mailbox, made.circle_id, "unread", page) for page in range(3)]
    assert [len(page) for page in pages] == [25, 2, 0]
    assert len({case.id for page in pages for case in page}) == 27


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
