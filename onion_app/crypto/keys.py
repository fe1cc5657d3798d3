"""Key pairs and keys derived from keys.

X25519 pairs belong to circles, moderators and the authors behind return codes. A key is used for one purpose only:
`subkey` gives each purpose its own.
"""

from dataclasses import dataclass, field

from nacl.encoding import RawEncoder
from nacl.hash import blake2b
from nacl.public import PrivateKey
from nacl.utils import random

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
    """Draw the 16 random bytes that name a case, a message, a circle or a person, and tell nothing about them."""
    return random(ID_BYTES)


def new_keypair() -> KeyPair:
    """Make an X25519 pair."""
    return keypair_from(random(KEY_BYTES))


def keypair_from(private: bytes) -> KeyPair:
    """Give the pair whose private half is these 32 bytes."""
    return KeyPair(private, bytes(PrivateKey(private).public_key))


def fingerprint(public: bytes) -> bytes:
    """Give the 16 bytes by which a wrap says which public key it was sealed to."""
    return blake2b(public, digest_size=ID_BYTES, person=b"fingerprint", encoder=RawEncoder)


def subkey(key: bytes, purpose: str) -> bytes:
    """Derive the 32 bytes that serve one purpose from a key of at most 64 bytes (BLAKE2b, keyed)."""
    return blake2b(purpose.encode(), digest_size=KEY_BYTES, key=key, encoder=RawEncoder)
