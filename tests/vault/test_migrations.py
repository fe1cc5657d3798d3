"""Migrations go forward, each whole or not at all, and only after an encrypted copy."""

import shutil
import stat
from contextlib import closing
from pathlib import Path

import pytest

from onion_app.errors import DamagedFile
from onion_app.vault import connection, migrating, schema
from tests.vault.made import LATER, TODAY, Installation, add_migration

NEWEST = schema.newest_version("mailbox")
NEXT, AFTER_NEXT = f"{NEWEST + 1:04}_later.sql", f"{NEWEST + 2:04}_broken.sql"


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the migrations, so that a test can add its own."""
    folder = tmp_path / "steps"
    shutil.copytree(schema._MIGRATIONS, folder)
    monkeypatch.setattr(schema, "_MIGRATIONS", folder)
    return folder / "mailbox"


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have one migration more, and the schema that it makes."""
    add_migration(tmp_path / "steps", monkeypatch, LATER)
    return tmp_path / "steps" / "mailbox"


def migrate(made: Installation) -> None:
    migrating.migrate(made.mailbox_folder, "mailbox", made.keys.mailbox, lambda: TODAY * 86_400.0 + 7_200)


def test_nothing_due_changes_nothing_and_copies_nothing(made: Installation) -> None:
    before = (made.mailbox_folder / "mailbox.db").read_bytes()
    migrate(made)
    assert (made.mailbox_folder / "mailbox.db").read_bytes() == before
    assert [file.name for file in made.mailbox_folder.glob("*.db")] == ["mailbox.db"]


@pytest.mark.usefixtures("later")
def test_a_due_migration_runs_after_an_encrypted_copy(made: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(made)
    assert made.mailbox().row("SELECT count(*) FROM later") == (1,)
    copy = made.mailbox_folder / f"mailbox.version-{NEWEST}.day-{TODAY}.db"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert not copy.read_bytes().startswith(b"SQLite format 3")
    made.close()

    monkeypatch.undo()
    copy.rename(made.mailbox_folder / "mailbox.db")
    for beside in ("mailbox.db-wal", "mailbox.db-shm"):
        (made.mailbox_folder / beside).unlink(missing_ok=True)
    assert made.mailbox().row("SELECT count(*) FROM counter") == (1,), "the copy is whole and opens with the same key"


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    made: Installation, steps: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (steps / NEXT).write_text(LATER + "INSERT INTO nowhere VALUES (1);\n")
    with pytest.raises(Exception, match="no such table"):
        migrate(made)
    monkeypatch.undo()
    assert made.mailbox().row("PRAGMA user_version") == (NEWEST,), "and it opens, so that its schema is the old one"


def test_migrations_that_fail_later_undo_what_was_done(made: Installation, later: Path) -> None:
    (later / AFTER_NEXT).write_text("INSERT INTO nowhere VALUES (1);\n")
    with pytest.raises(Exception, match="no such table"):
        migrate(made)
    with closing(connection.connect(made.mailbox_folder, "mailbox", made.keys.mailbox)) as opened:
        assert schema.version(opened, "mailbox") == NEWEST
    (later / AFTER_NEXT).unlink()
    migrate(made)
    assert made.mailbox().row("PRAGMA user_version") == (NEWEST + 1,)


def test_where_one_of_the_three_fails_the_others_are_as_they_were(
    made: Installation, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = later.parent / "desk"
    (desk / f"{schema.newest_version('desk') + 1:04}_broken.sql").write_text("INSERT INTO nowhere VALUES (1);\n")
    written = {kind: (schema._FOLDER / f"{kind}.schema.sql").read_text() for kind in ("shown", "desk")}
    newest = schema.written_schema("mailbox")
    monkeypatch.setattr(schema, "written_schema", lambda kind: written.get(kind, newest))
    with pytest.raises(Exception, match="no such table"):
        migrating.migrate_all(made.folder, made.keys.of, lambda: TODAY * 86_400.0)
    with closing(connection.connect(made.mailbox_folder, "mailbox", made.keys.mailbox)) as opened:
        assert schema.version(opened, "mailbox") == NEWEST, "the copy was put back"


def test_a_migration_may_plant_no_trigger_and_attach_nothing(made: Installation, steps: Path) -> None:
    for statement in (
        "CREATE TRIGGER t AFTER INSERT ON messages BEGIN SELECT 1; END;",
        "CREATE VIEW v AS SELECT 1;",
        "ATTACH ':memory:' AS a;",
    ):
        (steps / NEXT).write_text(statement)
        with pytest.raises(DamagedFile):
            migrate(made)


@pytest.mark.usefixtures("later")
def test_a_copy_cut_off_by_a_power_cut_does_not_stop_the_next_attempt(made: Installation) -> None:
    (made.mailbox_folder / f"mailbox.version-{NEWEST}.day-{TODAY}.db").write_bytes(b"half")
    migrate(made)
    assert made.mailbox().row("PRAGMA user_version") == (NEWEST + 1,)


def test_old_copies_are_destroyed_and_newer_ones_and_the_database_stay(made: Installation) -> None:
    for day in (TODAY - 31, TODAY - 30):
        (made.mailbox_folder / f"mailbox.version-{NEWEST}.day-{day}.db").touch()
    migrating.discard_copies(made.mailbox_folder, range(TODAY - 30, TODAY + 1))
    names = sorted(file.name for file in made.mailbox_folder.glob("*.db"))
    assert names == ["mailbox.db", f"mailbox.version-{NEWEST}.day-{TODAY - 30}.db"]
