"""What is never written where many read it: numbers, addresses, streets and coordinates; and places to go to.

It refuses, and nobody can send it all the same. It finds only what it knows: a door described in plain words is for
people to leave out.
"""

import re
from typing import Final

from onion_app.desk.questions import (
    ADDRESS,
    MEETING,
    NUMBER,
    PHONE,
    compared,
    names_a_street,
    question_about,
    words_of,
)
from onion_app.errors import Refused, marked
from onion_app.web.as_read import AsRead
from onion_app.web.known_words import WORD, bare_word, word_forms

NO_NUMBERS: Final = marked("This holds a number. Numbers do not stand here, not even short ones.")
NO_ADDRESSES: Final = marked("This holds an address, a street or an account. They do not stand here.")
NO_STREETS: Final = marked(
    "This names a street or a point on a map. No place stands here, not even one that they have published."
)
NO_PLACES: Final = marked("This sounds like an invitation. A notice warns, and never names a place to come to.")
_OF_QUESTIONS: Final = {PHONE: NO_NUMBERS, NUMBER: NO_NUMBERS, ADDRESS: NO_ADDRESSES, MEETING: NO_PLACES}

# Three digits and more, with what stands between the groups of a number: 07 70, 33.31, 44-36, 1 * 1 * 5.
_DIGITS: Final = re.compile(r"[0-9](?:[\W_]{0,5}[0-9]){2}")
_DIGITS_WRITTEN: Final = """
    zero oh one two three four five six seven eight nine
    صفر واحد اثنان اثنين ثنين ثلاثة ثلاث تلاثة أربعة أربع خمسة خمس ستة ست سبعة سبع ثمانية ثمان ثمنية تسعة تسع
    سفر یەک دوو سێ چوار پێنج شەش حەوت هەشت نۆ
    ئێک دو چار حەفت نەه
"""
_DIGIT_WORDS: Final = frozenset(compared(_DIGITS_WRITTEN))
_JOINING: Final = frozenset(compared("and then و ثم پاشان"))
_SPELLED: Final = 3  # in a row
_COORDINATES: Final = re.compile(r"(?<![0-9.])[0-9]{1,2}(?:[.,][0-9]{2,}(?![0-9.])|°)")  # 33.31, 44° 21'
_INVITING: Final = re.compile(
    r"(?<!not )(?<!never )(?<!n't )\b(?:come (?:to|and|here)|go to|visit|gather|join us|wait for us|we wait)\b"
)
_INVITING_WRITTEN: Final = """
    تعالوا تعال تعالي توجهوا توجه اذهبوا اذهب احضروا احضر اقصدوا التحقوا انضموا تجمعوا ننتظركم بانتظاركم
    وەرن وەرە سەردانمان بچن بچۆ کۆببنەوە چاوەڕێتانین
    هەرن هەرە سەرەدانا کۆمببن
"""
_INVITING_WORDS: Final = frozenset(compared(_INVITING_WRITTEN))


def expect_nothing_to_follow(text: str, field: str) -> None:
    """Refuse what leads to somebody: a number, an address, a street, coordinates.

    Raises:
        Refused: with the sentence for it, beside a field.
    """
    found = _found(text) - {NO_PLACES}
    if found:
        raise Refused(min(found), field=field)


def expect_no_street(text: str, field: str) -> None:
    """Refuse the way to a door in a contact, which may hold a number, an account or a link.

    Raises:
        Refused: it names a street, or a point on a map.
    """
    if names_a_street(text) or _COORDINATES.search(AsRead(text).letters):
        raise Refused(NO_STREETS, field=field)


def expect_no_invitation(text: str, field: str) -> None:
    """Refuse likewise what would bring readers to a place.

    Raises:
        Refused: as for `expect_nothing_to_follow`, or because it invites.
    """
    found = _found(text)
    if _INVITING.search(" ".join(AsRead(text).letters.split())) or _INVITING_WORDS & words_of(text):
        found.add(NO_PLACES)
    if found:
        raise Refused(min(found), field=field)


def _found(text: str) -> set[str]:
    question = question_about(text)
    found = {_OF_QUESTIONS[sentence] for sentence in question.sentences} if question is not None else set[str]()
    letters = "".join("0" if each.isnumeric() else each for each in AsRead(text).letters)  # letters of China, too
    return found | ({NO_NUMBERS} if _DIGITS.search(letters) or _spells_a_number(letters) else set())


def _spells_a_number(letters: str) -> bool:
    """Tell whether digits are written in words, one after another."""
    row = 0
    for word in map(bare_word, WORD.findall(letters)):
        if word.isdecimal() or not _DIGIT_WORDS.isdisjoint(word_forms(word)):
            row += 1
        elif word not in _JOINING:
            row = 0
        if row == _SPELLED:
            return True
    return False
