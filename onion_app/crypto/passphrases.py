"""A passphrase or a code becomes a key, slowly: Argon2id, and a lock that tells a wrong passphrase from a right one.

The costs follow the secrets. A generated passphrase of six words holds 77 bits, a code 86, so that
guessing fails even at the cheapest of them; the weakest machine that we support can spare the memory.
"""

import secrets
import unicodedata
from functools import cache
from importlib.resources import files
from threading import BoundedSemaphore
from typing import NamedTuple

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as aead_open
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt as aead_seal
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.utils import random

from onion_app.errors import WrongPassphrase

MIB = 1024 * 1024
VERSION = b"\x01"
SALT_BYTES = argon2id.SALTBYTES
NONCE_BYTES = 24
WORDS = 6
GROUP = 4  # digits that stand for a word


class Profile(NamedTuple):
    """The cost of one stretching: bytes of memory, and passes over them."""

    memory: int
    passes: int


PASSWORD = Profile(64 * MIB, 3)  # a moderator's passphrase, at each login
VAULT = Profile(256 * MIB, 4)  # the operator's passphrase, once a start
CODE = Profile(19 * MIB, 2)  # codes: opening must stay cheap while somebody floods the site with guesses

# 64 people opening at once must not need 64 times the memory: two stretch, the others wait.
_turns = BoundedSemaphore(2)


def stretch(secret: bytes, salt: bytes, profile: Profile) -> bytes:
    """Turn a secret and a salt of 16 bytes into a key of 32 bytes with Argon2id."""
    with _turns:
        return argon2id.kdf(32, secret, salt, opslimit=profile.passes, memlimit=profile.memory)


@cache
def word_list() -> tuple[str, ...]:
    """Read the 7,776 words that passphrases are drawn from; the file names its source and licence."""
    text = files(__package__).joinpath("words.txt").read_text("utf-8")
    return tuple(line for line in text.split("\n") if line and not line.startswith("#"))


def new_passphrase() -> str:
    """Draw six words: 77 bits."""
    return " ".join(secrets.choice(word_list()) for _ in range(WORDS))


def as_digits(words: str) -> str:
    """Write words of the list as groups of four digits, for who reads no Latin letters: the place of each, from 0."""
    return " ".join(f"{word_list().index(word):0{GROUP}}" for word in words.split())


def as_typed(passphrase: str) -> bytes:
    """Give the bytes that are stretched: the words, also where their digits were typed, in any script.

    A capital letter or a second space locks nobody out, and between digits stands whatever is no letter.
    """
    read = unicodedata.normalize("NFKC", passphrase).casefold()
    digits = "".join(str(int(sign)) for sign in read if sign.isdecimal())
    if len(digits) == WORDS * GROUP and not any(sign.isalpha() for sign in read):
        places = [int(digits[start : start + GROUP]) for start in range(0, len(digits), GROUP)]
        read = " ".join(word_list()[place] for place in places if place < len(word_list()))
    return " ".join(read.split()).encode()


def lock(payload: bytes, secret: str, purpose: str, profile: Profile) -> bytes:
    """Lock a payload under something that a person keeps; only the same purpose unlocks it again."""
    salt, nonce = random(SALT_BYTES), random(NONCE_BYTES)
    key = stretch(as_typed(secret), salt, profile)
    return VERSION + salt + nonce + aead_seal(payload, VERSION + purpose.encode(), nonce, key)


def unlock(blob: bytes, secret: str, purpose: str, profile: Profile) -> bytes:
    """Give the payload back.

    Raises:
        WrongPassphrase: the secret is another one, or the bytes were changed; the two cannot be told apart.
    """
    version, salt = blob[:1], blob[1 : 1 + SALT_BYTES]
    nonce, sealed = blob[1 + SALT_BYTES :][:NONCE_BYTES], blob[1 + SALT_BYTES + NONCE_BYTES :]
    if version != VERSION or len(nonce) != NONCE_BYTES:
        raise WrongPassphrase
    key = stretch(as_typed(secret), salt, profile)
    try:
        return aead_open(sealed, VERSION + purpose.encode(), nonce, key)
    except (CryptoError, ValueError):  # ValueError: shorter than a seal can be
        raise WrongPassphrase from None
