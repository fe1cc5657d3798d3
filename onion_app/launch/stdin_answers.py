"""What may stand on standard input in place of a person: one JSON object of known names. Nothing else is guessed at."""

import json
import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from onion_app.crypto.codes import read_code
from onion_app.errors import BadAnswers, CodeMistyped
from onion_app.vault.settings import LANGUAGES

_LONGEST = 65536  # bytes; the longest true answers have about 8,000
HOW_TO_FIND_US_LETTERS = 300


@dataclass(frozen=True)
class Answers:
    """What was answered; empty where nothing was."""

    passphrase: str = field(default="", repr=False)
    spare_code: str = field(default="", repr=False)
    how_to_find_us: dict[str, str] = field(default_factory=dict)


def read(descriptor: int) -> Answers:
    """Read the answers, up to the end of the object or of the input.

    Past Python's own buffered stream, which would keep a copy of the passphrase for as long as the launcher runs.

    Raises: BadAnswers.
    """
    text = b""
    while len(text) <= _LONGEST:
        piece = os.read(descriptor, _LONGEST)
        text += piece
        if not piece:
            break
        if text.rstrip().endswith(b"}") and _parsed(text) is not None:
            break
    return _understood(_parsed(text))


def find_us(typed: str) -> str:
    """Take the words that tell people how to find us, in one language.

    Raises: BadAnswers when they are longer than the pages were measured with.
    """
    words = unicodedata.normalize("NFC", typed).strip()
    if len(words) > HOW_TO_FIND_US_LETTERS:
        raise BadAnswers(f"how_to_find_us has more than {HOW_TO_FIND_US_LETTERS} letters")
    return words


def _parsed(text: bytes) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(text)
    except ValueError:
        return None


def _understood(said: Any) -> Answers:  # noqa: ANN401 - any JSON
    if not isinstance(said, dict):
        raise BadAnswers
    readers: dict[str, Callable[[Any], Any]] = {
        "passphrase": _words,
        "spare_code": _code,
        "how_to_find_us": _languages,
    }
    for name in said:
        if name not in readers:
            raise BadAnswers("one name is unknown")
    return Answers(**{name: readers[name](value) for name, value in said.items()})


def _words(value: Any) -> str:  # noqa: ANN401 - any JSON
    if not isinstance(value, str) or not value.strip():
        raise BadAnswers("passphrase")
    return value


def _code(value: Any) -> str:  # noqa: ANN401 - any JSON
    try:
        return read_code(_words(value))
    except CodeMistyped:
        raise BadAnswers("spare_code") from None


def _languages(value: Any) -> dict[str, str]:  # noqa: ANN401 - any JSON
    if not isinstance(value, dict):
        raise BadAnswers("how_to_find_us")
    for language, words in value.items():
        if language not in LANGUAGES or not isinstance(words, str):
            raise BadAnswers("how_to_find_us")
    return {language: find_us(words) for language, words in value.items()}
