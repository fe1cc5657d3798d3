"""What people type is made regular, and nothing of it is cut or lost."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from onion_app.web.text import cleaned


def test_lines_end_in_one_line_feed() -> None:
    assert cleaned("a\r\nb\rc\nd\n") == "a\nb\nc\nd\n"


def test_control_characters_go_and_tabs_stay() -> None:
    assert cleaned("a\x00b\x07\x1b[31m\tc\x0b\x0c\x1f\x7f\x80\x85\x9f\xa0") == "ab[31m\tc\xa0"


def test_composed_letters_count_once() -> None:
    assert cleaned("e\u0301\u0627\u0653") == "\u00e9\u0622"


def test_marks_of_direction_and_joining_stay() -> None:
    text = "مي\u200cخواهم \u200f\u202b\u2066 ک ە ڕ"
    assert cleaned(text) == text


@given(st.text())
def test_a_text_made_regular_stays_as_it_is(typed: str) -> None:
    once = cleaned(typed)
    assert cleaned(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert not any(unicodedata.category(letter) == "Cc" and letter not in "\t\n" for letter in once)
