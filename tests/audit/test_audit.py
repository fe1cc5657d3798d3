"""Every page, in every language, can be used by everybody (WCAG 2.2 AA), and is written as HTML says."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from onion_app.choices import LANGUAGE_CODES
from onion_app.web.markdown import render
from onion_app.web.reading_order import in_reading_order
from tests.audit.chromium import PHONE, Window, window
from tests.audit.judges import FONTS, load_axe, not_as_html_says, once, pixels_sideways, violations
from tests.audit.visits import every_error, every_page, furnish, without_the_guide_for_danger
from tests.served import serving

# What a page is for, and so stands on the first screen of a small phone: pages by their names and what they hold.
FIRST_SCREEN = {
    "choose": ("GET / ", "", ".go a"),
    "home": (r"GET /\w+/ ", "", ".go a, p > a"),
    "tell": (r"GET /\w+/tell ", "", "#text-field, #write > button, #write > button + p"),
    "ask": (r"GET /\w+/ask ", "", "#text-field, #write > button, .choice"),
    "take down": (r"GET /\w+/ask\?", "", "p b, #text-field, #write > button"),
    "check": (r"POST /\w+/(tell|ask) -> 200", 'name="known"', "#danger, h2:first-of-type, #text-field, #text-hint"),
    "sent": (r"POST /\w+/(tell|ask) -> 200", 'id="arrived"', "#arrived, .lines, .row, .row + form button, .row + p"),
    "return": (r"GET /\w+/return ", "", "#code-field, form > button"),
    "case": (r"/\w+/(return|case) -> 200", 'id="state"', "#state, #state + .row"),
    "answer": (r"/\w+/(return|case) -> 200", 'id="state"(?!.*id="proposal")', "main > form > article.message"),
    "final text": (r"/\w+/(return|case) -> 200", 'id="proposal"', "#proposal h2"),
    "leave": ("POST /leave ", "", "*"),
    "stories": (r"GET /\w+/stories ", "", "details > summary"),
    "story": (r"GET /\w+/stories/\w+ ", "", "#story"),
    "guides": (r"GET /\w+/guides ", "", ".first, h1 ~ ul:first-of-type > li:nth-child(-n+10)"),
    "guide": (r"GET /\w+/guides/rivers ", "", "#guide > ol:first-of-type > li"),
    "now": (r"GET /\w+/guides/now ", "", "ol:first-of-type > li"),
    "protects": (r"GET /\w+/protects ", "", "h1 + h2, h1 + h2 + ul > li"),
    "paused": (r"POST /\w+/tell -> 503", "", "form > button:not([disabled]), #text-field, #code, #code li"),
    "expired": (r"POST /\w+/(tell|ask) -> 400", 'id="kept"', "#text-field, #kept > button:not([disabled])"),
    "closed": (r"POST /\w+/case -> 400", 'id="kept"', "#text-field, #code-field, #kept > button:not([disabled])"),
}
NUMBERS = "اتصلوا 1 770 2 الآن\n\n**لا** و *لا* ١٢٣ ٤ ٥٦٢\n\nاطلبوا *1-00-2# أو +1 (9) 2، ١/٣/٢"
# In each number its digit one stands left of its digit two.
PLACES = """
[...document.querySelectorAll("bdi")].map(part => [/[1١]/, /[2٢](?!.*[2٢])/].map(digit => {
    const range = document.createRange(), at = part.firstChild.data.search(digit);
    range.setStart(part.firstChild, at);
    range.setEnd(part.firstChild, at + 1);
    return range.getBoundingClientRect().left;
}))
"""
LINES = "كلمات عربية هنا\nSome words in English\nوكلمات بعدها 123"
# How far each line begins from the left and from the right of its block.
EDGES = """
[...document.querySelectorAll(".text, #guide p")].map(block => {
    const range = document.createRange(), around = block.getBoundingClientRect();
    range.selectNodeContents(block);
    const parts = [...range.getClientRects()].filter(each => each.width);
    const rows = Object.groupBy(parts, each => Math.round(each.bottom / 9));
    return Object.values(rows).map(row => [
        Math.min(...row.map(each => each.left)) - around.left, around.right - Math.max(...row.map(each => each.right))
    ].map(Math.round));
})
"""
FIRST_AND_LAST = """
["ك", "ة"].map(letter => {
    const words = document.querySelector("bdi").firstChild, range = document.createRange();
    range.setStart(words, words.data.indexOf(letter));
    range.setEnd(words, words.data.indexOf(letter) + 1);
    return range.getBoundingClientRect().left;
})
"""
LOOKS = """
["strong", "em", "p"].map(each => getComputedStyle(document.querySelector(each))).map(style => (
    {weight: style.fontWeight, slant: style.fontStyle, line: style.textDecorationLine}
))
"""
MISSING = """
document.head.insertAdjacentHTML("beforeend", `<style>* {font-family: %s !important}</style>`);
[...document.querySelectorAll("main :is(%s)")].filter(each => {
    const place = each.getBoundingClientRect();
    return place.top + Math.min(place.height * %s, 120) > innerHeight;
}).map(each => each.innerText || each.id || each.outerHTML)
"""
SHOWN = 0.8  # of its height: what is cut off by the edge of the screen is still found, and invites to scroll


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """Serve the site once and read all of it."""
    with serving() as site:
        story = furnish(site)
        found = {name: page for language in LANGUAGE_CODES for name, page in every_page(site, story, language)}
        return found | dict(without_the_guide_for_danger(site)) | dict(every_error(site))


@pytest.fixture(scope="module")
def browser() -> Iterator[Window]:
    """Open one window for all pages."""
    with window() as open_window:
        yield open_window


def test_the_audit_sees_everything(pages: dict[str, str]) -> None:
    answered = {name.rpartition(" ")[2] for name in pages}
    assert {"200", "400", "404", "405", "413", "421", "503"} <= answered
    assert len(list(once(pages))) > 30 * len(LANGUAGE_CODES)
    for told in ("restored", "no-more-codes", "quote-question", "quoted"):
        assert len([page for page in pages.values() if f'id="{told}"' in page]) >= len(LANGUAGE_CODES), told


def test_no_page_shuts_anybody_out(browser: Window, pages: dict[str, str]) -> None:
    load_axe(browser)
    assert {name: broken for name, page in once(pages) if (broken := violations(browser, page))} == {}


@pytest.mark.parametrize("kind", FIRST_SCREEN)
def test_what_a_page_is_for_needs_no_scrolling_on_a_small_phone(
    kind: str, browser: Window, pages: dict[str, str]
) -> None:
    asked, holds, selector = FIRST_SCREEN[kind]
    found = {
        name: page
        for name, page in once(pages)
        if re.search(asked, name) and re.search(holds, page, re.DOTALL)
        if not re.search('class="errors"|<aside|class="notice"[^>]*role="status"|id="restored"', page)
    }
    assert {re.sub("POST /leave.*", "", name)[:3] for name in found}, "there is none"
    missing = {name: _missing(browser, page, selector) for name, page in found.items()}
    assert {name: each for name, each in missing.items() if each} == {}


def _missing(browser: Window, page: str, selector: str) -> list[str]:
    """Name what `selector` finds in the main part of `page` and the first screen does not show."""
    browser.show(page)
    assert browser.ask(f"document.querySelectorAll('main :is({selector})').length"), "nothing of the kind is there"
    fonts = ", ".join(f'"{font}"' for font in FONTS)
    missing: list[str] = browser.ask(MISSING % (fonts, selector, SHOWN))
    return missing


def test_the_fonts_that_pages_are_measured_with_are_there() -> None:
    for font in FONTS:
        found = subprocess.run(["fc-list", "--format", "%{family}\n", font], capture_output=True, check=True, text=True)
        assert font in found.stdout, "scripts/setup --tests brings it"


@pytest.mark.parametrize(("width", "size"), [(320, 100), (360, 200)])
def test_nothing_scrolls_sideways(width: int, size: int, browser: Window, pages: dict[str, str]) -> None:
    browser.tell("Emulation.setDeviceMetricsOverride", **PHONE | {"width": width})
    wide = {}
    for name, page in once(pages):
        pixels = pixels_sideways(browser, page, size)
        if pixels > 0:
            wide[name] = pixels
    browser.tell("Emulation.setDeviceMetricsOverride", **PHONE)
    assert wide == {}


def show_styled(browser: Window, pages: dict[str, str], body: str) -> None:
    """Show words written from right to left, in the style of the pages."""
    style = re.search("<style>.*?</style>", next(iter(pages.values())), re.DOTALL)
    assert style
    browser.show(f'<html dir="rtl">{style[0]}{body}</html>')


def test_numbers_of_several_groups_stand_in_their_order_and_emphasis_is_seen(
    browser: Window, pages: dict[str, str]
) -> None:
    show_styled(browser, pages, f'<div id="guide">{render(NUMBERS)}</div>')
    places = browser.ask(PLACES)
    assert len(places) == NUMBERS.count("1") + NUMBERS.count("١")
    assert all(left < right for left, right in places)
    strong, em, plain = browser.ask(LOOKS)
    assert int(strong["weight"]) > int(plain["weight"])
    assert em["slant"] == strong["slant"] == "normal"
    assert em["line"] != plain["line"]


def test_arabic_letters_in_words_of_another_language_are_not_turned_round(
    browser: Window, pages: dict[str, str]
) -> None:
    show_styled(browser, pages, '<h1><bdi lang="en" dir="ltr">Say “كلمة” now</bdi></h1>')
    first, last = browser.ask(FIRST_AND_LAST)
    assert first > last


@pytest.mark.parametrize("direction", ["rtl", "ltr"])
def test_each_line_of_a_text_takes_its_own_direction(direction: str, browser: Window, pages: dict[str, str]) -> None:
    style = re.search("<style>.*?</style>", next(iter(pages.values())), re.DOTALL)
    assert style
    message = f'<article><div class="text" dir="auto">{in_reading_order(LINES)}</div></article>'
    browser.show(f'<html dir="{direction}">{style[0]}{message}<div id="guide">{render(LINES)}</div></html>')
    blocks = browser.ask(EDGES)
    assert len(blocks) == 2
    for lines in blocks:
        assert ["right" if right < left else "left" for left, right in lines] == ["right", "left", "right"], lines


def test_every_page_is_written_as_html_says(pages: dict[str, str], tmp_path: Path) -> None:
    assert not_as_html_says(pages, tmp_path) == []
