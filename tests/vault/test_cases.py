"""A case: stored once, numbered inside the transaction, found by its code, opened by who holds a wrap."""

from typing import Any

import pytest

from onion_app.errors import AlreadyWithdrawn, DamagedFile, EpochPassed, NothingHere, Paused
from onion_app.vault import cases, settings, truth, upkeep
from onion_app.vault.cases import AUTHOR, Case
from onion_app.vault.database import Database
from tests.vault.made import TODAY, Installation, new_case, sealing, some_id, some_key, wrap


def write(db: Database, case: Case, author: Any = "visitor", **changed: Any) -> cases.Message:
    given: dict[str, Any] = {"author": author, "epoch": 1, "new_wraps": (), "seal": sealing(), "day": TODAY}
    return cases.append(db, case.id, some_id(), **(given | changed))


def test_the_same_case_sent_twice_is_stored_once(made: Installation, mailbox: Database) -> None:
    new = new_case(made.circle_id)
    cases.add_case(mailbox, new)
    cases.add_case(mailbox, new)
    assert [message.sealed for message in cases.messages_of(mailbox, new.id)] == [new.messages[0].sealed]
    assert cases.find_by_tag(mailbox, new.lookup_tag or b"").id == new.id


def test_a_case_is_stored_whole_or_not_at_all(made: Installation, mailbox: Database) -> None:
    new = new_case(made.circle_id)
    broken = new_case(made.circle_id, id=new.id, wraps=(*new.wraps, new.wraps[0]))
    with pytest.raises(Exception, match="UNIQUE"):
        cases.add_case(mailbox, broken)
    with pytest.raises(NothingHere):
        cases.read_case(mailbox, new.id)
    assert mailbox.row("SELECT count(*) FROM case_keys") == (0,)


def test_a_case_that_was_erased_is_not_stored_again(made: Installation, mailbox: Database) -> None:
    new = new_case(made.circle_id)
    cases.add_case(mailbox, new)
    cases.erase_case(mailbox, new.id, TODAY)
    with pytest.raises(AlreadyWithdrawn):
        cases.add_case(mailbox, new)


def test_nothing_is_under_another_code_or_id(mailbox: Database, case: Case) -> None:
    with pytest.raises(NothingHere):
        cases.find_by_tag(mailbox, some_key())
    for ask in (cases.read_case, cases.author_key_of, cases.mark_read, cases.close_door):
        with pytest.raises(NothingHere):
            ask(mailbox, some_id())
    with pytest.raises(NothingHere):
        cases.set_state(mailbox, some_id(), "closed")
    assert cases.messages_of(mailbox, some_id()) == []
    assert cases.wraps_of(mailbox, case.id, some_id()) == []


def test_numbers_follow_each_other_and_are_known_to_the_seal(mailbox: Database, case: Case) -> None:
    written = [write(mailbox, case) for _ in range(3)]
    assert [message.number for message in written] == [2, 3, 4]
    assert [message.sealed for message in written] == [sealing()(number) for number in (2, 3, 4)]
    assert cases.messages_of(mailbox, case.id)[1:] == written


def test_the_same_message_sent_twice_is_stored_once(mailbox: Database, case: Case) -> None:
    message_id = some_id()
    first, second = (
        cases.append(
            mailbox, case.id, message_id, author="visitor", epoch=1, new_wraps=(), seal=sealing(content), day=TODAY
        )
        for content in (b"one", b"two")
    )
    assert first == second
    assert len(cases.messages_of(mailbox, case.id)) == 2


def test_a_seal_that_fails_stores_nothing(mailbox: Database, case: Case) -> None:
    def broken(_number: int) -> bytes:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write(mailbox, case, seal=broken, epoch=2, new_wraps=next_wraps(mailbox, case))
    assert len(cases.messages_of(mailbox, case.id)) == 1
    assert cases.wraps_of(mailbox, case.id, AUTHOR)[0].epoch == 1


