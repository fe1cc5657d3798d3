"""A second member of a circle, let in as a member's own session does it, without its pages."""

from onion_app.crypto import members
from onion_app.crypto.members import unlock_secrets
from onion_app.vault.database import Database
from onion_app.vault.desk import circles, moderators


def let_in(desk: Database, circle_id: bytes, member: str, passphrase: str, newcomer: str) -> None:
    """Seal what one member opens of a circle to a newcomer, both named by their handles."""
    here, there = moderators.find_moderator(desk, member), moderators.find_moderator(desk, newcomer)
    private = unlock_secrets(here.secrets, passphrase).private
    grants = []
    for held in circles.grants_of(desk, here.id, circle_id):
        key = members.open_circle_key(
            held.sealed,
            circle_id=circle_id,
            generation=held.generation,
            moderator_id=here.id,
            private_key=private,
        )
        sealed = members.seal_circle_key(
            key,
            circle_id=circle_id,
            generation=held.generation,
            moderator_id=there.id,
            public_key=there.public_key,
        )
        grants.append(circles.Grant(circle_id, held.generation, there.id, held.public_key, sealed))
    circles.let_in(desk, there.id, grants)
