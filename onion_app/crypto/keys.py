"""Key pairs, keys derived from keys, and the one place where a private and a public half meet.

X25519 pairs belong to circles, moderators and the authors behind return codes. A key is used for one purpose only:
`subkey` and `digest` give each purpose its own.
"""

from dataclasses import dataclass, field

from nacl.bindings import crypto_scalarmult, crypto_scalarmult_base
from nacl.encoding import RawEncoder
from nacl.exceptions import CryptoError
from nacl.hash import blake2b
from nacl.utils import random

from onion_app.errors import SealBroken

KEY_BYTES = 32
ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An X25519 pair; each half has 32 bytes, and the private half stays out of every printed form."""

    private: bytes = field(repr=False)
    public: bytes


def new_key() -> bytes:
    """Draw 32 random bytes."""
    return random(KEY_BYTES)


def new_id() -> bytes:
    """Draw the 16 random bytes that name a message, an entry, a circle or a person, and tell nothing about them."""
    return random(ID_BYTES)


def new_keypair() -> KeyPair:
    """Make an X25519 pair."""
    return keypair_from(new_key())


def keypair_from(private: bytes) -> KeyPair:
    """Give the pair whose private half is these 32 bytes.

    Raises:
        SealBroken: there are not 32; whoever grants a circle's key could have sealed others.
    """
    if len(private) != KEY_BYTES:
        raise SealBroken
    return KeyPair(private, crypto_scalarmult_base(private))


def shared_secret(private: bytes, public: bytes) -> bytes:
    """Give X25519 of a private and a public half, 32 bytes; the only place in which the two meet.

    Raises:
        SealBroken: one of them has not 32 bytes (libsodium's binding would read past its end), or the public half is a
            point of low order.
    """
    if len(private) != KEY_BYTES or len(public) != KEY_BYTES:
        raise SealBroken
    try:
        return crypto_scalarmult(private, public)
    except CryptoError:
        raise SealBroken from None


def subkey(key: bytes, purpose: str) -> bytes:
    """Derive the 32 bytes that serve one purpose from a key of at most 64 bytes (BLAKE2b, keyed)."""
    return blake2b(purpose.encode(), digest_size=KEY_BYTES, key=key, encoder=RawEncoder)


def digest(person: bytes, data: bytes, key: bytes = b"", size: int = KEY_BYTES) -> bytes:
    """Give BLAKE2b of bytes for one purpose, which `person` (at most 16 bytes) names; keyed where a key is given."""
    return blake2b(data, digest_size=size, key=key, person=person, encoder=RawEncoder)
