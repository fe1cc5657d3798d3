"""Every page fits the one size with a tenth to spare, in every language, with every settable text at its longest."""

from collections.abc import Callable
from contextlib import suppress
from itertools import product

import pytest

from onion_app.choices import LANGUAGE_CODES, NOTES, LanguageCode
from onion_app.crypto.casekeys import given_id
from onion_app.crypto.keys import new_id
from onion_app.crypto.payloads import Quoted, QuoteQuestion
from onion_app.desk import forms, notice
from onion_app.errors import Refused
from onion_app.web.app import Hardened
from onion_app.web.size import LONG, SHORT
from scripts.rehearsal.pages import Page
from scripts.rehearsal.people import Visitor
from tests.site.conftest import Place
from tests.site.test_quoted_words import tell
from tests.ways import use_every_form

SPARE = 1 / 10
# What a settable text may be made of: Arabic leaves a tenth to spare; signs that pages write with more bytes fit.
SPARED = {"ث": SPARE, "&": 0, "'": 0, "😀": 0, "ا1-1 ": 0, "1-ا ": 0}
TELLING = ", ".join(["Tuz Khurmatu", "12/3/2024", "@noor", *(f"0770123456{n}" for n in range(7))])  # ten details
HEADERS = 1_100  # bytes: status line and headers with the session's cookie, as measured on the wire


def repeated(letters: str, length: int) -> str:
    return (letters * length)[:length].strip()


def longest_title(letters: str) -> str:
    """Give the longest title of these letters that the desk takes."""
    for length in range(80, 0, -1):
        with suppress(Refused):
            return forms.title({"title": repeated(letters, length)})
    raise AssertionError


@pytest.fixture
def longest(place: Place, letters: str) -> Place:
    """Set everything that can be set as long as it may be."""
    place.put(how_to_find_us=dict.fromkeys(LANGUAGE_CODES, repeated(letters, 300)))
    place.put(answer_days=dict.fromkeys(("testimony", "health", "unknown", "urgent"), 30))
    place.put(backup_days=90)
    words = {code: repeated(letters, 400) for code in map(str, LANGUAGE_CODES)}
    notice.propose_notice(place.dbs, place.member(place.lamp), words)  # alone
    place.put(restored=20_000)
    for _ in range(11):
        told: dict[LanguageCode, tuple[str, str]] = dict.fromkeys(
            LANGUAGE_CODES, (longest_title(letters), repeated(letters, 12_000))
        )
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


@pytest.mark.parametrize(
    ("lang", "letters"), [*((lang, "ث") for lang in LANGUAGE_CODES), *(("kmr", letters) for letters in SPARED)]
)
def test_every_page_leaves_a_tenth_to_spare(
    longest: Place, come: Callable[[], Visitor], letters: str, lang: str
) -> None:
    visitor = come()
    visitor.language = lang
    go_everywhere(visitor, longest)
    assert not [page for page in visitor.pages() if page.status in range(300, 400)]
    sizes = {page.title + " / " + page.heading: len(page.html.encode()) + HEADERS for page in visitor.pages()}
    assert len(sizes) > 20
    assert {name: size for name, size in sizes.items() if size > SHORT * (1 - SPARED[letters])} == {}


def fields_of(page: Page) -> str:
    return "".join(value for form in page.forms() for _, value in form.filled())


@pytest.mark.parametrize("letters", ["&", "'", "<", "ا1-1 "])
def test_no_words_that_fill_the_page_of_a_case_keep_it_from_its_author(
    place: Place, come: Callable[[], Visitor], letters: str
) -> None:
    visitor, words, sentences = come(), repeated(letters, 12_000), [repeated(letters, 300)] * 3
    visitor.language = "kmr"
    code = visitor.hand_in("tell", words, publish="ask", quote="1")
    place.proposes(longest_title(letters), words)
    for _ in range(5):
        about = new_id()
        tell(place, about, QuoteQuestion(sentences, sentences, "en", "un", place.today))
        tell(place, given_id(about), Quoted(about.hex(), sentences, "en", "un", 20_000))
    tell(place, new_id(), QuoteQuestion(sentences, sentences, "en", "un", place.today))
    case = visitor.come_back(code)
    half = repeated(letters, 10_500)  # twice as much is the most that one page shows, of the dearest sign
    for act, typed in product(("consents", "verdict x", "new_code", "erase"), ({"text": words}, {"change": words})):
        page = visitor.send(case.form_doing("new_code"), **({"do": act, "text": half, "change": half} | typed))
        page = page if act in ("consents", "verdict x") else visitor.send(page.form_with("do"), 1)
        assert words in fields_of(page)
        visitor.go("case")
    place.clock.wait(minutes=20)
    expired = visitor.send(case.form_doing("erase"), text=half, change=half)
    assert fields_of(expired).count(half) == 2
    visitor.send(expired.form_with("code"), code=code)
    assert {page.status for page in visitor.pages()} <= {200, 400}
    assert max(len(page.html.encode()) for page in visitor.pages()) + HEADERS <= LONG


def test_words_that_no_page_shows_hide_no_case(visitor: Visitor) -> None:
    case = visitor.come_back(visitor.hand_in("tell", "They found my phone."))
    visitor.send(case.form_with("text"), text="&" * 60_000)
    assert len(visitor.go("case").html.encode()) + HEADERS <= LONG


def test_the_style_sheet_stays_under_4000_bytes(app: Hardened) -> None:
    assert len(str(app.jinja_env.globals["style"]).encode()) < 4_000
