"""The settings of coordinators, onion keys, machines, bridges: few names, each of one shape, and nothing else is taken.

What the site needs stands in `shown.db`, which it cannot write; the rest at the desk. A name or a value that does not
belong there is never skipped.
"""

import json
import secrets
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field
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
from onion_app.crypto.machine_keys import is_public
from onion_app.crypto.onion_key import OnionKey, onion_of
from onion_app.errors import BadSetting, DamagedFile
from onion_app.shapes import Day, Number, Value, from_json, from_row
from onion_app.vault.bridge_lines import MOST_BRIDGES, is_bridge
from onion_app.vault.database import Database


def _is_one_short_line(text: str) -> bool:
    if len(text) > 4 * FIND_US_LETTERS or any(unicodedata.category(letter) == "Cc" for letter in text):
        return False
    return len(unicodedata.normalize("NFC", text)) <= FIND_US_LETTERS


def _is_machine_name(name: str) -> bool:
    return 0 < len(name) <= _MACHINE_NAME and name.isprintable() and name == name.strip()


def _are_few(bridges: tuple[str, ...]) -> bool:
    return len(bridges) <= MOST_BRIDGES


@dataclass(frozen=True)
class FarDesk:
    """The desk's own onion for volunteers elsewhere, and the machines that find it: their names and public halves.

    There is no onion before the first machine, and none is published while there is no machine.
    """

    onion: OnionKey | None = None
    machines: dict[str, str] = field(default_factory=dict)


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
    restored: Day | None = None  # that of the backup that this comes from; what was taken back since may be here again
    missing: Number = 0  # cases that were gone at once: no new text is taken until the operator has looked
    unchecked: bool = False  # the chores could not even look: likewise
    seen_day: Day = 0  # the newest on which the chores believed the clock


_MACHINE_NAME: Final = 40  # letters
# What nobody decides alone stands at the desk as well, and `shown.db` follows: a power cut decides nothing. # P14
DECIDED: Final = ("how_to_find_us", "retention_days")
_FOLLOWED: Final = (*DECIDED, "seen_day")
_SHOWN: Final = get_annotations(Settings)
_SHAPES: Final = {
    "shown": _SHOWN,
    "desk": {"seen_day": Day, "second_came": Day, "find_us_before": _SHOWN["how_to_find_us"]}
    | {"machines": dict[Annotated[str, _is_machine_name], Annotated[str, is_public]]}
    | {"machines_onion": Annotated[bytes, 64]}
    | {"bridges": Annotated[tuple[Annotated[str, is_bridge], ...], _are_few]}
    | {name: _SHOWN[name] for name in DECIDED},
}


def read_settings(shown: Database) -> Settings:
    """Read every setting of `shown.db`; one that was never set has its default, but the salt of the codes has none.

    Raises:
        BadSetting: with the name of the setting, unless the name itself is unknown.
    """
    stored = _stored(shown)
    if "code_salt" not in stored:
        missing = "code_salt"
        raise BadSetting(missing)
    words = dict.fromkeys(LANGUAGE_CODES, "") | stored.pop("how_to_find_us", {})
    days = dict.fromkeys(TOPICS, 3) | {"urgent": 1} | stored.pop("answer_days", {})
    return Settings(words, days, **stored)


def read_seen_day(desk: Database) -> int | None:
    """Give the newest day on which the chores believed the clock, which stands at the desk.

    Raises:
        BadSetting: as for `read_settings`.
    """
    seen_day: int | None = _stored(desk).get("seen_day")
    return seen_day


def days_behind(db: Database, machine_day: int) -> int:
    """Give the days by which the machine stands before the newest day that was believed; nobody writes by such a clock.

    Cases are destroyed by their age: what came under an early day would be old once the clock is right again.
    """
    seen_day = 0
    with suppress(BadSetting):
        for name, text in db.rows("SELECT name, value FROM settings WHERE name = 'seen_day'"):
            seen_day = _checked(db, name, text)
    return max(0, seen_day - machine_day)


def read_second_came(desk: Database) -> int | None:
    """Give the day on which a second person came for the first time.

    Raises:
        BadSetting: as for `read_settings`.
    """
    second_came: int | None = _stored(desk).get("second_came")
    return second_came


