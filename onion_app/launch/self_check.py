"""Looks at the site from outside: asks tor every few seconds for its health, and now and then fetches our page.

It works in two threads of its own, because tor may take minutes to answer; the launcher never waits for either. None of
its observations is stored: minutes stand on the operator's screen and nowhere else.
"""

import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from onion_app.errors import ControlLost
from onion_app.onion import socks
from onion_app.onion.control import Control, Health

_LOOK = 15.0  # seconds between two questions to tor; an outage that it knows of is to show within a minute
_FIRST = 60.0  # seconds after publication: by then the directories have spread it
_SOONEST, _LATEST = 600.0, 2400.0  # seconds between two fetches, drawn anew each time: no clock for an observer
_SOON = (5.0, 45.0)  # seconds after a doubt, drawn likewise; with `_LOOK` it is a minute at most
_AFTER_FAILURE = 120.0  # seconds; the operator waits to see it work again
_RELAYS_ARE_OLD = 120.0  # seconds after the end of a list of relays; tor asks for a new one long before it
_STEP = 60.0  # seconds for each step of a fetch
_WHOLE = 180.0  # seconds for a whole one
_TURN = 1.0  # seconds between two looks whether a fetch is due
_LONGEST = 1 << 20  # bytes; our longest page has an eighth of it


class SelfCheck:
    """Our own view from outside; its last observations are read without waiting."""

    def __init__(self, address: str, proxy: Path, control: Callable[[], Control | None]) -> None:
        """Remember whom to fetch (`address`), through which SOCKS socket, and how to come by the control connection."""
        self._address = address
        self._proxy = proxy
        self._control = control
        self.health: Health | None = None  # None: tor could not be asked
        self.worked: float | None = None  # when a fetch last worked, in seconds of the monotonic clock
        self.failed = False  # the last fetch did
        self._over = threading.Event()
        self._doubt = threading.Event()

    def start(self) -> None:
        """Begin to look."""
        for loop in (self._ask_tor, self._fetch_site):
            threading.Thread(target=loop, name="self-check", daemon=True).start()

    @property
    def relays_are_old(self) -> bool:
        """Whether tor has said so the last time; not when it could not be asked."""
        return self.health is not None and relays_are_old(self.health, time.time())

    def stop(self) -> None:
        """Look no more; a fetch under way ends by itself."""
        self._over.set()

    def _ask_tor(self) -> None:
        faults: set[str] = set()
        while not self._over.wait(_LOOK if self.health else _TURN):
            control = self._control()
            try:
                self.health = control.health() if control else None
            except ControlLost:
                self.health = None
            before, faults = faults, set(tor_trouble(self.health, time.time()))
            if faults - before:
                self._doubt.set()

    def _fetch_site(self) -> None:
        published: Control | None = None
        due = 0.0
        while not self._over.wait(_TURN):
            control = self._control()
            if control is None or not control.uploaded.is_set():
                published = None
                continue
            if control is not published:
                published, due = control, time.monotonic() + _FIRST
                self._doubt.clear()  # what was amiss before it was published is of no account now
            if self._doubt.is_set():
                self._doubt.clear()
                due = min(due, time.monotonic() + secrets.SystemRandom().uniform(*_SOON))
            if time.monotonic() < due:
                continue
            self.failed = not site_answers(self._proxy, self._address)
            now = time.monotonic()
            self.worked = self.worked if self.failed else now
            due = now + (_AFTER_FAILURE if self.failed else secrets.SystemRandom().uniform(_SOONEST, _LATEST))


def tor_trouble(health: Health | None, now: float) -> list[str]:
    """Name the faults that tor itself reports; none when, as far as it knows, visitors get through.

    `now` is in unix seconds, by the machine's own clock, as tor has it.
    """
    if health is None:
        return ["tor does not answer"]
    faults = {
        "the network is down": not health.network_up,
        "no circuits": not health.circuits,
        "no introduction points": health.introduction_points == 0,
        "its list of relays is too old": relays_are_old(health, now),
        "tor is asleep": health.dormant,
        "not published": not health.published,
    }
    return [name for name, is_so in faults.items() if is_so]


def relays_are_old(health: Health, now: float) -> bool:
    """Say whether tor holds no list of relays that is still good."""
    return now > health.relays_until + _RELAYS_ARE_OLD


def relays_hold_minutes(health: Health | None, now: float) -> int | None:
    """Give for how many minutes tor's list of relays is good; below 0 since it is not; None when there is none."""
    return int((health.relays_until - now) // 60) if health and health.relays_until else None


def site_answers(proxy: Path | int, address: str) -> bool:
    """Fetch the first page through tor, on a circuit of its own, and say whether it came whole."""
    give_up = time.monotonic() + _WHOLE
    request = f"GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode()
    with suppress(OSError), socks.dial(proxy, address, 80, _STEP, circuit=secrets.token_hex(8)) as line:
        line.sendall(request)
        page = b""
        while len(page) < _LONGEST and time.monotonic() < give_up:
            piece = line.recv(65536)
            if not piece:
                return page.startswith(b"HTTP/1.1 200 ") and page.rstrip().endswith(b"</html>")
            page += piece
    return False
