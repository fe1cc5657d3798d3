"""Two texts side by side, line by line, with every difference marked, for an editor."""

import re
from collections.abc import Iterator
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
    rows: list[DiffRow] = []
    for kind, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind == "equal":
            rows += [DiffRow("same", line, line) for line in left[a:b]]
        else:
            rows += list(_differing(left[a:b], right[c:d]))
    return rows


def _differing(left: list[str], right: list[str]) -> Iterator[DiffRow]:
    for before, after in zip_longest(left, right, fillvalue=""):
        yield DiffRow("changed" if before and after else "removed" if before else "added", before, after)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in _SENTENCE.split(text) if line.strip()]
