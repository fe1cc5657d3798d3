"""The people of the tests: a visitor and a volunteer, with cookies and forms like anybody."""

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from tests.pages import Form, Page
from tests.wire import Answer, Dial, Fields, exchange, request, through_loopback


class Person:
    """Somebody who opens pages, keeps cookies and sends forms."""

    def __init__(self, dial: Dial, host: str, headers: Mapping[str, str] | None = None) -> None:
        self.dial = dial
        self.host = host
        self.headers = dict(headers or {})
        self.cookies: dict[str, str] = {}
        self.path = "/"
        self.seen: list[tuple[bytes, Answer]] = []

    def ask_for(self, method: str, path: str, fields: Fields | None = None) -> Page:
        """Send one request and keep the cookies that come with the answer."""
        headers = dict(self.headers)
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        raw = request(method, path, self.host, fields, headers)
        answer = exchange(self.dial, raw)
        self.seen.append((raw, answer))
        for name, value in answer.headers:
            if name == "set-cookie":
                self.keep(value)
        self.path = path
        if answer.status in (301, 302, 303, 307, 308):
            there = urlsplit(urljoin(f"http://{self.host}{path}", answer.header("location")))
            assert there.netloc == self.host, "sent away from this place"
            return self.ask_for("GET", there.path + (f"?{there.query}" if there.query else ""))
        return Page(answer)

    def keep(self, cookie: str) -> None:
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

    def post(self, path: str, fields: Fields) -> Page:
        """Send fields to a path."""
        return self.ask_for("POST", path, fields)

    def send(self, form: Form, button: int = 0, /, **typed: str | None) -> Page:
        """Fill in a form of the page that is open, and press one of its buttons."""
        there = urlsplit(urljoin(f"http://{self.host}{self.path}", form.action))
        return self.post(there.path + (f"?{there.query}" if there.query else ""), form.filled(button, **typed))


class Visitor(Person):
    """Somebody who comes through the onion."""

    def __init__(self, dial: Dial, onion: str, language: str = "en") -> None:
        super().__init__(dial, onion)
        self.language = language

    def check(self, kind: str, text: str, **choices: str) -> Page:
        """Write a testimony (`tell`) or a request (`ask`) and go on to the check page."""
        page = self.get(f"/{self.language}/{kind}")
        return self.send(page.form_with("text"), text=text, **choices)

    def confirm(self, page: Page, **choices: str) -> Page:
        """Type line 7 of the code back and send."""
        return self.send(page.form_with("line"), line=page.code[-4:], **choices)

    def hand_in(self, kind: str, text: str, **choices: str) -> str:
        """Tell or ask, all the way to *It has arrived*, and give the return code."""
        page = self.check(kind, text, **choices)
        sent = self.confirm(page)
        assert sent.code == page.code
        return page.code

    def come_back(self, code: str) -> Page:
        """Open the case behind a code."""
        page = self.get(f"/{self.language}/return")
        return self.send(page.form_with("code"), code=code)

    def write_back(self, page: Page, text: str) -> Page:
        """Write another message in the open case."""
        return self.send(page.form_with("text"), text=text)

    def erase_without_opening(self, code: str) -> Page:
        """Erase everything behind a code, from the page where it is typed."""
        page = self.get(f"/{self.language}/return")
        confirmation = self.send(page.form_with("code"), 1, code=code)
        return self.send(confirmation.form())

    def leave(self) -> Page:
        """Press Leave."""
        return self.post("/leave", [("lang", self.language)])


class Volunteer(Person):
    """Somebody at the desk."""

    def __init__(self, desk_url: str, dial: Dial | None = None) -> None:
        address = urlsplit(desk_url)
        dial = dial or through_loopback(address.port or 80)
        super().__init__(dial, address.netloc, {"Sec-Fetch-Site": "same-origin"})

    def log_in(self, handle: str, passphrase: str, digits: str) -> Page:
        """Log in with six digits."""
        page = self.get("/login?lang=en")
        return self.send(page.form_with("handle"), handle=handle, passphrase=passphrase, totp=digits)

    def queue(self, *which: str) -> list[str]:
        """List the cases in these queues of all of one's circles, by their ids."""
        circles = [article.get("data-circle") for article in self.get("/").root.having_class("circle")]
        queues = which or ("new", "reading", "waiting")
        pages = [self.get(f"/circle/{circle}/{queue}?page=1") for circle in circles for queue in queues]
        return [case.get("data-case") for page in pages for case in page.root.having_class("case")]

    def open_case(self, case: str) -> Page:
        """Go past the cover of a case."""
        page = self.get(f"/case/{case}")
        if page.root.has(id="cover"):
            page = self.send(page.form(lambda form: form.action.endswith("/open")))
        return page

    def reply(self, case: str, text: str) -> Page:
        """Take a case and answer in it."""
        page = self.open_case(case)
        takes = [form for form in page.forms() if form.action.endswith("/take")]
        if takes:
            page = self.send(takes[0])
        return self.send(page.form(lambda form: form.action.endswith("/reply")), text=text)
