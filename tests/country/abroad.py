"""Plays a site and its desk in whatever country the program is for, and prints every page of it as JSON, by its path.

It runs in a process of its own, since a program is for one country from its first import on.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from nacl.pwhash import argon2id

from onion_app.choices import LANGUAGE_CODES
from onion_app.country import country
from onion_app.launch import first_run
from onion_app.site import SiteConfig, create_app
from onion_app.vault.desk import guides
from onion_app.vault.show import show
from scripts.rehearsal.pages import Page, without_fillers
from scripts.rehearsal.people import Visitor
from scripts.rehearsal.wire import into
from tests.desk.house import House
from tests.world import Author, hardly_stretched

ONION = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx.onion"
PATHS = ("", "tell", "ask", "return", "stories", "guides", "protects")


def pages_of(house: House) -> Iterator[tuple[str, Page]]:
    """Go everywhere, as visitors and at the desk."""
    circle = house.circle("Listening", catch_all=True)
    coordinator = house.volunteer(circle, "Sara")
    house.make_coordinator("Sara")
    first_run.store_guides(house.desk)
    with house.mailbox.writing(), house.desk.writing():
        for guide, _ in guides.all_guides(house.desk):
            guides.show_words(house.desk, guides.read_guide(house.desk, guide.id)[1])
    with house.mailbox.writing():
        show(house.shown, house.desk)
    yield from _site(house)
    author = Author(house, circle)
    told = author.tells("They came at night.", "ask", quote=True)
    coordinator.log_in()
    coordinator.take(told)
    names = {"circle_id": circle, "case_id": author.case_id, "guide_id": guides.all_guides(house.desk)[0][0].id}
    for language in ("en", "ar"):
        coordinator.get(f"/?lang={language}")
        for endpoint, method, path in house.endpoints(names):
            if method == "GET" and endpoint != "static":
                yield f"desk {language} {endpoint}", coordinator.get(path)
        coordinator.get(f"/case/{told}")
        yield f"desk {language} phrase", coordinator.press(f"/case/{told}/phrase", phrase=next(iter(country().phrases)))


def _site(house: House) -> Iterator[tuple[str, Page]]:
    site = create_app(SiteConfig(house.state.mailbox, house.state.shown, house.keys.mailbox, ONION, house.clock))
    for code in LANGUAGE_CODES:
        visitor = Visitor(into(site), ONION, code)
        yield "site /", visitor.get("/")
        for path in (*PATHS, *(f"guides/{slug}" for slug in country().guides)):
            yield f"site {code} {path}", visitor.go(path)
        text = "In Old Zenda on 3 Sheaf, ask 12 34 567 or manor.ru; not in Basrah."
        yield f"site {code} check", visitor.check("tell", text)
        yield f"site {code} answered", visitor.come_back(visitor.hand_in("ask", "I need somebody to talk to."))
    yield "site elsewhere", visitor.get("/ckb")


if __name__ == "__main__":
    with pytest.MonkeyPatch.context() as patch, closing(House(Path(sys.argv[1]))) as house:
        patch.setattr(argon2id, "kdf", hardly_stretched)
        seen: dict[str, str] = {}
        numbers = count()
        for name, page in pages_of(house):
            seen[f"{name} {next(numbers)} {page.status}"] = without_fillers(page.html)
        json.dump(seen, sys.stdout)
