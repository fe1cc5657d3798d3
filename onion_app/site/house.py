"""What one running site has at hand: its mailbox, its open visits, its budgets, its clock.

A visitor is known by nothing but the key in their cookie, and what is kept under it is gone with the visit.
# P06: of somebody who came back, the author's key pair is kept and the code is not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from flask import current_app, session

from onion_app.crypto.keys import keypair_from
from onion_app.errors import VisitOver
from onion_app.site.seals import Door
from onion_app.vault import settings
from onion_app.vault.database import Database, PerThread
from onion_app.vault.settings import Settings
from onion_app.web.budget import TokenBucket
from onion_app.web.visits import Visits

DAY: Final = 86_400  # seconds
_VISIT: Final = "visit"  # the name in the session cookie


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
    what one machine stretches and stores beside its readers. A flood that goes on fills 120 cases a minute, some 10 KiB
    each: two gigabytes a day, which somebody will notice and pause.
    """
    return {
        "tell": TokenBucket(clock, size=1000, per_minute=120),
        "ask": TokenBucket(clock, size=1000, per_minute=120),
        "send": TokenBucket(clock, size=2000, per_minute=240),  # both kinds; sending again costs a token too
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


def kept() -> dict[str, Any]:
    """Give what the visit holds; nothing when there is none."""
    try:
        return house().visits.load(session.get(_VISIT, ""))
    except VisitOver:
        return {}


def keep(**changes: object) -> None:
    """Change what the visit holds, opening one if there is none; None takes a thing out."""
    # P10: what was sent to us is here again after Back and Reload, and gone after Leave.
    contents = {name: value for name, value in (kept() | changes).items() if value is not None}
    try:
        house().visits.save(session.get(_VISIT, ""), contents)
    except VisitOver:
        session[_VISIT] = house().visits.start(contents)


def forget() -> None:
    """End the visit and the session."""
    house().visits.end(session.pop(_VISIT, ""))
    session.clear()


def keep_door(door: Door, opened_before: int | None) -> None:
    """Keep a case open for this visit, under a new key, so that an older copy of the cookie does not open it."""
    contents = kept()
    house().visits.end(session.get(_VISIT, ""))
    opened = {"case": door.case_id.hex(), "author": door.author.private.hex(), "opened_before": opened_before}
    session[_VISIT] = house().visits.start(contents | opened)


def close_door() -> None:
    """Forget the open case; what is being written stays."""
    keep(case=None, author=None, opened_before=None, reply=None)


def door() -> Door:
    """Give the case that this visit has open.

    Raises:
        VisitOver: none, or not any more.
    """
    contents = kept()
    if "case" not in contents:
        raise VisitOver
    return Door(bytes.fromhex(contents["case"]), keypair_from(bytes.fromhex(contents["author"])))
