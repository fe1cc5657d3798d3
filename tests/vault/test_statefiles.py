"""vault.key is written whole or not at all, and belongs to nobody else."""

import fcntl
import os
import stat
import threading
from pathlib import Path

import pytest

from onion_app.errors import VaultDamaged
from onion_app.vault import statefiles


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    statefiles.write_keyslots(tmp_path, '{"slots": 1}')
    statefiles.write_keyslots(tmp_path, '{"slots": 2}')
    assert statefiles.read_keyslots(tmp_path) == '{"slots": 2}'
    assert [file.name for file in tmp_path.iterdir()] == ["vault.key"]
    assert stat.S_IMODE((tmp_path / "vault.key").stat().st_mode) == 0o600


def test_a_power_cut_before_the_last_step_leaves_the_old_slots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    statefiles.write_keyslots(tmp_path, "old")

    def power_cut(*_: object) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", power_cut)
        with pytest.raises(OSError):  # noqa: PT011
            statefiles.write_keyslots(tmp_path, "new")
    assert statefiles.read_keyslots(tmp_path) == "old"
    statefiles.write_keyslots(tmp_path, "new")
    assert statefiles.read_keyslots(tmp_path) == "new"


def test_the_file_and_its_name_are_on_the_disk_before_the_call_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders: list[bool] = []
    sync = os.fsync

    def watched(descriptor: int) -> None:
        folders.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    statefiles.write_keyslots(tmp_path, "slots")
    assert folders == [False, True]


def test_a_missing_a_huge_and_a_binary_file_are_damage(tmp_path: Path) -> None:
    with pytest.raises(VaultDamaged):
        statefiles.read_keyslots(tmp_path)
    for content in (b"x" * 1_000_000, b"\xff\xfe"):
        (tmp_path / "vault.key").write_bytes(content)
        with pytest.raises(VaultDamaged):
            statefiles.read_keyslots(tmp_path)


def test_two_changes_at_once_wait_for_each_other_and_both_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack: the spare code is changed while what comes of a new passphrase is worked out."""
    statefiles.write_keyslots(tmp_path, "old")
    take, came = fcntl.flock, threading.Event()

    def added(words: str) -> str:
        return statefiles.read_keyslots(tmp_path) + words

    another = threading.Thread(target=statefiles.change_keyslots, args=(tmp_path, lambda: added(", spare code")))

    def watched(descriptor: int, lock: int) -> None:
        came.set()
        take(descriptor, lock)

    def passphrase() -> str:
        monkeypatch.setattr(fcntl, "flock", watched)
        another.start()
        assert came.wait(60)
        return added(", passphrase")

    statefiles.change_keyslots(tmp_path, passphrase)
    another.join()
    assert statefiles.read_keyslots(tmp_path) == "old, passphrase, spare code"


def test_a_change_under_way_keeps_what_it_has_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vault.key.new").touch()
    statefiles.discard_half_written(tmp_path)
    assert not list(tmp_path.iterdir())
    sync = os.fsync

    def swept(descriptor: int) -> None:
        statefiles.discard_half_written(tmp_path)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", swept)
    statefiles.write_keyslots(tmp_path, "slots")
    assert statefiles.read_keyslots(tmp_path) == "slots"
