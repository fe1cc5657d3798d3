"""P09: a request to read takes two of Tor's cells, with a cookie or without, whatever is read.

By a click Firefox sends 482 bytes and the address; it is seen on the wire here. Every link of every page is
looked at here, and every form that reads.
"""

from collections.abc import Iterator

import pytest

from onion_app.choices import LANGUAGE_CODES, NOTES
from onion_app.site.addresses import FILLED
from scripts.rehearsal.pages import Page
from scripts.rehearsal.people import Visitor
from scripts.rehearsal.wire import into
from tests.browser import browsing
from tests.proxy import CountingProxy
from tests.served import Site, serving
from tests.site.conftest import ADDRESS, Place
from tests.ways import crawl, use_every_form

CLICK = 482  # bytes of a request by click in Firefox, without its address
CELL = 498


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    here = Place(tmp_path_factory.mktemp("place"))
    yield here
    here.close()


def addresses(page: Page) -> Iterator[str]:
    """Give what a click on this page asks for: each link, and each form that is no post with nothing or all chosen."""
    for link in page.every("a"):
        if not link.get("href").startswith("#"):
            yield link.get("href")
    for form in page.forms():
        if form.element.get("method").lower() == "post":
            continue
        fields = [each for each in form.element.every("input") if each.get("name")]
        for least in (True, False):
            sent = [each for each in fields if each.get("type") == "hidden" or not least]
            yield form.action + "?" + "&".join(f"{each.get('name')}={each.get('value')}" for each in sent)


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_every_link_that_is_clicked_takes_two_cells_with_a_cookie_or_without(place: Place, language: str) -> None:
    for number in range(25):
        place.show({"en": (f"Story {number}", "Words. " * 2000), "ar": ("الباب", "كلمات.")}, notes=list(NOTES[:-1]))
    place.show({"en": ("A guide", "Words.\n\n" * 3000)}, slug="a" + "-guide" * 4)
    visitor = Visitor(into(place.start()), ADDRESS, language)
    pages = [page for _, page in crawl(visitor, "/", only=rf"/($|\?|{language}/)")]
    use_every_form(visitor)
    clicked = {address for page in (*pages, *visitor.pages()) for address in addresses(page)}
    cookie = max(len(request.partition(b"Cookie: ")[2].partition(b"\r\n")[0]) for request, _ in visitor.seen)
    assert cookie > 100
    assert len(clicked) > 60
    assert {address for address in clicked if not CELL < CLICK + len(address) <= 2 * CELL} == set()
    most = CLICK + len("Cookie: \r\n") + cookie
    assert {address for address in clicked if not CELL < most + len(address) <= 2 * CELL} == set()


@pytest.fixture
def served() -> Iterator[Site]:
    with serving() as site:
        yield site


def test_firefox_asks_for_whatever_is_clicked_with_two_cells(served: Site) -> None:
    for number in range(12):
        served.show({"en": (f"Story {number}", "Words. " * 2000)})
    code = served.visitor().hand_in("ask", "Words.")
    with CountingProxy(served.state.site_socket) as proxy, browsing(proxy.port) as browser:
        browser.go(f"http://{served.address}/")
        typed = len(proxy.heads)

        def click_around() -> None:
            browser.press("English")
            for label in (
                "Read stories",
                "Earlier stories",
                "Story ",
                "go on",
                "Guides",
                "In danger now?",
                "How this site",
            ):
                browser.press(label)
            browser.press_in("header > a")

        click_around()
        browser.press("English")
        browser.press("Come back with my code")  # the visit begins, and with it the cookie
        without = [len(head + "\r\n\r\n") for head in proxy.heads[typed:]]
        browser.type_into("code", code)
        browser.press("Open")
        opened = proxy.requests[-1]
        browser.go(f"http://{served.address}/")
        seen = len(proxy.heads)
        click_around()
        browser.press("English")
        browser.press("Come back with my code")
        with_cookie = proxy.heads[seen:]
    assert opened == "POST /en/return HTTP/1.1", "opening is one exchange"
    assert all("Cookie: " in head for head in with_cookie)
    assert len(without) == len(with_cookie) == 11
    sizes = without + [len(head + "\r\n\r\n") for head in with_cookie]
    assert [size for size in sizes if not CELL < size <= 2 * CELL] == []
    assert abs(min(sizes) - (CLICK + FILLED)) <= 20, "what the other test reckons with"