def next_wraps(db: Database, case: Case, epoch: int = 2) -> tuple[cases.Wrap, cases.Wrap]:
    author = cases.wraps_of(db, case.id, AUTHOR)[0]
    return wrap(epoch, case.circle_id), wrap(epoch, AUTHOR, author.recipient)


def test_a_new_epoch_comes_with_its_wraps_and_is_then_the_only_one_to_write_in(mailbox: Database, case: Case) -> None:
    write(mailbox, case, epoch=2, new_wraps=next_wraps(mailbox, case))
    assert [held.epoch for held in cases.wraps_of(mailbox, case.id, AUTHOR)] == [2, 1]
    for epoch in (1, 3):
        with pytest.raises(EpochPassed):
            write(mailbox, case, epoch=epoch)
    assert write(mailbox, case, epoch=2).number == 3


def test_of_two_who_begin_the_same_epoch_one_is_told_to_begin_again(mailbox: Database, case: Case) -> None:
    mine, theirs = next_wraps(mailbox, case), next_wraps(mailbox, case)
    write(mailbox, case, epoch=2, new_wraps=mine)
    with pytest.raises(EpochPassed):
        write(mailbox, case, epoch=2, new_wraps=theirs)
    assert cases.wraps_of(mailbox, case.id, case.circle_id)[0] == mine[0]


@pytest.mark.parametrize("who", ["nobody", "the author only", "the circle only", "another circle", "the old code"])
def test_an_epoch_that_somebody_could_not_open_is_not_begun(mailbox: Database, case: Case, who: str) -> None:
    circle, author = next_wraps(mailbox, case)
    wraps = {
        "nobody": (wrap(2, some_id()),),
        "the author only": (author,),
        "the circle only": (circle,),
        "another circle": (wrap(2, some_id()), author),
        "the old code": (circle, wrap(2, AUTHOR, some_id())),
    }[who]
    with pytest.raises(EpochPassed):
        write(mailbox, case, epoch=2, new_wraps=wraps)
    assert len(cases.messages_of(mailbox, case.id)) == 1


def test_the_record_of_the_last_opening_is_replaced_each_time(mailbox: Database, case: Case) -> None:
    ids = [some_id(), some_id()]
    for message_id in ids:
        cases.put_opened(mailbox, case.id, message_id, 1, sealing())
    zero = [message for message in cases.messages_of(mailbox, case.id) if message.number == 0]
    assert [message.id for message in zero] == ids[1:]
    assert zero[0].author == "site"
    assert write(mailbox, case).number == 2
    with pytest.raises(EpochPassed):
        cases.put_opened(mailbox, case.id, some_id(), 2, sealing())
    with pytest.raises(NothingHere):
        cases.put_opened(mailbox, some_id(), some_id(), 1, sealing())


def test_states_follow_who_wrote_last(mailbox: Database, case: Case) -> None:
    def now() -> tuple[str, bool]:
        read = cases.read_case(mailbox, case.id)
        return read.state, read.unread

    assert now() == ("new", True)
    cases.mark_read(mailbox, case.id)
    assert now() == ("reading", False)
    write(mailbox, case, "circle")
    assert now() == ("answered", False)
    write(mailbox, case, "visitor")
    assert now() == ("new", True)
    write(mailbox, case, "circle")
    assert now() == ("answered", False)
    cases.set_state(mailbox, case.id, "closed")
    write(mailbox, case, "site")
    assert now() == ("closed", False)
    write(mailbox, case, "visitor")
    assert now() == ("new", True)


@pytest.mark.parametrize("state", ["asking", "ready", "published"])
def test_a_story_on_its_way_stays_there_while_people_write(mailbox: Database, case: Case, state: Any) -> None:
    cases.set_state(mailbox, case.id, state)
    write(mailbox, case, "circle")
    write(mailbox, case, "visitor")
    read = cases.read_case(mailbox, case.id)
    assert (read.state, read.unread) == (state, True)


