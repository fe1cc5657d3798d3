"""The launcher: unlocks, starts everything, watches over it, and ends it in order.

It keeps the two database keys and the onion's key, for restarts, and forgets the passphrase. Once everything runs it
opens no database. Whatever ends it, even kill -9, ends tor, site, desk and chores.
"""

import json
import os
import select
import signal
import socket
import sys
import time
from compileall import compile_dir
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from onion_app.days import DAY, today
from onion_app.errors import BadUsage
from onion_app.launch import children, confine, state, status, status_text, stdin_answers, unlock
from onion_app.launch.clock import SinceLaunch
from onion_app.launch.hardening import close_memory
from onion_app.launch.manage_socket import ManageSocket
from onion_app.launch.processes.child import Orders
from onion_app.launch.self_check import SelfCheck
from onion_app.launch.state import State
from onion_app.launch.supervisor import Supervisor
from onion_app.launch.terminal import Terminal
from onion_app.launch.tor_supervisor import Service, TorSupervisor
from onion_app.launch.unlock import Unlocked
from onion_app.onion import tor_process

_HOUR = 3600.0
_FIRST_CHORES = 3.0  # seconds after the start; until then the site and the desk have the machine for themselves
_TICK = 0.5  # seconds; what ends without a word is noticed within it
_FINISHING = 15.0  # seconds that requests under way have to finish in


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line."""

    state: Path
    answers: bool
    desk_port: int
    torrc: Path
    days: int

    def clock(self) -> float:
        """Tell unix seconds, `days` ahead."""
        return time.time() + self.days * DAY


class Launcher:
    """Everything that runs."""

    def __init__(self, options: Options, place: State, opened: Unlocked, terminal: Terminal, *, confined: bool) -> None:
        """Remember what restarts need."""
        self._options = options
        self._place = place
        self._opened = opened
        self._terminal = terminal
        self._confined = confined
        self._stopping = False
        self._finishing = _FINISHING
        self._pause: bool | None = None  # asked for, and not done by the chores yet
        self._clock_is_right = False  # likewise
        self._said_clock = False
        self._since_launch = SinceLaunch(lambda: today(time.time))
        start_tor = partial(tor_process.start_tor, options.torrc, place.tor, place.run)
        self._reach = TorSupervisor(place, Service(opened.onion_secret, opened.address), start_tor, terminal)
        self._selfcheck = SelfCheck(opened.address, place.socks_socket, lambda: self._reach.control)
        self._told = status.Static(opened.address, confined, options.clock)
        self._watches: list[Supervisor] = []

    def run(self, site: socket.socket, desk: socket.socket) -> None:
        """Start everything, watch over it until somebody asks to stop, and stop it.

        Raises: TorMissing, TorTooOld, TorFailed when tor does not start the first time.
        """
        wake, woken = socket.socketpair()
        os.set_blocking(wake.fileno(), False)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask_to_stop)
        chores = partial(self._begin, "chores", None)
        self._watches = [
            Supervisor("site", partial(self._begin, "site", site), self._terminal.say),
            Supervisor("desk", partial(self._begin, "desk", desk), self._terminal.say),
            Supervisor("chores", chores, self._terminal.say, every=_HOUR, after=time.monotonic() + _FIRST_CHORES),
        ]
        control = ManageSocket(self._place.manage_socket)
        try:
            self._step_children()
            self._reach.start(time.monotonic())
            self._selfcheck.start()
            while not self._stopping:
                self._step_children()
                self._reach.mend(self._selfcheck.seen().health, time.monotonic())
                self._reach.step(time.monotonic())
                control.step(time.monotonic(), self._answer)
                heard = [
                    watch.running.fileno() for watch in self._watches if watch.running and not watch.running.silent
                ]
                select.select([woken.fileno(), *heard, *control.filenos()], [], [], _TICK)
        finally:
            signal.set_wakeup_fd(-1)
            control.close()
            self._selfcheck.stop()
            self._stop()

    def _step_children(self) -> None:
        for watch in self._watches:
            watch.step(time.monotonic())
        if self._pause is not None and self._chores.counts.get("paused") == int(self._pause):
            self._pause = None
        off = self._chores.counts.get("clock_off")
        if off == 0:
            self._since_launch.clock_was_believed()
            self._clock_is_right = self._said_clock = False
        elif off and not self._said_clock:
            self._said_clock = True
            self._terminal.say(f"The clock of this machine is doubted: {status_text.doubted_clock(off)}")

    @property
    def _chores(self) -> Supervisor:
        return next(watch for watch in self._watches if watch.name == "chores")

    def _answer(self, order: str) -> dict[str, Any]:
        """Carry out an order of `scripts/manage`, without waiting for its end."""
        match order:
            case "status":
                return status.launcher_status(self._told, self._place, self._reach, self._selfcheck, self._watches)
            case "pause" | "resume":
                # It must hold in both databases, which the launcher does not open: the chores do it, at once.
                self._pause = order == "pause"
                self._chores.counts.pop("paused", None)
                self._chores.hurry()
            case "clock":
                self._clock_is_right = True
                self._since_launch.operator_has_looked()
                self._chores.counts.pop("clock_off", None)
                self._chores.hurry()
            case "stop":
                self._stopping = True
            case "panic":
                self._stopping, self._finishing = True, 0.0
            case _:
                return {"taken": False}
        return {"taken": True}

    def _stop(self) -> None:
        """End everything: first nobody new comes in, then requests finish and the logs are truncated, then tor."""
        self._terminal.end_progress()
        self._terminal.say("Stopping: no new visitors, requests under way are finished ...")
        self._reach.withdraw()
        running = [watch.running for watch in self._watches if watch.running]
        for child in running:
            child.ask_to_stop()
        give_up = time.monotonic() + self._finishing
        for child in running:
            child.wait(max(0.0, give_up - time.monotonic()))
            child.close()
        if self._finishing and (self._logs_are_left() or self._pause is not None):
            last = self._begin("chores", None)
            last.wait(_FINISHING)
            last.close()
        self._reach.stop()
        self._terminal.say("Stopped.")

    def _logs_are_left(self) -> bool:
        logs = [log for folder in (self._place.mailbox, self._place.desk) for log in folder.glob("*-wal")]
        return any(log.stat().st_size for log in logs)

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _begin(self, role: str, listener: socket.socket | None) -> children.ChildProcess:
        keys, place = self._opened.keys, self._place
        sees_desk = role != "site"
        if role == "chores":
            self._since_launch.chores_begin()
        orders = Orders(
            state=place.path,
            mailbox_key=keys.mailbox,
            desk_key=keys.desk if sees_desk else b"",  # P04: who takes over the site does not get the desk's key
            address=self._opened.address,
            desk_name=self._opened.desk_name if sees_desk else "",
            desk_port=self._options.desk_port,
            days_ahead=self._options.days,
            pause=self._pause if role == "chores" else None,
            clock_is_right=self._clock_is_right and role == "chores",
            latest_day=self._since_launch.latest_day() if role == "chores" else None,
        )
        folders = [place.mailbox, place.desk] if sees_desk else [place.mailbox]
        walls = confine.bubblewrap_command(folders) if self._confined else []
        return children.start_child(walls, f"onion_app.launch.processes.{role}", orders, listener)


def launch(options: Options) -> None:
    """Unlock or make the state, then run everything until asked to stop.

    Raises: every error that `__main__` prints.
    """
    close_memory()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the terminal may close, the site stays
    terminal = Terminal()
    given = stdin_answers.read_answers(sys.stdin.fileno()) if options.answers else None
    if not os.access(options.torrc, os.R_OK):
        raise BadUsage(f"{options.torrc} cannot be read")
    with ExitStack() as stack:
        place = stack.enter_context(state.held(options.state))
        compile_dir(confine.CODE, quiet=2)  # the children may not write, and would read the source at each start
        walls = _say_confinement(terminal, place)
        tor_process.version_of()  # what is missing is said before anything is made or asked
        site = stack.enter_context(state.site_listener(place))
        desk = stack.enter_context(state.desk_listener(options.desk_port))
        if given is None:
            opened = unlock.unlock_with_a_person(place, terminal, options.clock, options.desk_port)
        else:
            opened = unlock.unlock_with_answers(place, given, options.clock)
            _print_answers(opened, options.desk_port)
        # From here on only what restarts need is kept: the passphrase and what a first run handed out are forgotten.
        given, opened = None, replace(opened, handed=None)
        terminal.say(f"Onion address: http://{opened.address}/")
        terminal.say(f"Desk: {opened.desk_url(options.desk_port)}/   (open it in a private window)")
        Launcher(options, place, opened, terminal, confined=walls).run(site, desk)


def _say_confinement(terminal: Terminal, place: State) -> bool:
    """Say in the first line whether the processes are confined, and give it."""
    reason = confine.try_confinement([place.run])
    if reason:
        terminal.say(f"not confined: {reason}. Each process could read the files of this account and use the network.")
    else:
        terminal.say("confined: each process sees its own files and no network")
    if os.geteuid() == 0:
        terminal.say("Everything runs as root, because --as-is says so.")
    return not reason


def _print_answers(opened: Unlocked, desk_port: int) -> None:
    """Write the one line for whoever answered in place of a person."""
    line = {"desk_url": opened.desk_url(desk_port), "onion": opened.address}
    if opened.handed is not None:
        line |= {
            "passphrase": opened.handed.passphrase,
            "spare_code": opened.handed.spare_code,
            "invitation": opened.handed.invitation,
        }
    os.write(sys.stdout.fileno(), json.dumps(line).encode() + b"\n")
