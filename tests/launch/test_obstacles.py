"""What keeps a file from being read or written is named, and never taken for damage, whose cure would be a backup."""

import errno
import resource
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from onion_app.crypto.keyslots import VaultKeys
from onion_app.errors import (
    DamagedFile,
    DiskReadOnly,
    DiskTrouble,
    NoInodes,
    QuotaUsed,
    SanctuaryError,
    TooFewFiles,
    VaultDamaged,
)
from onion_app.vault import connection, database, statefiles
from tests.launch.conftest import Installation, Operator
from tests.launch.disks import small_disk, without_inodes
from tests.launch.keeping import Kept
from tests.launch.manage import with_secret
from tests.rehearsal import ROOT

CLASSES = (QuotaUsed, DiskReadOnly, DiskTrouble, DamagedFile)
WRITES = f"""
import os, sys
from pathlib import Path
from onion_app import errors
from onion_app.vault import database

try:
    mailbox = database.open_database(Path(sys.argv[1]), "mailbox", bytes.fromhex(sys.argv[2]))
    with mailbox.writing():
        mailbox.run("UPDATE counter SET withdrawals = withdrawals + 1")
except errors.SanctuaryError as error:
    os._exit(10 + {[one.__name__ for one in CLASSES]}.index(type(error).__name__))
"""


def write(state: Path, kind: connection.DatabaseKind, keys: VaultKeys) -> None:
    with closing(database.open_database(state / kind, kind, keys.of(kind))) as opened, opened.writing():
        opened.run("DELETE FROM settings")


def met(state: Path, key: bytes, calls: str, refusal: str) -> type[SanctuaryError]:
    """Write where the kernel refuses these calls, and give the error that is met."""
    words = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:error={refusal}"]
    words += ["-P", str(state / "mailbox" / "mailbox.db")] if calls == "pread64" else []  # by which programs are loaded
    program = [sys.executable, "-c", WRITES, str(state / "mailbox"), key.hex()]
    done = subprocess.run([*words, *program], cwd=ROOT, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode >= 10, done.stderr
    return CLASSES[done.returncode - 10]


@pytest.mark.parametrize(
    ("calls", "refusal", "named"),
    [
        ("pwrite64,write", "EDQUOT", QuotaUsed),
        ("pwrite64,write", "EROFS", DiskReadOnly),
        ("pwrite64,write", "EIO", DiskTrouble),
        ("pwrite64", "EIO", DiskTrouble),
        ("fsync,fdatasync", "EIO", DiskTrouble),
        ("pread64", "EIO", DiskTrouble),
    ],
)
def test_what_the_disk_refuses_is_named_and_nothing_is_called_damaged(
    kept: Kept, calls: str, refusal: str, named: type[SanctuaryError]
) -> None:
    assert met(kept.place.path, kept.keys.mailbox, calls, refusal) is named
    assert kept.is_there(), "it goes on when the disk does"


def test_a_disk_without_room_for_one_more_file_is_named_by_every_command_and_goes_on_after(
    kept: Kept, installation: Installation, tmp_path: Path, operator: Operator
) -> None:
    with small_disk(",nr_inodes=200") as disk:
        state = Path(shutil.copytree(kept.place.path, disk / "state"))
        (state / "run" / "site.sock").unlink(missing_ok=True)
        operator.state = state
        before = statefiles.read_keyslots(state)
        with without_inodes(disk):
            with pytest.raises(NoInodes):
                database.open_database(state / "mailbox", "mailbox", kept.keys.mailbox)
            for words in (("passphrase",), ("address",), ("backup", str(tmp_path / "backup")), ("missing",)):
                assert type(with_secret(state, kept.passphrase, *words).error) is NoInodes, words
            assert isinstance(operator.refused(installation.passphrase), NoInodes)
        assert statefiles.read_keyslots(state) == before
        assert not list(tmp_path.glob("backup*"))
        assert kept.is_there(type(kept.place)(state))


def test_a_disk_that_is_read_only_is_named_and_what_it_holds_is_still_read(
    kept: Kept, installation: Installation, tmp_path: Path, operator: Operator
) -> None:
    with small_disk() as disk:
        operator.state = Path(shutil.copytree(kept.place.path, disk / "state"))
        backup = kept.save(tmp_path / "backup")
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        for kind in connection.KINDS:
            with pytest.raises(DiskReadOnly):
                write(operator.state, kind, kept.keys)
        for words in (("passphrase",), ("backup", str(disk / "backup")), ("restore", str(backup), "--replace")):
            assert type(with_secret(operator.state, kept.passphrase, *words).error) is DiskReadOnly, words
        assert isinstance(operator.refused(installation.passphrase), DiskReadOnly)
        assert statefiles.read_keyslots(operator.state)


@pytest.mark.parametrize(("refusal", "named"), [(errno.EIO, DiskTrouble), (errno.EMFILE, TooFewFiles)])
def test_slots_that_the_disk_does_not_give_are_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: int, named: type[SanctuaryError]
) -> None:
    def refused(*_: object) -> None:
        raise OSError(refusal, "refused")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(named) as met_here:
        statefiles.read_keyslots(tmp_path)
    assert not isinstance(met_here.value, VaultDamaged)


def test_who_may_open_no_more_files_is_told_so(kept: Kept) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = (kept.place.mailbox / "mailbox.db").open("rb")
    resource.setrlimit(resource.RLIMIT_NOFILE, (opened.fileno() + 1, hard))
    try:
        with pytest.raises(TooFewFiles):
            database.open_database(kept.place.mailbox, "mailbox", kept.keys.mailbox)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        opened.close()
    assert kept.is_there()
