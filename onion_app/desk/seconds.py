"""Who counts as a second person beside somebody, wherever the desk asks for two.

Not for 14 days after coming, and not for 60 days where one brought the other in, or the same person both, by invitation
or by letting in, over however many others: these could be accounts of one person. # P14
"""

from collections.abc import Iterable

from onion_app.choices import NEW_DAYS, RELATED_DAYS
from onion_app.errors import NothingHere
from onion_app.vault.database import Database
from onion_app.vault.desk import admissions, circles, moderators
from onion_app.vault.desk.admissions import Admission


def is_second_for(desk: Database, person: bytes | None, other: bytes, today: int) -> bool:
    """Tell whether somebody who works here counts as a second person beside another, or beside the operator (None)."""
    return bool(_seconds_among([other], desk, person, today))


def seconds_in(desk: Database, circle_id: bytes, person: bytes | None, today: int) -> set[bytes]:
    """Give the members of a circle who count as a second person; a circle where nobody does counts as one person's.

    That person is whoever brought the others in: a newcomer still needs them.
    """
    members = [each.id for each in circles.members_of(desk, circle_id)]
    if strictly := _seconds_among(members, desk, person, today):
        return strictly
    known = admissions.all_admissions(desk)
    return {
        each
        for each in members
        if each != person and _has_been_here(known, each, today) and person not in _brought_by(known, each, today)
    }


def _seconds_among(people: Iterable[bytes], desk: Database, person: bytes | None, today: int) -> set[bytes]:
    known = admissions.all_admissions(desk)
    own = _brought_by(known, person, today) if person is not None else set()
    return {
        each
        for each in people
        if each != person
        and _works_here(desk, each)
        and _has_been_here(known, each, today)
        and not own & _brought_by(known, each, today)
    }


def _works_here(desk: Database, person: bytes) -> bool:
    try:
        return moderators.read_moderator(desk, person).state == "active"
    except NothingHere:
        return False  # an id that somebody has planted


def _has_been_here(known: list[Admission], person: bytes, today: int) -> bool:
    days = [each.day for each in known if each.moderator_id == person]
    return bool(days) and today - min(days) >= NEW_DAYS


def _brought_by(known: list[Admission], person: bytes, today: int) -> set[bytes]:
    """Give somebody with all who brought them in within 60 days, and these, and so on."""
    lately = [each for each in known if today - each.day < RELATED_DAYS]
    found, following = {person}, [person]
    while following:
        one = following.pop()
        bringers = {
            who for each in lately if each.moderator_id == one for who in (each.invited_by, each.let_in_by) if who
        }
        following += bringers - found
        found |= bringers
    return found
