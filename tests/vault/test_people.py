"""People come in by invitation, are let in by a member, and are shut out with new keys for those who stay."""

import pytest

from onion_app.errors import NothingHere, Refused, WrongSecondFactor
from onion_app.vault.database import Database
from onion_app.vault.desk import circles, invitations, moderators, proposals, taken
from tests.vault.made import (
    TODAY,
    Installation,
    add_circle,
    circle,
    founded,
    grant,
    let_in,
    moderator,
    put_out,
    put_out_of,
    some_id,
    some_key,
)


def test_the_first_member_of_an_empty_circle_brings_its_key(made: Installation, desk: Database) -> None:
    only, first = circles.read_circle(desk, made.circle_id), moderators.find_moderator(desk, "first")
    assert (only.generation, first.state) == (1, "active")
    assert [held.public_key for held in circles.grants_of(desk, first.id, only.id)] == [
        circles.public_keys(desk, only.id)[1]
    ]
    assert circles.circles_of(desk, first.id) == [only] == circles.circles(desk)
    assert circles.members_of(desk, only.id) == [first]
    assert invitations.open_invitations(desk) == []


def test_the_next_one_waits_and_holds_nothing_until_let_in(made: Installation, desk: Database) -> None:
    newcomer = made.enrol(desk)
    assert newcomer.state == "waiting"
    assert circles.circles_of(desk, newcomer.id) == []
    assert circles.waiting_in(desk, made.circle_id) == [newcomer]
    made.let_in(desk, newcomer)
    assert moderators.read_moderator(desk, newcomer.id).state == "active"
    assert circles.waiting_in(desk, made.circle_id) == []
    assert {member.handle for member in circles.members_of(desk, made.circle_id)} == {"first", "second"}


def test_an_invitation_works_once_until_its_last_day_and_not_when_cancelled(made: Installation, desk: Database) -> None:
    mark = made.invited(desk, coordinator=True, made_by=made.moderator_id)
    [plain] = invitations.open_invitations(desk)
    assert invitations.find_invitation(desk, mark, plain.expires_day) == plain
    for wrong_mark, day in ((some_key(), TODAY), (mark, plain.expires_day + 1)):
        with pytest.raises(Refused, match=invitations.INVITATION_REFUSED):
            invitations.find_invitation(desk, wrong_mark, day)
        with pytest.raises(Refused, match=invitations.INVITATION_REFUSED):
            invitations.redeem(desk, wrong_mark, day, moderator("late"), None)
    invitations.redeem(desk, mark, TODAY, moderator("in time"), None)
    newcomer = moderators.find_moderator(desk, "in time")
    assert not newcomer.coordinator, "an office begins with letting in"
    assert made.let_in(desk, newcomer).coordinator, "what one becomes stands in the invitation"
    with pytest.raises(Refused, match=invitations.INVITATION_REFUSED):
        invitations.redeem(desk, mark, TODAY, moderator("again"), None)
    with pytest.raises(Refused, match=invitations.INVITATION_REFUSED):
        invitations.cancel_invitation(desk, plain.id)

    mark = made.invited(desk)
    invitations.cancel_invitation(desk, invitations.open_invitations(desk)[0].id)
    with pytest.raises(Refused, match=invitations.INVITATION_REFUSED):
        invitations.find_invitation(desk, mark, TODAY)


@pytest.mark.parametrize("handle", ["first", "First", "ﬁrst"])
def test_a_handle_that_could_be_taken_for_another_is_refused(made: Installation, desk: Database, handle: str) -> None:
    mark = made.invited(desk)
    with pytest.raises(Refused, match="handle"):
        invitations.redeem(desk, mark, TODAY, moderator(handle), None)
    invitations.find_invitation(desk, mark, TODAY)  # and the invitation is still good


