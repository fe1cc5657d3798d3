"""A backup is whole or refused by name; what comes out of it is what went in, less what was taken back since."""

import io
import os
import re
import shlex
import shutil
import stat
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import pytest
import sqlcipher3

from onion_app.crypto.codes import new_code
from onion_app.crypto.keyslots import new_vault_keys, open_slots
from onion_app.errors import (
    AlreadyRunning,
    BackupDamaged,
    BackupNewer,
    BadUsage,
    NotABackup,
    SanctuaryError,
    StateBeforeRelease,
    StateTaken,
    VaultDamaged,
    VaultNewer,
    WrongPassphrase,
)
from onion_app.launch import backup_format, backup_restore, state
from onion_app.launch.__main__ import options
from onion_app.launch.carry_over import CarriedOver
from onion_app.launch.state import State, command_for
from onion_app.vault import statefiles
from onion_app.vault.connection import KINDS
from onion_app.vault.mailbox import messages
from tests import tables
from tests.launch.conftest import Installation, Launched, contents
from tests.launch.keeping import TODAY, Kept, agreed, noon, quietly, store_case
from tests.launch.manage import manage, with_secret


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    return tmp_path / "there"


def test_a_backup_is_restored_with_the_spare_code_elsewhere(kept: Kept, tmp_path: Path, elsewhere: Path) -> None:
    file = kept.save(tmp_path / "backup")
    done = kept.restore(file, elsewhere, kept.spare_code)
    assert done == CarriedOver(TODAY, 0, (), has_desk=False, unread=())
    restored = State(elsewhere)
    assert open_slots(statefiles.read_keyslots(elsewhere), kept.passphrase) == kept.keys
    assert kept.is_there(restored)
    whole = {"desk", "last-backup", "lock", "mailbox", "run", "shown", "tor", "vault.key"}
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


def test_a_large_backup_doubles(tmp_path: Path) -> None:
    copies: backup_format.Copies = {kind: tmp_path / kind for kind in KINDS}
    for copy in copies.values():
        copy.touch()
        os.truncate(copy, 30 << 20)
    assert backup_format.size_for(copies) == 128 << 20


def test_a_backup_is_made_while_everything_runs(standing: Launched, installation: Installation, tmp_path: Path) -> None:
    secret, file = installation.printed["passphrase"], tmp_path / "backup"
    assert with_secret(standing.state, secret, "backup", str(file)).error is None
    assert with_secret(standing.state, secret, "restore", str(file), "--check").error is None
    into = backup_restore.Destination(standing.state, replace=True)
    with pytest.raises(AlreadyRunning):
        backup_restore.restore_backup(file, secret, into, noon, agreed)


def test_the_copies_are_whole_while_others_write_and_move_the_log(
    kept: Kept, tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kept.opened() as world:  # an open connection keeps the log
        ids = {store_case(world, TODAY).id for _ in range(40)} | {kept.case}
        moved, refused = list[int](), list[bool]()

        def copy_in_halves(source: Path, target: Path) -> None:
            if source.name.endswith("-wal"):
                target.write_bytes(source.read_bytes())
                return
            half, file = source.stat().st_size // 2, kept.place.mailbox / "mailbox.db"
            with source.open("rb") as old, target.open("wb") as new, tables.opened(file, kept.keys.mailbox) as other:
                other.execute("PRAGMA busy_timeout = 0")
                new.write(old.read(half))
                try:
                    other.execute("BEGIN IMMEDIATE")
                    other.execute("ROLLBACK")
                except sqlcipher3.OperationalError:
                    refused.append(True)
                    assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 1, "the log began anew"
                else:
                    ids.update(store_case(world, TODAY).id for _ in range(5))
                moved.append(other.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[2])
                new.write(old.read())

        with monkeypatch.context() as patched:
            patched.setattr(shutil, "copyfile", copy_in_halves)
            file = kept.save(tmp_path / "backup")
    assert len(moved) == 4
    assert all(moved[:3]), "no page was moved while it was copied"
    assert refused == [True], "three times others could write, and the last time nobody"
    kept.restore(file, elsewhere)
    with kept.opened(State(elsewhere)) as world:
        assert {row[0] for row in world.mailbox.rows("SELECT id FROM cases")} == ids
        assert world.mailbox.rows("SELECT DISTINCT length(sealed) FROM messages") == [(2089,)]


def test_nobody_waits_for_the_copy_of_a_mailbox_that_is_left_alone(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, bool]] = []
    copy = shutil.copyfile

    def watched(source: Path, target: Path) -> None:
        with tables.opened(kept.place.mailbox / "mailbox.db", kept.keys.mailbox) as other:
            other.execute("PRAGMA busy_timeout = 0")
            try:
                other.execute("BEGIN IMMEDIATE")
                seen.append((source.name, True))
            except sqlcipher3.OperationalError:
                seen.append((source.name, False))
        copy(source, target)

    monkeypatch.setattr(shutil, "copyfile", watched)
    kept.save(tmp_path / "backup")
    assert seen == [("mailbox.db", True), ("mailbox.db-wal", False)]


