"""Shutting somebody out, by a coordinator: who need not be a member of the circle, and reads nothing.

It is out of everything, or out of one circle while they work on in another, which learns nothing of it. It is done at
once, but for a coordinator, for the third person within seven days, and for the last one beside whom nobody of a circle
would be left but who shuts out and their own: these wait for a second person's yes, and their login, but for a
coordinator's, is suspended until then. The new pair of a circle is made with it, sealed to those who remain, and goes
nowhere else: the coordinator's page never has it, and a coordinator who is no member keeps nothing that opens a case.
# P05 P14
"""

from typing import Final

from onion_app.choices import ProposalKind
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member, only_coordinators
from onion_app.desk.proposal_kinds import shut_out
from onion_app.desk.proposal_words import Wanted
from onion_app.desk.proposals import note, propose_within
from onion_app.desk.seconds import is_second_for
from onion_app.errors import NothingHere, Refused, marked
from onion_app.vault.desk import admissions, audit, circles, moderators
from onion_app.vault.show import show

NOT_ONESELF: Final = marked("Nobody can shut themselves out. Another coordinator can.")
MOST_ALONE: Final = 2  # people whom one coordinator shuts out within seven days


def remove_member(dbs: Databases, member: Member, moderator_id: bytes) -> bool:
    """Turn somebody out of everything: their grants go, and new cases are sealed to keys that they never had.

    Tells whether it waits for a second person.

    Raises:
        NotAllowed: the member is no coordinator.
        NothingHere: nobody of that id works here.
        Refused: it would be themselves, a circle changed at the same moment, or three of the member's proposals wait;
            nothing was done.
    """
    only_coordinators(member)
    if moderator_id == member.id:
        raise Refused(NOT_ONESELF)
    if moderators.read_moderator(dbs.desk, moderator_id).state == "out":
        raise NothingHere
    return _shut_out(dbs, member.id, moderator_id, circles.circles_of(dbs.desk, moderator_id), {"circle": []})


def remove_from_circle(dbs: Databases, member: Member, circle_id: bytes, moderator_id: bytes) -> bool:
    """Turn somebody out of one circle: its new cases are sealed to a key that they never had; all else stays theirs.

    Tells whether it waits for a second person. Coordinators may leave a circle in this way themselves, but for the one
    that their office comes with.

    Raises:
        NotAllowed: the member is no coordinator.
        NothingHere: no such circle.
        Refused: it would be their own office; they are not in it, or in no other; it changed at the same moment; or
            three of the member's proposals wait. Nothing was done.
    """
    only_coordinators(member)
    circle = circles.read_circle(dbs.desk, circle_id)
    if moderator_id == member.id and circle.coordinators:
        raise Refused(NOT_ONESELF)
    if not circles.is_elsewhere(dbs.desk, moderator_id, circle_id):
        raise Refused(circles.CIRCLE_CHANGED)
    return _shut_out(dbs, member.id, moderator_id, [circle], {"circle": [circle.id.hex()]})


def remove_as_operator(dbs: Databases, moderator_id: bytes) -> None:
    """Turn somebody out of everything, whoever it is.

    Raises:
        NothingHere: nobody of that id works here.
    """
    if moderators.read_moderator(dbs.desk, moderator_id).state == "out":
        raise NothingHere
    _shut_out(dbs, None, moderator_id, circles.circles_of(dbs.desk, moderator_id), {"circle": []})


def _shut_out(dbs: Databases, who: bytes | None, person: bytes, of: list[circles.Circle], wanted: Wanted) -> bool:
    """Shut somebody out, or propose it where it needs a second person, and note it; tell whether it waits."""
    with dbs.mailbox.writing():  # nothing is sealed to the old key once they are out
        with dbs.desk.writing():
            waits = who is not None and _needs_a_second(dbs, who, person, of)
            (propose_within if waits else _at_once)(dbs, who, "shut_out", person, wanted)
        show(dbs.shown, dbs.desk)
    if waits:
        note(dbs, who, "proposed a change")
        return True
    for circle in of:
        audit.add_to_audit(dbs.desk, who, "shut somebody out", dbs.today, circle.id, whom=person)
    dbs.desk.try_checkpoint()  # P05: their grants leave the log too
    return False


def _at_once(dbs: Databases, who: bytes | None, _kind: ProposalKind, person: bytes, wanted: Wanted) -> None:
    shut_out(dbs, person, wanted)
    if who is not None and who != person:
        admissions.note_shut_out(dbs.desk, person, who, dbs.today)


def _needs_a_second(dbs: Databases, who: bytes, person: bytes, of: list[circles.Circle]) -> bool:
    if who == person or not any(each.moderator_id == person for each in admissions.all_admissions(dbs.desk)):
        return False  # they leave by themselves, or never were let in
    is_coordinator = moderators.read_moderator(dbs.desk, person).coordinator
    lately = admissions.shut_out_lately(dbs.desk, who, dbs.today)
    return is_coordinator or lately >= MOST_ALONE or any(_leaves_own(dbs, who, person, circle.id) for circle in of)


def _leaves_own(dbs: Databases, who: bytes, person: bytes, circle_id: bytes) -> bool:
    """Tell whether a circle would be left to who shuts out, to those whom they brought in, or to newcomers alone.

    # P14: nobody makes themselves, or a second account of theirs, the only reader of what comes to a circle.
    """
    members = {each.id for each in circles.members_of(dbs.desk, circle_id)}
    if person not in members or len(members) == 1 or not is_second_for(dbs.desk, who, person, dbs.today):
        return False  # they only wait there; or it is emptied, and pauses; or they were no second person
    return not any(is_second_for(dbs.desk, who, each, dbs.today) for each in members - {person})
