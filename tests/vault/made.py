"""A real installation in a folder of its own, cases made of random bytes as the vault sees them, and a hostile hand."""

import secrets
import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from onion_app.crypto.casekeys import case_id_of, case_proof, mark_of, stop_root, story_proof
from onion_app.crypto.keyslots import VaultKeys
from onion_app.crypto.sealing import EntryPlace
from onion_app.days import DAY
from onion_app.launch.processes.chores import Files
from onion_app.vault import connection, database, schema
from onion_app.vault.connection import DatabaseKind
from onion_app.vault.database import Database
from onion_app.vault.desk import (
    case_records,
    circles,
    entries,
    guides,
    invitations,
    membership,
    moderators,
    stories,
    stories_queue,
)
from onion_app.vault.mailbox import lifetime, messages, withdrawals
from onion_app.vault.mailbox.records import KeyRow, Message, NewCase
from onion_app.vault.show import show
from onion_app.vault.shown import writing
from onion_app.vault.shown.reading import Version
from tests import tables
from tests.world import World, publish

TODAY = 20_400
SEALED = 2089  # bytes of the shortest message
LATER = (
    "CREATE TABLE later (id BLOB NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;\nINSERT INTO later (id) VALUES (x'00');\n"
)


def some_id() -> bytes:
    return secrets.token_bytes(16)


def some_key() -> bytes:
    return secrets.token_bytes(32)


@dataclass
class Installation:
    """Three databases, one circle with a key, and its first member."""

    folder: Path
    keys: VaultKeys
    circle_id: bytes
    moderator_id: bytes
    opened: list[Database] = field(default_factory=list)

    @property
    def mailbox_folder(self) -> Path:
        return self.folder / "mailbox"

    def file(self, kind: DatabaseKind = "mailbox") -> Path:
        return self.folder / kind / f"{kind}.db"

    def open(self, kind: DatabaseKind, *, read_only: bool = False) -> Database:
        db = database.open_database(self.folder / kind, kind, self.keys.of(kind), read_only=read_only)
        self.opened.append(db)
        return db

    def mailbox(self) -> Database:
        return self.open("mailbox")

    def log(self, kind: DatabaseKind = "mailbox") -> int:
        """Give the length in bytes of a write-ahead log."""
        return self.file(kind).with_name(f"{kind}.db-wal").stat().st_size

    def add_case(self, db: Database, circle_id: bytes | None = None, **changed: Any) -> NewCase:
        """Store a case of the circle, or of another."""
        new = new_case(circle_id or self.circle_id, **changed)
        with db.writing():
            lifetime.store_case(db, new)
        return new

    def invited(self, desk: Database, circle_id: bytes | None = None, **changed: Any) -> bytes:
        """Invite somebody to the circle, or to another; give the mark of the invitation."""
        invitations.add_invitation(desk, invitation(circle_id or self.circle_id, **changed), mark := some_key())
        return mark

    def enrol(self, desk: Database, handle: str = "second") -> moderators.Moderator:
        """Redeem an invitation to the circle, which has a key already."""
        newcomer = moderator(handle)
        invitations.redeem(desk, self.invited(desk, made_by=self.moderator_id), TODAY, newcomer, None)
        return moderators.read_moderator(desk, newcomer.id)

    def let_in(self, desk: Database, newcomer: moderators.Moderator) -> moderators.Moderator:
        key = circles.public_keys(desk, self.circle_id)[1]
        let_in(desk, newcomer.id, [grant(self.circle_id, 1, newcomer.id, key)], by=self.moderator_id)
        return moderators.read_moderator(desk, newcomer.id)

    def entry(self, desk: Database, case_id: bytes, kind: Any = "note", entry_id: bytes | None = None) -> entries.Entry:
        """Write an entry into a case."""
        facts = (kind, 0, None, self.circle_id, 1, self.moderator_id, TODAY, b"")
        return entries.add_entry(desk, entries.Entry(entry_id or some_id(), case_id, *facts), sealing)

    def close(self) -> None:
        while self.opened:
            self.opened.pop().close()

    def hostile(self, kind: DatabaseKind = "mailbox") -> AbstractContextManager[Any]:
        """Open a database as somebody does who has its key, and none of our care."""
        return tables.past_checks(self.file(kind), self.keys.of(kind))

    def hostile_past_strict(self, kind: DatabaseKind = "mailbox") -> AbstractContextManager[Any]:
        """Write even what STRICT refuses."""
        return tables.past_strict(self.file(kind), self.keys.of(kind))


