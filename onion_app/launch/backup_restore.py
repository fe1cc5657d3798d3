"""Makes a backup of a state, and a state of a backup. Whatever is refused or cut off leaves the state as it was."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from onion_app import days
from onion_app.crypto.keyslots import VaultKeys, open_slots
from onion_app.errors import BackupDamaged, BackupNewer, BadUsage, DiskFull, FileClosed, StateTaken
from onion_app.launch import backup_format
from onion_app.launch.backup_format import Contents, Copies, Progress
from onion_app.launch.gap import Gap, find_gap
from onion_app.launch.state import State, held
from onion_app.vault import database, schema, statefiles, truth, withdrawals
from onion_app.vault.connection import KINDS, DatabaseKind, file_name
from onion_app.vault.database import Clock
from onion_app.vault.desk import known_keys

_COPIES = "copying"
_COMING = "restoring"
_ASIDE = "replaced-"


@dataclass(frozen=True)
class RestoreResult:
    """The outcome of a restore: the backup's day, how many withdrawals were applied, and the lists that did not open.

    `all_gone`: there was a whole list, and each that was there was applied.
    """

    day: int
    withdrawn: int
    unread_lists: tuple[Path, ...]
    all_gone: bool


def save_backup(state: State, keys: VaultKeys, target: Path, clock: Clock, progress: Progress) -> int:
    """Write a backup of a state, running or not, into a new file, read it back, and give its size in bytes.

    Raises:
        BadUsage: the file is there already, or cannot be made.
        FileClosed: this account may not write there.
        DiskFull: there is no room for it.
        BackupDamaged: it was read back otherwise than it was written.
    """
    with _named_errors(target):
        if target.exists():
            raise BadUsage(f"{target} is there already")
    part = target.with_name(f"{target.name}.part")
    today = days.today(clock)
    with _workplace(state, _COPIES) as folder, _named_errors(target):
        copies = _copy_databases(state, keys, folder)
        parts = {name: backup_format.measure_part(copy, schema.newest_version(name)) for name, copy in copies.items()}
        contents = Contents(today, parts["mailbox"], parts["desk"])
        size = backup_format.size_for(contents)
        if shutil.disk_usage(target.absolute().parent).free < size:
            raise DiskFull(str(target))
        try:
            slots = statefiles.read_keyslots(state.path)
            _write_file(part, keys, slots, contents, copies, lambda done: progress(done / 2))
            if _read_back(part, keys, lambda done: progress((1 + done) / 2)) != contents:
                raise BackupDamaged(str(target))
            part.rename(target)
            statefiles.sync(target.absolute().parent)
        finally:
            part.unlink(missing_ok=True)
    statefiles.write_backup_day(state.path, today)
    return size


def check_backup(source: Path, secret: str, progress: Progress) -> Contents:
    """Look through a whole backup, and change nothing.

    Raises:
        BadUsage: the file cannot be read.
        FileClosed: this account may not read it.
        NotABackup: it is none.
        BackupNewer: a newer version of this program made it.
        BackupDamaged: it is damaged or cut off.
        WrongPassphrase: the secret opens no slot of it.
    """
    with _named_errors(source), source.open("rb") as file:
        head = backup_format.read_head(file)
        contents = backup_format.read_backup(file, head, open_slots(head.slots, secret), {}, progress)
    if any(one.version > schema.newest_version(kind) for kind, one in contents.parts().items()):
        raise BackupNewer
    return contents


def restore_backup(
    source: Path, secret: str, folder: Path, clock: Clock, progress: Progress, *, replace: bool, newer: Path | None
) -> RestoreResult:
    """Make a state of a backup that `check_backup` has passed.

    What was taken back since stays gone, as far as a list of it is left: in the state that is replaced, or in the state
    folder `newer`. A state that is replaced is moved aside, into a folder of its own.

    Raises:
        StateTaken: there is an installation, and `replace` is not set.
        AlreadyRunning: a launcher runs on the state.
        DiskFull: there is no room for it.
    """
    with held(folder) as state, _named_errors(source, full=folder):
        is_taken = (state.path / "vault.key").exists() or any((*state.mailbox.glob("*"), *state.desk.glob("*")))
        if is_taken and not replace:
            raise StateTaken(str(state.path))
        with _workplace(state, _COMING) as work:
            coming = State(work)
            with source.open("rb") as file:
                head = backup_format.read_head(file)
                keys = open_slots(head.slots, secret)
                contents = _unpack(file, head, keys, coming, progress)
            for kind in KINDS:
                database.migrate(work / kind, kind, keys.mailbox if kind == "mailbox" else keys.desk, clock)
                database.discard_copies(work / kind, before_day=1 << 31)
            in_use = [state, *([State(newer.resolve())] if newer else [])]
            gap = find_gap(coming, contents.day, in_use, asides(state), keys)
            withdrawn = _apply_withdrawals(coming, keys, gap, days.today(clock))
            if is_taken:
                _move_aside(state)
            _move_in(coming, state)
        # Last: until now there is no installation, and this can be repeated.
        statefiles.write_keyslots(state.path, head.slots)
        statefiles.write_backup_day(state.path, contents.day)
    return RestoreResult(contents.day, withdrawn, gap.unread, gap.restored.back_since is None)


@contextmanager
def _workplace(state: State, name: str) -> Iterator[Path]:
    """Give an empty folder beside the databases, for encrypted copies only, and remove it in the end."""
    folder = state.path / name
    shutil.rmtree(folder, ignore_errors=True)  # left by an attempt that was cut off
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _named_errors(file: Path, *, full: Path | None = None) -> Iterator[None]:
    try:
        yield
    except OSError as refused:
        if refused.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(str(full or file)) from refused
        if refused.errno in (errno.EACCES, errno.EPERM):
            raise FileClosed(str(file)) from refused
        raise BadUsage(f"{file} cannot be used: {refused.strerror}") from refused


def _copy_databases(state: State, keys: VaultKeys, folder: Path) -> dict[DatabaseKind, Path]:
    """Copy both databases, the mailbox first: a circle's key that its cases need is then surely in the desk's copy."""
    copies: dict[DatabaseKind, Path] = {}
    with (
        closing(database.open_mailbox(state.mailbox, keys.mailbox)) as mailbox,
        closing(database.open_desk(state.desk, keys.desk)) as desk,
    ):
        for opened in (mailbox, desk):
            copies[opened.kind] = folder / file_name(opened.kind)
            opened.copy_to(copies[opened.kind])
    return copies


def _write_file(
    file: Path, keys: VaultKeys, slots: str, contents: Contents, copies: Copies, progress: Progress
) -> None:
    file.unlink(missing_ok=True)  # left by an attempt that was cut off
    descriptor = statefiles.create(file)
    with os.fdopen(descriptor, "wb") as opened:
        backup_format.write_backup(opened, keys, slots, contents, copies, progress)
        opened.flush()
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)  # it is read back from the disk


def _read_back(file: Path, keys: VaultKeys, progress: Progress) -> Contents:
    with file.open("rb") as opened:
        return backup_format.read_backup(opened, backup_format.read_head(opened), keys, {}, progress)


def _unpack(file: BinaryIO, head: backup_format.Head, keys: VaultKeys, coming: State, progress: Progress) -> Contents:
    with ExitStack() as stack:
        into: dict[str, BinaryIO] = {}
        for kind in KINDS:
            (coming.path / kind).mkdir(mode=0o700)
            path = coming.path / kind / file_name(kind)
            path.touch(mode=0o600)
            into[kind] = stack.enter_context(path.open("wb"))
        contents = backup_format.read_backup(file, head, keys, into, progress)
        for written in into.values():
            written.flush()
            os.fsync(written.fileno())
    return contents


def _apply_withdrawals(coming: State, keys: VaultKeys, gap: Gap, today: int) -> int:
    mailbox = database.open_mailbox(coming.mailbox, keys.mailbox)
    desk = database.open_desk(coming.desk, keys.desk)
    try:
        # P07: whoever took something back meanwhile has to know where it may have come again; the case page says it.
        truth.change_setting(mailbox, desk, "restored", asdict(gap.restored))
        known_keys.forget_what_never_came(mailbox, desk)
        return withdrawals.apply_withdrawals(mailbox, desk, gap.lists, today)
    finally:
        desk.close()
        mailbox.close()


def asides(state: State) -> list[State]:
    """List the states that were moved aside here, the oldest first."""
    return [State(folder) for folder in sorted(state.path.glob(f"{_ASIDE}*"))]


def _move_aside(state: State) -> None:
    """Keep the state that is replaced until the operator removes it, beside those that were kept before."""
    aside = state.path / f"{_ASIDE}{len(asides(state)) + 1}"
    aside.mkdir(mode=0o700)
    for file in (state.path / "vault.key", state.mailbox, state.desk):
        if file.exists():
            file.rename(aside / file.name)


def _move_in(coming: State, state: State) -> None:
    (state.path / "first-run").unlink(missing_ok=True)
    for folder, final in ((coming.mailbox, state.mailbox), (coming.desk, state.desk)):
        if final.exists():
            final.rmdir()
        folder.rename(final)
    statefiles.sync(state.path)
