"""What has an order of its own is set apart between Arabic letters, and not a sign of a text is changed."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onion_app.web.reading_order import MOST, MOST_TURNED, in_reading_order, numbers_turned

APART = re.compile('<bdi dir="ltr">(.*?)</bdi>')


def apart(text: str) -> list[str]:
    return [html.unescape(part) for part in APART.findall(in_reading_order(text))]


@pytest.mark.parametrize(
    "part",
    ["*100#", "*101*2#", "##002#", "+964 770 123 4567", "+964-770-123-4567", "0770 123 4567", "(0770) 123 4567",
     "٠٧٧٠ ١٢٣ ٤٥٦", "۰۷۷۰ ۱۲۳", "0770\u00a0123", "0770\u202f123", "0770\u2011123", "0770 \u200f123", "+ 964 770",
     "12/3/2024", "12.3.2024", "2024-03-12", "12 - 3 - 2024", "12–3", "1,500,000", "50$", "$50", "50 %", "٥٠٪", "-5",
     "9:30 - 10:45", "Signal", "Tor Browser 13.5", "@noor_99", "noor@mail.com", "https://x.com/a?b=c&d", "PIN 1234"],
)  # fmt: skip
def test_a_part_with_its_own_order_is_set_apart_whole(part: str) -> None:
    for line in ("اكتبوا {0} الآن", "{0} هو ما كتبوه لنا أمس", "الرقم: {0}", "الرقم {0}، ثم {0}.", "و({0})"):
        text = line.format(part)
        assert {found.strip("()") for found in apart(text)} == {part.strip("()")}, text


def test_a_line_in_latin_letters_is_left_alone_but_for_the_numbers_after_arabic_ones() -> None:
    assert apart("Call 0770 123 4567 on 12/3/2024.") == []
    assert apart("My uncle said لا to me.") == []
    assert apart("He said لا 0770 123.") == ["0770 123"]
    assert apart("Signal هو تطبيق للرسائل") == ["Signal"]
    assert apart("one\nاثنان 2-2\nthree 3-3") == ["2-2"]
    assert apart("الأول +1\nSignal هو تطبيق\n+2 الثاني") == ["+1", "Signal", "+2"]
    assert apart("في عام 2024 كان عمري ١٩") == [], "one number keeps its order by itself"


@given(st.text("اب 01٢-+*#/.,()<>&\"'\n\u200faZ@", max_size=300))
def test_nothing_of_a_text_is_changed_and_nothing_of_it_becomes_html(text: str) -> None:
    shown = in_reading_order(text)
    bare = shown.replace('<bdi dir="ltr">', "").replace("</bdi>", "")
    assert not re.search("[<>]", bare)
    assert html.unescape(bare) == text


def test_a_text_that_is_all_numbers_takes_no_more_room_than_there_is() -> None:
    assert len(apart("ا1-1" * 3_000)) == len(apart("ا1-1\n" * 3_000)) == MOST


@pytest.mark.parametrize(
    "part",
    ["+964 770 123 4567", "0770-123-4567", "٠٧٧٠ ١٢٣ ٤٥٦", "*100#", "50 %", "0770\u00a0123 4567", "12 - 3 - 2024"],
)
def test_a_box_has_beside_it_the_numbers_that_it_turns_round(part: str) -> None:
    assert numbers_turned(f"اتصلوا {part} الآن") == [part]
    assert numbers_turned(f"Call {part} now") == []


@pytest.mark.parametrize("part", ["12/3/2024", "١٬٥٠٠", "1,500,000", "9:30", "Signal", "noor@mail.com", "1234"])
def test_a_box_has_nothing_beside_it_that_keeps_its_order_by_itself(part: str) -> None:
    assert numbers_turned(f"اتصلوا {part} الآن") == []


def test_beside_a_box_stand_no_more_than_ten_numbers() -> None:
    assert len(numbers_turned("رقم 0770 123 4567\n" * 500)) == MOST_TURNED
