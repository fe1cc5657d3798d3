"""A long text in parts, each of which fits the one size of all pages; no word is lost or said twice.

A part ends where a paragraph ends. Only a paragraph that is longer than a whole part is cut, after a sentence if there
is one, else after a word.
"""

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import Final

from flask import request

Size = Callable[[str], int]  # from a paragraph to the bytes that it takes on the page

# What the rest of the page leaves when all of it is at its longest: title, notes, versions, foot and headers.
ROOM: Final = 6_000

_BLANK_LINES: Final = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_SENTENCE_ENDS: Final = re.compile(r"[.!?؟…۔]\s+")
_WORD_ENDS: Final = re.compile(r"\s+")


def parts_of(text: str, size: Size) -> list[list[str]]:
    """Give the paragraphs of each part; there is always a first part."""
    parts: list[list[str]] = [[]]
    room = ROOM
    for paragraph in _BLANK_LINES.split(text.strip("\n")):
        for piece in _pieces(paragraph, size):
            taken = size(piece)
            if parts[-1] and taken > room:
                parts.append([])
                room = ROOM
            parts[-1].append(piece)
            room -= taken
    return parts


def part_asked(count: int) -> int:
    """Read which part the address asks for; one that is not there becomes the first."""
    asked = request.args.get("part", "")
    known = {str(number): number for number in range(1, count + 1)}
    return known.get(asked, 1)


def _pieces(paragraph: str, size: Size) -> list[str]:
    pieces = []
    while size(paragraph) > ROOM:
        longest = bisect_right(range(len(paragraph)), ROOM, key=lambda end: size(paragraph[:end])) - 1
        end = _end(paragraph[: max(longest, 1)])
        pieces.append(paragraph[:end].rstrip())
        paragraph = paragraph[end:]
    return [*pieces, paragraph]


def _end(beginning: str) -> int:
    """Find where to cut: after the last sentence in the second half, else the last word, else at the end."""
    half = len(beginning) // 2
    for ends in (_SENTENCE_ENDS, _WORD_ENDS):
        found = [match.end() for match in ends.finditer(beginning, half)]
        if found:
            return found[-1]
    return len(beginning)
