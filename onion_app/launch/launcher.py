"""The launcher: starts every process of an unlocked state, restarts what ends, and ends them in order.

It keeps the two database keys, the onions' keys and the bridges, for restarts, and knows no passphrase. It opens no
database. Its end, even by kill -9, is the end of tor, site, desk and chores.
"""

import math
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from onion_app.days import DAY
from onion_app.launch import children, confine, status, unlock
from onion_app.launch.confine import Walls
from onion_app.launch.far_order import FAR_DESK, read_far_desk
from onion_app.launch.first_run import Unlocked
from onion_app.launch.manage_socket import ManageSocket
from onion_app.launch.outside import describe_doubt
from onion_app.launch.processes.child import Orders
from onion_app.launch.rounds import Rounds
from onion_app.launch.self_check import SelfCheck
from onion_app.launch.state import State
from onion_app.launch.supervisor import Supervisor
from onion_app.launch.terminal import Terminal
from onion_app.launch.tor_supervisor import TorSupervisor
from onion_app.launch.walls import Missing
from onion_app.launch.way import Way
from onion_app.launch.workplace import sweep_all
from onion_app.onion import tor_process, transport

_TICK = 0.5  # seconds; what ends without a word is noticed within it
_KEYS_THAT_STOP = (signal.SIGTSTP, signal.SIGTTOU, signal.SIGTTIN)  # Ctrl-Z, and what a job behind others meets
_FINISHING = 15.0  # seconds that requests under way have to finish in


@dataclass(frozen=True)
class Options:
    """The choices on the command line."""

    state: Path
    answers: bool
    desk_port: int
    torrc: Path
    days: int
    as_is: bool = False
    locked: bool = False
    bridge: bool = False  # ask for bridges, in place of those that are kept
    in_earnest: bool = False  # on the real network, and under the account that it should have

    def clock(self) -> float:
        """Tell unix seconds, `days` ahead."""
        return time.time() + self.days * DAY


