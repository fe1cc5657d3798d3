"""Invitations, found by a digest of the printed code: each brings one person into one circle, once."""

from dataclasses import astuple, dataclass, replace
from secrets import token_bytes
from typing import Final

from onion_app.choices import InvitationState
from onion_app.errors import NothingHere, Refused, marked
from onion_app.shapes import Day, Id, from_row
from onion_app.vault.database import Database
from onion_app.vault.desk import proposals
from onion_app.vault.desk.admissions import Admission, note_admission
from onion_app.vault.desk.circles import CIRCLE_CHANGED, Circle, Grant, circles_of, public_keys, read_circle
from onion_app.vault.desk.membership import renew, waits_no_more
from onion_app.vault.desk.moderators import Moderator, add_moderator, make_active, read_moderator

INVITATION_DAYS: Final = 7  # long enough for a code that goes from hand to hand, too short for one found in a drawer
INVITATION_REFUSED: Final = marked("The invitation is unknown, used or too old.")
ALREADY_IN_CIRCLE: Final = marked(
    "You are in this circle already, or wait to be let in. The invitation was not used: it still brings one in."
)
NOT_YET_ANEW: Final = marked(
    "Everybody has left this circle, and a second person must agree before it begins anew. The invitation was not used."
)
_INVITATION: Final = (
    "SELECT i.id, i.circle_id, i.coordinator, i.made_by, i.expires_day, i.state, i.redeemed_by FROM invitations AS i "
)
_WAITING: Final = _INVITATION + "JOIN waiting AS w ON w.invitation_id = i.id WHERE w.moderator_id = ? "


@dataclass(frozen=True, slots=True)
class Invitation:
    """A way in for one person, valid up to and on its last day; it is found by a digest of the printed code."""

    id: Id
    circle_id: Id
    coordinator: bool
    made_by: Id | None
    expires_day: Day
    state: InvitationState
    redeemed_by: Id | None


def new_invitation(circle_id: bytes, today: int, *, coordinator: bool, made_by: bytes | None = None) -> Invitation:
    """Make an invitation that nobody has used; the operator's is made by nobody, a coordinator's waits for a yes."""
    state: InvitationState = "proposed" if coordinator else "open"
    return Invitation(token_bytes(16), circle_id, coordinator, made_by, today + INVITATION_DAYS, state, None)


def add_invitation(db: Database, invitation: Invitation, code_digest: bytes) -> None:
    """Store an invitation under the digest of its code."""
    with db.writing():
        insert_invitation(db, invitation, code_digest)


def insert_invitation(db: Database, invitation: Invitation, code_digest: bytes) -> None:
    """Store an invitation likewise, inside the caller's `writing()`."""
    db.run(
        "INSERT INTO invitations (mark, id, circle_id, coordinator, made_by, expires_day, state, redeemed_by) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (code_digest, *astuple(invitation)),
    )


def open_proposed(db: Database, invitation_id: bytes, today: int) -> None:
    """Let an invitation that waited for a second person bring somebody in, inside the caller's `writing()`."""
    let = "UPDATE invitations SET state = 'open', expires_day = ? WHERE id = ? AND state = 'proposed'"
    if not db.run(let, (today + INVITATION_DAYS, invitation_id)):
        raise Refused(INVITATION_REFUSED)


def find_invitation(db: Database, code_digest: bytes, today: int) -> Invitation:
    """Find an open invitation by the digest of its code.

    Raises:
        Refused: it is unknown, used, cancelled or too old.
    """
    row = db.row(_INVITATION + "WHERE mark = ? AND state = 'open' AND expires_day >= ?", (code_digest, today))
    if row is None:
        raise Refused(INVITATION_REFUSED)
    return from_row(Invitation, row)


def open_invitations(db: Database) -> list[Invitation]:
    """List the invitations that were neither redeemed nor cancelled, also those too old, or that wait for a yes."""
    return db.well_formed(Invitation, _INVITATION + "WHERE state IN ('proposed', 'open') ORDER BY expires_day, id")


def invitation_of(db: Database, moderator_id: bytes, circle_id: bytes) -> Invitation:
    """Read the invitation with which somebody waits to be let into a circle.

    Raises:
        NothingHere: nobody of that id waits there.
    """
    return db.one(Invitation, _WAITING + "AND w.circle_id = ?", (moderator_id, circle_id))


