"""Guides: danger first and never missing, each with who has checked it, in parts that fit."""

import re
from html import unescape

import pytest

from onion_app.launch import first_run
from onion_app.site.views.guides import NOW, ORDER
from onion_app.vault.desk import guides
from onion_app.vault.shown.reading import LAW
from onion_app.web.size import SHORT
from scripts.rehearsal.people import Visitor
from tests.site.conftest import Place
from tests.site.test_sizes import HEADERS
from tests.site.test_stories import read_whole

BODY = "1. Go.\n2. Take *papers*.\n3. **Call** nobody.\n\n## What then?\n\nRest.\n\n- water\n- sleep\n"


def test_in_danger_now_comes_first_and_alone(visitor: Visitor, place: Place) -> None:
    place.show({"en": ("Health", BODY)}, slug="health")
    place.show({"en": ("A later guide", BODY)}, slug="zebra")
    place.show({"en": ("If your phone is searched", BODY)}, slug="searched")
    place.show({"en": ("In danger now?", BODY)}, slug="now")
    links = re.findall(r'<a(?: class="first")? href="/en/([^"]*)">', visitor.go("guides").main_html)
    assert links == ["guides/now", "guides/searched", "guides/health", "guides/zebra", "protects"]


def test_guides_in_other_languages_are_listed_after_and_marked(visitor: Visitor, place: Place) -> None:
    place.show({"ar": ("الصحة", BODY)}, slug="health")
    page = visitor.go("guides")
    assert page.main_html.index("In other languages") < page.main_html.index('lang="ar" dir="rtl">الصحة')
    assert "This is not in your language yet." in visitor.go("guides/health").main.text


def test_the_guide_for_danger_is_never_missing(visitor: Visitor, place: Place) -> None:
    guide = place.show({"en": ("In danger now?", "1. Our new words.")}, slug="now")
    assert "Our new words." in visitor.go("guides/now").main.text
    visitor.language = "ar"
    assert visitor.go("guides/now").heading == "في خطر الآن؟"
    visitor.language = "en"
    guides.take_down(place.shown, place.desk, guide)
    assert "If you can go somewhere safer, go first." in visitor.go("guides/now").main.text


def test_the_guide_for_danger_is_shown_even_when_its_file_is_broken(visitor: Visitor, place: Place) -> None:
    place.shown.close()
    for file in place.shown.folder.iterdir():
        file.unlink()
    page = visitor.go("guides/now")
    assert (page.status, page.heading) == (200, "In danger now?")
    assert visitor.go("").status == 200
    broken = visitor.go("stories")
    assert broken.status == 503
    assert '<form method="get" action="/en/stories" id="kept">' in broken.main_html


def test_a_guide_is_its_markdown_and_leads_to_asking(visitor: Visitor, place: Place) -> None:
    place.show({"en": ("Health", BODY)}, slug="health")
    page = visitor.go("guides/health")
    assert "<li>Take <em>papers</em>. </li>" in page.main_html
    assert 'href="/en/ask"' in page.main_html
    assert page.title == "Help"


def test_who_has_checked_it_stands_above_it(visitor: Visitor, place: Place) -> None:
    place.show({"en": ("Health", BODY)}, slug="health")
    place.show({"en": ("Family", BODY)}, slug="family", checked=("lamp", 20_000))
    assert "Nobody has checked this yet." in visitor.go("guides/health").main.text
    page = visitor.go("guides/family")
    assert "Checked by lamp, October 2024" in page.main.text
    place.show({"en": ("Work", BODY)}, slug="work", checked=(None, 20_000))
    assert "Checked by one of us, October 2024" in visitor.go("guides/work").main.text
    assert "Nobody has checked this yet." not in page.main.text


@pytest.mark.parametrize("block", ["ا" * 900 + ". ", "- " + "a<&" * 50 + "\n", "*em* **strong** " * 40])
def test_every_part_of_a_long_guide_fits(visitor: Visitor, place: Place, block: str) -> None:
    words = "\n\n".join([block] * (40_000 // len(block)) + [block * 20])
    place.show({"ar": ("ث" * 80, words), "en": ("x", "y")}, slug="health", checked=("ث" * 24, 20_000))
    visitor.language = "ar"
    pages = read_whole(visitor, "guides/health")
    assert len(pages) > 4
    assert max(len(page.html.encode()) for page in pages) + HEADERS <= SHORT


def test_each_guide_of_ours_is_one_page_with_a_fifth_to_spare(visitor: Visitor, place: Place) -> None:
    sizes = {}
    for slug in {NOW, *ORDER} - {LAW}:
        told = first_run.words_of_guide(slug)
        place.show(told, slug=slug)
        for visitor.language in told:
            page = visitor.go(f"guides/{slug}")
            assert "?part=" not in page.main_html
            sizes[slug, visitor.language] = len(page.html.encode()) + HEADERS
    assert {name: size for name, size in sizes.items() if size > SHORT * 4 / 5} == {}


def test_the_law_is_shown_once_a_lawyer_has_confirmed_it_and_says_so(visitor: Visitor, place: Place) -> None:
    guide = place.show({"en": ("The law", BODY)}, slug="law")
    assert visitor.go("guides/law").status == 404
    assert "The law" not in visitor.go("guides").main.text
    [version] = guides.read_guide(place.desk, guide)[1]
    guides.note_check(place.shown, place.desk, version, None, 20_400)
    assert "Checked by a lawyer, November 2025" in visitor.go("guides/law").main.text
    assert "The law" in visitor.go("guides").main.text


def test_a_course_is_listed_once_and_read_session_after_session_to_a_letter(visitor: Visitor, place: Place) -> None:
    for number in (1, 2, 3):
        place.show({"en": (f"Course, {number}", "1. Go.\n\n? Show an answer\nRest.")}, slug=f"care-{number}")
    place.show({"en": ("Alone", BODY)}, slug="alone-1")
    assert re.findall(r'href="/en/guides/(\w+-\d)"', visitor.go("guides").main_html) == ["alone-1", "care-1"]
    assert "Session" not in visitor.go("guides/alone-1").main.text
    second = visitor.go("guides/care-2").main
    assert "Session 2 of 3" in second.text
    assert "<details><summary>Show an answer</summary>Rest.</details>" in visitor.go("guides/care-2").main_html
    ways = [link.get("href").partition("?")[0] for link in second.every("a")]
    assert ways[-3:] == ["/en/guides/care-3", "/en/ask", "/en/guides/care-1"]
    last = visitor.go("guides/care-3").main_html
    assert "The next session" not in last
    [way] = re.findall(r'href="(/en/ask\?[^"]+course[^"]+)"', last)
    letter = visitor.get(unescape(way)).form_with("text")
    assert (letter.value("topic"), letter.value("course")) == ("training", "care-1")
