"""Keeps the onion services up: tor, the connection that controls it, the services on that connection.

Each of the three that is lost is made again, on the same address. When the launcher ends, the service ends first.
"""

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from onion_app.crypto.onion_key import OnionKey
from onion_app.errors import SanctuaryError, ServiceRefused
from onion_app.launch.outside import NO_SANDBOX, TOR_OUTSIDE
from onion_app.launch.state import State
from onion_app.launch.terminal import Terminal
from onion_app.launch.way import Way
from onion_app.onion.control import Control, Health
from onion_app.onion.tor_process import TorProcess
from onion_app.vault.settings import FarDesk

_FIRST_PAUSE = 0.5  # seconds before tor is started or asked again; it doubles ...
_LONGEST_PAUSE = 8.0  # ... up to this: an end that somebody brings about must not cost a minute
_TRYING = 20.0  # seconds without a step forward, after which we say that tor is still trying
_FIRST_PATIENCE = 60.0  # seconds without an introduction point until the site is published again; it doubles ...
_LONGEST_PATIENCE = 240.0  # ... up to this
_LOOKING = 120.0  # seconds that tor has to find a new list of relays, each time that it is made to look; it doubles ...
_LONGEST_LOOKING = 1920.0  # ... up to this
_POLL = 0.5  # seconds between two questions how far tor is


@dataclass(frozen=True)
class TorStatus:
    """The state of tor: per cent of the way to the network, and its version while it runs."""

    percent: int
    published: bool
    walled: bool
    confined: bool  # by its own sandbox
    failures: int  # ends that nobody has asked for
    version: str
    proof_of_work: bool | None  # None: not asked for yet
    failed_at: float = -math.inf  # the last of those ends
    bridges: int = 0  # through which alone it goes; 0: directly
    bridge_trouble: str = ""