def waits_of(db: Database, moderator_id: bytes) -> list[Invitation]:
    """List the invitations with which somebody waits to be let in, each into its circle."""
    return db.well_formed(Invitation, _WAITING + "ORDER BY i.id", (moderator_id,))


def read_invitation(db: Database, invitation_id: bytes) -> Invitation:
    """Read an invitation.

    Raises:
        NothingHere: there is none.
    """
    return db.one(Invitation, _INVITATION + "WHERE id = ?", (invitation_id,))


def cancel_invitation(db: Database, invitation_id: bytes) -> None:
    """Let an open invitation bring nobody in any more.

    Raises:
        Refused: it is not open.
    """
    with db.writing():
        cancel = "UPDATE invitations SET state = 'cancelled' WHERE id = ? AND state IN ('proposed', 'open')"
        if not db.run(cancel, (invitation_id,)):
            raise Refused(INVITATION_REFUSED)
        proposals.fall_about(db, invitation_id)


def redeem(db: Database, code_digest: bytes, today: int, newcomer: Moderator, grant: Grant | None) -> None:
    """Store a newcomer: waiting to be let in, or, with the first grant of a circle without key, as its first member.

    Raises:
        Refused: the invitation is unknown, used, cancelled or too old; somebody has this handle, or one that only its
            capitals or its way of writing tell apart; the circle has got a key since, or lost it; or the grant is not
            the first of its next generation.
    """
    with db.writing():
        invitation = find_invitation(db, code_digest, today)
        add_moderator(db, replace(newcomer, state="waiting", coordinator=False, joined_day=today))
        _bring_in(db, invitation, read_circle(db, invitation.circle_id), newcomer.id, grant, today)


def join(db: Database, code_digest: bytes, today: int, moderator_id: bytes, grant: Grant | None) -> None:
    """Bring somebody who works here already into one more circle, as `redeem` does a newcomer.

    Who is in the coordinators' circle, and redeems a coordinator's invitation, gets the office and nothing else.

    Raises:
        NothingHere: nobody of that id works here any more.
        Refused: the invitation is unknown, used, cancelled or too old; they are in that circle, or wait for its
            members to let them in, and the invitation stays open; or the circle has changed as for `redeem`.
    """
    with db.writing():
        invitation, who = find_invitation(db, code_digest, today), read_moderator(db, moderator_id)
        circle = read_circle(db, invitation.circle_id)
        if who.state == "out":
            raise NothingHere
        if circle.id in {joined.id for joined in circles_of(db, who.id)}:
            if who.coordinator or not invitation.coordinator:
                raise Refused(ALREADY_IN_CIRCLE)
            make_active(db, who.id, coordinator=True)
            _use(db, invitation, who.id)
            return
        if circle.id in {awaited.circle_id for awaited in waits_of(db, who.id)}:
            if circle.generation is not None:
                raise Refused(ALREADY_IN_CIRCLE)
            waits_no_more(db, circle.id, who.id)  # nobody is left there to let them in: they begin it anew
        _bring_in(db, invitation, circle, who.id, grant, today)


def _bring_in(
    db: Database, invitation: Invitation, circle: Circle, moderator_id: bytes, grant: Grant | None, today: int
) -> None:
    if (grant is None) == (circle.generation is None):
        raise Refused(CIRCLE_CHANGED)
    if grant is None:
        wait = "INSERT INTO waiting (circle_id, moderator_id, invitation_id) VALUES (?, ?, ?)"
        db.run(wait, (circle.id, moderator_id, invitation.id))
    else:
        # P14: who begins an emptied circle anew reads all that comes to it; nobody alone says who that is.
        if public_keys(db, circle.id) and not proposals.may_be_founded(db, circle.id):
            raise Refused(NOT_YET_ANEW)
        renew(db, circle, {moderator_id}, [grant])
        make_active(db, moderator_id, coordinator=invitation.coordinator)
        note_admission(db, Admission(circle.id, moderator_id, invitation.made_by, None, today))
    _use(db, invitation, moderator_id)


def _use(db: Database, invitation: Invitation, moderator_id: bytes) -> None:
    used = "UPDATE invitations SET state = 'redeemed', redeemed_by = ? WHERE id = ?"
    db.run(used, (moderator_id, invitation.id))
