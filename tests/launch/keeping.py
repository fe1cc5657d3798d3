"""Cases in a state that nothing runs on."""

import time
from dataclasses import dataclass
from pathlib import Path

from onion_app.crypto.keys import new_id, new_key
from onion_app.crypto.keyslots import VaultKeys
from onion_app.errors import NothingHere
from onion_app.launch import backup_restore
from onion_app.launch.state import State
from onion_app.vault import database
from onion_app.vault.desk import circles, known_keys
from onion_app.vault.mailbox import lifetime, messages
from onion_app.vault.mailbox.records import Message, NewCase, Wrap

TODAY = int(time.time() // 86400)


def noon() -> float:
    """Give the time in these states: it is the same day, also when a midnight passes between two tests."""
    return TODAY * 86400 + 43200.0


def quietly(_done: float) -> None:
    pass


@dataclass(frozen=True)
class Kept:
    """A state with one case in it, and what opens it."""

    place: State
    keys: VaultKeys
    passphrase: str
    spare_code: str
    case: bytes

    def save(self, target: Path) -> Path:
        backup_restore.save_backup(self.place, self.keys, target, noon, quietly)
        return target

    def meets_keys(self, *epochs: int) -> None:
        """Note at the desk that somebody has opened the case with these keys."""
        desk = database.open_desk(self.place.desk, self.keys.desk)
        known_keys.remember_keys(
            desk, self.case, [known_keys.KnownKey(epoch, bytes(32), bytes(16)) for epoch in epochs]
        )
        desk.close()

    def keys_met(self, place: State | None = None) -> list[int]:
        desk = database.open_desk((place or self.place).desk, self.keys.desk)
        met = sorted(known_keys.known_keys(desk, self.case))
        desk.close()
        return met

    def take_back(self) -> None:
        mailbox = database.open_mailbox(self.place.mailbox, self.keys.mailbox)
        lifetime.erase_case(mailbox, self.case, TODAY)
        mailbox.close()


def add_case(place: State, keys: VaultKeys, day: int) -> bytes:
    """Store a case whose only message came on this day, and give its id."""
    mailbox, desk = database.open_mailbox(place.mailbox, keys.mailbox), database.open_desk(place.desk, keys.desk)
    circle, case = circles.circles(desk)[0].id, new_id()
    message = Message(case, 1, new_id(), 1, "visitor", b"sealed" * 400)
    wraps = (Wrap(1, circle, new_id(), b"wrap"),)
    new = NewCase(case, circle, "request", "talk", "any", 0, new_key(), new_key(), day, wraps, (message,))
    lifetime.add_case(mailbox, new)
    mailbox.close()
    desk.close()
    return case


def is_there(place: State, keys: VaultKeys, case: bytes) -> bool:
    mailbox = database.open_mailbox(place.mailbox, keys.mailbox)
    try:
        return bool(messages.messages_of(mailbox, lifetime.read_case(mailbox, case).id))
    except NothingHere:
        return False
    finally:
        mailbox.close()