def rewritten(names: Sequence[str], *sizes: int) -> Callable[[BinaryIO], None]:
    """Give what writes a tar of other members than ours."""

    def write(file: BinaryIO) -> None:
        with tarfile.open(mode="w|", fileobj=file) as tar:
            for name, size in zip(names, sizes, strict=True):
                content = b'{"day": 20000, "versions": {}}' if not size else bytes(size)
                member = tarfile.TarInfo(name)
                member.size = len(content)
                member.type = tarfile.SYMTYPE if name.startswith("link") else tarfile.REGTYPE
                member.name = name.removeprefix("link ")
                tar.addfile(member, io.BytesIO(content))

    return write


OURS = ("contents.json", "mailbox.db", "shown.db", "desk.db")


@pytest.mark.parametrize(
    ("names", "sizes"),
    [
        (OURS[:3], (0, 10, 10)),
        ((*OURS, "more"), (0, 10, 10, 10, 10)),
        ((OURS[0], OURS[2], OURS[1], OURS[3]), (0, 10, 10, 10)),
        ((OURS[1], OURS[0], *OURS[2:]), (10, 0, 10, 10)),
        ((OURS[0], "../mailbox.db", *OURS[2:]), (0, 10, 10, 10)),
        ((OURS[0], "link mailbox.db", *OURS[2:]), (0, 10, 10, 10)),
        (OURS, (5000, 10, 10, 10)),
        ((), ()),
    ],
)
def test_a_backup_with_other_members_is_refused_whoever_has_sealed_it(
    tmp_path: Path, names: Sequence[str], sizes: Sequence[int]
) -> None:
    keys, whole = new_vault_keys(), tmp_path / "backup"
    into = {kind: io.BytesIO() for kind in KINDS}
    with pytest.MonkeyPatch.context() as patch, whole.open("wb") as file:
        patch.setattr(backup_format, "_write_members", lambda plain, *_: rewritten(names, *sizes)(plain))
        for kind in KINDS:
            (tmp_path / kind).touch()
        copies = {kind: tmp_path / kind for kind in KINDS}
        backup_format.write_backup(file, keys, "{}", backup_format.Contents(TODAY, {}), copies, quietly)
    with whole.open("rb") as file:
        head = backup_format.read_head(file)
        with pytest.raises((BackupDamaged, BackupNewer)):
            backup_format.read_backup(file, head, keys, into, quietly)


def test_what_is_there_already_is_never_written_over(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "backup").write_text("mine")
    with pytest.raises(BadUsage):
        kept.save(tmp_path / "backup")
    assert (tmp_path / "backup").read_text() == "mine"
    assert statefiles.read_backup_day(kept.place.path) is None


def test_a_backup_stands_where_it_was_said_to_be_also_through_a_link_that_leads_to_nothing_yet(
    kept: Kept, tmp_path: Path
) -> None:
    stick, link, broken = tmp_path / "stick", tmp_path / "link", tmp_path / "broken"
    stick.mkdir()
    link.symlink_to("stick/backup")
    assert with_secret(kept.place.path, kept.passphrase, "backup", str(link)).error is None
    assert (link.readlink(), link.stat().st_ino) == (Path("stick/backup"), (stick / "backup").stat().st_ino)
    backup_restore.check_backup(link, kept.passphrase, quietly)
    broken.symlink_to("not mounted/backup")
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    for target in (link, broken, circle):
        with pytest.raises(BadUsage):
            kept.save(target)
    assert {file.name for file in tmp_path.iterdir()} == {"stick", "link", "broken", "circle"}
    assert {file.name for file in stick.iterdir()} == {"backup"}


