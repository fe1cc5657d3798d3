"""Clients that vanish: at every byte of a request, and of its answer. Nothing is an error, and the server lives."""

import logging
import random
import select
import socket
import struct
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from waitress.wasyncore import readwrite

from onion_app.web.app import Hardened
from onion_app.web.size import SHORT
from onion_app.web.waitress.connection import MOST_CONNECTIONS
from onion_app.web.waitress.request_parser import RequestParser
from onion_app.web.waitress.server import Server
from tests.web.plain_app import Line, Serving, get, post, serving

TEXT = b"text=" + b"hello " * 10
LARGE = post("/echo", b"text=" + b"a" * 100_000)
REQUESTS = {
    "a page": get("/en/"),
    "a last page": get("/en/", "Connection: close"),
    "a form": post("/echo", TEXT),
    "two together": post("/echo", TEXT) + get("/ar/"),
    "nothing we take": get("/en/", method="PUT"),
    "no request": b"garbage\r\n\r\n",
    "no first line": b"\xff /[ HTTP/9.9\r\nHost: [\r\n\r\n",
    "too large a head": get("/en/", "X: " + "y" * 9000)[:300] + b"y" * 9000 + b"\r\n\r\n",
    "too large a form": post("/echo", b"").replace(b"Content-Length: 0", b"Content-Length: 3000000"),
}


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """Collect what waitress would write into its log, which the server has closed."""
    written: list[str] = []

    class Reader(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    logger, reader = logging.getLogger("waitress"), Reader(logging.ERROR)
    logger.addHandler(reader)
    yield written
    logger.removeHandler(reader)


def unserved(app: Hardened, folder: Path) -> tuple[Server, list[str]]:
    """Make a server whose turns the test takes, and give it with its errors."""
    errors: list[str] = []
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / "s"))
    listener.listen(MOST_CONNECTIONS)
    return Server(app, listener, sized=True, on_error=errors.append, clock=lambda: 0.0), errors


def is_answered(server: Server, line: Line) -> bool:
    """Take turns until something comes back, and say whether it is an answer."""
    coming = select.poll()  # other tests may have a thousand files open, and select() takes none beyond
    coming.register(line.socket, select.POLLIN)
    while not coming.poll(0):
        server.turn()
    return line.socket.recv(12) == b"HTTP/1.1 200"


def vanish(line: Line, way: int) -> None:
    """Go, in one of the ways in which somebody goes: politely, half, or without a word; while the answer comes, too."""
    with suppress(OSError):
        match way:
            case 0:
                line.socket.shutdown(socket.SHUT_WR)
            case 1:
                line.socket.shutdown(socket.SHUT_RD)
            case 2:
                line.socket.shutdown(socket.SHUT_RDWR)
            case 3:
                line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case _:
                line.socket.recv(way)
    line.close()


def come_and_go(site: Serving, sent: bytes, way: int) -> None:
    line = Line(site.address)
    line.socket.setblocking(False)  # noqa: FBT003 - what nobody reads at once is not waited for
    with suppress(OSError):
        line.send(sent)
    vanish(line, way)


@pytest.mark.parametrize("tcp", [0, 1])
@pytest.mark.parametrize("kind", REQUESTS)
def test_whoever_vanishes_at_any_byte_of_a_request_does_no_harm(
    app: Hardened, tmp_path: Path, complaints: list[str], kind: str, tcp: int
) -> None:
    request = REQUESTS[kind]
    with serving(app, tmp_path, tcp=bool(tcp)) as site:
        logging.getLogger("waitress").disabled = False
        ends = [(end, way) for end in range(min(len(request), 400) + 1) for way in (0, 1, 2, 3, 4 + 7 * end)]
        ends += [(len(request), way % 5 + way * 80 * (way % 2)) for way in range(200)]
        with ThreadPoolExecutor(4) as crowd:
            assert len([*crowd.map(lambda each: come_and_go(site, request[: each[0]], each[1]), ends)]) == len(ends)
        assert len(site.ask(get("/en/"))) == SHORT
        assert site.errors == []
    assert complaints == []


