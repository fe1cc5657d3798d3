"""What one running site has at hand: its mailbox, its open visits, its budgets, its clock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast

from flask import current_app

from onion_app.vault import settings
from onion_app.vault.database import Database, PerThread
from onion_app.vault.settings import Settings
from onion_app.web.budget import TokenBucket
from onion_app.web.visits import Visits

DAY: Final = 86_400  # seconds


@dataclass(frozen=True, slots=True)
class House:
    """Everything a view may ask for."""

    mailbox: PerThread
    visits: Visits
    field_key: bytes
    clock: Callable[[], float]
    address: str
    budgets: Mapping[str, TokenBucket]


def budgets(clock: Callable[[], float]) -> dict[str, TokenBucket]:
    """Fill the buckets.

    The sizes let a thousand people come at once, which is more than a frightened city sends in an hour; the refill is
    what one machine stretches and stores beside its readers. A flood that goes on stores 480 texts a minute, in new
    cases and in open ones: of the usual length (some 10 KiB) seven gigabytes a day, of the longest (64 KiB) thirty
    megabytes a minute. That ends at the quota in `vault/cases`, past which open cases can still be written in; each
    of them takes only so much until it is answered, and the disk keeps a rest for erasing and answering. The status
    shows it, an operator can pause, and only new cases are shut out meanwhile.
    """
    return {
        "tell": TokenBucket(clock, size=1000, per_minute=120),
        "ask": TokenBucket(clock, size=1000, per_minute=120),
        "send": TokenBucket(clock, size=2000, per_minute=240),  # both kinds; sending again costs a token too
        "write": TokenBucket(clock, size=2000, per_minute=240),  # in open cases: none of these waits behind a new one
        "open": TokenBucket(clock, size=1000, per_minute=600),  # 25 ms each: a quarter of one CPU at most
    }


def house() -> House:
    """Give what this app has at hand."""
    return cast("House", current_app.extensions["house"])


def mailbox() -> Database:
    """Give this thread's connection."""
    return house().mailbox.here()


def in_force() -> Settings:
    """Read the settings."""
    return settings.read(mailbox())


def today() -> int:
    """Count the days since 1970-01-01 UTC. # P08: no page asks for anything finer."""
    return int(house().clock() // DAY)
