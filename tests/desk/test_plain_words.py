"""Words are compared as they are heard, whatever signs and keyboards they were typed with."""

import pytest

from onion_app.desk.plain_words import as_heard, sentences_of, standing_in


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("My uncle LOCKED me in!", "my uncle... locked - me in"),
        ("عمّي حبسني، في البيت.", "عمي حبسني في البيت"),
        ("ئەو ماڵی کردەوە", "ئەو ماڵي كردەوە"),
        ("on 12/3", "on ١٢ ٣"),
    ],
)
def test_signs_marks_capitals_and_keyboards_make_no_other_words(one: str, other: str) -> None:
    assert as_heard(one) == as_heard(other)


def test_many_different_letters_are_read_like_few() -> None:
    many = "".join(map(chr, range(0x4E00, 0x4F00)))
    for text in ("Ab, cD. é", "عمّي؛ حبسني"):
        assert as_heard(f"{text} {many}") == f"{as_heard(text)}{many} "


def test_a_sentence_is_found_in_a_text_at_its_words_and_a_few_words_are_not_looked_for() -> None:
    text = as_heard("Once my uncle locked me in, for a month.")
    said = ["My uncle locked me in.", "y uncle locked me i", "My uncle", "My aunt locked me in."]
    assert standing_in(said, [text]) == ["My uncle locked me in."]


def test_a_text_is_split_into_its_sentences_each_once() -> None:
    assert sentences_of("I ran. I ran.\nلماذا؟ لا أعرف… x\n\n.") == ["I ran.", "لماذا؟", "لا أعرف…"]
