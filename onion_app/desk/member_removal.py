"""Shutting somebody out, at once, by a coordinator: who need not be a member of the circle, and reads nothing.

It is out of everything, or out of one circle while they work on in another, which learns nothing of it. The new pair of
a circle is made here, sealed to those who remain, and goes nowhere else: the coordinator's page never has it, and a
coordinator who is no member keeps nothing that opens a case. # P05
"""

from typing import Final

from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member, holder_of, only_coordinators
from onion_app.errors import KeysChanged, NothingHere, Refused, marked
from onion_app.vault.desk import audit, circles, moderators
from onion_app.vault.desk.taken import taken_cases
from onion_app.vault.show import show

NOT_ONESELF: Final = marked("Nobody can shut themselves out. Another coordinator can.")


def remove_member(dbs: Databases, member: Member, moderator_id: bytes) -> None:
    """Turn somebody out of everything: their grants go, and new cases are sealed to keys that they never had.

    Raises:
        NotAllowed: the member is no coordinator.
        NothingHere: nobody of that id works here.
        Refused: it would be themselves, or a circle changed at the same moment; nothing was done.
    """
    only_coordinators(member)
    if moderator_id == member.id:
        raise Refused(NOT_ONESELF)
    if moderators.read_moderator(dbs.desk, moderator_id).state == "out":
        raise NothingHere
    their_circles = circles.circles_of(dbs.desk, moderator_id)
    renewals = {circle.id: circles.seal_next_key(dbs.desk, circle.id, moderator_id) for circle in their_circles}
    with dbs.mailbox.writing():  # nothing is sealed to the old key once they are out
        circles.remove_member(dbs.desk, moderator_id, renewals)
        show(dbs.shown, dbs.desk)
    for circle in their_circles:
        audit.add_to_audit(dbs.desk, member.id, "shut somebody out", dbs.today, circle.id, whom=moderator_id)


def remove_from_circle(dbs: Databases, member: Member, circle_id: bytes, moderator_id: bytes) -> None:
    """Turn somebody out of one circle: its new cases are sealed to a key that they never had; all else stays theirs.

    Coordinators may leave a circle in this way themselves, but for the one that their office comes with.

    Raises:
        NotAllowed: the member is no coordinator.
        NothingHere: no such circle.
        Refused: it would be their own office; they are not in it, or in no other; or it changed at the same moment.
            Nothing was done.
    """
    only_coordinators(member)
    circle = circles.read_circle(dbs.desk, circle_id)
    if moderator_id == member.id and circle.coordinators:
        raise Refused(NOT_ONESELF)
    is_member = moderator_id in {each.id for each in circles.members_of(dbs.desk, circle.id)}
    grants = circles.seal_next_key(dbs.desk, circle.id, moderator_id) if is_member else ()
    their_cases = [case_id for case_id in taken_cases(dbs.desk, moderator_id) if _may_be_in(dbs, case_id, circle)]
    with dbs.mailbox.writing():  # as above
        circles.remove_from_circle(dbs.desk, moderator_id, circle.id, grants, their_cases)
        show(dbs.shown, dbs.desk)
    audit.add_to_audit(dbs.desk, member.id, "shut somebody out", dbs.today, circle.id, whom=moderator_id)


def _may_be_in(dbs: Databases, case_id: bytes, circle: circles.Circle) -> bool:
    try:
        return holder_of(dbs, case_id) == circle.id
    except (NothingHere, KeysChanged):
        return True  # given back once too often it is taken again, and kept it would wait for nobody