def set_up(folder: Path) -> Installation:
    with closing(World(folder, lambda: TODAY * DAY)) as world:
        first, member = founded(world.desk, "first", catch_all=True, coordinators=True)
        world.follow()
        return Installation(folder, world.keys, first.id, member.id)


def circle(circle_id: bytes, name: str, **changed: Any) -> circles.Circle:
    return replace(circles.Circle(circle_id, name, (), (), False, False, None), **changed)  # noqa: FBT003


def add_migration(folder: Path, patch: pytest.MonkeyPatch, statements: str) -> int:
    """Have one migration of the mailbox more, in a copy of them, and the schema that it makes; give its number."""
    number = schema.newest_version("mailbox") + 1
    shutil.copytree(schema._MIGRATIONS, folder)
    patch.setattr(schema, "_MIGRATIONS", folder)
    (folder / "mailbox" / f"{number:04}_later.sql").write_text(statements)
    scratch = connection.scratch()
    schema.run_migrations(scratch, "mailbox")
    expected = schema.describe(scratch)
    patch.setattr(schema, "written_schema", lambda _kind: expected)
    return number


def add_circle(desk: Database, new: circles.Circle) -> None:
    """Add a circle with nobody in it."""
    with desk.writing():
        circles.add_circle(desk, new)


def let_in(desk: Database, moderator_id: bytes, grants: Sequence[circles.Grant], *, by: bytes = bytes(16)) -> None:
    """Let somebody in whose words were compared, by the hand of somebody."""
    hosts = (by, *desk.ids("SELECT id FROM moderators WHERE state = 'active'"))
    membership.let_in(desk, moderator_id, grants, by=next(host for host in hosts if any(host)), today=TODAY)


def put_out(desk: Database, moderator_id: bytes) -> None:
    with desk.writing():
        membership.put_out(desk, moderator_id)


def put_out_of(desk: Database, moderator_id: bytes, circle_id: bytes) -> None:
    with desk.writing():
        membership.put_out_of(desk, moderator_id, circle_id, [])


def founded(desk: Database, handle: str, **changed: Any) -> tuple[circles.Circle, moderators.Moderator]:
    """Add a circle with its first member, who brings its key."""
    new, member, mark = circle(some_id(), f"circle of {handle}", **changed), moderator(handle), some_key()
    add_circle(desk, new)
    invitations.add_invitation(desk, invitation(new.id), mark)
    invitations.redeem(desk, mark, TODAY, member, grant(new.id, 1, member.id, some_key()))
    return circles.read_circle(desk, new.id), moderators.read_moderator(desk, member.id)


def invitation(circle_id: bytes, **changed: Any) -> invitations.Invitation:
    plain = invitations.Invitation(some_id(), circle_id, False, None, TODAY + 7, "open", None)  # noqa: FBT003
    return replace(plain, **changed)


def moderator(handle: str) -> moderators.Moderator:
    return moderators.Moderator(some_id(), handle, some_key(), b"locked", b"too", None, False, "waiting", TODAY)  # noqa: FBT003


def grant(circle_id: bytes, generation: int, moderator_id: bytes, public_key: bytes) -> circles.Grant:
    return circles.Grant(circle_id, generation, moderator_id, public_key, b"sealed")


def key_row(home: bytes, *, with_return: bool = True) -> KeyRow:
    """Make the row of a case that nobody has a key for, named rightly; `proofs_of` gives the proofs of its mark."""
    first = some_key()
    mark = mark_of(case_proof(stop_root(first)))
    named = (case_id_of(first, home, mark), home, mark, first)
    of_code = (some_key(), secrets.token_bytes(89), secrets.token_bytes(73))
    return KeyRow(*named, *(of_code if with_return else (None, None, None)))


def proofs_of(row: KeyRow) -> tuple[bytes, bytes]:
    """Give what an author would prove who takes their case, and its story, back."""
    root = stop_root(row.codes[0])
    return case_proof(root), story_proof(root)


