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
from onion_app.launch import backup_format, gap, state
from onion_app.launch.backup_format import Contents, Progress
from onion_app.launch.gap import Gap
from onion_app.launch.state import State
from onion_app.vault import database, schema, statefiles, truth
from onion_app.vault.connection import KINDS, DatabaseKind, file_name
from onion_app.vault.database import Clock
from onion_app.vault.desk import known_keys
from onion_app.vault.mailbox import withdrawals

_COPIES = "copying"
_COMING = "restoring"
_ASIDE = "replaced-"


@dataclass(frozen=True)
class RestoreResult:
    """What came out of a backup: its day, how many withdrawals were applied, and the lists that did not open.

    `all_gone`: there was a whole list, and each that was there was applied.
    """

    day: int
    withdrawn: int
    unread_lists: tuple[Path, ...]
    all_gone: bool


def save_backup(place: State, keys: VaultKeys, target: Path, clock: Clock, told: Progress) -> int:
    """Write a backup of a state, running or not, into a new file, read it back, and give its size in bytes.

    Raises: BadUsage when the file is there or cannot be made, FileClosed, DiskFull, BackupDamaged when what was read
        back is not what was written, and what `database.open_mailbox` raises.
    """
    with _named_errors(target):
        if target.exists():
            raise BadUsage(f"{target} is there already")
    part = target.with_name(f"{target.name}.part")
    today = days.today(clock)
    with _workplace(place, _COPIES) as folder, _named_errors(target):
        copies = _copy_databases(place, keys, folder)
        measured = {
            name: backup_format.measure_part(copy, schema.newest_version(name)) for name, copy in copies.items()
        }
        inside = Contents(today, measured["mailbox"], measured["desk"])
        size = backup_format.size_for(inside)
        if shutil.disk_usage(target.absolute().parent).free < size:
            raise DiskFull(str(target))
        try:
            _write_file(part, keys, statefiles.read_keyslots(place.path), inside, copies, lambda done: told(done / 2))
            if _read_back(part, keys, lambda done: told((1 + done) / 2)) != inside:
                raise BackupDamaged(str(target))
            part.rename(target)
            statefiles.sync(target.absolute().parent)
        finally:
            part.unlink(missing_ok=True)
    statefiles.write_backup_day(place.path, today)
    return size


def check_backup(source: Path, secret: str, told: Progress) -> Contents:
    """Look through a whole backup, and change nothing.

    Raises: BadUsage, FileClosed, NotABackup, BackupNewer, BackupDamaged, WrongPassphrase.
    """
    with _named_errors(source), source.open("rb") as file:
        head = backup_format.read_head(file)
        inside = backup_format.read_backup(file, head, open_slots(head.slots, secret), {}, told)
    if any(one.version > schema.newest_version(kind) for kind, one in zip(KINDS, inside.parts().values(), strict=True)):
        raise BackupNewer
    return inside


def restore_backup(
    source: Path, secret: str, folder: Path, clock: Clock, told: Progress, *, replace: bool, newer: Path | None
) -> RestoreResult:
    """Make a state of a backup that `check` has found good.

    What was taken back since stays gone, as far as a list of it is left: in the state that is replaced, or in the state
    folder `newer`. A state that is replaced is moved aside, into a folder of its own.

    Raises: StateTaken, AlreadyRunning, DiskFull, and what `check` raises.
    """
    with state.held(folder) as place, _named_errors(source, full=folder):
        taken = (place.path / "vault.key").exists() or any((*place.mailbox.glob("*"), *place.desk.glob("*")))
        if taken and not replace:
            raise StateTaken(str(place.path))
        with _workplace(place, _COMING) as work:
            coming = State(work)
            with source.open("rb") as file:
                head = backup_format.read_head(file)
                keys = open_slots(head.slots, secret)
                inside = _unpack(file, head, keys, coming, told)
            for kind in KINDS:
                database.migrate(work / kind, kind, keys.mailbox if kind == "mailbox" else keys.desk, clock)
                database.discard_copies(work / kind, before_day=1 << 31)
            in_use = [place, *([State(newer.resolve())] if newer else [])]
            found = gap.find_gap(coming, inside.day, in_use, asides(place), keys)
            withdrawn = _note_gap(coming, keys, found, days.today(clock))
            if taken:
                _move_aside(place)
            _move_in(coming, place)
        statefiles.write_keyslots(
            place.path, head.slots
        )  # last: until now there is no installation, and this can be repeated
        statefiles.write_backup_day(place.path, inside.day)
    return RestoreResult(inside.day, withdrawn, found.unread, found.restored.back_since is None)


