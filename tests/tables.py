"""Reading the three databases the way somebody does who has seized their keys: every table, every row, every byte."""

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import sqlcipher3

from onion_app.crypto.keyslots import VaultKeys
from onion_app.vault.connection import KINDS

PAGE, SALT, IV, MAC = 4096, 16, 16, 64  # bytes
LOG, FRAME = 32, 24  # bytes before the first page in a log, and before each

Tables = dict[str, list[tuple[Any, ...]]]


@contextmanager
def opened(file: Path, key: bytes) -> Iterator[Any]:
    """Open an encrypted database with its raw key, past every rule of ours, and close it again."""
    connection = sqlcipher3.connect(str(file), isolation_level=None)
    try:
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        yield connection
    finally:
        connection.close()


@contextmanager
def past_checks(file: Path, key: bytes) -> Iterator[Any]:
    """Write with a SQLite that looks at no CHECK."""
    with opened(file, key) as link:
        link.execute("PRAGMA ignore_check_constraints = ON")
        yield link


@contextmanager
def past_strict(file: Path, key: bytes) -> Iterator[Any]:
    """Write even what STRICT and NOT NULL refuse: by changing the schema, and changing it back."""
    change = "UPDATE sqlite_master SET sql = ? WHERE name = ?"
    with past_checks(file, key) as link:
        schema = link.execute(
            "SELECT name, sql FROM sqlite_master WHERE sql LIKE '%) STRICT, WITHOUT ROWID'"
        ).fetchall()
        link.execute("PRAGMA writable_schema = ON")
        loose = [(re.sub(r"STRICT, |(?<!IS) NOT NULL", "", sql), name) for name, sql in schema]
        link.executemany(change, loose)
    with past_checks(file, key) as link:
        yield link
        link.execute("PRAGMA writable_schema = ON")
        link.executemany(change, [(sql, name) for name, sql in schema])


def dump(file: Path, key: bytes) -> Tables:
    """Read every row of every table."""
    with opened(file, key) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}


def dump_all(state: Path, keys: VaultKeys) -> Tables:
    """Read every row of the three files of a state, each table under the name of its file."""
    files = {kind: dump(state / kind / f"{kind}.db", keys.of(kind)) for kind in KINDS}
    return {f"{kind}.{name}": rows for kind, tables in files.items() for name, rows in tables.items()}


def together(*copies: Tables) -> Tables:
    """Put copies of the same files together: all that ever stood there when one was made."""
    return {name: list(dict.fromkeys(row for copy in copies for row in copy[name])) for name in copies[0]}


def values_in(tables: Tables, *sizes: int) -> set[bytes]:
    """Give every value of so many bytes that stands anywhere."""
    values = (value for rows in tables.values() for row in rows for value in row)
    return {value for value in values if isinstance(value, bytes) and len(value) in sizes}


def belonging(tables: Tables, case: bytes) -> Tables:
    """Find every row of every table in which the id of a case stands."""
    found = {name: [row for row in rows if case in row] for name, rows in tables.items()}
    return {name: rows for name, rows in found.items() if rows}


def everything_in(tables: Tables) -> bytes:
    """Put all values one after the other, as the bytes that a search would find."""
    values = []
    for rows in tables.values():
        for row in rows:
            values += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    return b"\0".join(values)


def decrypted_pages(file: Path, key: bytes) -> list[bytes]:
    """Decrypt a database page by page, deleted rows and free space included."""
    content = file.read_bytes()
    return decrypted([content[start : start + PAGE] for start in range(0, len(content), PAGE)], key)


def decrypted_log(file: Path, key: bytes) -> list[bytes]:
    """Decrypt every page that stands in the log of a database, whether it still counts or not."""
    log = file.with_name(f"{file.name}-wal")
    content = log.read_bytes() if log.exists() else b""
    frames = [content[start + FRAME : start + FRAME + PAGE] for start in range(LOG, len(content), FRAME + PAGE)]
    return decrypted([file.read_bytes()[:PAGE], *frames], key)[1:]


def decrypted(pages: Sequence[bytes], key: bytes) -> list[bytes]:
    """Decrypt pages, of which the first one is the first of a database.

    As SQLCipher 4 lays it out: 4,096 bytes a page, the first begins with 16 bytes of salt, each ends with 16 bytes of
    initialisation vector and 64 of authentication; between them AES-256-CBC. So that one process is enough for them
    all, the blocks are decrypted one by one, and what CBC adds to each, the block before it, is taken away here.
    """
    sealed = [page[: -IV - MAC] for page in pages]
    sealed[0] = sealed[0][SALT:]
    command = ["openssl", "enc", "-d", "-aes-256-ecb", "-nopad", "-K", key.hex()]
    blocks = BytesIO(subprocess.run(command, input=b"".join(sealed), capture_output=True, check=True).stdout)
    plain = []
    for page, own in zip(pages, sealed, strict=True):
        added = page[-IV - MAC : -MAC] + own[:-IV]
        plain.append((int.from_bytes(blocks.read(len(own))) ^ int.from_bytes(added)).to_bytes(len(own)))
    return plain


def pages_with(pages: Sequence[bytes], parts: Sequence[bytes]) -> list[int]:
    """Give the number of the first page that holds each of some parts; every part has to be there."""
    whole = b"".join(page.ljust(PAGE, b"\0") for page in pages)
    return [whole.index(part) // PAGE for part in parts]


def rank_correlation(numbers: Sequence[int]) -> float:
    """Say how far numbers rise in the order in which they stand: 1 always, -1 never, near 0 by chance."""
    middle = (len(numbers) - 1) / 2
    ranks = {each: rank for rank, each in enumerate(sorted(numbers))}
    ways = [(place - middle, ranks[each] - middle) for place, each in enumerate(numbers)]
    return sum(one * other for one, other in ways) / sum(one * one for one, _ in ways)
