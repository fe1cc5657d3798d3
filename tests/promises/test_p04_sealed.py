"""P04: what a visitor wrote is sealed to its circle before it is stored, and the memory that held it is overwritten.

Who takes the running server has the memory of the site and both database keys. No case opens with them.
"""

import contextlib

import pytest

from onion_app.crypto import sealing
from scripts.rehearsal.people import Visitor, Volunteer
from tests import processes
from tests.house import House
from tests.keyring import Keyring
from tests.marks import BEYOND, arabic_mark, latin_mark, looks

VISITORS = 10
SETTLING = 10.0  # seconds until the last thread has let go of its request


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
    site = house.one("site")

    def left() -> dict[str, int]:
        found = processes.memory_of(site, {f"{name} of {form!r}": form for form, name in needles.items()})
        return {name: times for name, times in found.items() if times}

    with contextlib.suppress(TimeoutError):
        processes.until(lambda: not left(), SETTLING, "memory without it")
    assert left() == {}


@processes.only_root_looks_in
def test_the_search_of_the_memory_would_find_it(house: House) -> None:
    found = processes.memory_of(
        house.one("site"), {"the address": house.onion.encode(), "nothing": latin_mark().encode()}
    )
    assert found["the address"] > 0
    assert found["nothing"] == 0


@pytest.fixture(scope="module")
def written(house: House, coordinator: Volunteer) -> tuple[str, str]:
    """Leave one case with a mark, and give its code and the mark."""
    assert coordinator.login.handle
    mark = latin_mark()
    return house.visitor().hand_in("tell", mark), mark


def test_both_database_keys_open_no_case(house: House, written: tuple[str, str]) -> None:
    ring = Keyring(house.tables(), [house.keys.mailbox, house.keys.desk])
    ring.try_every_value()
    assert ring.cases
    assert ring.opened() == {}
    assert written[1].encode() not in ring.everything


def test_the_passphrase_of_a_member_opens_them(house: House, coordinator: Volunteer, written: tuple[str, str]) -> None:
    ring = Keyring(house.tables(), [house.keys.mailbox, house.keys.desk])
    ring.try_passphrase(coordinator.login.passphrase)
    assert any(written[1] in text for texts in ring.opened().values() for text in texts)


def test_every_text_is_sealed_in_one_of_six_sizes(house: House, written: tuple[str, str]) -> None:
    assert written
    sealed = [row[-1] for row in house.tables()["mailbox.messages"]]
    overhead = 1 + 24 + 16  # version, nonce, authentication tag
    assert {len(blob) - overhead for blob in sealed} <= set(sealing.SIZES)
