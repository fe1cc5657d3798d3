"""Rows to measure with, and the bare SQLCipher that ours is measured against."""

import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path

import sqlcipher3

from onion_app.choices import NOTES
from onion_app.crypto.keys import fingerprint
from onion_app.launch.state import State
from onion_app.shapes import Row, to_json
from onion_app.vault import connection
from onion_app.vault.database import Database
from onion_app.vault.shown import listing, writing
from tests.served import Site

DAY = 20_000
SEALED = b"s" * 2_100  # as long as a short message once padded and sealed


def one_story(site: Site) -> str:
    """Publish a story in two languages and give its id."""
    body = "\n\n".join(["They knew. I left at night, and somebody opened a door. " * 8] * 6)
    return site.show({"ar": ("The door", body), "en": ("The door", body)}, notes=("violence",)).hex()


def fill(site: Site, number: int) -> None:
    """Add so many cases, each with its keys and a message, and so many stories; in the order in which they will lie."""
    mailbox = site.mailbox
    connection.allow(mailbox._link, connection.OPENING)
    mailbox._link.execute("PRAGMA cache_size = -400000")  # KiB: so that filling does not read its own pages again
    connection.allow(mailbox._link, connection.WORKING)
    circle = site.first
    recipients = {circle: fingerprint(site.public_key(circle)), bytes(16): secrets.token_bytes(16)}
    cases = sorted(secrets.token_bytes(16) for _ in range(number))
    stories = sorted(secrets.token_bytes(16) for _ in range(number))
    keys = [(case, holder, recipients[holder], SEALED[:120]) for case in cases for holder in sorted(recipients)]
    with mailbox.writing():
        _add(mailbox, _CASE, [(case, circle, place % 3, *_day_and_spread(place)) for place, case in enumerate(cases)])
        _add(mailbox, _KEYS, keys)
        _add(mailbox, _MESSAGE, [(case, secrets.token_bytes(16), SEALED[:300]) for case in cases])
        _add_stories(mailbox, stories)
        writing.raise_published_counter(mailbox)
    mailbox.checkpoint()
    _fill_desk(site, number)


def _fill_desk(site: Site, number: int) -> None:
    """Note for so many cases that somebody opened them, and that an answer was written."""
    desk, who, circle = site.desk, site.member_of_first.id, site.first
    deeds = sorted(secrets.token_bytes(16) for _ in range(number))
    with desk.writing():
        _add(desk, _DEED, [(deed, DAY + place % 90, who, circle, deed * 2) for place, deed in enumerate(deeds)])
        _add(desk, _REPLY, [(deed, deed[::-1], deed * 2) for deed in deeds])
    desk.checkpoint()


_DEED = "INSERT INTO audit (id, day, who, what, circle_id, case_mark) VALUES (?, ?, ?, 'opened a case', ?, ?)"
_REPLY = "INSERT INTO written_replies (message_id, case_id, mark) VALUES (?, ?, ?)"
_CASE = (
    "INSERT INTO cases (id, circle_id, kind, topic, answer_in, state, unread, urgent, received_day, last_day, spread) "
    "VALUES (?, ?, 'request', 'law', 'ar', 'new', 1, ?, ?, ?, ?)"
)
_KEYS = "INSERT INTO case_keys (case_id, epoch, holder, recipient, wrap) VALUES (?, 1, ?, ?, ?)"
_MESSAGE = "INSERT INTO messages (case_id, number, id, epoch, author, sealed) VALUES (?, 1, ?, 1, 'visitor', ?)"
_TEXT = "INSERT INTO texts (id, kind, slug, year, notes) VALUES (?, ?, ?, ?, ?)"


def _add(db: Database, sql: str, rows: Sequence[Row]) -> None:
    for row in rows:
        db.run(sql, row)


def _day_and_spread(place: int) -> tuple[int, int, int]:
    return DAY, DAY + place % 90, place % 999


def _add_stories(mailbox: Database, stories: list[bytes]) -> None:
    lines: list[Row] = []
    for place, story in enumerate(stories):
        notes = to_json(tuple(note for bit, note in enumerate(NOTES) if place % 37 >> bit & 1))
        text: Row = (story, "story", None, 2000 + place % 25, notes)
        languages = ("ar", "en") if place % 3 else ("ar",)
        versions: list[Row] = [(story, each, f"Story {place}", "Words.", None, None, None) for each in languages]
        mailbox.run(_TEXT, text)
        for version in versions:
            writing.insert_version(mailbox, version)
        lines += listing.lines_of([text], versions)
    listing.write_lines(mailbox, sorted(lines, key=lambda line: line[:5]))


@contextmanager
def copied(site: Site) -> Iterator[Site]:
    """Give a second installation with the same rows and keys."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for kept in (site.state.mailbox, site.state.desk):
            shutil.copytree(kept, Path(folder) / kept.name)
        other = copy(site)
        other.state = State(Path(folder))
        other.open()
        yield other
        other.close()


def bare_commits(folder: Path, number: int) -> float:
    """Insert and commit so many messages one by one, with the same durability, and give how many a second."""
    path = folder / "bare.db"
    path.unlink(missing_ok=True)
    bare = sqlcipher3.connect(str(path), isolation_level=None)
    bare.execute(f"PRAGMA key = \"x'{secrets.token_hex(32)}'\"")
    bare.execute("PRAGMA journal_mode = WAL")
    bare.execute("PRAGMA synchronous = FULL")
    bare.execute("CREATE TABLE messages (id BLOB NOT NULL PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID")
    began = time.perf_counter()
    for _ in range(number):
        bare.execute("BEGIN IMMEDIATE")
        bare.execute("INSERT INTO messages VALUES (?, ?)", (secrets.token_bytes(16), SEALED))
        bare.execute("COMMIT")
    took = time.perf_counter() - began
    bare.close()
    return number / took
