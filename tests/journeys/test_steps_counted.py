"""What each way of a visitor costs, in Firefox, with the fonts named: pages, taps, words, and how far one scrolls."""

import re
from dataclasses import dataclass

import pytest

from onion_app.choices import LANGUAGE_CODES
from onion_app.crypto.payloads import StoryLink
from onion_app.vault.mailbox import lifetime
from onion_app.vault.shown.reading import name_of
from tests.browser import PHONE, Browser, browsing
from tests.journeys.steps import Photograph, code_on
from tests.proxy import CountingProxy
from tests.served import Site, serving

# What these ways cost before the pages were put in the order in which people read them.
MOST_PAGES = 6
MOST_TAPS = {"tell": 7, "ask": 10}
MOST_WORDS: dict[str, dict[str, int]] = {
    "tell": dict.fromkeys(map(str, LANGUAGE_CODES), 780),
    "ask": {"ar": 643, "ckb": 625, "kmr": 757, "en": 719},
}
JOINED = re.compile(r"[^\W\d_][.!?؟][A-Z\u0621-\u06ff]")  # a sentence begins right where another ends
# Likewise of coming back, and of taking down: pages, taps, and words in the language that has most of them.
LATER = {
    "a code seized": (10, 12, 825),
    "a code lost": (7, 9, 780),
    "a story taken down with its code": (6, 6, 640),
    "a story taken down without one": (8, 8, 705),
}
OPEN = SEND = "#write > button:not([disabled], .second)"
LEAVE = "form[action='/leave'] button:not([disabled])"
# Where the button and the box stood, in pixels from the top of their page.
SEND_NOW = {"ar": 2_322, "ckb": 2_682, "kmr": 2_690, "en": 2_294}
BOX_OF_ASK = {"ar": 966, "ckb": 1_060, "kmr": 1_060, "en": 911}


@dataclass
class Walk:
    """Somebody with a phone, who is counted."""

    phone: Browser
    pages: int = 0
    taps: int = 0
    words: int = 0

    def reads(self) -> None:
        """See the page that has come."""
        self.pages += 1
        text = self.phone.text("main")
        self.words += len(text.split())
        assert not JOINED.search(text), text
        assert self.phone.find("html").get_property("scrollWidth") <= PHONE[0]

    def goes(self, selector: str) -> None:
        """Tap on what leads to another page."""
        self.phone.press_in(selector)
        self.taps += 1
        self.reads()

    def taps_on(self, selector: str) -> None:
        """Tap on what stays on this page."""
        self.phone.find(selector).click()
        self.taps += 1

    def types(self, name: str, text: str) -> None:
        """Tap on a field and type."""
        self.phone.type_into(name, text)
        self.taps += 1


def begins(phone: Browser, site: Site, language: str, way: str) -> Walk:
    """Choose a language, and one of the ways that Home offers."""
    walk = Walk(phone)
    phone.forget()
    phone.go(f"http://{site.address}/")
    walk.reads()
    walk.goes(f"main a[href^='/{language}/']")
    walk.goes(f"main a[href^='/{language}/{way}']")
    return walk


def walks(phone: Browser, site: Site, language: str, kind: str, photograph: Photograph) -> tuple[Walk, float]:
    """Come, write, send with a code, and leave; also tell where *Send now* stood."""
    walk = begins(phone, site, language, kind)
    photograph(phone, f"{language}-{kind}")
    if kind == "ask":
        assert phone.find("textarea").rect["y"] < BOX_OF_ASK[language]
        walk.taps_on("[name=danger][value=no]")
    walk.types("text", "They found my phone.")
    walk.goes("#write > button:not([disabled], .way)")
    photograph(phone, f"{language}-{kind}-check")
    send_now = phone.find("#write > button:not([disabled], .second)").rect["y"]
    if kind == "ask":
        walk.taps_on("details:has([name=topic]) summary")
        walk.taps_on("[name=topic][value=safety]")
    walk.types("line", code_on(phone)[24:])
    walk.goes("#write > button:not([disabled], .second)")
    assert phone.shows("#arrived")
    photograph(phone, f"{language}-{kind}-sent")
    walk.goes("main form[action='/leave'] button:not([disabled])")
    photograph(phone, f"{language}-{kind}-left")
    return walk, send_now


