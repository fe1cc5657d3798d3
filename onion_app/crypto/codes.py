"""The return code: 28 digits that bring a visitor back, and that we cannot find for them.

26 digits are random (86 bits) and two are check digits, so that a slip of the pen is told from an erased case. The code
itself is kept nowhere: Argon2id turns it into a tag, under which the case is found, and into the keys of what it opens.
# P06: only the tag may ever reach a table.
"""

import re
from collections.abc import Iterator, Sequence
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

_LONGEST = 10_000  # letters that are looked at: a code may stand between many others, and no further in
_GROUP = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class CodeKeys:
    """What follows from a code, 32 bytes each: the tag of its case, and the keys of its box and of its stop."""

    tag: bytes
    box: bytes = field(repr=False)
    stop: bytes = field(repr=False)


def new_code() -> str:
    """Draw a code, as 28 Latin digits."""
    return code_of(random(32))


def code_of(drawn: bytes) -> str:
    """Give the code that is made of 32 random bytes: of so many, each code is as likely as any other."""
    number = int.from_bytes(drawn, "big") % 10**RANDOM_DIGITS
    check = _MODULUS + 1 - number * 100 % _MODULUS
    return f"{number:0{RANDOM_DIGITS}}{check:02}"


def latin_digits(typed: str) -> str:
    """Keep the digits of any script and width, as Latin ones, and nothing else."""
    return "".join(str(int(letter)) for letter in typed[:_LONGEST] if letter.isdecimal())


def read_code(typed: str) -> str:
    """Give the 28 Latin digits that somebody typed, between any other letters, with numbers of lines, or both columns.

    Raises:
        CodeMistyped: there are not 28 digits, or the check digits do not fit; it holds at most 40 of the digits.
    """
    read = list(_readings([latin_digits(group) for group in _GROUP.findall(typed[:_LONGEST])]))
    for digits in read:
        if len(digits) == DIGITS and int(digits) % _MODULUS == 1:
            return digits
    raise CodeMistyped(read[-1][:40], len(read[-1]))


def read_line(typed: str, number: int) -> str:
    """Give the digits of a line that was typed back, without its number when that stands before it."""
    digits = latin_digits(typed)
    return digits[1:] if len(digits) > LINE and digits[0] == str(number) else digits


def _readings(groups: Sequence[str]) -> Iterator[str]:
    """Read groups of digits as one code, then as it may have been copied from its sheet: the last is the likeliest."""
    digits = "".join(groups)
    yield digits
    if len(digits) == 2 * DIGITS:  # the sheet has a column in Latin digits and one in those of its language
        rows = code_lines(digits)
        if digits[:DIGITS] == digits[DIGITS:]:
            yield digits[:DIGITS]
        elif rows[::2] == rows[1::2]:
            yield "".join(rows[::2])
    if lines := _numbered_lines(groups):
        yield lines


def _numbered_lines(groups: Sequence[str]) -> str:
    """Read lines that begin with their numbers, in any order; nothing when these are no such lines."""
    lines: dict[str, str] = {}
    number, line = "", "".ljust(LINE)
    for group in groups:
        if len(line) < LINE:
            line += group
        elif len(group) == 1 and "1" <= group <= str(LINES):
            number, line = group, ""
        elif group != line:  # the same line once more, in other digits
            return ""
        if len(line) >= LINE and lines.setdefault(number, line) != line:
            return ""
    whole = all(len(line) == LINE for line in lines.values())
    return "".join(lines[number] for number in sorted(lines)) if whole else ""


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
