"""The key of the onion service, and the address that follows from it (Tor's rend-spec-v3, section 6)."""

from base64 import b32encode
from dataclasses import dataclass, field
from hashlib import sha3_256, sha512
from typing import Annotated

from nacl.bindings import crypto_scalarmult_ed25519_base_noclamp, crypto_sign_seed_keypair
from nacl.utils import random

_VERSION = b"\x03"


@dataclass(frozen=True, slots=True)
class OnionKey:
    """The expanded Ed25519 secret that tor takes, and the address with its `.onion`."""

    secret: Annotated[bytes, 64] = field(repr=False)
    address: str


def new_onion_key() -> OnionKey:
    """Make a key; no tor is needed for it."""
    seed = random(32)
    public, _ = crypto_sign_seed_keypair(seed)
    secret = bytearray(sha512(seed).digest())  # hashed and clamped as before signing (RFC 8032, section 5.1.5)
    secret[0] &= 248
    secret[31] = secret[31] & 63 | 64
    return OnionKey(bytes(secret), address_of(public))


def onion_of(secret: bytes) -> OnionKey:
    """Give the key whose expanded secret this is, with its address."""
    return OnionKey(secret, address_of(crypto_scalarmult_ed25519_base_noclamp(secret[:32])))


def address_of(public: bytes) -> str:
    """Give the address of an Ed25519 public key of 32 bytes."""
    checksum = sha3_256(b".onion checksum" + public + _VERSION).digest()[:2]
    return b32encode(public + checksum + _VERSION).decode().lower() + ".onion"
