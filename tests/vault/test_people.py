"""People come in by invitation, are let in by a member, and are shut out with new keys for those who stay."""

from dataclasses import replace

import pytest

from onion_app.errors import CircleChanged, HandleTaken, InvitationRefused, NothingHere, SecondFactorUsed
from onion_app.vault import people, worklog
from onion_app.vault.database import Database
from tests.vault.made import TODAY, Installation, grant, invitation, moderator, some_id, some_key


def enrol(made: Installation, desk: Database, handle: str = "second") -> people.Moderator:
    """Redeem an invitation to the circle, which has a key already."""
    mark, newcomer = some_key(), moderator(handle)
    people.add_invitation(desk, invitation(made.circle_id, made_by=made.moderator_id), mark)
    people.redeem(desk, mark, TODAY, newcomer, None)
    return people.read_moderator(desk, newcomer.id)


def let_in(made: Installation, desk: Database, newcomer: people.Moderator) -> None:
    key = people.read_circle(desk, made.circle_id).public_key or b""
    people.let_in(desk, newcomer.id, [grant(made.circle_id, 1, newcomer.id, key)])


def test_the_first_member_of_an_empty_circle_brings_its_key(made: Installation, desk: Database) -> None:
    circle = people.read_circle(desk, made.circle_id)
    first = people.find_moderator(desk, "first")
    assert (circle.generation, first.state) == (1, "active")
    assert [held.public_key for held in people.grants_of(desk, first.id, circle.id)] == [circle.public_key]
    assert people.circles_of(desk, first.id) == [circle] == people.circles(desk)
    assert people.members_of(desk, circle.id) == [first]
    assert people.open_invitations(desk) == []


def test_the_next_one_waits_and_holds_nothing_until_let_in(made: Installation, desk: Database) -> None:
    newcomer = enrol(made, desk)
    assert newcomer.state == "waiting"
    assert people.circles_of(desk, newcomer.id) == []
    assert people.waiting_in(desk, made.circle_id) == [newcomer]
    let_in(made, desk, newcomer)
    assert people.read_moderator(desk, newcomer.id).state == "active"
    assert people.waiting_in(desk, made.circle_id) == []
    assert {member.handle for member in people.members_of(desk, made.circle_id)} == {"first", "second"}


def test_an_invitation_works_once_until_its_last_day_and_not_when_cancelled(made: Installation, desk: Database) -> None:
    mark, plain = some_key(), invitation(made.circle_id, coordinator=True, made_by=made.moderator_id)
    people.add_invitation(desk, plain, mark)
    assert people.find_invitation(desk, mark, plain.expires_day) == plain
    assert people.open_invitations(desk) == [plain]
    for wrong_mark, day in ((some_key(), TODAY), (mark, plain.expires_day + 1)):
        with pytest.raises(InvitationRefused):
            people.find_invitation(desk, wrong_mark, day)
        with pytest.raises(InvitationRefused):
            people.redeem(desk, wrong_mark, day, moderator("late"), None)
    people.redeem(desk, mark, TODAY, moderator("in time"), None)
    assert people.find_moderator(desk, "in time").coordinator, "what one becomes stands in the invitation"
    with pytest.raises(InvitationRefused):
        people.redeem(desk, mark, TODAY, moderator("again"), None)
    with pytest.raises(InvitationRefused):
        people.cancel_invitation(desk, plain.id)

    other, mark = invitation(made.circle_id), some_key()
    people.add_invitation(desk, other, mark)
    people.cancel_invitation(desk, other.id)
    with pytest.raises(InvitationRefused):
        people.find_invitation(desk, mark, TODAY)


@pytest.mark.parametrize("handle", ["first", "First", "ﬁrst"])
def test_a_handle_that_could_be_taken_for_another_is_refused(made: Installation, desk: Database, handle: str) -> None:
    mark = some_key()
    people.add_invitation(desk, invitation(made.circle_id), mark)
    with pytest.raises(HandleTaken):
        people.redeem(desk, mark, TODAY, moderator(handle), None)
    people.find_invitation(desk, mark, TODAY)  # and the invitation is still good


def test_a_newcomer_brings_no_key_to_a_circle_that_has_one_nor_comes_without_to_one_that_has_none(
    made: Installation, desk: Database
) -> None:
    mark, newcomer = some_key(), moderator("second")
    people.add_invitation(desk, invitation(made.circle_id), mark)
    with pytest.raises(CircleChanged):
        people.redeem(desk, mark, TODAY, newcomer, grant(made.circle_id, 2, newcomer.id, some_key()))
    empty = people.Circle(some_id(), "empty", ("law",), ("ar", "ckb"), False, False, 0, None)  # noqa: FBT003
    people.add_circle(desk, empty)
    assert people.read_circle(desk, empty.id) == empty
    people.add_invitation(desk, invitation(empty.id), mark := some_key())
    with pytest.raises(CircleChanged):
        people.redeem(desk, mark, TODAY, newcomer, None)
    for wrong in (grant(empty.id, 2, newcomer.id, some_key()), grant(empty.id, 1, some_id(), some_key())):
        with pytest.raises(CircleChanged):
            people.redeem(desk, mark, TODAY, newcomer, wrong)
    with pytest.raises(NothingHere):
        people.find_moderator(desk, "second")


