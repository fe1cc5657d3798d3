"""P13: whoever may only read `shown.db` reads it whenever it is whole, and changes nothing in it."""

import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest

from onion_app.errors import HalfWritten, StateBeforeRelease
from onion_app.vault import connection, database, migrating, settings
from onion_app.vault.database import Database
from tests.vault.made import Installation

READER = """
import sys
from pathlib import Path
from onion_app.vault import database, settings
shown = database.open_database(Path(sys.argv[1]), "shown", bytes.fromhex(sys.argv[2]), read_only=True)
print(settings.read_settings(shown).retention_days)
"""
WRITER = """
import sys
from pathlib import Path
from onion_app.vault import database
shown = database.open_database(Path(sys.argv[1]), "shown", bytes.fromhex(sys.argv[2]))
with shown.writing():
    shown.run("UPDATE settings SET value = '31' WHERE name = 'retention_days'")
    shown.run("DELETE FROM circles")
    shown.run("INSERT INTO settings VALUES ('much', ?)", ("x" * 4_000_000,))  # more than is kept in memory
    print("not committed", flush=True)
    sys.stdin.read()
    sys.exit()
"""


def program(made: Installation, code: str, *around: str) -> list[str]:
    return [*around, sys.executable, "-c", code, str(made.folder / "shown"), made.keys.of("shown").hex()]


@pytest.fixture
def kept_days(made: Installation) -> int:
    with closing(made.open("shown")) as shown:
        settings.change_setting(shown, "retention_days", 90)
    return 90


@pytest.fixture
def reader(made: Installation) -> Database:
    return made.open("shown", read_only=True)


@pytest.fixture
def half_written(made: Installation, kept_days: int) -> None:
    """Have somebody killed in the middle of a change."""
    assert kept_days
    with subprocess.Popen(program(made, WRITER), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == b"not committed\n"
        killed.kill()
    assert made.file("shown").with_name("shown.db-journal").exists()


@pytest.mark.usefixtures("kept_days")
def test_a_mount_that_cannot_be_written_shows_everything_with_no_writer_alive(made: Installation) -> None:
    mount = ("bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc")
    said = subprocess.run(program(made, READER, *mount), capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout == "90\n"


def test_a_change_is_refused_and_a_reader_sees_those_of_others(
    made: Installation, reader: Database, kept_days: int
) -> None:
    assert settings.read_settings(reader).retention_days == kept_days
    with pytest.raises(HalfWritten), reader.writing():
        reader.run("DELETE FROM settings")
    with closing(made.open("shown")) as writer:
        settings.change_setting(writer, "retention_days", 91)
        assert settings.read_settings(reader).retention_days == 91


@pytest.mark.usefixtures("half_written")
def test_what_was_cut_off_is_named_after_a_while_and_healed_by_whoever_may_write(
    made: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database._HEALED_WITHIN == 5.0
    monkeypatch.setattr(database, "_HEALED_WITHIN", 0.0)
    with pytest.raises(HalfWritten):
        made.open("shown", read_only=True)
    made.open("shown").close()
    reader = made.open("shown", read_only=True)
    assert settings.read_settings(reader).retention_days == 90
    assert reader.row("SELECT count(*) FROM circles") == (1,)
    assert not made.file("shown").with_name("shown.db-journal").exists()


def test_a_reader_waits_until_somebody_has_healed_it(
    made: Installation, reader: Database, half_written: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert half_written is None
    monkeypatch.setattr(database, "_HEALED_WITHIN", 60.0)
    waits = threading.Event()
    monkeypatch.setattr(time, "sleep", lambda _: waits.set())

    def heal() -> None:
        assert waits.wait(60)
        made.open("shown").close()

    healing = threading.Thread(target=heal)
    healing.start()
    assert settings.read_settings(reader).retention_days == 90, "it was open before the cut"
    healing.join()


@pytest.mark.parametrize("kind", connection.KINDS)
@pytest.mark.parametrize("table", ["case_keys", "written_replies"])
def test_a_state_from_before_the_release_is_refused_in_one_sentence_and_left_as_it_is(
    made: Installation, kind: connection.DatabaseKind, table: str
) -> None:
    with made.hostile(kind) as link:
        link.execute(f"CREATE TABLE {table} (case_id BLOB NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID")
        link.execute("PRAGMA user_version = 7")
        link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = made.file(kind).read_bytes()
    for opening in (
        lambda: made.open(kind),
        lambda: migrating.migrate(made.folder / kind, kind, made.keys.of(kind), lambda: 0.0),
    ):
        with pytest.raises(StateBeforeRelease) as refused:
            opening()
    assert refused.value.sentence.count(".") == 1
    assert refused.value.hint
    assert made.file(kind).read_bytes() == before
