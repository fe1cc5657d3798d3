"""Whatever is cut off, at whichever step: nothing of it outlives the next launch, and what is erased then is gone."""

import itertools
import os
import shutil
import signal
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, cast

import pytest

from onion_app.crypto.keyslots import change_slot
from onion_app.errors import SanctuaryError, UnderWay
from onion_app.launch import backup_format, backup_restore, workplace
from onion_app.launch.state import State
from onion_app.vault import database, migrating, statefiles
from onion_app.vault.mailbox import lifetime, messages
from tests import processes, tables
from tests.launch.conftest import START, Installation, Launched, Operator
from tests.launch.cut_off import Steps, begun, cut_off
from tests.launch.keeping import Kept, noon, quietly
from tests.launch.manage import manage, status
from tests.vault.made import LATER, add_migration, proofs_of

PART = 48  # bytes; of a text so many stand side by side wherever a page ends
FRAME = 24  # bytes, before each page in a write-ahead log
STEP = 97  # bytes between two such parts
BACKUP: Steps = {
    backup_restore.__file__: {"save_backup", "_write", "_copy_databases", "_copy_at_once", "_copy_file"},
    workplace.__file__: {"workplace", "half_written", "_made_and_held", "_hold"},
    statefiles.__file__: {"note_elsewhere", "noted_elsewhere"},
}
RESTORE: Steps = {backup_restore.__file__: {"restore_backup", "_unpack", "_move_aside", "_move_in"}}
MIGRATION: Steps = {migrating.__file__: {"migrate"}, database.__file__: {"copy_to"}}
NEW_SECRET: Steps = {statefiles.__file__: {"change_keyslots", "_replace", "_turn"}}


