"""A case opens for who holds a wrap, and no epoch begins or ends that somebody would lose."""

from typing import Any

import pytest

from onion_app.errors import EpochPassed, NothingHere
from onion_app.vault.database import Database
from onion_app.vault.mailbox import case_keys, lifetime, messages
from onion_app.vault.mailbox.records import AUTHOR, Case, Wrap
from tests.vault.made import Installation, next_wraps, some_id, some_key, wrap, write


def rekey(mailbox: Database, case: Case, circle_id: bytes, wraps: list[Wrap], epoch: int = 2) -> None:
    held, begun = case_keys.all_wraps(mailbox, case.id), next_wraps(mailbox, case, epoch, circle_id)
    case_keys.rewrap(mailbox, case.id, circle_id, wraps=wraps, new_wraps=begun, expected_wraps=held)


def set_code(mailbox: Database, case_id: bytes, held: list[Wrap], wraps: list[Wrap], **changed: Any) -> None:
    given: dict[str, Any] = {"tag": some_key(), "author_key": some_key(), "new_wraps": ()} | changed
    case_keys.change_code(mailbox, case_id, wraps=wraps, expected_wraps=held, **given)


def test_a_new_epoch_comes_with_its_wraps(mailbox: Database, case: Case) -> None:
    write(mailbox, case, epoch=2, new_wraps=next_wraps(mailbox, case))
    assert [held.epoch for held in case_keys.wraps_of(mailbox, case.id, AUTHOR)] == [2, 1]
    assert write(mailbox, case, epoch=2).number == 3


def test_of_two_who_begin_the_same_epoch_one_is_told_to_begin_again(mailbox: Database, case: Case) -> None:
    mine, theirs = next_wraps(mailbox, case), next_wraps(mailbox, case)
    held = case_keys.all_wraps(mailbox, case.id)
    write(mailbox, case, epoch=2, new_wraps=mine)
    for late in ({"epoch": 2, "new_wraps": theirs}, {"epoch": 1}):
        with pytest.raises(EpochPassed):
            write(mailbox, case, expected_wraps=held, **late)
    assert case_keys.wraps_of(mailbox, case.id, case.circle_id)[0] == mine[0]


def test_an_epoch_that_somebody_could_not_open_is_not_begun(mailbox: Database, case: Case) -> None:
    circle, author = next_wraps(mailbox, case)
    two_circles, two_epochs = (circle, wrap(2, some_id()), author), (circle, wrap(3, AUTHOR, author.recipient))
    for wraps in ((author,), two_circles, two_epochs, next_wraps(mailbox, case, 1)):
        with pytest.raises(EpochPassed):
            write(mailbox, case, epoch=2, new_wraps=wraps)
    assert len(messages.messages_of(mailbox, case.id)) == 1


def test_what_is_planted_among_the_wraps_takes_no_number_from_an_epoch(made: Installation, case: Case) -> None:
    insert = "INSERT INTO case_keys (case_id, epoch, holder, recipient, wrap) VALUES (?, ?, ?, ?, ?)"
    with made.hostile() as link:
        link.execute(insert, (case.id, 2, AUTHOR, b"short", b"x"))  # no function of ours stores such a row
        link.execute(insert, (case.id, 2**63 - 1, AUTHOR, some_id(), b"x"))
        link.execute(insert, (case.id, 3, AUTHOR, some_id(), b"x"))
    mailbox = made.mailbox()
    held = case_keys.all_wraps(mailbox, case.id)
    assert [wrap.epoch for wrap in held] == [3, 1, 1]
    assert [case_keys.next_number(held, after) for after in (1, 2, 3)] == [2, 4, 4]
    with pytest.raises(EpochPassed):  # what stood above the last number would be found by nobody
        case_keys.next_number(held, 2**31 - 1)
    following = [wrap(2, case.circle_id), wrap(2, AUTHOR)]
    write(mailbox, case, epoch=2, new_wraps=following)
    assert following[1] in case_keys.wraps_of(mailbox, case.id, AUTHOR)


def test_after_a_new_code_the_old_one_finds_and_opens_nothing(made: Installation, mailbox: Database) -> None:
    new = made.add_case(mailbox)
    case = lifetime.read_case(mailbox, new.id)
    write(mailbox, case, epoch=2, new_wraps=next_wraps(mailbox, case))
    before = {held.wrap for held in case_keys.wraps_of(mailbox, case.id, AUTHOR)}
    tag, key, mine = some_key(), some_key(), [wrap(1, AUTHOR), wrap(2, AUTHOR)]
    begun = [wrap(3, AUTHOR), wrap(3, made.circle_id)]
    set_code(mailbox, case.id, case_keys.all_wraps(mailbox, case.id), mine, new_wraps=begun, tag=tag, author_key=key)
    assert lifetime.find_by_tag(mailbox, tag).id == case.id
    assert case_keys.author_key_of(mailbox, case.id) == key
    assert case_keys.wraps_of(mailbox, case.id, AUTHOR) == [begun[0], *mine[::-1]]
    assert case_keys.wraps_of(mailbox, case.id, made.circle_id)[0] == begun[1]
    assert not before & {row[0] for row in mailbox.rows("SELECT wrap FROM case_keys")}
    assert made.log() == 0
    with pytest.raises(NothingHere):
        lifetime.find_by_tag(mailbox, new.lookup_tag or b"")


