"""P09: a request to read takes two of Tor's cells, with a cookie or without, whatever is read.

By a click Firefox sends 482 bytes and the address; test_cells.py sees that on the wire. Every link of every page is
looked at here, and every form that reads.
"""

from collections.abc import Iterator

import pytest

from onion_app.choices import LANGUAGE_CODES, NOTES
from scripts.rehearsal.pages import Page
from scripts.rehearsal.people import Visitor
from scripts.rehearsal.wire import into
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
