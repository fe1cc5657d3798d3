"""Every page fits the one size with a tenth to spare, in every language, with every settable text at its longest."""

from collections.abc import Callable

import pytest

from onion_app.choices import LANGUAGE_CODES, NOTES, LanguageCode
from onion_app.desk import notice
from onion_app.web.app import Hardened
from onion_app.web.size import SHORT
from scripts.rehearsal.people import Visitor
from tests.site.conftest import Place
from tests.ways import use_every_form

SPARE = 1 / 10
TITLE = "ث" * 80  # letters: the longest that the desk takes
TELLING = ", ".join(["Tuz Khurmatu", "12/3/2024", "@noor", *(f"0770123456{n}" for n in range(7))])  # ten details
HEADERS = 1_100  # bytes: status line and headers with the session's cookie, as measured on the wire


@pytest.fixture
def longest(place: Place) -> Place:
    """Set everything that can be set as long as it may be."""
    place.put(how_to_find_us=dict.fromkeys(LANGUAGE_CODES, "ث" * 300))
    place.put(answer_days=dict.fromkeys(("testimony", "health", "unknown", "urgent"), 30))
    place.put(backup_days=90)
    notice.propose_notice(place.dbs, place.member(place.lamp), dict.fromkeys(LANGUAGE_CODES, "ث" * 400))  # alone
    place.put(restored=20_000)
    for _ in range(11):
        told: dict[LanguageCode, tuple[str, str]] = dict.fromkeys(LANGUAGE_CODES, (TITLE, "ث" * 12000))
        place.show(told, notes=NOTES[1:], translated_from="ckb")
    return place


def go_everywhere(visitor: Visitor, place: Place) -> None:
    for path in ("", "tell", "ask", "return", "case", "guides", "guides/now", "protects", "nowhere", "stories"):
        visitor.go(path)
    visitor.go(f"stories?without={NOTES[0]}")
    visitor.check("ask", "a", topic="answer", danger="yes")
    use_every_form(visitor, TELLING)
    check = visitor.check("tell", "a")
    visitor.send(check, line="0")
    visitor.confirm(check)
    place.answers(place.lamp, place.case_of(check.code), "b")
    visitor.come_back(check.code)
    case = visitor.come_back(check.code)
    place.clock.wait(minutes=20)
    visitor.send(visitor.send(case, text="a"), code=check.code[:-1])
    place.put(paused=True)
    visitor.confirm(check)
    place.put(paused=False)


@pytest.mark.parametrize("lang", LANGUAGE_CODES)
def test_every_page_leaves_a_tenth_to_spare(longest: Place, come: Callable[[], Visitor], lang: str) -> None:
    visitor = come()
    visitor.language = lang
    go_everywhere(visitor, longest)
    assert not [page for page in visitor.pages() if page.status in range(300, 400)]
    sizes = {page.title + " / " + page.heading: len(page.html.encode()) + HEADERS for page in visitor.pages()}
    assert len(sizes) > 20
    assert {name: size for name, size in sizes.items() if size > SHORT * (1 - SPARE)} == {}


def test_the_style_sheet_stays_under_4000_bytes(app: Hardened) -> None:
    assert len(str(app.jinja_env.globals["style"]).encode()) < 4_000
