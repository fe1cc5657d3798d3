"""What people type is made regular, and nothing of it is cut or lost."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from onion_app.site.forms import LETTERS, around_the_limit, read_consent, read_submission, read_text, wrong_text


def test_lines_end_in_one_line_feed() -> None:
    assert read_text("a\r\nb\rc\nd\n") == "a\nb\nc\nd\n"


def test_control_characters_go_and_tabs_stay() -> None:
    assert read_text("a\x00b\x07\x1b[31m\tc\x0b\x0c\x1f") == "ab[31m\tc"


def test_composed_letters_count_once() -> None:
    assert read_text("e\u0301\u0627\u0653") == "\u00e9\u0622"


def test_marks_of_direction_and_joining_stay() -> None:
    text = "مي\u200cخواهم \u200f\u202b\u2066 ک ە ڕ"
    assert read_text(text) == text


@given(st.text())
def test_a_text_made_regular_stays_as_it_is(typed: str) -> None:
    once = read_text(typed)
    assert read_text(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert not any(ord(letter) < 32 and letter not in "\t\n" for letter in once)


@given(
    st.dictionaries(st.sampled_from(("text", "topic", "danger", "answer_in", "story", "publish", "line")), st.text())
)
def test_no_form_is_too_strange_to_read(form: dict[str, str]) -> None:
    for kind in ("tell", "ask"):
        draft = read_submission(kind, form)
        assert draft.publish in ("no", "ask", "yes")
        assert draft.text == read_text(form.get("text", ""))


def test_what_is_not_said_is_not_allowed() -> None:
    consent = read_consent({"publish": "maybe"}, 5)
    assert (consent.publish, consent.count, consent.quote, consent.day) == ("no", False, False, 5)


def test_the_place_that_is_too_long_is_found() -> None:
    assert around_the_limit("a" * LETTERS) is None
    assert around_the_limit("a" * LETTERS + "b") == ("a" * 60, "b")
    assert wrong_text("a" * LETTERS) == {}
    assert wrong_text("a" * (LETTERS + 1)) == {"text": "long"}
    assert wrong_text("\u200b\n ") == {}
    assert wrong_text(" \n\u3000") == {"text": "empty"}