def test_a_newcomer_brings_no_key_to_a_circle_that_has_one_nor_comes_without_to_one_that_has_none(
    made: Installation, desk: Database
) -> None:
    mark, newcomer = made.invited(desk), moderator("second")
    with pytest.raises(Refused, match=circles.CIRCLE_CHANGED):
        invitations.redeem(desk, mark, TODAY, newcomer, grant(made.circle_id, 2, newcomer.id, some_key()))
    empty = circle(some_id(), "empty", topics=("law",), languages=("ar", "ckb"))
    add_circle(desk, empty)
    assert circles.read_circle(desk, empty.id) == empty
    mark = made.invited(desk, empty.id)
    with pytest.raises(Refused, match=circles.CIRCLE_CHANGED):
        invitations.redeem(desk, mark, TODAY, newcomer, None)
    for wrong in (grant(empty.id, 2, newcomer.id, some_key()), grant(empty.id, 1, some_id(), some_key())):
        with pytest.raises(Refused, match=circles.CIRCLE_CHANGED):
            invitations.redeem(desk, mark, TODAY, newcomer, wrong)
    with pytest.raises(NothingHere):
        moderators.find_moderator(desk, "second")


def test_letting_in_with_a_former_key_is_refused(made: Installation, desk: Database) -> None:
    newcomer, second = made.enrol(desk), made.let_in(desk, made.enrol(desk, "third"))
    put_out(desk, second.id)
    with pytest.raises(Refused, match=circles.CIRCLE_CHANGED):
        made.let_in(desk, newcomer)
    both = [grant(made.circle_id, generation, newcomer.id, some_key()) for generation in (1, 2)]
    let_in(desk, newcomer.id, both)
    assert [held.generation for held in circles.grants_of(desk, newcomer.id, made.circle_id)] == [2, 1]


def test_who_is_shut_out_holds_nothing_and_cannot_come_back(made: Installation, desk: Database) -> None:
    informer = made.let_in(desk, made.enrol(desk))
    taken.take_case(desk, case_id := some_id(), informer.id, TODAY)
    mark = made.invited(desk, made_by=informer.id)

    put_out(desk, informer.id)

    assert moderators.read_moderator(desk, informer.id).state == "out"
    assert circles.grants_of(desk, informer.id, made.circle_id) == []
    assert circles.circles_of(desk, informer.id) == []
    assert taken.taken_by(desk, [case_id]) == {}
    before, renewed = circles.public_keys(desk, made.circle_id).values()
    assert circles.read_circle(desk, made.circle_id).generation == 2
    assert renewed != before
    first = circles.grants_of(desk, made.moderator_id, made.circle_id)
    assert [held.generation for held in first] == [2, 1], "who stays still opens what came before"
    with pytest.raises(Refused, match=invitations.INVITATION_REFUSED):
        invitations.find_invitation(desk, mark, TODAY)
    with pytest.raises(NothingHere):
        let_in(desk, informer.id, [grant(made.circle_id, 2, informer.id, renewed)])


def test_a_circle_that_nobody_is_left_in_has_no_key_until_its_next_first_member(
    made: Installation, desk: Database
) -> None:
    put_out(desk, made.moderator_id)
    renewed_circle = circles.read_circle(desk, made.circle_id)
    assert (renewed_circle.generation, list(circles.public_keys(desk, made.circle_id))) == (None, [1])
    mark, newcomer = made.invited(desk), moderator("second")
    first_grant = grant(made.circle_id, 2, newcomer.id, some_key())
    with pytest.raises(Refused, match=invitations.NOT_YET_ANEW):  # P14: two say who begins it anew
        invitations.redeem(desk, mark, TODAY, newcomer, first_grant)
    with desk.writing():
        proposals.allow_founding(desk, made.circle_id)
    invitations.redeem(desk, mark, TODAY, newcomer, first_grant)
    assert not proposals.may_be_founded(desk, made.circle_id), "once"
    assert circles.members_of(desk, made.circle_id)[0].handle == "second"
    assert sorted(circles.public_keys(desk, made.circle_id)) == [1, 2]
    assert [held.generation for held in circles.grants_of(desk, newcomer.id, made.circle_id)] == [2], "nothing older"


def test_the_same_six_digits_work_once(made: Installation, desk: Database) -> None:
    mark = some_key()
    moderators.set_last_step(desk, made.moderator_id, mark)
    with pytest.raises(WrongSecondFactor):
        moderators.set_last_step(desk, made.moderator_id, mark)
    moderators.set_last_step(desk, made.moderator_id, some_key())


