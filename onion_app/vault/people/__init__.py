"""Who works here: moderators under handles, the circles they belong to, and the invitations that bring them in.

A circle's members are those who hold a grant of its present generation. # P05: every private key that passes through
here is sealed or locked, and never to more than one person.
"""

from onion_app.vault.people.invitations import (
    INVITATION_DAYS,
    add_invitation,
    cancel_invitation,
    find_invitation,
    invitation_of,
    join,
    new_invitation,
    open_invitations,
    read_invitation,
    redeem,
    waits_of,
)
from onion_app.vault.people.membership import (
    add_circle,
    circles,
    circles_of,
    gone_from,
    grants_of,
    is_elsewhere,
    let_in,
    members_of,
    read_circle,
    shut_out,
    shut_out_of,
    waiting_in,
)
from onion_app.vault.people.moderators import find_moderator, read_moderator, set_last_step, set_secrets, set_sheet
from onion_app.vault.people.records import Circle, Grant, Invitation, Moderator

__all__ = [
    "INVITATION_DAYS",
    "Circle",
    "Grant",
    "Invitation",
    "Moderator",
    "add_circle",
    "add_invitation",
    "cancel_invitation",
    "circles",
    "circles_of",
    "find_invitation",
    "find_moderator",
    "gone_from",
    "grants_of",
    "invitation_of",
    "is_elsewhere",
    "join",
    "let_in",
    "members_of",
    "new_invitation",
    "open_invitations",
    "read_circle",
    "read_invitation",
    "read_moderator",
    "redeem",
    "set_last_step",
    "set_secrets",
    "set_sheet",
    "shut_out",
    "shut_out_of",
    "waiting_in",
    "waits_of",
]