class TorSupervisor:
    """The supervisor of tor and of our services. Times are seconds of the monotonic clock, given by the caller."""

    def __init__(
        self,
        state: State,
        onion: OnionKey,
        start_tor: Callable[[], TorProcess],
        terminal: Terminal,
        far: FarDesk | None = None,
        way: Way | None = None,
    ) -> None:
        """Prepare; nothing is started yet."""
        self._far = far or FarDesk()
        self._way = way or Way()
        self._to_close: set[str] = set()  # the desk's onions whose visitors are to go before it is published
        self._state = state
        self._onion = onion
        self._start_tor = start_tor
        self._terminal = terminal
        self._tor: TorProcess | None = None
        self._control: Control | None = None
        self._due = 0.0
        self._pause = _FIRST_PAUSE
        self._percent = -1
        self._moved = 0.0  # when tor last came a step further
        self._said_trying = False
        self._bridge_trouble = ""
        self._said_reachable = False
        self._unreachable_since: float | None = None
        self._patience = _FIRST_PATIENCE
        self._proof_of_work: bool | None = None
        self._failures = 0
        self._failed_at = -math.inf
        self._looking = 0.0  # how long tor was given the last time; 0: its list is good
        self._look_by = 0.0

    def start(self, now: float) -> None:
        """Start tor for the first time.

        Call it from the main thread: the kernel ends tor with the thread that started it.

        Raises:
            TorMissing: there is no tor.
            TorTooOld: this program cannot use it.
            TorFailed: it ended, or did not answer.
            StatePathTooLong: its sockets have no room in the path.
            TransportMissing: there is no program that speaks to the bridges.
            TransportFailed: it does not listen.
        """
        self._way.start()
        self._tor = self._start_tor()
        self._moved = now
        if not self._tor.walled:
            self._terminal.say(f"tor: {TOR_OUTSIDE}")
        if not self._tor.confined:
            self._terminal.say(f"tor: {NO_SANDBOX}")

    def step(self, now: float) -> None:
        """Start tor again, connect and publish again, or report progress, whichever is due."""
        if self._tor is not None and (exit_status := self._tor.ended()) is not None:
            self._note_failure(f"ended with status {exit_status}", now)
            self.stop()
            self._postpone(now)
        if (exit_status := self._way.ended()) is not None:
            self._note_failure(f"obfs4proxy ended with status {exit_status}", now)
            self.withdraw(cut_off=True)
            self._postpone(now)
        if self._control is not None and self._control.lost.is_set():
            self._terminal.say("tor: the control connection was lost, the site is published again")
            self._control = None
        if now < self._due:
            return
        try:
            if self._tor is None:
                self.start(now)
            self._way.start()
            if self._tor is not None and self._control is None:
                self._publish(self._tor)
            if self._control is not None:
                self._report_progress(self._control, now)
            self._due = now + _POLL
        except (SanctuaryError, OSError) as failed:
            self._terminal.say(f"tor: {type(failed).__name__}")
            self.withdraw()
            self._postpone(now)

    def republish_if_unreachable(self, health: Health | None, now: float) -> None:
        """Publish again when there was no introduction point for a while: after an outage tor gives up for minutes."""
        if self._control is None or health is None or self._percent < 100:  # noqa: PLR2004 - per cent
            self._unreachable_since = None
        elif health.introduction_points:
            self._unreachable_since, self._patience = None, _FIRST_PATIENCE
        elif self._unreachable_since is None:
            self._unreachable_since = now
        elif now - self._unreachable_since > self._patience:
            if self._patience == _FIRST_PATIENCE:
                self._terminal.say("tor: visitors do not get through, the site is published again until they do")
            self._unreachable_since, self._patience = None, min(self._patience * 2, _LONGEST_PATIENCE)
            self.withdraw()

    def look_again(self, now: float, *, relays_are_old: bool) -> None:
        """Have tor ask for a list of relays when its own is too old: after failures it waits for many minutes.

        It is told so first, which disturbs nobody, and is started again when that does not help.
        """
        if self._control is None or self._percent < 100 or not relays_are_old:  # noqa: PLR2004 - per cent
            self._looking = self._looking if relays_are_old else 0.0
            return
        if self._looking and now < self._look_by:
            return
        if self._looking:
            self._terminal.say("tor: it has found no new list of relays, and is started again")
            self.stop()
        else:
            self._terminal.say(
                "tor: its list of relays is too old: visitors may not get through until it has a new one"
            )
            with suppress(SanctuaryError):  # a connection that was lost is made again by `step`
                self._control.look_again()
        self._looking = min(max(self._looking * 2, _LOOKING), _LONGEST_LOOKING)
        self._look_by = now + self._looking

    def change_far_desk(self, far: FarDesk, *, drop_all: bool) -> None:
        """Let these machines find the desk and no other; `drop_all` who is there now."""
        if drop_all:
            self._to_close |= {each.onion.address for each in (self._far, far) if each.onion}
        self._far = far
        try:
            if self._control is not None:
                self._publish_desk(self._control)
        except SanctuaryError as failed:
            self._terminal.say(f"tor: {type(failed).__name__}")
            self.withdraw()  # P02: unreachable rather than open to a machine that was removed; `step` publishes again

    @property
    def control(self) -> Control | None:
        """The connection that the service lives on, while there is one."""
        return self._control

    @property
    def status(self) -> TorStatus:
        """Give the state of tor without asking it."""
        tor, control = self._tor, self._control
        return TorStatus(
            percent=max(0, self._percent) if control else 0,
            published=control is not None and not control.lost.is_set() and control.uploaded.is_set(),
            walled=tor is None or tor.walled,
            confined=tor is None or tor.confined,
            bridges=len(self._way.bridges),
            bridge_trouble=self._bridge_trouble,
            failures=self._failures,
            failed_at=self._failed_at,
            version=".".join(map(str, tor.version)) if tor else "",
            proof_of_work=self._proof_of_work,
        )

    def withdraw(self, *, cut_off: bool = False) -> None:
        """Take the service down: nobody new comes in; tor runs on for those who are there, unless it is `cut_off`."""
        if self._control is not None:
            if cut_off:  # the port that it would go on asking may be another program's now
                with suppress(SanctuaryError):
                    self._control.cut_off()
            self._control.close()
            self._control = None

    def stop(self) -> None:
        """End the service, then tor."""
        self.withdraw()
        if self._tor is not None:
            self._tor.stop()
            self._tor = None
        self._way.stop()

    def _publish(self, tor: TorProcess) -> None:
        self._control = Control.connect(tor.control_socket)
        self._percent, self._said_reachable = -1, False
        self._way.open(self._control)
        self._proof_of_work = self._control.publish(self._onion.secret, self._onion.address, self._state.site_socket)
        self._publish_desk(self._control)
        if not self._proof_of_work:
            self._terminal.say("tor: this tor cannot ask visitors for proof of work; a flood would be harder to bear")

    def _publish_desk(self, control: Control) -> None:
        """Publish the desk's onion; between its end and its new beginning those go who shall not stay.

        # P02: who was removed finds it no more: neither by a new descriptor, nor at the introduction points of the old
        one, which are gone, nor on a circuit that is still there.
        """
        if self._far.onion is None:
            return
        control.withdraw_desk()
        for address in self._to_close:
            control.close_circuits(address)
        onion, machines = self._far.onion, self._far.machines.values()
        try:
            control.publish_desk(onion.secret, onion.address, machines, self._state.desk_socket)
        except ServiceRefused:
            self._terminal.say("tor: it refuses the desk's onion; machines elsewhere do not reach the desk")
        self._to_close.clear()

    def _report_progress(self, control: Control, now: float) -> None:
        if self._percent < 100:  # noqa: PLR2004 - per cent
            bootstrap = control.bootstrap()
            if bootstrap.percent != self._percent:
                self._percent, self._moved, self._said_trying = bootstrap.percent, now, False
                self._bridge_trouble = ""
                self._terminal.progress(bootstrap.percent, bootstrap.summary)
            elif now - self._moved > _TRYING and not self._said_trying:
                self._said_trying = True
                self._bridge_trouble = self._way.trouble(bootstrap)
                if self._bridge_trouble:
                    self._terminal.say(f"tor: {self._bridge_trouble}")
                self._terminal.say("tor: the network is not reached yet; tor goes on trying, and everything else runs")
        elif control.uploaded.is_set() and not self._said_reachable:
            self._said_reachable = True
            self._pause = _FIRST_PAUSE
            self._terminal.end_progress()
            self._terminal.say("tor: the site is published and can be reached")

    def _note_failure(self, what: str, now: float) -> None:
        self._failures += 1
        self._failed_at = now
        self._terminal.say(f"tor: {what}, is started again in {self._pause:g} s")

    def _postpone(self, now: float) -> None:
        self._due = now + self._pause
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
