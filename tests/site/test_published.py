"""Every page to read, stories and guides in all their parts: one length, no cookie, no second resource, on the line."""

import re
from collections.abc import Iterator

import pytest

from onion_app.choices import LANGUAGE_CODES, NOTES
from onion_app.web.size import SHORT
from tests.served import Site, serving
from tests.ways import crawl

LOADING = "script|link|img|iframe|frame|object|embed|video|audio|source|base|svg|picture"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serving() as served:
        for number in range(12):
            words = f"Words & <words> of story {number}. " * (60 * number)
            served.show({"en": (f"Story {number}", words), "ar": (f"قصة {number}", words)}, notes=NOTES[:number])
        served.show({"ckb": ("چیرۆک", "وشە. " * 4_000)}, translated_from="ar")
        served.show(
            {"ar": ("الصحة", "1. ماء.\n\n## ثم؟\n\n" + "كلام. " * 3_000)}, slug="health", checked=("lamp", 20_000)
        )
        yield served


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_every_published_page_has_one_length_and_needs_nothing_else(site: Site, language: str) -> None:
    visitor = site.visitor(language)
    read = list(crawl(visitor, f"/{language}/", only=rf"/{language}/(?!tell|ask|return|case)"))
    read += [(path, visitor.get(path)) for path, _ in read]  # made, and then from what is kept ready
    assert not visitor.cookies
    assert len(read) > 50
    for path, page in read:
        assert (page.status, len(page.answer.raw)) == (200, SHORT), path
        assert page.answer.header("set-cookie") == ""
        assert b"csrf_token" not in page.answer.body
        assert not [element.tag for element in page.walk() if re.fullmatch(LOADING, element.tag)], path
        leading = [element.get(name) for element in page.walk() for name in ("href", "action", "src")]
        assert not [lead for lead in leading if lead and not lead.startswith(("/", "?", "#"))], path
    assert site.errors == []