def read_find_us_before(desk: Database) -> dict[str, str] | None:
    """Give the words on how to find us that were agreed to before the present ones.

    Raises:
        BadSetting: as for `read_settings`.
    """
    before: dict[str, str] | None = _stored(desk).get("find_us_before")
    return before


def forget_find_us_before(desk: Database) -> None:
    """Forget these words, inside the caller's `writing()`: they are the present ones again."""
    desk.run("DELETE FROM settings WHERE name = 'find_us_before'")


def followed_settings(desk: Database) -> dict[str, Any]:
    """Give the settings that `shown.db` follows.

    Raises:
        BadSetting: as for `read_settings`.
    """
    return {name: value for name, value in _stored(desk).items() if name in _FOLLOWED}


def put_setting(db: Database, name: str, value: object) -> None:
    """Set one setting, inside the caller's `writing()`. The salt is given as bytes, the others as they are read.

    Pages that are kept ready may name one of `shown.db`: they are thrown away.

    Raises:
        BadSetting: it is not stored.
    """
    text = json.dumps(value.hex() if isinstance(value, bytes) else value, ensure_ascii=False, sort_keys=True)
    _checked(db, name, text)
    db.run("DELETE FROM settings WHERE name = ?", (name,))
    db.run("INSERT INTO settings (name, value) VALUES (?, ?)", (name, text))
    if db.kind == "shown":
        note_change(db)


def note_change(shown: Database) -> None:
    """Let pages that are kept ready go, inside the caller's `writing()`; the number is drawn, whatever stood there."""
    shown.run("INSERT OR REPLACE INTO published (one, counter) VALUES (1, ?)", (secrets.randbits(62),))


def change_setting(db: Database, name: str, value: object) -> None:
    """Set one setting in a transaction of its own.

    Raises:
        BadSetting: as for `put_setting`.
    """
    with db.writing():
        put_setting(db, name, value)


def put_onion(desk: Database, onion: OnionKey) -> None:
    """Keep the key of the onion service and its address, inside the caller's `writing()`."""
    desk.run("DELETE FROM onion")
    desk.run("INSERT INTO onion (one, secret, address) VALUES (1, ?, ?)", (onion.secret, onion.address))


def read_onion(desk: Database) -> OnionKey:
    """Read the key of the onion service.

    Raises:
        DamagedFile: there is none.
    """
    row = desk.row("SELECT secret, address FROM onion WHERE one = 1")
    if row is None:
        raise DamagedFile("desk.db holds no onion key")
    return from_row(OnionKey, row)


def read_far_desk(desk: Database) -> FarDesk:
    """Read which machines elsewhere find the desk, and at which onion.

    Raises:
        BadSetting: as for `read_settings`.
    """
    stored = _stored(desk)
    secret = stored.get("machines_onion")
    return FarDesk(onion_of(secret) if secret else None, stored.get("machines", {}))


def read_bridges(desk: Database) -> tuple[str, ...]:
    """Read the lines of the bridges through which tor leaves this machine; none: it goes directly.

    Raises:
        BadSetting: as for `read_settings`.
    """
    bridges: tuple[str, ...] = _stored(desk).get("bridges", ())
    return bridges


def change_far_desk(desk: Database, far: FarDesk) -> None:
    """Keep another list, and its onion, in one transaction.

    Raises:
        BadSetting: it is not stored.
    """
    with desk.writing():
        _put_far_desk(desk, far)


def take_over_far_desk(desk: Database, newer: Database) -> None:
    """Let those machines find the desk that a newer one lets, and none that was removed since; the caller writes.

    Raises:
        BadSetting: as for `read_settings`.
    """
    _put_far_desk(desk, read_far_desk(newer))


def _put_far_desk(desk: Database, far: FarDesk) -> None:
    put_setting(desk, "machines", far.machines)
    if far.onion:
        put_setting(desk, "machines_onion", far.onion.secret)


def _stored(db: Database) -> dict[str, Any]:
    return {str(name): _checked(db, name, text) for name, text in db.rows("SELECT name, value FROM settings")}


def _checked(db: Database, name: Value, text: Value) -> Any:  # noqa: ANN401 - each setting is of another type
    shapes: dict[Any, Any] = _SHAPES[db.kind]
    if name not in shapes:
        raise BadSetting  # without its name, which whoever planted it chose
    return from_json(shapes[name], text if isinstance(text, str) else "", BadSetting(name))
