import gc
import os
import random
import socket
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest
from flask import request

from onion_app.web import pinning
from onion_app.web.app import Hardened
from onion_app.web.headers import BODY_LIMIT
from onion_app.web.size import SHORT
from onion_app.web.waitress.connection import LINGER, MOST_CONNECTIONS, ROOM_FOR_BODIES, WHOLE_REQUEST, Connection
from tests.processes import until
from tests.web.plain_app import HOST, PATIENCE, Line, Serving, get, post, serving


def test_a_connection_serves_many_requests(site: Serving) -> None:
    line = site.line()
    for version, wish in [("1.1", "X: y"), ("1.0", "Connection: Keep-Alive"), ("1.1", "Connection: keep-alive")]:
        assert len(line.ask(get("/en/", wish, version=version))) == SHORT


@pytest.mark.parametrize(
    "last",
    [get("/en/", "Connection: close"), get("/en/", "Connection: keep-alive, close"), get("/en/", version="1.0"),
     get("/en/", method="HEAD"), get("/en/", method="DELETE"), b"garbage\r\n\r\n"],
)  # fmt: skip
def test_a_connection_ends_when_it_should(shared_site: Serving, last: bytes) -> None:
    line = shared_site.line()
    answer = line.ask(last)
    assert len(answer) == SHORT
    assert b"\r\nConnection: close\r\n" in answer
    assert line.is_closed()


def test_requests_sent_together_are_answered_one_after_the_other_up_to_the_last(site: Serving) -> None:
    line = site.line()
    line.send(get("/en/") + b"\r\n" + post("/echo", b"text=second") + get("/ar/") * 100)
    line.send(get("/en/", "Connection: close") + get("/ar/"))
    answers = [line.read_answer() for _ in range(103)]
    assert {len(answer) for answer in answers} == {SHORT}
    assert b"second" in answers[1]
    assert "مرحبا".encode() in answers[101]
    assert line.is_closed()


def test_whoever_reads_slowly_stops_being_answered_and_nobody_else_does(site: Serving) -> None:
    greedy = site.line()
    greedy.send(get("/en/") * 200)
    assert len(site.ask(get("/en/"))) == SHORT
    assert [len(greedy.read_answer()) for _ in range(200)] == [SHORT] * 200


def test_a_request_may_arrive_byte_by_byte(site: Serving) -> None:
    line = site.line()
    for byte in post("/echo", b"text=dripping"):
        line.send(bytes([byte]))
    assert b"dripping" in line.read_answer()


def connections(site: Serving) -> list[Connection]:
    """Find the connections of the server, which has no name here."""
    ours = [each for each in gc.get_objects() if isinstance(each, Connection) and each.connected]
    return [each for each in ours if each.server.clock is site.clock]


def has_begun_a_request(site: Serving) -> None:
    """Wait until the server has read a part of a request, and no more than that."""
    until(lambda: any(each.request for each in connections(site)), PATIENCE, "a part of a request")


def test_no_continue_is_sent(site: Serving) -> None:
    line = site.line()
    line.send(post("/echo", b"text=hello", "Expect: 100-continue")[: -len(b"text=hello")])
    has_begun_a_request(site)
    answer = line.ask(b"text=hello")
    assert len(answer) == SHORT
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_body_that_is_too_large_is_answered_while_it_is_still_being_sent(site: Serving) -> None:
    line = site.line()
    head = post("/echo", b"").replace(b"Content-Length: 0", b"Content-Length: 3000000")
    line.send(head)
    for _ in range(30):  # far more than the socket's own buffers hold: somebody has to read it
        line.send(b"x" * 100_000)
    answer = line.read_answer()
    assert len(answer) == SHORT
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_the_largest_body_opens_no_file(app: Hardened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(f"tempfile.{name}", None)  # whoever calls it falls over, and site.errors names that
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", None)
    with serving(app, tmp_path) as site:
        body = b"text=" + b"x" * (BODY_LIMIT - 5)
        assert site.ask(post("/echo", body)).startswith(b"HTTP/1.1 413 "), "the answer fits no size"
        assert site.ask(post("/echo", b"text=a&rest=" + body[12:])).startswith(b"HTTP/1.1 200 ")
        assert b"a" * 100_000 in site.ask(post("/echo", b"text=" + b"a" * 100_000))
        site.ask(post("/echo", body, kind="multipart/form-data; boundary=x"))
        assert site.errors == []


def test_a_newcomer_takes_the_seat_of_whoever_has_sent_the_fewest_bytes_a_second(site: Serving) -> None:
    first, second = site.line(), site.line()
    first.ask(get("/en/"))
    second.ask(get("/en/"))
    second.send(b"GET /en/ HTTP/1.1\r\n")
    site.clock.now += 1
    dripping = [site.line() for _ in range(MOST_CONNECTIONS - 2)]
    for line in dripping:
        line.send(b"POST /echo HTTP/1.1\r\nHost: ")
    site.clock.now += 1
    first.ask(get("/en/"))  # whoever asks is not slow
    assert len(site.ask(get("/en/"))) == SHORT
    assert second.is_closed()
    for line in dripping[1:3]:
        line.socket.setblocking(False)  # noqa: FBT003
        with pytest.raises(BlockingIOError):
            line.socket.recv(1)
    assert len(first.ask(get("/en/"))) == SHORT


def test_all_listeners_have_one_room_of_seats_and_one_way_out(app: Hardened, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "beside"))
        other.listen(1024)
        with serving(app, tmp_path, beside=[other.dup()]) as site:

            def there() -> Line:
                site.lines.append(Line(str(tmp_path / "beside")))
                return site.lines[-1]

            assert there().ask(get("/en/")) == site.ask(get("/en/"))
            first = there()  # sends nothing
            site.clock.now += 1
            for number in range(MOST_CONNECTIONS):
                (site.line if number % 2 else there)().send(b"GET /")
            assert len(site.ask(get("/en/"))) == len(there().ask(get("/en/"))) == SHORT
            assert first.is_closed(), "who sends least loses the seat, wherever they came in"
            assert site.errors == []
        waiting = Line(str(tmp_path / "beside"))  # its queue is there for the next process
        waiting.close()