@pytest.fixture(autouse=True)
def quick(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a backup be no larger than it must, nothing be waited for, and the secret cost nothing."""
    monkeypatch.setattr(backup_format, "LEAST", 1 << 20)
    monkeypatch.setattr(backup_restore, "_TICK", 0.0)
    monkeypatch.setattr(backup_restore, "open_slots", lambda *_: installation.keys)


class Erased:
    """The case of a state, what stands in its text, and where that can still be found once it was taken back."""

    def __init__(self, kept: Kept, *elsewhere: Path) -> None:
        self.kept = kept
        self.elsewhere = elsewhere
        with kept.opened() as world:
            [message] = messages.messages_of(world.mailbox, kept.case)
        self.parts = [message.sealed[at : at + PART] for at in range(0, len(message.sealed) - PART, STEP)]
        assert self.found(kept.place.path), "it is there before"

    def found(self, *folders: Path) -> set[Path]:
        """Name the files under these folders in which any part of the text can be decrypted."""
        files = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
        pages = [self.pages(file) for file in files]
        plain = iter(tables.decrypted([bytes(tables.PAGE), *itertools.chain(*pages)], self.kept.keys.mailbox)[1:])
        wholes = {file: b"".join(itertools.islice(plain, len(each))) for file, each in zip(files, pages, strict=True)}
        return {file for file, whole in wholes.items() if any(part in whole for part in self.parts)}

    def pages(self, file: Path) -> list[bytes]:
        """Cut a file into pages: as a database, as a log with its heads, and as a backup, as far as each goes."""
        content = file.read_bytes()
        log = b"".join(
            content[at + FRAME : at + FRAME + tables.PAGE] for at in range(32, len(content), FRAME + tables.PAGE)
        )
        return [page for whole in (content, log, *self.members(file)) for page in in_pages(whole)]

    def members(self, file: Path) -> Iterator[bytes]:
        """Give what a backup holds, up to where it was cut off."""
        with suppress(SanctuaryError, tarfile.TarError), file.open("rb") as backup:
            head = backup_format.read_head(backup)
            pieces = backup_format._open_pieces(backup, head, self.kept.keys, quietly)
            with tarfile.open(mode="r|", fileobj=cast("IO[bytes]", backup_format._OpenedSide(pieces))) as tar:
                for member in tar:
                    yield cast("IO[bytes]", tar.extractfile(member)).read()

    def launched_and_erased(self, state: State) -> set[Path]:
        """Launch on a state, take the case back, and name what still holds its text, there and elsewhere."""
        workplace.sweep_all(state)
        with closing(database.open_database(state.mailbox, "mailbox", self.kept.keys.mailbox)) as mailbox:
            lifetime.erase_case(mailbox, self.kept.case, proofs_of(self.kept.row))
            mailbox.checkpoint()
        return self.found(state.path, *self.elsewhere)


def in_pages(content: bytes) -> list[bytes]:
    return [content[at : at + tables.PAGE] for at in range(0, len(content) - tables.PAGE + 1, tables.PAGE)]


def each_remnant(work: Callable[[State], object], steps: Steps, kept: Kept, folder: Path) -> Iterator[State]:
    """Cut work off at one step after the other, and give a copy of the state for each that left other files behind."""
    state, copies = kept.place, folder / "copies"
    seen, last = set[frozenset[tuple[Path, int]]](), 1
    while cut_off(lambda: work(state), last, steps):
        files = (file for each in (state.path, folder) for file in each.rglob("*") if copies not in file.parents)
        left = frozenset((file, file.stat().st_size) for file in files)
        if left not in seen:
            seen.add(left)
            yield State(shutil.copytree(state.path, copies / str(last)))
        workplace.sweep_all(state)
        last += 1
    assert last > 10, "the steps were counted"
    assert len(seen) > 2, "it was cut off at different points"


def test_a_backup_cut_off_at_any_step_keeps_nothing_that_is_erased_afterwards(kept: Kept, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    erased, ever = Erased(kept, stick), set[str]()

    def back_up(state: State) -> None:
        (stick / "backup").unlink(missing_ok=True)
        backup_restore.save_backup(state, kept.keys, stick / "backup", noon, quietly)

    for state in each_remnant(back_up, BACKUP, kept, tmp_path):
        ever |= {file.name for file in erased.found(state.path, stick)}
        whole = {stick / "backup"} & set(stick.iterdir())
        assert erased.launched_and_erased(state) <= whole
        assert set(stick.iterdir()) == whole
    assert {"backup.part", "backup", "mailbox.db"} <= ever, "it was there to be found"


def test_a_restore_cut_off_at_any_step_keeps_nothing_that_is_erased_afterwards(kept: Kept, tmp_path: Path) -> None:
    backup = kept.save(tmp_path / "backup")
    erased = Erased(kept)

    def restore(state: State) -> None:
        kept.restore(backup, state.path, replace=True)

    begun = State(shutil.copytree(kept.place.path, tmp_path / "begun"))
    for number, state in enumerate(each_remnant(restore, RESTORE, replace(kept, place=begun), tmp_path)):
        files = [state.path / "vault.key", *(folder / f"{folder.name}.db" for folder in state.databases)]
        if not all(file.exists() for file in files):  # nothing is launched there before it is done again
            restore(state)
        told = {aside.path for aside in backup_restore.asides(state)}
        found = erased.launched_and_erased(state)
        assert all(told & set(file.parents) for file in found), number
        shutil.rmtree(begun.path)
        shutil.copytree(kept.place.path, begun.path)


def test_a_migration_cut_off_at_any_step_leaves_one_whole_copy_and_no_other(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erased = Erased(kept)
    add_migration(tmp_path / "steps", monkeypatch, LATER)

    def migrate(state: State) -> None:
        migrating.migrate(state.mailbox, "mailbox", kept.keys.mailbox, noon)

    begun = State(shutil.copytree(kept.place.path, tmp_path / "begun"))
    for state in each_remnant(migrate, MIGRATION, replace(kept, place=begun), tmp_path):
        migrate(state)
        [copy] = state.mailbox.glob("*.version-*.db")
        assert erased.launched_and_erased(state) == {copy}
        copy.replace(state.mailbox / "mailbox.db")
        migrate(state)
        with closing(database.open_database(state.mailbox, "mailbox", kept.keys.mailbox)) as mailbox:
            assert messages.messages_of(mailbox, kept.case)
        shutil.rmtree(begun.path)
        shutil.copytree(kept.place.path, begun.path)


def test_a_new_passphrase_cut_off_at_any_step_holds_or_does_not_and_leaves_no_other_slots(kept: Kept) -> None:
    state, old = kept.place, statefiles.read_keyslots(kept.place.path)
    new = change_slot(old, kept.keys, "passphrase", "another one")
    held, last = set[str](), 1
    while cut_off(lambda: statefiles.change_keyslots(state.path, lambda: new), last, NEW_SECRET):
        workplace.sweep_all(state)
        held.add(statefiles.read_keyslots(state.path))
        assert not list(state.path.glob("*.new"))
        statefiles.write_keyslots(state.path, old)
        last += 1
    assert held == {old, new}


def test_a_backup_and_a_restore_of_one_state_never_meet(kept: Kept, tmp_path: Path) -> None:
    backup = kept.save(tmp_path / "backup")
    before = set(kept.place.path.iterdir())
    with workplace.workplace(kept.place.path / workplace.COPYING) as used:
        (used / "copy").touch()
        with pytest.raises(UnderWay):
            kept.save(tmp_path / "another")
        with pytest.raises(UnderWay):
            kept.restore(backup, kept.place.path, replace=True)
        workplace.sweep_all(kept.place)
        assert (used / "copy").exists(), "it is in use"
    assert set(kept.place.path.iterdir()) == before

    def at_once(_carried: object) -> None:
        with pytest.raises(UnderWay):
            kept.save(tmp_path / "another")

    kept.restore(backup, kept.place.path, replace=True, agree=at_once)
    assert {file.name for file in tmp_path.iterdir()} == {"backup"}


def test_a_half_written_backup_goes_when_its_stick_is_there_again(kept: Kept, tmp_path: Path) -> None:
    stick, away = tmp_path / "stick", tmp_path / "away"
    stick.mkdir()
    steps: Steps = {backup_format.__file__: {"fill"}}
    assert cut_off(lambda: kept.save(stick / "one"), 1, steps)
    assert [file.name for file in stick.iterdir()] == ["one.part"]
    stick.rename(away)
    workplace.sweep_all(kept.place)
    kept.save(tmp_path / "two")
    assert [file.name for file in away.iterdir()] == ["one.part"]
    away.rename(stick)
    workplace.sweep_all(kept.place)
    assert not list(stick.iterdir())
    assert "half-written" not in {file.name for file in kept.place.path.iterdir()}


@pytest.mark.slow
def test_a_launcher_that_runs_sweeps_what_a_killed_backup_has_left(
    standing: Launched, installation: Installation, tmp_path: Path
) -> None:
    state, target = State(standing.state), tmp_path / "backup"

    def stands_still(_done: float) -> None:
        signal.raise_signal(signal.SIGSTOP)

    backup = begun(lambda: backup_restore.save_backup(state, installation.keys, target, noon, stands_still))
    try:
        assert os.WIFSTOPPED(os.waitpid(backup, os.WUNTRACED)[1])
        assert manage(standing.state, "pause").code == 0  # starts the chores
        processes.until(lambda: status(standing.state)["paused"], START, "chores that were done")
        assert (tmp_path / "backup.part").exists(), "what is in use stays"
        assert (standing.state / workplace.COPYING).exists()
    finally:
        processes.kill(backup)
        os.waitpid(backup, 0)
    assert manage(standing.state, "resume").code == 0
    processes.until(lambda: status(standing.state)["paused"] is False, START, "chores that were done")
    assert not (standing.state / workplace.COPYING).exists()
    assert not (tmp_path / "backup.part").exists()


@pytest.mark.slow
def test_a_launch_sweeps_what_was_left(later: Operator, installation: Installation) -> None:
    for name in (workplace.COPYING, workplace.RESTORING):
        (later.state / name / "mailbox").mkdir(parents=True)
    (later.state / "mailbox" / "mailbox.half-copy").touch()
    (later.state / "vault.key.new").touch()
    launched = later.launch(installation.passphrase)
    assert not [*later.state.glob("*ing"), *later.state.rglob("*half*"), *later.state.rglob("*.new")]
    assert launched.stop() == 0
