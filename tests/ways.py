"""Every way that a visitor can go through the site, well and badly; each answer stays in their `seen`."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from scripts.rehearsal.pages import Page
from scripts.rehearsal.people import Person, Visitor

TELLING = "some <b>words</b>, Baghdad, 07701234567, 12.12.2020 " * 3


def use_every_form(visitor: Visitor, text: str = TELLING) -> None:
    """Write, slip, send, come back, write on, and take all of it back."""
    for kind in ("tell", "ask"):
        visitor.check(kind, "")
        check = visitor.check(kind, text)
        visitor.send(check.form_with("line"), line="0")
        visitor.send(check.form_with("line"), line="", publish="ask", no_return="1")
        visitor.post(f"/{visitor.language}/{kind}", [("text", "no token")])
        visitor.confirm(check)
        visitor.confirm(check)
    returning = visitor.go("return")
    visitor.send(returning.form_with("code"), code="12")
    visitor.send(returning.form_with("code"), code="0" * 26 + "01")
    confirmation = visitor.ask_to_erase(check.code)
    visitor.go("case")
    case = visitor.come_back(check.code)
    visitor.write_back(case, "")
    visitor.write_back(case, "more")
    visitor.send(case.form_doing("new_code"))
    visitor.send(case.form_doing("erase"))
    visitor.send(confirmation.form())
    visitor.send(confirmation.form())
    visitor.post("/leave", [])
    visitor.leave()


def crawl(person: Person, *begin: str, only: str = "") -> Iterator[tuple[str, Page]]:
    """Open these paths and all that links lead to from there, each once, as far as they begin with `only`."""
    waiting, seen = list(begin), set[str]()
    while waiting:
        path = waiting.pop()
        if path in seen or not re.match(only, path):
            continue
        seen.add(path)
        page = person.get(path)
        yield path, page
        leads = (urljoin(path, link.get("href")) for link in page.every("a") if not link.get("href").startswith("#"))
        waiting += [urlsplit(lead)._replace(fragment="").geturl() for lead in leads]