def test_many_times_more_newcomers_than_seats_are_all_answered(site: Serving) -> None:
    for _ in range(MOST_CONNECTIONS):
        site.line().send(b"GET /")
    for _ in range(2 * MOST_CONNECTIONS):
        assert len(site.ask(get("/en/"))) == SHORT


def test_a_request_must_be_whole_within_its_time(site: Serving) -> None:
    waiting, dripping, answered = site.line(), site.line(), site.line()
    dripping.send(post("/echo", b"text=hello")[:-3])
    answered.ask(get("/en/"))
    site.clock.now += WHOLE_REQUEST - 1
    dripping.send(b"l")
    answered.ask(get("/en/"))
    site.clock.now += 2
    assert waiting.is_closed()
    assert dripping.is_closed()
    assert len(answered.ask(get("/en/"))) == SHORT


def send_for_ever(line: Line) -> None:
    while True:
        line.send(b"more")


def test_whoever_goes_on_sending_after_the_last_answer_is_left(site: Serving) -> None:
    line = site.line()
    line.ask(get("/en/", method="PUT"))
    assert line.is_closed()  # on the other side; on ours we go on sending
    line.send(b"more")
    site.clock.now += LINGER + 1
    assert len(site.ask(get("/en/"))) == SHORT
    with pytest.raises(OSError, match=r"Broken pipe|reset"):
        send_for_ever(line)


def test_whoever_leaves_early_does_no_harm(site: Serving) -> None:
    for data in (b"", b"GET", post("/echo", b"text=hello")[:-3], post("/echo", b"text=hello"), get("/broken")):
        line = site.line()
        line.send(data)
        line.close()
    assert len(site.ask(get("/en/"))) == SHORT
    assert set(site.errors) <= {"RuntimeError"}


def test_urgent_data_ends_the_connection(desk: Serving) -> None:
    line = desk.line()
    line.socket.send(b"!", socket.MSG_OOB)
    assert line.is_closed()


def test_stopping_lets_a_request_finish(app: Hardened, tmp_path: Path) -> None:
    entered, leave = threading.Event(), threading.Event()

    @app.get("/slow")
    def slow() -> str:
        entered.set()
        assert leave.wait(PATIENCE)
        return "<html>done</html>"

    with serving(app, tmp_path) as site:
        line, idle = site.line(), site.line()
        line.send(get("/slow"))
        assert entered.wait(PATIENCE)
        site.stop.set()
        leave.set()
        answer = line.read_answer()
        assert b"done" in answer
        assert len(answer) == SHORT
        assert idle.is_closed()


def test_each_second_is_called_and_may_fail(app: Hardened, tmp_path: Path) -> None:
    called = threading.Event()

    def stumble() -> None:
        called.set()
        message = "secret words"
        raise RuntimeError(message)

    app.each_second = stumble
    with serving(app, tmp_path) as site:
        assert called.wait(PATIENCE)
        assert len(site.ask(get("/en/"))) == SHORT
        assert "RuntimeError" in site.errors


def test_serving_threads_stay_on_one_cpu_and_argon2_does_not(app: Hardened, tmp_path: Path) -> None:
    @app.get("/cpus")
    def cpus() -> str:
        serving_on = len(os.sched_getaffinity(0))
        with pinning.unpinned():
            working_on = len(os.sched_getaffinity(0))
        return f"<html>{serving_on} {working_on} {len(os.sched_getaffinity(0))}</html>"

    with serving(app, tmp_path) as site:
        assert f"1 {len(pinning.ALL)} 1".encode() in site.ask(get("/cpus"))
    assert os.sched_getaffinity(0) == pinning.ALL


