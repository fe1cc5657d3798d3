"""P16: no crowd of strangers takes away what somebody else has open, or a seat, or the memory of the machine.

The other half, that no request costs much, is in test_p16_no_request_costs_much.py.
"""

import re
import socket
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
from flask import Response

from onion_app.crypto.codes import new_code
from onion_app.errors import Overloaded
from onion_app.web.app import Hardened
from onion_app.web.headers import BODY_LIMIT
from onion_app.web.visits import MOST_VISITS
from onion_app.web.waitress.connection import MOST_CONNECTIONS
from scripts.rehearsal.people import Visitor
from scripts.rehearsal.wire import read_answer, request
from tests.bench.running import Server, server
from tests.served import Site
from tests.web.conftest import write_catalogues
from tests.web.plain_app import Line, get, plain_app, post, serving

pytestmark = pytest.mark.usefixtures("nothing_is_stretched")

FORMS: Final = 1000
MEMORY: Final = 32.0  # MiB
LETTERS: Final = ("a", "%D8%A7", "%F0%9F%98%80", "%26")  # as a browser sends them: of one byte, two, four; escaped


def drain(app: Hardened, kind: str) -> None:
    """Take all that a bucket holds, as a crowd does."""
    with suppress(Overloaded):
        while True:
            app.extensions["site"].budgets[kind].take(urgent=True)


def test_strangers_end_nobodys_visit(app: Hardened, come: Callable[[], Visitor]) -> None:
    visitor, other = come(), come()
    code = visitor.hand_in("ask", "Words.")
    case = visitor.come_back(code)
    visits = app.extensions["site"].visits
    for number in range(2 * MOST_VISITS):
        visits.start({"case": "another", "draft": {"text": "strange"}}, holder=number.to_bytes(16, "big"))
    assert "Words." in visitor.go("case").main.text
    assert visitor.write_back(case, "More.").has(id="arrived")

    page = other.come_back(code)
    assert "More." in page.main.text, "who comes when all places are taken reads all the same"
    kept = other.write_back(page, "And more.")
    assert kept.has(id="code-field"), "and is asked for the code with what they send"
    assert "And more." in kept.html


def test_whoever_opens_a_case_again_and_again_ends_only_visits_of_this_case(come: Callable[[], Visitor]) -> None:
    visitor, other = come(), come()
    mine, theirs = visitor.hand_in("ask", "Mine."), other.hand_in("ask", "Theirs.")
    visitor.come_back(mine)
    for _ in range(20):
        last = come()
        last.come_back(theirs)
    assert "Mine." in visitor.go("case").main.text
    assert "Theirs." in last.go("case").main.text, "the newest hold"


def test_invented_codes_stop_no_erasing_and_no_open_case(app: Hardened, come: Callable[[], Visitor]) -> None:
    visitor, other, stranger = come(), come(), come()
    code, unopened = visitor.hand_in("ask", "Mine."), other.hand_in("ask", "Theirs.")
    case = visitor.come_back(code)
    drain(app, "open")
    assert stranger.come_back(new_code()).status == 503
    assert other.erase_without_opening(unopened).heading == "Erased."
    drain(app, "erase")
    assert visitor.write_back(case, "More.").has(id="arrived")
    asked = visitor.send(visitor.go("case").form_doing("erase"))
    assert visitor.send(asked).heading == "Erased."


def size_of(pid: int, what: str) -> float:
    """Read a size of a process in MiB."""
    found = re.search(rf"{what}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text("utf-8"))
    assert found
    return int(found[1]) / 1024


def ask(to: Server, data: bytes) -> int:
    with to.dial() as line:
        line.sendall(data)
        return read_answer(line).status


def largest_form(address: str, path: str, letter: str) -> bytes:
    times = (BODY_LIMIT - 10) // len(letter)
    return request("POST", path, address, b"text=" + (letter * times).encode())


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.close()


def test_a_thousand_refused_and_abandoned_forms_take_little_memory(served: Site) -> None:
    kinds = [(path, letter) for letter in LETTERS for path in ("/en/tell", "/ar/case", "/en/return")]
    forms = [largest_form(served.address, *kind) for kind in kinds]
    with server("site", served, "s") as site:
        with ThreadPoolExecutor(32) as crowd:
            [*crowd.map(lambda _: ask(site, request("POST", "/en/tell", served.address, b"text=short")), range(200))]
            pid = site.process.pid
            Path(f"/proc/{pid}/clear_refs").write_text("5", "utf-8")  # the peak begins here
            before = size_of(pid, "VmRSS")
            statuses = {*crowd.map(lambda number: ask(site, forms[number % len(forms)]), range(FORMS))}
        assert statuses <= {400, 413}
        assert size_of(pid, "VmHWM") - before <= MEMORY
        lines: deque[socket.socket] = deque(maxlen=MOST_CONNECTIONS + 20)
        for number in range(FORMS):
            if len(lines) == lines.maxlen:
                lines.popleft().close()
            lines.append(site.dial())
            lines[-1].setblocking(False)  # noqa: FBT003 - what is not taken at once is not waited for
            with suppress(OSError):
                lines[-1].sendall(forms[number % len(forms)][:-1])
        ask(site, request("GET", "/", served.address))
        assert size_of(pid, "VmHWM") - before <= MEMORY
        for line in lines:
            line.close()


def test_an_honest_sender_keeps_the_seat_among_crowds_that_say_nothing(tmp_path: Path) -> None:
    form = post("/echo", b"text=" + b"honest words " * 900)
    steps = 200  # of a tenth of a second: 12 KB over 20 s, and meanwhile a hundred connections a second
    with serving(plain_app(write_catalogues(tmp_path / "translations")), tmp_path) as site:
        honest, silent = site.line(), deque[Line]()
        for step in range(steps):
            with suppress(OSError):
                honest.send(form[step * len(form) // steps : (step + 1) * len(form) // steps])
            silent.extend(Line(site.address) for _ in range(10))
            while len(silent) > MOST_CONNECTIONS + 20:
                silent.popleft().close()
            site.ask(get("/en/", "Connection: close"))  # all that came before it has been taken now
            site.lines.pop().close()
            site.clock.now += 0.1
        answer = b""
        with suppress(OSError, AssertionError):
            answer = honest.read_answer()
        for line in silent:
            line.close()
        assert b"honest words" in answer


UNKNOWN: Final = ("x", "x=1", "part=999", "part=1", "part=%D9%A2", "after=zzzzzzzz", "without=x", "-" * 40, "a&" * 90)


@pytest.mark.parametrize("path", ["/en/", "/ar/stories", "/en/guides/now", "/ckb/protects", "/kmr/guides", "/"])
def test_a_published_page_under_any_query_that_means_nothing_is_the_page_that_is_kept(
    app: Hardened, come: Callable[[], Visitor], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = come()
    page = visitor.get(path).html
    made: list[str] = []
    full = app.full_dispatch_request

    def counted() -> Response:
        made.append("a page")
        return full()

    monkeypatch.setattr(app, "full_dispatch_request", counted)
    for query in UNKNOWN:
        assert visitor.get(f"{path}?{query}").html == page
        assert visitor.get(f"{path}?{query}&{query}").html == page
    assert made == []
