"""A backup is whole or refused by name; what comes out of it is what went in, less what was taken back since."""

import json
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from onion_app.crypto.keyslots import open_slots
from onion_app.errors import AlreadyRunning, BackupDamaged, BadUsage, NotABackup, StateTaken
from onion_app.launch import backup_format, backup_restore, state
from onion_app.launch.state import State
from onion_app.vault import keyfile, lastbackup
from tests.launch.conftest import Installation, Launched, contents
from tests.launch.keeping import TODAY, Kept, is_there, noon, quietly
from tests.launch.manage import manage


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    return tmp_path / "there"


def test_a_backup_is_restored_with_the_spare_code_elsewhere(kept: Kept, tmp_path: Path, elsewhere: Path) -> None:
    kept.meets_keys(1, 2)  # the second epoch began after the mailbox was copied
    file = kept.save(tmp_path / "backup")
    done = backup_restore.restore(file, kept.spare_code, elsewhere, noon, quietly, replace=False, newer=None)
    assert (done.day, done.withdrawn, done.unread_lists) == (TODAY, 0, ())
    restored = State(elsewhere)
    assert open_slots(keyfile.read(elsewhere), kept.passphrase) == kept.keys
    assert is_there(restored, kept.keys, kept.case)
    assert (kept.keys_met(), kept.keys_met(restored)) == ([1, 2], [1])
    assert sorted(path.name for path in elsewhere.iterdir()) == sorted(
        ["desk", "last-backup", "lock", "mailbox", "run", "tor", "vault.key"]
    )


