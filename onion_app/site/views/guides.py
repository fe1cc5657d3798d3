"""The guides: the one for danger first, and alone; then the others, each with who has checked it, or that nobody has.

Guides whose names end in -1, -2 and so on are the sessions of a course: listed once, and read one after the other.

The guide for danger is never missing: while none is published in a language, its words in the pages' own catalogue
stand in.
"""

import re
from functools import lru_cache
from itertools import count
from typing import Any, Final

from flask import abort
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from onion_app.choices import LANGUAGE_CODES
from onion_app.country import country
from onion_app.errors import NothingHere, SanctuaryError
from onion_app.site.context import shown
from onion_app.site.paging import part_number, parts_of
from onion_app.site.rendering import best_version, language_code, make_blueprint, show_published
from onion_app.vault.shown import reading
from onion_app.vault.shown.reading import Version
from onion_app.web.app import report_error
from onion_app.web.markdown import render

pages: Final = make_blueprint("guides")

NOW: Final = "now"
_SESSION: Final = re.compile(r"(.+)-([1-9])")  # a guide that belongs to a course, and its place in it
_HEADING: Final = re.compile("<h2>(.*?)</h2>", re.DOTALL)  # without attributes, as ours come out of Markdown
# As somebody may need them; guides that are added later follow by their names.
ORDER: Final = tuple(slug for slug in country().guides if slug != NOW)


@pages.get("/<lang:code>/guides")
def guide_list() -> str:
    """List the guides that are published."""
    titles = reading.titles_of_guides(shown())
    names = sorted(titles, key=lambda slug: (ORDER.index(slug) if slug in ORDER else len(ORDER), slug))
    later = {slug for name in names for slug in _course_of(name, titles)[1:]}
    listed = [(slug, *_title(titles[slug])) for slug in names if slug != NOW and titles[slug] and slug not in later]
    return show_published(
        "guides.html",
        here=[(slug, title) for slug, language, title in listed if language == language_code()],
        elsewhere=[each for each in listed if each[1] != language_code()],
    )


@pages.get("/<lang:code>/guides/<slug>")
def guide(slug: str) -> ResponseReturnValue:
    """Show a part of a guide."""
    versions = _versions(slug)
    if slug == NOW and language_code() not in {version.language for version in versions}:
        return show_published("now.html")
    if not versions:
        abort(404)
    version = best_version(versions)
    parts = _parts(version.body)
    part = part_number(len(parts))
    return show_published(
        "guide.html",
        query=f"part={part}" if part > 1 else "",
        slug=slug,
        version=version,
        versions=versions,
        **_with_doors(slug, render("\n\n".join(parts[part - 1]))),
        part=part,
        parts_count=len(parts),
        course=_course_of(slug, reading.titles_of_guides(shown())),
    )


def _course_of(slug: str, titles: dict[str, dict[str, str]]) -> list[str]:
    """Give the sessions of the course that a guide belongs to, in their order; none of a guide that stands alone."""
    if not (named := _SESSION.fullmatch(slug)):
        return []
    sessions = [name for number in range(1, 10) if titles.get(name := f"{named[1]}-{number}")]
    return sessions if len(sessions) > 1 else []


@lru_cache(maxsize=64)  # a dozen guides in four languages, each cut once and not for every part that is read
def _parts(body: str) -> list[list[str]]:
    return parts_of(body, lambda block: len(render(block).encode()))


def _with_doors(slug: str, body: Markup) -> dict[str, Any]:
    """Give a guide; the one for danger leads, right after the three things to do, to each of its headings."""
    if slug != NOW:
        return {"first": "", "doors": (), "body": body}
    doors = [Markup(heading) for heading in _HEADING.findall(body)]  # noqa: S704 - as it was rendered
    names = count(1)
    named = Markup(_HEADING.sub(lambda heading: f'<h2 id="door-{next(names)}">{heading[1]}</h2>', body))  # noqa: S704
    start, end, rest = named.partition("</ol>")
    return {"first": start + end if end else "", "doors": doors, "body": rest if end else named}


def _versions(slug: str) -> list[Version]:
    try:
        return reading.shown_guide(shown(), slug)
    except NothingHere:
        return []
    except SanctuaryError as error:
        if slug != NOW:
            raise
        report_error(error)  # this page is shown even when the file is broken
        return []


def _title(titles: dict[str, str]) -> tuple[str, str]:
    """Give a guide's title and the language that it is in: the reader's, or else one that it is written in."""
    language = next(each for each in (language_code(), *LANGUAGE_CODES) if each in titles)
    return language, titles[language]
