"""Answers on standard input in place of a person, and what is handed over to whoever gave them, on standard output.

One JSON object of known names. Nothing is guessed.
"""

import fcntl
import json
import os
import stat
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from inspect import get_annotations
from typing import Annotated, Any

from onion_app.choices import FIND_US_LETTERS, LANGUAGE_CODES
from onion_app.crypto.codes import read_code
from onion_app.errors import BadAnswers, CodeMistyped, NobodyReads, SecretWouldStay
from onion_app.shapes import as_shape, from_json
from onion_app.vault.bridge_lines import MOST_BRIDGES

_LONGEST = 65536  # bytes; the longest true answers have about 8,000
_LONGEST_LINE = 1000  # letters of a passphrase or a code


def _is_one_line(typed: str) -> bool:
    return bool(typed.strip()) and len(typed) <= _LONGEST_LINE


def _are_lines(typed: str) -> bool:
    return len(typed) <= _LONGEST_LINE * MOST_BRIDGES


@dataclass(frozen=True)
class Answers:
    """The answers; empty where there was none."""

    passphrase: Annotated[str, _is_one_line] = field(default="", repr=False)
    spare_code: Annotated[str, _is_one_line] = field(default="", repr=False)
    how_to_find_us: dict[Annotated[str, LANGUAGE_CODES.__contains__], str] = field(default_factory=dict)
    bridge: Annotated[str, _are_lines] | None = field(default=None, repr=False)  # one a line; empty: none any more

    @property
    def are_of_a_later_run(self) -> bool:
        """Whether they hold one secret, with which an installation that is there is opened, and nothing else."""
        return bool(self.passphrase) != bool(self.spare_code) and not self.how_to_find_us


def expect_a_reader(command: str) -> None:
    """See that secrets on standard output go to another program; before one of them is made.

    Raises:
        SecretWouldStay: it is a file, and they would stay in it; `command` is the one to be started again.
        NobodyReads: it is closed.
    """
    number = sys.stdout.fileno()
    if fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise NobodyReads("it is closed", f"{command} --answers - | cat")
    if stat.S_ISREG(os.fstat(number).st_mode):
        raise SecretWouldStay("standard output is a file", f"{command} --answers - | PROGRAM")


def hand_over(words: str) -> None:
    """Write a line on standard output, past Python's own buffer, which would keep it.

    Raises:
        NobodyReads: it was not taken.
    """
    rest = f"{words}\n".encode()
    try:
        while rest:
            rest = rest[os.write(sys.stdout.fileno(), rest) :]
    except OSError as refused:
        raise NobodyReads(refused.strerror) from refused


def hand_over_json(members: Mapping[str, str]) -> None:
    """Write one line of JSON on standard output.

    Raises:
        NobodyReads: it was not taken.
    """
    hand_over(json.dumps(members))


def read_answers(descriptor: int) -> Answers:
    """Read the answers, up to the end of the object or of the input.

    Past Python's own buffered stream, which would keep a copy of the passphrase for as long as the launcher runs.

    Raises:
        BadAnswers: they are no such object.
    """
    text = b""
    while len(text) <= _LONGEST and (piece := os.read(descriptor, _LONGEST)):
        text += piece
        if text.rstrip().endswith(b"}") and _is_whole(text):
            break
    return _answers(from_json(dict[str, Any], text, BadAnswers, _LONGEST))


def checked_how_to_find_us(typed: str) -> str:
    """Take the words that tell people how to find us, in one language.

    Raises:
        BadAnswers: they are longer than the pages were measured with.
    """
    words = typed.strip() if len(typed) > 4 * FIND_US_LETTERS else unicodedata.normalize("NFC", typed).strip()
    if len(words) > FIND_US_LETTERS:
        raise BadAnswers(f"how_to_find_us has more than {FIND_US_LETTERS} letters")
    return words


def _is_whole(text: bytes) -> bool:
    try:
        from_json(dict[str, Any], text, ValueError)
    except ValueError:
        return False
    return True


def _answers(members: Mapping[str, object]) -> Answers:
    shapes = get_annotations(Answers)
    if not members.keys() <= shapes.keys():
        raise BadAnswers("one name is unknown")
    answers = Answers(**{name: as_shape(shapes[name], value, BadAnswers(name)) for name, value in members.items()})
    find_us = {language: checked_how_to_find_us(words) for language, words in answers.how_to_find_us.items()}
    try:
        spare_code = answers.spare_code and read_code(answers.spare_code)
    except CodeMistyped:
        raise BadAnswers("spare_code") from None
    return replace(answers, how_to_find_us=find_us, spare_code=spare_code)
