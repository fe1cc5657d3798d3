"""P06: the return code is in no URL, cookie, header, log or table; nothing stored is a fast hash of it or a text."""

import contextlib
import hashlib
import re
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator
from itertools import product

import pytest

from onion_app.choices import LANGUAGE_CODES
from onion_app.crypto.casekeys import form_id, form_private, lone_private
from onion_app.crypto.codes import code_lines, new_code
from onion_app.crypto.keys import keypair_from, subkey
from onion_app.vault.connection import KINDS
from onion_app.vault.settings import read_settings
from scripts.rehearsal.people import Visitor, Volunteer
from tests import processes
from tests.house import House
from tests.marks import files_with
from tests.rehearsal import ROOT
from tests.served import Site, serving
from tests.tables import dump_all, everything_in

SETTLING = 60.0  # seconds; an address is let go of within one
PART = 8  # digits; shorter runs of digits stand in random numbers by chance
SCRIPTS = (0x30, 0x660, 0x6F0)


def spellings(code: str) -> Iterator[str]:
    """Spell a code, and every part of it that gives something away, in all digits and separations."""
    parts = [code, *(code[start : start + PART] for start in range(len(code) - PART + 1))]
    separated = [separator.join(code[n : n + 4] for n in range(0, 28, 4)) for separator in (" ", "-", "+", "%20", "\n")]
    for spelled in (*parts, *separated):
        for zero in SCRIPTS:
            yield spelled.translate({ord(str(n)): zero + n for n in range(10)})


def traces(code: str) -> list[bytes]:
    """List the bytes by which a code could be recognised in a table by whoever only guesses."""
    number = int(code)
    plain = [
        number.to_bytes(12, "big"),
        number.to_bytes(12, "little"),
        bytes.fromhex(code),
        *(hashlib.new(name, code.encode()).digest() for name in ("sha256", "sha512", "blake2b", "blake2s", "md5")),
        hashlib.blake2b(code.encode(), digest_size=32).digest(),
        hashlib.blake2b(code.encode(), digest_size=16).digest(),
    ]
    return plain + [spelled.encode() for spelled in spellings(code)]


def live_a_whole_case(house: House, language: str) -> tuple[Visitor, list[str]]:
    """Do everything that somebody can do with a code, and give the visitor and every code that was used."""
    visitor = house.visitor(language)
    check = visitor.check("tell", "words")
    visitor.send(check.form_with("line"), line="0000")
    visitor.confirm(check)
    code = check.code
    visitor.send(visitor.go("return").form_with("code"), code=code[:-1])
    case = visitor.come_back(code)
    visitor.write_back(case, "more")
    renewed = visitor.send(case.form_doing("new_code"))
    new_code = renewed.code
    visitor.confirm(renewed)
    visitor.come_back(code)
    visitor.come_back(new_code)
    visitor.ask_to_erase(new_code)
    return visitor, [code, new_code]


@pytest.fixture(scope="module", params=LANGUAGE_CODES)
def lived(house: House, coordinator: Volunteer, request: pytest.FixtureRequest) -> tuple[Visitor, list[str]]:
    assert coordinator.login.handle
    return live_a_whole_case(house, request.param)


def contents_of_cookies(heads: bytes) -> bytes:
    """Read what lies in the cookies: Flask signs them, and hides nothing."""
    found = b""
    for value in re.findall(rb"(?:__Host-desk|visit)=([\w.-]+)", heads):
        packed = value.removeprefix(b".").partition(b".")[0]
        content = urlsafe_b64decode(packed + b"=" * (-len(packed) % 4))
        found += zlib.decompress(content) if value.startswith(b".") else content
    return found


def test_the_code_is_in_no_address_header_or_cookie(lived: tuple[Visitor, list[str]]) -> None:
    visitor, used = lived
    assert len(visitor.seen) > 10
    for request, answer in visitor.seen:
        heads = request.partition(b"\r\n\r\n")[0] + answer.head
        heads += contents_of_cookies(heads)
        for code in used:
            for spelled in spellings(code):
                assert spelled.encode() not in heads


def test_no_link_or_form_on_any_page_carries_the_code_in_its_address(lived: tuple[Visitor, list[str]]) -> None:
    visitor, used = lived
    for page in visitor.pages():
        for element in page.walk():
            for name in ("href", "action", "formaction"):
                for code in used:
                    assert not any(spelled in element.get(name) for spelled in spellings(code))
            if element.tag == "form" and any(element.has(name=name) for name in ("code", "line", "sealed")):
                assert element.get("method").lower() == "post"


def test_the_code_is_in_no_table(house: House, lived: tuple[Visitor, list[str]]) -> None:
    _, used = lived
    everything = everything_in(house.tables())
    for code in used:
        for trace in traces(code):
            assert trace not in everything


def test_the_code_is_in_no_file_and_no_log(house: House, lived: tuple[Visitor, list[str]]) -> None:
    _, used = lived
    for code in used:
        assert files_with(code, house.state, house.temporary, house.said.parent) == []
        assert code[:PART] not in house.said.read_text()


def test_a_page_that_is_opened_again_shows_no_code(house: House, lived: tuple[Visitor, list[str]]) -> None:
    visitor, used = lived
    for path in ("/", *(f"/{visitor.language}/{path}" for path in ("", "return", "tell", "case"))):
        page = visitor.get(path)
        for code in used:
            assert code not in page.answer.raw.decode()
            assert code[:PART] not in page.answer.raw.decode()
    assert page.has("article"), "the case of the new code is open"
    assert house.onion


