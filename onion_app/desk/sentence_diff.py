"""Two texts side by side, line by line, with every difference marked, for an editor.

# P16: it sorts lines and looks through none of them again, so that thousands of equal lines cost what others do.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Literal, NamedTuple

from onion_app.web.text import split_sentences

_Pair = tuple[int, int]  # the places of one line in both texts


class DiffRow(NamedTuple):
    """One line of both texts; either may be empty."""

    kind: Literal["same", "changed", "removed", "added"]
    before: str
    after: str


def side_by_side(before: str, after: str) -> list[DiffRow]:
    """Compare two texts."""
    left, right = split_sentences(before), split_sentences(after)
    rows, a, b = [], 0, 0
    for c, d in (*_kept(left, right), (len(left), len(right))):
        pairs = zip_longest(left[a:c], right[b:d], fillvalue="")
        rows += [DiffRow(_kind(*pair), *pair) for pair in pairs] + [
            DiffRow("same", line, line) for line in left[c : c + 1]
        ]
        a, b = c + 1, d + 1
    return rows


def _kept(left: Sequence[str], right: Sequence[str]) -> list[_Pair]:
    """Give where lines stand in both texts: those at both ends, and between them the longest row in the same order."""
    start = _equal_at_the_start(left, right)
    end = _equal_at_the_start(left[start:][::-1], right[start:][::-1])
    places = {line: at for at, line in enumerate(_numbered(right[start : len(right) - end]), start=start)}
    numbered = enumerate(_numbered(left[start : len(left) - end]), start=start)
    between = _rising([(at, places[line]) for at, line in numbered if line in places])
    first = [(at, at) for at in range(start)]
    return [*first, *between, *((len(left) - at, len(right) - at) for at in range(end, 0, -1))]


def _equal_at_the_start(left: Sequence[str], right: Sequence[str]) -> int:
    differs = (at for at, (before, after) in enumerate(zip(left, right, strict=False)) if before != after)
    return next(differs, min(len(left), len(right)))


def _numbered(lines: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Tell equal lines apart: the second one of the one text is the second one of the other."""
    count: Counter[str] = Counter()
    for line in lines:
        count[line] += 1
        yield line, count[line]


def _rising(pairs: Sequence[_Pair]) -> list[_Pair]:
    """Give the longest part of pairs that rise in the first in which the second rises too (patience sorting)."""
    tops: list[int] = []  # the least last place in the right text of a row of each length
    ends: list[int] = []  # the pair that such a row ends with
    before: list[int] = []  # the pair that stands before each pair in its row
    for at, (_, place) in enumerate(pairs):
        length = bisect_left(tops, place)
        before.append(ends[length - 1] if length else -1)
        tops[length : length + 1] = [place]
        ends[length : length + 1] = [at]
    row, at = [], ends[-1] if ends else -1
    while at >= 0:
        row.append(pairs[at])
        at = before[at]
    return row[::-1]


def _kind(before: str, after: str) -> Literal["same", "changed", "removed", "added"]:
    if before == after:
        return "same"
    return "changed" if before and after else "removed" if before else "added"