def test_a_new_code_that_would_lose_an_epoch_is_not_set(mailbox: Database, case: Case) -> None:
    held = case_keys.all_wraps(mailbox, case.id)
    write(mailbox, case, epoch=2, new_wraps=next_wraps(mailbox, case))
    tag = some_key()
    with pytest.raises(EpochPassed):
        set_code(mailbox, case.id, held, [wrap(1, AUTHOR)], tag=tag)
    with pytest.raises(NothingHere):
        lifetime.find_by_tag(mailbox, tag)
    assert len(case_keys.wraps_of(mailbox, case.id, AUTHOR)) == 2


def test_a_closed_door_leaves_the_visitor_no_way_in_and_the_circle_its_own(
    made: Installation, mailbox: Database
) -> None:
    new = made.add_case(mailbox)
    before = case_keys.all_wraps(mailbox, new.id)
    case_keys.end_return(mailbox, new.id)
    assert case_keys.author_key_of(mailbox, new.id) is None
    assert case_keys.wraps_of(mailbox, new.id, AUTHOR) == []
    assert len(case_keys.wraps_of(mailbox, new.id, made.circle_id)) == 1
    assert made.log() == 0
    with pytest.raises(NothingHere):
        lifetime.find_by_tag(mailbox, new.lookup_tag or b"")
    with pytest.raises(EpochPassed):  # whoever stood in it when it was closed
        set_code(mailbox, new.id, before, [wrap(1, AUTHOR)])
    case = lifetime.read_case(mailbox, new.id)
    assert write(mailbox, case, "circle", epoch=2, new_wraps=[wrap(2, made.circle_id)]).number == 2


def test_a_case_without_return_has_no_tag_and_many_of_them_can_be_stored(made: Installation, mailbox: Database) -> None:
    for _ in range(2):
        new = made.add_case(mailbox, lookup_tag=None, author_key=None, wraps=(wrap(1, made.circle_id),))
        assert case_keys.author_key_of(mailbox, new.id) is None


def test_a_handed_over_case_opens_for_its_new_circle_only(mailbox: Database, case: Case) -> None:
    other, held = some_id(), case_keys.all_wraps(mailbox, case.id)
    rekey(mailbox, case, other, [wrap(1, other)])
    assert lifetime.read_case(mailbox, case.id).circle_id == other
    assert case_keys.wraps_of(mailbox, case.id, case.circle_id) == []
    assert [held.epoch for held in case_keys.wraps_of(mailbox, case.id, other)] == [2, 1]
    assert [held.epoch for held in case_keys.wraps_of(mailbox, case.id, AUTHOR)] == [2, 1]
    with pytest.raises(EpochPassed):
        write(mailbox, case, epoch=1, expected_wraps=held)


def test_a_hand_over_that_loses_an_epoch_or_begins_none_changes_nothing(mailbox: Database, case: Case) -> None:
    other, held = some_id(), case_keys.all_wraps(mailbox, case.id)
    for wraps in ([], [wrap(1, some_id())]):
        with pytest.raises(EpochPassed):
            rekey(mailbox, case, other, wraps)
    with pytest.raises(EpochPassed):
        case_keys.rewrap(mailbox, case.id, other, wraps=[wrap(1, other)], new_wraps=[], expected_wraps=held)
    assert lifetime.read_case(mailbox, case.id) == case
    with pytest.raises(NothingHere):
        case_keys.rewrap(mailbox, some_id(), other, wraps=[], new_wraps=[], expected_wraps=[])


def test_a_circle_re_keys_what_it_opens_and_leaves_the_rest_as_it_is(mailbox: Database, case: Case) -> None:
    former = case_keys.wraps_of(mailbox, case.id, case.circle_id)[0]
    write(mailbox, case, epoch=2, new_wraps=next_wraps(mailbox, case))
    new = wrap(2, case.circle_id)
    rekey(mailbox, case, case.circle_id, [new], 3)
    assert case_keys.wraps_of(mailbox, case.id, case.circle_id)[1:] == [new, former]
    case_keys.set_aside(mailbox, case.id, case.circle_id, {former.recipient, new.recipient}, but={2})
    assert case_keys.sealed_to(mailbox, case.circle_id, former.recipient, b"") == []
    assert case_keys.wraps_of(mailbox, case.id, case.circle_id)[2].wrap == former.wrap
    with pytest.raises(EpochPassed):  # but to another circle it goes as a whole
        rekey(mailbox, case, some_id(), [new], 4)


def test_cases_sealed_to_a_key_are_found_until_they_are_wrapped_again(made: Installation, mailbox: Database) -> None:
    present, former = some_id(), some_id()
    ids = set()
    for recipient in (present, former, former):
        new = made.add_case(mailbox, wraps=(wrap(1, made.circle_id, recipient), wrap(1, AUTHOR)))
        if recipient == former:
            ids.add(new.id)
    assert case_keys.sealed_to(mailbox, made.circle_id, former, b"") == sorted(ids)
    assert case_keys.sealed_to(mailbox, made.circle_id, former, min(ids)) == [max(ids)]
    assert case_keys.sealed_to(mailbox, some_id(), former, b"") == []
    found = lifetime.read_case(mailbox, min(ids))
    rekey(mailbox, found, made.circle_id, [wrap(1, made.circle_id, present)])
    assert case_keys.sealed_to(mailbox, made.circle_id, former, b"") == [max(ids)]
