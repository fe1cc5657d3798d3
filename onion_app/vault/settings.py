"""The settings of the coordinators, and the onion key: few names, each with one shape, and nothing else is accepted.

The desk's database holds the truth, the mailbox a copy. A name or a value that does not belong here is never skipped.
"""

import json
import unicodedata
from dataclasses import dataclass
from inspect import get_annotations
from typing import Annotated, Any, Final, Literal

from onion_app.choices import (
    ANSWER_DAYS,
    BACKUP_DAYS,
    FIND_US_LETTERS,
    LANGUAGE_CODES,
    QUOTA_GIB,
    RETENTION_DAYS,
    TOPICS,
    Topic,
)
from onion_app.errors import BadSetting, DamagedFile
from onion_app.shapes import Day, Value, from_json, from_row
from onion_app.vault.database import Database


def _is_one_short_line(text: str) -> bool:
    letters = unicodedata.normalize("NFC", text)
    return len(letters) <= FIND_US_LETTERS and not any(unicodedata.category(letter) == "Cc" for letter in text)


@dataclass(frozen=True)
class Restored:
    """That everything here comes from a backup of this day.

    A case taken back after the day `back_since`, which may be that of an earlier restore, may be here again; None:
    it is gone for sure.
    """

    day: Day
    back_since: Day | None

    def for_case(self, received_day: int) -> "Restored | None":
        """Say it to the author of a case that was received on this day; None for one that is younger than the backup.

        A case that was there before `back_since` may have been taken back from then on, and is told that day.
        """
        if received_day > self.day:
            return None
        if self.back_since is not None and received_day <= self.back_since:
            return Restored(self.back_since, self.back_since)
        return self


def _is_in_order(restored: Restored) -> bool:
    return restored.back_since is None or restored.back_since <= restored.day


@dataclass(frozen=True)
class Settings:
    """The settings in force; the annotations are also all that may stand in the table."""

    how_to_find_us: dict[Annotated[str, LANGUAGE_CODES.__contains__], Annotated[str, _is_one_short_line]]
    answer_days: dict[Literal[Topic, "urgent"], Annotated[int, ANSWER_DAYS]]
    code_salt: Annotated[bytes, 16]
    retention_days: Annotated[int, RETENTION_DAYS] = 180
    paused: bool = False
    backup_days: Annotated[int, BACKUP_DAYS] = 30
    quota_gib: Annotated[int, QUOTA_GIB] = 4
    restored: Annotated[Restored, _is_in_order] | None = None
    seen_day: Day | None = None  # the newest day on which the chores believed the clock; at the desk only


_SHAPES: Final = get_annotations(Settings)
NAMES: Final = frozenset(_SHAPES)


@dataclass(frozen=True)
class Onion:
    """The key of the onion service and the address that follows from it."""

    secret: Annotated[bytes, 64]
    address: str


def read_settings(db: Database) -> Settings:
    """Read every setting; one that was never set has its default, but the salt of the codes has none.

    Raises:
        BadSetting: with the name of the setting, unless the name itself is unknown.
    """
    stored: dict[str, Any] = {}
    for name, text in db.rows("SELECT name, value FROM settings"):
        stored[str(name)] = _checked(name, text)
    if "code_salt" not in stored:
        missing = "code_salt"
        raise BadSetting(missing)
    words = dict.fromkeys(LANGUAGE_CODES, "") | stored.pop("how_to_find_us", {})
    days = dict.fromkeys(TOPICS, 3) | {"urgent": 1} | stored.pop("answer_days", {})
    return Settings(words, days, **stored)


def put_setting(db: Database, name: str, value: object) -> None:
    """Set one setting, inside the caller's `writing()`. The salt is given as bytes, the others as they are read.

    Raises:
        BadSetting: it is not stored.
    """
    text = json.dumps(value.hex() if isinstance(value, bytes) else value, ensure_ascii=False, sort_keys=True)
    _checked(name, text)
    db.run("DELETE FROM settings WHERE name = ?", (name,))
    db.run("INSERT INTO settings (name, value) VALUES (?, ?)", (name, text))


def put_onion(desk: Database, secret: bytes, address: str) -> None:
    """Keep the key of the onion service (64 bytes) and its address, inside the caller's `writing()`."""
    desk.run("DELETE FROM onion")
    desk.run("INSERT INTO onion (one, secret, address) VALUES (1, ?, ?)", (secret, address))


def read_onion(desk: Database) -> Onion:
    """Read the key of the onion service.

    Raises:
        DamagedFile: there is none.
    """
    row = desk.row("SELECT secret, address FROM onion WHERE one = 1")
    if row is None:
        raise DamagedFile("desk.db holds no onion key")
    return from_row(Onion, row)


def _checked(name: Value, text: Value) -> Any:  # noqa: ANN401 - each setting is of another type
    if name not in _SHAPES:
        raise BadSetting  # without its name, which whoever planted it chose
    return from_json(_SHAPES[name], text if isinstance(text, str) else "", BadSetting(name))
