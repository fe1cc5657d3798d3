"""Today's notice on the site: agreed to at the desk, read in four languages, and gone without anybody's act."""

from collections.abc import Callable

import pytest

from onion_app.choices import LANGUAGE_CODES
from onion_app.desk import notice
from scripts.rehearsal.people import Visitor
from tests.site.conftest import Place
from tests.world import Enrolled

WORDS = {
    "ar": "من يكتب لكم في مكان آخر باسمنا ليس منا.",
    "ckb": "ئەوەی لە شوێنێکی تر بە ناوی ئێمەوە دەنووسێت، ئێمە نین.",
    "kmr": "ئەوێ ل جهەکێ دی ب ناڤێ مە دنڤیسیت، ئەم نینین.",
    "en": "Whoever writes to you elsewhere <in our name> is not us.",
}
PAGES = ("", "guides", "guides/now")


@pytest.fixture
def second(place: Place) -> Enrolled:
    """Give another coordinator, who has been here for long enough."""
    somebody = place.enrol(place.circle_id, "rose", coordinator=True)
    place.let_in(place.lamp, place.circle_id, "rose")
    place.settle()
    return somebody


def proposed(place: Place, words: dict[str, str]) -> None:
    said = dict.fromkeys(LANGUAGE_CODES, "") | words
    assert notice.propose_notice(place.dbs, place.member(place.lamp), said)


def read(visitor: Visitor, language: str, path: str = "") -> str:
    """Read the notice on a page; nothing: there is none."""
    visitor.language = language
    page = visitor.go(path)
    assert page.status == 200
    return page.first(id="notice").text if page.has(id="notice") else ""


def test_a_notice_is_proposed_agreed_to_read_in_four_languages_and_taken_away_at_once(
    place: Place, second: Enrolled, visitor: Visitor
) -> None:
    proposed(place, WORDS)
    assert not any(read(visitor, language) for language in LANGUAGE_CODES)
    assert place.agrees(second)
    for language, text in WORDS.items():
        for path in PAGES:
            assert text in read(visitor, language, path), (language, path)
    assert "until 6 October 2024" in read(visitor, "en")
    assert not visitor.go("protects").has(id="notice")
    assert notice.take_notice_off(place.dbs, place.member(second))
    assert not any(read(visitor, language, path) for language in LANGUAGE_CODES for path in PAGES)


def test_it_goes_by_itself_though_no_chore_has_run(place: Place, second: Enrolled, visitor: Visitor) -> None:
    proposed(place, WORDS)
    place.agrees(second)
    for days, is_there in ((0, True), (2, True), (1, False)):
        place.clock.wait(days=days)
        assert bool(read(visitor, "en")) is is_there


def test_a_language_that_is_missing_shows_the_one_there_is_and_says_which(
    place: Place, second: Enrolled, visitor: Visitor
) -> None:
    proposed(place, {"ar": WORDS["ar"]})
    place.agrees(second)
    assert WORDS["ar"] in read(visitor, "en")
    assert 'lang="ar" dir="rtl"' in visitor.go("").main_html
    assert 'lang="ar"' not in visitor.get("/ar/").main_html


def test_the_guide_for_danger_has_it_too_where_the_desk_has_written_it(
    place: Place, second: Enrolled, visitor: Visitor
) -> None:
    place.show({"en": ("In danger now?", "1. Go.\n\n## Home\n\nWords.")}, slug="now")
    place.show({"en": ("Health", "1. Go.")}, slug="health")
    proposed(place, WORDS)
    place.agrees(second)
    assert WORDS["en"] in read(visitor, "en", "guides/now")
    assert read(visitor, "en", "guides/health") == ""


def test_a_planted_row_hides_no_page(place: Place, come: Callable[[], Visitor]) -> None:
    with place.shown.writing():
        place.shown.run("INSERT INTO notices (language, text, end_day) VALUES ('en', 'x', ?)", (2**40,))
    assert read(come(), "en") == ""
