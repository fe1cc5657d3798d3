"""The forms of the site are read, and nothing in them is cut or lost."""

from hypothesis import given
from hypothesis import strategies as st

from onion_app.choices import TEXT_LETTERS
from onion_app.site.forms import around_the_limit, read_consent, read_submission, wrong_text


@given(
    st.dictionaries(st.sampled_from(("text", "topic", "danger", "answer_in", "story", "publish", "line")), st.text())
)
def test_no_form_is_too_strange_to_read(form: dict[str, str]) -> None:
    for kind in ("tell", "ask"):
        draft = read_submission(kind, form, "ar")
        assert draft.publish in ("no", "ask", "yes")
        assert draft.text == form.get("text", "")


def test_what_is_not_said_is_not_allowed() -> None:
    consent = read_consent({"publish": "maybe"}, 5)
    assert (consent.publish, consent.count, consent.quote, consent.day) == ("no", False, False, 5)


def test_the_place_that_is_too_long_is_found() -> None:
    assert around_the_limit("a" * TEXT_LETTERS) is None
    assert around_the_limit("a" * TEXT_LETTERS + "b") == ("a" * 60, "b")
    assert wrong_text("a" * TEXT_LETTERS) == {}
    assert wrong_text("a" * (TEXT_LETTERS + 1)) == {"text": "long"}
    assert wrong_text("\u200b\n ") == {"text": "empty"}
    assert wrong_text("a" + "\u0301" * 31) == {"text": "marks"}
    assert wrong_text(" \n\u3000") == {"text": "empty"}
