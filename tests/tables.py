"""Reading both databases the way somebody does who has seized their keys: every table, every row, every byte."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlcipher3

PAGE, SALT, IV, MAC = 4096, 16, 16, 64  # bytes

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


def dump(file: Path, key: bytes) -> Tables:
    """Read every row of every table."""
    with opened(file, key) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}


def everything_in(tables: Tables) -> bytes:
    """Put all values one after the other, as the bytes that a search would find."""
    values = []
    for rows in tables.values():
        for row in rows:
            values += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    return b"\0".join(values)


def decrypted_pages(file: Path, key: bytes) -> bytes:
    """Decrypt a database page by page, deleted rows and free space included.

    As SQLCipher 4 lays it out: 4,096 bytes a page, the first begins with 16 bytes of salt, each ends with 16 bytes of
    initialisation vector and 64 of authentication; between them AES-256-CBC.
    """
    content = file.read_bytes()
    plain = b""
    for start in range(0, len(content), PAGE):
        page = content[start : start + PAGE]
        sealed, vector = page[SALT if start == 0 else 0 : -IV - MAC], page[-IV - MAC : -MAC]
        command = ["openssl", "enc", "-d", "-aes-256-cbc", "-nopad", "-K", key.hex(), "-iv", vector.hex()]
        plain += subprocess.run(command, input=sealed, capture_output=True, check=True).stdout
    return plain
