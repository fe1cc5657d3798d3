"""Numbered steps that bring an older database forward, each in one transaction with the number that records it.

They only go forward, and change nothing but the file: what belongs to a connection is set at every opening, in `link`.
"""

from pathlib import Path

from onion_app.errors import NewerFile
from onion_app.vault import link

_FOLDER = Path(__file__).parent / "migrations"


def newest(kind: link.Kind) -> int:
    """Count the migrations of a kind of database: its version once all have run."""
    return len(_files(kind))


def version(database: link.Link, kind: link.Kind) -> int:
    """Read the version of an open database.

    Raises:
        NewerFile: there are more migrations than this program knows.
    """
    number = int(database.execute("PRAGMA user_version").fetchall()[0][0])
    if number > newest(kind):
        raise NewerFile(link.file_name(kind))
    return number


def apply(database: link.Link, kind: link.Kind) -> None:
    """Run every migration that is due on an open database.

    Raises:
        NewerFile: see `version`.
    """
    done = version(database, kind)
    link.pass_through(database, link.MIGRATING)
    for number, file in enumerate(_files(kind)[done:], start=done + 1):
        statements = file.read_text(encoding="utf-8")
        try:
            database.executescript(f"BEGIN IMMEDIATE;\n{statements}\nPRAGMA user_version = {number};\nCOMMIT;")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise
    link.pass_through(database, link.WORKING)


def _files(kind: link.Kind) -> list[Path]:
    return sorted((_FOLDER / kind).glob("[0-9][0-9][0-9][0-9]_*.sql"))
