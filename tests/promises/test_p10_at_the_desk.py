"""P10 at the desk: what was typed into one box is lost to no press of another button of its page, or beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from nacl.pwhash import argon2id

from scripts.rehearsal.pages import Page
from tests.desk.house import House, Volunteer
from tests.marks import arabic_mark
from tests.world import Author, hardly_stretched


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(argon2id, "kdf", hardly_stretched)
    made = House(tmp_path)
    yield made
    made.close()


def boxes(page: Page) -> tuple[str, str]:
    """Read the box of the answer and the one of the note."""
    return page.first(id="text").raw_text.strip(), page.first(id="note").raw_text.strip()


def test_no_press_at_the_desk_loses_a_word_beside_it(house: House) -> None:
    circle = house.circle("Listening", catch_all=True)
    counsellor: Volunteer = house.volunteer(circle, "Sara", logged_in=True)
    case = Author(house, circle).writes("Hello?")
    counsellor.take(case)
    answer, note = arabic_mark(), arabic_mark()
    typed = {"text": answer, "note": note}
    counsellor.press("/go", go="/", **typed)
    assert boxes(counsellor.get(f"/case/{case}")) == (answer, note)
    for act, left in (("give-back", (answer, note)), ("note", (answer, "")), ("reply", ("", note))):
        counsellor.take(case)
        counsellor.press(f"/case/{case}/{act}", **typed)
        assert boxes(counsellor.get(f"/case/{case}")) == left, act
