"""P04: what a visitor wrote is sealed to its circle before it is stored, and the memory that held it is overwritten.

Who takes the running server has the memory of the site and the keys of all files. No case opens with them.
"""

import contextlib
import re
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping

import pytest

from onion_app.crypto import sealing
from onion_app.crypto.keys import ID_BYTES, KEY_BYTES
from onion_app.vault import schema
from onion_app.vault.connection import KINDS
from onion_app.vault.settings import read_settings
from scripts.rehearsal.people import Visitor, Volunteer
from tests import processes, tables
from tests.house import House
from tests.keyring import Keyring
from tests.marks import BEYOND, arabic_mark, latin_mark, looks
from tests.world import Author, Clock, Enrolled, World

VISITORS = 10
SETTLING = 60.0  # seconds until the last thread has let go of its request


def write(visitor: Visitor, mark: str) -> list[str]:
    """Tell, ask, fail, come back and write on, with one mark; give the codes."""
    code = visitor.hand_in("tell", f"{mark} told")
    asked = visitor.hand_in("ask", f"asked {mark}")
    check = visitor.check("tell", f"not sent {mark}")
    visitor.send(check.form_with("line"), line="0000")
    visitor.post("/en/tell", [("text", f"without its token {mark}")])
    visitor.write_back(visitor.come_back(code), f"back with {mark}")
    visitor.send(visitor.come_back(asked).form_doing("new_code"))
    return [code, asked, check.code]


@processes.only_root_looks_in
@pytest.mark.usefixtures("coordinator")
def test_nothing_that_was_written_stays_in_the_memory_of_the_site(house: House) -> None:
    latin, arabic, used = latin_mark(), arabic_mark(), list[str]()
    for number in range(VISITORS):
        text = f"{(latin, arabic)[number % 2]} {number}{' and more' * 40 * (number % 3)}"
        if number % 4 > 1:
            text += BEYOND  # beyond two bytes, Python keeps every letter of a text in four
        visitor = house.visitor(("en", "ar")[number % 2])
        used += write(visitor, text)
        if number % 3:
            visitor.leave()  # the others stay, with what they wrote locked under the key in their cookie
    needles = {form: name for mark in (latin, arabic, *used) for name, form in looks(mark).items()}
    assert left_in([house.one("site")], {f"{name} of {form!r}": form for form, name in needles.items()}) == {}


def left_in(pids: Iterable[int], needles: Mapping[str, bytes]) -> dict[str, int]:
    """Wait until every thread has let go of its request; give what then still stands in the memory of a process."""

    def left() -> dict[str, int]:
        found = [processes.memory_of(pid, dict(needles)) for pid in pids]
        return {name: total for name in needles if (total := sum(each[name] for each in found))}

    with contextlib.suppress(TimeoutError):
        processes.until(lambda: not left(), SETTLING, "memory without it")
    return left()


def keys_under(house: House, code: str) -> dict[str, bytes]:
    """Work out every key that a code opens, as it lies in a variable, in a session or in a form."""
    with house.world() as world:
        ring = Keyring(house.tables(), [])
        ring.try_code(code, read_settings(world.shown).code_salt)
    tags = {row[4] for row in ring.tables["mailbox.cases"]}  # the one key that every copy of the file holds anyway
    ring.opened()
    keys = {f"key {number}": key for number, key in enumerate(sorted(ring.privates - tags))}
    assert len(keys) > 2, "the author's private key is not among them"
    return {f"{name} {form}": spelled for name, key in keys.items() for form, spelled in spellings(key).items()}


def spellings(key: bytes) -> dict[str, bytes]:
    """Give the bytes that a key of 32 bytes becomes."""
    spelled = {"plain": key, "hex": key.hex().encode()}
    return spelled | {"base64": b64encode(key)[:-1], "urlsafe": urlsafe_b64encode(key)[:-1]}


@processes.only_root_looks_in
@pytest.mark.usefixtures("coordinator")
def test_an_open_visit_leaves_no_key_of_its_author_in_the_memory_of_the_site(house: House) -> None:
    visitor = house.visitor()
    code = visitor.hand_in("ask", "words")
    visitor.write_back(visitor.come_back(code), "and more words")
    assert visitor.go("case").has("article"), "the visit has the case open"
    assert left_in([house.one("site")], keys_under(house, code)) == {}
    assert visitor.go("case").has("article"), "it has not been ended for this"