def test_an_answer_does_not_hide_a_message_that_came_meanwhile(mailbox: Database, case: Case) -> None:
    write(mailbox, case, "visitor")
    write(mailbox, case, "circle", seen=1)
    assert cases.read_case(mailbox, case.id).unread
    write(mailbox, case, "circle", seen=3)
    assert not cases.read_case(mailbox, case.id).unread


def test_the_last_day_never_goes_back(mailbox: Database, case: Case) -> None:
    write(mailbox, case, day=TODAY + 3)
    write(mailbox, case, day=TODAY - 3)
    read = cases.read_case(mailbox, case.id)
    assert (read.received_day, read.last_day) == (TODAY, TODAY + 3)


def test_after_a_new_code_the_old_one_finds_and_opens_nothing(made: Installation, mailbox: Database) -> None:
    new = new_case(made.circle_id)
    cases.add_case(mailbox, new)
    case = cases.read_case(mailbox, new.id)
    write(mailbox, case, epoch=2, new_wraps=next_wraps(mailbox, case))
    before = {held.wrap for held in cases.wraps_of(mailbox, case.id, AUTHOR)}
    tag, key, mine = some_key(), some_key(), [wrap(1, AUTHOR), wrap(2, AUTHOR)]
    cases.change_code(mailbox, case.id, tag, key, mine)
    assert cases.find_by_tag(mailbox, tag).id == case.id
    assert cases.author_key_of(mailbox, case.id) == key
    assert cases.wraps_of(mailbox, case.id, AUTHOR) == mine[::-1]
    assert not before & {row[0] for row in mailbox.rows("SELECT wrap FROM case_keys")}
    assert (made.mailbox_folder / "mailbox.db-wal").stat().st_size == 0
    with pytest.raises(NothingHere):
        cases.find_by_tag(mailbox, new.lookup_tag or b"")


def test_a_new_code_that_would_lose_an_epoch_is_not_set(mailbox: Database, case: Case) -> None:
    write(mailbox, case, epoch=2, new_wraps=next_wraps(mailbox, case))
    for wraps in ([wrap(1, AUTHOR)], [wrap(1, AUTHOR), wrap(2, some_id())], []):
        with pytest.raises(EpochPassed):
            cases.change_code(mailbox, case.id, some_key(), some_key(), wraps)
    assert len(cases.wraps_of(mailbox, case.id, AUTHOR)) == 2


def test_a_closed_door_leaves_the_visitor_no_way_in_and_the_circle_its_own(
    made: Installation, mailbox: Database
) -> None:
    new = new_case(made.circle_id)
    cases.add_case(mailbox, new)
    cases.close_door(mailbox, new.id)
    assert cases.author_key_of(mailbox, new.id) is None
    assert cases.wraps_of(mailbox, new.id, AUTHOR) == []
    assert len(cases.wraps_of(mailbox, new.id, made.circle_id)) == 1
    assert (made.mailbox_folder / "mailbox.db-wal").stat().st_size == 0
    with pytest.raises(NothingHere):
        cases.find_by_tag(mailbox, new.lookup_tag or b"")
    with pytest.raises(NothingHere):
        cases.change_code(mailbox, new.id, some_key(), some_key(), [wrap(1, AUTHOR)])
    case = cases.read_case(mailbox, new.id)
    assert write(mailbox, case, "circle", epoch=2, new_wraps=[wrap(2, made.circle_id)]).number == 2


def test_a_case_without_return_has_no_tag_and_many_of_them_can_be_stored(made: Installation, mailbox: Database) -> None:
    for _ in range(2):
        new = new_case(made.circle_id, lookup_tag=None, author_key=None, wraps=(wrap(1, made.circle_id),))
        cases.add_case(mailbox, new)
        assert cases.author_key_of(mailbox, new.id) is None


