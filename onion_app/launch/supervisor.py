"""Keeps one kind of child running: starts it, starts it again when it ends, waits longer each time that it fails.

It never looks at a child's work; it knows reports, exit statuses and the time.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from onion_app.launch.children import ChildProcess, Report
from onion_app.launch.processes.child import Suspension, WaitingCounts

_FIRST_PAUSE = 0.5  # seconds before a child that failed is started again; it doubles ...
_LONGEST_PAUSE = 8.0  # ... up to this: a crash that somebody brings about must not cost a minute
_STEADY = 60.0  # a child that ran so long has recovered
_SAME_AGAIN = 60.0  # seconds in which the same error is said once
REMEMBERED: Final = 3600.0  # seconds that an error stays on the operator's screen after it was last seen
_BLOCKED = "LockHeld"  # the error of a child that waited in vain for a lock
_BUSY_AGAIN = 60.0  # seconds until a log that could not be truncated is tried again


@dataclass
class Supervisor:
    """One kind of child. Times are seconds of the monotonic clock, given by the caller."""

    name: str
    start_child: Callable[[], ChildProcess]
    say: Callable[[str], None]
    next_start: Callable[[], float] | None = None  # gives the moment of the next start; None: it is meant to run always
    when_failed: Callable[[], None] = lambda: None
    when_blocked: Callable[[], None] = lambda: None
    after: float = 0.0  # not before this moment
    child: ChildProcess | None = None
    is_ready: bool = False
    ended_well: bool = False  # at least once
    failures: int = 0  # ends that nobody has asked for
    failed_at: float = -math.inf  # the last of them
    counts: dict[str, int] = field(default_factory=dict)
    circles: list[WaitingCounts] = field(default_factory=list)  # those that were reported before the counts
    suspended: list[Suspension] = field(default_factory=list)  # likewise
    _due: float = 0.0
    _started: float = 0.0
    _pause: float = _FIRST_PAUSE
    _went_idle: bool = False
    _has_spoken: bool = False  # since it was started the last time
    _hurried: bool = False
    _new_circles: list[WaitingCounts] = field(default_factory=list)
    _new_suspended: list[Suspension] = field(default_factory=list)
    _last_said: dict[str, float] = field(default_factory=dict)
    _failed: dict[str, float] = field(default_factory=dict)

    def step(self, now: float) -> None:
        """Read the reports that have come, and start the child when it is due."""
        if self.child is None:
            if now >= max(self._due, self.after):
                self._start(now)
            return
        exit_status = self.child.ended()  # asked first: all that it reported before it ended is then read
        for report in self.child.reports():
            self._note(report, now)
        if exit_status is not None:
            self.child.close()
            self.child = None
            self._plan_start(exit_status, now)

    def hurry(self) -> None:
        """Start it as soon as it may: at once, or when the one that runs has ended."""
        self.after, self._due, self._hurried = 0.0, 0.0, self.child is not None

    def errors(self, now: float) -> dict[str, int]:
        """Name the errors of the last hour, with the minutes since each was last seen; finished chores clear them."""
        return {name: int((now - at) // 60) for name, at in self._failed.items() if now - at < REMEMBERED}

    def _start(self, now: float) -> None:
        self._started, self.is_ready, self._went_idle, self._new_circles = now, False, False, []
        self._has_spoken = False
        self._new_suspended = []
        try:
            self.child = self.start_child()
        except OSError as refused:
            self.say(f"{self.name}: cannot be started ({type(refused).__name__})")
            self._remember(f"cannot be started ({type(refused).__name__})", now)
            self._has_spoken = True
            self._plan_start(1, now)

    def _remember(self, error: str, now: float) -> None:
        """Keep an error for the status: the last twenty that differ."""
        self._failed = {**dict(list(self._failed.items())[-20:]), error: now}

    def _note(self, report: Report, now: float) -> None:
        self.is_ready = self.is_ready or report.ready
        self._has_spoken = True
        self._went_idle = self._went_idle or report.idle
        if report.circle:
            self._new_circles.append(report.circle)
        if report.suspended:
            self._new_suspended.append(report.suspended)
        if report.counts:
            self.counts = self.counts | report.counts
        if report.counts and self._new_circles:
            self.circles, self.suspended, self._failed = self._new_circles, self._new_suspended, {}
        if report.failed:
            self._remember(report.failed, now)
        if report.failed == _BLOCKED:
            self.when_blocked()
        if report.failed and now - self._last_said.get(report.failed, -_SAME_AGAIN) >= _SAME_AGAIN:
            self._last_said = {**dict(list(self._last_said.items())[-20:]), report.failed: now}
            self.say(f"{self.name}: {report.failed}")

    def _plan_start(self, exit_status: int, now: float) -> None:
        """Decide when it is started the next time."""
        if now - self._started >= _STEADY:
            self._pause = _FIRST_PAUSE
        if exit_status == 0 and (self.next_start or self._went_idle):
            self.ended_well = True
            self._pause = _FIRST_PAUSE
            self._due = self.next_start() if self.next_start else now
            if self.counts.get("busy_logs"):
                self._due = min(self._due, now + _BUSY_AGAIN)
            if self._hurried:
                self._due, self._hurried = now, False
            return
        self.failures += 1
        self.failed_at = now
        if not self._has_spoken:
            self._remember(f"ended with status {exit_status} before its first word", now)
        self.say(f"{self.name}: ended with status {exit_status}, is started again in {self._pause:g} s")
        self.when_failed()
        self._due = now + self._pause
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