@processes.only_root_looks_in
def test_whoever_has_logged_out_leaves_neither_keys_nor_what_they_read_in_the_memory_of_the_desk(
    house: House, coordinator: Volunteer
) -> None:
    with house.world() as world:
        invitation = world.invitation(world.circle(f"Circle {latin_mark()}"))
    other = Volunteer(house.desk_url).enrol(invitation, f"other{secrets.token_hex(3)}")
    mark = latin_mark()
    case = house.case_of(house.visitor().hand_in("ask", f"read and answered {mark}"))
    house.at_desk(coordinator).take(case)
    coordinator.reply(case, f"answer {mark}")
    house.at_desk(other)
    desk = house.one("desk")
    ring = Keyring(house.tables(), [])
    ring.try_passphrase(coordinator.login.passphrase)
    assert ring.opened(), "what the coordinator holds opens the case"
    needles = {f"{name} of the words": form for name, form in looks(mark).items()}
    for number, key in enumerate(sorted(ring.privates)):
        needles |= {f"key {number} {form}": spelled for form, spelled in spellings(key).items()}
    coordinator.log_out()
    assert left_in([desk, house.launcher, house.one("site")], needles) == {}
    assert house.running("desk") == desk
    assert not other.get("/").has(name="passphrase"), "the other one works on"


@processes.only_root_looks_in
def test_the_search_of_the_memory_would_find_it(house: House) -> None:
    found = processes.memory_of(
        house.one("site"), {"the address": house.onion.encode(), "nothing": latin_mark().encode()}
    )
    assert found["the address"] > 0
    assert found["nothing"] == 0


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Enrolled, str]]:
    """Let a case have a word in every place in which words of a case lie, and give who has it in the end."""
    mark, world = latin_mark(), World(tmp_path_factory.mktemp("lived") / "state", Clock())
    home, law = world.circle(catch_all=True), world.circle("Law", topics=("law",))
    first, lawyer = world.enrol(home, "Noor", coordinator=True), world.enrol(law, "Amara")
    author = Author(world, home)
    author.tells(f"told {mark}")
    world.answers(first, author.case_id, f"answered {mark}")
    author.writes_back(f"back with {mark}")
    world.notes(first, author.case_id, f"noted {mark}")
    world.hands_over(first, author.case_id, law)
    author.changes_code()
    author.writes_back(f"under a new code {mark}")
    world.notes(lawyer, author.case_id, f"noted elsewhere {mark}")
    yield world, lawyer, mark
    world.close()


def seized(world: World) -> Keyring:
    """Take every file, with the keys of all of them."""
    return Keyring(tables.dump_all(world.state.path, world.keys), [world.keys.of(kind) for kind in KINDS])


def test_the_database_keys_open_no_case(lived: tuple[World, Enrolled, str]) -> None:
    world, _, mark = lived
    ring = seized(world)
    ring.try_every_value()
    assert ring.cases
    assert ring.opened() == {}
    assert mark.encode() not in tables.everything_in(ring.tables)


def test_the_passphrase_of_a_member_opens_them(lived: tuple[World, Enrolled, str]) -> None:
    world, lawyer, mark = lived
    ring = seized(world)
    ring.try_passphrase(lawyer.passphrase)
    [texts] = ring.opened().values()
    for words in ("told", "answered", "back with", "under a new code", "noted elsewhere"):
        assert f"{words} {mark}" in texts
    assert f"noted {mark}" not in texts, "notes stay with the circle that wrote them"


def test_every_text_is_sealed_in_one_of_six_sizes() -> None:
    place = sealing.MessagePlace(bytes(ID_BYTES), bytes(ID_BYTES), 1, "visitor")
    sizes = {len(sealing.seal(bytes(KEY_BYTES), bytes(letters), place)) for letters in range(0, sealing.SIZES[-1], 999)}
    assert sizes == {size + sealing.MORE_BYTES for size in sealing.SIZES}
    for kind in KINDS[::2]:  # the mailbox and the desk, which store nothing else
        [allowed] = re.findall(r"length\(sealed\) IN \(([\d, ]+)\)", schema.written_schema(kind))
        assert set(map(int, allowed.split(", "))) == sizes
