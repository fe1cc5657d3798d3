"""The door to a case: how its author's keys open the seals in it, and make new ones.

Nothing here decides what is written or shown, and nothing is remembered between two calls.
# P06: a code is stretched here and stored nowhere; what stays of it for a visit is the author's key pair.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from onion_app.crypto.codes import CodeKeys, derive
from onion_app.crypto.keys import KeyPair, fingerprint, subkey
from onion_app.crypto.letters import Letter, pack, unpack
from onion_app.crypto.sealing import AUTHOR_HOLDER, Place, open_seal, seal, unwrap, wrap
from onion_app.errors import NothingHere, SealBroken
from onion_app.vault import cases, settings
from onion_app.vault.cases import Message, Wrap
from onion_app.vault.database import Database
from onion_app.web.pinning import unpinned


class Door(NamedTuple):
    """What opens a case for its author while a visit lasts: the case, and the key pair behind the code."""

    case_id: bytes
    author: KeyPair


def keys_of(db: Database, code: str) -> CodeKeys:
    """Stretch a code with the salt of this installation; about 25 ms, on any CPU."""
    salt = settings.read(db).code_salt
    with unpinned():
        return derive(code, salt)


def case_keys(db: Database, door: Door) -> dict[int, bytes]:
    """Unwrap the key of every epoch for the author, newest epoch first.

    Raises:
        NothingHere: the case is gone, or the door belongs to a code that was replaced.
        SealBroken: a wrap was changed by somebody else.
    """
    keys = {}
    for each in cases.wraps_of(db, door.case_id, AUTHOR_HOLDER):
        if each.recipient != fingerprint(door.author.public):
            raise NothingHere
        keys[each.epoch] = unwrap(
            each.wrap,
            case_id=door.case_id,
            epoch=each.epoch,
            holder=AUTHOR_HOLDER,
            private_key=door.author.private,
        )
    if not keys:
        raise NothingHere
    return keys


def wraps_for(case_key: bytes, case_id: bytes, epoch: int, readers: Mapping[bytes, bytes]) -> tuple[Wrap, ...]:
    """Wrap the key of a case for each of its readers: holder id to public key."""
    return tuple(
        Wrap(
            epoch,
            holder,
            fingerprint(public),
            wrap(case_key, case_id=case_id, epoch=epoch, holder=holder, public_key=public),
        )
        for holder, public in readers.items()
    )


def sealer(case_key: bytes, place: Place, letter: Letter) -> Callable[[int], bytes]:
    """Give the function that seals a letter once the vault knows its number; the number in `place` is not used."""
    return lambda number: seal(case_key, pack(letter), replace(place, number=number))


def opened(keys: Mapping[int, bytes], message: Message) -> Letter | None:
    """Open a message; None when it is damaged, so that the others can still be read."""
    place = Place(message.case_id, message.epoch, message.id, message.number, message.author)
    try:
        return unpack(open_seal(keys[message.epoch], message.sealed, place))
    except (SealBroken, KeyError):
        return None


def message_id_of(seed: bytes, text: str) -> bytes:
    """Give the id (16 bytes) under which a text from one form is stored, however often it is sent.

    The seed is a secret of that form: with a known one, the id would tell whoever guesses a text that they are right.
    """
    return subkey(seed, text)[:16]