@contextmanager
def _workplace(place: State, name: str) -> Iterator[Path]:
    """Give an empty folder beside the databases, for encrypted copies only, and remove it in the end."""
    folder = place.path / name
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


def _copy_databases(place: State, keys: VaultKeys, folder: Path) -> dict[DatabaseKind, Path]:
    """Copy both databases, the mailbox first: a circle's key that its cases need is then surely in the desk's copy."""
    copies: dict[DatabaseKind, Path] = {}
    with (
        closing(database.open_mailbox(place.mailbox, keys.mailbox)) as mailbox,
        closing(database.open_desk(place.desk, keys.desk)) as desk,
    ):
        for opened in (mailbox, desk):
            copies[opened.kind] = folder / file_name(opened.kind)
            opened.copy_to(copies[opened.kind])
    return copies


def _write_file(
    file: Path, keys: VaultKeys, slots: str, inside: Contents, copies: dict[DatabaseKind, Path], told: Progress
) -> None:
    file.unlink(missing_ok=True)  # left by an attempt that was cut off
    descriptor = statefiles.create(file)
    with os.fdopen(descriptor, "wb") as opened:
        backup_format.write_backup(opened, keys, slots, inside, copies, told)
        opened.flush()
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)  # what is read back comes from the disk


def _read_back(file: Path, keys: VaultKeys, told: Progress) -> Contents:
    with file.open("rb") as opened:
        return backup_format.read_backup(opened, backup_format.read_head(opened), keys, {}, told)


def _unpack(file: BinaryIO, head: backup_format.Head, keys: VaultKeys, coming: State, told: Progress) -> Contents:
    with ExitStack() as stack:
        into: dict[str, BinaryIO] = {}
        for kind in KINDS:
            (coming.path / kind).mkdir(mode=0o700)
            path = coming.path / kind / file_name(kind)
            path.touch(mode=0o600)
            into[kind] = stack.enter_context(path.open("wb"))
        inside = backup_format.read_backup(file, head, keys, into, told)
        for written in into.values():
            written.flush()
            os.fsync(written.fileno())
    return inside


def _note_gap(coming: State, keys: VaultKeys, found: Gap, today: int) -> int:
    mailbox = database.open_mailbox(coming.mailbox, keys.mailbox)
    desk = database.open_desk(coming.desk, keys.desk)
    try:
        # P07: whoever took something back meanwhile has to know where it may have come again; the case page says it.
        truth.change_setting(mailbox, desk, "restored", asdict(found.restored))
        known_keys.forget_what_never_came(mailbox, desk)
        return withdrawals.apply_withdrawals(mailbox, desk, found.lists, today)
    finally:
        desk.close()
        mailbox.close()


def asides(place: State) -> list[State]:
    """List the states that were moved aside here, the oldest first."""
    return [State(folder) for folder in sorted(place.path.glob(f"{_ASIDE}*"))]


def _move_aside(place: State) -> None:
    """Keep the state that is replaced until the operator removes it, beside those that were kept before."""
    aside = place.path / f"{_ASIDE}{len(asides(place)) + 1}"
    aside.mkdir(mode=0o700)
    for file in (place.path / "vault.key", place.mailbox, place.desk):
        if file.exists():
            file.rename(aside / file.name)


def _move_in(coming: State, place: State) -> None:
    (place.path / "first-run").unlink(missing_ok=True)
    for folder, final in ((coming.mailbox, place.mailbox), (coming.desk, place.desk)):
        if final.exists():
            final.rmdir()
        folder.rename(final)
    statefiles.sync(place.path)
