"""Settings have few names with one shape each; anything else is refused and named."""

from typing import Any

import pytest

from onion_app.crypto.onion_key import OnionKey
from onion_app.errors import BadSetting, DamagedFile
from onion_app.vault import settings
from onion_app.vault.database import Database
from tests.vault.made import Installation
from tests.world import FIND_US


def test_what_was_never_set_has_its_default(shown: Database) -> None:
    read = settings.read_settings(shown)
    assert read.how_to_find_us == {"ckb": "", "kmr": "", **FIND_US}
    assert (read.retention_days, read.paused, read.backup_days) == (180, False, 30)
    assert len(read.code_salt) == 16
    assert read.answer_days["urgent"] == 1
    assert {days for topic, days in read.answer_days.items() if topic != "urgent"} == {3}


def test_what_was_set_is_read(shown: Database) -> None:
    settings.change_setting(shown, "how_to_find_us", {"ar": "اسألوا من تثقون به", "en": "x" * 300})
    settings.change_setting(shown, "answer_days", {"law": 7, "urgent": 2})
    settings.change_setting(shown, "retention_days", 730)
    settings.change_setting(shown, "paused", value=True)
    settings.change_setting(shown, "code_salt", bytes(16))
    settings.change_setting(shown, "backup_days", 7)
    read = settings.read_settings(shown)
    assert read.how_to_find_us["ar"] == "اسألوا من تثقون به"
    assert (read.answer_days["law"], read.answer_days["talk"], read.answer_days["urgent"]) == (7, 3, 2)
    assert (read.retention_days, read.paused, read.code_salt, read.backup_days) == (730, True, bytes(16), 7)


BAD: dict[str, list[Any]] = {
    "retention_days": [29, 731, "180", True, 180.0],
    "paused": [1, "no"],
    "code_salt": [bytes(15), "zz" * 16, None],
    "answer_days": [{"law": 0}, {"weather": 3}, [3]],
    "how_to_find_us": [{"fr": "Demandez"}, *({"en": bad} for bad in ("x" * 301, "two\nlines", "\ud800", 5))],
    "backup_days": [0],
    "how to find us": [{}],
    "": [1],
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_value_or_name_is_not_stored(shown: Database, name: str) -> None:
    before = shown.rows("SELECT * FROM settings")
    for value in BAD[name]:
        with pytest.raises(BadSetting):
            settings.change_setting(shown, name, value)
    assert shown.rows("SELECT * FROM settings") == before


BAD_ROWS = [
    *(("INSERT INTO settings VALUES ('retention_days', ?)", value, ("retention_days",))
      for value in ("", "{", "null", "1e999", "[" * 100_000, "9" * 5000, "29", "true", '"180"')),
    ("INSERT INTO settings VALUES (?, '1')", "words of somebody else", ()),  # a name that is not repeated
    ("DELETE FROM settings WHERE name = ?", "code_salt", ("code_salt",)),
    ("UPDATE settings SET value = ? WHERE name = 'code_salt'", b"\0", ("code_salt",)),  # of another type
]  # fmt: skip


@pytest.mark.parametrize(("statement", "value", "named"), BAD_ROWS)
def test_a_bad_row_in_the_database_is_named(
    made: Installation, shown: Database, statement: str, value: object, named: tuple[str, ...]
) -> None:
    with made.hostile_past_strict("shown") as link:
        link.execute(statement, (value,))
    with pytest.raises(BadSetting) as raised:
        settings.read_settings(shown)
    assert raised.value.args == named


def test_the_onion_key_is_kept_and_replaced(desk: Database) -> None:
    with pytest.raises(DamagedFile):
        settings.read_onion(desk)
    for number in (1, 2):
        with desk.writing():
            settings.put_onion(desk, OnionKey(bytes([number]) * 64, f"{number}.onion"))
    assert settings.read_onion(desk) == OnionKey(b"\2" * 64, "2.onion")


def test_what_only_the_desk_needs_stands_where_the_site_cannot_read_it(shown: Database, desk: Database) -> None:
    assert settings.read_seen_day(desk) is None
    settings.change_setting(desk, "seen_day", 20_400)
    assert settings.read_seen_day(desk) == 20_400
    for db, name, value in ((shown, "second_came", 20_400), (desk, "paused", True), (desk, "code_salt", bytes(16))):
        with pytest.raises(BadSetting):
            settings.change_setting(db, name, value)