@processes.only_root_looks_in
def test_a_code_that_was_pasted_into_the_address_bar_does_not_stay_in_the_memory(house: House) -> None:
    code = new_code()
    visitor = house.visitor()
    for path in (f"/{code}", f"/en/{code}", f"/en/stories/{code}", f"/en/stories?{code}", f"/en/return?code={code}"):
        visitor.get(path)
        visitor.post(path, [("text", "words")])
    needles = {"the code": code.encode(), "in letters": code.encode("utf-16-le")}

    def is_gone() -> bool:
        found = processes.memory_of(house.one("site"), needles)
        return not (found["the code"] or found["in letters"])

    with contextlib.suppress(TimeoutError):
        processes.until(is_gone, SETTLING, "the memory without the code")
    assert is_gone()


TEXT = "They found my phone."  # short, and easily guessed by whoever knows what people write
LONGEST_KEY = 64  # bytes that BLAKE2b takes
SEEN = 16  # bytes by which a stored value is known again, however much of a hash was kept
_SOURCE = b"".join(file.read_bytes() for file in (ROOT / "onion_app").rglob("*.py"))
PERSONS = (b"", *sorted(set(re.findall(rb'b"([a-z][a-z0-9 ]{2,15})"', _SOURCE))))
BEFORE = ("", "text", "text\0", "alone text\0", "consent", "consent\0", "author\0", "code", "tag")
AFTER = (b"", b"0", b"1", b"2", b"\0", b"\1", b"\0\0\0\1")  # counters


def variants(words: str) -> Iterator[bytes]:
    """Give the bytes that a hash of a code or of a text may have been made of."""
    bases = [words.encode()]
    if words.isdigit():
        bases += [line.encode() for line in code_lines(words)]
        bases += [int(words).to_bytes(12, "big"), int(words).to_bytes(12, "little"), bytes.fromhex(words)]
    return (before.encode() + base + after for base, before, after in product(bases, BEFORE, AFTER))


def fast_hashes(words: str, keys: Iterable[bytes]) -> set[bytes]:
    """Hash something in every way in which this program hashes anything fast; gives the beginnings."""
    return {
        hashlib.blake2b(data, digest_size=size, key=key, person=person).digest()[:SEEN]
        for data, key, size, person in product(variants(words), keys, (16, 32), PERSONS)
    }


def hashes_under(values: Iterable[bytes], words: str) -> set[bytes]:
    """Hash something as it is, as if any value that is stored were the key."""
    return {
        hashlib.blake2b(before.encode() + words.encode(), digest_size=size, key=key, person=person).digest()[:SEEN]
        for before, key, size, person in product(BEFORE, values, (16, 32), PERSONS)
    }


def made_of_fast_seeds(code: str, text: str, salt: bytes) -> set[bytes]:
    """Give the ids and public keys of a form whose seed is no random one, but made of the code."""
    found = set()
    for data, key, person in product(variants(code), (b"", salt), (b"", b"sanctuary form 2", b"sanctuary code 2")):
        seed = hashlib.blake2b(data, digest_size=32, key=key, person=person).digest()
        found |= {form_id(seed, what, text.encode()) for what in ("text", "alone text", "consent")}
        found |= {keypair_from(each).public[:SEEN] for each in (form_private(seed), lone_private(seed, text.encode()))}
    return found


def stored(site: Site) -> set[bytes]:
    """Give every value in every table of the three files that is long enough to be a hash."""
    tables = dump_all(site.state.path, site.keys)
    values = [value for rows in tables.values() for row in rows for value in row]
    written = (value for value in values if isinstance(value, str) and re.fullmatch("([0-9a-f]{2})+", value))
    values += [bytes.fromhex(value) for value in written]
    return {value for value in values if isinstance(value, bytes) and len(value) >= SEEN}


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as served:
        yield served


def test_nothing_that_is_stored_is_a_fast_hash_of_a_code_or_a_text(site: Site) -> None:
    visitor, values = site.visitor(), set[bytes]()
    check = visitor.check("ask", TEXT, topic="talk", danger="no", answer_in="en")
    for topic in ("talk", "talk", "law"):
        assert visitor.confirm(check, topic=topic).code == check.code
        values |= stored(site)
    told = visitor.hand_in("tell", f"{TEXT} Twice.", publish="yes")
    visitor.send(visitor.come_back(told).form_doing("consents"), publish="no")
    visitor.confirm(visitor.check("tell", f"{TEXT} And my sister's."), no_return="1")
    used = [check.code, told, visitor.new_code(check.code)]
    site.answers(site.member_of_first, site.case_of(told))
    values |= stored(site)
    visitor.erase_without_opening(used[-1])
    visitor.confirm(check)  # again, and the words come to nothing
    values |= stored(site)
    site.chores()
    values |= stored(site)
    salt = read_settings(site.shown).code_salt
    keys = [b"", salt, *(site.keys.of(kind) for kind in KINDS), subkey(site.keys.mailbox, "hidden fields")]
    known = {value[:SEEN] for value in values}
    for words in (*used, TEXT, f"{TEXT} Twice.", f"{TEXT} And my sister's."):
        assert not known & fast_hashes(words, [*keys, *(code.encode() for code in used)])
        assert not known & hashes_under([value for value in values if len(value) <= LONGEST_KEY], words)
    for code in used:
        assert not known & made_of_fast_seeds(code, TEXT, salt)


def test_the_search_would_find_such_a_hash() -> None:
    for words, key, size, person in ((TEXT, b"", 16, b"sanctuary form 2"), ("1" * 28, bytes(16), 32, b"")):
        made = hashlib.blake2b(b"text\0" + words.encode(), digest_size=size, key=key, person=person).digest()
        assert made[:SEEN] in fast_hashes(words, [b"", bytes(16)])
        line = hashlib.blake2b(words[:4].encode() + b"1", digest_size=size, key=key, person=person).digest()
        assert (line[:SEEN] in fast_hashes(words, [key])) == words.isdigit()
