"""P09: every answer a reader can get has the same size on the wire, in every language, errors included."""

from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import pytest

from onion_app.choices import LANGUAGE_CODES
from scripts.rehearsal.wire import Answer, Dial, exchange, read_answer, request, through_unix
from tests.house import House
from tests.served import Site, serving
from tests.strange import STRANGE
from tests.ways import use_every_form

SIZE = 498 * 33 + 1  # bytes: 498 are in one cell of Tor
LONG = 498 * 264 + 1  # only for a page that shows a visitor's own text, when that does not fit

PUBLISHED = ("", "protects", "stories", "guides", "guides/now")
ODD_PATHS = (
    *("/nowhere", "//", "/%ff", "/%00", "/..%2f..%2fetc", "/*", "/en/%D8%A7"),
    "/" + "a" * 3000,
    "/?" + "q" * 3000,
)


@pytest.fixture(scope="module")
def dial(house: House) -> Dial:
    return through_unix(house.site_socket)


def whole(answer: Answer) -> Answer:
    """See that an answer says of itself how long it is, and keeps to it."""
    assert int(answer.header("content-length")) == len(answer.body)
    return answer


def different(answers: list[Answer]) -> list[tuple[int, int]]:
    """Name the status and size of those that are not of the one size."""
    return [(answer.status, len(answer.raw)) for answer in answers if len(whole(answer).raw) != SIZE]


@pytest.mark.parametrize("connection", ["close", "keep-alive"])
@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_published_pages_and_errors_have_one_size(house: House, dial: Dial, language: str, connection: str) -> None:
    paths = [
        "/",
        *ODD_PATHS,
        *(f"/{language}/{path}" for path in (*PUBLISHED, "nowhere", "tell/x", "return", "tell", "ask")),
    ]
    answers = [exchange(dial, request("GET", path, house.onion, headers={"Connection": connection})) for path in paths]
    assert different(answers) == []
    assert {answer.status for answer in answers} >= {200, 404}


@pytest.mark.parametrize("kind", STRANGE)
def test_what_the_server_says_by_itself_has_the_same_size(house: House, dial: Dial, kind: str) -> None:
    answer = exchange(dial, STRANGE[kind].format(host=house.onion).encode())
    assert answer.status < 600
    assert different([answer]) == []


@pytest.mark.parametrize(
    "method", ["HEAD", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH", "PROPFIND", "BREW"]
)
@pytest.mark.parametrize("path", ["/", "/en/tell", "/nowhere"])
def test_any_other_method_gets_the_same_size(house: House, dial: Dial, method: str, path: str) -> None:
    answer = exchange(dial, request(method, path, house.onion))
    assert answer.status == 405
    assert different([answer]) == []


@pytest.mark.usefixtures("coordinator")
@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_every_answer_on_a_visitors_way_has_the_same_size(house: House, language: str) -> None:
    visitor = house.visitor(language)
    use_every_form(visitor)
    answers = [answer for _, answer in visitor.seen]
    assert len(answers) > 25
    assert different(answers) == []
    assert {answer.status for answer in answers} >= {200, 400}


@pytest.mark.usefixtures("coordinator")
@pytest.mark.parametrize("letter", ["a", "ا", "&", "😀"])
def test_only_an_own_text_that_does_not_fit_gets_the_long_size(house: House, letter: str) -> None:
    visitor = house.visitor("ar")
    check = visitor.check("tell", letter * 12_000)
    assert len(whole(check.answer).raw) == LONG
    assert len(whole(visitor.confirm(check).answer).raw) == SIZE
    case = visitor.come_back(check.code)
    assert len(whole(case.answer).raw) in (SIZE, LONG)
    assert different([visitor.get("/ar/").answer, visitor.get("/ar/return").answer]) == []


def test_a_body_too_large_gets_the_same_size(house: House, dial: Dial) -> None:
    for size in (110_000, 200_000, 262_143, 262_144, 262_145, 1_000_000, 3_000_000):
        answer = exchange(dial, request("POST", "/en/tell", house.onion, [("text", "ا" * (size // 6))]))
        assert len(whole(answer).raw) in (SIZE, LONG)
        assert len(answer.raw) == SIZE or answer.status != 413
        assert answer.status == 413 or size <= 262_144


def test_two_requests_on_one_line_get_two_answers_of_that_size(house: House, dial: Dial) -> None:
    with dial() as line:
        for path in ("/", "/en/", "/nowhere", "/ar/tell"):
            line.sendall(request("GET", path, house.onion, headers={"Connection": "keep-alive"}))
            assert different([read_answer(line)]) == []


def test_no_header_tells_the_time_or_the_program(house: House, dial: Dial) -> None:
    answers = [exchange(dial, request("GET", path, house.onion)) for path in ("/", "/en/tell", "/nowhere")]
    answers += [exchange(dial, text.format(host=house.onion).encode()) for text in STRANGE.values()]
    dates = {answer.header("date") for answer in answers}
    assert len(dates) == 1
    assert parsedate_to_datetime(dates.pop()).year == 2000  # neither now nor when the site was started
    for answer in answers:
        for name in ("server", "via", "last-modified", "etag", "age", "content-encoding", "transfer-encoding"):
            assert answer.header(name) == ""
        assert b"aitress" not in answer.raw


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serving() as served:
        yield served


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_refusing_and_expired_pages_have_the_same_size(site: Site, language: str) -> None:
    visitor = site.visitor(language)
    check = visitor.check("tell", "words")
    case = visitor.come_back(visitor.hand_in("ask", "other words"))
    site.ahead += 3_600
    visitor.write_back(case, "too late")
    visitor.confirm(check)
    check = visitor.check("tell", "words")
    site.put(paused=True)
    visitor.confirm(check)
    visitor.go("tell")
    site.put(paused=False)
    answers = [answer for _, answer in visitor.seen]
    assert {answer.status for answer in answers} >= {200, 400, 503}
    assert different(answers) == []


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_a_broken_mailbox_answers_in_the_same_size(site: Site, language: str) -> None:
    site.end()
    away = site.state.path / "away"
    site.state.mailbox.rename(away)
    site.start()
    try:
        visitor = site.visitor(language)
        answers = [visitor.get(f"/{language}/{path}").answer for path in ("tell", "ask", "protects", "return")]
        fields = [("text", "words"), ("code", "0" * 28)]
        answers += [visitor.post(f"/{language}/{path}", fields).answer for path in ("tell", "return", "case")]
    finally:
        site.end()
        away.rename(site.state.mailbox)
        site.start()
    assert max(answer.status for answer in answers) >= 500
    assert different(answers) == []
