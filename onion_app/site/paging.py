"""A long text in parts, each of which fits the one size of all pages; no word is lost or said twice.

A part ends where a paragraph ends. Only a paragraph that is longer than a whole part is cut, after a sentence if there
is one, else after a word.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from flask import request

Size = Callable[[str], int]  # from a paragraph to the bytes that it takes on the page
_Item = TypeVar("_Item")

# The bytes that title, notes, versions, foot and headers leave free when each is at its longest.
ROOM: Final = 6_000

_BLANK_LINES: Final = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_SENTENCE_ENDS: Final = re.compile(r"[.!?؟…۔]\s+")
_WORD_ENDS: Final = re.compile(r"\s+")


def parts_of(text: str, size: Size) -> list[list[str]]:
    """Give the paragraphs of each part; there is always a first part."""
    paragraphs = _BLANK_LINES.split(text.strip("\n"))
    return fill_parts((piece for paragraph in paragraphs for piece in _pieces(paragraph, size)), size, ROOM)


def fill_parts(items: Iterable[_Item], size: Callable[[_Item], int], room: int) -> list[list[_Item]]:
    """Lay items in their order into parts that hold `room`; one that is larger has a part of its own."""
    parts: list[list[_Item]] = [[]]
    left = room
    for item in items:
        item_size = size(item)
        if parts[-1] and item_size > left:
            parts.append([])
            left = room
        parts[-1].append(item)
        left -= item_size
    return parts


def part_number(count: int) -> int:
    """Read from the address, or a button, which of `count` parts is to be shown; one not there becomes the first."""
    numbers = {str(number): number for number in range(1, count + 1)}
    return numbers.get(request.values.get("part", ""), 1)


def _pieces(paragraph: str, size: Size) -> list[str]:
    """Cut a paragraph where its letters, each taken for as long as the others, fill a part: few are measured twice."""
    pieces, left = [], size(paragraph)
    while left > ROOM:
        length = max(len(paragraph) * ROOM // left, 1)
        while (taken := size(paragraph[:length])) > ROOM and length > 1:
            length = length * ROOM // (taken + 1)
        end = _end(paragraph[:length])
        pieces.append(paragraph[:end].rstrip())
        paragraph, left = paragraph[end:], left - taken * end // length
        if left <= ROOM:
            left = size(paragraph)
    return [*pieces, paragraph]


def _end(beginning: str) -> int:
    """Find where to cut: after the last sentence in the second half, else the last word, else at the end."""
    half = len(beginning) // 2
    for ends in (_SENTENCE_ENDS, _WORD_ENDS):
        positions = [match.end() for match in ends.finditer(beginning, half)]
        if positions:
            return positions[-1]
    return len(beginning)
