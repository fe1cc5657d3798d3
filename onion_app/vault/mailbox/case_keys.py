"""The rows by which cases are named and opened; anybody who writes into the mailbox may have changed them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from onion_app.crypto.keys import new_key
from onion_app.errors import DamagedFile, KeysChanged, NothingHere
from onion_app.shapes import Value
from onion_app.vault.database import Database
from onion_app.vault.mailbox.records import CodeRow, KeyRow, bounded

Facts = Mapping[str, Value]
_AS_THEY_ARE: Final[Facts] = MappingProxyType({})


def find_case(db: Database, by: Literal["tag", "mark"], value: bytes) -> CodeRow:
    """Find the case that a return code leads to, by its tag, or by the mark of the proof that its author can give.

    Raises:
        NothingHere: for any reason.
    """
    found = f"SELECT {bounded('id', 'mark', 'tag', 'box', 'stop')} FROM cases WHERE {by} = ?"  # noqa: S608
    try:
        return db.one(CodeRow, found, (value,))
    except DamagedFile:
        raise NothingHere from None


def key_row(db: Database, case_id: bytes) -> KeyRow:
    """Read the keys of a case, and see that its id follows from them.

    Raises:
        NothingHere: it does not exist, or no longer.
        KeysChanged: somebody has changed the row.
    """
    found = f"SELECT {bounded('id', 'home', 'mark', 'codes', 'tag', 'box', 'stop')} FROM cases WHERE id = ?"  # noqa: S608
    try:
        row = db.one(KeyRow, found, (case_id,))
    except DamagedFile:
        raise KeysChanged from None
    if not row.is_named_rightly:
        raise KeysChanged
    return row


def write_author_keys(db: Database, row: KeyRow, facts: Facts = _AS_THEY_ARE) -> None:
    """Put an author's home, mark and keys into the row of their case, whatever stands there, inside `writing()`.

    `facts` are those that put it right: a row with others than ours can be changed in no part alone. Another row with
    their mark is one that somebody has changed: its own author puts that right.
    """
    _write(db, row, {"home": row.home, "mark": row.mark, "codes": row.packed_codes, **facts})


def write_key_row(db: Database, row: KeyRow, facts: Facts = _AS_THEY_ARE) -> None:
    """Write the same and, for whoever has the code, its tag, its box and its stop."""
    keys = {"home": row.home, "mark": row.mark, "codes": row.packed_codes}
    _write(db, row, {**keys, "tag": row.tag, "box": row.box, "stop": row.stop, **facts})


def _write(db: Database, row: KeyRow, columns: Facts) -> None:
    db.run("UPDATE cases SET mark = ? WHERE mark = ? AND id <> ?", (new_key(), row.mark, row.id))
    put = ", ".join(f"{name} = ?" for name in columns)
    db.run(f"UPDATE cases SET {put} WHERE id = ?", (*columns.values(), row.id))  # noqa: S608
