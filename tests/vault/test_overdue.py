"""What waits for too long: its days are counted on days, and never by what an author writes besides."""

from typing import Any

import pytest

from onion_app.launch.processes.chores import Files
from onion_app.vault.desk.promised import Promise, forget_promise, promises, put_promise
from onion_app.vault.forgetting import forget_cases
from onion_app.vault.mailbox import lifetime, messages
from onion_app.vault.overdue import Overdue, overdue_in
from onion_app.vault.settings import read_settings
from tests.vault.made import TODAY, Installation, key_row, mark_read, some_id


def late_on(dbs: Files, made: Installation, day: int) -> Overdue:
    return overdue_in(dbs.mailbox, dbs.desk, read_settings(dbs.shown), made.circle_id, TODAY + day)


def first_days(dbs: Files, made: Installation) -> tuple[int, int]:
    """Give the first day on which something is overdue, and the first on which the circle counts as silent."""
    seen = [late_on(dbs, made, day) for day in range(40)]
    days = [next(day for day, late in enumerate(seen) if late.cases), next(d for d, late in enumerate(seen) if late[1])]
    assert {late.cases for late in seen} == {0, 1}
    return days[0], days[1]


@pytest.mark.parametrize(
    ("urgent", "state", "days"),
    [(2, "unread", (2, 4)), (2, "read", (2, 3)), (1, "unread", (4, 7)), (0, "read", (4, 7))],
)
def test_a_case_is_overdue_past_its_days_and_its_circle_silent_after_as_long_again(
    made: Installation, dbs: Files, urgent: Any, state: str, days: tuple[int, int]
) -> None:
    case_id = made.add_case(dbs.mailbox, urgent=urgent).row.id
    made.add_case(dbs.mailbox, some_id(), urgent=2)  # of another circle
    if state == "read":
        mark_read(dbs.mailbox, case_id)
    assert first_days(dbs, made) == days


def test_a_promise_of_three_days_is_overdue_on_the_fourth_and_at_the_coordinators_on_the_seventh(
    made: Installation, dbs: Files
) -> None:
    case_id = made.add_case(dbs.mailbox, urgent=2).row.id
    mark_read(dbs.mailbox, case_id)
    with dbs.mailbox.writing(), dbs.desk.writing():
        messages.note_circle_wrote(dbs.mailbox, case_id, TODAY, unread=False, answers=False)
        put_promise(dbs.desk, Promise(case_id, TODAY, TODAY + 3))
    assert lifetime.read_case(dbs.mailbox, case_id).state == "reading"
    assert first_days(dbs, made) == (4, 7)
    with dbs.desk.writing():  # another day in its place
        put_promise(dbs.desk, Promise(case_id, TODAY + 3, TODAY + 5))
    assert first_days(dbs, made) == (6, 8)
    with dbs.desk.writing():
        forget_promise(dbs.desk, case_id)
    assert promises(dbs.desk) == []


def test_what_nobody_waits_for_is_not_overdue(made: Installation, dbs: Files) -> None:
    alone = made.add_case(dbs.mailbox, row=key_row(made.circle_id, with_return=False), urgent=1).row.id
    answered = made.add_case(dbs.mailbox, urgent=2).row.id
    mark_read(dbs.mailbox, answered)
    with dbs.mailbox.writing():
        messages.note_circle_wrote(dbs.mailbox, answered, TODAY, unread=False)
    assert late_on(dbs, made, 100) == (0, False)
    with dbs.mailbox.writing(), dbs.desk.writing():  # an urgent one counts, whoever wrote it
        dbs.mailbox.run("UPDATE cases SET urgent = 2 WHERE id = ?", (alone,))
    assert late_on(dbs, made, 100) == (1, True)


def test_the_days_of_its_topic_hold_and_a_second_message_moves_an_urgent_case_nowhere(
    made: Installation, dbs: Files
) -> None:
    with dbs.shown.writing():
        dbs.shown.run("INSERT INTO settings (name, value) VALUES ('answer_days', '{\"safety\": 5}')")
    made.add_case(dbs.mailbox)
    assert first_days(dbs, made) == (6, 11)
    case_id = made.add_case(dbs.mailbox, urgent=2).row.id
    with dbs.mailbox.writing():
        messages.note_visitor_wrote(dbs.mailbox, case_id, TODAY + 1)
    assert late_on(dbs, made, 2).cases == 1


def test_a_promise_goes_with_its_case(made: Installation, dbs: Files) -> None:
    case_id = made.add_case(dbs.mailbox).row.id
    with dbs.desk.writing():
        put_promise(dbs.desk, Promise(case_id, TODAY, TODAY + 1))
    forget_cases(*dbs, [case_id])
    assert promises(dbs.desk) == []
