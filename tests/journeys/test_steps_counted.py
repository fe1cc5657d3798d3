"""What it costs to tell and to ask, in Firefox, with the fonts named: pages, taps, words, and how far one scrolls."""

import re
from dataclasses import dataclass

import pytest

from onion_app.choices import LANGUAGE_CODES
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


def walks(phone: Browser, site: Site, language: str, kind: str, photograph: Photograph) -> tuple[Walk, float]:
    """Come, write, send with a code, and leave; also tell where *Send now* stood."""
    walk = Walk(phone)
    phone.go(f"http://{site.address}/")
    walk.reads()
    walk.goes(f"main a[href^='/{language}/']")
    walk.goes(f"main a[href^='/{language}/{kind}']")
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
