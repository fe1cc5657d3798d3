"""The context of the running desk: its databases, the sessions, the delays, its clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from flask import current_app, request

from onion_app.days import today
from onion_app.desk.delays import Delays
from onion_app.vault import settings
from onion_app.vault.database import Database
from onion_app.vault.per_thread import PerThread
from onion_app.web.headers import THROUGH_TOR
from onion_app.web.visits import Visits


class Databases(NamedTuple):
    """The three databases, as one thread has them open, and the day."""

    mailbox: Database
    shown: Database
    desk: Database
    today: int


@dataclass(frozen=True, slots=True)
class DeskContext:
    """The state of the app while it runs; nobody's key is among it."""

    mailbox: PerThread
    shown: PerThread
    desk: PerThread
    near: Visits  # the sessions of who is logged in on this machine
    far: Visits  # likewise of who came through the desk's onion, from a machine elsewhere
    joining: Visits  # those who enrol or come back: one place an invitation, or a person with a sheet
    joining_far: Visits  # likewise from a machine elsewhere
    counts: Visits  # the makings of tables that are not done: one a person
    delays: Delays
    field_key: bytes
    clock: Callable[[], float]
    phone_clock: Callable[[], float]
    ended: dict[bytes, int] = field(default_factory=dict)  # how often all sessions of a moderator were ended at once,
    # and under no name, how often all from elsewhere

    @property
    def visits(self) -> Visits:
        """The sessions of those who come the way of this request; one way's cookie opens nothing on the other."""
        return self.far if request.environ.get(THROUGH_TOR) else self.near

    @property
    def enrolments(self) -> Visits:
        """Those who enrol or come back by the way of this request; likewise."""
        return self.joining_far if request.environ.get(THROUGH_TOR) else self.joining

    @property
    def far_ended(self) -> int:
        """How often all that was open on machines elsewhere was ended."""
        return self.ended.get(b"", 0)

    def end_far(self) -> None:
        """End all that is open on machines elsewhere."""
        self.ended[b""] = self.far_ended + 1  # P02: first, for a login that is under way looks at it last
        self.far.end_all()
        self.joining_far.end_all()

    def sweep(self) -> None:
        """End what is overdue."""
        for visits in (self.near, self.far, self.joining, self.joining_far, self.counts):
            visits.sweep()


def desk_context() -> DeskContext:
    """Give the context of the running app."""
    context: DeskContext = current_app.extensions["desk"]
    return context


def databases() -> Databases:
    """Give this thread's databases and the day."""
    context = desk_context()
    desk = context.desk.here()
    behind = settings.days_behind(desk, today(context.phone_clock))
    return Databases(context.mailbox.here(), context.shown.here(), desk, today(context.clock) + behind)
