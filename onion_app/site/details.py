"""The details of a testimony that could show who wrote it: numbers, addresses, accounts, links, dates, places of Iraq.

It points out and changes nothing, keeps nothing, and promises no more than what it finds: a name can be any word. It
reads a text once, from its beginning to its end, so that the worst text costs what a common one of its length does.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Final, Literal, NamedTuple

from onion_app.choices import TEXT_LETTERS

Why = Literal["phone", "place", "date", "account", "paper", "mail", "link"]

MOST: Final = 10  # of these, somebody can look at each; a longer list would only frighten
_SHOWN: Final = 60  # letters of a detail that are shown

# Letters and digits, and what may stand within a word: marks, joiners, apostrophes. One class: no way back.
_WORD: Final = re.compile(
    r"[^\W_](?:[^\W_]|[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u200c\u200d'’‘`])*"
)
_PIECE: Final = re.compile(r"\S+")
# Groups of digits with little between them. A group and what parts it share no character: nothing is tried twice.
_NUMBER: Final = re.compile(r"\+?\d+(?:[ .()/-]{1,3}\d+)*")
_AROUND: Final = "\"'“”«»‘’()[]{}<>،؛؟,;:!?.…"  # what stands beside an address and is no part of it
_SHORTEST_NUMBER: Final = 6  # digits; fewer are ages, years and prices
_SHORTEST_PHONE: Final = 10  # digits of a mobile number in Iraq without its zero
_ENDINGS: Final = (".com", ".net", ".org", ".iq", ".me", ".info", ".io", ".co", ".onion")

# People type with whichever keyboard they have: letters that stand for one another become one.
_FOLDED: Final = str.maketrans(
    {
        "ى": "ي", "ی": "ي", "ې": "ي", "ێ": "ي", "ە": "ه", "ة": "ه", "ھ": "ه", "ہ": "ه", "ک": "ك", "ڪ": "ك",
        "ٱ": "ا", "ڕ": "ر", "ڵ": "ل", "ۆ": "و", "ı": "i", "ʼ": None, "ʿ": None, "ʾ": None,
        "ـ": None, "\u200c": None, "\u200d": None, "'": None, "’": None, "‘": None, "`": None,
    }
)  # fmt: skip
_CASES: Final = ("ەوە", "دا", "یێ", "ێ")  # what Kurdish puts after a place: from, in, of
_MONTHS: Final = """
    كانون شباط آذار نيسان أيار حزيران تموز آب أيلول تشرين
    يناير فبراير مارس أبريل ابريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر
    کانوونی شوبات ئازار نیسان ئایار حوزەیران تەممووز ئاب ئەیلوول تشرینی
    خاکەلێوە گوڵان جۆزەردان پووشپەڕ گەلاوێژ خەرمانان ڕەزبەر گەڵاڕێزان سەرماوەز بەفرانبار ڕێبەندان ڕەشەمێ
    کانوینا ئادار گولان خزیران تیرمەه تەباخ ئیلۆن چریا
    january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec
