"""How messages are sealed: padded to one of six sizes (ISO/IEC 7816-4), with XChaCha20-Poly1305.

The key is that of an epoch of the case, and a message is bound to the one place where it may stand.
# P04: nothing that a visitor wrote is handed to the vault before it has passed through `seal`.
"""

import json
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from typing import Any

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as aead_open
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as aead_seal
from nacl.exceptions import CryptoError
from nacl.utils import random

from onion_app.crypto.keys import subkey
from onion_app.errors import SealBroken
from onion_app.shapes import from_json

VERSION = 1
NONCE_BYTES = 24
SIZES = tuple(kib * 1024 for kib in (2, 4, 8, 16, 32, 64))  # bytes of padded plaintext

_AUTHORS = {"visitor": 1, "circle": 2, "site": 3, "note": 4, "draft": 5, "approval": 6}
_PLACE = struct.Struct(">B16sI16sIB")
_LONGEST_FIELD = 1 << 24  # bytes; a session at the desk holds all that its member has typed and not sent


@dataclass(frozen=True, slots=True)
class Place:
    """The one place where a sealed message may stand; ids have 16 bytes, epochs count from 1, numbers from 0."""

    case_id: bytes
    epoch: int
    message_id: bytes
    number: int
    author: str

    def associated_data(self) -> bytes:
        """Give the bytes that the seal is bound to."""
        author = _AUTHORS[self.author]
        return _PLACE.pack(VERSION, self.case_id, self.epoch, self.message_id, self.number, author)


def pad(plaintext: bytes) -> bytes:
    """Pad to the next of the six sizes.

    Raises:
        ValueError: longer than 65,535 bytes; the pages refuse such texts long before.
    """
    size = next((size for size in SIZES if len(plaintext) < size), None)
    if size is None:
        message = "longer than the largest size"
        raise ValueError(message)
    return plaintext + b"\x80" + bytes(size - len(plaintext) - 1)


def unpad(padded: bytes) -> bytes:
    """Take the padding off; it was authenticated, so that a wrong one is a fault of our own."""
    plaintext, mark, _zeros = padded.rpartition(b"\x80")
    if not mark:
        raise SealBroken
    return plaintext


def seal(case_key: bytes, plaintext: bytes, place: Place) -> bytes:
    """Seal at most 65,535 bytes under the key of the case, for one place."""
    nonce = random(NONCE_BYTES)
    return bytes([VERSION]) + nonce + aead_seal(pad(plaintext), place.associated_data(), nonce, case_key)


def open_seal(case_key: bytes, sealed: bytes, place: Place) -> bytes:
    """Open a message that was sealed for exactly this place.

    Raises:
        SealBroken: another key, another place, or changed bytes.
    """
    if len(sealed) <= 1 + NONCE_BYTES or sealed[0] != VERSION:
        raise SealBroken
    nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        return unpad(aead_open(body, place.associated_data(), nonce, case_key))
    except (CryptoError, ValueError):  # ValueError: shorter than a seal can be
        raise SealBroken from None


def seal_field(key: bytes, purpose: str, fields: dict[str, Any]) -> str:
    """Seal a JSON object into text for a hidden field, which only the same purpose opens again."""
    nonce = random(NONCE_BYTES)
    sealed = aead_seal(json.dumps(fields).encode(), bytes([VERSION]), nonce, subkey(key, purpose))
    return urlsafe_b64encode(nonce + sealed).decode()


def open_field(key: bytes, purpose: str, text: str) -> dict[str, Any]:
    """Open a hidden field.

    Raises:
        SealBroken: not one of ours, of another purpose, or changed on its way.
    """
    try:
        raw = urlsafe_b64decode(text.encode())
        plaintext = aead_open(raw[NONCE_BYTES:], bytes([VERSION]), raw[:NONCE_BYTES], subkey(key, purpose))
    except (NotBase64, ValueError, CryptoError):
        raise SealBroken from None
    return from_json(dict[str, Any], plaintext, SealBroken, _LONGEST_FIELD)
