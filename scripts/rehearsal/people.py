"""The people: visitors who come through the onion, and volunteers at the desk. The tests know the same ones.

They use the pages as people do, over HTTP and without scripts, and know nothing that the pages do not show them.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urljoin, urlsplit

import pyotp

from scripts.rehearsal.pages import Form, Page
from scripts.rehearsal.wire import Answer, Dial, Fields, exchange, request, through_loopback

STEP = 30  # seconds that six digits last


class UnexpectedPageError(Exception):
    """A page did not answer as it should."""


class Person:
    """Somebody who opens pages, keeps cookies and sends forms, on one line to one place."""

    def __init__(self, dial: Dial, host: str, headers: Mapping[str, str] | None = None) -> None:
        """Sit down before nothing yet; `headers` go with every request."""
        self.dial = dial
        self.host = host
        self.headers = dict(headers or {})
        self.cookies: dict[str, str] = {}
        self.path = "/"
        self.seen: list[tuple[bytes, Answer]] = []

    @property
    def page(self) -> Page:
        """The page that is open."""
        return Page(self.seen[-1][1])

    @property
    def status(self) -> int:
        """The status of the page that is open."""
        return self.seen[-1][1].status

    @property
    def cookie(self) -> str:
        """The cookies, as they are sent."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def ask_for(
        self, method: str, path: str, fields: Fields | bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Page:
        """Send one request, keep the cookies that come with the answer, and follow where it leads within this place.

        Raises:
            UnexpectedPageError: it leads elsewhere.
        """
        sent = dict(self.headers if headers is None else headers)
        if self.cookies:
            sent["Cookie"] = self.cookie
        raw = request(method, path, self.host, fields, sent)
        answer = exchange(self.dial, raw)
        self.seen.append((raw, answer))
        for name, value in answer.headers:
            if name == "set-cookie":
                self._keep(value)
        self.path = path
        if answer.status in (301, 302, 303, 307, 308):
            return self.ask_for("GET", self._within(answer.header("location")))
        return Page(answer)

    def _within(self, link: str) -> str:
        there = urlsplit(urljoin(f"http://{self.host}{self.path}", link))
        if there.netloc != self.host:
            raise UnexpectedPageError("sent away from this place")
        return there.path + (f"?{there.query}" if there.query else "")

    def _keep(self, cookie: str) -> None:
        """Keep or drop a cookie as its line says."""
        pair, *attributes = cookie.split(";")
        name, _, value = pair.partition("=")
        gone = not value or any(word.strip().lower() == "max-age=0" or "1970" in word for word in attributes)
        if gone:
            self.cookies.pop(name.strip(), None)
        else:
            self.cookies[name.strip()] = value

    def pages(self) -> list[Page]:
        """Read again every page that was seen."""
        return [Page(answer) for _, answer in self.seen]

    def get(self, path: str) -> Page:
        """Open a page."""
        return self.ask_for("GET", path)

    def post(self, path: str, fields: Fields | bytes) -> Page:
        """Send fields to a path."""
        return self.ask_for("POST", path, fields)

    def send(self, form: Form | Page, button: int = 0, /, **typed: str | None) -> Page:
        """Fill in a form, or the first one of a page, and press one of its buttons; `None` leaves a field out."""
        form = form.form() if isinstance(form, Page) else form
        return self.post(self._within(form.action), form.filled(button, **typed))

    def press(self, action: str, /, **typed: str | None) -> Page:
        """Fill in the form of the open page that leads to this path, and send it there."""
        return self.post(action, self.page.form_to(action).filled(**typed))


class Visitor(Person):
    """Somebody who comes to the site."""

    def __init__(self, dial: Dial, onion: str, language: str = "en") -> None:
        """Come by this line, and read in this language."""
        super().__init__(dial, onion)
        self.language = language

    def go(self, path: str) -> Page:
        """Open a page in one's language."""
        return self.get(f"/{self.language}/{path}")

    def check(self, kind: str = "tell", text: str = "They found my phone.", **choices: str) -> Page:
        """Write a testimony (`tell`) or a request (`ask`) and go on to the check page."""
        return self.send(self.go(kind).form_with("text"), text=text, **choices)

    def confirm(self, page: Page, **choices: str | None) -> Page:
        """Type line 7 of the code back, unless one wants none, and send."""
        line = {} if "no_return" in choices else {"line": page.code[-4:]}
        return self.send(page.form_with("line"), **(line | choices))

    def hand_in(self, kind: str = "tell", text: str = "They found my phone.", **choices: str) -> str:
        """Tell or ask, all the way to *It has arrived*, and give the return code.

        Raises:
            UnexpectedPageError: it was not sent.
        """
        page = self.check(kind, text, **choices)
        if not page.code or self.confirm(page).code != page.code:
            raise UnexpectedPageError("it was not sent")
        return page.code

    def come_back(self, code: str) -> Page:
        """Open the case behind a code."""
        return self.send(self.go("return").form_with("code"), code=code)

    def write_back(self, page: Page, text: str) -> Page:
        """Write another message in the open case."""
        return self.send(page.form_with("text"), text=text)

    def new_code(self, code: str) -> str:
        """Get a new code for the case behind a code, and give it."""
        page = self.send(self.come_back(code).form_doing("new_code"))
        self.confirm(page)
        return page.code

    def ask_to_erase(self, code: str) -> Page:
        """Type a code and press the button that erases without opening: the page asks whether one is sure."""
        return self.send(self.go("return").form_with("code"), 1, code=code)

    def erase_without_opening(self, code: str) -> Page:
        """Erase everything behind a code, from the page where it is typed."""
        return self.send(self.ask_to_erase(code))

    def leave(self) -> Page:
        """Press Leave."""
        return self.post("/leave", [("lang", self.language)])


