"""A case opens for who holds a wrap, and no epoch begins or ends that somebody would lose."""

import pytest

from onion_app.errors import EpochPassed, NothingHere
from onion_app.vault import cases, upkeep
from onion_app.vault.cases import AUTHOR, Case
from onion_app.vault.database import Database
from tests.vault.made import Installation, new_case, next_wraps, some_id, some_key, wrap, write


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


def test_a_circle_re_keys_what_it_opens_and_leaves_the_rest_as_it_is(mailbox: Database, case: Case) -> None:
    former = cases.wraps_of(mailbox, case.id, case.circle_id)[0]
    write(mailbox, case, epoch=2, new_wraps=next_wraps(mailbox, case))
    new = wrap(2, case.circle_id)
    upkeep.rewrap(mailbox, case.id, case.circle_id, [new], next_wraps(mailbox, case, 3))
    assert cases.wraps_of(mailbox, case.id, case.circle_id)[1:] == [new, former]
    upkeep.set_aside(mailbox, case.id, case.circle_id, [1])
    assert upkeep.sealed_to(mailbox, case.circle_id, former.recipient, b"") == []
    assert cases.wraps_of(mailbox, case.id, case.circle_id)[2].wrap == former.wrap
    with pytest.raises(EpochPassed):  # but to another circle it goes as a whole
        upkeep.rewrap(mailbox, case.id, some_id(), [new], next_wraps(mailbox, case, 4))


def test_cases_sealed_to_a_key_are_found_until_they_are_wrapped_again(made: Installation, mailbox: Database) -> None:
    present, former = some_id(), some_id()
    ids = set()
    for recipient in (present, former, former):
        new = new_case(made.circle_id, wraps=(wrap(1, made.circle_id, recipient), wrap(1, AUTHOR)))
        cases.add_case(mailbox, new)
        if recipient == former:
            ids.add(new.id)
    assert upkeep.sealed_to(mailbox, made.circle_id, former, b"") == sorted(ids)
    assert upkeep.sealed_to(mailbox, made.circle_id, former, min(ids)) == [max(ids)]
    assert upkeep.sealed_to(mailbox, some_id(), former, b"") == []
    found = cases.read_case(mailbox, min(ids))
    upkeep.rewrap(mailbox, found.id, made.circle_id, [wrap(1, made.circle_id, present)], next_wraps(mailbox, found))
    assert upkeep.sealed_to(mailbox, made.circle_id, former, b"") == [max(ids)]