def test_whoever_vanishes_within_a_large_form_or_its_answer_does_no_harm(
    app: Hardened, tmp_path: Path, complaints: list[str]
) -> None:
    dice = random.Random(20261129)  # noqa: S311 - the same bytes in every run
    answer = 130_000
    with serving(app, tmp_path) as site:
        logging.getLogger("waitress").disabled = False

        def read_a_part(length: int) -> None:
            line = Line(site.address)
            line.send(LARGE)
            while length > 0 and (part := line.socket.recv(length)):
                length -= len(part)
            line.close()

        sent = [(LARGE * (2 * (n % 2)) + LARGE[: dice.randrange(len(LARGE))], dice.randrange(4)) for n in range(200)]
        with ThreadPoolExecutor(8) as crowd:
            assert len([*crowd.map(lambda each: come_and_go(site, *each), sent)]) == len(sent)
            assert len([*crowd.map(read_a_part, (dice.randrange(answer) for _ in sent))]) == len(sent)
        assert len(site.ask(get("/en/"))) == SHORT
        assert site.errors == []
    assert complaints == []


def test_whoever_is_found_gone_while_there_is_an_answer_to_end_is_let_go(app: Hardened, tmp_path: Path) -> None:
    """What happened once, and was not explained: one look at the socket finds the end, and room to send, together."""
    server, errors = unserved(app, tmp_path)
    line = Line(str(tmp_path / "s"))
    server.handle_accept()
    (connection,) = server.active_channels.values()
    connection.close_when_flushed = True
    line.close()
    readwrite(connection, select.POLLIN | select.POLLOUT)
    assert errors == []
    assert not server.active_channels
    server.stop_accepting()
    server.finish()


def test_a_request_without_a_first_line_has_an_empty_path(app: Hardened, tmp_path: Path) -> None:
    with serving(app, tmp_path) as site:
        assert site.ask(b"garbage\r\n\r\n").startswith(b"HTTP/1.0 400 ")
    assert RequestParser.path == ""  # waitress names it when the sender vanishes before the answer


def test_a_newcomer_is_never_taken_for_the_one_whose_seat_it_has(app: Hardened, tmp_path: Path) -> None:
    """The number of a socket that was closed is given to the next: what poll said of the old one must not meet it."""
    server, errors = unserved(app, tmp_path)
    seats = [Line(str(tmp_path / "s")) for _ in range(MOST_CONNECTIONS)]
    while len(server.active_channels) < MOST_CONNECTIONS:
        server.turn()
    seats[0].close()
    newcomer = Line(str(tmp_path / "s"))
    newcomer.send(get("/en/", "Connection: close"))
    assert is_answered(server, newcomer)
    assert errors == []
    server.stop_accepting()
    server.finish()
    for line in (*seats, newcomer):
        line.close()


def test_a_newcomer_whose_request_is_here_keeps_the_seat_when_the_next_one_comes(app: Hardened, tmp_path: Path) -> None:
    """Both are found by one look: whoever said nothing until then has, and is not chosen before it was read."""
    server, errors = unserved(app, tmp_path)
    seats = [Line(str(tmp_path / "s")) for _ in range(MOST_CONNECTIONS)]
    for line in seats:
        line.send(b"GET /en/ HT")
    while len([each for each in server.active_channels.values() if each.request]) < MOST_CONNECTIONS:
        server.turn()
    newcomer = Line(str(tmp_path / "s"))
    while all(each.request for each in server.active_channels.values()):
        server.turn()
    server.turn()  # in which nothing comes
    newcomer.send(get("/en/", "Connection: close"))
    following = Line(str(tmp_path / "s"))
    assert is_answered(server, newcomer)
    assert errors == []
    server.stop_accepting()
    server.finish()
    for line in (*seats, newcomer, following):
        line.close()
