"""The schema of each database: made by numbered migrations, written down as text, compared with at every opening.

Migrations only go forward, each in one transaction with the number that records it, and change nothing but the file:
the settings of a connection are set at every opening, in `connection`.

`python -m onion_app.vault.schema` writes the `.schema.sql` beside it anew after a migration was added.
"""

from pathlib import Path

from onion_app.errors import DamagedFile, NewerFile, StateBeforeRelease
from onion_app.vault import connection

_FOLDER = Path(__file__).parent
_MIGRATIONS = _FOLDER / "migrations"


def written_schema(kind: connection.DatabaseKind) -> str:
    """Read the schema as it was written down."""
    return (_FOLDER / f"{kind}.schema.sql").read_text(encoding="utf-8")


def describe(database: connection.Connection) -> str:
    """Write down the schema of an open database: every table, index, trigger and view in it, and their number."""
    parts = database.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY tbl_name, type DESC, name"
    ).fetchall()
    listed = [f"\n-- {kind} {name} of {table}\n{sql or '-- made by SQLite'};\n" for kind, name, table, sql in parts]
    return f"-- {len(parts)} parts\n{''.join(listed)}"


def check_schema(database: connection.Connection, kind: connection.DatabaseKind) -> None:
    """Compare an open database with the schema written down, so that a planted trigger, view or table is refused.

    Raises:
        DamagedFile: it is another.
    """
    if describe(database) != written_schema(kind):
        raise DamagedFile(connection.file_name(kind))


def write_all() -> None:
    """Run the migrations in memory and write both schemas down."""
    for kind in connection.KINDS:
        scratch = connection.scratch()
        run_migrations(scratch, kind)
        (_FOLDER / f"{kind}.schema.sql").write_text(describe(scratch), encoding="utf-8")
        scratch.close()


def newest_version(kind: connection.DatabaseKind) -> int:
    """Count the migrations of a kind of database: its version once all have run."""
    return len(_files(kind))


def version(database: connection.Connection, kind: connection.DatabaseKind) -> int:
    """Read the version of an open database.

    Raises:
        NewerFile: there are more migrations than this program knows.
        StateBeforeRelease: its migrations are not those that were begun anew before the first release.
    """
    before = "SELECT 1 FROM sqlite_master WHERE name IN ('case_keys', 'written_replies')"
    if database.execute(before).fetchall():
        raise StateBeforeRelease
    number = int(database.execute("PRAGMA user_version").fetchall()[0][0])
    if number > newest_version(kind):
        raise NewerFile(connection.file_name(kind))
    return number


def run_migrations(database: connection.Connection, kind: connection.DatabaseKind) -> None:
    """Run every migration that is due on an open database.

    Raises:
        NewerFile: there are more migrations than this program knows.
    """
    done = version(database, kind)
    connection.allow(database, connection.MIGRATING)
    for number, file in enumerate(_files(kind)[done:], start=done + 1):
        statements = file.read_text(encoding="utf-8")
        try:
            database.executescript(f"BEGIN IMMEDIATE;\n{statements}\nPRAGMA user_version = {number};\nCOMMIT;")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise
    connection.allow(database, connection.WORKING)


def _files(kind: connection.DatabaseKind) -> list[Path]:
    return sorted((_MIGRATIONS / kind).glob("[0-9][0-9][0-9][0-9]_*.sql"))


if __name__ == "__main__":
    write_all()