def test_letting_in_with_a_former_key_is_refused(made: Installation, desk: Database) -> None:
    newcomer = enrol(made, desk)
    renewed = some_key()
    second = enrol(made, desk, "third")
    let_in(made, desk, second)
    people.shut_out(desk, second.id, {made.circle_id: [grant(made.circle_id, 2, made.moderator_id, renewed)]})
    with pytest.raises(CircleChanged):
        let_in(made, desk, newcomer)
    both = [grant(made.circle_id, generation, newcomer.id, some_key()) for generation in (1, 2)]
    people.let_in(desk, newcomer.id, both)
    assert [held.generation for held in people.grants_of(desk, newcomer.id, made.circle_id)] == [2, 1]


def test_who_is_shut_out_holds_nothing_and_cannot_come_back(made: Installation, desk: Database) -> None:
    informer = enrol(made, desk)
    let_in(made, desk, informer)
    worklog.take(desk, case_id := some_id(), informer.id, TODAY)
    mark = some_key()
    people.add_invitation(desk, invitation(made.circle_id, made_by=informer.id), mark)
    renewed = some_key()

    people.shut_out(desk, informer.id, {made.circle_id: [grant(made.circle_id, 2, made.moderator_id, renewed)]})

    assert people.read_moderator(desk, informer.id).state == "out"
    assert people.grants_of(desk, informer.id, made.circle_id) == []
    assert people.circles_of(desk, informer.id) == []
    assert worklog.taken_by(desk, [case_id]) == {}
    circle = people.read_circle(desk, made.circle_id)
    assert (circle.generation, circle.public_key) == (2, renewed)
    first = people.grants_of(desk, made.moderator_id, made.circle_id)
    assert [held.generation for held in first] == [2, 1], "who stays still opens what came before"
    with pytest.raises(InvitationRefused):
        people.find_invitation(desk, mark, TODAY)
    with pytest.raises(NothingHere):
        people.let_in(desk, informer.id, [grant(made.circle_id, 2, informer.id, renewed)])
    assert (made.desk_folder / "desk.db-wal").stat().st_size == 0


def test_shutting_out_with_grants_for_the_wrong_members_changes_nothing(made: Installation, desk: Database) -> None:
    informer = enrol(made, desk)
    let_in(made, desk, informer)
    third = enrol(made, desk, "third")
    let_in(made, desk, third)
    key = some_key()
    right = grant(made.circle_id, 2, made.moderator_id, key)
    for grants in (
        [],
        [right, grant(made.circle_id, 2, informer.id, key)],
        [right, right],
        [replace(right, generation=3)],
        [right, grant(made.circle_id, 2, third.id, some_key())],
        [replace(right, circle_id=some_id())],
    ):
        with pytest.raises(CircleChanged):
            people.shut_out(desk, informer.id, {made.circle_id: grants})
    with pytest.raises(CircleChanged):
        people.shut_out(desk, informer.id, {})
    assert people.read_moderator(desk, informer.id).state == "active"
    assert people.read_circle(desk, made.circle_id).generation == 1


def test_a_circle_that_nobody_is_left_in_has_no_key_until_its_next_first_member(
    made: Installation, desk: Database
) -> None:
    people.shut_out(desk, made.moderator_id, {made.circle_id: []})
    circle = people.read_circle(desk, made.circle_id)
    assert (circle.generation, circle.public_key) == (2, None)
    mark, newcomer = some_key(), moderator("second")
    people.add_invitation(desk, invitation(made.circle_id), mark)
    people.redeem(desk, mark, TODAY, newcomer, grant(made.circle_id, 3, newcomer.id, some_key()))
    assert people.members_of(desk, made.circle_id)[0].handle == "second"


def test_the_same_six_digits_work_once(made: Installation, desk: Database) -> None:
    mark = some_key()
    people.set_last_step(desk, made.moderator_id, mark)
    with pytest.raises(SecondFactorUsed):
        people.set_last_step(desk, made.moderator_id, mark)
    people.set_last_step(desk, made.moderator_id, some_key())


def test_a_new_passphrase_and_a_new_sheet_replace_the_old_ones(made: Installation, desk: Database) -> None:
    people.set_secrets(desk, made.moderator_id, b"new secrets")
    people.set_sheet(desk, made.moderator_id, b"new sheet")
    read = people.read_moderator(desk, made.moderator_id)
    assert (read.secrets, read.sheet) == (b"new secrets", b"new sheet")
    assert (made.desk_folder / "desk.db-wal").stat().st_size == 0


def test_nobody_is_found_under_another_handle_or_id(desk: Database) -> None:
    with pytest.raises(NothingHere):
        people.find_moderator(desk, "nobody")
    with pytest.raises(NothingHere):
        people.read_moderator(desk, some_id())
    with pytest.raises(NothingHere):
        people.read_circle(desk, some_id())
    for change in (people.set_secrets, people.set_sheet, people.set_last_step):
        with pytest.raises(NothingHere):
            change(desk, some_id(), some_key())
