"""The set phrases, which are offered in the box for an answer, by name and language."""

from typing import Final

from onion_app.country import Said, country
from onion_app.web.i18n import LANGUAGES, day_words

PHRASES: Final[dict[str, Said]] = country().phrases
_LOOKED_FOR: Final = 31  # days after today: whoever answers may have changed the day of a phrase
_PROMISED_DAYS: Final = 3  # that a set phrase names; the person who answers may change it


def offered_in(language: str) -> list[tuple[str, str]]:
    """Name every phrase, and what it is offered as to a volunteer of a language."""
    return [(name, said[language]) for name, said in country().phrases_offered_as.items()]


def phrase_language(wanted: str) -> str:
    """Give the language in which a phrase is said: the one that is wanted, if there is one."""
    return wanted if wanted in LANGUAGES else next(iter(LANGUAGES))


def day_named_in(text: str, today: int) -> int | None:
    """Give the earliest day to come that a set phrase in a text names; None where none does."""
    promises = [sentence for said in PHRASES.values() for sentence in said.items() if "{day}" in sentence[1]]
    days = range(today, today + _LOOKED_FOR)
    named = (day for day in days for code, said in promises if said.replace("{day}", day_words(day, code)) in text)
    return next(named, None)


def with_phrase(typed: str, phrase: str, language: str, today: int) -> str:
    """Put a phrase under a text that was typed already; a day that it names is the one by which an answer is due.

    Raises:
        KeyError: no such phrase, or no such language.
    """
    return put_under(typed, PHRASES[phrase][language].replace("{day}", day_words(today + _PROMISED_DAYS, language)))


def put_under(typed: str, sentence: str) -> str:
    """Put a sentence under a text that was typed already."""
    return f"{typed.rstrip()}\n\n{sentence}" if typed.strip() else sentence
