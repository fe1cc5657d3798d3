"""The order in which the signs of a text are read, where Arabic letters and others share a line.

Browsers turn groups of digits round that stand between Arabic letters, and the first letter of a line rules all of it.
Telephone numbers, dial codes, amounts, dates and words in Latin letters are set apart here, each with its own order,
and nothing of a text is changed. The style sheets give such a part the order of its signs, since groups of Arabic
digits keep theirs by nothing else, and every line of a text its own direction.
# P16: a text is read once, and no more is set apart in it than fits its page.
"""

import re
from typing import Final

from markupsafe import Markup, escape

MOST: Final = 200  # parts that are set apart in one text; one with more is a list of numbers, each on its line

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
_BEFORE: Final = re.compile(rf"(?:[+*#$€£]{{1,3}}{_BLANK})?[-+*#@$€£%~(\[./_\u2212]{{0,4}}$")  # signs that begin one
_LONGEST_BEFORE: Final = 9
_NUMBER: Final = re.compile(rf"[{_DIGITS}]+")


def in_reading_order(text: str) -> Markup:
    """Escape a text, and set apart in it what has an order of its own."""
    left = MOST
    lines = []
    for line in text.split("\n"):
        shown, parts = _line(line, left)
        lines.append(shown)
        left -= parts
    return Markup("\n".join(lines))  # noqa: S704 - each of them is escaped


def _line(line: str, left: int) -> tuple[str, int]:
    """Give a line as it is shown, and how many parts of it, `left` at most, are set apart."""
    if not line:
        return line, 0
    arabic, latin = _ARABIC.findall(line), _LATIN.findall(line)
    if not left or (latin and not arabic):
        return escape(line), 0
    # Latin letters rule a line that is theirs: up to its first Arabic letter all of it stands in order.
    first = line.find(arabic[0]) if arabic else 0
    ruled = len(latin) >= len(arabic) and line.find((latin or [line[-1:]])[0]) < first
    shown, end, count = [], 0, 0
    for part in _PART.finditer(line, first if ruled else 0):
        signs = _BEFORE.search(line, max(end, part.start() - _LONGEST_BEFORE), part.start())
        start = signs.start() if signs else part.start()
        # A number keeps its order by itself.
        if _NUMBER.fullmatch(line, start, part.end()) or (ruled and _LATIN.match(part[0])):
            continue
        shown += [escape(line[end:start]), Markup('<bdi dir="ltr">{}</bdi>').format(line[start : part.end()])]
        end, count = part.end(), count + 1
        if count == left:
            break
    return Markup("").join([*shown, escape(line[end:])]), count
