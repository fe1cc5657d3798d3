"""Words for a report as they are compared with others: sentence by sentence, and as they are read, not as typed."""

from collections.abc import Iterable
from typing import Final

from onion_app.choices import QUOTE_LETTERS
from onion_app.web.as_read import AsRead
from onion_app.web.text import split_sentences

_MANY: Final = 150  # different letters; no language that we read has as many
_FEW: Final = 3  # words: fewer stand in many texts, and point to none


def sentences_of(text: str) -> list[str]:
    """Split a text into its sentences, each once; a sentence of one sign is none."""
    return list(dict.fromkeys(each for each in split_sentences(text) if len(each) > 1))


def shortened(sentence: str) -> str:
    """Cut a sentence to the letters that an author is shown of it."""
    return sentence if len(sentence) <= QUOTE_LETTERS else sentence[: QUOTE_LETTERS - 1] + "…"


def as_heard(text: str) -> str:
    """Write a text as a row of its words, so that neither signs, spelling nor capitals make it another."""
    letters = set(text)
    spelled = {letter: "".join(map(_or_blank, AsRead(letter).letters)) for letter in letters}
    if len(letters) > _MANY:  # P16: then it is read letter by letter, which costs the same whatever they are
        text = text.translate({ord(letter): heard for letter, heard in spelled.items()})
    else:
        for letter, heard in spelled.items():
            text = text.replace(letter, heard)
    return f" {' '.join(text.split())} "


def _or_blank(letter: str) -> str:
    return letter if letter.isalnum() else " "


def standing_in(sentences: Iterable[str], texts: Iterable[str]) -> list[str]:
    """Give those of some sentences that stand in a text, which is written as heard; a few words alone do not count."""
    heard = {each: as_heard(each) for each in sentences}
    long = {each: words for each, words in heard.items() if words.count(" ") > _FEW}
    held = list(texts)
    return [each for each, words in long.items() if any(words in text for text in held)]
