"""A text as it is read and not as it is typed: what separates or joins without being seen is looked through.

Blanks of any width are one blank, dashes one dash, digits Latin ones; letters that keyboards and scripts write in
several ways are one letter; marks of direction, of width zero and on letters are gone. Each letter keeps its place.
"""

import unicodedata
from bisect import bisect_right
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Final

from onion_app.web.text import is_unseen

# People type with whichever keyboard they have: letters that stand for one another become one.
_ONE_FOR_ANOTHER: Final = str.maketrans(
    {
        "ى": "ي", "ی": "ي", "ې": "ي", "ە": "ه", "ة": "ه", "ھ": "ه", "ہ": "ه", "ک": "ك", "ڪ": "ك",
        "ٱ": "ا", "ڕ": "ر", "ڵ": "ل", "ۆ": "و", "ı": "i", "ʼ": None, "ʿ": None, "ʾ": None, "ـ": None,
        "’": "'", "‘": "'", "`": "'", "´": "'", "−": "-", "·": ".", "۔": ".", "٫": ".", "٬": ".", "⁄": "/", "∕": "/",
    }
)  # fmt: skip
_DROPPED: Final = {"Cf", "Mn", "Me"}  # marks of direction and width, and what is set on a letter
_MOST: Final = 10_000  # what one sign counts, written out
_LONGEST: Final = 4  # letters that one code point may stand for; a whole blessing in one of them stays as it is


class AsRead:
    """The letters of a text that are read; each letter of the text is looked at once."""

    def __init__(self, text: str) -> None:
        """Read a text."""
        self._text = text
        self._spelled = {ord(letter): _as_read(letter) for letter in set(text)}
        self.letters = text.translate(self._spelled)

    def as_typed(self, start: int, end: int) -> str:
        """Give what was typed for these letters."""
        return self._text[self._place(start) : self._place(end)]

    def _place(self, at: int) -> int:
        """Give where in the text a letter was typed that is read."""
        return at if len(self.letters) == len(self._text) else bisect_right(self._read_before, at) - 1

    @cached_property
    def _read_before(self) -> list[int]:
        """Count the letters that are read before each that was typed."""
        return list(accumulate((len(self._spelled[ord(letter)]) for letter in self._text), initial=0))


@lru_cache(1024)
def _as_read(letter: str) -> str:
    """Read one code point: as nothing, or as a few letters."""
    if letter.isspace():
        return "\n" if letter == "\n" else " "
    if unicodedata.category(letter) in {"Nd", "No"} and (number := unicodedata.numeric(letter)) in range(_MOST):
        return str(int(number))  # in any script, in a circle too
    if unicodedata.category(letter) == "Pd":
        return "-"
    if is_unseen(letter) or unicodedata.category(letter) in _DROPPED:
        return ""
    apart = unicodedata.normalize("NFKD", letter)
    bare = "".join(each for each in apart if unicodedata.category(each) not in _DROPPED)
    return bare.casefold().translate(_ONE_FOR_ANOTHER) if len(bare) <= _LONGEST else letter
