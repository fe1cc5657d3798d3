"""A moderator's own secrets: the key pair, the second factor, and the sheet that brings them back."""

import hmac
import struct
from contextlib import suppress
from dataclasses import dataclass, field

import pyotp
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from onion_app.crypto.codes import latin_digits, read_code
from onion_app.crypto.keys import KEY_BYTES, new_key, subkey
from onion_app.crypto.passphrases import CODE, PASSWORD, lock, stretch, unlock, word_list
from onion_app.errors import SealBroken, WrongPassphrase, WrongSecondFactor

STEP_SECONDS = 30  # RFC 6238
STEPS_EITHER_SIDE = 1  # a phone's clock may be half a minute off
# Four of 7,776 words are 51 bits. Whoever swaps a newcomer's key must find another one with the same four words, for
# this one invitation, while it waits: two thousand million million tries of 25 ms and 19 MiB each, and no table of
# them serves a second invitation.
WORDS_COMPARED = 4
_SECRETS = "moderator secrets"
_SHEET = "recovery sheet"
_NEWCOMER = b"newcomer"


_CIRCLE_KEY_VERSION = 1
_CIRCLE_KEY = struct.Struct(">B16sI16s32s")


@dataclass(frozen=True, slots=True)
class Secrets:
    """The private key (32 bytes) and the TOTP secret (32 letters of base32, 160 bits)."""

    private: bytes = field(repr=False)
    totp: str = field(repr=False)


def new_secrets() -> Secrets:
    """Draw a private key and a TOTP secret."""
    return Secrets(new_key(), pyotp.random_base32())


def lock_secrets(secrets: Secrets, passphrase: str) -> bytes:
    """Lock both under the moderator's passphrase."""
    return lock(secrets.private + secrets.totp.encode(), passphrase, _SECRETS, PASSWORD)


def unlock_secrets(blob: bytes, passphrase: str) -> Secrets:
    """Give both back.

    Raises:
        WrongPassphrase: the passphrase is another one.
    """
    packed = unlock(blob, passphrase, _SECRETS, PASSWORD)
    return Secrets(packed[:KEY_BYTES], packed[KEY_BYTES:].decode())


def waste_time(passphrase: str) -> None:
    """Spend the time of an unlocking, so that an unknown handle answers no faster than a known one."""
    with suppress(WrongPassphrase):
        unlock(b"\x01" + bytes(16 + 24 + 80), passphrase, _SECRETS, PASSWORD)


def lock_sheet(private: bytes, code: str) -> bytes:
    """Lock the private key a second time, under the 28 digits of the recovery sheet."""
    return lock(private, read_code(code), _SHEET, CODE)


def open_sheet(blob: bytes, code: str) -> bytes:
    """Give the private key to whoever holds the sheet.

    Raises:
        CodeMistyped: not 28 digits that fit.
        WrongPassphrase: another sheet.
    """
    return unlock(blob, read_code(code), _SHEET, CODE)


def totp_uri(totp_secret: str, label: str) -> str:
    """Give the otpauth address for a QR code; the label should say nothing about this place."""
    return pyotp.TOTP(totp_secret).provisioning_uri(name=label)


def check_totp(totp_secret: str, typed: str, at: float) -> int:
    """Give the step that six typed digits belong to, at this unix time or one step beside it.

    Raises:
        WrongSecondFactor: they belong to none of the three steps.
    """
    digits = latin_digits(typed)
    generator = pyotp.TOTP(totp_secret)
    now = int(at) // STEP_SECONDS
    for step in range(now - STEPS_EITHER_SIDE, now + STEPS_EITHER_SIDE + 1):
        if hmac.compare_digest(generator.at(step * STEP_SECONDS), digits):
            return step
    raise WrongSecondFactor(field="totp")


def totp_step_digest(totp_secret: str, step: int) -> bytes:
    """Give the digest of an accepted step that is stored: 32 bytes that tell nobody the hour of the login."""
    return subkey(totp_secret.encode(), f"totp step {step}")


def words_to_compare(public: bytes, *, circle_id: bytes, invitation_id: bytes) -> tuple[str, ...]:
    """Give the four words that a newcomer and a member of the circle see; about 25 ms, which makes guessing dear."""
    drawn = int.from_bytes(stretch(_NEWCOMER + circle_id + public, invitation_id, CODE))
    chosen = []
    for _ in range(WORDS_COMPARED):
        drawn, place = divmod(drawn, len(word_list()))
        chosen.append(word_list()[place])
    return tuple(chosen)


def seal_circle_key(
    private: bytes, *, circle_id: bytes, generation: int, moderator_id: bytes, public_key: bytes
) -> bytes:
    """Seal a circle's private key to one member; generations count from 1, one for each pair the circle had."""
    packed = _CIRCLE_KEY.pack(_CIRCLE_KEY_VERSION, circle_id, generation, moderator_id, private)
    return SealedBox(PublicKey(public_key)).encrypt(packed)


def open_circle_key(
    sealed: bytes, *, circle_id: bytes, generation: int, moderator_id: bytes, private_key: bytes
) -> bytes:
    """Give a circle's private key to a member.

    Raises:
        SealBroken: sealed to somebody else, or for another circle, generation or member.
    """
    try:
        packed = SealedBox(PrivateKey(private_key)).decrypt(sealed)
    except CryptoError:
        raise SealBroken from None
    expected = _CIRCLE_KEY.pack(_CIRCLE_KEY_VERSION, circle_id, generation, moderator_id, bytes(KEY_BYTES))
    if len(packed) != len(expected) or packed[:-KEY_BYTES] != expected[:-KEY_BYTES]:
        raise SealBroken
    return packed[-KEY_BYTES:]
