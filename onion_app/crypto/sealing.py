"""How everything is sealed: XChaCha20-Poly1305, bound to the one place where it may stand.

Messages and entries are padded to one of six sizes (ISO/IEC 7816-4) first.
# P04: nothing that a visitor wrote is handed to the vault before it has passed through `seal`.
"""

import json
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from typing import Any, Literal

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as aead_open
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as aead_seal
from nacl.exceptions import CryptoError
from nacl.utils import random

from onion_app.choices import EntryKind, MessageAuthor
from onion_app.crypto.keys import subkey
from onion_app.errors import SealBroken
from onion_app.shapes import from_json

FORMAT = 2
NONCE_BYTES = 24
MORE_BYTES = 1 + NONCE_BYTES + 16  # by which something sealed is longer
SIZES = tuple(kib * 1024 for kib in (2, 4, 8, 16, 32, 64))  # bytes of padded plaintext

_WRITERS = {
    "visitor": 1, "circle": 2, "site": 3,
    "note": 4, "draft": 5, "approval": 6, "notebook": 7, "facts": 8, "quotation": 9,
    "look_again": 10,
}  # fmt: skip
_MESSAGE = struct.Struct(">B16s16sIB")
_ENTRY = struct.Struct(">B16s16sIB16s")
_LONGEST_FIELD = 1 << 24  # bytes; a session at the desk holds all that its member has typed and not sent


@dataclass(frozen=True, slots=True)
class MessagePlace:
    """The place of a message; ids have 16 bytes, numbers count from 0."""

    case_id: bytes
    message_id: bytes
    number: int
    author: MessageAuthor

    def associated_data(self) -> bytes:
        """Give the bytes that the seal is bound to."""
        return _MESSAGE.pack(FORMAT, self.case_id, self.message_id, self.number, _WRITERS[self.author])


@dataclass(frozen=True, slots=True)
class EntryPlace:
    """The place of an entry; `written_by` is the id of the moderator who wrote it.

    In a circle's notebook the circle's id stands for both, and the number is 0.
    """

    case_id: bytes
    entry_id: bytes
    number: int
    kind: EntryKind | Literal["notebook"]
    written_by: bytes

    def associated_data(self) -> bytes:
        """Give the bytes that the seal is bound to."""
        return _ENTRY.pack(FORMAT, self.case_id, self.entry_id, self.number, _WRITERS[self.kind], self.written_by)


Place = MessagePlace | EntryPlace
"""The one place where something sealed may stand."""


def seal_bytes(key: bytes, plaintext: bytes, bound_to: bytes) -> bytes:
    """Seal bytes as they are, under a key of 32 bytes."""
    nonce = random(NONCE_BYTES)
    return bytes([FORMAT]) + nonce + aead_seal(plaintext, bound_to, nonce, key)


def open_bytes(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    """Open what `seal_bytes` has sealed.

    Raises:
        SealBroken: another key, another place, or changed bytes.
    """
    if sealed[:1] != bytes([FORMAT]) or len(sealed) < MORE_BYTES:
        raise SealBroken
    try:
        return aead_open(sealed[1 + NONCE_BYTES :], bound_to, sealed[1 : 1 + NONCE_BYTES], key)
    except (CryptoError, ValueError):
        raise SealBroken from None


def pad(plaintext: bytes, least: int = SIZES[0]) -> bytes:
    """Pad to the next of the six sizes that is not below the least.

    Raises:
        ValueError: longer than 65,535 bytes; the pages refuse such texts long before.
    """
    size = min(size for size in SIZES if size >= least and len(plaintext) < size)
    return plaintext + b"\x80" + bytes(size - len(plaintext) - 1)


def seal(key: bytes, plaintext: bytes, place: Place, least: int = SIZES[0]) -> bytes:
    """Pad and seal at most 65,535 bytes for one place."""
    return seal_bytes(key, pad(plaintext, least), place.associated_data())


def open_seal(key: bytes, sealed: bytes, place: Place) -> bytes:
    """Open what was sealed for exactly this place.

    Raises:
        SealBroken: another key, another place, or changed bytes.
    """
    plaintext, mark, _zeros = open_bytes(key, sealed, place.associated_data()).rpartition(b"\x80")
    if not mark:  # the padding was authenticated, so that a wrong one is a fault of our own
        raise SealBroken
    return plaintext


def seal_field(key: bytes, purpose: str, fields: dict[str, Any]) -> str:
    """Seal a JSON object into text for a hidden field, which only the same purpose opens again."""
    return urlsafe_b64encode(seal_bytes(subkey(key, purpose), json.dumps(fields).encode(), b"field")).decode()


def open_field(key: bytes, purpose: str, text: str) -> dict[str, Any]:
    """Open a hidden field.

    Raises:
        SealBroken: not one of ours, of another purpose, or changed on its way.
    """
    try:
        raw = urlsafe_b64decode(text.encode())
    except (NotBase64, ValueError):
        raise SealBroken from None
    return from_json(dict[str, Any], open_bytes(subkey(key, purpose), raw, b"field"), SealBroken, _LONGEST_FIELD)
