"""P01: no page needs JavaScript, loads a second resource, or leads to another host: one request a page."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from onion_app.choices import LANGUAGE_CODES
from scripts.rehearsal.pages import Element, Page
from tests.browser import Browser, browsing
from tests.house import House
from tests.proxy import CountingProxy
from tests.ways import crawl, use_every_form

LOADING_TAGS = ("script", "link", "img", "iframe", "frame", "object", "embed", "video", "audio", "source", "track",
                "base", "picture", "applet", "portal", "use", "image", "noscript", "template")  # fmt: skip
LOADING_ATTRIBUTES = (
    "src",
    "srcset",
    "data",
    "poster",
    "background",
    "manifest",
    "ping",
    "archive",
    "codebase",
    "style",
)
LEADING_ATTRIBUTES = ("href", "action", "formaction", "cite", "xlink:href")


def wrong_with(page: Page) -> Iterator[str]:
    """Name everything on a page that loads something, runs something, or leads away."""
    for element in page.walk():
        if element.tag in LOADING_TAGS:
            yield f"<{element.tag}>"
        if element.tag == "meta" and "http-equiv" in element.attributes:
            yield "<meta http-equiv>"
        yield from wrong_attributes(element)
    styles = page.every("style")
    for style in styles:
        if re.search(r"url\(|@import|@font-face|https?:|expression|\\", style.raw_parts):
            yield "a style that loads"
    for name, value in page.answer.headers:
        if name in ("link", "refresh", "x-dns-prefetch-control", "alt-svc", "report-to", "nel", "server"):
            yield f"the header {name}"
        if name == "location" and not value.startswith("/"):
            yield "a redirection to elsewhere"
    if page.answer.header("content-security-policy") != policy(page):
        yield f"the policy {page.answer.header('content-security-policy')}"


def wrong_attributes(element: Element) -> Iterator[str]:
    """Name the attributes of one element that load, run or lead away."""
    for name, value in element.attributes.items():
        if name.startswith("on") or name in LOADING_ATTRIBUTES:
            yield f"{name} on <{element.tag}>"
        if name in LEADING_ATTRIBUTES and (urlsplit(value).scheme or value.startswith(("//", "\\", "/\\"))):
            yield f"{name}={value}"
        if name == "target":
            yield f"target={value}"


def policy(page: Page) -> str:
    """Write the policy that a page with this style must have."""
    styles = page.every("style")
    assert len(styles) == 1
    digest = b64encode(hashlib.sha256(styles[0].raw_parts.encode()).digest()).decode()
    rest = "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    return f"default-src 'none'; style-src 'sha256-{digest}'; {rest}"


@pytest.mark.usefixtures("coordinator")
@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_no_page_runs_loads_or_leads_to_anything_outside(house: House, language: str) -> None:
    visitor = house.visitor(language)
    crawled = list(crawl(visitor, "/", f"/{language}/", f"/{language}/nowhere", "/nowhere"))
    assert len(crawled) > 12, "the crawl went nowhere"
    for path, page in crawled:
        assert not list(wrong_with(page)), path
    use_every_form(visitor)
    for page in visitor.pages():
        assert not list(wrong_with(page)), page.title


def test_the_pages_of_errors_load_nothing_either(house: House) -> None:
    visitor = house.visitor()
    for page in (visitor.ask_for("PUT", "/en/"), visitor.post("/en/tell", [("text", "x" * 300_000)])):
        assert page.status in (405, 413)
        assert not list(wrong_with(page)), page.title
    visitor.host = "elsewhere.onion"
    assert not list(wrong_with(visitor.get("/")))


@pytest.fixture
def proxy(house: House) -> Iterator[CountingProxy]:
    with CountingProxy(house.site_socket) as counting:
        yield counting


@pytest.fixture
def browser(proxy: CountingProxy) -> Iterator[Browser]:
    with browsing(proxy.port) as opened:
        yield opened


def test_firefox_sends_one_request_for_each_page(house: House, proxy: CountingProxy, browser: Browser) -> None:
    for path in ("/", *(f"/{code}/{page}" for code in LANGUAGE_CODES for page in ("", "tell", "protects", "none"))):
        before = len(proxy.requests)
        browser.go(f"http://{house.onion}{path}")
        assert browser.text("h1")
        assert proxy.requests[before:] == [f"GET {path} HTTP/1.1"]
    assert proxy.hosts == {house.onion}