class Launcher:
    """The supervisors of all processes, and the one loop in which they take their turns."""

    def __init__(
        self,
        options: Options,
        state: State,
        unlocked: Unlocked,
        terminal: Terminal,
        walls: Walls,
        missing: Sequence[Missing] = (),
    ) -> None:
        """Keep the keys and choices that restarts need."""
        self._options = options
        self._state = state
        self._unlocked = unlocked
        self._terminal = terminal
        self._walls = walls
        self._stopping = False
        self._finishing = _FINISHING
        self._pause: bool | None = None  # asked for, and not done by the chores yet
        self._clock_is_right = False  # likewise
        self._told_of_clock = False
        self._rounds = Rounds(time.monotonic())
        self._blocked = 0  # how often the site had to be started again because it held a lock
        around_tor = partial(confine.around_tor, walls, state.manage_socket)
        around_transport = partial(confine.around_transport, walls)
        start_transport = partial(transport.start_transport, state.transport, around_transport)
        way = Way(unlocked.bridges, start_transport, "./scripts/launch")
        start_tor = partial(
            tor_process.start_tor, options.torrc, state.tor, state.run, walls=around_tor, options=way.tor_options
        )
        self._tor = TorSupervisor(state, unlocked.onion, start_tor, terminal, unlocked.far, way)
        self._self_check = SelfCheck(unlocked.onion.address, state.socks_socket, lambda: self._tor.control)
        self._static = status.Static(unlocked.onion.address, tuple(missing), options.clock)
        self._supervisors: dict[str, Supervisor] = {}

    def run(self, site: socket.socket, desk: Sequence[socket.socket]) -> None:
        """Start everything, restart what ends until somebody asks to stop, and stop it.

        Raises:
            TorMissing: tor was removed since it was looked for.
            TorTooOld: its version was exchanged for an older one.
            TorFailed: tor does not start the first time.
        """
        self._terminal.outlive()
        wake, woken = socket.socketpair()
        os.set_blocking(wake.fileno(), False)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
            signal.signal(number, self._ask_to_stop)
        for number in _KEYS_THAT_STOP:
            signal.signal(number, signal.SIG_IGN)
        self._supervise(site, desk)
        manage = ManageSocket(self._state.manage_socket)
        try:
            self._step_children()
            self._tor.start(time.monotonic())
            self._self_check.start()
            while not self._stopping:
                self._step_children()
                self._tor.republish_if_unreachable(self._self_check.health, time.monotonic())
                self._tor.look_again(time.monotonic(), relays_are_old=self._self_check.relays_are_old)
                self._tor.step(time.monotonic())
                manage.step(time.monotonic(), self._carry_out)
                running = [supervisor.child for supervisor in self._supervisors.values() if supervisor.child]
                reports = [child.fileno() for child in running if not child.silent]
                select.select([woken.fileno(), *reports, *manage.filenos()], [], [], _TICK)
        finally:
            signal.set_wakeup_fd(-1)
            manage.close()
            self._self_check.stop()
            self._stop()
            self._terminal.finish()

    def _supervise(self, site: socket.socket, desk: Sequence[socket.socket]) -> None:
        """Set somebody over each process: one that heals first, and whenever one of those that write has died."""

        def over(
            name: str, listeners: Sequence[socket.socket], next_start: Callable[[], float] | None = None
        ) -> Supervisor:
            return Supervisor(
                name,
                partial(self._start_child, name, listeners),
                self._terminal.say,
                next_start,
                when_failed=partial(self._heal_after, name),
                when_blocked=partial(self._free_the_locks, name),
            )

        chores = over("chores", (), self._rounds.next)
        chores.after = self._rounds.next()
        each = (over("healing", (), lambda: math.inf), over("site", [site]), over("desk", desk), chores)
        self._supervisors = {supervisor.name: supervisor for supervisor in each}

    def _step_children(self) -> None:
        for name, supervisor in self._supervisors.items():
            if name != "site" or self._supervisors["healing"].ended_well:
                supervisor.step(time.monotonic())
        counts = self._supervisors["chores"].counts
        if self._pause is not None and counts.get("paused") == int(self._pause):
            self._pause = None
        off = counts.get("clock_off")
        if off == 0:
            self._clock_is_right = self._told_of_clock = False
        elif off and not self._told_of_clock:
            self._told_of_clock = True
            self._terminal.say(f"The clock of this machine is doubted: {describe_doubt(off)}")

    def _heal_after(self, name: str) -> None:
        """Undo what somebody who writes has left half done in the file that the site only reads."""
        if name in ("desk", "chores"):
            self._supervisors["healing"].hurry()

    def _free_the_locks(self, name: str) -> None:
        """Start the site again: one of those who write has waited in vain, and only the site is believed to hold on."""
        site = self._supervisors["site"].child
        if name != "site" and site is not None and site.ended() is None:
            self._blocked += 1
            self._terminal.say(f"{name}: waited in vain for a lock; the site is started again, in case it holds it")
            site.wait(0.0)

    def _carry_out(self, order: str) -> dict[str, Any]:
        """Carry out an order of `scripts/manage`, without waiting for its end."""
        chores = self._supervisors["chores"]
        match order:
            case "status":
                return status.launcher_status(
                    self._static, self._state, self._tor.status, self._self_check, self._supervisors, self._blocked
                )
            case "pause" | "resume":
                # The launcher opens no database: the chores do it, at once.
                self._pause = order == "pause"
                chores.counts.pop("paused", None)
                chores.hurry()
            case "clock":
                self._clock_is_right = True
                chores.counts.pop("clock_off", None)
                chores.hurry()
            case "stop":
                self._stopping = True
            case "panic":
                self._stopping, self._finishing = True, 0.0
            case _ if order.startswith(FAR_DESK):
                return self._change_far_desk(order)
            case _:
                return {"taken": False}
        return {"taken": True}

    def _change_far_desk(self, order: str) -> dict[str, Any]:
        try:
            far, drop_all = read_far_desk(order)
        except ValueError:
            return {"taken": False}
        self._tor.change_far_desk(far, drop_all=drop_all)
        desk = self._supervisors["desk"].child
        if drop_all and desk is not None:  # after their circuits: no cookie of a session reaches anybody any more
            desk.cut()
        return {"taken": True}

    def _stop(self) -> None:
        """End everything: first nobody new comes in, then requests finish and the logs are truncated, then tor."""
        self._terminal.end_progress()
        self._terminal.say("Stopping: no new visitors, requests under way are finished ...")
        self._tor.withdraw()
        remaining = [supervisor.child for supervisor in self._supervisors.values() if supervisor.child]
        for child in remaining:
            child.ask_to_stop()
        give_up = time.monotonic() + self._finishing
        for child in remaining:
            child.wait(max(0.0, give_up - time.monotonic()))
            child.close()
        logs = [log for folder in self._state.databases for log in folder.glob("*-wal")]
        if self._finishing and (self._pause is not None or any(log.stat().st_size for log in logs)):
            chores = self._start_child("chores", ())
            chores.wait(_FINISHING)
            chores.close()
        self._tor.stop()
        self._terminal.say("Stopped.")

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _start_child(self, role: str, listeners: Sequence[socket.socket]) -> children.ChildProcess:
        keys, state = self._unlocked.keys, self._state
        sees_desk = role != "site"
        if role == "chores":
            sweep_all(state)  # their walls hide from them what lies outside the folders of the databases
        asked = self._pause is not None or self._clock_is_right or self._stopping
        orders = Orders(
            state=state.path,
            mailbox_key=keys.mailbox,
            desk_key=keys.desk if sees_desk else b"",  # P04: who takes over the site does not get the desk's key
            address=self._unlocked.onion.address,
            desk_name=unlock.desk_name(keys) if sees_desk else "",
            desk_port=self._options.desk_port,
            days_ahead=self._options.days,
            work="all" if asked or role != "chores" else self._rounds.begin(time.monotonic()),
            pause=self._pause if role == "chores" else None,
            clock_is_right=self._clock_is_right and role == "chores",
            has_namespace=self._walls.namespaces,
        )
        folders, read_only = (state.databases, ()) if sees_desk else ([state.mailbox], [state.shown])
        with confine.around_child(self._walls, folders, read_only) as prefix:
            return children.start_child(prefix, f"onion_app.launch.processes.{role}", orders, listeners)
