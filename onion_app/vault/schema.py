"""The shape that a database must have, as text: written by the migrations, compared with at every opening.

`python -m onion_app.vault.schema` writes `mailbox.schema.sql` and `desk.schema.sql` anew after a migration was added.
"""

from pathlib import Path

from onion_app.errors import DamagedFile
from onion_app.vault import link, migrations

_FOLDER = Path(__file__).parent


def written(kind: link.Kind) -> str:
    """Read the schema as it was written down."""
    return (_FOLDER / f"{kind}.schema.sql").read_text(encoding="utf-8")


def found(database: link.Link) -> str:
    """Write down the schema of an open database: every table, index, trigger and view in it, and their number."""
    parts = database.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY tbl_name, type DESC, name"
    ).fetchall()
    listed = [f"\n-- {kind} {name} of {table}\n{sql or '-- made by SQLite'};\n" for kind, name, table, sql in parts]
    return f"-- {len(parts)} parts\n{''.join(listed)}"


def check(database: link.Link, kind: link.Kind) -> None:
    """Compare an open database with the schema written down, so that a planted trigger, view or table is refused.

    Raises:
        DamagedFile: it is another.
    """
    if found(database) != written(kind):
        raise DamagedFile(link.file_name(kind))


def write_all() -> None:
    """Run the migrations in memory and write both schemas down."""
    for kind in link.KINDS:
        scratch = link.scratch()
        migrations.apply(scratch, kind)
        (_FOLDER / f"{kind}.schema.sql").write_text(found(scratch), encoding="utf-8")
        scratch.close()


if __name__ == "__main__":
    write_all()
