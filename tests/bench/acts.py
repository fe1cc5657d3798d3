"""What a visitor's acts cost the site, in processor time: what else a machine is busy with changes little of it.

Each is compared with a limit that is measured between two of them.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from nacl.pwhash import argon2id

from onion_app.choices import TEXT_LETTERS
from scripts.rehearsal.pages import Form
from scripts.rehearsal.people import Visitor
from scripts.rehearsal.wire import request, through_unix
from tests.bench import filling
from tests.bench.running import Server, get, server, timed
from tests.bench.sections import Measured
from tests.promises.test_p16_no_request_costs_much import LETTERS, repeated
from tests.served import Site

TEXT = "وجدوا هاتفي في البيت اليوم وغدا سأرحل " * 316
MESSAGES = 40
WARM = 8  # of these, whose times do not count: each thread of the site has had its first
AT_ONCE = 64
STARTS = 5
READERS = 200


def messages(site: Site) -> Iterator[Measured]:
    """Compare a whole first message, in processor time, with one Argon2id of the same parameters; a long one with it.

    Each Argon2id of the limit runs as long after the one before as the site's own: right after another it finds its
    memory in the caches, and is a quarter faster.
    """
    times = []
    with server("site", site, "s") as ours:
        for _ in range(MESSAGES):
            visitors = [Visitor(through_unix(ours.path), site.address) for _ in range(3)]
            visitors[0].check()
            bare = _bare_argon2()
            mine, longer = (
                ours.used(who.hand_in, "tell", text)
                for who, text in zip(visitors[1:], (TEXT[:840], TEXT[:12_000]), strict=True)
            )
            times.append((bare, mine, longer))
        argon2, mine, longer = (median(each) for each in zip(*times[WARM:], strict=True))
        yield Measured("first message: processor time against Argon2id", "ms", mine, argon2, 1.5, _middle(times, 1, 0))
        yield Measured("the same, 12,000 letters against 840", "ms", longer, mine, 1.5, _middle(times, 2, 1))
        lost = sum(_lost(ours, [_filled_in(site, ours) for _ in range(AT_ONCE)]) for _ in range(3))
        yield Measured(f"first messages that were lost, {AT_ONCE} at once", "", lost, 3 * AT_ONCE, 0, lost)


def _middle(times: Sequence[tuple[float, ...]], mine: int, limit: int) -> float:
    return median([each[mine] / each[limit] for each in times[WARM:]])


def opening(site: Site) -> Iterator[Measured]:
    """Compare opening a case by its code, in processor time, with one Argon2id of the same parameters."""
    times = []
    with server("site", site, "s") as ours:
        code = Visitor(through_unix(ours.path), site.address).hand_in("ask", "A few words.")
        for _ in range(MESSAGES):
            visitor = Visitor(through_unix(ours.path), site.address)
            visitor.check()
            bare = _bare_argon2()
            visitor.check()
            form = visitor.go("return").form_with("code")
            times.append((bare, ours.used(_open, visitor, form, code)))
            assert visitor.page.having_class("message")
    limit, mine = (median(each) for each in zip(*times[WARM:], strict=True))
    yield Measured("opening a case by its code: processor time", "ms", mine, limit, 1.2, _middle(times, 1, 0))


def starts(site: Site) -> Iterator[Measured]:
    """Compare the first answer of each page after a start with the tenth; the worst page counts."""
    story = filling.one_story(site)
    published = ("", "protects", "stories", f"stories/{story}", "guides", "guides/now", "tell", "ask", "return")
    paths = [f"/{language}/{path}" for language in ("ar", "ckb", "kmr", "en") for path in published]
    found: dict[str, list[tuple[float, float]]] = {path: [] for path in [*paths, "check", "sent", "case"]}
    for number in range(STARTS):
        with server("site", site, f"s{number}") as ours:
            ours.ask(get(site.address, "/nothing"))
            for path in paths:
                times = [ours.used(ours.ask, get(site.address, path)) for _ in range(10)]
                found[path].append((times[0], times[-1]))
            acts = [_acts(site, ours) for _ in range(10)]
            for act in ("check", "sent", "case"):
                found[act].append((acts[0][act], acts[-1][act]))
    worst = max(found.values(), key=lambda times: median(first / tenth for first, tenth in times))
    first, tenth = (median(each) for each in zip(*worst, strict=True))
    ratio = median(one / other for one, other in worst)
    yield Measured("first answer of a page after a start, against the tenth", "ms", first, tenth, 3.0, ratio)


def _open(visitor: Visitor, form: Form, code: str) -> None:
    visitor.send(form, code=code)


def _acts(site: Site, ours: Server) -> dict[str, float]:
    """Give what each answer to a form takes."""
    visitor = Visitor(through_unix(ours.path), site.address)
    visitor.go("tell")
    written = visitor.page.form_with("text")
    check = ours.used(lambda: visitor.send(written, text="They found my phone."))
    page = visitor.page
    sent = ours.used(visitor.confirm, page)
    code = visitor.go("return").form_with("code")
    return {"check": check, "sent": sent, "case": ours.used(_open, visitor, code, page.code)}


def worst(site: Site) -> Iterator[Measured]:
    """Compare the worst requests we know with common ones of their kind, and see how long a reader waits meanwhile."""
    with server("site", site, "s") as ours:
        for kind, common, others in _worst_requests(site, ours):
            usual = median(ours.used(ours.ask, common) for _ in range(9))
            most = max(median(ours.used(ours.ask, each) for _ in range(5)) for each in others)
            yield Measured(f"the worst request, {kind}", "ms", most, usual, 20.0, most / usual)
        stop = threading.Event()
        threads = [threading.Thread(target=_again, args=(ours, each, stop)) for each in others]
        for thread in threads:
            thread.start()
        waits = [timed(lambda: ours.ask(get(site.address, "/en/"))) for _ in range(READERS)]
        stop.set()
        for thread in threads:
            thread.join()
        wait = max(waits)
        yield Measured("a reader's longest wait meanwhile", "ms", wait, 1000.0, 1.0, wait / 1000)


def _worst_requests(site: Site, ours: Server) -> Iterator[tuple[str, bytes, list[bytes]]]:
    """Give kinds of requests: a common one, and the worst that tests know."""
    cookies = {"Cookie": "visit=" + ".eJ" * 2000}
    queries = ["&".join(["without=death"] * 400), "after=" + "a" * 6000, "part=" + "9" * 6000]
    yield (
        "reading",
        get(site.address, "/en/stories?x"),
        [
            *(get(site.address, f"/en/stories?{query}") for query in queries),
            request("GET", "/en/tell", site.address, headers=cookies),
            get(site.address, "/en/" + "/" * 6000),
        ],
    )
    visitor = Visitor(through_unix(ours.path), site.address)
    visitor.go("tell")
    form = visitor.page.form_with("text")

    def told(text: str) -> bytes:
        return request("POST", "/en/tell", site.address, form.filled(text=text), {"Cookie": visitor.cookie})

    texts = [repeated(letters, TEXT_LETTERS) for letters in LETTERS.values()]
    texts += [repeated(letters, 5 * TEXT_LETTERS) for letters in LETTERS.values()]
    fields = "&".join(["a"] * 100_000).encode()
    typed = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": visitor.cookie}
    yield (
        "writing",
        told("They found my phone. " * 40),
        [
            *map(told, texts),
            request("POST", "/en/tell", site.address, fields, typed),
            request("POST", "/en/tell", site.address, b"text=" + b"%CC%81" * 40_000, typed),
            request("POST", "/en/return", site.address, b"code=" + b"%D9%A1" * 40_000, typed),
        ],
    )


def _again(ours: Server, asked: bytes, stop: threading.Event) -> None:
    while not stop.is_set():
        ours.ask(asked)


def _filled_in(site: Site, ours: Server) -> bytes:
    visitor = Visitor(through_unix(ours.path), site.address)
    page = visitor.check("tell", "They found my phone. " * 40)
    form = page.form_with("line")
    return request("POST", "/en/tell", site.address, form.filled(line=page.code[-4:]), {"Cookie": visitor.cookie})


def _lost(to: Server, requests: list[bytes]) -> int:
    """Send them all at once, and count those that are not answered as stored."""
    with ThreadPoolExecutor(len(requests)) as senders:
        return sum(answer.status != 200 for answer in senders.map(to.ask, requests))


def _bare_argon2() -> float:
    began = time.thread_time()
    argon2id.kdf(32, b"0" * 28, b"a salt, 16 bytes", opslimit=2, memlimit=19 * 2**20)
    return (time.thread_time() - began) * 1000
