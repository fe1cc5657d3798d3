"""Rows to measure with, and the bare SQLCipher that ours is measured against."""

import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path

import sqlcipher3

from onion_app.launch.state import State
from onion_app.vault import listing, texts
from onion_app.vault.database import Database
from onion_app.vault.listing import NOTES
from onion_app.vault.rows import Row, as_json
from tests.served import Site

DAY = 20_000
SEALED = b"s" * 2_100  # as long as a short message once padded and sealed


def one_story(site: Site) -> str:
    """Publish a story in two languages and give its id."""
    story = secrets.token_bytes(16)
    body = "\n\n".join(["They knew. I left at night, and somebody opened a door. " * 8] * 6)
    versions: list[Row] = [(story, each, "The door", body, None, None, None) for each in ("ar", "en")]
    mailbox = site.mailbox()
    with mailbox.writing():
        texts.show(mailbox, story, ([(story, "story", None, 2024, '["violence"]')], versions))
    mailbox.close()
    return story.hex()


def fill(site: Site, number: int) -> None:
    """Add so many cases, each with its keys and a message, and so many stories."""
    mailbox = site.mailbox()
    with mailbox.writing():
        circle = mailbox.rows("SELECT id FROM circles")[0][0]
        assert isinstance(circle, bytes)
        for each in range(number):
            _add_case(mailbox, circle, each)
            _add_story(mailbox, each)
        texts.raise_counter(mailbox)
    mailbox.checkpoint()
    mailbox.close()


def _add_case(mailbox: Database, circle: bytes, number: int) -> None:
    case = secrets.token_bytes(16)
    mailbox.run(
        "INSERT INTO cases (id, circle_id, kind, topic, answer_in, state, unread, urgent, lookup_tag, author_key, "
        "received_day, last_day, spread) VALUES (?, ?, 'request', 'law', 'ar', 'new', 1, ?, ?, ?, ?, ?, ?)",
        (
            case,
            circle,
            number % 3,
            secrets.token_bytes(32),
            secrets.token_bytes(32),
            DAY,
            DAY + number % 90,
            number % 999,
        ),
    )
    for holder in (circle, bytes(16)):
        mailbox.run(
            "INSERT INTO case_keys (case_id, epoch, holder, recipient, wrap) VALUES (?, 1, ?, ?, ?)",
            (case, holder, holder, SEALED[:120]),
        )
    mailbox.run(
        "INSERT INTO messages (case_id, number, id, epoch, author, sealed) VALUES (?, 1, ?, 1, 'visitor', ?)",
        (case, secrets.token_bytes(16), SEALED[:300]),
    )


def _add_story(mailbox: Database, number: int) -> None:
    story = secrets.token_bytes(16)
    notes = as_json(tuple(note for place, note in enumerate(NOTES) if number % 37 >> place & 1))
    text: Row = (story, "story", None, 2000 + number % 25, notes)
    versions: list[Row] = [
        (story, each, f"Story {number}", "Words.", None, None, None)
        for each in (("ar", "en") if number % 3 else ("ar",))
    ]
    mailbox.run("INSERT INTO texts (id, kind, slug, year, notes) VALUES (?, ?, ?, ?, ?)", text)
    for version in versions:
        texts.insert_version(mailbox, version)
    listing.write(mailbox, listing.lines_of([text], versions))


def cases_in(site: Site) -> int:
    """Count the cases."""
    mailbox = site.mailbox()
    row = mailbox.row("SELECT count(*) FROM cases")
    mailbox.close()
    return int(str(row[0])) if row else 0


@contextmanager
def copied(site: Site) -> Iterator[Site]:
    """Give a second installation with the same rows and keys."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        shutil.copytree(site.state.mailbox, Path(folder) / "mailbox")
        other = copy(site)
        other.state = State(Path(folder))
        yield other


def bare_commits(folder: Path, number: int) -> float:
    """Insert and commit so many messages one by one, with the same durability, and give how many a second."""
    path = folder / "bare.db"
    path.unlink(missing_ok=True)
    link = sqlcipher3.connect(str(path), isolation_level=None)
    link.execute(f"PRAGMA key = \"x'{secrets.token_hex(32)}'\"")
    link.execute("PRAGMA journal_mode = WAL")
    link.execute("PRAGMA synchronous = FULL")
    link.execute("CREATE TABLE messages (id BLOB NOT NULL PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID")
    began = time.perf_counter()
    for _ in range(number):
        link.execute("BEGIN IMMEDIATE")
        link.execute("INSERT INTO messages VALUES (?, ?)", (secrets.token_bytes(16), SEALED))
        link.execute("COMMIT")
    took = time.perf_counter() - began
    link.close()
    return number / took
