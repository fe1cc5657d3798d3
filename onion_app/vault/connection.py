"""A connection to an encrypted file: its key, the proof that it encrypts, its settings read back, its authorizer.

The only module that meets sqlcipher3, and the only way to a database. It never takes a passphrase. Every statement
passes the authorizer when it is prepared: an action that it does not name is refused, and so is any that would run
through a trigger or a view, whoever planted it and whenever.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

from sqlcipher3 import dbapi2

from onion_app.errors import (
    CipherUnfit,
    DamagedFile,
    DiskFull,
    DiskTrouble,
    HalfWritten,
    LockHeld,
    RowDamaged,
    SanctuaryError,
    WrongKey,
)
from onion_app.vault import obstacles

DatabaseKind = Literal["mailbox", "shown", "desk"]
KINDS: tuple[DatabaseKind, ...] = get_args(DatabaseKind)
Connection = Any  # sqlcipher3 has no types; vault.database puts them on
DatabaseError: type[Exception] = dbapi2.DatabaseError

KEY_BYTES = 32
BUSY_SECONDS = 10  # a turn to write takes milliseconds, a backup's two seconds: who waited this long is kept out

# cipher_memory_security is left off: it makes every read four times as slow, and what it does, overwriting freed memory
# (P04), glibc does for the whole process: whoever starts it sets GLIBC_TUNABLES.
SETTINGS: tuple[tuple[str, str, int | str], ...] = (
    ("foreign_keys", "ON", 1),
    ("secure_delete", "ON", 1),  # P07: what is deleted is overwritten in its page
    ("temp_store", "MEMORY", 2),  # P03: no temporary file
    ("trusted_schema", "OFF", 0),
    ("cell_size_check", "ON", 1),
    ("synchronous", "FULL", 2),  # P11: a commit returns after the disk has it
    ("busy_timeout", str(BUSY_SECONDS * 1000), BUSY_SECONDS * 1000),
    ("cache_size", "-2000", -2000),  # KiB: the usual 8000, once a thread, is a tenth of what a child may use
)

# A database in WAL mode cannot be opened through a read-only mount once its last writer has closed it.
_JOURNALS: dict[DatabaseKind, str] = {"mailbox": "wal", "shown": "delete", "desk": "wal"}

_READ = frozenset({dbapi2.SQLITE_SELECT, dbapi2.SQLITE_READ, dbapi2.SQLITE_FUNCTION, dbapi2.SQLITE_PRAGMA})
_WORK = _READ | {dbapi2.SQLITE_INSERT, dbapi2.SQLITE_UPDATE, dbapi2.SQLITE_DELETE, dbapi2.SQLITE_TRANSACTION}
_SHAPE = _WORK | {
    dbapi2.SQLITE_CREATE_TABLE,
    dbapi2.SQLITE_CREATE_INDEX,
    dbapi2.SQLITE_DROP_TABLE,
    dbapi2.SQLITE_DROP_INDEX,
    dbapi2.SQLITE_ALTER_TABLE,
    dbapi2.SQLITE_REINDEX,
}
_NAMED: dict[int, type[SanctuaryError]] = {
    dbapi2.SQLITE_BUSY: LockHeld,
    dbapi2.SQLITE_LOCKED: LockHeld,
    dbapi2.SQLITE_FULL: DiskFull,
    dbapi2.SQLITE_READONLY: HalfWritten,
    dbapi2.SQLITE_IOERR: DiskTrouble,
}
_SHORT_READ = dbapi2.SQLITE_IOERR | 2 << 8  # of the errors of reading the one that is damage: the file ends too soon
_LOOKED_INTO = (dbapi2.SQLITE_READONLY, dbapi2.SQLITE_IOERR, dbapi2.SQLITE_CANTOPEN, dbapi2.SQLITE_FULL)
_FUNCTIONS = frozenset({"count", "max", "min", "length", "octet_length"})

Authorizer = tuple[frozenset[int], frozenset[str]]  # the actions that pass, and the pragmas
_SET = frozenset(name for name, _, _ in SETTINGS) | {"journal_mode"}
OPENING: Authorizer = (_READ, _SET | {"user_version", "cipher_version"})
_SIZES = ("page_count", "freelist_count", "page_size")
WORKING: Authorizer = (_WORK, frozenset({"user_version", "wal_checkpoint", "shrink_memory", "quick_check", *_SIZES}))
MIGRATING: Authorizer = (_SHAPE, frozenset({"user_version"}))
COPYING: Authorizer = (_SHAPE | {dbapi2.SQLITE_ATTACH, dbapi2.SQLITE_DETACH}, frozenset())


def file_name(kind: DatabaseKind) -> str:
    """Name the file of a kind of database."""
    return f"{kind}.db"


def connect(folder: Path, kind: DatabaseKind, key: bytes, *, read_only: bool = False) -> Connection:
    """Open an existing file with its raw key (32 bytes), prove that it encrypts, set and read back every setting.

    Raises:
        DamagedFile: there is no file, or not a whole one.
        WrongKey: its first page does not open.
        CipherUnfit: the library does not encrypt, or a setting does not hold.
        StateClosed: it may be whole, and this account may not open it.
        DiskTrouble: it may be whole, and the disk lets nobody open it: it is full, say, or read-only.
        HalfWritten: it is opened to be read only, and a change of it was cut off.
    """
    path = folder / file_name(kind)
    if len(key) != KEY_BYTES:
        raise WrongKey(path.name)
    try:
        if path.stat().st_size == 0:  # SQLite takes an empty file for a new database
            raise DamagedFile(path.name)
    except OSError as error:
        raise (obstacles.look(path, read_only=True) or DamagedFile(path.name)) from error
    return _connect(path, kind, key, read_only=read_only)


def create(folder: Path, kind: DatabaseKind, key: bytes) -> Connection:
    """Make a new file, 0600, and open it; its log takes over the mode.

    Raises:
        FileExistsError: it is there already.
        CipherUnfit: the library does not encrypt, or a setting does not hold.
    """
    path = folder / file_name(kind)
    path.touch(mode=0o600, exist_ok=False)
    return _connect(path, kind, key, read_only=False)


def scratch() -> Connection:
    """Open an empty database in memory, which migrations are tried on to write the schema down."""
    opened = dbapi2.connect(":memory:", isolation_level=None)
    allow(opened, MIGRATING)
    return opened


def library_versions() -> dict[str, str]:
    """Name the libraries that encrypt, with their versions."""
    opened = dbapi2.connect(":memory:")
    try:
        opened.set_key("nothing is stored here")  # without a key there is no provider yet
        asked = {"sqlcipher": "cipher_version", "openssl": "cipher_provider_version"}
        answers = {library: opened.execute(f"PRAGMA {name}").fetchall() for library, name in asked.items()}
    finally:
        opened.close()
    return {library: str(answer[0][0]) if answer else "" for library, answer in answers.items()}


def _connect(path: Path, kind: DatabaseKind, key: bytes, *, read_only: bool) -> Connection:
    with named_errors(path, read_only=read_only):
        uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"
        opened = dbapi2.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        # What somebody planted that is no UTF-8 fails the check of its own row, and ends no reading of others.
        opened.text_factory = partial(str, encoding="utf-8", errors="replace")
        try:
            opened.set_key(f"x'{key.hex()}'")  # the raw form: 0.2 ms, where a passphrase costs 200
            opened.execute("PRAGMA cipher_log_level = NONE").fetchall()  # else it prints errors to stderr
            allow(opened, OPENING)
            _prove(opened, path.name)
            for setting in (*SETTINGS, ("journal_mode", _JOURNALS[kind], _JOURNALS[kind])):
                _set(opened, *setting)
            allow(opened, WORKING)
        except BaseException:
            opened.close()
            raise
    return opened


def _prove(opened: Connection, name: str) -> None:
    proof = "cipher_version"  # plain SQLite knows no such pragma and answers nothing
    version = opened.execute(f"PRAGMA {proof}").fetchall()
    if not version or not version[0][0]:
        raise CipherUnfit(proof)
    try:
        opened.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except dbapi2.DatabaseError as error:
        if _code(error) == dbapi2.SQLITE_NOTADB:
            raise WrongKey(name) from error
        raise


def _set(opened: Connection, name: str, value: str, readback: int | str) -> None:
    opened.execute(f"PRAGMA {name} = {value}").fetchall()
    if opened.execute(f"PRAGMA {name}").fetchall() != [(readback,)]:
        raise CipherUnfit(name)


def allow(opened: Connection, authorizer: Authorizer) -> None:
    """Let only these actions and pragmas pass from now on, and never anything through a trigger or a view."""
    actions, pragmas = authorizer

    def judge(action: int, first: str | None, second: str | None, _schema: str | None, through: str | None) -> int:
        refused = (
            through is not None  # P04: a planted trigger or view; a named subquery too, so none is written here
            or action not in actions
            or (action == dbapi2.SQLITE_PRAGMA and first not in pragmas)
            or (action == dbapi2.SQLITE_FUNCTION and authorizer is WORKING and second not in _FUNCTIONS)
        )
        return int(dbapi2.SQLITE_DENY if refused else dbapi2.SQLITE_OK)

    opened.set_authorizer(judge)


@contextmanager
def named_errors(path: Path, *, read_only: bool = False) -> Iterator[None]:
    """Give the library's errors our names; those that are our own mistakes pass as they are.

    Raises:
        LockHeld: others held the lock for 10 s.
        DiskTrouble: there is no room, or the disk is read-only or fails, or in another way keeps us out.
        StateClosed: this account may not read and write the file.
        HalfWritten: a change was cut off, and only somebody who may write can undo it.
        DamagedFile: what was read is not whole, or asked for an action that the authorizer refuses.
        RowDamaged: a row cannot be written, or not beside another, that somebody has changed past the schema.
    """
    try:
        yield
    except dbapi2.ProgrammingError:
        raise
    except dbapi2.IntegrityError as error:
        raise RowDamaged(path.name, str(error)) from error  # of the schema: no value stands in it
    except dbapi2.DatabaseError as error:
        if _code(error) == dbapi2.SQLITE_ERROR:
            raise
        raise _named(error, path, read_only=read_only) from error


def _named(error: Exception, path: Path, *, read_only: bool) -> SanctuaryError:
    if getattr(error, "sqlite_errorcode", 0) == _SHORT_READ:
        return DamagedFile(path.name)
    is_asked = _code(error) in _LOOKED_INTO and not (read_only and _code(error) == dbapi2.SQLITE_READONLY)
    seen = obstacles.look(path, read_only=read_only) if is_asked else None
    return seen or _NAMED.get(_code(error), partial(DamagedFile, path.name))()


def _code(error: Exception) -> int:
    return int(getattr(error, "sqlite_errorcode", dbapi2.SQLITE_ERROR)) & 0xFF  # the extended codes share the low byte
