"""Databases open only with their key, only as they were written, and behind a gate."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from onion_app.errors import CipherUnfit, DamagedFile, NewerFile, OlderFile, WrongKey
from onion_app.vault import connection, database, migrating, schema
from onion_app.vault.connection import DatabaseKind
from onion_app.vault.database import Database
from tests.vault.made import Installation, some_key


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("kind", connection.KINDS)
def test_every_setting_holds_on_an_open_connection(made: Installation, kind: DatabaseKind, *, read_only: bool) -> None:
    promised: dict[str, int | str] = {
        "foreign_keys": 1,
        "secure_delete": 1,
        "temp_store": 2,  # memory
        "trusted_schema": 0,
        "cell_size_check": 1,
        "journal_mode": "delete" if kind == "shown" else "wal",
        "synchronous": 2,  # full
        "busy_timeout": connection.BUSY_SECONDS * 1000,
    }
    opened = made.open(kind, read_only=read_only)
    connection.allow(opened._link, connection.OPENING)
    assert {name: opened.rows(f"PRAGMA {name}") for name in promised} == {n: [(v,)] for n, v in promised.items()}


def test_a_setting_that_does_not_hold_stops_the_opening(made: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SETTINGS", (*connection.SETTINGS, ("cipher_version", "9", "9")))
    with pytest.raises(CipherUnfit):
        made.mailbox()


def test_the_wrong_key_is_named(made: Installation) -> None:
    for key in (some_key(), b"short", made.keys.desk, made.keys.of("shown"), made.keys.mailbox.hex().encode()[:32]):
        with pytest.raises(WrongKey):
            database.open_database(made.mailbox_folder, "mailbox", key)


@pytest.mark.parametrize("empty", [False, True])
def test_a_missing_or_empty_file_is_damage_and_stays_so(tmp_path: Path, *, empty: bool) -> None:
    if empty:
        (tmp_path / "mailbox.db").touch()
    with pytest.raises(DamagedFile):
        database.open_database(tmp_path, "mailbox", some_key())
    assert [file.stat().st_size for file in tmp_path.iterdir()] == [0] * empty


def test_a_damaged_first_page_and_a_damaged_later_page_are_named(made: Installation) -> None:
    file = made.mailbox_folder / "mailbox.db"
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + bytes(len(whole) - 4096))
    with pytest.raises(DamagedFile):
        made.mailbox().rows("SELECT * FROM cases")
    for first in (bytes(100) + whole[100:], b"SQLite format 3\0" + bytes(4080)):
        file.write_bytes(first)
        with pytest.raises(WrongKey):
            made.mailbox()


def test_a_database_is_never_created_over_another(made: Installation) -> None:
    before = (made.mailbox_folder / "mailbox.db").read_bytes()
    with pytest.raises(FileExistsError):
        database.create_database(made.mailbox_folder, "mailbox", made.keys.mailbox)
    assert (made.mailbox_folder / "mailbox.db").read_bytes() == before


def test_files_belong_to_nobody_else(made: Installation) -> None:
    opened = {kind: made.open(kind) for kind in connection.KINDS}
    for kind, db in opened.items():
        with db.writing():
            db.run(f"DELETE FROM {'withdrawn' if kind == 'mailbox' else 'settings'}")
            assert stat.S_IMODE((made.folder / kind).stat().st_mode) == 0o700
            files = sorted((made.folder / kind).iterdir())
            beside = ["db-journal"] if kind == "shown" else ["db-shm", "db-wal"]
            assert [file.name.rpartition(".")[2] for file in files] == ["db", *beside]
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_folder_that_others_could_enter_is_closed_to_them(tmp_path: Path) -> None:
    folder = tmp_path / "mailbox"
    folder.mkdir(mode=0o755)
    database.create_database(folder, "mailbox", some_key()).close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_nothing_is_printed_about_a_wrong_key(made: Installation) -> None:
    code = (
        "import sys; from pathlib import Path; from onion_app.vault import database\n"
        "try: database.open_database(Path(sys.argv[1]), 'mailbox', bytes(32))\n"
        "except Exception as error: sys.exit(type(error).__name__ != 'WrongKey')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(made.mailbox_folder)], capture_output=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


REPLACED = "ALTER TABLE withdrawn RENAME TO hidden; CREATE VIEW withdrawn AS SELECT * FROM hidden WHERE 0"
PLANTED = (
    "CREATE TRIGGER planted AFTER INSERT ON messages BEGIN DELETE FROM counter; END",
    "CREATE VIEW planted AS SELECT * FROM messages",
    "CREATE TABLE planted (copy TEXT)",
    "CREATE INDEX planted ON messages (author)",
    "DROP INDEX queue",
    "ANALYZE",
    REPLACED,
)


@pytest.mark.parametrize("planted", PLANTED)
@pytest.mark.parametrize("kind", connection.KINDS)
def test_a_planted_shape_is_refused_at_opening(made: Installation, kind: DatabaseKind, planted: str) -> None:
    others = {"desk": ("entries (author)", "entries", "taken", "audit_by_day", "findings")}
    others["shown"] = ("versions (language)", "versions", "published", "originals", "replies")
    ours = ("messages (author)", "messages", "counter", "queue", "withdrawn")
    for name, other in zip(ours, others.get(kind, ours), strict=True):
        planted = planted.replace(name, other)
    with made.hostile(kind) as link_:
        link_.executescript(planted)
    with pytest.raises(DamagedFile):
        made.open(kind)


def test_a_trigger_planted_after_opening_runs_nothing(made: Installation, mailbox: Database) -> None:
    with made.hostile() as link_:
        link_.execute("CREATE TRIGGER planted AFTER INSERT ON withdrawn BEGIN DELETE FROM counter; END")
    with pytest.raises(DamagedFile), mailbox.writing():
        mailbox.run("INSERT INTO withdrawn (proof) VALUES (?)", (bytes(32),))
    assert mailbox.row("SELECT count(*) FROM counter") == (1,)
    assert mailbox.row("SELECT count(*) FROM withdrawn") == (0,)


def test_a_view_planted_after_opening_is_not_read(made: Installation, mailbox: Database) -> None:
    assert mailbox.rows("SELECT proof FROM withdrawn") == []
    with made.hostile() as link_:
        link_.executescript(REPLACED)
    with pytest.raises(DamagedFile):
        mailbox.rows("SELECT proof FROM withdrawn")


@pytest.mark.parametrize(
    "statement",
    ["ATTACH '{elsewhere}' AS elsewhere", "VACUUM INTO '{elsewhere}'", "CREATE TABLE more (a TEXT)",
     "CREATE TEMP TABLE more (a TEXT)", "CREATE TEMP TRIGGER t AFTER INSERT ON withdrawn BEGIN SELECT 1; END",
     "DROP TABLE withdrawn", "ALTER TABLE withdrawn RENAME TO hidden", "PRAGMA foreign_keys = OFF",
     "PRAGMA trusted_schema = ON", "PRAGMA writable_schema = ON", "PRAGMA journal_mode = DELETE",
     "PRAGMA key = 'another'", "PRAGMA rekey = 'another'", "PRAGMA cipher_export", "REINDEX", "ANALYZE",
     "SAVEPOINT here"],
)  # fmt: skip
def test_the_gate_refuses_what_it_does_not_name(mailbox: Database, tmp_path: Path, statement: str) -> None:
    elsewhere = tmp_path / "elsewhere.db"
    with pytest.raises(DamagedFile):
        mailbox.rows(statement.format(elsewhere=elsewhere))
    assert not elsewhere.exists()


@pytest.mark.parametrize("function", ["load_extension('x')", "sqlcipher_export('main')", "writefile('x')", "random()"])
def test_the_gate_refuses_functions_it_does_not_name(mailbox: Database, function: str) -> None:
    with pytest.raises(Exception, match=r"not authorized|no such function"):
        mailbox.rows(f"SELECT {function}")


@pytest.mark.parametrize("kind", connection.KINDS)
def test_the_written_schema_is_what_the_migrations_make(kind: DatabaseKind) -> None:
    scratch = connection.scratch()
    schema.run_migrations(scratch, kind)
    assert schema.describe(scratch) == schema.written_schema(kind), "run: python -m onion_app.vault.schema"
    assert "TRIGGER" not in schema.written_schema(kind)
    assert "CASCADE" not in schema.written_schema(kind)


def test_a_newer_and_an_older_file_are_named(made: Installation) -> None:
    with made.hostile() as link_:
        link_.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerFile):
        made.mailbox()
    with pytest.raises(NewerFile):
        migrating.migrate(made.mailbox_folder, "mailbox", made.keys.mailbox, lambda: 0.0)
    with made.hostile("desk") as link_:
        link_.execute("PRAGMA user_version = 0")
    with pytest.raises(OlderFile):
        made.open("desk")
