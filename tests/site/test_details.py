"""Details that could show who somebody is are pointed out, folded away, and nothing is promised about the rest."""

import sys
import time
from collections.abc import Iterator
from types import FrameType

import pytest

from onion_app.web import as_read, details, known_words
from onion_app.web.details import MOST, pointed_out
from scripts.rehearsal.people import Visitor


def found(text: str) -> list[str]:
    return [f"{each.why}: {each.found}" for each in pointed_out(text)]


@pytest.mark.parametrize(
    ("text", "pointed"),
    [
        ("call 07701234567 now", "phone: 07701234567"),
        ("رقمي ٠٧٧٠ ١٢٣ ٤٥٦٧ للاتصال", "phone: ٠٧٧٠ ١٢٣ ٤٥٦٧"),
        ("ژمارە ۰۷۵۰-۱۲۳-۴۵۶۷", "phone: ۰۷۵۰-۱۲۳-۴۵۶۷"),
        ("+964 (770) 123.4567", "phone: +964 (770) 123.4567"),
        ("my card is 19840512", "paper: 19840512"),
        ("write to (noor@mail.example).", "mail: noor@mail.example"),
        ("انستا:@noor_95،", "account: @noor_95"),
        ("see https://t.me/noor?x=1.", "link: https://t.me/noor?x=1"),
        ("instagram.com/noor", "link: instagram.com/noor"),
        ("on 12/3/2024 they", "date: 12/3/2024"),
        ("on 2024-03-12", "date: 2024-03-12"),
        ("يوم ١٢/٣", "date: ١٢/٣"),
        ("12 . 3 . 24", "date: 12 . 3 . 24"),
        ("the 3rd of May", "date: 3rd of May"),
        ("March 12", "date: March 12"),
        ("يوم ٥ كانون الثاني", "date: ٥ كانون الثاني"),
        ("تشرين الأول 12", "date: تشرين الأول 12"),
        ("١٥ تموز", "date: ١٥ تموز"),
        ("15 يوليو", "date: 15 يوليو"),
        ("١٢ی ئازاری", "date: ١٢ی ئازاری"),
        ("١٢ی مانگی ئەیلوول", "date: ١٢ی مانگی ئەیلوول"),
        ("١٢ گولان", "date: ١٢ گولان"),
    ],
)
def test_numbers_addresses_accounts_links_and_exact_dates_in_the_four_languages(text: str, pointed: str) -> None:
    assert found(text) == [pointed]


@pytest.mark.parametrize(
    ("text", "pointed"),
    [
        ("in Baghdad", "Baghdad"),
        ("in BASRA.", "BASRA"),
        ("near Tuz Khurmatu", "Tuz Khurmatu"),
        ("في بغداد", "بغداد"),
        ("وبالموصل", "وبالموصل"),
        ("وصلت للبصره", "للبصره"),
        ("كالكوفة", "كالكوفة"),
        ("فالنجف", "فالنجف"),
        ("من اربيل", "اربيل"),
        ("أربــيل", "أربــيل"),
        ("بَغْدَاد", "بَغْدَاد"),
        ("في أبو غريب سنة", "أبو غريب"),
        ("لە هەولێر", "هەولێر"),
        ("لە ھەولێرەوە", "ھەولێرەوە"),
        ("سلیمانی و سلێمانی", "سلیمانی"),
        ("ل دهۆکێ", "دهۆکێ"),
        ("ل زاخۆ", "زاخۆ"),
        ("الكرادة", "الكرادة"),
    ],
)
def test_places_of_iraq_however_they_are_typed(text: str, pointed: str) -> None:
    assert found(text)[0] == f"place: {pointed}"


# Blanks, dashes and nothing at all, as phones and other programs put them between digits and letters.
BLANKS = "\xa0\u2002\u2007\u2009\u202f\u205f\u3000\t"
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"
NOTHING = "\u200b\u200c\u200d\u200e\u200f\u061c\u202a\u202c\u2066\u2069\u2060\ufeff\u00ad\u034f\ufe0f"


@pytest.mark.parametrize("sign", BLANKS + DASHES + NOTHING)
def test_what_separates_without_being_seen_hides_no_number_and_no_date(sign: str) -> None:
    for number in ("0770{}123{}4567", "٠٧٧٠{}١٢٣{}٤٥٦٧", "+964{}770{}123{}4567", "0770){}123{}4567"):
        typed = number.replace("{}", sign)
        assert found(f"call {typed} now") == [f"phone: {typed}"]
    if sign in DASHES:
        typed = f"12{sign}3{sign}2024"
        assert found(typed) == [f"date: {typed}"]


