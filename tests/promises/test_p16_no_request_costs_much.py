"""P16: no request costs more than a small multiple of a common one.

Each parser, and each form of both sites with each of its fields, gets the worst that is known; its CPU time in this
process is compared with that of something common, twenty times which it may take.
"""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import inf
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote_plus

import pytest
from waitress.adjustments import Adjustments
from werkzeug.exceptions import RequestEntityTooLarge

from onion_app.choices import TEXT_LETTERS
from onion_app.crypto.codes import read_code
from onion_app.crypto.payloads import Text, pack, unpack
from onion_app.desk import forms
from onion_app.desk.sentence_diff import side_by_side
from onion_app.errors import CodeMistyped, Refused, SealBroken
from onion_app.site.paging import parts_of
from onion_app.vault.desk import guides
from onion_app.web.details import pointed_out
from onion_app.web.fields import read_fields
from onion_app.web.headers import BODY_LIMIT
from onion_app.web.markdown import has_too_many_signs, render
from onion_app.web.reading_order import in_reading_order
from onion_app.web.text import cleaned, is_empty, is_too_long
from onion_app.web.waitress.request_parser import RequestParser
from scripts.rehearsal.pages import Form
from scripts.rehearsal.people import Person, Visitor
from scripts.rehearsal.wire import exchange, into, request
from tests.desk.house import House as Desk
from tests.site.conftest import ADDRESS, Place
from tests.world import Author

pytestmark = pytest.mark.usefixtures("nothing_is_stretched")

LOOP: Final = 40_000
MOST: Final = 20  # times a common one
LONGEST: Final = BODY_LIMIT - 4_000  # bytes of one field; the others of its form need the rest
SENTENCE: Final = "كان عمي في البيت ولم يعرف أحد شيئاً عن ذلك. "
COMMON: Final = SENTENCE * 19  # 840 letters, one page by hand
WHOLE: Final = (SENTENCE * 300)[:TEXT_LETTERS]

# What has cost somebody the square of its length, or a call for each byte: in letters, repeated to any length.
LETTERS: Final = {
    "marks": "\u0301",
    "marks in disorder": "\u0315\u0301\u0327",
    "marks that are two": "\u0344",
    "marks that hide two": "\u0f73",
    "as many marks as are taken": "\u0315\u0301\u0327" * 10 + "a",
    "marks of half width": "\u0301\uff9e",
    "letters that fall apart": "\ufb2c",
    "signs that fall apart": "\U0001d160",
    "letters that are joined": "\u1100\u1161\u11a8",
    "a blessing": "\ufdfa",
    "nothing": "\u200b",
    "controls": "\x0b\x00",
    "ends of lines": "\n",
    "short lines": "a\n",
    "short sentences": "a. ",
    "two lines by turns": "a.\nb.\n",
    "blanks": " ",
    "tags": "<'",
    "stars": "*a",
    "both stars": "*_",
    "lists": "- a\n",
    "numbers": "1 ",
    "digits": "1",
    "hosts": "a.",
    "addresses": "@a ",
    "names": "my name is ",
    "months": "12 آذار ",
    "quotes": "a'",
    "a sheet": "1: 1234 ",
    "base64": "A",
    "brackets": "[",
    "backslashes": "\\",
}
# The same as bytes of a form, besides those that are no letters.
BYTES: Final = {name: letters.encode() for name, letters in LETTERS.items()} | {
    "percent signs": b"%",
    "halves of escapes": b"%4",
    "bytes that are no letters": b"%FF",
    "escaped blanks": b"%20a",
    "plus signs": b"+",
    "equal signs": b"=",
}


# Of these a field that holds no text gets its share.
OF_ANY: Final = ("marks in disorder", "signs that fall apart", "tags", "digits", "base64", "percent signs")


