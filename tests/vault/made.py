"""A real installation in a folder of its own, cases made of random bytes as the vault sees them, and a hostile hand."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from onion_app.days import DAY
from onion_app.vault import connection, database, schema, truth
from onion_app.vault.database import Database
from onion_app.vault.desk import circles, entries, invitations, moderators, stories_queue
from onion_app.vault.mailbox import case_keys, lifetime, messages
from onion_app.vault.mailbox.records import AUTHOR, Case, Message, NewCase, Wrap
from onion_app.vault.shown import writing
from onion_app.vault.shown.reading import StoryOrGuide, Version
from tests import tables
from tests.world import World

TODAY = 20_400
LATER = (
    "CREATE TABLE later (id BLOB NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;\nINSERT INTO later (id) VALUES (x'00');\n"
)


def some_id() -> bytes:
    return secrets.token_bytes(16)


def some_key() -> bytes:
    return secrets.token_bytes(32)


@dataclass
class Installation:
    """Two databases, one circle with a key, and its first member."""

    folder: Path
    mailbox_key: bytes
    desk_key: bytes
    circle_id: bytes
    moderator_id: bytes
    opened: list[Database] = field(default_factory=list)

    @property
    def mailbox_folder(self) -> Path:
        return self.folder / "mailbox"

    @property
    def desk_folder(self) -> Path:
        return self.folder / "desk"

    def mailbox(self) -> Database:
        self.opened.append(database.open_mailbox(self.mailbox_folder, self.mailbox_key))
        return self.opened[-1]

    def desk(self) -> Database:
        self.opened.append(database.open_desk(self.desk_folder, self.desk_key))
        return self.opened[-1]

    def log(self, kind: str = "mailbox") -> int:
        """Give the length in bytes of a write-ahead log."""
        return (self.folder / kind / f"{kind}.db-wal").stat().st_size

    def add_case(self, db: Database, **changed: Any) -> NewCase:
        """Store a case of the circle."""
        lifetime.add_case(db, new := new_case(changed.pop("circle_id", self.circle_id), **changed))
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
        key = circles.read_circle(desk, self.circle_id).public_key or b""
        circles.let_in(desk, newcomer.id, [grant(self.circle_id, 1, newcomer.id, key)])
        return moderators.read_moderator(desk, newcomer.id)

    def entry(self, desk: Database, case_id: bytes, kind: Any = "note", entry_id: bytes | None = None) -> entries.Entry:
        """Write an entry into a case."""
        given = {"kind": kind, "author": self.moderator_id, "day": TODAY, "epoch": 1, "language": None}
        return entries.add_entry(desk, entry_id or some_id(), case_id, **given, seal=sealing())

    def close(self) -> None:
        while self.opened:
            self.opened.pop().close()

    @contextmanager
    def hostile(self, kind: str = "mailbox") -> Iterator[Any]:
        """Open a database as somebody does who has its key, and none of our care."""
        key = self.mailbox_key if kind == "mailbox" else self.desk_key
        with tables.opened(self.folder / kind / f"{kind}.db", key) as link:
            link.execute("PRAGMA ignore_check_constraints = ON")
            yield link

    @contextmanager
    def hostile_past_strict(self) -> Iterator[Any]:
        """Write even what STRICT refuses: by changing the schema, and changing it back."""
        whole = "SELECT name, sql FROM sqlite_master WHERE sql LIKE '%) STRICT, WITHOUT ROWID'"
        change = "UPDATE sqlite_master SET sql = ? WHERE name = ?"
        with self.hostile() as link:
            schema = link.execute(whole).fetchall()
            link.execute("PRAGMA writable_schema = ON")
            link.executemany(change, [(sql.replace("STRICT, ", ""), name) for name, sql in schema])
        with self.hostile() as link:
            yield link
            link.execute("PRAGMA writable_schema = ON")
            link.executemany(change, [(sql, name) for name, sql in schema])


def set_up(folder: Path) -> Installation:
    with closing(World(folder, lambda: TODAY * DAY)) as world:
        first, member = founded(world.desk, "first", catch_all=True, coordinators=True)
        with world.mailbox.writing():
            truth.copy_circles(world.mailbox, world.desk)
        return Installation(folder, world.keys.mailbox, world.keys.desk, first.id, member.id)


def circle(circle_id: bytes, name: str, **changed: Any) -> circles.Circle:
    return replace(circles.Circle(circle_id, name, (), (), False, False, 0, None), **changed)  # noqa: FBT003


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


def founded(desk: Database, handle: str, **changed: Any) -> tuple[circles.Circle, moderators.Moderator]:
    """Add a circle with its first member, who brings its key."""
    new, member, mark = circle(some_id(), f"circle of {handle}", **changed), moderator(handle), some_key()
    circles.add_circle(desk, new)
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


def new_case(circle_id: bytes, **changed: Any) -> NewCase:
    case_id = some_id()
    plain = NewCase(
        id=case_id,
        circle_id=circle_id,
        kind="request",
        topic="safety",
        answer_in="ar",
        urgent=1,
        lookup_tag=some_key(),
        author_key=some_key(),
        day=TODAY,
        wraps=(wrap(1, circle_id), wrap(1, AUTHOR)),
        messages=(Message(case_id, 1, some_id(), 1, "visitor", secrets.token_bytes(2100)),),
    )
    return replace(plain, **changed)


def wrap(epoch: int, holder: bytes, recipient: bytes | None = None) -> Wrap:
    return Wrap(epoch, holder, recipient or some_id(), secrets.token_bytes(120))


def sealing(content: bytes = b"sealed") -> Callable[[int], bytes]:
    return lambda number: content + bytes([number % 256])


def write(db: Database, case: Case, author: Any = "visitor", **changed: Any) -> Message:
    given: dict[str, Any] = {"author": author, "epoch": 1, "new_wraps": (), "seal": sealing(), "day": TODAY}
    given |= {"message_id": some_id(), "expected_wraps": case_keys.all_wraps(db, case.id)}
    return messages.append_message(db, case.id, **(given | changed))


def next_wraps(db: Database, case: Case, epoch: int = 2, circle_id: bytes | None = None) -> tuple[Wrap, Wrap]:
    author = case_keys.wraps_of(db, case.id, AUTHOR)[0]
    return wrap(epoch, circle_id or case.circle_id), wrap(epoch, AUTHOR, author.recipient)


def words(
    text_id: bytes, language: Any = "en", source: Any = None, title: str = "Title", body: str = "Once."
) -> Version:
    return Version(text_id, language, title, body, source, None, None)


def queued(
    mailbox: Database, desk: Database, case_id: bytes, text_id: bytes | None = None, day: int = TODAY, **changed: str
) -> bytes:
    """Queue a story of a case that everybody has read, and give its id."""
    lifetime.mark_read(mailbox, case_id)
    text = StoryOrGuide(text_id or some_id(), "story", None, 2025, ("violence",))
    stories_queue.queue_story(mailbox, desk, text, words(text.id, **changed), case_id, day)
    return text.id


def draft(
    desk: Database, *languages: Any, case_id: bytes | None = None, year: int | None = 2026, notes: Any = ()
) -> bytes:
    """Write a story that nobody sees yet, in English unless said otherwise; give its id."""
    text = StoryOrGuide(some_id(), "story", None, year, tuple(notes))
    versions = [words(text.id, each, title=f"A title in {each}", body="A body") for each in languages or ("en",)]
    writing.store_draft(desk, text, versions, case_id)
    return text.id


def story(mailbox: Database, desk: Database, *languages: Any, **facts: Any) -> bytes:
    """Publish a story, and give its id."""
    text_id = draft(desk, *languages, **facts)
    writing.publish_text(mailbox, desk, text_id)
    return text_id


def guide(mailbox: Database, desk: Database, slug: str = "now") -> bytes:
    """Publish a guide in Arabic and English, and give its id."""
    text = StoryOrGuide(some_id(), "guide", slug, None, ())
    writing.store_draft(desk, text, [words(text.id, each, body="Go first.") for each in ("ar", "en")])
    writing.publish_text(mailbox, desk, text.id)
    return text.id
