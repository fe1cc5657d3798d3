import re
import socket
from collections.abc import Callable, Iterator

import pytest

from onion_app.errors import PageTooLong
from onion_app.web.size import LONG, SHORT, padded, padded_to_a_multiple
from tests.web.conftest import write_catalogues
from tests.web.plain_app import HOST, Line, Serving, error_page, get, plain_app, post, serving

HEAD = b"HTTP/1.1 200 OK\r\nX: y\r\n"


def test_the_sizes_are_those_that_take_the_same_number_of_cells() -> None:
    assert (SHORT, LONG) == (16_435, 131_473)


def room(size: int) -> int:
    """Say how many bytes of a page fit."""
    return size - len(HEAD) - len(b"Content-Length: \r\n\r\n") - len(str(size))


def test_every_length_that_fits_is_filled_to_exactly_the_short_size_and_own_text_to_the_long_one_when_it_must() -> None:
    for length in range(room(SHORT) + 1):
        assert len(padded(HEAD, b"x" * length, own_text=bool(length % 2))) == SHORT
    for length in (room(SHORT) + 1, room(LONG)):
        assert len(padded(HEAD, b"x" * length, own_text=True)) == LONG
    for length, own_text in ((room(SHORT) + 1, False), (room(LONG) + 1, True)):
        with pytest.raises(PageTooLong):
            padded(HEAD, b"x" * length, own_text=own_text)


def test_what_goes_to_machines_elsewhere_has_the_least_multiple_of_the_short_size_and_says_how_long_it_is() -> None:
    for length in (*range(0, 6 * SHORT, 97), *(times * SHORT + more for times in (1, 6, 7) for more in range(-80, 3))):
        answer = padded_to_a_multiple(HEAD, b"x" * length)
        head, _, body = answer.partition(b"\r\n\r\n")
        assert len(answer) % SHORT == 0
        assert len(answer) - len(head) - 4 - length < SHORT + 2
        assert head.endswith(b"Content-Length: %d" % len(body))
        assert body == b"x" * length + b" " * (len(body) - length)


def test_the_filling_is_blanks_inside_the_page() -> None:
    page = b"<html>one </html> two</html>\n"
    body = padded(HEAD, page, own_text=False).partition(b"\r\n\r\n")[2]
    assert body.startswith(b"<html>one </html> two ")
    assert body.endswith(b" </html>\n")
    assert set(body[len(page) - 8 : -8]) == {ord(" ")}


# What is sent, and with which status it is answered.
REQUESTS = {
    "a page": (200, get("/en/")),
    "a page in Arabic": (200, get("/ar/")),
    "HTTP/1.0": (200, get("/en/", version="1.0")),
    "HTTP/1.0 keep-alive": (200, get("/en/", "Connection: keep-alive", version="1.0")),
    "HTTP/1.1 close": (200, get("/en/", "Connection: close")),
    "HTTP/0.9": (421, b"GET /en/\r\n\r\n"),
    "a version to come": (200, get("/en/", version="9.9")),
    "a redirect": (303, get("/away")),
    "a cookie": (200, get("/cookie")),
    "nothing there": (404, get("/nothing")),
    "an error": (500, get("/broken")),
    "paused": (503, get("/paused")),
    "an empty answer": (500, get("/empty")),
    "a page that is too long": (500, get("/long/20000")),
    "the wrong method for a page": (405, get("/echo")),
    "HEAD": (405, get("/en/", method="HEAD")),
    "PUT": (405, get("/en/", "Content-Length: 3", method="PUT") + b"abc"),
    "TRACE": (405, get("/en/", method="TRACE")),
    "OPTIONS *": (405, get("*", method="OPTIONS")),
    "CONNECT": (405, get(HOST + ":80", method="CONNECT")),
    "lower case": (400, get("/en/", method="get")),
    "another host": (421, get("/en/", host="b" * 56 + ".onion")),
    "no host": (421, b"GET /en/ HTTP/1.1\r\n\r\n"),
    "two hosts": (421, get("/en/", f"Host: {HOST}")),
    "an address in the first line": (200, get(f"http://{HOST}/en/")),
    "a broken address": (400, get("http://[/en/")),
    "a foreign address": (421, get("http://example.org/en/")),
    "garbage": (400, b"\x16\x03\x01\x02\x00\x01\xfc\x03\x03\r\n\r\n"),
    "SOCKS, then a line": (400, b"\x05\x01\x00\r\n\r\n"),
    "a header without a colon": (400, get("/en/", "nonsense")),
    "a folded header": (400, b"GET / HTTP/1.1\r\n folded\r\n\r\n"),
    "too many headers": (431, get("/en/", "X: " + "y" * 9000)),
    "a length that is no number": (400, get("/en/", "Content-Length: x")),
    "a length beyond all numbers": (400, get("/en/", "Content-Length: " + "9" * 5000)),
    "a negative length": (400, get("/en/", "Content-Length: -1")),
    "two lengths": (400, get("/en/", "Content-Length: 1", "Content-Length: 2")),
    "a page asked for with a body": (400, get("/en/", "Content-Length: 3") + b"abc"),
    "chunks": (411, get("/echo", "Transfer-Encoding: chunked", method="POST") + b"3\r\na=b\r\n0\r\n\r\n"),
    "another coding": (501, get("/echo", "Transfer-Encoding: gzip", method="POST")),
    "chunks in HTTP/1.0": (411, get("/echo", "Transfer-Encoding: chunked", method="POST", version="1.0")),
    "a text": (200, post("/echo", b"text=hello")),
    "no token": (400, post("/en/write", b"text=hello")),
    "multipart": (415, post("/echo", b"--x--\r\n", kind="multipart/form-data; boundary=x")),
    "JSON": (415, post("/echo", b"{}", kind="application/json")),
    "no body at all": (200, get("/echo", method="POST")),
    "bytes that are no UTF-8": (200, post("/echo", b"text=\xff\xfe")),
    "percents that are no UTF-8": (200, post("/echo", b"text=%ff%ed%a0%80%00")),
    "a path that is no UTF-8": (404, get("/%ff%00")),
    "raw bytes in the path": (400, b"GET /\xd9\x85 HTTP/1.1\r\nHost: " + HOST.encode() + b"\r\n\r\n"),
    "a body announced too large": (413, post("/echo", b"")[:-4].replace(b"Length: 0", b"Length: 262145") + b"\r\n\r\n"),
    "text that fits no size": (413, post("/echo", b"text=" + b"x" * 140_000)),
    "a continue": (200, post("/echo", b"text=hello", "Expect: 100-continue")),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_every_answer_has_the_same_size_and_what_is_refused_is_refused_by_name(shared_site: Serving, name: str) -> None:
    status, request = REQUESTS[name]
    answer = shared_site.ask(request)
    assert len(answer) == SHORT
    assert re.match(rb"HTTP/1\.[01] %d " % status, answer)
    assert b"secret words" not in answer
    if status not in {200, 303, 503}:
        shown = status if status in {400, 404, 405, 413, 421, 500} else 400
        assert error_page(shown)[:40].encode() in answer


@pytest.fixture(scope="module")
def from_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[bytes], bytes]]:
    """Serve a desk, and ask it where our tor does."""
    folder = tmp_path_factory.mktemp("desk")
    app = plain_app(write_catalogues(folder / "translations"))
    with socket.socket(socket.AF_UNIX) as tors:
        tors.bind(str(folder / "desk.sock"))
        tors.listen()
        with serving(app, folder, sized=False, tcp=True, beside=[tors.dup()]) as desk:

            def ask(request: bytes) -> bytes:
                desk.lines.append(Line(str(folder / "desk.sock")))
                return desk.lines[-1].ask(request)

            yield ask