"""


class Detail(NamedTuple):
    """A detail that could show who the writer is: as it stands in the text, and the kind that it looks like."""

    found: str
    why: Why


class _Hit(NamedTuple):
    start: int
    end: int
    why: Why


class _Word(NamedTuple):
    start: int
    end: int
    raw: str
    folded: str


def pointed_out(text: str) -> tuple[Detail, ...]:
    """Find the first ten details of a text, in its order, each once; an empty answer says nothing about the text."""
    text = text[:TEXT_LETTERS]
    words = [_Word(each.start(), each.end(), each[0], _folded(each[0])) for each in _WORD.finditer(text)]
    hits = [*_addresses(text), *_numbers(text), *_dates_in_words(words), *_places(words)]
    hits.sort(key=lambda hit: (hit.start, -hit.end))
    details: dict[str, Detail] = {}
    end = 0
    for hit in hits:
        if hit.start < end:  # within what is pointed out already, such as the date in a link
            continue
        end = hit.end
        found = text[hit.start : hit.end]
        details.setdefault(found, Detail(found if len(found) <= _SHOWN else found[:_SHOWN] + "…", hit.why))
        if len(details) == MOST:
            break
    return tuple(details.values())


def folded_words(text: str) -> str:
    """Give the words of a text as they are compared: without case, marks, and differences between keyboards."""
    return " ".join(_folded(each[0]) for each in _WORD.finditer(text))


def _folded(word: str) -> str:
    bare = "".join(each for each in unicodedata.normalize("NFD", word) if unicodedata.category(each) != "Mn")
    return bare.casefold().translate(_FOLDED).replace("وو", "و")


def _addresses(text: str) -> Iterator[_Hit]:
    """Find the details without a blank: mail, accounts, links."""
    for each in _PIECE.finditer(text):
        bare = each[0].lstrip(_AROUND)
        start = each.end() - len(bare)
        bare = bare.rstrip(_AROUND)
        name, at, host = bare.partition("@")
        if at and name and "." in host:
            yield _Hit(start, start + len(bare), "mail")
        elif at and host:
            yield _Hit(start + len(name), start + len(bare), "account")
        elif _is_link(bare.lower()):
            yield _Hit(start, start + len(bare), "link")


def _is_link(piece: str) -> bool:
    host = piece.partition("/")[0]
    return "://" in piece or piece.startswith("www.") or (host.isascii() and host.endswith(_ENDINGS))


def _numbers(text: str) -> Iterator[_Hit]:
    """Find dates in digits, telephone numbers, and other long numbers, in any script."""
    for each in _NUMBER.finditer(text):
        groups = [group for group in re.split(r"\D+", each[0]) if group]
        why = _why_of(groups, each[0])
        if why:
            yield _Hit(each.start(), each.end(), why)


def _why_of(groups: Sequence[str], written: str) -> Why | None:
    if _is_date(groups, written):
        return "date"
    if all(_is_year(group) for group in groups):
        return None
    count = sum(len(group) for group in groups)
    if count < _SHORTEST_NUMBER:
        return None
    return "phone" if count >= _SHORTEST_PHONE or written.startswith("+") else "paper"


def _is_date(groups: Sequence[str], written: str) -> bool:
    """Tell whether this is a day and a month, with or without its year: 12/3, 12.3.2024, 2024-03-12."""
    two, three = 2, 3
    if len(groups) == two and "/" in written:
        return _is_day_and_month(groups)
    if len(groups) != three or not any(between in written for between in "./-"):
        return False
    first_is_year = _is_year(groups[0])
    year = groups[0] if first_is_year else groups[2]
    return (_is_year(year) or len(year) == two) and _is_day_and_month(groups[1:] if first_is_year else groups[:2])


def _is_day_and_month(groups: Sequence[str]) -> bool:
    """Tell whether one is a day and the other a month, in either order."""
    if any(len(group) > len("31") for group in groups):
        return False
    smaller, larger = sorted(int(group) for group in groups)
    return 1 <= smaller <= 12 and larger <= 31  # noqa: PLR2004 - months of a year, days of a month


def _is_year(digits: str) -> bool:
    return len(digits) == len("2024") and int(digits[:2]) in (13, 14, 19, 20)  # Islamic and common


def _dates_in_words(words: Sequence[_Word]) -> Iterator[_Hit]:
    """Find a day beside the name of a month: 12 آذار, the 3rd of May, March 12, ١٢ی مانگی ئازار."""
    for position, word in enumerate(words):
        if not any({form, form.removesuffix("ي")} & _MONTH_NAMES for form in _forms(word)):  # Kurdish writes ی after it
            continue
        of_two_words = position + 1 < len(words) and words[position + 1].folded in _SECOND_WORDS
        last = position + of_two_words
        before = words[max(0, position - 2) : position]
        after = words[last + 1 : last + 2]
        days = [near for near in (*before, *after) if _is_day(near.folded)]
        if days:
            yield _Hit(min(word.start, days[0].start), max(words[last].end, days[0].end), "date")


def _is_day(word: str) -> bool:
    digits = "".join(each for each in word[:3] if each.isdecimal())
    return bool(digits) and word[0].isdecimal() and 1 <= int(digits) <= 31  # noqa: PLR2004 - days of a month


def _places(words: Sequence[_Word]) -> Iterator[_Hit]:
    """Find places of one word or more; the longest name that begins at a word is taken."""
    for position, word in enumerate(words):
        ends = [_end_of_place(words, position, form) for form in _forms(word)]
        if any(ends):
            yield _Hit(word.start, max(ends), "place")


def _end_of_place(words: Sequence[_Word], position: int, name: str) -> int:
    """Give where the longest place that begins with `name` ends in the text; 0 when there is none."""
    end = 0
    while True:
        if name in _PLACES:
            end = words[position].end
        position += 1
        if name not in _BEGINNINGS or position == len(words):
            return end
        name = f"{name} {words[position].folded}"


def _forms(word: _Word) -> list[str]:
    """Give a word with and without the letters that Arabic writes before it and Kurdish after it; eight at most."""
    forms = [word.folded]
    for letters in ("وف", "بلك"):
        if forms[-1][:1] in letters and len(forms[-1]) > 1:
            forms.append(forms[-1][1:])
    if forms[-1].startswith("ل") and len(forms) > 1:
        forms.append("ا" + forms[-1])  # ل before ال swallows its first letter: للبصرة
    forms += [form.removeprefix("ال") for form in forms[-2:] if form.startswith("ال")]
    case = next((case for case in _CASES if word.raw.endswith(case)), "")
    return [*forms, _folded(word.raw.removesuffix(case))] if case else forms


def _names_in(text: str) -> frozenset[str]:
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(folded_words(name) for line in lines for name in line.split("|"))


_MONTH_NAMES: Final = frozenset(folded_words(_MONTHS).split())
_SECOND_WORDS: Final = frozenset(folded_words("الأول الثاني الاولى یەکەم دووەم ئێکێ دووێ").split())
_PLACES: Final = _names_in((Path(__file__).parent / "places.txt").read_text("utf-8"))
_BEGINNINGS: Final = frozenset(
    beginning for name in _PLACES for beginning in list(accumulate(name.split(), "{} {}".format))[:-1]
)
