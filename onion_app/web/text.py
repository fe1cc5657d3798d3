"""Typed text made regular, by one rule for the site and the desk: nothing of it is cut, and no word of it is lost.

A text is NFC, its lines end in one line feed, and it holds no control character but that and the tab. Its letters are
the code points after that. What is too long to be taken stays as it was typed: it is shown again, and nothing else.
# P16: it is counted before it is normalised; marks without end on one letter cost the square of their number.
"""

import re
import unicodedata
from typing import Final

from onion_app.choices import TEXT_LETTERS

MOST_MARKS: Final = 30  # on one letter: the stream-safe format of UAX #15

_MOST_TYPED: Final = 3 * TEXT_LETTERS  # code points; no text has more for its letters, not a Korean one in parts
_LINES: Final = dict.fromkeys(map(ord, "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), "\n")
_CONTROLS: Final = dict.fromkeys(each for each in (*range(0x20), *range(0x7F, 0xA0)) if chr(each) not in "\t\n")
# They separate: a blank or a line takes their place. All others say nothing, and most take six bytes in a payload.
_REGULAR: Final = _CONTROLS | _LINES | {0x1F: " "}
_MARKS_OF_HALF_WIDTH: Final = "\uff9e\uff9f"  # letters by name, marks once they are compared as read

# What shows nothing: Default_Ignorable_Code_Point of Unicode, and five blanks that call themselves letters or symbols.
_IGNORABLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\u2800\ufffc\U00013441\U00013442\U0001d159"
)
_SENTENCE_ENDS: Final = re.compile(r"(?<=[.!?؟…])\s+|\n+")
_SHOWN: Final = re.compile(f"[^\\s\\x00-\\x1f\\x7f-\\x9f\ufffe\uffff{_IGNORABLE}]")


def cleaned(typed: str) -> str:
    """Make a typed text regular, or give it back as it is when it is too long for that."""
    text = typed.replace("\r\n", "\n").replace("\r", "\n").translate(_REGULAR)
    if len(text) > _MOST_TYPED or has_too_many_marks(text):
        return text
    return unicodedata.normalize("NFC", text)


def split_sentences(text: str) -> list[str]:
    """Give the sentences of a text, and its lines: who writes on a phone writes in one long paragraph."""
    return [each.strip() for each in _SENTENCE_ENDS.split(text) if each.strip()]


def is_too_long(text: str) -> bool:
    """Say whether a cleaned text is longer than 12,000 letters, or holds one that was never regular."""
    return len(text) > TEXT_LETTERS or has_too_many_marks(text)


def has_too_many_marks(text: str) -> bool:
    """Say whether more than 30 marks follow each other: such a run takes in one of each 31 letters."""
    if text.isascii():
        return False
    step = MOST_MARKS + 1
    return any(_marks_around(text, at) > MOST_MARKS for at in range(MOST_MARKS, len(text), step))


def is_empty(text: str) -> bool:
    """Say whether nobody would see anything of a text: no letter, digit or sign, and marks on nothing."""
    first = _SHOWN.search(text)
    if first is None or not _is_mark(first[0]):
        return first is None
    return all(_SHOWN.match(letter) is None or _is_mark(letter) for letter in set(text))


def is_unseen(letter: str) -> bool:
    """Say whether a code point shows nothing, and is neither a blank nor the end of a line."""
    return _SHOWN.match(letter) is None and not letter.isspace()


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter)[0] == "M" or letter in _MARKS_OF_HALF_WIDTH


def _marks_around(text: str, at: int) -> int:
    """Count the marks that stand together at a place, 61 at most."""
    if not _is_mark(text[at]):
        return 0
    after = next((far for far, each in enumerate(text[at : at + MOST_MARKS + 1]) if not _is_mark(each)), MOST_MARKS + 1)
    before = text[max(0, at - MOST_MARKS) : at][::-1]
    return after + next((far for far, each in enumerate(before) if not _is_mark(each)), len(before))
