"""Whatever bytes stand in a form's fields: no page breaks, and the text is never lost."""

from urllib.parse import quote_plus

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from markupsafe import escape

from onion_app.web.text import cleaned, is_empty
from scripts.rehearsal.pages import Page
from scripts.rehearsal.people import Visitor
from scripts.rehearsal.wire import into
from tests.site.conftest import ADDRESS, Place

MANY = settings(
    max_examples=25,
    phases=(Phase.explicit, Phase.generate),
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FEW = settings(MANY, max_examples=10)
FIELDS = (
    "topic", "danger", "answer_in", "story", "publish", "count", "quote", "line", "no_return", "sealed", "again",
    "message", "do", "sure", "code", "erase", "draft", "final", "change",
)  # fmt: skip
CHOICES = ("1", "yes", "ask", "change", "consents", "verdict", "new_code", "take_back", "erase", "show", "٣" * 28)

DIGITS = ("0123456789", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹")
ALPHABETS = (
    "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي ،؟ً ٌ ٍ َ ُ ِ ّ ْ ٰ \u0653\u0654\u0640",  # Arabic, and the marks that are set on it
    "ئابپتجچحخدرڕزژسشعغفڤقکگلڵمنهەھوۆوویێ ٪٠١٢۰۱۲",  # Kurdish in Arabic letters
    "aZçêîşûÇÊÎŞÛiıİ '\"<>&%+;=\\/#e\u0301\u0308\u20dd\u0345",  # Latin, what HTML and forms are made of, loose accents
    "\u061c\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff",
    "😀🏳🌈👩🏽❤\ufe0f\u200d\u20e3#1🇮🇶",
    "\x00\x01\x08\t\n\r\x0b\x0c\x1b\x7f\x85\ufffd\ufffe\uffff\U0010ffff",
)
LETTERS = st.one_of(*(st.text(alphabet, max_size=12) for alphabet in ALPHABETS), st.text(max_size=12))
# Half a letter, a letter too many, and the lone halves of UTF-16, as bytes.
BROKEN = st.sampled_from(
    (b"\xed\xa0\xbd", b"\xed\xb8\x80", b"\xd9", b"\xf0\x9f\x98", b"\x80", b"\xff\xfe", b"\xc0\xaf")
)
TYPED = st.lists(st.one_of(LETTERS.map(str.encode), BROKEN), max_size=8).map(b"".join)
VALUES = st.one_of(TYPED, st.sampled_from([choice.encode() for choice in CHOICES]))
CHOSEN = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6)


@pytest.fixture
def strange(place: Place) -> Visitor:
    return Visitor(into(place.start()), ADDRESS)


def posts(visitor: Visitor, path: str, fields: dict[str, bytes], form: dict[str, str]) -> Page:
    """Send fields as bytes, with what else stood in the form."""
    whole = {name: value.encode() for name, value in form.items()} | fields
    body = "&".join(f"{name}={quote_plus(value)}" for name, value in whole.items())
    return visitor.post(f"/{visitor.language}/{path}", body.encode())


def as_read(typed: bytes) -> str:
    """Give the text that stands in these bytes, regular; bytes that are no letters stand in it as U+FFFD."""
    return cleaned(typed.decode("utf-8", "replace"))


def shown(page: Page) -> str:
    """Give a page without what keeps the order of its signs."""
    return page.html.replace('<bdi dir="ltr">', "").replace("</bdi>", "")


def token(page: Page) -> dict[str, str]:
    return {"csrf_token": page.form().value("csrf_token")}


@MANY
@given(fields=CHOSEN, text=TYPED, path=st.sampled_from(("tell", "ask", "case")))
def test_no_fields_break_a_page_or_lose_a_text(
    strange: Visitor, fields: dict[str, bytes], text: bytes, path: str
) -> None:
    fields = {name: value for name, value in fields.items() if name != "draft" or path == "case"}
    page = posts(strange, path, fields | {"text": text}, token(strange.go("tell")))
    assert page.status in (200, 400)
    assert escape(as_read(text)) in shown(page) or fields.get("do") in (b"new_code", b"erase", b"take_back")


@MANY
@given(fields=CHOSEN)
def test_no_fields_break_the_return_page(strange: Visitor, fields: dict[str, bytes]) -> None:
    assert posts(strange, "return", fields, token(strange.go("return"))).status == 200


@MANY
@given(fields=CHOSEN, text=TYPED)
def test_no_fields_break_an_open_case(strange: Visitor, fields: dict[str, bytes], text: bytes) -> None:
    case = strange.go("case")
    if case.heading != "Your messages":
        case = strange.come_back(strange.hand_in())
    fields.pop("code", None)
    page = posts(strange, "case", fields | {"text": text}, token(case))
    assert page.status == 200
    assert escape(as_read(text)) in shown(page) or fields.get("do", b"").decode("utf-8", "replace") in CHOICES


@MANY
@given(query=st.dictionaries(st.sampled_from(("topic", "story", "part", "text", "without", "after", "x")), TYPED))
def test_no_query_breaks_a_page(strange: Visitor, query: dict[str, bytes]) -> None:
    asked = "&".join(f"{name}={quote_plus(value)}" for name, value in query.items())
    for path in ("", "tell", "ask", "return", "case", "stories", "guides/now"):
        assert strange.get(f"/en/{path}?{asked}").status == 200


@FEW
@given(text=TYPED, other=TYPED, line=TYPED, kind=st.sampled_from(("tell", "ask")))
def test_any_text_is_sent_and_read_as_it_was_typed(
    strange: Visitor, text: bytes, other: bytes, line: bytes, kind: str
) -> None:
    assume(not is_empty(as_read(text)) and not is_empty(as_read(other)))
    check = posts(strange, kind, {"text": text}, token(strange.go(kind)))
    assert check.box == as_read(text)
    wrong = posts(strange, kind, {"line": line}, check.form().values)
    assert (wrong.box, wrong.code) == (as_read(text), check.code)
    assert strange.confirm(wrong).heading == "It has arrived."
    case = strange.come_back(check.code)
    case = posts(strange, "case", {"text": other}, case.form().values)
    for typed in (text, other):
        assert escape(as_read(typed)) in shown(case)


@FEW
@given(scripts=st.lists(st.sampled_from(DIGITS), min_size=28, max_size=28), between=st.lists(TYPED, max_size=28))
def test_a_code_opens_whatever_stands_between_its_digits(
    strange: Visitor, scripts: list[str], between: list[bytes]
) -> None:
    code = strange.hand_in()
    digits = [script[int(digit)].encode() for script, digit in zip(scripts, code, strict=True)]
    noise = [typed.decode("utf-8", "ignore") for typed in between] + [""] * 28
    noise = ["".join(letter for letter in each if not letter.isdecimal()) for each in noise]
    typed = b"".join(digit + other.encode() for digit, other in zip(digits, noise, strict=False))
    assert posts(strange, "return", {"code": typed}, token(strange.go("return"))).heading == "Your messages"
