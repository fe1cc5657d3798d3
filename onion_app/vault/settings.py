"""What the coordinators set, and the onion key: few names, each with one shape, and nothing else is accepted.

The desk's database holds the truth, the mailbox a copy. A name or a value that does not belong here is never skipped.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args

from onion_app.days import DAYS
from onion_app.errors import BadSetting, NothingHere
from onion_app.shapes import Language, Topic, Value, from_row
from onion_app.vault.database import Database

TOPICS: tuple[str, ...] = get_args(Topic)
LANGUAGES: tuple[str, ...] = get_args(Language)

_HOW_TO_FIND_US_LETTERS = 300  # what the longest page was measured with
_ANSWER_DAYS = range(1, 31)
_RETENTION_DAYS = range(30, 731)
_BACKUP_DAYS = range(1, 91)
_QUOTA_GIB = range(1, 101)
_SALT_BYTES = 16


@dataclass(frozen=True)
class Restored:
    """That everything here comes from a backup of this day.

    What was taken back after the day `back_since`, which may be that of an earlier restore, may be here again; None:
    it is gone for sure.
    """

    day: int
    back_since: int | None

    def for_case(self, received_day: int) -> "Restored | None":
        """Say it to the author of a case that was received on this day; None for one that is younger than the backup.

        A case that was there before `back_since` may have been taken back from then on, and is told that day.
        """
        if received_day > self.day:
            return None
        if self.back_since is not None and received_day <= self.back_since:
            return Restored(self.back_since, self.back_since)
        return self


@dataclass(frozen=True)
class Settings:
    """What is set, with its defaults."""

    how_to_find_us: Mapping[str, str]  # language: at most 300 letters
    answer_days: Mapping[str, int]  # topic, or "urgent": days
    retention_days: int  # after the last message
    paused: bool
    code_salt: bytes  # 16
    backup_days: int  # until a safety copy is destroyed
    quota_gib: int = 4  # of mailbox.db, after which no new case is taken
    restored: Restored | None = None
    seen_day: int | None = None  # the newest day on which the chores believed the clock; at the desk only


@dataclass(frozen=True)
class Onion:
    """The key of the onion service and the address that follows from it."""

    secret: Annotated[bytes, 64]
    address: str


def read(db: Database) -> Settings:
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
    return Settings(
        how_to_find_us=dict.fromkeys(LANGUAGES, "") | stored.get("how_to_find_us", {}),
        answer_days=dict.fromkeys(TOPICS, 3) | {"urgent": 1} | stored.get("answer_days", {}),
        retention_days=stored.get("retention_days", 180),
        paused=stored.get("paused", False),
        code_salt=bytes.fromhex(stored["code_salt"]),
        backup_days=stored.get("backup_days", 30),
        quota_gib=stored.get("quota_gib", 4),
        restored=Restored(**stored["restored"]) if "restored" in stored else None,
        seen_day=stored.get("seen_day"),
    )


def put(db: Database, name: str, value: object) -> None:
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
        NothingHere: there is none yet.
    """
    row = desk.row("SELECT secret, address FROM onion WHERE one = 1")
    if row is None:
        raise NothingHere
    return from_row(Onion, row)


def _checked(name: Value, text: Value) -> Any:  # noqa: ANN401  what json.loads gives
    if name not in _ALLOWED:
        raise BadSetting  # without its name, which whoever planted it chose
    try:
        value = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError) as error:
        raise BadSetting(name) from error
    if not _ALLOWED[str(name)](value):
        raise BadSetting(name)
    return value


def _is_how_to_find_us(value: object) -> bool:
    return isinstance(value, dict) and all(
        language in LANGUAGES
        and isinstance(text, str)
        and len(unicodedata.normalize("NFC", text)) <= _HOW_TO_FIND_US_LETTERS
        and not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text)  # one line, and UTF-8
        for language, text in value.items()
    )


def _is_answer_days(value: object) -> bool:
    return isinstance(value, dict) and all(
        topic in (*TOPICS, "urgent") and _is_number(days, _ANSWER_DAYS) for topic, days in value.items()
    )


def _is_restored(value: object) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"day", "back_since"}
        and _is_number(value["day"], DAYS)
        and (value["back_since"] is None or _is_number(value["back_since"], range(value["day"] + 1)))
    )


def _is_number(value: object, allowed: range) -> bool:
    return type(value) is int and value in allowed


def _is_salt(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(f"[0-9a-f]{{{2 * _SALT_BYTES}}}", value) is not None


_ALLOWED: Mapping[str, Callable[[Any], bool]] = {
    "how_to_find_us": _is_how_to_find_us,
    "answer_days": _is_answer_days,
    "retention_days": lambda value: _is_number(value, _RETENTION_DAYS),
    "paused": lambda value: isinstance(value, bool),
    "code_salt": _is_salt,
    "backup_days": lambda value: _is_number(value, _BACKUP_DAYS),
    "quota_gib": lambda value: _is_number(value, _QUOTA_GIB),
    "restored": _is_restored,
    "seen_day": lambda value: _is_number(value, DAYS),
}
NAMES = frozenset(_ALLOWED)
