"""A second member of a circle, let in as a member's own session does it, without its pages."""

from onion_app.crypto import circles
from onion_app.crypto.members import unlock_secrets
from onion_app.vault import people
from onion_app.vault.database import Database


def let_in(desk: Database, circle_id: bytes, member: str, passphrase: str, newcomer: str) -> None:
    """Seal what one member opens of a circle to a newcomer, both named by their handles."""
    here, there = people.find_moderator(desk, member), people.find_moderator(desk, newcomer)
    private = unlock_secrets(here.secrets, passphrase).private
    grants = []
    for held in people.grants_of(desk, here.id, circle_id):
        key = circles.open_grant(
            held.sealed,
            circle_id=circle_id,
            generation=held.generation,
            moderator_id=here.id,
            private_key=private,
        )
        sealed = circles.grant(
            key,
            circle_id=circle_id,
            generation=held.generation,
            moderator_id=there.id,
            public_key=there.public_key,
        )
        grants.append(people.Grant(circle_id, held.generation, there.id, held.public_key, sealed))
    people.let_in(desk, there.id, grants)
