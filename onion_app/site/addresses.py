"""The addresses of the site: how our links are written, and what of an address counts.

# P09: Firefox asks for a page by a click with 482 bytes and the address. One cell of Tor carries 498, so that without
filling up a long address would take one cell more than a short one. Filled to 48 letters, with a cookie or without, it
takes two; the filler is a query that means nothing, and is dropped with all others of this kind.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from html import escape, unescape
from typing import Final
from urllib.parse import parse_qsl, urlencode

from onion_app.choices import NOTES
from onion_app.vault.shown.reading import NAME, SLUG
from onion_app.web.headers import WholeAnswer
from onion_app.web.i18n import current_language

FILLED: Final = 48  # letters of path and query
FILLER: Final = "-"

_LONGEST_QUERY: Final = 1024  # letters; the longest of ours has a fifth
_PART: Final = re.compile(r"[2-9]|[1-9][0-9]{1,2}")
_TEXT_IN_PARTS: Final = re.compile(r"/[a-z]+/(?:case|stories/[^/]+|guides/[^/]+)")
_STORY_LIST: Final = re.compile(r"/[a-z]+/stories")
_STORIES: Final = re.compile(r"/[a-z]+/stories(?:/[^/]+)?/?")
_TO_STORIES: Final = re.compile(r'href="(/[a-z]+/stories(?:/[^"/?]+)?)\?([^"]*)"')
_WRITING: Final = re.compile(r"/[a-z]+/(?:ask|tell)")

Query = list[tuple[str, str]]


def link(path: str, query: str = "", code: str = "") -> str:
    """Write the address of a page for a link: in the language of this page or another, filled up."""
    return _filled(f"/{code or current_language().code}/{path}", query)


def language_link() -> str:
    """Write the address of the choice of a language."""
    return _filled("/", "")


def filler(path: str, query_letters: int = 0) -> str:
    """Give the name of a field without a value that fills up the address to which a form leads."""
    return FILLER * max(1, FILLED - len(f"/{current_language().code}/{path}?=") - query_letters)


def known_query(path: str, query: str, is_story: Callable[[str], bool]) -> str:
    """Give what a query says to the page of a path, in one way of writing; whatever it knows nothing of is dropped.

    # P16: a page that is kept is found under any query that a stranger writes behind it.
    """
    if not query or len(query) > _LONGEST_QUERY:
        return ""
    given = dict(reversed(parse_qsl(query)))  # of those with one name the first counts
    path = path.rstrip("/")
    known: Query = []
    if _STORY_LIST.fullmatch(path):
        known = _left_out(query)
        after = given.get("after", "")
        known += [("after", after)] if NAME.fullmatch(after) and is_story(after) else []
    elif _TEXT_IN_PARTS.fullmatch(path):
        known = _those_of(given, {"part": _PART})
    elif _WRITING.fullmatch(path):
        known = _those_of(given, {"topic": SLUG, "story": NAME, "course": SLUG})
    return urlencode(known)


def keep_leaving_out(path: str, query: str, answer: WholeAnswer) -> WholeAnswer:
    """Let the links of a page of stories lead on without what its reader leaves out.

    # P16: what is left out of the list changes nothing in a story but these, so that its pages are kept once and not
    for each of 255 choices, by which a stranger could make the others go.
    """
    if len(query) > _LONGEST_QUERY or not _STORIES.fullmatch(path) or not (left_out := _left_out(query)):
        return answer

    def leaving_out(link: re.Match[str]) -> str:
        address = _filled(link[1], urlencode([*left_out, *parse_qsl(unescape(link[2]))]))
        return f'href="{escape(address)}"'

    return replace(answer, page=_TO_STORIES.sub(leaving_out, answer.page.decode()).encode(), packed=None)


def _left_out(query: str) -> Query:
    notes = {value for name, value in parse_qsl(query) if name == "without"}
    return [("without", note) for note in NOTES if note in notes]


def _those_of(given: dict[str, str], patterns: dict[str, re.Pattern[str]]) -> Query:
    return [(name, given[name]) for name, pattern in patterns.items() if pattern.fullmatch(given.get(name, ""))]


def _filled(path: str, query: str) -> str:
    address = f"{path}?{query}" if query else path
    missing = FILLED - len(address)
    return address if missing <= 0 else f"{address}{'&' if query else '?'}{FILLER * max(1, missing - 1)}"
