"""Invitations, found by a mark of the printed code: each brings in one person, once."""

from dataclasses import astuple, replace
from typing import Final

from onion_app.errors import CircleChanged, InvitationRefused, NothingHere
from onion_app.vault.database import Database
from onion_app.vault.people.membership import read_circle, renew
from onion_app.vault.people.moderators import add_moderator
from onion_app.vault.people.records import Grant, Invitation, Moderator
from onion_app.vault.rows import shaped

_INVITATION: Final = "SELECT id, circle_id, coordinator, made_by, expires_day, state, redeemed_by FROM invitations "


def add_invitation(db: Database, invitation: Invitation, mark: bytes) -> None:
    """Store an invitation under the mark of its code."""
    with db.writing():
        db.run(
            "INSERT INTO invitations (mark, id, circle_id, coordinator, made_by, expires_day, state, redeemed_by) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (mark, *astuple(invitation)),
        )


def find_invitation(db: Database, mark: bytes, today: int) -> Invitation:
    """Find an open invitation by the mark of its code.

    Raises:
        InvitationRefused: it is unknown, used, cancelled or too old.
    """
    row = db.row(_INVITATION + "WHERE mark = ? AND state = 'open' AND expires_day >= ?", (mark, today))
    if row is None:
        raise InvitationRefused
    return shaped(Invitation, row)


def open_invitations(db: Database) -> list[Invitation]:
    """List the invitations that were neither redeemed nor cancelled, those that are too old among them."""
    return [shaped(Invitation, row) for row in db.rows(_INVITATION + "WHERE state = 'open' ORDER BY expires_day, id")]


def invitation_of(db: Database, moderator_id: bytes) -> Invitation:
    """Read the invitation that brought somebody in.

    Raises:
        NothingHere: nobody of that id came by one.
    """
    row = db.row(_INVITATION + "WHERE redeemed_by = ?", (moderator_id,))
    if row is None:
        raise NothingHere
    return shaped(Invitation, row)


def read_invitation(db: Database, invitation_id: bytes) -> Invitation:
    """Read an invitation.

    Raises:
        NothingHere: there is none.
    """
    row = db.row(_INVITATION + "WHERE id = ?", (invitation_id,))
    if row is None:
        raise NothingHere
    return shaped(Invitation, row)


def cancel_invitation(db: Database, invitation_id: bytes) -> None:
    """Let an open invitation bring nobody in any more.

    Raises:
        InvitationRefused: it is not open.
    """
    with db.writing():
        cancel = "UPDATE invitations SET state = 'cancelled' WHERE id = ? AND state = 'open'"
        if not db.run(cancel, (invitation_id,)):
            raise InvitationRefused


def redeem(db: Database, mark: bytes, today: int, newcomer: Moderator, grant: Grant | None) -> None:
    """Store a newcomer: waiting to be let in, or, with the first grant of a circle without key, as its first member.

    Raises:
        InvitationRefused: see `find_invitation`.
        HandleTaken: somebody has this handle, or one that only its capitals or its way of writing tell apart.
        CircleChanged: the circle has got a key since, or lost it; or the grant is not the first of its next generation.
    """
    with db.writing():
        invitation = find_invitation(db, mark, today)
        circle = read_circle(db, invitation.circle_id)
        if (grant is None) == (circle.public_key is None):
            raise CircleChanged
        enrolled = replace(newcomer, state="waiting" if grant is None else "active", joined_day=today)
        add_moderator(db, replace(enrolled, coordinator=invitation.coordinator))
        if grant is not None:
            renew(db, circle, {newcomer.id}, [grant])
        db.run("UPDATE invitations SET state = 'redeemed', redeemed_by = ? WHERE id = ?", (newcomer.id, invitation.id))
