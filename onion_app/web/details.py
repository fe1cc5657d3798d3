"""The details of a text that could show who wrote it: numbers, addresses, accounts, links, dates, places, names.

It points out and changes nothing, keeps nothing, and promises no more than what it finds: a name can be any word. It
reads a text once, from its beginning to its end, so that the worst text costs what a common one of its length does.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from typing import Final, Literal, NamedTuple
from zlib import crc32

from onion_app.choices import TEXT_LETTERS
from onion_app.country import country
from onion_app.web.as_read import AsRead
from onion_app.web.known_words import (
    BEGINNINGS,
    BETWEEN,
    MONTHS,
    NAMED,
    NO_NAMES,
    PLACES,
    SECOND_WORDS,
    WORD,
    bare_word,
    is_called,
    is_known,
    is_place_with_ending,
    word_forms,
)

Why = Literal["phone", "place", "date", "account", "paper", "mail", "link", "name"]

MOST: Final = 10  # of these, somebody can look at each; a longer list would only frighten
_MOST_HITS: Final = 200  # of one kind that are looked at; who repeats a number so often has been shown it
_SHOWN: Final = 60  # letters of a detail that are shown

# Each of these looks at a letter once, or once more: what repeats shares no character with what follows it.
_PIECE: Final = re.compile(r"(?<!\S)[^\s@./]*+[@./]\S*")  # from blank to blank, with a sign that addresses have
_NUMBER: Final = re.compile(r"\+?[0-9]+(?:[ .()/_-]{1,3}[0-9]+)*")
_AROUND: Final = "\"'“”«»‘’()[]{}<>،؛؟,;:!?.…"  # what stands beside an address and is no part of it
_SHORTEST_NUMBER: Final = 6  # digits; fewer are ages, years and prices
_SHORTEST_PHONE: Final = country().shortest_phone  # digits of a mobile number without its zero
_HOST: Final = re.compile(r"(?:[a-z0-9-]+\.)+([a-z]{2,24})(?::[0-9]+)?")
# Endings of a host that stands alone; before a slash any will do. Others are words after a missing blank: home.In
_ENDINGS: Final = re.compile(
    country().web_ending + "|com|net|org|me|info|io|co|onion|ly|gl|app|dev|tv|ws|biz|xyz|online|site|club|uk|de|fr|nl"
)

_MOST_NAMES: Final = 3  # words with a capital letter that stand together


class Detail(NamedTuple):
    """A detail that could show who the writer is: as it stands in the text, and the kind that it looks like."""

    found: str
    why: Why


_Words = Sequence[re.Match[str]]


class _Hit(NamedTuple):
    start: int
    end: int
    why: Why


def pointed_out(text: str, most: int = MOST) -> tuple[Detail, ...]:
    """Find the first details of a text, in its order, each once; one past the `most` only says that there are more.

    An empty answer says nothing about the text.
    """
    read = AsRead(text[:TEXT_LETTERS])
    kinds = (_addresses(read.letters), _numbers(read.letters), _in_words(read))
    hits = [hit for found in kinds for hit in islice(found, _MOST_HITS)]
    hits.sort(key=lambda hit: (hit.start, -hit.end))
    details: dict[str, Detail] = {}
    end = 0
    for hit in hits:
        if hit.start < end:  # within what is pointed out already, such as the date in a link
            continue
        end = hit.end
        found = read.as_typed(hit.start, hit.end)
        details.setdefault(found, Detail(found if len(found) <= _SHOWN else found[:_SHOWN] + "…", hit.why))
        if len(details) > most:
            break
    return tuple(details.values())


def known_by(details: Sequence[Detail]) -> str:
    """Give what a page carries so that the next one knows which details its reader has been shown."""
    return "-".join(f"{crc32(each.found.encode()):08x}" for each in details)


def has_more(text: str, known: str) -> bool:
    """Say whether a text holds a detail that its writer was not shown; whoever was shown ten knows that it does."""
    shown = known.split("-")
    return len(shown) <= MOST and any(known_by([each]) not in shown for each in pointed_out(text))


def _addresses(letters: str) -> Iterator[_Hit]:
    """Find the details without a blank: mail, accounts, links."""
    for each in _PIECE.finditer(letters):
        bare = each[0].lstrip(_AROUND)
        start = each.end() - len(bare)
        bare = bare.rstrip(_AROUND)
        name, at, host = bare.partition("@")
        if at and name and "." in host:
            yield _Hit(start, start + len(bare), "mail")
        elif at and host:
            yield _Hit(start + len(name), start + len(bare), "account")
        elif _is_link(bare):
            yield _Hit(start, start + len(bare), "link")


def _is_link(piece: str) -> bool:
    if "://" in piece or piece.startswith("www."):
        return True
    host, slash, _ = piece.partition("/")
    parts = _HOST.fullmatch(host)
    return parts is not None and (bool(slash) or _ENDINGS.fullmatch(parts[1]) is not None)


def _numbers(letters: str) -> Iterator[_Hit]:
    """Find dates in digits, telephone numbers, and other long numbers."""
    for each in _NUMBER.finditer(letters):
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


def _in_words(read: AsRead) -> Iterator[_Hit]:
    """Find dates in words, places, and names of people; most words are in no list, and are not looked at twice."""
    letters = read.letters.replace("_", " ")
    known = {word for word in set(WORD.findall(letters)) if is_known(bare_word(word))}
    if not known:
        return
    words = list(WORD.finditer(letters))
    for position, word in enumerate(words):
        if word[0] in known:
            yield from _date_in_words(words, position)
            yield from _place(words, position)
            yield from _name_of_somebody(words, position, read)


def _date_in_words(words: _Words, position: int) -> Iterator[_Hit]:
    """Find a day beside the name of a month: 12 آذار, the 3rd of May, March 12, ١٢ی مانگی ئازار."""
    forms = word_forms(bare_word(words[position][0]))
    if not any({form, form.removesuffix("ي")} & MONTHS for form in forms):  # Kurdish writes ی after it
        return
    last = position + (_bare_at(words, position + 1) in SECOND_WORDS)
    near = (*words[max(0, position - 2) : position], *words[last + 1 : last + 2])
    day = next((each for each in near if _is_day(each[0])), None)
    if day:
        yield _Hit(min(words[position].start(), day.start()), max(words[last].end(), day.end()), "date")


def _is_day(word: str) -> bool:
    digits = "".join(takewhile(str.isdecimal, word[:3]))
    return bool(digits) and 1 <= int(digits) <= 31  # noqa: PLR2004 - days of a month


def _place(words: _Words, position: int) -> Iterator[_Hit]:
    """Find a place of one word or more; the longest name that begins at a word is taken."""
    raw = words[position][0]
    written = bare_word(raw)
    ends = [_end_of_place(words, position, form, may_end=form == written) for form in word_forms(written)]
    if raw.endswith("ێ"):  # of no Arabic word, and so of a place however short
        ends.append(_end_of_place(words, position, bare_word(raw[:-1]), may_end=False))
    if any(ends):
        yield _Hit(words[position].start(), max(ends), "place")


def _end_of_place(words: _Words, position: int, name: str, *, may_end: bool) -> int:
    """Give where the longest place that begins with `name` ends in the text; 0 when there is none."""
    end = 0
    while True:
        if name in PLACES or (may_end and is_place_with_ending(name)):
            end = words[position].end()
        position += 1
        if name not in BEGINNINGS or position == len(words):
            return end
        name = f"{name} {bare_word(words[position][0])}"


def _name_of_somebody(words: _Words, position: int, read: AsRead) -> Iterator[_Hit]:
    """Find what follows `my name is` and its like; in Latin letters with the names that stand beside it."""
    trigger = words[position]
    if not NAMED & set(word_forms(bare_word(trigger[0]))):
        return
    at = position + 1
    while at <= position + 2 and _bare_at(words, at) in BETWEEN:
        at += 1
    name = _bare_at(words, at)
    if not name or name in NO_NAMES:
        return
    is_told = at > position + 1 or ":" in read.letters[trigger.end() : words[at].start()]
    if is_told or is_called(trigger[0], name, _bare_at(words, at + 1)):
        names = takewhile(
            lambda word: read.as_typed(word.start(), word.end())[:1].isupper(), words[at : at + _MOST_NAMES]
        )
        yield _Hit(words[at].start(), max((word.end() for word in names), default=words[at].end()), "name")


def _bare_at(words: _Words, position: int) -> str:
    return bare_word(words[position][0]) if position < len(words) else ""