def test_a_handed_over_case_opens_for_its_new_circle_only(mailbox: Database, case: Case) -> None:
    other = some_id()
    given = [wrap(1, other)]
    author = cases.wraps_of(mailbox, case.id, AUTHOR)[0]
    upkeep.rewrap(mailbox, case.id, other, given, [wrap(2, other), wrap(2, AUTHOR, author.recipient)])
    assert cases.read_case(mailbox, case.id).circle_id == other
    assert cases.wraps_of(mailbox, case.id, case.circle_id) == []
    assert [held.epoch for held in cases.wraps_of(mailbox, case.id, other)] == [2, 1]
    assert [held.epoch for held in cases.wraps_of(mailbox, case.id, AUTHOR)] == [2, 1]
    with pytest.raises(EpochPassed):
        write(mailbox, case, epoch=1)


def test_a_hand_over_that_loses_an_epoch_or_begins_none_changes_nothing(mailbox: Database, case: Case) -> None:
    other = some_id()
    author = cases.wraps_of(mailbox, case.id, AUTHOR)[0]
    following = [wrap(2, other), wrap(2, AUTHOR, author.recipient)]
    for wraps, next_ones in (([], following), ([wrap(1, other)], []), ([wrap(1, some_id())], following)):
        with pytest.raises(EpochPassed):
            upkeep.rewrap(mailbox, case.id, other, wraps, next_ones)
    assert cases.read_case(mailbox, case.id) == case
    with pytest.raises(NothingHere):
        upkeep.rewrap(mailbox, some_id(), other, [], [])


def test_cases_sealed_to_a_former_key_are_found_until_they_are_wrapped_again(
    made: Installation, mailbox: Database
) -> None:
    present, former = some_id(), some_id()
    ids = set()
    for recipient in (present, former, former):
        new = new_case(made.circle_id, wraps=(wrap(1, made.circle_id, recipient), wrap(1, AUTHOR)))
        cases.add_case(mailbox, new)
        if recipient == former:
            ids.add(new.id)
    assert set(upkeep.stale(mailbox, made.circle_id, present)) == ids
    assert upkeep.stale(mailbox, some_id(), present) == []


def test_retention_is_counted_from_the_last_message_and_spread_by_a_fifth(
    made: Installation, mailbox: Database
) -> None:
    new = new_case(made.circle_id, day=1000)
    cases.add_case(mailbox, new)
    case = cases.read_case(mailbox, new.id)
    day = upkeep.erased_on(case, 180)
    assert 1180 <= day < 1216
    assert upkeep.due(mailbox, day - 1, 180) == []
    assert upkeep.due(mailbox, day, 180) == [case]
    cases.set_state(mailbox, case.id, "published")
    assert upkeep.due(mailbox, day, 180) == []


def test_spreads_differ(made: Installation, mailbox: Database) -> None:
    for _ in range(20):
        cases.add_case(mailbox, new_case(made.circle_id))
    assert len(mailbox.rows("SELECT DISTINCT spread FROM cases")) > 10


def add_circle(db: Database, topics: str, languages: str, *, coordinators: bool = False) -> bytes:
    circle_id = some_id()
    with db.writing():
        if coordinators:
            db.run("UPDATE circles SET coordinators = 0")
        db.run(
            "INSERT INTO circles (id, public_key, topics, languages, catch_all, coordinators) "
            "VALUES (?, ?, ?, ?, 0, ?)",
            (circle_id, some_key(), topics, languages, coordinators),
        )
    return circle_id


def test_words_go_to_topic_and_language_then_topic_then_the_catch_all(made: Installation, mailbox: Database) -> None:
    arabic = add_circle(mailbox, '["law","health"]', '["ar"]')
    sorani = add_circle(mailbox, '["law"]', '["ckb"]')
    coordinators = add_circle(mailbox, "[]", "[]", coordinators=True)

    def chosen(topic: Any, answer_in: Any) -> set[bytes]:
        return {cases.writing_circle(mailbox, topic, answer_in).id for _ in range(40)}

    assert chosen("law", "ar") == {arabic}
    assert chosen("law", "ckb") == {sorani}
    assert chosen("law", "any") == {arabic, sorani}
    assert chosen("law", "kmr") == {arabic, sorani}
    assert chosen("health", "kmr") == {arabic}
    assert chosen("talk", "ar") == {made.circle_id}
    assert chosen("testimony", "any") == {made.circle_id}
    assert chosen("story", "ar") == {coordinators}
    assert chosen("answer", "ckb") == {coordinators}
    assert cases.writing_circle(mailbox, "law", "ar") == cases.circle_key(mailbox, arabic)


