"""The keys of a case, one after another, and how each is handed to those who may open it.

A case begins with one key. Handing it over, a circle's new key and an author's new code begin another epoch with
another key, which is wrapped for the circle and for the author in anonymous sealed boxes. Anybody who knows a public
key can make such a box, so each says inside what it is for and whom its epoch was begun for, and carries links: proof
that whoever began the epoch held the keys before it. The first epoch is linked to the author's own private key.
# P05: who can only write into the mailbox knows no key of a case, and can put none of their own in the place of one.
"""

import hmac
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from nacl.encoding import RawEncoder
from nacl.exceptions import CryptoError
from nacl.hash import blake2b
from nacl.public import PrivateKey, PublicKey, SealedBox

from onion_app.crypto.keys import ID_BYTES, KEY_BYTES, KeyPair, new_key, subkey
from onion_app.errors import SealBroken

VERSION = 1
AUTHOR_HOLDER: Final = bytes(ID_BYTES)  # the holder id of a case's author; no random id is all zeros
NO_AUTHOR: Final = bytes(KEY_BYTES)  # instead of the public key of an author who does not come back

LINKS: Final = 16  # keys to which an epoch is linked, the newest ones; somebody may have lost those in between
OTHERS: Final = 8  # and of those that opened, but are not sure
_PLACE = struct.Struct(">B16sI16s")  # version, case, number, holder
_EPOCH = struct.Struct(">B16sI16s32s32s32s")  # version, case, number, circle, its public key, the author's, the key
_READERS = struct.Struct(">16s32s32s32s")  # circle, its public key, the author's, the key; the links come after it


@dataclass(frozen=True, slots=True)
class Epoch:
    """One key of a case, and whom it was begun for; numbers rise from 1, and may leave some out."""

    case_id: bytes
    number: int
    circle_id: bytes
    circle_key: bytes  # public
    author: bytes  # public, or NO_AUTHOR
    key: bytes = field(repr=False)
    links: bytes = field(default=b"", repr=False)

    def link_to(self, key: bytes, purpose: str) -> bytes:
        """Give the link that shows knowledge of a key: BLAKE2b under a sub-key of it, over everything that is here."""
        here = (self.case_id, self.number, self.circle_id, self.circle_key, self.author, self.key)
        return blake2b(_EPOCH.pack(VERSION, *here), digest_size=KEY_BYTES, key=subkey(key, purpose), encoder=RawEncoder)

    def follows(self, before: "Epoch") -> bool:
        """Tell whether whoever began this epoch held the key of another."""
        link, each = self.link_to(before.key, "next epoch"), range(0, len(self.links), KEY_BYTES)
        return any(hmac.compare_digest(self.links[start : start + KEY_BYTES], link) for start in each)


def first_epoch(case_id: bytes, circle_id: bytes, circle_key: bytes, author: KeyPair | None) -> Epoch:
    """Draw the key with which a case begins."""
    public = author.public if author else NO_AUTHOR
    epoch = Epoch(case_id, 1, circle_id, circle_key, public, new_key())
    return claimed(epoch, author.private if author else new_key())


def claimed(epoch: Epoch, private: bytes) -> Epoch:
    """Link a first epoch to the author's private key, so that its author knows it again."""
    return replace(epoch, links=epoch.link_to(private, "first epoch"))


def next_epoch(
    sure: Sequence[Epoch],
    number: int,
    *,
    circle_id: bytes,
    circle_key: bytes,
    author: bytes,
    others: Sequence[Epoch] = (),
) -> Epoch:
    """Draw the key that follows those that are sure, the oldest first, for these readers.

    It is linked also to others that opened: where a key in between was lost to one side, the other side may be sure of
    what this one is not, and both find together again. A link to an intruder's key tells the intruder nothing.
    """
    epoch = Epoch(sure[-1].case_id, number, circle_id, circle_key, author, new_key())
    before = [*sure[-LINKS:], *others[-OTHERS:]]
    return replace(epoch, links=b"".join(epoch.link_to(each.key, "next epoch") for each in before))


def authors_epochs(others: Iterable[Epoch], author: KeyPair) -> list[Epoch]:
    """Give the epochs that an author can be sure of, the oldest first: their own first one, and what follows it."""
    ordered = sorted(others, key=lambda epoch: epoch.number)
    own = (each for each in ordered if hmac.compare_digest(each.links, claimed(each, author.private).links))
    first = next(own, None)
    return following([first], ordered) if first else []


def following(sure: list[Epoch], others: Iterable[Epoch]) -> list[Epoch]:
    """Add to epochs that are sure, the oldest first, those that follow: each is linked to the last one before it."""
    chain = list(sure)
    for each in sorted(others, key=lambda epoch: epoch.number):
        if each.number > chain[-1].number and each.follows(chain[-1]):
            chain.append(each)
    return chain


def mark(epoch: Epoch) -> bytes:
    """Give the 32 bytes by which an epoch is known again, and from which nothing of it follows."""
    return blake2b(epoch.links, digest_size=KEY_BYTES, key=epoch.link_to(epoch.key, "known epoch"), encoder=RawEncoder)


def wrap(epoch: Epoch, *, holder: bytes, public_key: bytes) -> bytes:
    """Seal an epoch to one holder: the id of a circle, or `AUTHOR_HOLDER`."""
    place = _PLACE.pack(VERSION, epoch.case_id, epoch.number, holder)
    readers = _READERS.pack(epoch.circle_id, epoch.circle_key, epoch.author, epoch.key)
    return SealedBox(PublicKey(public_key)).encrypt(place + readers + epoch.links)


def unwrap(wrapped: bytes, *, case_id: bytes, epoch: int, holder: bytes, private_key: bytes) -> Epoch:
    """Open what was sealed to a holder; whether the epoch was begun by somebody who may is another question.

    Raises:
        SealBroken: sealed to somebody else, or for another case, epoch or holder.
    """
    try:
        packed = SealedBox(PrivateKey(private_key)).decrypt(wrapped)
    except CryptoError:
        raise SealBroken from None
    place, rest = packed[: _PLACE.size], packed[_PLACE.size :]
    readers, links = rest[: _READERS.size], rest[_READERS.size :]
    if place != _PLACE.pack(VERSION, case_id, epoch, holder) or len(readers) != _READERS.size:
        raise SealBroken
    circle_id, circle_key, author, key = _READERS.unpack(readers)
    return Epoch(case_id, epoch, circle_id, circle_key, author, key, links)