@pytest.fixture(autouse=True)
def only_what_is_made_here_is_looked_through() -> Iterator[None]:
    """Keep what other tests have left behind from being searched for garbage in the middle of a measurement."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def repeated(what: str, length: int) -> str:
    return (what * (length // len(what) + 1))[:length]


def spent(action: Callable[[], object], *, enough: float = 0) -> float:
    """Measure the CPU seconds of this process, the least of five tries, or the first that is at most `enough`."""
    least = inf
    for _ in range(5):
        start = time.process_time()
        action()
        least = min(least, time.process_time() - start)
        if least <= enough:
            break
    return least


class Parser(NamedTuple):
    """Something that reads what comes from outside, a common input of it, and its worst ones."""

    read: Callable[[str], object]
    common: str = WHOLE
    longest: int = LONGEST
    worst: Sequence[str] = ()

    def refuses(self, typed: str) -> None:
        """Read, or refuse by name."""
        try:
            self.read(typed)
        except (Refused, SealBroken, CodeMistyped, RequestEntityTooLarge):
            return


def _looked_at(typed: str) -> object:
    text = cleaned(typed)
    return is_empty(text), is_too_long(text)


def _guide(typed: str) -> object:
    return [] if has_too_many_signs(typed) else parts_of(typed, lambda block: len(render(block).encode()))


def _head(lines: str) -> object:
    parser = RequestParser(Adjustments(listen=""))
    return parser.received(f"GET / HTTP/1.1\r\nHost: {ADDRESS}\r\n{lines}\r\n\r\n".encode()[:8192])


def _opened(json: str) -> object:
    return unpack(json.encode())


# As ours are: a heading, a few sentences with a word that is heavier, and a list.
GUIDE: Final = "\n\n".join([f"## {SENTENCE}\n\n{SENTENCE * 2} **{SENTENCE}**\n\n- {SENTENCE}\n- {SENTENCE}"] * 46)
PAYLOAD: Final = pack(Text(WHOLE, 20_000)).decode()
PARSERS: Final = {
    "the cleaner": Parser(
        _looked_at,
        repeated(SENTENCE, LONGEST // 2),
        worst=[repeated(letters, 3 * TEXT_LETTERS) for letters in LETTERS.values()],  # the most that is normalised
    ),
    "fields": Parser(
        lambda typed: read_fields(typed.encode()),
        f"text={quote_plus(repeated(SENTENCE, LONGEST // 6))}",
        worst=["a&" * (LONGEST // 2), "a=1&" * 150 + "b=" + "%" * LONGEST, *(f"text={what}" for what in "%=+&")],
    ),
    "details": Parser(pointed_out, longest=TEXT_LETTERS),
    "sentences": Parser(lambda typed: side_by_side(typed, f"x {typed[:-3]}\ny"), longest=TEXT_LETTERS),
    "sentences in another order": Parser(
        lambda typed: side_by_side(typed, "\n".join(typed.split("\n")[::-1])),
        longest=TEXT_LETTERS,
        worst=["\n".join(f"{number}." for number in range(2_300))],
    ),
    "a guide": Parser(
        render, GUIDE, TEXT_LETTERS, ["- a\n" * 999, "*a*" * 499, "- " * 6_000, "1. " * 4_000, "# #" * 4_000]
    ),
    "parts of a guide": Parser(_guide, GUIDE, TEXT_LETTERS, ["- a\n" * 999, "*a*" * 499, "*a*\n" * 333]),
    "the order of signs": Parser(
        in_reading_order,
        (f"{SENTENCE}0770 123 4567 Signal\n" * 300)[:TEXT_LETTERS],
        TEXT_LETTERS,
        worst=["ا1-1" * 3_000, "ا a\n" * 3_000, "+" * 12_000, "ا" + "1 " * 6_000, "1 -ا" * 3_000, "\n" * 12_000],
    ),
    "a code": Parser(read_code, COMMON + "1234 " * 7),
    "a line at the desk": Parser(lambda typed: forms.one_line({"title": typed}, "title"), SENTENCE * 2),
    "a handle": Parser(lambda typed: forms.handle({"handle": typed}), "Sara"),
    "a payload": Parser(
        _opened,
        PAYLOAD,
        1 << 16,
        [
            PAYLOAD.replace("20000", f"[{'1,' * 20_000}1]"),
            "[" * 4_096,
            "[" + "[]," * 10_000 + "[]]",
            "{" + ",".join(f'"{number}":0' for number in range(6_000)) + "}",
            PAYLOAD.replace(WHOLE, "\\ud800" * 10_000),
            PAYLOAD.replace("20000", "1e9" * 5_000),
            PAYLOAD.replace("20000", "9" * 4_000),
        ],
    ),
    "the head of a request": Parser(
        _head,
        f"Cookie: visit={'x' * 300}\r\nAccept-Language: en-US,en;q=0.5",
        worst=["A: b\r\n" * 1_300, "A:\r\n" * 2_000, f"Cookie: {'a=b;' * 2_000}", "A: " + " " * 8_000, ":" * 8_000],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PARSERS)
def test_the_worst_input_of_a_parser_costs_little_more_than_a_common_one(name: str) -> None:
    parser = PARSERS[name]
    limit = limit_of(parser)
    worst = [repeated(letters, parser.longest) for letters in LETTERS.values()] + list(parser.worst)
    for typed in worst:
        cost = spent(partial(parser.refuses, typed), enough=limit / 2)
        if cost > limit:  # the machine may have become slower meanwhile
            limit, cost = limit_of(parser), spent(partial(parser.refuses, typed))
        assert cost <= limit, f"{typed[:20]!r}: {cost / limit * MOST:.0f} times"


def limit_of(parser: Parser) -> float:
    """Measure a common input; the least that counts is a loop of some 0.3 ms, as fast as this machine is just now."""
    return MOST * max(spent(lambda: parser.refuses(parser.common)), spent(lambda: sum(range(LOOP))))


class Measured:
    """Somebody whose every post is measured, against one text that is posted in the common way."""

    def __init__(self, person: Person, common: float) -> None:
        self.person = person
        self.common = common
        self.count = 0

    def posts(self, what: str, path: str, body: bytes) -> None:
        """Send bytes as they are, and see that they do not cost much more than the common text."""
        asked = request("POST", path, self.person.host, body, self.person.headers | {"Cookie": self.person.cookie})
        limit = MOST * self.common
        cost = spent(lambda: exchange(self.person.dial, asked), enough=limit / 2)
        assert cost <= limit, f"{path} {what}: {cost / limit * MOST:.0f} times"
        self.count += 1

    def tries(self, form: Form) -> None:
        """Send a form with each of its fields at its worst, one at a time, and each text also as long as is taken."""
        path = self.person._within(form.action)
        if form.element.has(name="text"):  # one of its kind: a page that shows more costs more
            self.common = max(self.common, common_post(self.person, form))
        fields = {name: "0" if name.startswith("seen") else value for name, value in form.filled()}  # nothing is stored
        typed = [name for name in fields if name not in ("csrf_token", "sure")]
        for name in typed:
            others = "".join(f"&{other}={quote_plus(value)}" for other, value in fields.items() if other != name)
            for kind in BYTES if name.startswith(("text", "code", "title")) else OF_ANY:
                what = BYTES[kind]
                whole = what * (LONGEST // len(what))
                self.posts(f"{name}: {kind}", path, f"{name}=".encode() + whole + others.encode())
            for kind, letters in LETTERS.items() if name.startswith("text") else ():
                body = f"{name}={quote_plus(repeated(letters, TEXT_LETTERS))}{others}"[:BODY_LIMIT]
                self.posts(f"{name}: {kind}, 12,000 letters", path, body.encode())
        rest = "".join(f"&{name}={quote_plus(value)}" for name, value in fields.items()).encode()
        for count in (150, LONGEST // 4):
            self.posts(
                f"{count} fields", path, b"&".join(b"f%d=1" % number for number in range(count))[:LONGEST] + rest
            )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    here = Desk(tmp_path)
    yield here
    here.close()


def common_post(person: Person, form: Form) -> float:
    """Measure a text of 840 letters in a form."""
    asked = request(
        "POST",
        person._within(form.action),
        person.host,
        form.filled(text=COMMON),
        person.headers | {"Cookie": person.cookie},
    )
    return spent(lambda: exchange(person.dial, asked))


def test_no_post_to_the_site_costs_much_with_or_without_a_case_that_is_open(place: Place) -> None:
    visitor = Visitor(into(place.start()), ADDRESS)
    code = visitor.hand_in("tell", COMMON, publish="ask")
    place.proposes("A title", COMMON)
    measured = Measured(visitor, common_post(visitor, visitor.go("tell").form_with("text")))
    visitor.come_back(code)
    for path in ("tell", "ask", "return", "case"):
        for form in visitor.go(path).forms():
            measured.tries(form)
    for kind in ("tell", "ask"):
        measured.tries(visitor.check(kind, COMMON).form_with("line"))
    visitor.cookies.clear()
    for path in ("tell", "ask", "return"):
        for form in visitor.go(path).forms():
            visitor.cookies.clear()
            measured.tries(form)
    assert measured.count > 500


# What would end the session that all the others need.
ENDING: Final = ("back", "logout", "everywhere", "shut-out", "shut_out", "/stop", "step-out", "close", "leave")


def test_no_post_to_the_desk_costs_much_with_or_without_a_login(desk: Desk) -> None:
    circle = desk.circle("Listening", catch_all=True)
    volunteer = desk.volunteer(circle, "Sara")
    desk.make_coordinator("Sara")
    author = Author(desk, circle)
    case = author.tells(COMMON, quote=True)
    volunteer.log_in()
    volunteer.take(case)
    volunteer.press_on("/guides", "/guides/begin", slug="now")
    guide = guides.all_guides(desk.desk)[0][0].id
    ids = {"case_id": author.case_id, "circle_id": circle, "guide_id": guide}
    paths = {path for _, method, path in desk.endpoints(ids) if method == "GET"}
    editor = volunteer.get(f"/case/{case}").form_with("text")
    measured = Measured(volunteer, common_post(volunteer, editor))
    tried = set[str]()
    referrals = [f"/notebook/{circle.hex()}/referral/{which}" for which in ("published", "to-be-asked")]
    for path in [*sorted(paths), *referrals, "/login", "/join", "/recover"]:
        if any(word in path for word in ENDING):
            continue
        page = volunteer.get(path)
        for form in page.forms() if page.has("main") else ():  # a table or a text to keep has none
            if form.action not in tried and not any(word in form.action for word in ENDING):
                tried.add(form.action)
                measured.tries(form)
    of_case = {f"/case/{case}/{act}" for act in ("story/save", "quotation/choose", "facts/keep")}
    assert of_case | {f"/guides/{guide.hex()}/save", *referrals, "/notice/propose", "/mine/send", "/login"} <= tried
    volunteer.cookies.clear()
    for path in ("/login", "/join", "/recover"):
        for form in volunteer.get(path).forms():
            measured.tries(form)
    measured.tries(editor)
    assert measured.count > 500