def test_a_new_passphrase_and_a_new_sheet_replace_the_old_ones(made: Installation, desk: Database) -> None:
    moderators.set_locks(desk, made.moderator_id, secrets=b"new secrets")
    moderators.set_locks(desk, made.moderator_id, sheet=b"new sheet")
    read = moderators.read_moderator(desk, made.moderator_id)
    assert (read.secrets, read.sheet) == (b"new secrets", b"new sheet")
    assert made.log("desk") == 0


def test_nobody_is_found_under_another_handle_or_id(desk: Database) -> None:
    with pytest.raises(NothingHere):
        moderators.find_moderator(desk, "nobody")
    for find in (moderators.read_moderator, circles.read_circle):
        with pytest.raises(NothingHere):
            find(desk, some_id())
    with pytest.raises(NothingHere):
        moderators.set_locks(desk, some_id(), secrets=some_key())
    with pytest.raises(NothingHere):
        moderators.set_last_step(desk, some_id(), some_key())


def test_one_person_waits_in_one_circle_while_they_work_in_another(made: Installation, desk: Database) -> None:
    other, _ = founded(desk, "host")
    mark = made.invited(desk, other.id)
    [used] = invitations.open_invitations(desk)
    invitations.join(desk, mark, TODAY, made.moderator_id, None)
    first = moderators.read_moderator(desk, made.moderator_id)
    assert (first.state, circles.waiting_in(desk, other.id)) == ("active", [first])
    assert [found.id for found in invitations.waits_of(desk, first.id)] == [used.id]
    assert invitations.invitation_of(desk, first.id, other.id).redeemed_by == first.id
    assert [circle.id for circle in circles.circles_of(desk, first.id)] == [made.circle_id]
    with pytest.raises(Refused, match=invitations.INVITATION_REFUSED):
        invitations.join(desk, mark, TODAY, made.moderator_id, None)
    key = circles.public_keys(desk, other.id)[1]
    let_in(desk, first.id, [grant(other.id, 1, first.id, key)])
    assert {circle.id for circle in circles.circles_of(desk, first.id)} == {made.circle_id, other.id}
    with pytest.raises(NothingHere):  # nobody is let in who does not wait
        let_in(desk, first.id, [grant(other.id, 1, first.id, key)])


def test_whoever_is_out_or_brings_a_key_to_a_circle_that_has_one_joins_nothing(
    made: Installation, desk: Database
) -> None:
    other, _ = founded(desk, "host")
    mark = made.invited(desk, other.id)
    with pytest.raises(Refused, match=circles.CIRCLE_CHANGED):
        invitations.join(desk, mark, TODAY, made.moderator_id, grant(other.id, 2, made.moderator_id, some_key()))
    put_out(desk, made.moderator_id)
    with pytest.raises(NothingHere):
        invitations.join(desk, mark, TODAY, made.moderator_id, None)
    invitations.find_invitation(desk, mark, TODAY)


def test_shutting_out_of_one_circle_ends_what_was_there_and_out_of_the_last_one_changes_nothing(
    made: Installation, desk: Database
) -> None:
    [other, host], me = founded(desk, "host"), made.moderator_id
    with pytest.raises(Refused, match=circles.CIRCLE_CHANGED):  # it is their only circle
        put_out_of(desk, host.id, other.id)
    invitations.join(desk, made.invited(desk, other.id), TODAY, me, None)
    put_out_of(desk, me, other.id)
    assert circles.read_circle(desk, other.id).generation == 1, "who only waited has no key that must go"
    with pytest.raises(Refused, match=circles.CIRCLE_CHANGED):
        put_out_of(desk, me, other.id)
    invitations.join(desk, made.invited(desk, other.id), TODAY, me, None)
    let_in(desk, me, [grant(other.id, 1, me, circles.public_keys(desk, other.id)[1])])
    put_out_of(desk, me, other.id)
    assert circles.read_circle(desk, other.id).generation == 2
    assert circles.grants_of(desk, me, other.id) == []
    assert [held.generation for held in circles.grants_of(desk, host.id, other.id)] == [2, 1]
    assert {circle.id for circle in circles.circles_of(desk, me)} == {made.circle_id}
