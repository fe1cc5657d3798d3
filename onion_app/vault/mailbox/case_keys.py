"""The rows by which cases are named and opened; anybody who writes into the mailbox may have changed them."""

from dataclasses import astuple, replace
from typing import Final

from onion_app.errors import DamagedFile, KeysChanged, NothingHere
from onion_app.vault.database import Database
from onion_app.vault.mailbox.records import KeyRow

_ROW: Final = "SELECT id, home, mark, codes, tag, box, stop FROM cases "


def case_of_tag(db: Database, tag: bytes) -> KeyRow:
    """Find the case that a return code leads to.

    Raises:
        NothingHere: for any reason.
    """
    return _honest(db, _ROW + "WHERE tag = ?", tag)


def case_of_mark(db: Database, mark: bytes) -> KeyRow:
    """Find the case whose author can give the proof of a mark.

    Raises:
        NothingHere: for any reason.
    """
    return _honest(db, _ROW + "WHERE mark = ?", mark)


def key_row(db: Database, case_id: bytes) -> KeyRow:
    """Read the keys of a case, and see that its id follows from them.

    Raises:
        NothingHere: it does not exist, or no longer.
        KeysChanged: somebody has changed the row.
    """
    try:
        row = db.one(KeyRow, _ROW + "WHERE id = ?", (case_id,))
    except DamagedFile:
        raise KeysChanged from None
    if not row.is_named_rightly:
        raise KeysChanged
    return row


def write_key_row(db: Database, row: KeyRow, **changed: bytes | None) -> KeyRow:
    """Put the keys of a case into its row, whatever stands there, inside the caller's `writing()`."""
    new = replace(row, **changed)
    case_id, *columns = astuple(new)
    put = "UPDATE cases SET home = ?, mark = ?, codes = ?, tag = ?, box = ?, stop = ? WHERE id = ?"
    db.run(put, (*columns, case_id))
    return new


def _honest(db: Database, question: str, value: bytes) -> KeyRow:
    try:
        return db.one(KeyRow, question, (value,))
    except DamagedFile:
        raise NothingHere from None