@pytest.mark.parametrize("sign", NOTHING)
def test_nothing_that_is_unseen_hides_a_place_an_account_or_a_link(sign: str) -> None:
    for kind, typed in (
        ("place", "Bag{}hdad"),
        ("place", "بغ{}داد"),
        ("account", "@no{}or_95"),
        ("link", "t.{}me/noor"),
    ):
        hidden = typed.replace("{}", sign)
        assert found(f"x {hidden} y") == [f"{kind}: {hidden}"]


@pytest.mark.parametrize(
    ("text", "pointed"),
    [
        ("０７７０１２３４５６７", "phone: ０７７０１２３４５６７"),
        ("＋９６４ ７７０ １２３ ４５６７", "phone: ＋９６４ ７７０ １２３ ４５６７"),
        ("०७७०१२३४५६७", "phone: ०७७०१२३४५६७"),
        ("𝟎𝟕𝟕𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕", "phone: 𝟎𝟕𝟕𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕"),
        ("0770·123·4567", "phone: 0770·123·4567"),
        ("0770_123_4567", "phone: 0770_123_4567"),
        ("1٢/3/2٠24", "date: 1٢/3/2٠24"),
        ("12\u20443\u20442024", "date: 12\u20443\u20442024"),
        ("ﺑﻐﺪﺍﺩ", "place: ﺑﻐﺪﺍﺩ"),
        ("ﻓﻲ ﺍﻟﻨﺠﻒ", "place: ﺍﻟﻨﺠﻒ"),
        ("Ｂａｓｒａ", "place: Ｂａｓｒａ"),
        ("𝐁𝐚𝐬𝐫𝐚", "place: 𝐁𝐚𝐬𝐫𝐚"),
        ("Básrá", "place: Básrá"),
        ("Basra’s streets", "place: Basra’s"),
        ("Erbil's citadel", "place: Erbil's"),
        ("Abu Ghraib's walls", "place: Abu Ghraib's"),
        ("بBaghdad", "place: بBaghdad"),
        ("لە هەولێری پایتەخت", "place: هەولێری"),
        ("سلێمانییەوە هاتم", "place: سلێمانییەوە"),
        ("لە کەرکووکدا", "place: کەرکووکدا"),
        ("هەولێریش", "place: هەولێریش"),
        ("بەغدادەوە", "place: بەغدادەوە"),
        ("لە هەولێرە", "place: هەولێرە"),
        ("ل زاخۆیێ", "place: زاخۆیێ"),
        ("ل هەولێرێدا", "place: هەولێرێدا"),
        ("bit.ly/3xYz", "link: bit.ly/3xYz"),
        ("wa.me/9647701234567", "link: wa.me/9647701234567"),
        ("HTTPS://T.ME/NOOR", "link: HTTPS://T.ME/NOOR"),
        ("(youtu.be/abc)", "link: youtu.be/abc"),
        ("sub.example.org:8080/x", "link: sub.example.org:8080/x"),
        ("facebook.com/noor", "link: facebook.com/noor"),
        ("ｔ.ｍｅ／noor", "link: ｔ.ｍｅ／noor"),
        ("my name is Noor.", "name: Noor"),
        ("his name was noor", "name: noor"),
        ("My name’s Noor Hassan and I", "name: Noor Hassan"),
        ("name: noor", "name: noor"),
        ("a man named Karrar", "name: Karrar"),
        ("اسمي نور", "name: نور"),
        ("اسمه كرار وهو", "name: كرار"),
        ("وإسمها هو زهراء", "name: زهراء"),
        ("واسمه الحقيقي حسين", "name: حسين"),
        ("ناوم ئازادە", "name: ئازادە"),
        ("ناوی من ئازادە", "name: ئازادە"),
        ("ناوی شێروان بوو", "name: شێروان"),
        ("ناڤێ من دلشادە", "name: دلشادە"),
        ("ناڤێ وی دلشاد بوو", "name: دلشاد"),
    ],
)
def test_details_are_known_as_they_are_read_and_not_as_they_are_typed(text: str, pointed: str) -> None:
    assert found(text) == [pointed]


@pytest.mark.parametrize(
    "text",
    [
        "I was 20, it cost 50000, they were 3 or 4, in 2019",
        "from 2014-2019",
        "عمره ٢٠ سنة، سألت عنه في الحي، وهذا بلد كبير",
        "سۆرانی قسە دەکەم، وی گوت",
        "may I march in 2019 with 300",
        "a@ and @ alone",
        "I went home.Then he came and/or she, e.g. at 5 p.m.",
        "the name of the street, my name is not important, her name was known",
        "اسمه ليس مهماً، اسم المدينة",
        "ناوی شوێنەکە، ناڤێ خۆ نەبێژن، کراوەیی",
    ],
)
def test_everyday_words_and_small_numbers_are_left_alone(text: str) -> None:
    assert found(text) == []


