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

NO_NUMBERS: Final = marked("This holds a number. Numbers do not stand here, not even short ones.")
NO_ADDRESSES: Final = marked("This holds an address, a street or an account. They do not stand here.")
NO_STREETS: Final = marked(
    "This names a street or a point on a map. No place stands here, not even one that they have published."
)
NO_PLACES: Final = marked("This sounds like an invitation. A notice warns, and never names a place to come to.")
_OF_QUESTIONS: Final = {PHONE: NO_NUMBERS, NUMBER: NO_NUMBERS, ADDRESS: NO_ADDRESSES, MEETING: NO_PLACES}

# Three digits and more, with what stands between the groups of a number: 07 70, 33.31, 44-36, 1 1 5.
_DIGITS: Final = re.compile(r"[0-9](?:[ .,:;()/_°'\"-]{0,3}[0-9]){2}")
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
    if _INVITING.search(AsRead(text).letters) or _INVITING_WORDS & words_of(text):
        found.add(NO_PLACES)
    if found:
        raise Refused(min(found), field=field)


def _found(text: str) -> set[str]:
    question = question_about(text)
    found = {_OF_QUESTIONS[sentence] for sentence in question.sentences} if question is not None else set[str]()
    return found | ({NO_NUMBERS} if _DIGITS.search(AsRead(text).letters) else set())
