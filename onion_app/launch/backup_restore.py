"""Makes a backup of a state, and a state of a backup. Whatever is refused or cut off leaves the state as it was."""

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from onion_app import days
from onion_app.crypto.keyslots import VaultKeys, open_slots
from onion_app.days import Clock
from onion_app.errors import BackupDamaged, BackupNewer, BadUsage, DiskFull, FileClosed, StateTaken
from onion_app.launch import backup_format
from onion_app.launch.backup_format import Contents, Copies, Progress
from onion_app.launch.carry_over import CarriedOver, all_opened, carry_over, opened
from onion_app.launch.state import State, held
from onion_app.launch.workplace import COPYING, RESTORING, half_written, workplace
from onion_app.vault import migrating, obstacles, schema, statefiles
from onion_app.vault.connection import KINDS, DatabaseKind, file_name
from onion_app.vault.database import Database

_ASIDE = "replaced-"
_TICK = 0.05  # seconds, several of the ticks of the clock that files are stamped by


@dataclass(frozen=True)
class Destination:
    """Where a backup is restored: whether it may replace what is there, and another state folder that knows more."""

    folder: Path
    replace: bool = False
    newer: Path | None = None


Agree = Callable[[CarriedOver], None]  # raises what ends the restore before it has changed anything


def save_backup(state: State, keys: VaultKeys, target: Path, clock: Clock, progress: Progress) -> int:
    """Write a backup of a state, running or not, into a new file, read it back, and give its size in bytes.

    Raises:
        BadUsage: the file is there already, or cannot be made.
        UnderWay: another backup is being made, or one is restored.
        FileClosed: this account may not write there.
        DiskTrouble: there is no room for it, or its disk is read-only or fails.
        BackupDamaged: it was read back otherwise than it was written.
    """
    with _named_errors(target):
        place = Path(os.path.realpath(target))  # a link is followed, also to where nothing is yet
        if os.path.lexists(place):
            raise BadUsage(f"{target} is there already")
    today = days.today(clock)
    with _named_errors(target), workplace(state.path / COPYING) as folder:
        copies = _copy_databases(state, keys, folder)
        contents = Contents(today, {kind: schema.newest_version(kind) for kind in KINDS})
        size = backup_format.size_for(copies)
        if shutil.disk_usage(place.parent).free < size:
            raise DiskFull(str(target))
        part = place.with_name(f"{place.name}.part")
        with half_written(state, part):
            _write(part, keys, statefiles.read_keyslots(state.path), contents, copies, lambda done: progress(done / 2))
            _read_back(part, keys, contents, lambda done: progress((1 + done) / 2))
            part.rename(place)
            statefiles.sync(place.parent)
            written = place.stat()
        if not os.path.samestat(target.stat(), written):  # what was said may lead elsewhere by now
            raise BadUsage(f"{target} leads to another file now; the backup is {place}")
    statefiles.write_backup_day(state.path, today)
    return size


def expect_backup(source: Path) -> None:
    """See that a file is there and begins as a backup does, which needs no secret.

    Raises:
        BadUsage: the file cannot be read, or is a pipe, which could be read once, and may never say anything.
        FileClosed: this account may not read it.
        SanctuaryError: one of those of `read_head`.
    """
    with _named_errors(source):
        if source.is_fifo():
            raise BadUsage(f"{source} is a pipe; a backup is read twice: write it into a file")
        with source.open("rb") as file:
            backup_format.read_head(file)


def check_backup(source: Path, secret: str, progress: Progress) -> Contents:
    """Look through a whole backup, and change nothing.

    Raises:
        BadUsage: the file cannot be read.
        FileClosed: this account may not read it.
        SanctuaryError: one of those of `read_head`, `open_slots` and `read_backup`.
    """
    with _named_errors(source), source.open("rb") as file:
        head = backup_format.read_head(file)
        contents = backup_format.read_backup(file, head, open_slots(head.slots, secret), {}, progress)
    if any(contents.versions.get(kind, 0) > schema.newest_version(kind) for kind in KINDS):
        raise BackupNewer
    return contents


def restore_backup(source: Path, secret: str, into: Destination, clock: Clock, agree: Agree) -> CarriedOver:
    """Make a state of a backup that `check_backup` has passed, once somebody agrees to what will be carried over.

    What other states of the installation know is brought into it: the state that is replaced, which is moved aside into
    a folder of its own, those that were moved aside before, and the one that was named. Key slots that open the same
    keys stay, so that no older passphrase comes back.

    Raises:
        StateTaken: there is an installation, and it may not be replaced.
        AlreadyRunning: a launcher runs on the state.
        UnderWay: a backup of it is being made.
        DiskFull: there is no room for it.
    """
    with held(into.folder) as state, _named_errors(source, full=into.folder):
        is_taken = (state.path / "vault.key").exists() or any(file for one in state.databases for file in one.iterdir())
        if is_taken and not into.replace:
            raise StateTaken(str(state.path))
        with workplace(state.path / COPYING), workplace(state.path / RESTORING) as work:
            coming = State(work)
            with source.open("rb") as file:
                head = backup_format.read_head(file)
                keys = open_slots(head.slots, secret)
                contents = _unpack(file, head, keys, coming)
            for kind in KINDS:
                migrating.migrate(work / kind, kind, keys.of(kind), clock)
                migrating.discard_copies(work / kind, range(0))
            carried = carry_over(coming, contents.day, _others(state, into.newer), keys)
            agree(carried)
            if is_taken:
                _move_aside(state)
            _move_in(coming, state)
        # Last: until now there is no installation, and this can be repeated.
        statefiles.write_keyslots(state.path, carried.slots or head.slots)
        statefiles.write_backup_day(state.path, contents.day)
    return carried


