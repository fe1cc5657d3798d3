"""The context of one running site: its two files, its open visits, its budgets, its clock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from flask import current_app, g

from onion_app import days
from onion_app.vault import settings
from onion_app.vault.database import Database
from onion_app.vault.per_thread import PerThread
from onion_app.vault.settings import Settings
from onion_app.web.budget import TokenBucket
from onion_app.web.drafts import VisitsWithDrafts


@dataclass(frozen=True)
class SiteFiles:
    """The two files of the site, as one thread has them open, and the day; made anew for each request."""

    mailbox: Database
    shown: Database
    today: int

    @cached_property
    def in_force(self) -> Settings:
        """The settings, read at most once."""
        return settings.read_settings(self.shown)


@dataclass(frozen=True, slots=True)
class SiteContext:
    """All that a view may ask for."""

    mailbox: PerThread
    shown: PerThread
    visits: VisitsWithDrafts
    field_key: bytes
    clock: Callable[[], float]
    machine_clock: Callable[[], float]
    budgets: Mapping[str, TokenBucket]
    empty_forms: dict[tuple[str, str], str] = field(default_factory=dict)  # rendered, with any field


def new_budgets(clock: Callable[[], float]) -> dict[str, TokenBucket]:
    """Fill the buckets; a message in an open case needs no token.

    The sizes let a thousand people come at once, which is more than a frightened city sends in an hour; the refill is
    what one machine stretches and stores beside its readers. A flood that goes on fills 120 cases a minute, some 10 KiB
    each: two gigabytes a day, which somebody will notice and pause, and which ends at the quota in `shown/routing`. An
    open case takes only so much until it is answered, and the disk keeps a rest for erasing and answering.
    """
    return {
        "tell": TokenBucket(clock, size=1000, per_minute=120),
        "ask": TokenBucket(clock, size=1000, per_minute=120),
        "send": TokenBucket(clock, size=2000, per_minute=240),  # both kinds; sending again costs a token too
        "open": TokenBucket(clock, size=1000, per_minute=600),  # 25 ms each: a quarter of one CPU at most
        # P16: whoever invents codes, to open or to erase, stops no erasing before they fill one CPU.
        "erase": TokenBucket(clock, size=3000, per_minute=3000),
        "visit": TokenBucket(clock, size=1000, per_minute=600),  # all of these, for whoever has a case open
    }


def site_context() -> SiteContext:
    """Give the context of this app."""
    return cast("SiteContext", current_app.extensions["site"])


def files() -> SiteFiles:
    """Give this thread's files, and the day, for the length of a request."""
    if "files" not in g:
        context = site_context()
        shown = context.shown.here()
        behind = settings.days_behind(shown, days.today(context.machine_clock))
        g.files = SiteFiles(context.mailbox.here(), shown, days.today(context.clock) + behind)
    return cast("SiteFiles", g.files)


def shown() -> Database:
    """Give this thread's connection to the file that the site only reads."""
    return site_context().shown.here()


def in_force() -> Settings:
    """Give the settings, which are read once a request."""
    return files().in_force