@dataclass
class Login:
    """What somebody needs to log in at the desk."""

    handle: str
    passphrase: str
    totp_secret: str
    circles: list[str] = field(default_factory=list)

    used = 0  # the step of the digits that were typed last

    def digits(self, at: float) -> str:
        """Give the six digits of a moment, in unix seconds."""
        return pyotp.TOTP(self.totp_secret).at(int(at))

    def unused_digits(self, clock: Callable[[], float]) -> str:
        """Give six digits that were not typed yet; wait where those of the next half minute were typed too."""
        step = max(int(clock()) // STEP, self.used + 1)
        while int(clock()) // STEP + 1 < step:
            time.sleep(0.1)
        self.used = step
        return self.digits(step * STEP)

    def wait_for_unused_digits(self) -> None:
        """Wait until the digits of this moment are some that were not typed yet."""
        while int(time.time()) // STEP <= self.used:
            time.sleep(0.1)


class Volunteer(Person):
    """Somebody at the desk, with a browser, a phone and a sheet of paper."""

    def __init__(self, desk_url: str, dial: Dial | None = None, clock: Callable[[], float] = time.time) -> None:
        """Sit down before the desk's address."""
        address = urlsplit(desk_url)
        super().__init__(
            dial or through_loopback(address.port or 80), address.netloc, {"Sec-Fetch-Site": "same-origin"}
        )
        self.clock = clock
        self.login = Login("", "", "")
        self.sheet = ""

    def digits(self) -> str:
        """Read six unused digits from the phone."""
        return self.login.unused_digits(self.clock)

    def redeem(self, invitation: str) -> Page:
        """Type an invitation and write down what is shown."""
        page = self.send(self.get("/join?lang=en").form_with("invitation"), invitation=invitation)
        return self.write_down(page)

    def write_down(self, page: Page) -> Page:
        """Write down the secrets that a page shows once, if it shows any."""
        if page.has(id="totp-secret"):
            secret = page.first(id="totp-secret").lines
            self.login = Login(self.login.handle, page.first(id="new-passphrase").text, secret)
            self.sheet = page.code
        return page

    @property
    def wanted_line(self) -> str:
        """The line of the sheet that the open page asks for."""
        line = int(next(label for label in self.page.every("label") if label.get("data-line")).get("data-line"))
        return self.sheet[4 * line - 4 : 4 * line]

    def type_back(self, **typed: str) -> Page:
        """Type back the line of the sheet that is asked for, and six digits."""
        asked = {"line": self.wanted_line} | typed | {"totp": typed.get("totp") or self.digits()}
        return self.press("/enrol", **asked)

    def enrol(self, invitation: str, handle: str) -> Self:
        """Redeem an invitation, to the end.

        Raises:
            UnexpectedPageError: it was refused.
        """
        self.redeem(invitation)
        page = self.type_back(handle=handle)
        if not page.has(id="welcome"):
            raise UnexpectedPageError(page.errors)
        self.login.handle = handle
        return self

    def log_in(self, **wrong: str) -> Page:
        """Log in with the next unused six digits."""
        self.get("/login?lang=en")
        return self.fill_in_login(**wrong)

    def fill_in_login(self, **wrong: str) -> Page:
        """Fill in the login that is open."""
        typed = {"handle": self.login.handle, "passphrase": self.login.passphrase} | wrong
        return self.press("/login", **(typed | {"totp": wrong.get("totp") or self.digits()}))

    def log_out(self) -> Page:
        """Log out."""
        return self.send(self.get("/").form_to("/logout"))

    def press_on(self, path: str, action: str, /, **typed: str | None) -> Page:
        """Open a page and send the form on it that leads to `action`."""
        self.get(path)
        return self.press(action, **typed)

    def circles(self) -> Iterator[tuple[str, str]]:
        """Read id and name of each circle from the first page."""
        for card in self.get("/").having_class("circle"):
            yield card.get("data-circle"), card.first("h2").text

    def queue(self, *which: str) -> list[str]:
        """List the cases in these queues of all of one's circles, by their ids."""
        queues = which or ("new", "reading", "waiting")
        pages = [self.get(f"/circle/{circle}/{queue}") for circle, _ in self.circles() for queue in queues]
        return [case.get("data-case") for page in pages for case in page.having_class("case")]

    def open_case(self, case: str) -> Page:
        """Open a case, past its cover if something in it is new."""
        page = self.get(f"/case/{case}")
        return self.press(f"/case/{case}/open") if page.has(id="cover") else page

    def take(self, case: str) -> Page:
        """Open a case, and take it unless it is taken."""
        page = self.open_case(case)
        take = f"/case/{case}/take"
        return self.press(take) if page.has("button", formaction=take) else page

    def reply(self, case: str, text: str) -> Page:
        """Take a case and answer in it."""
        self.take(case)
        return self.press(f"/case/{case}/reply", text=text)
