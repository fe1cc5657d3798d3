"""Two texts side by side, line by line, with every difference marked, for an editor."""

import re
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Final, Literal, NamedTuple

# Whoever writes on a phone writes in one long paragraph: a sentence is a line here too.
_SENTENCE: Final = re.compile(r"(?<=[.!?؟…])\s+|\n+")


class DiffRow(NamedTuple):
    """One line of both texts; either may be empty."""

    kind: Literal["same", "changed", "removed", "added"]
    before: str
    after: str


def side_by_side(before: str, after: str) -> list[DiffRow]:
    """Compare two texts."""
    left, right = _lines(before), _lines(after)
    blocks = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    pairs = [pair for _, a, b, c, d in blocks for pair in zip_longest(left[a:b], right[c:d], fillvalue="")]
    return [DiffRow(_kind(before, after), before, after) for before, after in pairs]


def _kind(before: str, after: str) -> Literal["same", "changed", "removed", "added"]:
    if before == after:
        return "same"
    return "changed" if before and after else "removed" if before else "added"


def _lines(text: str) -> list[str]:
    return [line.strip() for line in _SENTENCE.split(text) if line.strip()]
