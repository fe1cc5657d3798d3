"""The key by which a volunteer's machine finds the desk's onion (x25519; Tor's rend-spec-v3, section 2.5).

The private half never leaves that machine. The public half is read out or copied by people, so two letters of check
stand behind it; it opens nothing.
"""

from base64 import b32decode, b32encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from nacl.bindings import crypto_scalarmult_base
from nacl.utils import random

from onion_app.errors import MachineKeyMistyped

_LETTERS: Final = 52  # of 32 bytes in base32, without its padding
_CHECK: Final = 2
_PADDING = "===="
_GROUP = 6  # letters between two blanks


@dataclass(frozen=True, slots=True)
class MachineKey:
    """A pair: 32 bytes that stay, and the 52 letters that tor and the operator get."""

    private: bytes = field(repr=False)
    public: str

    @property
    def shown(self) -> str:
        """The public half as people hand it on: with its check letters, in nine groups of six."""
        whole = self.public + _check(self.public)
        return " ".join(whole[start : start + _GROUP] for start in range(0, len(whole), _GROUP))


def new_machine_key() -> MachineKey:
    """Make a pair."""
    return machine_key(random(32))


def machine_key(private: bytes) -> MachineKey:
    """Give the pair of a private half of 32 bytes."""
    return MachineKey(private, _letters(crypto_scalarmult_base(private)))


def read_public(typed: str) -> str:
    """Read a public half as it was handed on, and give its 52 letters.

    Raises:
        MachineKeyMistyped: a letter is missing or another one.
    """
    whole = "".join(typed[: 4 * _LETTERS].lower().split())
    public, check = whole[:_LETTERS], whole[_LETTERS:]
    if not is_public(public) or check != _check(public):
        raise MachineKeyMistyped
    return public


def is_public(letters: str) -> bool:
    """Say whether these are the 52 letters of 32 bytes, written in the one way that there is."""
    try:
        return len(letters) == _LETTERS and _letters(b32decode(letters.upper() + _PADDING)) == letters
    except ValueError:
        return False


def _letters(raw: bytes) -> str:
    return b32encode(raw).decode().lower().rstrip("=")


def _check(public: str) -> str:
    return _letters(sha256(b"sanctuary machine " + public.encode()).digest())[:_CHECK]
