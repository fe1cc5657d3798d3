"""Cases in a state that nothing runs on."""

import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from onion_app.crypto.keyslots import VaultKeys
from onion_app.days import DAY
from onion_app.launch import backup_restore
from onion_app.launch.backup_restore import RestoreResult
from onion_app.launch.state import State
from onion_app.vault.desk import circles, known_keys
from onion_app.vault.mailbox import lifetime, messages
from tests.vault.made import new_case
from tests.world import World

TODAY = int(time.time() // DAY)


def noon() -> float:
    """Give the time in these states: it is the same day, also when a midnight passes between two tests."""
    return TODAY * DAY + 43200.0


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

    def opened(self, place: State | None = None) -> "closing[World]":
        return opened(place or self.place, self.keys)

    def save(self, target: Path) -> Path:
        backup_restore.save_backup(self.place, self.keys, target, noon, quietly)
        return target

    def restore(
        self, file: Path, folder: Path, secret: str = "", *, replace: bool = False, newer: Path | None = None
    ) -> RestoreResult:
        secret = secret or self.passphrase
        return backup_restore.restore_backup(file, secret, folder, noon, quietly, replace=replace, newer=newer)

    def meets_keys(self, *epochs: int) -> None:
        """Note at the desk that somebody has opened the case with these keys."""
        met = [known_keys.KnownKey(epoch, bytes(32), bytes(16)) for epoch in epochs]
        with self.opened() as world:
            known_keys.remember_keys(world.desk, self.case, met)

    def keys_met(self, place: State | None = None) -> list[int]:
        with self.opened(place) as world:
            return sorted(known_keys.known_keys(world.desk, self.case))

    def take_back(self) -> None:
        with self.opened() as world:
            lifetime.erase_case(world.mailbox, self.case, TODAY)

    def is_there(self, place: State | None = None) -> bool:
        return is_there(place or self.place, self.keys, self.case)


def opened(place: State, keys: VaultKeys) -> "closing[World]":
    """Open both databases of a state for a moment."""
    return closing(World(place.path, noon, keys))


def add_case(place: State, keys: VaultKeys, day: int) -> bytes:
    """Store a case whose only message came on this day, and give its id."""
    with opened(place, keys) as world:
        new = new_case(circles.circles(world.desk)[0].id, day=day)
        lifetime.add_case(world.mailbox, new)
    return new.id


def is_there(place: State, keys: VaultKeys, case: bytes) -> bool:
    with opened(place, keys) as world:
        return bool(messages.messages_of(world.mailbox, case))
