"""The return code: 28 digits that bring a visitor back, and that we cannot find for them.

26 digits are random (86 bits) and two are check digits, so that a slip of the pen is told from an erased case. The code
itself is kept nowhere: Argon2id turns it into a tag, under which the case is found, and into the keys of what it opens.
# P06: only the tag may ever reach a table.
"""

import secrets
from dataclasses import dataclass, field

from nacl.utils import random

from onion_app.crypto.keys import digest
from onion_app.crypto.passphrases import CODE, SALT_BYTES, stretch
from onion_app.errors import CodeMistyped

DIGITS = 28
RANDOM_DIGITS = 26
LINE = 4
LINES = DIGITS // LINE
_MODULUS = 97  # ISO/IEC 7064 MOD 97-10 finds every single wrong digit and every swap of two neighbours

_LATIN = {ord(script) + n: str(n) for script in "0٠۰" for n in range(10)}  # Latin, Arabic, Persian and Kurdish


@dataclass(frozen=True, slots=True)
class CodeKeys:
    """What follows from a code, 32 bytes each: the tag of its case, and the keys of its box and of its stop."""

    tag: bytes
    box: bytes = field(repr=False)
    stop: bytes = field(repr=False)


def new_code() -> str:
    """Draw a code, as 28 Latin digits."""
    drawn = secrets.randbelow(10**RANDOM_DIGITS)
    check = _MODULUS + 1 - drawn * 100 % _MODULUS
    return f"{drawn:0{RANDOM_DIGITS}}{check:02}"


def latin_digits(typed: str) -> str:
    """Keep the digits of all three scripts, as Latin ones, and nothing else."""
    return "".join(_LATIN.get(ord(letter), "") for letter in typed)


def read_code(typed: str) -> str:
    """Give the 28 Latin digits that somebody typed, between any other letters.

    Raises:
        CodeMistyped: there are not 28 digits, or the check digits do not fit; it holds at most 40 of the digits.
    """
    digits = latin_digits(typed)
    if len(digits) != DIGITS or int(digits) % _MODULUS != 1:
        raise CodeMistyped(digits[:40])
    return digits


def code_lines(code: str) -> tuple[str, ...]:
    """Cut digits into lines of four, the way the code is written down."""
    return tuple(code[start : start + LINE] for start in range(0, len(code), LINE))


def new_salt() -> bytes:
    """Draw the salt of an installation: the same code means nothing in another one."""
    return random(SALT_BYTES)


def derive(code: str, salt: bytes) -> CodeKeys:
    """Turn a code (28 Latin digits) into its tag and its keys; takes 19 MiB and about 25 ms."""
    master = stretch(code.encode(), salt, CODE)
    return CodeKeys(*(digest(b"sanctuary code 2", what, key=master) for what in (b"tag", b"box", b"stop")))


def invitation_digest(code: str) -> bytes:
    """Give the 32 bytes by which an invitation is recognised: its 86 bits need no slow hash."""
    return digest(b"invitation", code.encode())
