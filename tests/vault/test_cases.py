"""A case: stored whole, found by its code, named by its keys; its messages numbered inside the transaction."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from onion_app.crypto.keys import new_keypair
from onion_app.crypto.sealing import MORE_BYTES, SIZES
from onion_app.errors import AwaitsAnswer, KeysChanged, NothingHere, TooMany
from onion_app.shapes import Row, Value
from onion_app.vault import forgetting
from onion_app.vault.database import Database
from onion_app.vault.mailbox import case_keys, lifetime, messages
from onion_app.vault.mailbox.records import NUMBERS, Case, CodeRow
from tests.vault.made import TODAY, Installation, key_row, mark_read, message, some_id, some_key, write


def test_a_case_is_found_by_its_code_by_its_mark_and_by_its_id(made: Installation, mailbox: Database) -> None:
    row = made.add_case(mailbox).row
    assert row.tag is not None
    of_code = CodeRow(row.id, row.mark, row.tag, row.box, row.stop)
    assert case_keys.find_case(mailbox, "tag", row.tag) == case_keys.find_case(mailbox, "mark", row.mark) == of_code
    assert case_keys.key_row(mailbox, row.id) == row
    assert row.is_named_rightly
    for find in (case_keys.key_row, lifetime.read_case):
        with pytest.raises(NothingHere):
            find(mailbox, some_key())
    with pytest.raises(NothingHere):
        case_keys.find_case(mailbox, "tag", some_key())
    with pytest.raises(NothingHere):
        lifetime.set_state(mailbox, some_id(), "closed")


def test_a_case_is_stored_whole_or_not_at_all(made: Installation, mailbox: Database) -> None:
    row = key_row(made.circle_id)
    with pytest.raises(KeysChanged):
        made.add_case(mailbox, row=row, messages=(message(row.id, 1), message(row.id, 1)))
    with pytest.raises(NothingHere):
        lifetime.read_case(mailbox, row.id)
    assert mailbox.row("SELECT count(*) FROM messages") == (0,)


def test_no_case_takes_the_place_of_another(made: Installation, mailbox: Database) -> None:
    there = made.add_case(mailbox).row
    for same in (
        there,
        replace(key_row(made.circle_id), mark=there.mark),
        replace(key_row(made.circle_id), tag=there.tag),
    ):
        with pytest.raises(KeysChanged):
            made.add_case(mailbox, row=same)
    assert case_keys.key_row(mailbox, there.id) == there
    assert mailbox.row("SELECT count(*) FROM messages") == (1,)


def test_cases_without_return_have_no_code_and_many_of_them_can_be_stored(
    made: Installation, mailbox: Database
) -> None:
    for _ in range(2):
        row = key_row(made.circle_id, with_return=False)
        assert case_keys.key_row(mailbox, made.add_case(mailbox, row=row).row.id).tag is None


CHANGED = {
    "another home": "home = randomblob(16)",
    "another mark": "mark = randomblob(32)",
    "another first key": "codes = randomblob(32)",
    "a key before the first": "codes = CAST(randomblob(32) || codes AS BLOB)",
    "no key": "codes = x''",
    "half a key": "codes = CAST(codes || x'00' AS BLOB)",
    "seventeen keys": "codes = CAST(codes || zeroblob(512) AS BLOB)",
    "a short mark": "mark = x'00'",
    "words for a tag": "tag = 'sixteen letters.'",
    "words for a box": "box = 'sealed'",
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=list(CHANGED))
def test_a_row_that_somebody_has_changed_is_named_and_never_computed_with(
    made: Installation, mailbox: Database, change: str
) -> None:
    row = made.add_case(mailbox).row
    with made.hostile_past_strict() as link:
        link.execute(f"UPDATE cases SET {change}")
    with pytest.raises(KeysChanged):
        case_keys.key_row(mailbox, row.id)
    other = made.add_case(mailbox).row
    assert case_keys.key_row(mailbox, other.id) == other


def test_a_planted_key_behind_the_first_does_not_change_the_name_and_is_for_the_caller_to_see(
    made: Installation, mailbox: Database
) -> None:
    row = made.add_case(mailbox).row
    planted = new_keypair().public
    with made.hostile() as link:
        link.execute("UPDATE cases SET codes = CAST(codes || ? AS BLOB)", (planted,))
    assert case_keys.key_row(mailbox, row.id).codes == (*row.codes, planted)


def test_the_authors_own_row_is_put_back_whatever_stands_there(made: Installation, mailbox: Database) -> None:
    row = made.add_case(mailbox).row
    with made.hostile() as link:
        link.execute("UPDATE cases SET home = randomblob(16), mark = randomblob(32), codes = randomblob(512)")
    other = made.add_case(mailbox).row
    with made.hostile() as link:  # and their mark stands in another row
        link.execute("UPDATE cases SET mark = ? WHERE id = ?", (row.mark, other.id))
    new = replace(row, tag=some_key())
    with mailbox.writing():
        case_keys.write_key_row(mailbox, new)
    assert case_keys.key_row(mailbox, row.id) == new
    with pytest.raises(NothingHere):
        case_keys.find_case(mailbox, "tag", row.tag or b"")
    with mailbox.writing():
        case_keys.write_key_row(mailbox, other)
    assert [case_keys.key_row(mailbox, each.id) for each in (new, other)] == [new, other]


def test_numbers_follow_each_other(mailbox: Database, case: Case) -> None:
    written = [write(mailbox, case.id) for _ in range(3)]
    assert [each.number for each in written] == [2, 3, 4]
    assert messages.messages_of(mailbox, case.id)[1:] == written
    assert messages.is_stored(mailbox, case.id, written[0].id)
    assert messages.is_stored_anywhere(mailbox, written[0].id)
    assert not messages.is_stored(mailbox, case.id, some_id())
    assert not messages.is_stored_anywhere(mailbox, some_id())


PLANTED = {
    "a wild number": "number = 4294967295",
    "a number past the last": "number = 10000",
    "a number before the first": "number = -1",
    "a wild turn": "turn = 256",
    "no generation": "generation = 0",
    "a wild generation": "generation = 65536",
    "seventeen codes": "codes = 17",
    "a number of codes in words": "codes = 'one'",
    "another author": "author = 'operator'",
    "letters that are no UTF-8": "author = CAST(x'ff' AS TEXT)",
    "words": "sealed = 'words'",
    "a short id": "id = x'00'",
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=list(PLANTED))
def test_a_planted_row_is_no_message_and_stops_no_case(
    made: Installation, mailbox: Database, case: Case, planted: str
) -> None:
    write(mailbox, case.id)
    with made.hostile_past_strict() as link:
        link.execute(f"UPDATE messages SET {planted} WHERE number = 2")
    assert [each.number for each in messages.messages_of(mailbox, case.id)] == [1]
    assert write(mailbox, case.id).number in (2, 3)
    assert len(messages.messages_of(mailbox, case.id)) == 2


def test_a_case_takes_as_many_messages_as_it_has_numbers(
    mailbox: Database, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "NUMBERS", NUMBERS[:5])
    numbers = [each.number for each in messages.messages_of(mailbox, case.id)]
    while len(numbers) < 4:
        numbers.append(write(mailbox, case.id).number)
    assert numbers == [1, 2, 3, 4]
    with pytest.raises(TooMany):
        write(mailbox, case.id)


def test_a_case_that_somebody_has_filled_is_never_read_whole(
    made: Installation, mailbox: Database, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = SIZES[-1] + MORE_BYTES
    monkeypatch.setattr(messages, "LARGEST", 20 * longest)
    with made.hostile() as link:
        plant = "INSERT INTO messages VALUES (?, ?, randomblob(16), 'visitor', 0, 1, 1, zeroblob(?))"
        link.executemany(plant, [(case.id, number, longest) for number in range(2, 100)])
        link.execute(plant, (case.id, 100, 10 * longest))
    assert [each.number for each in messages.messages_of(mailbox, case.id)] == list(range(1, 20 + 1))
    with pytest.raises(TooMany):
        write(mailbox, case.id)
    with made.hostile() as link:
        link.execute("DELETE FROM messages WHERE number BETWEEN 10 AND 99")
    assert [each.number for each in messages.messages_of(mailbox, case.id)] == list(range(1, 9 + 1))
    write(mailbox, case.id)


def test_a_message_planted_under_the_last_number_stops_no_case(mailbox: Database, case: Case) -> None:
    with mailbox.writing():
        messages.insert_message(mailbox, message(case.id, NUMBERS[-1]))
    assert [write(mailbox, case.id).number for _ in range(2)] == [2, 3]


def test_a_message_id_in_another_case_is_somebodys_doing(made: Installation, mailbox: Database, case: Case) -> None:
    elsewhere = made.add_case(mailbox).messages[0]
    with pytest.raises(KeysChanged):
        messages.is_stored(mailbox, case.id, elsewhere.id)


def test_the_record_of_the_last_visit_is_replaced_each_time(mailbox: Database, case: Case) -> None:
    records = [message(case.id, 0, author="site") for _ in range(2)]
    for each in records:
        with mailbox.writing():
            messages.insert_message(mailbox, each)
    assert messages.messages_of(mailbox, case.id)[0] == records[1]
    assert write(mailbox, case.id).number == 2


def test_who_reads_while_an_author_comes_back_misses_no_message(
    made: Installation, mailbox: Database, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest, elsewhere = write(mailbox, case.id), made.open("mailbox")
    fetch = Database._fetch

    def between_two_questions(db: Database, sql: str, params: Sequence[Value]) -> list[Row]:
        found = fetch(db, sql, params)
        if db is mailbox:
            with elsewhere.writing():
                messages.insert_message(elsewhere, message(case.id, 0, author="site"))
        return found

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Database, "_fetch", between_two_questions)
        assert messages.messages_of(mailbox, case.id)[-1] == newest
    assert len(messages.messages_of(mailbox, case.id)) == 3


def test_an_author_writes_so_often_and_no_oftener_until_the_circle_does(mailbox: Database, case: Case) -> None:
    for _ in range(2):
        messages.expect_few_waiting(mailbox, case.id, 3)
        write(mailbox, case.id)
    with pytest.raises(AwaitsAnswer):
        messages.expect_few_waiting(mailbox, case.id, 3)
    write(mailbox, case.id, "circle")
    messages.expect_few_waiting(mailbox, case.id, 3)


def test_states_follow_who_wrote_last(mailbox: Database, case: Case) -> None:
    assert (case.state, case.unread) == ("new", True)
    mark_read(mailbox, case.id)
    steps: list[tuple[Any, str, bool]] = [(None, "reading", False), ("circle", "answered", False)]
    steps += [("visitor", "new", True), ("circle", "answered", False), ("closed", "closed", False)]
    steps += [("site", "closed", False), ("visitor", "new", True)]
    for who, state, unread in steps:
        if who == "closed":
            lifetime.set_state(mailbox, case.id, "closed")
        elif who:
            write(mailbox, case.id, who)
        read = lifetime.read_case(mailbox, case.id)
        assert (read.state, read.unread) == (state, unread)


@pytest.mark.parametrize("state", ["asking", "ready", "published"])
def test_a_story_on_its_way_stays_there_while_people_write(mailbox: Database, case: Case, state: Any) -> None:
    lifetime.set_state(mailbox, case.id, state)
    write(mailbox, case.id, "circle")
    write(mailbox, case.id, "visitor")
    read = lifetime.read_case(mailbox, case.id)
    assert (read.state, read.unread) == (state, True)


def test_the_last_day_never_goes_back(mailbox: Database, case: Case) -> None:
    write(mailbox, case.id, day=TODAY + 3)
    write(mailbox, case.id, day=TODAY - 3)
    read = lifetime.read_case(mailbox, case.id)
    assert (read.received_day, read.last_day) == (TODAY, TODAY + 3)
    forgetting.bring_days_back(mailbox, TODAY + 1)
    assert lifetime.read_case(mailbox, case.id).last_day == TODAY + 1, "a day that has not come counts as today"


def test_a_case_that_is_handed_over_is_new_to_its_next_circle(made: Installation, mailbox: Database) -> None:
    case_id, other = made.add_case(mailbox).row.id, some_id()
    mark_read(mailbox, case_id)
    with mailbox.writing():
        lifetime.move_to_circle(mailbox, case_id, other)
    moved = lifetime.read_case(mailbox, case_id)
    assert (moved.circle_id, moved.state, moved.unread) == (other, "new", True)
    assert case_keys.key_row(mailbox, case_id).home == made.circle_id, "its name stays"


def test_a_row_that_this_vault_could_not_have_written_is_refused_by_its_table(
    made: Installation, mailbox: Database
) -> None:
    row = key_row(made.circle_id)
    for wrong in (
        replace(row, packed_codes=secrets.token_bytes(33)),
        replace(row, packed_codes=secrets.token_bytes(544)),
        replace(row, tag=None),
        replace(row, stop=None),
        replace(row, tag=None, stop=None),
        replace(row, box=bytes(88)),
        replace(row, stop=bytes(74)),
    ):
        with pytest.raises(Exception, match="CHECK"):
            made.add_case(mailbox, row=wrong)
    for bad in ({"turn": 256}, {"generation": 0}, {"codes": 17}, {"number": 10_000}, {"sealed": bytes(2090)}):
        with pytest.raises(Exception, match="CHECK"):
            made.add_case(mailbox, row=row, messages=(replace(message(row.id, 1), **bad),))
    assert mailbox.row("SELECT count(*) FROM cases") == (0,)
