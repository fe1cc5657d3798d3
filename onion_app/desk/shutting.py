"""Shutting somebody out, at once, by a coordinator: who need not be a member of the circle, and reads nothing.

The new pair of each circle is made here, sealed to those who remain, and goes nowhere else: the coordinator's page
never has it, and a coordinator who is no member keeps nothing that opens a case. # P05
"""

from onion_app.crypto import circles
from onion_app.crypto.keys import new_keypair
from onion_app.desk import forms
from onion_app.desk.casework import Books, Member, only_coordinators
from onion_app.errors import NothingHere
from onion_app.vault import people, truth, worklog


def shut_out(books: Books, member: Member, moderator_id: bytes) -> None:
    """Turn somebody out: their grants go, and what comes from now on is sealed to a key that they never had.

    Raises:
        NotAllowed: the member is no coordinator.
        NothingHere: nobody of that id works here.
        Mistake: it would be themselves.
        CircleChanged: a circle changed at the same moment; nothing was done.
    """
    only_coordinators(member)
    if moderator_id == member.id:
        raise forms.Mistake("", forms.marked("Nobody can shut themselves out. Another coordinator can."))
    if people.read_moderator(books.desk, moderator_id).state == "out":
        raise NothingHere
    theirs = people.circles_of(books.desk, moderator_id)
    renewals = {circle.id: _renewal(books, circle, moderator_id) for circle in theirs}
    with books.mailbox.writing():  # around the desk's own: no case is sealed to the old key once they are out
        people.shut_out(books.desk, moderator_id, renewals)
        truth.copy_circles(books.mailbox, books.desk)
    for circle in theirs:
        worklog.audit(books.desk, member.id, "shut somebody out", books.today, circle.id)


def _renewal(books: Books, circle: people.Circle, moderator_id: bytes) -> tuple[people.Grant, ...]:
    """Make the circle's next pair and seal it to everybody who remains."""
    pair, generation = new_keypair(), circle.generation + 1
    return tuple(
        people.Grant(
            circle.id,
            generation,
            remaining.id,
            pair.public,
            circles.grant(
                pair.private,
                circle_id=circle.id,
                generation=generation,
                moderator_id=remaining.id,
                public_key=remaining.public_key,
            ),
        )
        for remaining in people.members_of(books.desk, circle.id)
        if remaining.id != moderator_id
    )