def test_a_backup_that_is_not_where_it_was_said_to_be_is_not_called_written(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attack: the stick is exchanged while it is written to, as when another one is mounted over it."""
    stick, link = tmp_path / "stick", tmp_path / "link"
    stick.mkdir()
    link.symlink_to(stick)

    def exchanged(_folder: Path) -> None:
        link.unlink()
        link.symlink_to(tmp_path)
        (tmp_path / "backup").touch()

    monkeypatch.setattr(statefiles, "sync", exchanged)
    with pytest.raises(BadUsage, match="leads to another file"):
        kept.save(link / "backup")
    assert statefiles.read_backup_day(kept.place.path) is None


@pytest.mark.parametrize("port", ["8390", "8391"])
def test_the_command_that_is_printed_after_a_restore_is_the_one_that_works(
    kept: Kept, tmp_path: Path, port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, there = kept.save(tmp_path / "backup"), tmp_path / "the new one"
    said = with_secret(there, kept.passphrase, "--desk-port", port, "restore", str(file)).said
    [command] = re.findall(r"\./scripts/(launch.*)$", said, re.MULTILINE)
    chosen = options(shlex.split(command)[1:])
    assert (chosen.state, chosen.desk_port) == (there, int(port))
    before, _, after = said.partition("Restored into")
    assert "has to be stopped before" in before
    assert after.index("stop it there first") < after.index(command), "the old machine first"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert command_for(State(tmp_path / "sanctuary"), "launch") == "./scripts/launch"


def test_an_installation_is_not_replaced_unless_that_is_said(kept: Kept, tmp_path: Path) -> None:
    file = kept.save(tmp_path / "backup")
    before = contents(kept.place.path)
    with pytest.raises(StateTaken):
        kept.restore(file, kept.place.path)
    assert contents(kept.place.path) == before
    assert isinstance(manage(kept.place.path, "restore", str(file)).error, StateTaken), "before a secret is asked for"
    strange = tmp_path / "strange"
    strange.write_bytes(b"nothing of ours" * 100)
    os.mkfifo(pipe := tmp_path / "pipe")  # into which nobody writes: to open it would wait for ever
    for nowhere, named in ((tmp_path / "nowhere", BadUsage), (strange, NotABackup), (pipe, BadUsage)):
        done = manage(tmp_path / "other", "restore", str(nowhere))
        assert isinstance(done.error, named), "before a secret is asked for, too"


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


def test_proofs_that_do_not_open_are_said(kept: Kept, tmp_path: Path) -> None:
    file = kept.save(tmp_path / "backup")
    (kept.place.mailbox / "mailbox.db").write_bytes(b"x" * 8192)
    assert kept.restore(file, kept.place.path, replace=True).unread == (kept.place.path,)
    assert kept.is_there()


def with_slots(whole: bytes, slots: bytes, length: int | None = None) -> bytes:
    """Put other slots into the readable block, and make its checksum right."""
    start = backup_format.MAGIC + bytes([backup_format.FORMAT])
    start += (len(slots) if length is None else length).to_bytes(2, "big") + slots
    clear = backup_format._with_checksum(start.ljust(backup_format._CLEAR - 32, b"\0"))
    return clear + whole[len(clear) :]


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
    "slots that are no text": (lambda whole: with_slots(whole, b"\xff\xfe"), BackupDamaged),
    "slots of nested lists": (lambda whole: with_slots(whole, b"[" * 3_900), VaultDamaged),
    "slots of half a letter": (
        lambda whole: with_slots(whole, rb'{"format": 1, "slots": {"\ud800": ""}}'),
        VaultDamaged,
    ),
    "slots of a huge format": (lambda whole: with_slots(whole, b'{"format": ' + b"9" * 3_800 + b"}"), VaultNewer),
    "slots longer than the block": (lambda whole: with_slots(whole, b"{}", 0xFFFF), BackupDamaged),
    "no slots": (lambda whole: with_slots(whole, b""), VaultDamaged),
    "newer": (lambda whole: whole[:17] + b"\x03" + whole[18:], BackupNewer),
    "older": (lambda whole: whole[:17] + b"\x01" + whole[18:], StateBeforeRelease),
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
    assert not kept.is_there(), "the proofs were in the state that had been moved aside"
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
