"""What a notice of today may be: short, without anything that leads somewhere, and for a few days.

# P14: nobody alone says it, and nobody can say with it where to come.
"""

from collections.abc import Mapping
from typing import Final

from onion_app.choices import LANGUAGE_CODES, NOTICE_DAYS, NOTICE_LETTERS, NOTICE_LONGEST
from onion_app.desk.context import Databases
from onion_app.desk.never_written import expect_no_invitation
from onion_app.errors import NothingHere, Refused, marked
from onion_app.vault.desk import notice
from onion_app.web.text import has_too_many_marks

_Wanted = Mapping[str, list[str]]

_TOO_LONG: Final = marked("This is too long: 400 letters fit in each language.")
_EMPTY: Final = marked("Write it in one language at least.")
_AT_MOST: Final = marked("It stands for 14 days at most. Let it go, or say what is so today.")


def field_of(language: str) -> str:
    """Name the box of a language in the form."""
    return f"notice_{language}"


def check(dbs: Databases, _subject: bytes, wanted: _Wanted) -> None:
    """Refuse what no notice may say, and what may not stand any longer.

    Raises:
        NothingHere: it is in other languages than those of the site.
        Refused: it is too long, empty, leads to somebody or somewhere, or has had its days.
    """
    if set(wanted) != set(LANGUAGE_CODES):
        raise NothingHere
    for language, [text] in wanted.items():
        if len(text) > NOTICE_LETTERS or has_too_many_marks(text):
            raise Refused(_TOO_LONG, field=field_of(language))
        expect_no_invitation(text, field_of(language))
    if not _words(wanted):
        raise Refused(_EMPTY, field=field_of(LANGUAGE_CODES[0]))
    there = notice.standing(dbs.desk, dbs.today)
    if there and _same_words(there, wanted) and there[0].end_day >= _longest(there[0].first_day):
        raise Refused(_AT_MOST)


def present(dbs: Databases, _subject: bytes) -> object:
    """Write down what stands now."""
    return {each.language: [each.text] for each in notice.standing(dbs.desk, dbs.today)}


def apply(dbs: Databases, _subject: bytes, wanted: _Wanted) -> None:
    """Let it stand."""
    notice.put_notice(dbs.desk, _words(wanted), *_days(dbs, wanted))


def is_renewal(before: _Wanted, wanted: _Wanted) -> bool:
    """Tell whether the same words are to stand on."""
    return {language: said[0] for language, said in before.items()} == _words(wanted)


def _words(wanted: _Wanted) -> dict[str, str]:
    return {language: text for language, [text] in wanted.items() if text}


def _same_words(there: list[notice.Notice], wanted: _Wanted) -> bool:
    return {each.language: each.text for each in there} == _words(wanted)


def _days(dbs: Databases, wanted: _Wanted) -> tuple[int, int]:
    """Give the first and the last day: the same words go on from their first, and never past their last."""
    there = notice.standing(dbs.desk, dbs.today)
    first = there[0].first_day if there and _same_words(there, wanted) else dbs.today
    return first, min(dbs.today + NOTICE_DAYS - 1, _longest(first))


def _longest(first_day: int) -> int:
    return first_day + NOTICE_LONGEST - 1
