"""A case: stored once, found by its code, its messages numbered inside the transaction."""

from typing import Any

import pytest

from onion_app.errors import AlreadyWithdrawn, EpochPassed, NothingHere
from onion_app.vault.database import Database
from onion_app.vault.mailbox import case_keys, lifetime, messages
from onion_app.vault.mailbox.records import AUTHOR, Case
from tests.vault.made import TODAY, Installation, new_case, next_wraps, sealing, some_id, some_key, write


def test_the_same_case_sent_twice_is_stored_once(made: Installation, mailbox: Database) -> None:
    new = new_case(made.circle_id)
    assert lifetime.add_case(mailbox, new)
    assert not lifetime.add_case(mailbox, new)
    assert [message.sealed for message in messages.messages_of(mailbox, new.id)] == [new.messages[0].sealed]
    assert lifetime.find_by_tag(mailbox, new.lookup_tag or b"").id == new.id


def test_a_case_is_stored_whole_or_not_at_all(made: Installation, mailbox: Database) -> None:
    new = new_case(made.circle_id)
    broken = new_case(made.circle_id, id=new.id, wraps=(*new.wraps, new.wraps[0]))
    with pytest.raises(Exception, match="UNIQUE"):
        lifetime.add_case(mailbox, broken)
    with pytest.raises(NothingHere):
        lifetime.read_case(mailbox, new.id)
    assert mailbox.row("SELECT count(*) FROM case_keys") == (0,)


def test_a_case_that_was_erased_is_not_stored_again(made: Installation, mailbox: Database) -> None:
    new = made.add_case(mailbox)
    lifetime.erase_case(mailbox, new.id, TODAY)
    with pytest.raises(AlreadyWithdrawn):
        lifetime.add_case(mailbox, new)


def test_nothing_is_under_another_code_or_id(mailbox: Database, case: Case) -> None:
    with pytest.raises(NothingHere):
        lifetime.find_by_tag(mailbox, some_key())
    for ask in (lifetime.read_case, case_keys.author_key_of, lifetime.mark_read, case_keys.end_return):
        with pytest.raises(NothingHere):
            ask(mailbox, some_id())
    with pytest.raises(NothingHere):
        lifetime.set_state(mailbox, some_id(), "closed")
    assert messages.messages_of(mailbox, some_id()) == []
    assert case_keys.wraps_of(mailbox, case.id, some_id()) == []


def test_numbers_follow_each_other_and_are_known_to_the_seal(mailbox: Database, case: Case) -> None:
    written = [write(mailbox, case) for _ in range(3)]
    assert [message.number for message in written] == [2, 3, 4]
    assert [message.sealed for message in written] == [sealing()(number) for number in (2, 3, 4)]
    assert messages.messages_of(mailbox, case.id)[1:] == written


def test_the_same_message_sent_twice_is_stored_once(mailbox: Database, case: Case) -> None:
    message_id = some_id()
    first, second = (write(mailbox, case, message_id=message_id, seal=sealing(content)) for content in (b"one", b"two"))
    assert first == second
    assert len(messages.messages_of(mailbox, case.id)) == 2


def test_a_seal_that_fails_stores_nothing(mailbox: Database, case: Case) -> None:
    def broken(_number: int) -> bytes:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write(mailbox, case, seal=broken, epoch=2, new_wraps=next_wraps(mailbox, case))
    assert len(messages.messages_of(mailbox, case.id)) == 1
    assert case_keys.wraps_of(mailbox, case.id, AUTHOR)[0].epoch == 1


def test_the_record_of_the_last_opening_is_replaced_each_time(mailbox: Database, case: Case) -> None:
    ids, held = [some_id(), some_id()], case_keys.all_wraps(mailbox, case.id)
    for message_id in ids:
        messages.put_opened(mailbox, case.id, message_id, epoch=1, expected_wraps=held, seal=sealing())
    zero = [message for message in messages.messages_of(mailbox, case.id) if message.number == 0]
    assert [message.id for message in zero] == ids[1:]
    assert zero[0].author == "site"
    assert write(mailbox, case).number == 2
    with pytest.raises(EpochPassed):
        messages.put_opened(mailbox, case.id, some_id(), epoch=1, expected_wraps=held[:1], seal=sealing())
    with pytest.raises(NothingHere):
        messages.put_opened(mailbox, some_id(), some_id(), epoch=1, expected_wraps=held, seal=sealing())


def test_states_follow_who_wrote_last(mailbox: Database, case: Case) -> None:
    assert (case.state, case.unread) == ("new", True)
    lifetime.mark_read(mailbox, case.id)
    steps: list[tuple[Any, str, bool]] = [(None, "reading", False), ("circle", "answered", False)]
    steps += [("visitor", "new", True), ("circle", "answered", False), ("closed", "closed", False)]
    steps += [("site", "closed", False), ("visitor", "new", True)]
    for who, state, unread in steps:
        if who == "closed":
            lifetime.set_state(mailbox, case.id, "closed")
        elif who:
            write(mailbox, case, who)
        read = lifetime.read_case(mailbox, case.id)
        assert (read.state, read.unread) == (state, unread)


@pytest.mark.parametrize("state", ["asking", "ready", "published"])
def test_a_story_on_its_way_stays_there_while_people_write(mailbox: Database, case: Case, state: Any) -> None:
    lifetime.set_state(mailbox, case.id, state)
    write(mailbox, case, "circle")
    write(mailbox, case, "visitor")
    read = lifetime.read_case(mailbox, case.id)
    assert (read.state, read.unread) == (state, True)


def test_an_answer_does_not_hide_a_message_that_came_meanwhile(mailbox: Database, case: Case) -> None:
    write(mailbox, case, "visitor")
    write(mailbox, case, "circle", seen=1)
    assert lifetime.read_case(mailbox, case.id).unread
    write(mailbox, case, "circle", seen=3)
    assert not lifetime.read_case(mailbox, case.id).unread


def test_the_last_day_never_goes_back(mailbox: Database, case: Case) -> None:
    write(mailbox, case, day=TODAY + 3)
    write(mailbox, case, day=TODAY - 3)
    read = lifetime.read_case(mailbox, case.id)
    assert (read.received_day, read.last_day) == (TODAY, TODAY + 3)
