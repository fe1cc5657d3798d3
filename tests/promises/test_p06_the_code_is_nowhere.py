"""P06: the return code is in no URL, cookie, header, log or table."""

import hashlib
import re
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Iterator

import pytest

from onion_app.choices import LANGUAGE_CODES
from scripts.rehearsal.people import Visitor, Volunteer
from tests.house import House
from tests.marks import files_with
from tests.tables import everything_in

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
