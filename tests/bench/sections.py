"""What is measured, each against its own limit."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from unittest.mock import patch

from nacl.pwhash import argon2id

from onion_app.choices import NOTEBOOK_ENTRIES
from scripts.rehearsal.people import Login, Visitor, Volunteer
from scripts.rehearsal.wire import through_unix
from tests.bench import filling
from tests.bench.child import DESK, DESK_PORT
from tests.bench.running import Server, get, percentile, rate, server, timed_answer
from tests.desk.counted import Counted
from tests.desk.test_facts import CHOSEN as FACTS
from tests.quoting import TOLD, WORDS
from tests.served import Site
from tests.world import hardly_stretched

ROUNDS = 7
SECONDS = 1.5  # of each round of a rate
IDLE = 60.0  # MiB of a process
LISTS = 32  # that the site keeps ready of one path
LOOKS = 300  # requests of which the slowest hundredth is taken
FEW, MANY = 1_000, 100_000
COUNTED = 500
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
    paths = {"home": "/ar/", "a story": f"/ar/stories/{story}", "the list of stories": "/en/stories"}
    with server("site", site, "s") as ours, server("bare", site, "b") as bare:
        for what, path in paths.items():
            yield from _rates(f"published page, {what}", (ours, get(site.address, path)), bare, 1.0)
        query = (ours, get(site.address, "/en/stories?x"))
        yield from _rates("unknown query, against the page itself", query, ours, 0.9)


def _rates(what: str, mine: tuple[Server, bytes], limit: Server, wanted: float) -> Iterator[Measured]:
    to, asked = mine
    plain = asked.replace(b"?x", b"")
    found = [(rate(to, asked, SECONDS), rate(limit, plain, SECONDS)) for _ in range(ROUNDS)]
    for clock, second in enumerate(("second", "processor second")):
        ours, limits = ([each[who][clock] for each in found] for who in (0, 1))
        ratio = median([our / most for our, most in zip(ours, limits, strict=True)])
        yield Measured(f"{what}: a {second}", "/s", median(ours), median(limits), wanted, ratio, at_least=True)


def rows(site: Site) -> Iterator[Measured]:
    """Compare the slowest hundredth of story list and case page with 100,000 rows and with 1,000."""
    with ExitStack() as stack:
        small = stack.enter_context(server("site", site, "s"))
        code = Visitor(through_unix(small.path), site.address).hand_in("tell", TOLD, count="1", quote="1")
        filling.fill(site, FEW)
        large_site = stack.enter_context(filling.copied(site))
        filling.fill(large_site, MANY - FEW)
        large = stack.enter_context(server("site", large_site, "l"))
        # More lists than are kept ready, so that each is made anew.
        for what, query in (("story list", "after"), ("story list, filtered", "without=death&after")):
            few, many = (
                [get(each.address, f"/en/stories?{query}={name}") for name in filling.some_names(each, 2 * LISTS)]
                for each in (site, large_site)
            )
            yield _slowest(what, (small, few), (large, many))
        cookies = []
        for each in (small, large):
            visitor = Visitor(through_unix(each.path), site.address)
            visitor.come_back(code)
            cookies.append(visitor.cookie)
        asked = [get(site.address, "/en/case", cookie) for cookie in cookies]
        yield _slowest("case page", (small, asked[:1]), (large, asked[1:]))
        yield from _desk(site, large_site, code)


def _desk(site: Site, large_site: Site, code: str) -> Iterator[Measured]:
    """Compare the pages of the desk, in the same two installations."""
    case = site.case_of(code).hex()
    with server("desk", site, "d") as few, server("desk", large_site, "e") as many:
        cookies = _opened_at_desk(few, site, case), _opened_at_desk(many, large_site, case)
        for what, path in _pages_of_desk(site.first.hex(), case):
            small, large = (get(HOST, path, cookie) for cookie in cookies)
            yield _slowest(f"desk, {what}", (few, [small]), (many, [large]))


def _pages_of_desk(circle: str, case: str) -> list[tuple[str, str]]:
    """Name the pages that show something of a table that grows, and give their paths."""
    return [
        ("first page", "/"),
        ("queue", f"/circle/{circle}/new"),
        ("queue, further on", f"/circle/{circle}/new?after=1-{filling.DAY + 40}-{bytes(16).hex()}"),
        ("case with facts and chosen words", f"/case/{case}"),
        ("facts of a case", f"/case/{case}/facts"),
        ("words out of a case", f"/case/{case}/quotation"),
        ("my cases", "/mine"),
        ("who is in the circle", "/circles"),
        ("who did what", f"/circles/{circle}/audit"),
        ("notebook", f"/notebook/{circle}"),
        ("numbers", "/numbers"),
        ("words for reports", "/quotations"),
        ("stories", "/stories"),
        ("findings", "/findings"),
        ("settings", "/settings"),
    ]


def notebook(site: Site) -> Iterator[Measured]:
    """Compare the page of a notebook in which as much stands as fits with the first page of the same desk."""
    filling.fill_notebook(site)
    who = site.member_of_first
    with server("desk", site, "d") as ours:
        volunteer = Volunteer(f"http://{HOST}", through_unix(ours.path))
        volunteer.login = Login(who.handle, who.passphrase, who.totp)
        assert volunteer.log_in().having_class("circle"), volunteer.page.text
        assert len(volunteer.get(f"/notebook/{site.first.hex()}").having_class("referral")) == NOTEBOOK_ENTRIES
        common, full = (get(HOST, path, volunteer.cookie) for path in ("/", f"/notebook/{site.first.hex()}"))
        yield _slowest("desk, a full notebook", (ours, [common]), (ours, [full]), "against the first page", 20.0)


def _opened_at_desk(at: Server, site: Site, case: str) -> str:
    """Log in, take a case and open it, and give the cookie."""
    volunteer = _logged_in(at, site)
    volunteer.reply(case, "I have read it.")
    volunteer.press_on(f"/case/{case}/facts", f"/case/{case}/facts/keep", **FACTS)
    tick = volunteer.get(f"/case/{case}/quotation").first(id="sentences").first("input").get("name")
    volunteer.press(f"/case/{case}/quotation/choose", text=WORDS, **{tick: "1"})
    assert volunteer.open_case(case).having_class("message")
    return volunteer.cookie


def numbers(site: Site) -> Iterator[Measured]:
    """Make a table of the facts of 500 cases among 100,000, and compare its dearest page with that of a case."""
    with patch.object(argon2id, "kdf", hardly_stretched):  # nobody comes back to these
        told = Counted(site, site.first, site.member_of_first).tell(COUNTED)
    filling.fill(site, MANY - COUNTED)
    with site.mailbox.writing():
        site.mailbox.run("UPDATE cases SET received_day = received_day - 200, last_day = last_day - 200")
    with server("desk", site, "d") as ours:
        volunteer = _logged_in(ours, site)
        case = f"/case/{told[0].case_id.hex()}"
        volunteer.open_case(told[0].case_id.hex())
        usual = median(ours.used(volunteer.get, case) for _ in range(9))
        period = volunteer.get("/numbers").every("option")[0].get("value")
        begin = f"/numbers/{site.first.hex()}/begin"
        times = [ours.used(lambda: volunteer.press(begin, period=period))]
        while volunteer.page.has(id="how-far"):
            times.append(ours.used(volunteer.press, "/numbers/count/go-on"))
        assert volunteer.page.having_class("numbers")
        what = f"numbers of {COUNTED} among {MANY:,} cases, a tenth with facts, the dearest of {len(times)} pages"
        yield Measured(what, "ms", max(times), usual, 20.0, max(times) / usual)


def _logged_in(at: Server, site: Site) -> Volunteer:
    who = site.member_of_first
    volunteer = Volunteer(f"http://{HOST}", through_unix(at.path))
    volunteer.login = Login(who.handle, who.passphrase, who.totp)
    assert volunteer.log_in().having_class("circle"), volunteer.page.text
    return volunteer


def memory(site: Site) -> Iterator[Measured]:
    """Compare the resident memory of an idle site and desk, and what 1,000 abandoned forms take, with their limits."""
    filling.one_story(site)
    for kind, host in (("site", site.address), ("desk", HOST)):
        with server(kind, site, "s") as ours:
            for path in ("/", "/ar/", "/en/stories", "/en/tell", "/login"):
                ours.ask(get(host, path))
            used = ours.resident()
            yield Measured(f"resident memory, idle: {kind}", "MiB", used, IDLE, 1.0, used / IDLE)
            if kind == "site":
                yield _abandoned(site, ours)


def _abandoned(site: Site, ours: Server) -> Measured:
    """Let people write long texts and go, and others send forms that are refused."""
    text = "They found my phone. " * 571
    for _ in range(30):
        Visitor(through_unix(ours.path), site.address).check("tell", text)  # what is taken once, whoever comes
    before = ours.resident()
    for number in range(1000):
        visitor = Visitor(through_unix(ours.path), site.address)
        if number % 2:
            visitor.check("tell", text)
        else:
            visitor.send(visitor.go("tell").form_with("text"), text=text * 2)
    took = ours.resident() - before
    return Measured("memory taken by 1,000 refused or abandoned forms", "MiB", took, 32.0, 1.0, took / 32)


def _slowest(
    what: str,
    small: tuple[Server, list[bytes]],
    large: tuple[Server, list[bytes]],
    against: str = f"at {MANY:,} rows against {FEW:,}",
    wanted: float = 1.3,
) -> Measured:
    """Compare the slowest hundredth, in processor time: a busy machine lets now and then anybody wait."""
    times: tuple[list[float], list[float]] = ([], [])
    with small[0].dial() as few, large[0].dial() as many:
        for number in range(LOOKS + 20):
            for to, line, asked, into in ((large[0], many, large[1], times[0]), (small[0], few, small[1], times[1])):
                took = to.used(timed_answer, line, asked[number % len(asked)])
                if number >= 20:  # the first ones warm up
                    into.append(took)
    mine, limit = (percentile(each, 0.99) for each in times)
    return Measured(f"{what}: p99 {against}", "ms", mine, limit, wanted, mine / limit)
