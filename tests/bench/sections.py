"""What is measured, each against its own limit."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from nacl.pwhash import argon2id

from onion_app.crypto.codes import derive
from onion_app.vault import settings
from scripts.rehearsal.people import Login, Visitor, Volunteer
from scripts.rehearsal.wire import exchange, read_answer, request, through_unix
from tests.bench import filling
from tests.bench.child import DESK, DESK_PORT
from tests.bench.running import Server, get, percentile, rate, server, timed, timed_answer
from tests.served import Site

ROUNDS = 7
SECONDS = 1.5  # of each round of a rate
SUBMISSIONS = 192  # in three rounds of 64 at once
OPENINGS = 40
LOOKS = 300  # requests of which the slowest hundredth is taken
FEW, MANY = 1_000, 100_000
HOST = f"{DESK}.localhost:{DESK_PORT}"


@dataclass(frozen=True)
class Measured:
    """A number of ours beside its limit."""

    what: str
    unit: str
    ours: float
    limit: float
    wanted: float
    ratio: float
    at_least: bool = False

    @property
    def reached(self) -> bool:
        return self.ratio >= self.wanted if self.at_least else self.ratio <= self.wanted


def pages(site: Site) -> Iterator[Measured]:
    """Compare the rate of published pages with a bare waitress and a constant page of the same size."""
    story = filling.one_story(site)
    with server("site", site, "s") as ours, server("bare", site, "b") as bare:
        for what, path in (
            ("home", "/ar/"),
            ("a story", f"/ar/stories/{story}"),
            ("the list of stories", "/en/stories"),
        ):
            asked = get(site.address, path)
            found = [(rate(ours, asked, SECONDS), rate(bare, asked, SECONDS)) for _ in range(ROUNDS)]
            for clock, second in enumerate(("second", "processor second")):
                mine, limits = ([each[who][clock] for each in found] for who in (0, 1))
                ratio = median([mine / limit for mine, limit in zip(mine, limits, strict=True)])
                yield Measured(
                    f"published page, {what}: a {second}", "/s", median(mine), median(limits), 0.7, ratio, at_least=True
                )


def submissions(site: Site) -> Iterator[Measured]:
    """Compare durable submissions, 64 at once, with bare inserts, each with its commit."""
    with server("site", site, "s") as ours:
        prepared = [_filled_in(site, ours) for _ in range(SUBMISSIONS)]
        mine, limits = [], []
        for beginning in range(0, SUBMISSIONS, 64):
            limits.append(filling.bare_commits(site.state.path, 64))
            batch = prepared[beginning : beginning + 64]
            mine.append(64_000 / timed(lambda batch=batch: _all_at_once(ours, batch)))  # type: ignore[misc]
        assert site.count("cases") == SUBMISSIONS
    ratio = median([each / limit for each, limit in zip(mine, limits, strict=True)])
    yield Measured("durable submissions, 64 at once", "/s", median(mine), median(limits), 0.3, ratio, at_least=True)


def opening(site: Site) -> Iterator[Measured]:
    """Compare opening a case by its code with one Argon2id of the same parameters."""
    salt = settings.read_settings(site.shown).code_salt
    with server("site", site, "s") as ours:
        visitor = Visitor(through_unix(ours.path), site.address)
        code = visitor.hand_in("ask", "A few words.")
        form = visitor.get("/en/return").form_with("code")
        asked = request("POST", "/en/return", site.address, form.filled(code=code), {"Cookie": visitor.cookie})
        times = [(timed(lambda: _expect(ours, asked, 200)), timed(lambda: _bare_argon2(salt))) for _ in range(OPENINGS)]
    derive(code, salt)  # the same work as above, with the same parameters
    mine, limits = median([mine for mine, _ in times]), median([limit for _, limit in times])
    yield Measured("opening a case by its code", "ms", mine, limits, 1.3, mine / limits)


def rows(site: Site) -> Iterator[Measured]:
    """Compare the slowest hundredth of story list and case page with 100,000 rows and with 1,000."""
    with ExitStack() as stack:
        small = stack.enter_context(server("site", site, "s"))
        code = Visitor(through_unix(small.path), site.address).hand_in("tell", "A few words.")
        filling.fill(site, FEW)
        large_site = stack.enter_context(filling.copied(site))
        filling.fill(large_site, MANY - FEW)
        large = stack.enter_context(server("site", large_site, "l"))
        # A query that the pages do not write is answered past the pages that are kept ready.
        for what, path in (("story list", "/en/stories?x"), ("story list, filtered", "/en/stories?without=death&x")):
            yield _slowest(what, (small, get(site.address, path)), (large, get(large_site.address, path)))
        cookies = []
        for each in (small, large):
            visitor = Visitor(through_unix(each.path), site.address)
            visitor.come_back(code)
            cookies.append(visitor.cookie)
        asked = [get(site.address, "/en/case", cookie) for cookie in cookies]
        yield _slowest("case page", (small, asked[0]), (large, asked[1]))
        yield from _desk(site, large_site, code)


def _desk(site: Site, large_site: Site, code: str) -> Iterator[Measured]:
    """Compare the pages of the desk, in the same two installations."""
    case = site.case_of(code).hex()
    with server("desk", site, "d") as few, server("desk", large_site, "e") as many:
        cookies = _opened_at_desk(few, site, case), _opened_at_desk(many, large_site, case)
        for what, path in _pages_of_desk(site.first.hex(), case):
            small, large = (get(HOST, path, cookie) for cookie in cookies)
            yield _slowest(f"desk, {what}", (few, small), (many, large))


def _pages_of_desk(circle: str, case: str) -> list[tuple[str, str]]:
    """Name the pages that show something of a table that grows, and give their paths."""
    return [
        ("first page", "/"),
        ("queue", f"/circle/{circle}/new"),
        ("queue, page 40", f"/circle/{circle}/new?page=40"),
        ("case", f"/case/{case}"),
        ("my cases", "/mine"),
        ("who is in the circle", "/circles"),
        ("who did what", f"/circles/{circle}/audit"),
    ]


def _opened_at_desk(at: Server, site: Site, case: str) -> str:
    """Log in, take a case and open it, and give the cookie."""
    who = site.member_of_first
    volunteer = Volunteer(f"http://{HOST}", through_unix(at.path))
    volunteer.login = Login(who.handle, who.passphrase, who.totp)
    assert volunteer.log_in().having_class("circle"), volunteer.page.text
    volunteer.reply(case, "I have read it.")
    assert volunteer.open_case(case).having_class("message")
    return volunteer.cookie


def memory(site: Site) -> Iterator[Measured]:
    """Compare the resident memory of an idle site and desk with 80 MiB."""
    filling.one_story(site)
    for kind in ("site", "desk"):
        with server(kind, site, "s") as ours:
            for path in ("/", "/ar/", "/en/stories", "/en/tell", "/login"):
                with ours.dial() as line:
                    line.sendall(get(site.address, path))
                    read_answer(line)
            used = ours.resident()
        yield Measured(f"resident memory, idle: {kind}", "MiB", used, 80.0, 1.0, used / 80)


def _slowest(what: str, small: tuple[Server, bytes], large: tuple[Server, bytes]) -> Measured:
    times: tuple[list[float], list[float]] = ([], [])
    with small[0].dial() as few, large[0].dial() as many:
        for number in range(LOOKS + 20):
            for line, asked, into in ((many, large[1], times[0]), (few, small[1], times[1])):
                took = timed_answer(line, asked)
                if number >= 20:  # the first ones warm up
                    into.append(took)
    mine, limit = (percentile(each, 0.99) for each in times)
    return Measured(f"{what}: p99 at {MANY:,} rows against {FEW:,}", "ms", mine, limit, 1.5, mine / limit)


def _filled_in(site: Site, ours: Server) -> bytes:
    visitor = Visitor(through_unix(ours.path), site.address)
    page = visitor.check("tell", "They found my phone. " * 40)
    form = page.form_with("line")
    return request("POST", "/en/tell", site.address, form.filled(line=page.code[-4:]), {"Cookie": visitor.cookie})


def _all_at_once(to: Server, requests: list[bytes]) -> None:
    threads = [threading.Thread(target=_expect, args=(to, each, 200)) for each in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _expect(to: Server, asked: bytes, status: int) -> None:
    assert exchange(through_unix(to.path), asked).status == status


def _bare_argon2(salt: bytes) -> None:
    argon2id.kdf(32, b"0" * 28, salt, opslimit=2, memlimit=19 * 2**20)