def test_writing_is_paused_by_the_setting_and_until_the_catch_all_has_a_key(
    made: Installation, mailbox: Database, desk: Database
) -> None:
    with desk.writing():
        settings.put(desk, "paused", value=True)
    with mailbox.writing():
        truth.copy_settings(mailbox, desk)
    with pytest.raises(Paused):
        cases.writing_circle(mailbox, "law", "ar")
    with desk.writing():
        settings.put(desk, "paused", value=False)
    with mailbox.writing():
        truth.copy_settings(mailbox, desk)
        mailbox.run("DELETE FROM circles WHERE id = ?", (made.circle_id,))
    with pytest.raises(Paused):
        cases.writing_circle(mailbox, "law", "ar")
    with pytest.raises(NothingHere):
        cases.circle_key(mailbox, made.circle_id)


def test_counts_and_queues_show_the_urgent_and_the_oldest_first(made: Installation, mailbox: Database) -> None:
    facts = [(0, 5), (1, 3), (2, 9), (2, 7), (1, 1), (0, 1)]
    for urgent, day in facts:
        cases.add_case(mailbox, new_case(made.circle_id, urgent=urgent, day=day))
    cases.add_case(mailbox, new_case(some_id(), urgent=2, day=0))
    queue = cases.queue(mailbox, made.circle_id, "unread", 0)
    assert [(case.urgent, case.last_day) for case in queue] == [(2, 7), (2, 9), (1, 1), (1, 3), (0, 1), (0, 5)]
    assert cases.queue(mailbox, made.circle_id, "new", 0) == queue
    assert cases.counts(mailbox, made.circle_id) == cases.Counts(unread=6, urgent=2, oldest_day=1)
    for case in queue[2:]:
        cases.mark_read(mailbox, case.id)
        cases.set_state(mailbox, case.id, "answered")
    cases.mark_read(mailbox, queue[0].id)
    assert cases.counts(mailbox, made.circle_id) == cases.Counts(unread=1, urgent=2, oldest_day=7)
    assert [case.id for case in cases.queue(mailbox, made.circle_id, "reading", 0)] == [queue[0].id]
    assert cases.counts(mailbox, some_id()) == cases.Counts(unread=0, urgent=0, oldest_day=None)


def test_a_queue_has_25_to_a_page(made: Installation, mailbox: Database) -> None:
    for _ in range(27):
        cases.add_case(mailbox, new_case(made.circle_id))
    pages = [cases.queue(mailbox, made.circle_id, "unread", page) for page in range(3)]
    assert [len(page) for page in pages] == [25, 2, 0]
    assert len({case.id for page in pages for case in page}) == 27


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE cases SET state = '<b>'",
        "UPDATE cases SET last_day = 99999999999",
        "UPDATE cases SET urgent = 7",
        "UPDATE cases SET circle_id = x'00'",
        "UPDATE cases SET circle_id = 'sixteen letters.'",
        "UPDATE cases SET unread = 0.5",
        "UPDATE cases SET received_day = 'today'",
    ],
)
def test_a_row_that_this_program_never_wrote_is_named_and_not_shown(
    made: Installation, mailbox: Database, case: Case, tampering: str
) -> None:
    with made.hostile_past_strict() as link:
        link.execute(tampering)
    with pytest.raises(DamagedFile):
        cases.read_case(mailbox, case.id)


@pytest.mark.parametrize("topics", ["law", "[1]", "{}", "[" * 100_000])
def test_a_circle_with_unreadable_topics_is_named(made: Installation, mailbox: Database, topics: str) -> None:
    with made.hostile() as link:
        link.execute("UPDATE circles SET topics = ?", (topics,))
    with pytest.raises(DamagedFile):
        cases.writing_circle(mailbox, "law", "ar")
