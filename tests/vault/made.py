"""A real installation in a folder of its own, cases made of random bytes as the vault sees them, and a hostile hand."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import sqlcipher3

from onion_app.vault import database, settings, truth
from onion_app.vault.database import Database
from onion_app.vault.desk import circles, invitations, moderators
from onion_app.vault.mailbox import case_keys, messages
from onion_app.vault.mailbox.records import AUTHOR, Case, Message, NewCase, Wrap

TODAY = 20_400


def some_id() -> bytes:
    return secrets.token_bytes(16)


def some_key() -> bytes:
    return secrets.token_bytes(32)


@dataclass
class Installation:
    """Two databases, one circle with a key, and its first member."""

    folder: Path
    mailbox_key: bytes = field(default_factory=some_key)
    desk_key: bytes = field(default_factory=some_key)
    circle_id: bytes = field(default_factory=some_id)
    moderator_id: bytes = field(default_factory=some_id)
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

    def close(self) -> None:
        while self.opened:
            self.opened.pop().close()

    @contextmanager
    def hostile(self, kind: str = "mailbox") -> Iterator[Any]:
        """Open a database as somebody does who has its key, and none of our care."""
        key = self.mailbox_key if kind == "mailbox" else self.desk_key
        link = sqlcipher3.connect(str(self.folder / kind / f"{kind}.db"), isolation_level=None, timeout=15)
        link.execute("PRAGMA cipher_log_level = NONE")
        link.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        link.execute("PRAGMA ignore_check_constraints = ON")
        try:
            yield link
        finally:
            link.close()

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
    made = Installation(folder)
    mailbox = database.create_mailbox(made.mailbox_folder, made.mailbox_key)
    desk = database.create_desk(made.desk_folder, made.desk_key)
    with desk.writing():
        settings.put(desk, "code_salt", secrets.token_bytes(16))
        settings.put(desk, "how_to_find_us", {"en": "Ask somebody you trust."})
    circles.add_circle(desk, circles.Circle(made.circle_id, "first", (), (), True, True, 0, None))  # noqa: FBT003
    mark = some_key()
    invitations.add_invitation(desk, invitation(made.circle_id), mark)
    first = moderator("first", made.moderator_id)
    invitations.redeem(desk, mark, TODAY, first, grant(made.circle_id, 1, made.moderator_id, some_key()))
    with mailbox.writing():
        truth.copy_circles(mailbox, desk)
        truth.copy_settings(mailbox, desk)
    mailbox.close()
    desk.close()
    return made


def invitation(circle_id: bytes, **changed: Any) -> invitations.Invitation:
    plain = invitations.Invitation(
        id=some_id(),
        circle_id=circle_id,
        coordinator=False,
        made_by=None,
        expires_day=TODAY + 7,
        state="open",
        redeemed_by=None,
    )
    return replace(plain, **changed)


def moderator(handle: str, moderator_id: bytes | None = None) -> moderators.Moderator:
    return moderators.Moderator(
        id=moderator_id or some_id(),
        handle=handle,
        public_key=some_key(),
        secrets=b"locked",
        sheet=b"locked too",
        last_step=None,
        coordinator=False,
        state="waiting",
        joined_day=TODAY,
    )


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
    given |= {"message_id": some_id(), "held": case_keys.all_wraps(db, case.id)}
    return messages.append(db, case.id, **(given | changed))


def next_wraps(db: Database, case: Case, epoch: int = 2) -> tuple[Wrap, Wrap]:
    author = case_keys.wraps_of(db, case.id, AUTHOR)[0]
    return wrap(epoch, case.circle_id), wrap(epoch, AUTHOR, author.recipient)