def test_each_is_named_once_in_the_order_of_the_text_and_ten_at_most() -> None:
    assert found("Basra, 07701234567, Basra") == ["place: Basra", "phone: 07701234567"]
    numbers = ", ".join(str(7_701_234_560 + each) for each in range(30))
    assert len(found(numbers)) == MOST + 1
    assert len(found(numbers[:120])) == MOST
    assert found(numbers)[0] == "phone: 7701234560"


def test_a_long_detail_is_shortened() -> None:
    (only,) = pointed_out("https://" + "a" * 5_000)
    assert len(only.found) < 100


HOSTILE = {
    "digits": "1",
    "digits and blanks": "1 ",
    "digits and points": "1.-",
    "plus signs": "+",
    "blanks": " ",
    "quotes": "“",
    "a quote and a letter": "(a",
    "at signs": "@",
    "points": "a.",
    "slashes": "/",
    "one word": "و",
    "words": "و ",
    "prefixes": "وبال ",
    "beginnings of places": "توز ",
    "two beginnings": "قلعة سدة ",
    "months": "آذار ",
    "months and days": "40 تشرين ",
    "marks": "ب\u0650",
    "joiners": "\u200c",
    "tatweel": "ـ",
    "emoji": "😀",
    "names": "اسمه ",
    "dashes": "1\u2011",
    "ligatures of many letters": "ﷲ",
    "a blessing": "ﷺ",
    "apostrophes": "a'",
    "hosts": "a-.",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_worst_texts_cost_in_proportion_to_their_length(name: str) -> None:
    """Eight times the text is eight times the work; a way back would make it sixty-four times."""
    few, short, long = (HOSTILE[name] * (letters // len(HOSTILE[name])) for letters in (200, 1_500, 12_000))
    as_read._as_read.cache_clear()
    assert steps(short) <= 9 * steps(few) + 200
    assert seconds(long) < 32 * max(seconds(short), 0.000_2)


OURS = {module.__file__ for module in (as_read, details, known_words)}


def steps(text: str) -> int:
    """Count the lines of our code that run; no clock is in it."""
    count = 0

    def line(frame: FrameType, event: str, _argument: object) -> object:
        nonlocal count
        count += event == "line"
        return line if frame.f_code.co_filename in OURS else None

    before = sys.gettrace()
    sys.settrace(line)  # type: ignore[arg-type]
    try:
        pointed_out(text)
    finally:
        sys.settrace(before)
    return count


def seconds(text: str) -> float:
    """Measure this process's own seconds, the best of five: this sees what a regular expression does."""

    def each() -> Iterator[float]:
        for _ in range(5):
            start = time.process_time()
            pointed_out(text)
            yield time.process_time() - start

    return min(each())


def test_check_lists_them_folded_away_with_what_they_look_like(visitor: Visitor) -> None:
    check = visitor.check("tell", "My uncle in Basra, 07701234567, @<b>noor.")
    shown = check.main_html.partition('<details id="details">')[2].partition("</details>")[0]
    assert "3 things in your text could show who you are." in shown
    assert "“<bdi>Basra</bdi>” – name of a place" in shown
    assert "“<bdi>07701234567</bdi>” – phone number" in shown
    assert "“<bdi>@&lt;b&gt;noor</bdi>” – account name" in shown
    assert " open" not in shown.partition(">")[0]


def test_check_shows_ten_of_many_and_says_that_there_are_more(visitor: Visitor) -> None:
    numbers = ", ".join(str(7_701_234_560 + each) for each in range(11))
    shown = visitor.check("tell", numbers).main_html.partition('<details id="details">')[2].partition("</details>")[0]
    assert "More than ten things in your text could show who you are." in shown
    assert shown.count("<li>") == MOST
    ten = visitor.check("tell", numbers.rpartition(",")[0]).main_html
    assert "10 things in your text could show who you are." in ten


def test_check_says_nothing_when_nothing_was_found(visitor: Visitor) -> None:
    check = visitor.check("tell", "My uncle found my phone.")
    assert "could show who you are" not in check.main.text.replace("without anything that could show who you are", "")
    assert 'id="details"' not in check.html


def test_a_request_for_help_is_not_looked_through(visitor: Visitor) -> None:
    assert 'id="details"' not in visitor.check("ask", "I am in Basra, 07701234567.").html
