"""Rows to measure with."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path

from onion_app.choices import NOTEBOOK_ENTRIES, NOTEBOOK_LETTERS, NOTES
from onion_app.crypto.payloads import Referral
from onion_app.desk import notebook
from onion_app.launch.state import State
from onion_app.shapes import Row, to_json
from onion_app.vault import connection
from onion_app.vault.database import Database
from onion_app.vault.shown.reading import name_of
from tests.served import Site

DAY = 20_000
SEALED = b"s" * 300


def one_story(site: Site) -> str:
    """Publish a story in two languages and give its name in paths."""
    body = "\n\n".join(["They knew. I left at night, and somebody opened a door. " * 8] * 6)
    return name_of(site.show({"ar": ("The door", body), "en": ("The door", body)}, notes=("violence",)))


def fill(site: Site, number: int) -> None:
    """Add so many cases, each with a message, and so many stories; in the order in which they will lie.

    Of one case in ten there are facts, and words were chosen.
    """
    cases, stories, deeds = (sorted(secrets.token_bytes(16) for _ in range(number)) for _ in range(3))
    circle, who = site.first, site.member_of_first.id
    with _filling(site.mailbox) as mailbox:
        _add(
            mailbox,
            _CASE,
            [(case, circle, *_marks(), *_way_back(place), circle, *_facts(place)) for place, case in enumerate(cases)],
        )
        _add(mailbox, _MESSAGE, [(case, secrets.token_bytes(16), SEALED) for case in cases])
    with _filling(site.shown) as shown:
        _add(shown, _REPLY, [(deed, case, deed * 2) for deed, case in zip(deeds, cases, strict=True)])
        _add(shown, _DOOR, [(case,) for case in cases[::10]])
        versions = list(_versions(stories))
        _add(shown, _TEXT, [(story, story * 2) for story in stories])
        _add(shown, _VERSION, versions)
        shown.run("UPDATE published SET counter = counter + 1")
    with _filling(site.desk) as desk:
        _add(desk, _DEED, [(deed, DAY + place % 90, who, circle, deed * 2) for place, deed in enumerate(deeds)])
        _add(desk, _READ, [(case, case * 2) for case in cases])
        _add(desk, _DOOR, [(case,) for case in cases[::10]])
        for place, kind in enumerate(("facts", "quotation"), 1):
            few = [(secrets.token_bytes(16), case, kind, place, circle, who, DAY, SEALED) for case in cases[1::10]]
            _add(desk, _ENTRY, few)
        _add(desk, _TEXT, [(story, story * 2) for story in stories])
        _add(desk, _VERSION_AT_DESK, versions)


def fill_notebook(site: Site) -> None:
    """Write into the notebook of the first circle as much as fits."""
    member, who = site.member(site.member_of_first), site.member_of_first.id.hex()
    for place in range(NOTEBOOK_ENTRIES):
        known = Referral("lawyer", "everywhere", "any", True, f"Somebody {place}", "0770 123 4567", who, site.today)  # noqa: FBT003
        notebook.write_referral(site.dbs, member, site.first, secrets.token_bytes(16), known)
        notebook.write_message(site.dbs, member, site.first, secrets.token_bytes(16), "كلمة " * (NOTEBOOK_LETTERS // 5))


_CASE = (
    "INSERT INTO cases (id, home, mark, codes, tag, box, stop, circle_id, kind, topic, answer_in, state, unread, "
    "urgent, received_day, since_day, last_day, spread) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'request', 'law', 'ar', 'new', 1, ?, ?, ?, ?, ?)"
)
_MESSAGE = (
    "INSERT INTO messages (case_id, number, id, author, turn, generation, codes, sealed) "
    "VALUES (?, 1, ?, 'visitor', 0, 1, 1, ?)"
)
_REPLY = "INSERT INTO replies (message_id, case_id, mark) VALUES (?, ?, ?)"
_DOOR = "INSERT INTO doors (case_id, state) VALUES (?, 'gone')"
_DEED = "INSERT INTO audit (id, day, who, what, circle_id, case_mark) VALUES (?, ?, ?, 'opened a case', ?, ?)"
_READ = "INSERT INTO read (case_id, number, mark, turn, generation, codes) VALUES (?, 1, ?, 0, 1, 1)"
_ENTRY = (
    "INSERT INTO entries (id, case_id, kind, number, circle_id, generation, author, day, sealed) "
    "VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)"
)
_TEXT = "INSERT INTO texts (id, mark) VALUES (?, ?)"
_VERSION = (
    "INSERT INTO versions (text_id, language, edition, year, notes, translated_from, title, body) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, 'Words.')"
)
_VERSION_AT_DESK = _VERSION.replace("body)", "body, state)").replace("'Words.')", "'Words.', 'public')")


@contextmanager
def _filling(db: Database) -> Iterator[Database]:
    """Write much at once: with room for the pages that are filled, and with messages no longer than need be."""
    db._link.set_authorizer(None)
    for pragma in ("cache_size = -400000", "ignore_check_constraints = ON"):  # KiB
        db._link.execute(f"PRAGMA {pragma}")
    connection.allow(db._link, connection.WORKING)
    with db.writing():
        yield db
    db.checkpoint()


def _add(db: Database, sql: str, rows: Sequence[Row]) -> None:
    for row in rows:
        db.run(sql, row)


def _marks() -> tuple[bytes, bytes]:
    return secrets.token_bytes(32), secrets.token_bytes(32)


def _way_back(place: int) -> tuple[bytes | None, ...]:
    """Give tag, box and stop of a case; the author of every other one does not come back."""
    return (secrets.token_bytes(32), bytes(89), bytes(73)) if place % 2 else (None, None, None)


def _facts(place: int) -> tuple[int, int, int, int, int]:
    return place % 3, DAY, DAY + place % 90, DAY + place % 90, place % 999


def _versions(stories: Sequence[bytes]) -> Iterator[Row]:
    for place, story in enumerate(stories):
        notes = to_json(tuple(note for bit, note in enumerate(NOTES) if place % 37 >> bit & 1))
        for language in ("ar", "en") if place % 3 else ("ar",):
            source = None if language == "ar" else "ar"
            title = f"Story {place}"
            yield (story, language, secrets.token_bytes(16), 2000 + place % 25, notes, source, title)


@contextmanager
def copied(site: Site) -> Iterator[Site]:
    """Give a second installation with the same rows and keys."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for kept in (site.state.mailbox, site.state.shown, site.state.desk):
            shutil.copytree(kept, Path(folder) / kept.name)
        other = copy(site)
        other.state = State(Path(folder))
        other.open()
        yield other
        other.close()


def some_names(site: Site, number: int) -> list[str]:
    """Name so many of the stories."""
    rows = site.shown.rows("SELECT id FROM texts WHERE slug IS NULL ORDER BY id LIMIT ?", (number,))
    return [name_of(row[0]) for row in rows if isinstance(row[0], bytes)]
