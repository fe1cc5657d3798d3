"""The private half of a circle's key, sealed to each of its members."""

import struct

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from onion_app.crypto.keys import KEY_BYTES
from onion_app.errors import SealBroken

VERSION = 1
_GRANT = struct.Struct(">B16sI16s32s")


def grant(private: bytes, *, circle_id: bytes, generation: int, moderator_id: bytes, public_key: bytes) -> bytes:
    """Seal a circle's private key to one member; generations count from 1, one for each pair the circle had."""
    packed = _GRANT.pack(VERSION, circle_id, generation, moderator_id, private)
    return SealedBox(PublicKey(public_key)).encrypt(packed)


def open_grant(sealed: bytes, *, circle_id: bytes, generation: int, moderator_id: bytes, private_key: bytes) -> bytes:
    """Give a circle's private key to a member.

    Raises:
        SealBroken: sealed to somebody else, or for another circle, generation or member.
    """
    try:
        packed = SealedBox(PrivateKey(private_key)).decrypt(sealed)
    except CryptoError:
        raise SealBroken from None
    expected = _GRANT.pack(VERSION, circle_id, generation, moderator_id, bytes(KEY_BYTES))
    if len(packed) != len(expected) or packed[:-KEY_BYTES] != expected[:-KEY_BYTES]:
        raise SealBroken
    return packed[-KEY_BYTES:]
