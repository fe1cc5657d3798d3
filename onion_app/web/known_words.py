"""The words by which a detail is known, in the four languages: places, months, and what a name of somebody follows.

Words are compared bare: without case, marks, what Arabic writes before a name, and what Kurdish and English put after.
"""

import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from onion_app.country import country
from onion_app.web.as_read import AsRead

WORD: Final = re.compile(r"\w+(?:'\w+)*")  # an underscore is a blank by then

# What Kurdish puts after a name: of, in, from, also, the, and their like. Shorter names have no ending of one letter.
_AFTER: Final = """
    ی ێ ە ا ش یێ یە یی وە دا ەوە یەوە ێوە یدا ێدا ەدا شدا یش ەکە ەکان ەکێ ییەوە ییەکان یشدا
"""
_LONG_ENOUGH: Final = 4
_BEFORE: Final = "وفبلكا"  # what Arabic puts before a name
_MONTHS_WRITTEN: Final = """
    كانون شباط آذار نيسان أيار حزيران تموز آب أيلول تشرين
    يناير فبراير مارس أبريل ابريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر
    کانوونی شوبات ئازار نیسان ئایار حوزەیران تەممووز ئاب ئەیلوول تشرینی
    خاکەلێوە گوڵان جۆزەردان پووشپەڕ گەلاوێژ خەرمانان ڕەزبەر گەڵاڕێزان سەرماوەز بەفرانبار ڕێبەندان ڕەشەمێ
    کانوینا ئادار گولان خزیران تیرمەه تەباخ ئیلۆن چریا
    january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec
"""
_NAMED_WRITTEN: Final = "name named اسمي اسمه اسمها اسمهم اسمهن ناوم ناوی ناڤێ ناڤم"  # a name follows
_BETWEEN_WRITTEN: Final = "is was هو هي كان كانت الحقيقي الكامل الأول من وی وێ مە ئەو ئەوە وان"  # before it
_NAME_OF: Final = "ناوی ناڤێ"  # it may be the name of anything
_WAS: Final = "بوو بو یە"  # after the name of somebody
_NO_NAMES_WRITTEN: Final = """
    not no the a an in on at of and or to so it that this what known changed secret here mine
    ليس لا لم لن ما مو غير في على عند هنا و أن سر كل نەبوو نییە نابێت نینە ل د لە و کە چی خۆ هەوە ئێوە تەواو
"""
_EVERYDAY: Final = "سۆرانی سۆرانییە السورانية"  # a language, and no town


def word_forms(word: str) -> list[str]:
    """Give a word with and without the letters that Arabic writes before it; eight at most."""
    forms = [word]
    for letters in ("وف", "بلك"):
        if forms[-1][:1] in letters and len(forms[-1]) > 1:
            forms.append(forms[-1][1:])
    if forms[-1].startswith("ل") and len(forms) > 1:
        forms.append("ا" + forms[-1])  # ل before ال swallows its first letter: للبصرة
    return forms + [form.removeprefix("ال") for form in forms[-2:] if form.startswith("ال")]


def _without_ending(word: str) -> Iterator[str]:
    """Give a word without each ending of Kurdish that it may have."""
    for length in range(1, min(_LONGEST_ENDING, len(word) - 2) + 1):
        if word[-length:] in _ENDINGS_AFTER:
            yield word[:-length]


def is_known(word: str) -> bool:
    """Tell whether anything known can begin with a word, which most words are not."""
    if word[0] in _BEFORE and word[-1].isascii():  # in Latin letters after an Arabic one
        word = word.lstrip(_BEFORE)
    return word in _KEYS or any(bare in _KEYS for bare in _without_ending(word))


def bare_word(word: str) -> str:
    """Give a word as it is compared: without an English possessive, and with one و for two."""
    if "'" in word:
        word = word.removesuffix("'s").replace("'", "")
    return word.replace("ێ", "ي").replace("وو", "و")


def _compared(words: str) -> str:
    return " ".join(map(bare_word, WORD.findall(AsRead(words).letters.replace("_", " "))))


def _names_in(text: str) -> frozenset[str]:
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(_compared(name) for line in lines for name in line.split("|"))


def _with_letters_before(name: str) -> Iterator[str]:
    """Write a name with each of the letters that Arabic puts before it, as `word_forms` takes them off."""
    for before in ("", "و", "ف"):
        for of in ("", "ب", "ل", "ك"):
            yield from (f"{before}{of}{name}", f"{before}{of}ال{name}")
            if of == "ل":
                yield f"{before}لل{name.removeprefix('ال')}"


def is_place_with_ending(name: str) -> bool:
    """Tell whether this is the name of a place with what Kurdish puts after it."""
    bare = (bare for bare in _without_ending(name) if len(name) - len(bare) > 1 or len(bare) >= _LONG_ENOUGH)
    return name not in _EVERYDAY_WORDS and any(each in PLACES for each in bare)


def is_called(named: str, name: str, after: str) -> bool:
    """Tell whether somebody is named by the word that follows at once: not the name of a street."""
    if named == "name":
        return False
    if bare_word(named) in _NAME_OF_WORDS:  # ناوی X بوو, ناڤێ X ە
        return after in _WAS_WORDS or (name.endswith("ه") and not name.endswith("كه"))
    return True


_ENDINGS_AFTER: Final = frozenset(_compared(_AFTER).split())
_LONGEST_ENDING: Final = max(map(len, _ENDINGS_AFTER))
_MONTHS_SAID: Final = {_compared(name).split()[0] for names in country().months.values() for name in names}
MONTHS: Final = frozenset(_compared(_MONTHS_WRITTEN).split()) | _MONTHS_SAID
SECOND_WORDS: Final = frozenset(_compared("الأول الثاني الاولى یەکەم دووەم ئێکێ دووێ").split())
NAMED: Final = frozenset(_compared(_NAMED_WRITTEN).split())
BETWEEN: Final = frozenset(_compared(_BETWEEN_WRITTEN).split())
_NAME_OF_WORDS: Final = frozenset(_compared(_NAME_OF).split())
_WAS_WORDS: Final = frozenset(_compared(_WAS).split())
_EVERYDAY_WORDS: Final = frozenset(_compared(_EVERYDAY).split())
NO_NAMES: Final = frozenset(_compared(_NO_NAMES_WRITTEN).split())
PLACES: Final = _names_in(country().places)
BEGINNINGS: Final = frozenset(
    beginning for name in PLACES for beginning in list(accumulate(name.split(), "{} {}".format))[:-1]
)
_FIRST_WORDS: Final = {name.split()[0] for name in PLACES if name} | MONTHS | NAMED
_KEYS: Final = frozenset(
    key for name in _FIRST_WORDS for key in ([name] if name.isascii() else _with_letters_before(name))
)
