"""A backup is whole or refused by name; what comes out of it is what went in, less what was taken back since."""

import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from onion_app.crypto.codes import new_code
from onion_app.crypto.keyslots import open_slots
from onion_app.errors import (
    AlreadyRunning,
    BackupDamaged,
    BackupNewer,
    BadUsage,
    NotABackup,
    SanctuaryError,
    StateTaken,
    WrongPassphrase,
)
from onion_app.launch import backup_format, backup_restore, state
from onion_app.launch.state import State
from onion_app.vault import statefiles
from onion_app.vault.mailbox import messages
from tests.launch.conftest import Installation, Launched, contents
from tests.launch.keeping import TODAY, Kept, noon, quietly
from tests.launch.manage import manage, with_secret


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    return tmp_path / "there"


def test_a_backup_is_restored_with_the_spare_code_elsewhere(kept: Kept, tmp_path: Path, elsewhere: Path) -> None:
    kept.meets_keys(1, 2)  # the second epoch began after the mailbox was copied
    file = kept.save(tmp_path / "backup")
    done = kept.restore(file, elsewhere, kept.spare_code)
    assert (done.day, done.withdrawn, done.unread_lists) == (TODAY, 0, ())
    restored = State(elsewhere)
    assert open_slots(statefiles.read_keyslots(elsewhere), kept.passphrase) == kept.keys
    assert kept.is_there(restored)
    assert (kept.keys_met(), kept.keys_met(restored)) == ([1, 2], [1])
    whole = {"desk", "last-backup", "lock", "mailbox", "run", "tor", "vault.key"}
    assert {path.name for path in elsewhere.iterdir()} == whole
    for path in (elsewhere, *elsewhere.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_backup_has_one_of_few_sizes_and_shows_nothing(kept: Kept, tmp_path: Path) -> None:
    file = kept.save(tmp_path / "backup")
    assert file.stat().st_size == 64 << 20
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with kept.opened() as world:
        [message] = messages.messages_of(world.mailbox, kept.case)
    assert not [secret for secret in (b"SQLite", message.sealed[:64]) if secret in file.read_bytes()]
    assert statefiles.read_backup_day(kept.place.path) == TODAY
    assert not [*kept.place.path.glob("copying*"), *tmp_path.glob("*.part")]


def test_a_large_backup_doubles() -> None:
    half = backup_format.Part(40 << 20, "", 1)
    assert backup_format.size_for(backup_format.Contents(TODAY, half, half)) == 128 << 20


def test_a_backup_is_made_while_everything_runs(standing: Launched, installation: Installation, tmp_path: Path) -> None:
    secret, file = installation.printed["passphrase"], tmp_path / "backup"
    assert with_secret(standing.state, secret, "backup", str(file)).error is None
    assert with_secret(standing.state, secret, "restore", str(file), "--check").error is None
    with pytest.raises(AlreadyRunning):
        backup_restore.restore_backup(file, secret, standing.state, noon, quietly, replace=True, newer=None)


def test_what_is_there_already_is_never_written_over(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "backup").write_text("mine")
    with pytest.raises(BadUsage):
        kept.save(tmp_path / "backup")
    assert (tmp_path / "backup").read_text() == "mine"
    assert statefiles.read_backup_day(kept.place.path) is None


def test_an_installation_is_not_replaced_unless_that_is_said(kept: Kept, tmp_path: Path) -> None:
    file = kept.save(tmp_path / "backup")
    before = contents(kept.place.path)
    with pytest.raises(StateTaken):
        kept.restore(file, kept.place.path)
    assert contents(kept.place.path) == before
    assert isinstance(manage(kept.place.path, "restore", str(file)).error, StateTaken), "before a secret is asked for"


@pytest.mark.parametrize("replaced", [True, False])
def test_what_was_taken_back_stays_gone_where_the_newer_state_is_replaced_or_named(
    kept: Kept, tmp_path: Path, elsewhere: Path, *, replaced: bool
) -> None:
    file, folder = kept.save(tmp_path / "backup"), kept.place.path if replaced else elsewhere
    kept.take_back()
    done = kept.restore(file, folder, replace=replaced, newer=None if replaced else kept.place.path)
    assert done.withdrawn == 1
    assert not kept.is_there(State(folder))
    assert [(aside.path / "vault.key").exists() for aside in backup_restore.asides(State(folder))] == [True] * replaced


def test_a_list_that_does_not_open_is_said(kept: Kept, tmp_path: Path) -> None:
    file = kept.save(tmp_path / "backup")
    (kept.place.mailbox / "mailbox.db").write_bytes(b"x" * 8192)
    assert kept.restore(file, kept.place.path, replace=True).unread_lists == (kept.place.path,)
    assert kept.is_there()


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], type[SanctuaryError]]] = {
    "cut": (lambda whole: whole[: len(whole) // 2 + 100], BackupDamaged),
    "cut to a power of two": (lambda whole: whole[: 1 << 25], BackupDamaged),
    "one bit of the readable block": (lambda whole: flipped(whole, 60), BackupDamaged),
    "one bit of the padding": (lambda whole: flipped(whole, len(whole) - 9), BackupDamaged),
    "one bit of a database": (lambda whole: flipped(whole, 9000), BackupDamaged),
    "doubled": (lambda whole: whole + whole, BackupDamaged),
    "foreign": (lambda _: b"PK\x03\x04" + bytes(9000), NotABackup),
    "short": (lambda _: b"something else", NotABackup),
    "empty": (lambda _: b"", NotABackup),
    "under another spare code": (lambda whole: whole, WrongPassphrase),
    "newer": (lambda whole: whole[:17] + b"\x02" + whole[18:], BackupNewer),
}


def flipped(whole: bytes, at: int) -> bytes:
    return whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]


@pytest.fixture(scope="module")
def whole(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("whole")
    shutil.copytree(installation.state, folder / "state")
    backup_restore.save_backup(State(folder / "state"), installation.keys, folder / "backup", noon, quietly)
    return (folder / "backup").read_bytes()


@pytest.mark.parametrize("name", DAMAGES)
def test_a_file_that_is_no_whole_backup_is_refused_by_name(
    whole: bytes, installation: Installation, tmp_path: Path, elsewhere: Path, name: str
) -> None:
    damage, error = DAMAGES[name]
    (tmp_path / "backup").write_bytes(damage(whole))
    secret = new_code() if error is WrongPassphrase else installation.printed["spare_code"]
    done = with_secret(elsewhere, secret, "restore", str(tmp_path / "backup"))
    assert (type(done.error), done.code) == (error, 3 if error is WrongPassphrase else 5)
    assert not elsewhere.exists()


def test_a_restore_that_was_cut_off_is_done_again(kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = kept.save(tmp_path / "backup")
    kept.take_back()

    def power_cut(_folder: Path, _text: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(statefiles, "write_keyslots", power_cut)
        with pytest.raises(KeyboardInterrupt):
            kept.restore(file, kept.place.path, replace=True)
    assert not state.is_held(kept.place)
    kept.restore(file, kept.place.path, replace=True)
    assert not kept.is_there(), "the list was in the state that had been moved aside"
    assert len(backup_restore.asides(kept.place)) == 2


def test_what_was_written_wrong_is_no_backup(kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = backup_format.write_backup

    def failing_disk(file: object, *given: object) -> None:
        write(file, *given)  # type: ignore[arg-type]
        file.seek(70_000)  # type: ignore[attr-defined]
        file.write(b"x")  # type: ignore[attr-defined]

    monkeypatch.setattr(backup_format, "write_backup", failing_disk)
    with pytest.raises(BackupDamaged):
        kept.save(tmp_path / "backup")
    assert not list(tmp_path.glob("backup*"))
    assert statefiles.read_backup_day(kept.place.path) is None
