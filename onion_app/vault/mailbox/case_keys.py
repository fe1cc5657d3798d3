"""The rows by which cases are named and opened; anybody who writes into the mailbox may have changed them."""

from typing import Literal

from onion_app.crypto.keys import new_key
from onion_app.errors import DamagedFile, KeysChanged, NothingHere
from onion_app.vault.database import Database
from onion_app.vault.mailbox.records import CodeRow, KeyRow


def find_case(db: Database, by: Literal["tag", "mark"], value: bytes) -> CodeRow:
    """Find the case that a return code leads to, by its tag, or by the mark of the proof that its author can give.

    Raises:
        NothingHere: for any reason.
    """
    try:
        return db.one(CodeRow, f"SELECT id, mark, tag, box, stop FROM cases WHERE {by} = ?", (value,))  # noqa: S608
    except DamagedFile:
        raise NothingHere from None


def key_row(db: Database, case_id: bytes) -> KeyRow:
    """Read the keys of a case, and see that its id follows from them.

    Raises:
        NothingHere: it does not exist, or no longer.
        KeysChanged: somebody has changed the row.
    """
    try:
        row = db.one(KeyRow, "SELECT id, home, mark, codes, tag, box, stop FROM cases WHERE id = ?", (case_id,))
    except DamagedFile:
        raise KeysChanged from None
    if not row.is_named_rightly:
        raise KeysChanged
    return row


def write_author_keys(db: Database, row: KeyRow) -> None:
    """Put an author's home, mark and keys into the row of their case, whatever stands there, inside `writing()`.

    Another row with their mark is one that somebody has changed: its own author puts that right.
    """
    db.run("UPDATE cases SET mark = ? WHERE mark = ? AND id <> ?", (new_key(), row.mark, row.id))
    put = "UPDATE cases SET home = ?, mark = ?, codes = ? WHERE id = ?"
    db.run(put, (row.home, row.mark, row.packed_codes, row.id))


def write_key_row(db: Database, row: KeyRow) -> None:
    """Write the same and, for whoever has the code, its tag, its box and its stop."""
    write_author_keys(db, row)
    db.run("UPDATE cases SET tag = ?, box = ?, stop = ? WHERE id = ?", (row.tag, row.box, row.stop, row.id))