def test_every_file_of_a_restored_state_is_for_this_account_alone(kept: Kept, tmp_path: Path, elsewhere: Path) -> None:
    backup_restore.restore(kept.save(tmp_path / "backup"), kept.passphrase, elsewhere, noon, quietly, replace=False,
                    newer=None)  # fmt: skip
    for path in (elsewhere, *elsewhere.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_backup_has_one_of_few_sizes_and_shows_nothing(kept: Kept, tmp_path: Path) -> None:
    file = kept.save(tmp_path / "backup")
    assert file.stat().st_size == 64 << 20
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"SQLite" not in file.read_bytes()
    assert b"sealedsealed" not in file.read_bytes()
    assert lastbackup.read(kept.place.path) == TODAY
    assert not list(kept.place.path.glob("copying*"))
    assert not list(tmp_path.glob("*.part"))


def test_a_large_backup_doubles() -> None:
    half = backup_format.Part(40 << 20, "", 1)
    assert backup_format.size_for(backup_format.Inside(TODAY, half, half)) == 128 << 20


def test_a_backup_is_made_while_everything_runs(running: Launched, installation: Installation, tmp_path: Path) -> None:
    answers = json.dumps({"passphrase": installation.printed["passphrase"]})
    done = manage(running.state, "--answers", "-", "backup", str(tmp_path / "backup"), typed=answers)
    assert done.code == 0, done.said
    assert "was read back: 64 MiB" in done.said
    checked = manage(running.state, "--answers", "-", "restore", str(tmp_path / "backup"), "--check", typed=answers)
    assert (checked.code, "is whole" in checked.said) == (0, True)
    with pytest.raises(AlreadyRunning):
        backup_restore.restore(tmp_path / "backup", installation.printed["passphrase"], running.state, noon, quietly,
                        replace=True, newer=None)  # fmt: skip


def test_what_is_there_already_is_never_written_over(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "backup").write_text("mine")
    with pytest.raises(BadUsage):
        kept.save(tmp_path / "backup")
    assert (tmp_path / "backup").read_text() == "mine"
    assert lastbackup.read(kept.place.path) is None


def test_an_installation_is_not_replaced_unless_that_is_said(kept: Kept, tmp_path: Path) -> None:
    file = kept.save(tmp_path / "backup")
    before = contents(kept.place.path)
    with pytest.raises(StateTaken):
        backup_restore.restore(file, kept.passphrase, kept.place.path, noon, quietly, replace=False, newer=None)
    assert contents(kept.place.path) == before
    assert manage(kept.place.path, "restore", str(file)).code == 2


def test_what_was_taken_back_stays_gone_when_the_same_state_is_replaced(kept: Kept, tmp_path: Path) -> None:
    file = kept.save(tmp_path / "backup")
    kept.take_back()
    done = backup_restore.restore(file, kept.passphrase, kept.place.path, noon, quietly, replace=True, newer=None)
    assert done.withdrawn == 1
    assert not is_there(kept.place, kept.keys, kept.case)
    [aside] = backup_restore.asides(kept.place)
    assert (aside.path / "vault.key").exists()


def test_what_was_taken_back_stays_gone_when_the_newer_state_lies_elsewhere(
    kept: Kept, tmp_path: Path, elsewhere: Path
) -> None:
    file = kept.save(tmp_path / "backup")
    kept.take_back()
    done = backup_restore.restore(file, kept.passphrase, elsewhere, noon, quietly, replace=False, newer=kept.place.path)
    assert done.withdrawn == 1
    assert not is_there(State(elsewhere), kept.keys, kept.case)


def test_a_list_that_does_not_open_is_said(kept: Kept, tmp_path: Path) -> None:
    file = kept.save(tmp_path / "backup")
    (kept.place.mailbox / "mailbox.db").write_bytes(b"x" * 8192)
    done = backup_restore.restore(file, kept.passphrase, kept.place.path, noon, quietly, replace=True, newer=None)
    assert done.unread_lists == (kept.place.path,)
    assert is_there(kept.place, kept.keys, kept.case)


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], int, str]] = {
    "cut": (lambda whole: whole[: len(whole) // 2 + 100], 5, "damaged or cut off"),
    "cut to a power of two": (lambda whole: whole[: 1 << 25], 5, "damaged or cut off"),
    "one bit of the readable block": (lambda whole: flipped(whole, 60), 5, "damaged or cut off"),
    "one bit of the padding": (lambda whole: flipped(whole, len(whole) - 9), 5, "damaged or cut off"),
    "one bit of a database": (lambda whole: flipped(whole, 9000), 5, "damaged or cut off"),
    "doubled": (lambda whole: whole + whole, 5, "damaged or cut off"),
    "foreign": (lambda _: b"PK\x03\x04" + bytes(9000), 5, "not a backup"),
    "empty": (lambda _: b"", 5, "not a backup"),
    "newer": (lambda whole: whole[:17] + b"\x02" + whole[18:], 5, "newer version"),
}


def flipped(whole: bytes, at: int) -> bytes:
    return whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]


@pytest.fixture(scope="module")
def whole(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("whole")
    shutil.copytree(installation.state, folder / "state")
    keys = open_slots(keyfile.read(folder / "state"), installation.printed["spare_code"])
    backup_restore.save(State(folder / "state"), keys, folder / "backup", noon, quietly)
    return (folder / "backup").read_bytes()


@pytest.mark.parametrize("name", DAMAGES)
def test_a_file_that_is_no_whole_backup_is_refused_by_name(
    whole: bytes, installation: Installation, tmp_path: Path, elsewhere: Path, name: str
) -> None:
    damage, code, words = DAMAGES[name]
    (tmp_path / "backup").write_bytes(damage(whole))
    answers = json.dumps({"spare_code": installation.printed["spare_code"]})
    done = manage(elsewhere, "--answers", "-", "restore", str(tmp_path / "backup"), typed=answers)
    assert done.code == code, done.said
    assert words in done.said
    assert not elsewhere.exists()


def test_a_wrong_passphrase_restores_nothing(whole: bytes, tmp_path: Path, elsewhere: Path) -> None:
    (tmp_path / "backup").write_bytes(whole)
    done = manage(elsewhere, "--answers", "-", "restore", str(tmp_path / "backup"), typed='{"passphrase": "no"}')
    assert done.code == 3
    assert not elsewhere.exists()


def test_a_restore_that_was_cut_off_is_done_again(kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = kept.save(tmp_path / "backup")
    kept.take_back()

    def power_cut(_folder: Path, _text: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(keyfile, "write", power_cut)
        with pytest.raises(KeyboardInterrupt):
            backup_restore.restore(file, kept.passphrase, kept.place.path, noon, quietly, replace=True, newer=None)
    assert not state.is_held(kept.place)
    backup_restore.restore(file, kept.passphrase, kept.place.path, noon, quietly, replace=True, newer=None)
    assert not is_there(kept.place, kept.keys, kept.case), "the list was in the state that had been moved aside"
    assert len(backup_restore.asides(kept.place)) == 2


def test_what_was_written_wrong_is_no_backup(kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = backup_format.write

    def failing_disk(file: object, *given: object) -> None:
        write(file, *given)  # type: ignore[arg-type]
        file.seek(70_000)  # type: ignore[attr-defined]
        file.write(b"x")  # type: ignore[attr-defined]

    monkeypatch.setattr(backup_format, "write", failing_disk)
    with pytest.raises(BackupDamaged):
        kept.save(tmp_path / "backup")
    assert not list(tmp_path.glob("backup*"))
    assert lastbackup.read(kept.place.path) is None


def test_a_head_of_something_else_is_no_backup(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"something else")
    with (tmp_path / "other").open("rb") as file, pytest.raises(NotABackup):
        backup_format.read_head(file)