@pytest.mark.parametrize("name", [*REQUESTS, "a file", "a large page"])
def test_whatever_is_asked_from_elsewhere_has_a_whole_number_of_sizes(
    from_elsewhere: Callable[[bytes], bytes], name: str
) -> None:
    of_the_desk = {"a file": (200, get("/file")), "a large page": (200, get("/long/200000"))}
    answer = from_elsewhere((REQUESTS | of_the_desk)[name][1])
    assert len(answer) % SHORT == 0
    assert len(answer) == SHORT or name in {"a page that is too long", "text that fits no size", "a large page"}
    if name == "a file":
        assert answer.partition(b"\r\n\r\n")[2].rstrip(b" ") == b"a,b\r\n1,2\r\n"


def test_long_text_of_ones_own_takes_the_long_size_and_comes_back_whole(shared_site: Serving) -> None:
    text = "م" * 12_000
    answer = shared_site.ask(post("/echo", f"text={text}".encode()))
    assert len(answer) == LONG
    assert text.encode() in answer


def test_the_headers_of_all_answers_are_the_same_but_for_status_and_connection(shared_site: Serving) -> None:
    seen = set()
    for name, (_, request) in REQUESTS.items():
        head = shared_site.ask(request).partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
        own = (b"connection:", b"content-length:", b"set-cookie:", b"location:", b"allow:")
        seen.add(tuple(line for line in head if not line.lower().startswith(own)))
        cookies = [line for line in head if line.lower().startswith(b"set-cookie:")]
        assert bool(cookies) == (name == "a cookie"), name
    assert len(seen) == 1
    names = [line.split(b":")[0].decode() for line in seen.pop()]
    crossing = [f"Cross-Origin-{name}-Policy" for name in ("Opener", "Embedder", "Resource")]
    fixed = ["Content-Security-Policy", "Cache-Control", "Referrer-Policy", "X-Content-Type-Options"]
    assert names == ["Date", "Content-Type", *fixed, *crossing]


def test_an_error_is_reported_by_its_class_alone(site: Serving) -> None:
    for path in ("/broken", "/long/20000", "/paused", "/en/"):
        site.ask(get(path))
    assert site.errors == ["RuntimeError", "PageTooLong", "Paused"]


def test_the_desk_is_not_filled_up_but_all_else_holds(desk: Serving) -> None:
    answer = desk.ask(get("/en/"))
    assert len(answer) < 1500
    assert b"Content-Security-Policy: default-src 'none'; style-src 'sha256-" in answer
    assert desk.ask(get("/en/", method="HEAD")).startswith(b"HTTP/1.1 405 ")
    assert len(desk.ask(get("/long/200000"))) > 200_000
