"""What stands on standard input in place of a person."""

import json
import os
from fcntl import F_SETPIPE_SZ, fcntl
from itertools import count
from typing import Any

import pytest

from onion_app.crypto.codes import new_code
from onion_app.errors import BadAnswers
from onion_app.launch import stdin_answers
from onion_app.launch.stdin_answers import Answers

CODE = new_code()


def read(*pieces: bytes, end: bool = True) -> Answers:
    """Send these pieces through a pipe, and leave it open or not."""
    reader, writer = os.pipe()
    fcntl(writer, F_SETPIPE_SZ, 1 << 17)  # more than any answer here, so that nobody waits
    with os.fdopen(reader, "rb") as given, os.fdopen(writer, "wb", buffering=0) as giving:
        giving.writelines(pieces)
        if end:
            giving.close()
        return stdin_answers.read_answers(given.fileno())


def test_the_object_is_read_although_the_input_stays_open() -> None:
    assert read(b'{"passphrase": ', b'"one two"}\n', end=False).passphrase == "one two"


def test_a_brace_inside_a_word_does_not_end_the_object() -> None:
    assert read(b'{"passphrase": "one}', b' two"}', end=False).passphrase == "one} two"


def test_the_spare_code_may_be_written_with_any_digits_and_signs() -> None:
    arabic = CODE.translate({ord(str(digit)): "٠١٢٣٤٥٦٧٨٩"[digit] for digit in range(10)})
    spaced = " - ".join(arabic[start : start + 4] for start in range(0, 28, 4))
    assert read(json.dumps({"spare_code": spaced}).encode()).spare_code == CODE


def test_how_to_find_us_is_counted_in_letters_and_not_in_bytes() -> None:
    words = "ا" * 300
    assert read(json.dumps({"how_to_find_us": {"ar": words}}).encode()).how_to_find_us == {"ar": words}


def test_nothing_is_shown_of_the_secrets() -> None:
    assert "one two" not in repr(Answers(passphrase="one two", spare_code=CODE))
    assert CODE not in repr(Answers(passphrase="one two", spare_code=CODE))


@pytest.mark.parametrize(
    "given",
    ["[]", "null", '"words"', "{", "", "not json", '{"passphrase": "one two', '{"passphrase": null}',
     '{"passphrase": ""}', '{"passphrase": " "}', '{"passphrase": 7}', '{"passphrase": ["x"]}',
     '{"spare_code": "1234"}', '{"spare_code": 1234}',
     f'{{"spare_code": "{CODE[:-1]}{(int(CODE[-1]) + 1) % 10}"}}', '{"how_to_find_us": []}',
     '{"how_to_find_us": "here"}', '{"how_to_find_us": {"EN": "x"}}', '{"how_to_find_us": {"en": 7}}',
     json.dumps({"how_to_find_us": {"en": "x" * 301}}), '{"passphrase": "x", "more": 1}', "x" * 65_537],
    ids=count(),
)  # fmt: skip
def test_everything_else_is_refused(given: str) -> None:
    with pytest.raises(BadAnswers):
        read(given.encode())


def test_a_refusal_repeats_nothing_of_what_was_given() -> None:
    given: Any = {"passphrase": "x", "hunter2": 1}
    with pytest.raises(BadAnswers) as refused:
        read(json.dumps(given).encode())
    assert "hunter2" not in refused.value.sentence
