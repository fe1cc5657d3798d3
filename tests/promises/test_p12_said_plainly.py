"""P12: what it cannot do is said plainly, on the site in every language and in the threat model, and it is so.

Each limit of the threat model names a test in which the attacker succeeds, or says that no test can show it. Those that
need one of their own stand here.
"""

import os
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from nacl.pwhash import argon2id

from onion_app.choices import LANGUAGE_CODES
from onion_app.crypto.casekeys import KeyName
from onion_app.crypto.keys import keypair_from
from onion_app.crypto.payloads import Text
from onion_app.vault.connection import KINDS
from scripts.rehearsal.wire import request, through_unix
from tests import processes, tables
from tests.house import START, House
from tests.keyring import Keyring
from tests.marks import latin_mark, looks
from tests.planting import Intruder
from tests.rehearsal import ROOT
from tests.world import Author, Clock, Enrolled, World, hardly_stretched

MODEL = (ROOT / "docs" / "threat-model.md").read_text()
PROMISES = 16
LIMITS = 9  # the sentences under "What we cannot do"
UNSHOWN = "(No test can show this.)"
_WHERE = "## What it cannot do"


def limits() -> list[str]:
    """Give each limit of the threat model, on one line."""
    section = MODEL.partition(_WHERE)[2].partition("\n## ")[0]
    return [" ".join(item.split()) for item in re.split(r"^- ", section, flags=re.MULTILINE)[1:]]


def test_every_promise_has_its_row_and_every_row_its_tests() -> None:
    rows = re.findall(r"^\| (P\d\d) \| .* \| `(test_p\d\d_\w+\.py)` \|$", MODEL, re.MULTILINE)
    files = sorted(path.name for path in Path(__file__).parent.glob("test_p*.py"))
    assert sorted(file for _, file in rows) == files
    assert {name for name, _ in rows} <= {f"P{number:02}" for number in range(1, PROMISES + 1)}
    for name, file in rows:
        assert file.startswith(f"test_{name.lower()}_")
        assert "def test_" in (Path(__file__).parent / file).read_text()


def test_each_limit_names_the_test_that_shows_it_or_says_that_none_can() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    for limit in limits():
        shown = re.findall(r"`(test_\w+)`", limit)
        assert bool(shown) != (UNSHOWN in limit), limit
        for name in shown:
            assert f"def {name}(" in source, name
    assert len(limits()) > LIMITS


def test_the_site_says_in_every_language_what_it_cannot_do(house: House) -> None:
    sentences = set[str]()
    for language in LANGUAGE_CODES:
        page = house.visitor(language).get(f"/{language}/protects")
        lists = [{item.text for item in found.every("li")} for found in page.main.every("ul")]
        said = max(lists, key=len)
        assert len(said) >= LIMITS, language
        assert not said & sentences, f"{language} says them in the words of another language"
        sentences |= said


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(argon2id, "kdf", hardly_stretched)
    with closing(World(tmp_path / "state", Clock())) as made:
        yield made


@pytest.fixture
def circle(world: World) -> bytes:
    return world.circle(catch_all=True)


@pytest.fixture
def sara(world: World, circle: bytes) -> Enrolled:
    """Enrol the one member of the one circle."""
    return world.enrol(circle, "Sara", coordinator=True)


@pytest.fixture
def author(world: World, circle: bytes, sara: Enrolled) -> Author:
    assert sara.id
    author = Author(world, circle)
    author.writes("words of their own")
    return author


def test_a_member_who_writes_the_mailbox_puts_words_into_an_authors_mouth(
    world: World, sara: Enrolled, author: Author
) -> None:
    world.opens(sara, author.case_id)
    ring = Keyring(tables.dump_all(world.state.path, world.keys), [sara.private])
    ring.opened()
    intruder = Intruder(world, author.case_id)
    for private in ring.privates:
        pair = keypair_from(private)
        if pair.public == world.public_key(author.circle_id):
            intruder.says("words of another", intruder.as_circle(pair), pair.public, KeyName(0, 1, 1), "visitor")
    lines = world.opens(sara, author.case_id).lines
    believed = [(line.message.author, line.payload.text) for line in lines if isinstance(line.payload, Text)]
    assert ("visitor", "words of another") in believed
    assert not any(line.out_of_order or line.changed or line.forged for line in lines), "and nothing speaks against it"


def test_an_old_code_reads_on_while_nobody_has_met_the_new_one(world: World, sara: Enrolled, author: Author) -> None:
    world.opens(sara, author.case_id)
    old, intruder = author.access.privates, Intruder(world, author.case_id)
    author.changes_code()
    intruder.puts_back()
    world.answers(sara, author.case_id, "for the new code")
    assert "for the new code" in intruder.reads(intruder.as_author(*old))


def test_whoever_writes_the_mailbox_deletes_and_nobody_brings_it_back(
    world: World, sara: Enrolled, author: Author
) -> None:
    world.opens(sara, author.case_id)
    Intruder(world, author.case_id).runs("DELETE FROM cases WHERE id = ?", author.case_id)
    world.chores()
    assert not world.stores(author.code)


def test_a_row_that_was_made_to_look_old_is_destroyed(world: World, author: Author) -> None:
    intruder = Intruder(world, author.case_id)
    intruder.runs("UPDATE cases SET received_day = 1, last_day = 1 WHERE id = ?", author.case_id)
    world.chores()
    assert not world.stores(author.code)


def test_a_copy_from_before_an_erasing_opens_to_whoever_held_a_key(
    world: World, sara: Enrolled, author: Author
) -> None:
    before = tables.dump_all(world.state.path, world.keys)
    author.erases()
    world.chores()
    now = tables.dump_all(world.state.path, world.keys)
    for copies, found in (((now,), False), ((before, now), True)):
        ring = Keyring(tables.together(*copies), [world.keys.of(kind) for kind in KINDS])
        ring.try_passphrase(sara.passphrase)
        assert (["words of their own"] in ring.opened().values()) is found


def test_a_proof_that_is_taken_away_before_the_chores_brings_the_case_back(world: World, author: Author) -> None:
    intruder = Intruder(world, author.case_id)
    kept = tables.dump(world.mailbox.folder / "mailbox.db", world.keys.mailbox)
    author.erases()
    assert not world.stores(author.code)
    intruder.runs("DELETE FROM withdrawn")
    for table in ("cases", "messages"):
        for row in kept[table]:
            intruder.runs(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", *row)
    world.chores()
    author.comes_back()
    assert author.texts() == ["words of their own"]


def test_the_disk_keeps_the_hour_of_the_last_message(world: World, author: Author) -> None:
    log = world.state.path / "mailbox" / "mailbox.db-wal"
    os.utime(log, (1, 1))  # the clock for files goes by ticks, and the message before may be of the same
    before = log.stat().st_mtime_ns
    author.writes_back("more words")
    assert log.stat().st_mtime_ns > before


@processes.only_root_looks_in
@pytest.mark.usefixtures("coordinator")
def test_a_text_that_is_just_arriving_is_in_the_memory_of_the_site(house: House) -> None:
    mark = latin_mark()
    needles = {f"{name} of it": form for name, form in looks(mark).items()}
    with through_unix(house.site_socket)() as line:
        line.sendall(request("POST", "/en/tell", house.onion, [("text", f"{mark} and more")])[:-1])
        processes.until(lambda: any(processes.memory_of(house.one("site"), needles).values()), START, "its words")
