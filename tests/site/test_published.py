"""Every page to read, stories and guides in all their parts: one length, no cookie, no second resource, on the line."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest

from onion_app.choices import NOTES
from onion_app.vault.mailbox import lifetime
from onion_app.web.size import SHORT
from scripts.rehearsal.pages import Page
from tests.offered import LANGUAGES
from tests.served import Site, serving

LOADING = "script|link|img|iframe|frame|object|embed|video|audio|source|base|svg|picture"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serving() as served:
        for number in range(12):
            words = f"Words & <words> of story {number}. " * (60 * number)
            served.show({"en": (f"Story {number}", words), "ar": (f"قصة {number}", words)}, notes=NOTES[:number]).hex()
        served.show({"ckb": ("چیرۆک", "وشە. " * 4_000)}, translated_from="ar").hex()
        served.show(
            {"ar": ("الصحة", "1. ماء.\n\n## ثم؟\n\n" + "كلام. " * 3_000)}, slug="health", checked=("lamp", 20_000)
        )
        yield served


def crawl(site: Site, language: str) -> Iterator[tuple[str, Page]]:
    """Open everything that can be read in a language, by following the links."""
    visitor = site.visitor(language)
    waiting, seen = [f"/{language}/"], set[str]()
    while waiting:
        path = waiting.pop()
        if path in seen or not path.startswith(f"/{language}/") or re.search("/(tell|ask|return|case)", path):
            continue
        seen.add(path)
        for _ in range(2):  # made, and then from what is kept ready
            page = visitor.get(path)
            yield path, page
        waiting += [
            urlsplit(urljoin(path, link.get("href")))._replace(fragment="").geturl() for link in page.every("a")
        ]
    assert not visitor.cookies
    assert len(seen) > 25


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_published_page_has_one_length_and_needs_nothing_else(site: Site, language: str) -> None:
    for path, page in crawl(site, language):
        assert (page.status, len(page.answer.raw)) == (200, SHORT), path
        assert page.answer.header("set-cookie") == ""
        assert b"csrf_token" not in page.answer.body
        assert not [element.tag for element in page.walk() if re.fullmatch(LOADING, element.tag)], path
        leading = [element.get(name) for element in page.walk() for name in ("href", "action", "src")]
        assert not [lead for lead in leading if lead and not lead.startswith(("/", "?", "#"))], path
    assert site.errors == []


def test_a_story_taken_down_in_the_database_is_gone_with_the_next_request(site: Site) -> None:
    mailbox, visitor = site.mailbox, site.visitor()
    story = site.show({"en": ("Gone soon", "A word kept nowhere else: qwvz.")}).hex()
    for _ in range(2):
        assert b"qwvz" in visitor.get(f"/en/stories/{story}").answer.body
    lifetime.withdraw_story(mailbox, bytes.fromhex(story), 20_000)
    for path in (f"/en/stories/{story}", "/en/stories", f"/ar/stories/{story}"):
        answer = visitor.get(path).answer
        assert b"qwvz" not in answer.body
        assert b"Gone soon" not in answer.body
        assert len(answer.raw) == SHORT
