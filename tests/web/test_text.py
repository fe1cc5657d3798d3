"""What people type is made regular, and nothing of it is cut or lost."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onion_app.choices import TEXT_LETTERS
from onion_app.web.text import MOST_MARKS, cleaned, has_too_many_marks, is_empty, is_too_long

SEPARATORS = "\n\x0b\x0c\r\x1c\x1d\x1e\x1f\x85\u2028\u2029 \t\xa0\u1680\u2000\u2007\u2009\u202f\u205f\u3000"
UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2064\u2066"
    "\u206f\u2800\u3164\ufe00\ufe0f\ufeff\uffa0\ufff0\ufffc\ufffe\uffff\U0001d159\U0001d173\U000e0001\U000e0061\U000e0100"
)


def test_lines_end_in_one_line_feed() -> None:
    assert cleaned("a\r\nb\rc\nd\n") == "a\nb\nc\nd\n"


def test_control_characters_go_and_tabs_stay() -> None:
    assert cleaned("a\x00b\x07\x1b[31m\tc\x7f\x80\x9f\xa0") == "ab[31m\tc\xa0"


@pytest.mark.parametrize("sign", SEPARATORS)
def test_what_separates_two_words_becomes_a_blank_or_a_line(sign: str) -> None:
    words = cleaned(f"one{sign}two")
    assert words.split() == ["one", "two"]
    assert not any(unicodedata.category(each) in {"Cc", "Zl", "Zp"} for each in words if each not in "\t\n")


def test_composed_letters_count_once() -> None:
    assert cleaned("e\u0301\u0627\u0653") == "\u00e9\u0622"
    assert not is_too_long(cleaned("\u0627\u0653" * TEXT_LETTERS))
    assert is_too_long(cleaned("\u0627\u0653" * TEXT_LETTERS + "!"))


def test_marks_of_direction_and_joining_stay() -> None:
    text = "مي\u200cخواهم \u200f\u202b\u2066 ک ە ڕ"
    assert cleaned(text) == text


@pytest.mark.parametrize("mark", ["\u0301", "\u064e", "\u0344", "\u0f73", "\u20dd", "\u0301\uff9e", "\U000e0100"])
@pytest.mark.parametrize("before", ["", "a" * 29, "ب" * 30, "ب\u0301" * 40])
def test_marks_without_end_are_too_long_and_stay_as_they_were_typed(mark: str, before: str) -> None:
    marks = (mark * MOST_MARKS)[:MOST_MARKS]
    few, many = f"{before}ب{marks}b", f"{before}ب{marks}{mark}b"
    assert not has_too_many_marks(few)
    assert has_too_many_marks(many)
    assert is_too_long(cleaned(many))
    assert cleaned(many) == many


def test_a_text_far_too_long_is_kept_whole_and_not_normalised() -> None:
    typed = "e\u0301" * 40_000
    assert cleaned(typed) == typed
    assert is_too_long(typed)


@pytest.mark.parametrize("sign", UNSEEN + SEPARATORS + "\u0301\u064e")
def test_a_text_of_which_nothing_is_seen_is_empty(sign: str) -> None:
    assert is_empty(cleaned(sign * 3))
    assert is_empty(cleaned(f" {sign}\u200b\n{UNSEEN}"))
    assert not is_empty(cleaned(f"{sign}ب{sign}"))


@pytest.mark.parametrize("sign", ["a", "ب", "٣", "?", "؟", "😀", "\U0001fae8", "ـ", "\ufffd"])
def test_one_letter_digit_or_sign_that_is_seen_is_a_text(sign: str) -> None:
    assert not is_empty(sign)


@given(st.text())
def test_a_text_made_regular_stays_as_it_is(typed: str) -> None:
    once = cleaned(typed)
    assert cleaned(once) == once
    assert unicodedata.is_normalized("NFC", once) or is_too_long(once)
    assert not any(unicodedata.category(letter) == "Cc" and letter not in "\t\n" for letter in once)
