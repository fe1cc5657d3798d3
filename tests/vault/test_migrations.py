"""Migrations go forward, each whole or not at all, and only after an encrypted copy."""

import shutil
import stat
from pathlib import Path

import pytest

from onion_app.errors import DamagedFile, KeysUnlinked
from onion_app.vault import connection, database, schema
from onion_app.vault.mailbox import case_keys
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
    database.migrate(made.mailbox_folder, "mailbox", made.mailbox_key, lambda: TODAY * 86_400.0 + 7_200)


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
    assert made.mailbox().row("SELECT count(*) FROM settings") == (2,), "the copy is whole and opens with the same key"


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    made: Installation, steps: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (steps / NEXT).write_text(LATER + "INSERT INTO nowhere VALUES (1);\n")
    with pytest.raises(Exception, match="no such table"):
        migrate(made)
    monkeypatch.undo()
    assert made.mailbox().row("PRAGMA user_version") == (NEWEST,), "and it opens, so that its schema is the old one"


def test_migrations_that_fail_later_keep_what_was_done(made: Installation, later: Path) -> None:
    (later / AFTER_NEXT).write_text("INSERT INTO nowhere VALUES (1);\n")
    with pytest.raises(Exception, match="no such table"):
        migrate(made)
    (later / AFTER_NEXT).unlink()
    migrate(made)
    assert made.mailbox().row("PRAGMA user_version") == (NEWEST + 1,)


def test_who_waited_by_their_state_alone_waits_in_the_circle_of_their_invitation(steps: Path) -> None:
    from_third_on = {file: file.read_text() for file in sorted((steps.parent / "desk").glob("*.sql"))[2:]}
    for file in from_third_on:
        file.unlink()
    before = connection.scratch()
    schema.run_migrations(before, "desk")
    circle, waits, works, invited, came = (bytes([number]) * 16 for number in range(5))
    before.execute("INSERT INTO circles VALUES (?, 'first', '[]', '[]', 1, 1, 1, NULL)", (circle,))
    for who, handle, state, by in ((waits, "waits", "waiting", invited), (works, "works", "active", came)):
        moderator = (who, handle, bytes(32), b"locked", None, None, 1, state, TODAY)
        before.execute("INSERT INTO moderators VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", moderator)
        invitation = (by, by * 2, circle, 1, None, TODAY, "redeemed", who)
        before.execute("INSERT INTO invitations VALUES (?, ?, ?, ?, ?, ?, ?, ?)", invitation)
        before.execute("INSERT INTO audit VALUES (?, ?, ?, 'enrolled', ?, NULL)", (by, TODAY, who, circle))
    for file, statements in from_third_on.items():
        file.write_text(statements)
    schema.run_migrations(before, "desk")
    assert before.execute("SELECT * FROM waiting").fetchall() == [(circle, waits, invited)]
    offices = before.execute("SELECT handle, coordinator FROM moderators ORDER BY handle").fetchall()
    assert offices == [("waits", 0), ("works", 1)], "the office comes with letting in, and stays with who has it"
    assert {what for (what,) in before.execute("SELECT what FROM audit")} == {"came with an invitation"}


def with_wraps_of(made: Installation, size: int) -> bytes:
    """Store a case whose wraps have this many bytes in a mailbox from before they carried links; give the case's id."""
    mailbox = made.mailbox()
    new = made.add_case(mailbox)
    with mailbox.writing():
        mailbox.run("UPDATE case_keys SET wrap = ?", (bytes(size),))
    made.close()
    with made.hostile() as link_:
        link_.execute("PRAGMA user_version = 2")
    return new.id


def test_a_mailbox_whose_cases_would_open_for_nobody_is_refused_and_left_as_it_is(made: Installation) -> None:
    with_wraps_of(made, 117)
    before = (made.mailbox_folder / "mailbox.db").read_bytes()
    with pytest.raises(KeysUnlinked):
        migrate(made)
    assert (made.mailbox_folder / "mailbox.db").read_bytes() == before
    assert [file.name for file in made.mailbox_folder.glob("*.db")] == ["mailbox.db"]


def test_a_mailbox_whose_wraps_carry_links_is_brought_forward(made: Installation) -> None:
    case_id = with_wraps_of(made, 229)
    migrate(made)
    assert len(case_keys.all_wraps(made.mailbox(), case_id)) == 2


def test_a_migration_may_plant_no_trigger_and_attach_nothing(made: Installation, steps: Path) -> None:
    for statement in (
        "CREATE TRIGGER t AFTER INSERT ON texts BEGIN SELECT 1; END;",
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
    database.discard_copies(made.mailbox_folder, TODAY - 30)
    names = sorted(file.name for file in made.mailbox_folder.glob("*.db"))
    assert names == ["mailbox.db", f"mailbox.version-{NEWEST}.day-{TODAY - 30}.db"]
