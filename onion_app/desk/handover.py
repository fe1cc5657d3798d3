"""Ways out of a case: handing it to another circle, stepping out of it, closing its author's door.

A case that is handed over begins another turn, and with it another key: the circle that had it opens nothing that is
written from then on. # P05
"""

from onion_app.crypto.casekeys import TURNS, seal_handed
from onion_app.desk.case_keys import OpenedCase, note_met_and_read, open_case_messages
from onion_app.desk.case_view import note_in_audit
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member, case_of, circle_of, expect_present_key
from onion_app.desk.queues import taken_case
from onion_app.errors import KeysChanged, NothingHere, NotReady, TooMany
from onion_app.vault.desk import audit, case_records, circles, promised, taken
from onion_app.vault.desk.case_records import Handed
from onion_app.vault.mailbox import case_keys, lifetime, records
from onion_app.vault.show import show_case


def circles_for(dbs: Databases, case: records.Case) -> list[circles.Circle]:
    """List the circles to which a case can be handed: those that somebody is in, but for its own."""
    return [circle for circle in circles.circles(dbs.desk) if circle.generation and circle.id != case.circle_id]


def hand_over(dbs: Databases, member: Member, case_id: bytes, circle_id: bytes) -> None:
    """Hand a case that one has taken to another circle, with every key under which a message of it opened.

    Raises:
        NotReady: a story is being made of it, which stays with the circle that its author knows.
        CircleKeyChanged: the circle has another key by now, or its present key does not open.
        Refused: they have not taken it.
        TooMany: it was handed over as often as it can be.
        NothingHere, NotAllowed, KeysChanged: it is no case of theirs, or no circle to hand it to.
    """
    case = taken_case(dbs, member, case_id)
    if case.state in ("asking", "agreed", "ready", "published"):
        raise NotReady
    with dbs.mailbox.writing():
        opened = open_case_messages(dbs, member, case_id)
        expect_present_key(dbs, opened.keys.circle)
        circle = next((each for each in circles_for(dbs, opened.case) if each.id == circle_id), None)
        if circle is None or circle.generation is None:
            raise NothingHere
        if not opened.met_fits:  # keys of another list would be handed on, and its author's words be lost
            raise KeysChanged
        handed = _next_turn(dbs, opened, circle.id, circle.generation)
        note_in_audit(dbs, member, opened.case, "handed a case over")
        note_met_and_read(dbs, opened)
        with dbs.desk.writing():
            case_records.add_turn(dbs.desk, handed)
            taken.let_go(dbs.desk, case_id)
        show_case(dbs.shown, dbs.desk, case_id)
        lifetime.move_to_circle(dbs.mailbox, case_id, circle.id)


def _next_turn(dbs: Databases, opened: OpenedCase, circle_id: bytes, generation: int) -> Handed:
    keys, turn = opened.keys, opened.keys.turn + 1
    if turn > TURNS:
        raise TooMany
    names = {each.message.key_name for each in opened.messages if each.packed is not None} | {keys.present}
    known = keys.handed | {name: key for name in names if (key := keys.key(name)) is not None}
    public, to = circles.public_keys(dbs.desk, circle_id)[generation], (circle_id, generation)
    sealed = seal_handed(known, public, case_id=opened.case.id, first=keys.row.codes[0], turn=turn, to=to)
    return Handed(opened.case.id, turn, circle_id, generation, sealed)


def step_out(dbs: Databases, member: Member, case_id: bytes) -> None:
    """Take a case out of the member's lists, and give it back if they had taken it.

    Raises:
        NothingHere, NotAllowed, KeysChanged: as for `case_of`.
    """
    case = case_of(dbs, member, case_id)
    taken.step_out(dbs.desk, case.id, member.id)
    note_in_audit(dbs, member, case, "stepped out of a case")


def close_authors_door(dbs: Databases, member: Member, case_id: bytes) -> None:
    """Let the code of a case that one has taken open nothing any more; erasing goes on working.

    Raises:
        Refused: they have not taken it.
        NothingHere, NotAllowed, KeysChanged: as for `case_of`.
    """
    case = taken_case(dbs, member, case_id)
    with dbs.mailbox.writing():
        expect_present_key(dbs, circle_of(member, case.circle_id))
        with dbs.desk.writing():
            case_records.close_door(dbs.desk, case_id, dbs.today)
            promised.forget_promise(dbs.desk, case_id)  # nobody would read it
        show_case(dbs.shown, dbs.desk, case_id)
    note_in_audit(dbs, member, case, "closed the author's door")


def open_authors_door(dbs: Databases, member: Member, case_id: bytes) -> None:
    """Open a door again that was closed today, before the chores throw the box away.

    Raises:
        NotReady: it is not closed, or the box is gone.
        NothingHere, NotAllowed, KeysChanged: as for `case_of`.
    """
    case = case_of(dbs, member, case_id)
    with dbs.mailbox.writing():
        expect_present_key(dbs, circle_of(member, case.circle_id))
        if case_keys.key_row(dbs.mailbox, case_id).box is None:
            raise NotReady
        with dbs.desk.writing():
            if not case_records.open_door(dbs.desk, case_id):
                raise NotReady
        show_case(dbs.shown, dbs.desk, case_id)
    note_in_audit(dbs, member, case, "opened the author's door again")


def give_all_back(dbs: Databases, member: Member) -> None:
    """Give back every case that the member has taken."""
    taken.give_all_cases_back(dbs.desk, member.id)
    audit.add_to_audit(dbs.desk, member.id, "gave every case back", dbs.today)
