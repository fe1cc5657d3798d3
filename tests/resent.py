"""What browsers keep: the forms that somebody has sent on a whole journey, to be sent once more, byte for byte."""

import secrets
from collections.abc import Iterator

from scripts.rehearsal.pages import Page
from tests.marks import latin_mark
from tests.served import Site

HOUR = 3_600
Sent = tuple[str, bytes]  # a path and the fields of a form, as they went out


class Journey:
    """A visitor who meets every page that answers a form, with words and codes that nobody else has."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.visitor = site.visitor()
        self.words = latin_mark()
        self.codes: list[str] = []

    @property
    def sent(self) -> list[Sent]:
        """Every form that was sent, but for Leave."""
        raw = [asked.partition(b"\r\n\r\n") for asked, _ in self.visitor.seen if asked.startswith(b"POST")]
        forms = [(head.split(b" ", 2)[1].decode(), body) for head, _, body in raw]
        return [(path, body) for path, body in forms if path != "/leave"]

    def is_on(self, page: Page) -> bool:
        """Say whether a page holds the words, or four lines of a code one after the other.

        Two would stand among so many digits by chance, in one run of three hundred.
        """
        digits = "".join(letter for letter in page.html if letter.isdigit())
        return self.words in page.html or any(code[:16] in digits for code in self.codes)

    def sends(self) -> Page:
        """Write too much, slip, meet the pause and the crowd, and send."""
        visitor, site = self.visitor, self.site
        page = visitor.check("tell", f"{self.words} " * 800)  # the very first form: its cookie has not come back
        assert page.has(id="errors")
        page = visitor.send(page.form_with("text"), text="")
        site.put(paused=True)
        page = visitor.send(page.form_with("text"), text=self.words)
        assert page.status == 503
        site.put(paused=False)
        assert self.is_on(visitor.send(page.form_with("text"), go="guides/now"))
        check = visitor.send(page.form_with("text"))
        self.codes.append(check.code)
        assert self.is_on(visitor.send(check.form_with("line"), go="protects"))
        page = visitor.send(check.form_with("line"), line="0")
        with site.crowded():
            page = visitor.confirm(page)
            assert page.status == 503
        page = visitor.send(page.form_with("text"))
        sent = page if page.has(id="arrived") else visitor.confirm(page)
        assert sent.code == check.code
        assert self.is_on(sent)
        return sent

    def comes_back(self) -> Page:
        """Mistype the code, open it, write, run out of time, and get a new code."""
        visitor, code = self.visitor, self.codes[0]
        assert visitor.come_back(code[:-1] + str((int(code[-1]) + 1) % 10)).has(id="typed")
        case = visitor.come_back(code)
        assert self.is_on(case)
        assert self.is_on(visitor.send(case.form_with("text"), text=self.words, go="guides"))
        visitor.write_back(case, "")
        visitor.send(case.form_doing("consents"), publish="ask")
        self.site.ahead += HOUR / 2
        expired = visitor.write_back(case, f"{self.words} once more")
        assert self.is_on(expired)
        assert visitor.send(expired.form_with("code"), code=code[:-1]).has(id="typed")
        case = visitor.send(expired.form_with("code"), code=code)
        assert case.has(id="arrived")
        new = visitor.send(case.form_doing("new_code"))
        self.codes.append(new.code)
        visitor.send(new.form_with("line"), line="0")
        return visitor.confirm(new)

    def asks_to_erase(self) -> Page:
        """Press *Erase everything*, in the case and without opening it."""
        visitor = self.visitor
        without = visitor.ask_to_erase(self.codes[-1])
        case = visitor.come_back(self.codes[-1])
        assert visitor.send(case.form_doing("erase")).heading == without.heading == "Erase everything?"
        return visitor.page

    def sent_again(self, cookies: dict[str, str]) -> Iterator[tuple[Sent, Page]]:
        """Send every form once more, as a browser with these cookies does, the last one first."""
        for path, body in reversed(self.sent):
            self.visitor.cookies = dict(cookies)
            yield (path, body), self.visitor.post(path, body)


def new_visit(site: Site) -> dict[str, str]:
    """Give the cookies of somebody who has come after that, with the same browser."""
    visitor = site.visitor()
    visitor.check("ask", "other words")
    return visitor.cookies


def leaves_of_strangers(site: Site) -> None:
    """Let more strangers leave than are remembered."""
    for _ in range(5_000):
        site.seats.leave(secrets.token_bytes(16))
