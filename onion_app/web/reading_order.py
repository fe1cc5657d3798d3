"""The order in which the signs of a text are read, where Arabic letters and others share a line.

Browsers turn groups of digits round that stand between Arabic letters, and the first letter of a line rules all of it.
Telephone numbers, dial codes, amounts, dates and words in Latin letters are set apart here, each with its own order,
and nothing of a text is changed. The style sheets give such a part the order of its signs, since groups of Arabic
digits keep theirs by nothing else, and every line of a text its own direction.
# P16: as much as may be sent is read, once, and no more is set apart in it than fits its page.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from markupsafe import Markup, escape

from onion_app.choices import TEXT_LETTERS

MOST: Final = 200  # parts that are set apart in one text; one with more is a list of numbers, each on its line
MOST_TURNED: Final = 10  # of its numbers that are shown once more beside a box

_ARABIC: Final = re.compile("[\u0590-\u065f\u066e-\u06ef\u06fa-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_DIGITS: Final = "0-9\u0660-\u0669\u06f0-\u06f9"
_WORD: Final = rf"[{_DIGITS}A-Za-z\u00c0-\u024f\u1e00-\u1eff]++"
_BLANK: Final = r"[ \u00a0\u2009\u202f\u200b\u200e\u200f\t]{1,2}"
_SIGNS: Final = r"[-+*#@$€£%&=_/\\.,:;~'’()\[\]?\u066a-\u066c\u2010-\u2015\u2212]"
# Words with a sign, a blank, or a dash between blanks between them, and the signs that end the last.
_PART: Final = re.compile(
    rf"{_WORD}(?:"
    rf"(?:{_SIGNS}{{1,4}}|{_BLANK}[-+*#@$€£%/=(\u2010-\u2015\u2212]{{1,3}}(?:{_BLANK})?|[-)*#%/+]?{_BLANK}){_WORD})*"
    rf"[-+*#%$€£)\]/_°\u066a]{{0,4}}(?:{_BLANK}[%$€£#\u066a])?"
)
_BEFORE: Final = re.compile(rf"(?:[+*#$€£]{{1,3}}{_BLANK})?[-+*#@$€£%~(\[./_\u2212]{{0,4}}\Z")  # signs that begin one
_LONGEST_BEFORE: Final = 9
_NUMBER: Final = re.compile(rf"[{_DIGITS}]+")
_KEEPS_ITS_ORDER: Final = re.compile(
    rf"[{_DIGITS}]+(?:[,./:\u00a0\u060c\u066b\u066c][{_DIGITS}]+)*"
)  # dates, amounts, hours


class _Line(NamedTuple):
    """Where a line ends, and from where on something is set apart in it."""

    end: int
    first: int
    has_latin_order: bool


def in_reading_order(text: str) -> Markup:
    """Escape a text, and set apart in it what has an order of its own."""
    shown, end = [], 0
    for start, part_end in islice(_set_apart(text), MOST):
        shown.append(f'{escape(text[end:start])}<bdi dir="ltr">{escape(text[start:part_end])}</bdi>')
        end = part_end
    return Markup("".join([*shown, escape(text[end:])]))  # noqa: S704 - all of it is escaped


def numbers_turned(text: str) -> list[str]:
    """List the numbers and dial codes that a box, which can set nothing apart, shows turned round: ten at most."""
    parts = (text[start:end] for start, end in islice(_set_apart(text), MOST))
    numbers = (each for each in parts if not (_LATIN.search(each) or _KEEPS_ITS_ORDER.fullmatch(each)))
    return list(islice(numbers, MOST_TURNED))


def _set_apart(text: str) -> Iterator[tuple[int, int]]:
    """Give the beginning and the end of each part that has an order of its own."""
    end, line = 0, _Line(-1, 0, has_latin_order=False)
    has_arabic = _ARABIC.search(text, 0, TEXT_LETTERS) is not None
    for part in _PART.finditer(text, 0, TEXT_LETTERS):
        if not has_arabic and _LATIN.match(part[0]):
            continue
        if part.start() > line.end:
            line = _line_around(text, part.start())
        signs = _BEFORE.search(text, max(end, part.start() - _LONGEST_BEFORE), part.start())
        start = signs.start() if signs else part.start()
        # A number keeps its order by itself.
        if start < line.first or _NUMBER.fullmatch(text, start, part.end()):
            continue
        if not (line.has_latin_order and _LATIN.match(part[0])):
            end = part.end()
            yield start, end


def _line_around(text: str, position: int) -> _Line:
    """Find whose order a line has: Latin letters rule one that is theirs; where they are alone, nothing is set apart.

    Up to its first Arabic letter all of a line that is ruled by Latin ones stands in order.
    """
    begin, end = text.rfind("\n", 0, position) + 1, text.find("\n", position)
    end = len(text) if end < 0 else end
    arabic, latin = _ARABIC.search(text, begin, end), _LATIN.search(text, begin, end)
    if not latin:
        return _Line(end, begin, has_latin_order=False)
    if not arabic:
        return _Line(end, end, has_latin_order=True)
    line = text[begin:end]
    if arabic.start() < latin.start() or len(_ARABIC.findall(line)) > len(_LATIN.findall(line)):
        return _Line(end, begin, has_latin_order=False)
    return _Line(end, arabic.start(), has_latin_order=True)
