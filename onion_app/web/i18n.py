"""The four languages, their digits, their months as they are called in Iraq, and their catalogues.

Direction and months stand here: the tables that others keep take Badini for Kurmanji in Latin letters written from left
to right. English is the language of the message ids and needs no catalogue; a sentence that a catalogue lacks is
shown in English.
"""

import gettext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Language:
    """A language: its code in paths, its own name, its direction ('ltr' or 'rtl'), its digit zero and its months."""

    code: str
    name: str
    dir: str
    zero: str
    months: tuple[str, ...]
    day: str = "{day} {month} {year}"
    month: str = "{month} {year}"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The sentences of one language, and who has checked them (None: nobody yet)."""

    language: Language
    sentences: gettext.NullTranslations
    reviewer: str | None


_ARABIC = Language(
    code="ar",
    name="العربية",
    dir="rtl",
    zero="٠",
    months=(
        "كانون الثاني", "شباط", "آذار", "نيسان", "أيار", "حزيران",
        "تموز", "آب", "أيلول", "تشرين الأول", "تشرين الثاني", "كانون الأول",
    ),
)  # fmt: skip
_SORANI = Language(
    code="ckb",
    name="کوردی (سۆرانی)",
    dir="rtl",
    zero="٠",
    months=(
        "کانوونی دووەم", "شوبات", "ئازار", "نیسان", "ئایار", "حوزەیران",
        "تەممووز", "ئاب", "ئەیلوول", "تشرینی یەکەم", "تشرینی دووەم", "کانوونی یەکەم",
    ),
    day="{day}ی {month}ی {year}",
    month="{month}ی {year}",
)  # fmt: skip
_BADINI = Language(
    code="kmr",
    name="کوردی (بادینی)",
    dir="rtl",
    zero="٠",
    months=(  # waiting for a native speaker's eye, as docs/translation.md says
        "کانوینا دووێ", "شوبات", "ئادار", "نیسان", "گولان", "خزیران",
        "تیرمەه", "تەباخ", "ئیلۆن", "چریا ئێکێ", "چریا دووێ", "کانوینا ئێکێ",
    ),
)  # fmt: skip
_ENGLISH = Language(
    code="en",
    name="English",
    dir="ltr",
    zero="0",
    months=(
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
)  # fmt: skip

LANGUAGES: Final = {language.code: language for language in (_ARABIC, _SORANI, _BADINI, _ENGLISH)}
ENGLISH: Final = Catalogue(_ENGLISH, gettext.NullTranslations(), reviewer=None)


def load_catalogue(folder: Path, code: str) -> Catalogue:
    """Read the catalogue of one language, `<folder>/<code>.mo`; `scripts/check --catalogues` makes it of the `.po`."""
    with (folder / f"{code}.mo").open("rb") as file:
        sentences = gettext.GNUTranslations(file)
    return Catalogue(LANGUAGES[code], sentences, sentences.info().get("x-reviewed-by") or None)


def offered(folder: Path) -> dict[str, Catalogue]:
    """Read every catalogue that is there; English always is."""
    found = {code: load_catalogue(folder, code) for code in LANGUAGES if (folder / f"{code}.mo").is_file()}
    return {code: found.get(code, ENGLISH) for code in LANGUAGES if code in found or code == _ENGLISH.code}


def numerals(value: int | str, code: str) -> str:
    """Write the Latin digits of a number or a text in the digits of a language."""
    zero = ord(LANGUAGES[code].zero)
    return str(value).translate({ord("0") + n: zero + n for n in range(10)})


def day_words(day: int, code: str) -> str:
    """Write a day (counted from 1970-01-01) in words, such as '14 March 2026'."""
    return _in_words(LANGUAGES[code].day, day, code)


def month_words(day: int, code: str) -> str:
    """Write the month and year of a day (counted from 1970-01-01), such as 'March 2026'."""
    return _in_words(LANGUAGES[code].month, day, code)


def _in_words(pattern: str, day: int, code: str) -> str:
    when = date.fromordinal(_EPOCH + day)
    words = pattern.format(day=when.day, month=LANGUAGES[code].months[when.month - 1], year=when.year)
    return numerals(words, code)
