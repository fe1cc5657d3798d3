"""Cases in a state that nothing runs on."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from onion_app import days
from onion_app.crypto.keyslots import VaultKeys
from onion_app.days import DAY
from onion_app.launch import backup_restore
from onion_app.launch.backup_restore import Destination
from onion_app.launch.carry_over import CarriedOver
from onion_app.launch.state import State
from onion_app.vault.desk import circles
from onion_app.vault.mailbox import lifetime, messages
from onion_app.vault.mailbox.records import KeyRow
from tests import processes
from tests.vault.made import new_case, proofs_of
from tests.world import World

TODAY = days.today(time.time)
"""The day on which this run of the tests began: for what is told the time."""


def this_day() -> int:
    """Give the day that it is for a launcher, with some minutes left: what one is asked now, happens on it."""
    processes.until(lambda: days.today(lambda: time.time() + 300) == days.today(time.time), 400, "a day that goes on")
    return days.today(time.time)


def noon() -> float:
    """Give the time in these states: it is the same day, also when a midnight passes between two tests."""
    return TODAY * DAY + 43200.0


def quietly(_done: float) -> None:
    pass


def agreed(_carried: CarriedOver) -> None:
    pass


@dataclass(frozen=True)
class Kept:
    """A state with one case in it, and what opens it."""

    place: State
    keys: VaultKeys
    passphrase: str
    spare_code: str
    row: KeyRow = field(repr=False)

    @property
    def case(self) -> bytes:
        return self.row.id

    def opened(self, place: State | None = None) -> "closing[World]":
        return opened(place or self.place, self.keys)

    def save(self, target: Path) -> Path:
        backup_restore.save_backup(self.place, self.keys, target, noon, quietly)
        return target

    def restore(
        self,
        file: Path,
        folder: Path,
        secret: str = "",
        *,
        replace: bool = False,
        newer: Path | None = None,
        agree: Callable[[CarriedOver], None] = agreed,
    ) -> CarriedOver:
        secret, into = secret or self.passphrase, Destination(folder, replace, newer)
        return backup_restore.restore_backup(file, secret, into, noon, agree)

    def take_back(self) -> None:
        """Erase the case as its author does."""
        with self.opened() as world:
            lifetime.erase_case(world.mailbox, self.case, proofs_of(self.row))

    def is_there(self, place: State | None = None) -> bool:
        return is_there(place or self.place, self.keys, self.case)


def opened(place: State, keys: VaultKeys) -> "closing[World]":
    """Open the databases of a state for a moment."""
    return closing(World(place.path, noon, keys))


def store_case(world: World, day: int) -> KeyRow:
    """Store a case whose only message came on this day, and give its row."""
    new = new_case(circles.circles(world.desk)[0].id, day=day)
    with world.mailbox.writing():
        lifetime.store_case(world.mailbox, new)
    return new.row


def add_case(place: State, keys: VaultKeys, day: int) -> KeyRow:
    """Store a case in a state that is not open."""
    with opened(place, keys) as world:
        return store_case(world, day)


def is_there(place: State, keys: VaultKeys, case: bytes) -> bool:
    with opened(place, keys) as world:
        return bool(messages.messages_of(world.mailbox, case))
