"""Values and rows that no honest program writes, planted past every CHECK, NOT NULL and STRICT of a file."""

import secrets
from typing import Any, Final

from onion_app.vault.connection import DatabaseKind
from tests import tables
from tests.world import World

VALUES: Final[tuple[object, ...]] = (
    None, "", "x\0y", b"", b"\xff", bytes(33), -1, 10**18, -(2**63), 1.5, float("inf"), "9" * 5_000, "[" * 5_000,
)  # fmt: skip
NAMED: Final = {"settings", "onion"}  # their rows are few and known: of these a bad one is never left out


Column = tuple[str, str, bool]  # its name, its type, and whether it belongs to the primary key
_MADE_UP: Final = {"BLOB": bytes(16), "INTEGER": 1, "TEXT": "x"}


def columns_of(link: Any) -> dict[str, list[Column]]:
    """Name the columns of each table."""
    names = [name for (name,) in link.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {
        name: [(each[1], each[2], each[5] > 0) for each in link.execute(f'PRAGMA table_info("{name}")')]
        for name in names
    }


def plant_everywhere(world: World, kind: DatabaseKind) -> int:
    """Copy a row of each table, or make one up, with a hostile value in each column in turn; give how many came in."""
    planted = 0
    with tables.past_strict(world.state.path / kind / f"{kind}.db", world.keys.of(kind)) as link:
        for table, columns in columns_of(link).items():
            if table in NAMED:
                continue
            row = link.execute(f'SELECT * FROM "{table}" LIMIT 1').fetchone() or [_MADE_UP[each[1]] for each in columns]
            insert = f'INSERT OR IGNORE INTO "{table}" VALUES ({", ".join("?" * len(row))})'
            for place in range(len(columns)):
                for value in VALUES:
                    copy = [_another(old) if each[2] else old for old, each in zip(row, columns, strict=True)]
                    copy = [secrets.token_bytes(32) if _is_mark(old) else old for old in copy]
                    copy[place] = value
                    planted += link.execute(insert, copy).rowcount
    return planted


def _another(value: Any) -> Any:
    return secrets.token_bytes(len(value)) if isinstance(value, bytes) else value


def _is_mark(value: Any) -> bool:
    return isinstance(value, bytes) and len(value) == 32