def new_case(circle_id: bytes, **changed: Any) -> NewCase:
    row = changed.pop("row", None) or key_row(circle_id)
    plain = NewCase(
        row=row,
        circle_id=circle_id,
        kind="request",
        topic="safety",
        answer_in="ar",
        urgent=1,
        day=TODAY,
        messages=(message(row.id, 1),),
    )
    return replace(plain, **changed)


def message(case_id: bytes, number: int, **changed: Any) -> Message:
    plain = Message(case_id, number, some_id(), "visitor", 0, 1, 1, secrets.token_bytes(SEALED))
    return replace(plain, **changed)


def sealing(place: EntryPlace) -> bytes:
    return b"sealed".ljust(SEALED - 1) + bytes([place.number % 256])


def write(db: Database, case_id: bytes, author: Any = "visitor", day: int = TODAY, **changed: Any) -> Message:
    """Write a message into a case, as the rooms do."""
    with db.writing():
        written = message(case_id, messages.next_number(db, case_id), author=author, **changed)
        messages.insert_message(db, written)
        if author == "visitor":
            messages.note_visitor_wrote(db, case_id, day)
        elif author == "circle":
            messages.note_circle_wrote(db, case_id, day, unread=False)
    return written


def prove(mailbox: Database, *proofs: bytes) -> None:
    """Take proofs, as the site does."""
    with mailbox.writing():
        withdrawals.add_proofs(mailbox, proofs)


def mark_read(mailbox: Database, case_id: bytes) -> None:
    """Note that somebody has opened a case."""
    with mailbox.writing():
        lifetime.mark_read(mailbox, case_id)


def follow(dbs: Files) -> None:
    """Let `shown.db` follow the desk."""
    with dbs.mailbox.writing():
        show(dbs.shown, dbs.desk)


def words(
    text_id: bytes, language: Any = "en", source: Any = None, title: str = "Title", body: str = "Once.", **changed: Any
) -> Version:
    return replace(Version(text_id, language, title, body, source), **changed)


def read_by_all(dbs: Files, case_id: bytes) -> None:
    """Count a case as read, at the desk too."""
    mark_read(dbs.mailbox, case_id)
    with dbs.desk.writing():
        number = messages.messages_of(dbs.mailbox, case_id)[-1].number
        case_records.put_read(dbs.desk, case_id, case_records.Read(number, some_key(), 0, 1, 1))


def queued(dbs: Files, case_id: bytes, *, mark: bytes | None = None, day: int = TODAY, **changed: Any) -> bytes:
    """Queue a story of a case that everybody has read, and give its id."""
    read_by_all(dbs, case_id)
    told: dict[str, Any] = {"year": 2025, "notes": ("violence",)}
    version = words(some_id(), **(told | changed))
    stories_queue.queue_story(*dbs, case_id, version, mark, day)
    story = stories.story_of(dbs.desk, case_id)
    assert story is not None
    return story.id


def story(dbs: Files, *languages: Any, mark: bytes | None = None, **facts: Any) -> bytes:
    """Publish a story, in English unless said otherwise, translated from its first language; gives its id."""
    told: dict[str, Any] = {"year": 2026, "body": "A body", "state": "public"}
    text_id, facts = some_id(), told | facts
    written = languages or ("en",)
    sources = dict.fromkeys(written[1:], written[0])
    versions = [words(text_id, each, sources.get(each), title=f"A title in {each}", **facts) for each in written]
    publish(dbs.shown, dbs.desk, versions, mark=mark)
    return text_id


def guide(dbs: Files) -> bytes:
    """Publish a guide in Arabic and English, and give its id."""
    guide_id = guides.begin_guide(dbs.desk, some_id(), "now")
    for language in ("ar", "en"):
        guides.save_draft(dbs.desk, words(guide_id, language, body="Go first."))
    show_guide(dbs, guide_id)
    return guide_id


def show_guide(dbs: Files, guide_id: bytes, *changed: Version) -> None:
    """Show a guide as it stands, or with these words, as a second person's yes does."""
    with dbs.desk.writing():
        guides.show_words(dbs.desk, [*changed] or guides.read_guide(dbs.desk, guide_id)[1])
    with dbs.shown.writing():
        writing.show_text(dbs.shown, dbs.desk, guide_id)