def test_the_app_reads_only_the_headers_it_needs(app: Hardened, tmp_path: Path) -> None:
    seen: dict[str, str] = {}

    @app.get("/headers")
    def headers() -> str:
        seen.update(request.headers)
        return "<html></html>"

    others = ("User-Agent: Mozilla", "Accept-Language: ku", "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Host: a.org")
    with serving(app, tmp_path) as site:
        site.ask(get("/headers", *others, "X_Host: a.org", "Sec-Fetch-Site: same-origin", "Cookie: a=b"))
    assert seen == {"Host": HOST, "Sec-Fetch-Site": "same-origin", "Cookie": "a=b"}


def test_whatever_is_sent_is_answered_in_the_one_size_or_not_at_all(site: Serving) -> None:
    dice = random.Random(20261122)  # noqa: S311 - the same bytes in every run
    requests = [get("/en/"), post("/echo", b"text=hello"), get("/en/", "Cookie: visit=x")]
    requests.append(get("http://x/", version="1.0"))
    pieces = [b"\r\n", b"\r", b"\n", b" ", b":", b"\x00", b"\xff", b"HTTP/1.1", b"Content-Length: 7", b"//", b"%", b"["]
    pieces.append(b"chunked")
    for _ in range(400):
        data = bytearray(dice.choice(requests))
        for _ in range(dice.randrange(1, 6)):
            start = dice.randrange(len(data))
            data[start : start + dice.randrange(4)] = dice.choice(pieces)
        line = site.line()
        line.send(bytes(data) + b"\r\n\r\n")
        line.socket.shutdown(socket.SHUT_WR)
        assert len(line.read_to_the_end()) % SHORT == 0, bytes(data)
        line.close()
    assert len(site.ask(get("/en/"))) == SHORT
    assert site.errors == []


def test_a_crowd_is_answered_to_the_last(site: Serving) -> None:
    def ask_ten_times(_: int) -> list[int]:
        with closing(Line(site.address)) as line:
            return [len(line.ask(post("/echo", b"text=hello"))) for _ in range(10)]

    with ThreadPoolExecutor(64) as crowd:
        assert list(crowd.map(ask_ten_times, range(64))) == [[SHORT] * 10] * 64


def test_an_honest_sender_keeps_the_seat_among_crowds_that_say_nothing(site: Serving) -> None:
    """12 KB over 20 s, and meanwhile a hundred connections a second that say nothing, or as good as nothing."""
    form = post("/echo", b"text=" + b"honest words " * 900)
    honest = site.line()
    silent: deque[Line] = deque()
    steps = 200  # of a tenth of a second
    for step in range(steps):
        honest.send(form[step * len(form) // steps : (step + 1) * len(form) // steps])
        for each in range(10):
            silent.append(Line(site.address))
            silent[-1].send((b"", b"G", b"POST /echo HTTP/1.1\r\n")[each % 3])
        while len(silent) > MOST_CONNECTIONS + 20:
            silent.popleft().close()
        site.ask(get("/en/", "Connection: close"))  # all that came before it has been taken now
        site.lines.pop().close()
        site.clock.now += 0.1
    assert b"honest words" in honest.read_answer()
    for line in silent:
        line.close()


def test_a_line_that_sends_blank_lines_for_ever_ends_all_the_same(site: Serving) -> None:
    line = site.line()
    for _ in range(5):
        line.send(b"\r\n\r\n")
        site.ask(get("/en/"))
        site.clock.now += WHOLE_REQUEST / 4
    assert line.is_closed()


def test_a_reader_who_paused_has_the_whole_time_to_send_the_next_form(site: Serving) -> None:
    line = site.line()
    line.ask(get("/en/"))
    site.clock.now += WHOLE_REQUEST - 5
    form = post("/echo", b"text=hello")
    line.send(form[:-3])
    has_begun_a_request(site)
    site.clock.now += WHOLE_REQUEST - 10
    site.ask(get("/en/"))
    line.send(form[-3:])
    assert b"hello" in line.read_answer()


def test_large_forms_that_never_end_take_no_more_than_their_room_and_no_honest_seat(
    app: Hardened, site: Serving
) -> None:
    held: list[int] = []
    app.each_second = lambda: held.append(sum(each.held() for each in connections(site)))  # between two readings
    honest = site.line()
    form = post("/echo", b"text=" + b"w" * 70_000)
    honest.send(form[:60_000])
    unending = post("/echo", b"text=" + b"x" * (BODY_LIMIT - 5))[:-1]
    strangers: deque[Line] = deque()
    for _ in range(MOST_CONNECTIONS):
        strangers.append(Line(site.address))
        with suppress(BrokenPipeError, ConnectionResetError):
            strangers[-1].send(unending)
        site.clock.now += 0.1
    site.ask(get("/en/"))
    assert ROOM_FOR_BODIES * 0.9 < max(held) <= ROOM_FOR_BODIES
    honest.send(form[60_000:])
    assert b"w" * 70_000 in honest.read_answer()
    for line in strangers:
        line.close()
