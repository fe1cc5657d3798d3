"""Ways out of a case: handing it to another circle, stepping out of it, ending its author's access.

A case that is handed over gets new keys: the circle that had it opens nothing that is written from then on. # P05
"""

from onion_app.desk import rekeying
from onion_app.desk.answering import taken_case
from onion_app.desk.case_view import note_in_audit
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member, case_of
from onion_app.errors import NothingHere, NotReady
from onion_app.vault.desk import audit, circles, taken
from onion_app.vault.mailbox import case_keys, records


def circles_for(dbs: Databases, case: records.Case) -> list[circles.Circle]:
    """List the circles to which a case can be handed: those that have a key, but for its own."""
    return [circle for circle in circles.circles(dbs.desk) if circle.public_key and circle.id != case.circle_id]


def hand_over(dbs: Databases, member: Member, case_id: bytes, circle_id: bytes) -> None:
    """Hand a case that one has taken to another circle, whose key comes from the desk and not from the mailbox.

    Raises:
        NotReady: a story is being made of it, which stays with the circle that its author knows.
        Refused: they have not taken it; or some of it does not open, and would be lost to the other circle for good.
        EpochPassed: its keys have changed meanwhile.
        NothingHere, NotAllowed: it is no case of theirs, or no circle to hand it to.
    """
    case = taken_case(dbs, member, case_id)
    circle = next((each for each in circles_for(dbs, case) if each.id == circle_id), None)
    if circle is None or circle.public_key is None:
        raise NothingHere
    if case.state in ("asking", "ready", "published"):
        raise NotReady
    keys = rekeying.every_key(dbs, member, case)
    note_in_audit(dbs, member, case, "handed a case over")  # before: afterwards no key of ours names it
    rekeying.rewrap(dbs, case, circle.id, circle.public_key, keys)
    taken.give_case_back(dbs.desk, case.id, member.id)


def step_out(dbs: Databases, member: Member, case_id: bytes) -> None:
    """Take a case out of the member's lists, and give it back if they had taken it.

    Raises:
        NothingHere, NotAllowed: it is no case of theirs.
    """
    case = case_of(dbs, member, case_id)
    taken.step_out(dbs.desk, case.id, member.id)
    note_in_audit(dbs, member, case, "stepped out of a case")


def end_authors_access(dbs: Databases, member: Member, case_id: bytes) -> None:
    """Let the code of a case that one has taken open nothing any more.

    Raises:
        Refused: they have not taken it.
        NothingHere, NotAllowed: it is no case of theirs.
    """
    case = taken_case(dbs, member, case_id)
    # P07: the author's wraps go, and with them every way in that the code had.
    case_keys.end_return(dbs.mailbox, case.id)
    note_in_audit(dbs, member, case, "closed the author's door")


def give_all_back(dbs: Databases, member: Member) -> None:
    """Give back every case that the member has taken."""
    taken.give_all_cases_back(dbs.desk, member.id)
    audit.add_to_audit(dbs.desk, member.id, "gave every case back", dbs.today)