@pytest.mark.parametrize("kind", ["tell", "ask"])
def test_telling_and_asking_cost_no_more_than_they_did(kind: str, photograph: Photograph) -> None:
    with serving() as site, CountingProxy(site.state.site_socket) as proxy, browsing(proxy.port) as phone:
        for language in LANGUAGE_CODES:
            walk, send_now = walks(phone, site, language, kind, photograph)
            assert walk.pages <= MOST_PAGES
            assert walk.taps <= MOST_TAPS[kind]
            assert walk.words <= MOST_WORDS[kind][language], (language, walk.words)
            assert send_now < SEND_NOW[language], language


def has_the_code_seized(phone: Browser, site: Site, language: str) -> Walk:
    """Get a new code; then erase everything under that, unopened."""
    code = site.visitor(language).hand_in("tell", "words")
    walk = begins(phone, site, language, "return")
    walk.types("code", code)
    walk.goes(OPEN)
    walk.goes("main button[value=new_code]")
    new = code_on(phone)
    walk.types("line", new[24:])
    walk.goes(SEND)
    assert phone.shows("#changed")
    walk.goes("footer [value=return]")
    walk.types("code", new)
    walk.goes("main button[name=erase]")
    walk.goes("main form button:not([disabled])")
    assert not site.stores(new)
    walk.goes(f"main {LEAVE}")
    return walk


def has_lost_the_code(phone: Browser, site: Site, language: str) -> Walk:
    """Read what can still be done, and begin anew."""
    walk = begins(phone, site, language, "return")
    walk.goes("footer [value=ask]")
    writes_and_sends(walk, "I wrote before, about my phone.")
    return walk


def takes_a_story_down_with_its_code(phone: Browser, site: Site, language: str) -> Walk:
    """Open one's messages, take the story back, and leave."""
    author = site.visitor(language)
    code = author.hand_in("tell", "words", publish="yes")
    story = publishes(site, site.case_of(code))
    walk = begins(phone, site, language, "return")
    walk.types("code", code)
    walk.goes(OPEN)
    walk.goes("main button[value=take_back]")
    assert author.go(f"stories/{name_of(story)}").status == 404
    walk.goes(f"header {LEAVE}")
    return walk


def publishes(site: Site, case: bytes) -> bytes:
    """Let the circle publish what its author allowed."""
    consent = site.opens(site.member_of_first, case).consent
    assert consent
    story = site.show({"en": ("A story", "words")}, mark=bytes.fromhex(consent.mark))
    site.says(site.member_of_first, case, StoryLink(story.hex()))
    lifetime.set_state(site.mailbox, case, "published")
    return story


def takes_a_story_down_without_its_code(phone: Browser, site: Site, language: str) -> Walk:
    """Press the button below a story, and send without a word of why."""
    site.show({"en": ("A story", "words")})
    walk = begins(phone, site, language, "stories")
    walk.goes("main article a")
    walk.goes("main a[href*='topic=story']")
    walk.goes(SEND)
    writes_and_sends(walk)
    return walk


def writes_and_sends(walk: Walk, text: str = "") -> None:
    """Write, if there is something to say, then copy the code, send, and leave."""
    if text:
        walk.taps_on("[name=danger][value=no]")
        walk.types("text", text)
        walk.goes(SEND)
    code = code_on(walk.phone)
    walk.types("line", code[24:])
    walk.goes(SEND)
    assert walk.phone.shows("#arrived")
    walk.goes(f"main {LEAVE}")


WALKS = {
    "a code seized": has_the_code_seized,
    "a code lost": has_lost_the_code,
    "a story taken down with its code": takes_a_story_down_with_its_code,
    "a story taken down without one": takes_a_story_down_without_its_code,
}


def test_coming_back_and_taking_down_cost_no_more_than_they_did() -> None:
    with serving() as site, CountingProxy(site.state.site_socket) as proxy, browsing(proxy.port) as phone:
        for name, (pages, taps, words) in LATER.items():
            for language in LANGUAGE_CODES:
                walk = WALKS[name](phone, site, language)
                assert walk.pages <= pages, (name, language)
                assert walk.taps <= taps, (name, language)
                assert walk.words <= words, (name, language, walk.words)
