"""Every page, in every language, can be used by everybody (WCAG 2.2 AA), and is written as HTML says."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from onion_app.choices import LANGUAGE_CODES
from onion_app.web.markdown import render
from onion_app.web.reading_order import in_reading_order
from tests.audit.chromium import PHONE, Window, window
from tests.audit.visits import every_error, every_page, furnish, without_the_guide_for_danger
from tests.served import serving

TOOLS = Path(__file__).parent / "node_modules"
STANDARD = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
RULES = {"runOnly": STANDARD, "rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"]}
AUDIT = (
    "axe.run(document, %s).then(found => found.violations.map(each => [each.id, each.nodes.map(node => node.html)]))"
)

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
    "answer": (r"/\w+/(return|case) -> 200", 'id="state"(?!.*id="proposal")', "main > article.message"),
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
LOOKS = """
["strong", "em", "p"].map(each => getComputedStyle(document.querySelector(each))).map(style => (
    {weight: style.fontWeight, slant: style.fontStyle, line: style.textDecorationLine}
))
"""
LARGER = """
document.head.insertAdjacentHTML("beforeend", `<style>* {font-family: %s !important}</style>`);
document.documentElement.style.fontSize = parseFloat(getComputedStyle(document.documentElement).fontSize) * %s + "px";
document.documentElement.scrollWidth - innerWidth;
"""
FONTS = ("Noto Sans", "Noto Sans Arabic")  # of fonts-noto-core, whatever this machine would choose by itself
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
    assert len(list(_once(pages))) > 30 * len(LANGUAGE_CODES)
    for told in ("restored", "no-more-codes", "quote-question", "quoted"):
        assert len([page for page in pages.values() if f'id="{told}"' in page]) >= len(LANGUAGE_CODES), told


def test_no_page_shuts_anybody_out(browser: Window, pages: dict[str, str]) -> None:
    browser.ask((TOOLS / "axe-core" / "axe.min.js").read_text("utf-8"))
    assert {name: broken for name, page in _once(pages) if (broken := _violations(browser, page))} == {}


@pytest.mark.parametrize("kind", FIRST_SCREEN)
def test_what_a_page_is_for_needs_no_scrolling_on_a_small_phone(
    kind: str, browser: Window, pages: dict[str, str]
) -> None:
    asked, holds, selector = FIRST_SCREEN[kind]
    found = {
        name: page
        for name, page in _once(pages)
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


def _violations(browser: Window, page: str) -> object:
    browser.show(page)
    return browser.ask(AUDIT % json.dumps(RULES))


@pytest.mark.parametrize(("width", "size"), [(320, 100), (360, 200)])
def test_nothing_scrolls_sideways(width: int, size: int, browser: Window, pages: dict[str, str]) -> None:
    browser.tell("Emulation.setDeviceMetricsOverride", **PHONE | {"width": width})
    wide = {}
    for name, page in _once(pages):
        browser.show(page)
        pixels = browser.ask(LARGER % (", ".join(f'"{font}"' for font in FONTS), size / 100))
        if pixels > 0:
            wide[name] = pixels
    browser.tell("Emulation.setDeviceMetricsOverride", **PHONE)
    assert wide == {}


def test_numbers_of_several_groups_stand_in_their_order_and_emphasis_is_seen(
    browser: Window, pages: dict[str, str]
) -> None:
    style = re.search("<style>.*?</style>", next(iter(pages.values())), re.DOTALL)
    assert style
    browser.show(f'<html dir="rtl">{style[0]}<div id="guide">{render(NUMBERS)}</div></html>')
    places = browser.ask(PLACES)
    assert len(places) == NUMBERS.count("1") + NUMBERS.count("١")
    assert all(left < right for left, right in places)
    strong, em, plain = browser.ask(LOOKS)
    assert int(strong["weight"]) > int(plain["weight"])
    assert em["slant"] == strong["slant"] == "normal"
    assert em["line"] != plain["line"]


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
    names = {}
    for number, (name, page) in enumerate(_once(pages)):
        path = tmp_path / f"{number}.html"
        path.write_text(page, encoding="utf-8")
        names[path.name] = name
    vnu = TOOLS / "vnu-jar" / "build" / "dist" / "vnu.jar"
    options = ["--stdout", "--exit-zero-always", "--errors-only", "--no-langdetect", "--format", "json"]
    said = subprocess.run(["java", "-jar", str(vnu), *options, str(tmp_path)], capture_output=True, check=True).stdout
    wrong = [(names[each["url"].rpartition("/")[2]], each["message"]) for each in json.loads(said)["messages"]]
    assert wrong == []


def _once(pages: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Leave out pages that are there twice, but for a token, a code or what fills them up."""
    seen = set()
    for name, page in pages.items():
        same = re.sub(r'value="[\w.-]{30,}"|<li>[0-9٠-٩]{4}</li>|\s+', "", page)
        if same not in seen:
            seen.add(same)
            yield name, page