def _others(state: State, newer: Path | None) -> list[State]:
    """List the other states of this installation, the one that was in use last first."""
    named = [State(newer.resolve())] if newer else []
    states = [state, *named, *reversed(asides(state))]
    # Without its file of keys a state was left by a restore that was cut off, and another was in use last.
    states.sort(key=lambda each: not (each.path / "vault.key").exists())
    return [each for each in states if any(file for folder in each.databases for file in folder.glob("*.db"))]


def _write(part: Path, keys: VaultKeys, slots: str, contents: Contents, copies: Copies, progress: Progress) -> None:
    part.unlink(missing_ok=True)  # left by an attempt that was cut off
    with os.fdopen(statefiles.create(part), "wb") as new:
        backup_format.write_backup(new, keys, slots, contents, copies, progress)
        new.flush()
        os.fsync(new.fileno())
        os.posix_fadvise(new.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)  # it is read back from the disk


def _read_back(part: Path, keys: VaultKeys, contents: Contents, progress: Progress) -> None:
    with part.open("rb") as file:
        head = backup_format.read_head(file)
        if backup_format.read_backup(file, head, keys, {}, progress) != contents:
            raise BackupDamaged(str(part))


@contextmanager
def _named_errors(file: Path, *, full: Path | None = None) -> Iterator[None]:
    try:
        yield
    except OSError as refused:
        if named := obstacles.name_of(refused, full or file):
            raise named from refused
        if refused.errno in (errno.EACCES, errno.EPERM):
            raise FileClosed(str(file)) from refused
        raise BadUsage(f"{file} cannot be used: {refused.strerror}") from refused


def _copy_databases(state: State, keys: VaultKeys, folder: Path) -> dict[DatabaseKind, Path]:
    """Copy the three databases as they are at one moment, the mailbox without what was deleted in it.

    To write it anew would keep everybody waiting for seconds, and so would copying it: it is copied beforehand, since
    only a log that is moved into it changes it, and only its log while nobody commits. Written anew it is afterwards.
    """
    copies: dict[DatabaseKind, Path] = {kind: folder / file_name(kind) for kind in KINDS}
    plain = State(folder).mailbox
    plain.mkdir(mode=0o700)
    with all_opened(state, keys) as (mailbox, *small):
        mailbox.try_checkpoint()
        if not (_copy_at_once(mailbox, small, plain, copies) or _copy_at_once(mailbox, small, plain, copies)):
            _copy_at_once(mailbox, small, plain, copies, everybody_waits=True)
    with opened(State(folder), "mailbox", keys) as copied:
        copied.copy_to(copies["mailbox"])  # P07
    shutil.rmtree(plain)
    return copies


def _copy_at_once(
    mailbox: Database, small: list[Database], plain: Path, copies: Copies, *, everybody_waits: bool = False
) -> bool:
    """Copy the mailbox with its log, and the small ones; say whether all are of one moment, as if everybody waits."""
    name = file_name("mailbox")
    before = _stamp(mailbox.folder / name)
    time.sleep(_TICK)
    _copy_file(name, mailbox.folder, plain)
    with mailbox.writing():
        if everybody_waits:
            _copy_file(name, mailbox.folder, plain)
        elif before != _stamp(mailbox.folder / name):
            return False
        # No log is begun anew while the lock is held: with it, a page that is just being moved is whole.
        _copy_file(f"{name}-wal", mailbox.folder, plain)
        for db in small:
            db.copy_to(copies[db.kind])
    return True


def _copy_file(name: str, source: Path, target: Path) -> None:
    (target / name).touch(mode=0o600)
    shutil.copyfile(source / name, target / name)


def _stamp(file: Path) -> tuple[int, int]:
    """Give what every change of a file changes, once a tick of the kernel's clock has passed."""
    status = file.stat()
    return status.st_mtime_ns, status.st_size


def _unpack(file: BinaryIO, head: backup_format.Head, keys: VaultKeys, coming: State) -> Contents:
    with ExitStack() as stack:
        into: dict[DatabaseKind, BinaryIO] = {}
        for kind in KINDS:
            (coming.path / kind).mkdir(mode=0o700)
            path = coming.path / kind / file_name(kind)
            path.touch(mode=0o600)
            into[kind] = stack.enter_context(path.open("wb"))
        contents = backup_format.read_backup(file, head, keys, into, lambda _: None)
        for written in into.values():
            written.flush()
            os.fsync(written.fileno())
    return contents


def asides(state: State) -> list[State]:
    """List the states that were moved aside here, the oldest first."""
    return [State(folder) for folder in sorted(state.path.glob(f"{_ASIDE}*"), key=_number)]


def _number(aside: Path) -> int:
    return int("0" + "".join(filter(str.isdecimal, aside.name)))


def _move_aside(state: State) -> None:
    """Keep the state that is replaced until the operator removes it, beside those that were kept before."""
    newest = max((_number(each.path) for each in asides(state)), default=0)  # the operator may have removed others
    aside = state.path / f"{_ASIDE}{newest + 1}"
    aside.mkdir(mode=0o700)
    keys = state.path / "vault.key"
    if keys.exists():  # in both places until all is moved: wherever it is cut off, the desk lies beside its keys
        statefiles.write_keyslots(aside, statefiles.read_keyslots(state.path))
    for folder in state.databases:
        if folder.exists():
            folder.rename(aside / folder.name)
    keys.unlink(missing_ok=True)


def _move_in(coming: State, state: State) -> None:
    (state.path / "first-run").unlink(missing_ok=True)
    for folder, final in zip(coming.databases, state.databases, strict=True):
        if final.exists():
            final.rmdir()
        folder.rename(final)
    statefiles.sync(state.path)
