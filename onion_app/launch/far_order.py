"""The order by which `scripts/manage` tells a launcher which machines elsewhere find the desk: the whole list."""

from typing import Final

from onion_app.crypto.machine_keys import is_public
from onion_app.crypto.onion_key import onion_of
from onion_app.vault.settings import FarDesk

FAR_DESK: Final = "machines "  # the beginning of the order
MOST_MACHINES: Final = 48  # their lines in the descriptor that tor uploads, which may have 50,000 bytes, are 7,000
_SECRET_BYTES = 64


def far_desk_order(far: FarDesk, *, drop_all: bool) -> str:
    """Write the order to let these machines find the desk; `drop_all` who is there now. Their names stay out of it."""
    secret = far.onion.secret.hex() if far.onion else ""
    return FAR_DESK + " ".join(["drop" if drop_all else "keep", secret, *far.machines.values()])


def read_far_desk(order: str) -> tuple[FarDesk, bool]:
    """Read it.

    Raises:
        ValueError: it is none.
    """
    drops, secret, *machines = order.removeprefix(FAR_DESK).split(" ")
    raw = bytes.fromhex(secret)
    if len(raw) != _SECRET_BYTES or drops not in ("drop", "keep") or not all(map(is_public, machines)):
        raise ValueError(FAR_DESK)
    return FarDesk(onion_of(raw), {letters: letters for letters in machines}), drops == "drop"
