"""Where words go, what waits, until when it is kept; and no row is shown that this program never wrote."""

from typing import Any

import pytest

from onion_app.errors import DamagedFile, NothingHere, Paused
from onion_app.vault import truth
from onion_app.vault.database import Database
from onion_app.vault.mailbox import lifetime, messages, queues, records
from onion_app.vault.mailbox.records import Case
from onion_app.vault.shown import routing
from tests.vault.made import Installation, founded, some_id


def test_retention_is_counted_from_the_last_message_and_spread_by_a_fifth(
    made: Installation, mailbox: Database
) -> None:
    case = lifetime.read_case(mailbox, made.add_case(mailbox, day=1000).id)
    day = lifetime.erased_on(case, 180)
    assert 1180 <= day < 1216
    assert lifetime.due_cases(mailbox, day - 1, 180) == []
    assert lifetime.due_cases(mailbox, day, 180) == [case]
    lifetime.set_state(mailbox, case.id, "published")
    assert lifetime.due_cases(mailbox, day, 180) == []


def test_words_go_to_topic_and_language_then_topic_then_the_catch_all(
    made: Installation, mailbox: Database, desk: Database
) -> None:
    arabic = founded(desk, "arabic", topics=("law", "health"), languages=("ar",))[0].id
    sorani = founded(desk, "sorani", topics=("law",), languages=("ckb",))[0].id
    with desk.writing():
        desk.run("UPDATE circles SET coordinators = 0")
    coordinators = founded(desk, "coordinator", coordinators=True)[0].id
    with mailbox.writing():
        truth.copy_circles(mailbox, desk)

    def chosen(topic: Any, answer_in: Any) -> set[bytes]:
        return {routing.writing_circle(mailbox, topic, answer_in).id for _ in range(40)}

    assert chosen("law", "ar") == {arabic}
    assert chosen("law", "ckb") == {sorani}
    assert chosen("law", "any") == {arabic, sorani}
    assert chosen("law", "kmr") == {arabic, sorani}
    assert chosen("health", "kmr") == {arabic}
    assert chosen("talk", "ar") == {made.circle_id}
    assert chosen("testimony", "any") == {made.circle_id}
    assert chosen("story", "ar") == {coordinators}
    assert chosen("answer", "ckb") == {coordinators}
    assert routing.writing_circle(mailbox, "law", "ar") == routing.circle_key(mailbox, arabic)


def test_writing_is_paused_by_the_setting_and_until_the_catch_all_has_a_key(
    made: Installation, mailbox: Database, desk: Database
) -> None:
    truth.change_setting(mailbox, desk, "paused", value=True)
    with pytest.raises(Paused):
        routing.writing_circle(mailbox, "law", "ar")
    truth.change_setting(mailbox, desk, "paused", value=False)
    with mailbox.writing():
        mailbox.run("DELETE FROM circles WHERE id = ?", (made.circle_id,))
    with pytest.raises(Paused):
        routing.writing_circle(mailbox, "law", "ar")
    with pytest.raises(NothingHere):
        routing.circle_key(mailbox, made.circle_id)


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
        lifetime.mark_read(mailbox, case.id)
        lifetime.set_state(mailbox, case.id, "answered")
    lifetime.mark_read(mailbox, queue[0].id)
    assert queues.waiting_counts(mailbox, made.circle_id) == records.Counts(unread=1, urgent=2, oldest_day=7)
    assert [case.id for case in queues.queued_cases(mailbox, made.circle_id, "reading", 0)] == [queue[0].id]
    assert queues.waiting_counts(mailbox, some_id()) == records.Counts(unread=0, urgent=0, oldest_day=None)


def test_a_queue_has_25_to_a_page(made: Installation, mailbox: Database) -> None:
    for _ in range(27):
        made.add_case(mailbox)
    pages = [queues.queued_cases(mailbox, made.circle_id, "unread", page) for page in range(3)]
    assert [len(page) for page in pages] == [25, 2, 0]
    assert len({case.id for page in pages for case in page}) == 27


@pytest.mark.parametrize(
    "change",
    ["cases SET state = '<b>'", "cases SET last_day = 99999999999", "cases SET urgent = 7",
     "cases SET circle_id = x'00'", "cases SET circle_id = 'sixteen letters.'", "cases SET unread = 0.5",
     "cases SET received_day = 'today'", "messages SET sealed = 'words'", "messages SET id = 'sixteen letters.'",
     "messages SET epoch = -1", "messages SET author = x'00'"],
)  # fmt: skip
def test_a_row_that_this_program_never_wrote_is_named_and_not_shown(
    made: Installation, mailbox: Database, case: Case, change: str
) -> None:
    with made.hostile_past_strict() as link:
        link.execute(f"UPDATE {change}")
    read = lifetime.read_case if change.startswith("cases") else messages.messages_of
    with pytest.raises(DamagedFile):
        read(mailbox, case.id)


@pytest.mark.parametrize("topics", ["law", "[1]", "{}", "[" * 100_000])
def test_a_circle_with_unreadable_topics_is_named(made: Installation, mailbox: Database, topics: str) -> None:
    with made.hostile() as link:
        link.execute("UPDATE circles SET topics = ?", (topics,))
    with pytest.raises(DamagedFile):
        routing.writing_circle(mailbox, "law", "ar")
