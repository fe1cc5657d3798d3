"""Finds the desk's onion by a tor of this machine's own, and says in one sentence why it is not found."""

import math
import socket
import threading
import time
from typing import Final

from onion_app.elsewhere.key_file import Machine
from onion_app.errors import ClockOff, DeskNotReached, MachineNotLetIn, TorFailed
from onion_app.launch.terminal import Terminal
from onion_app.launch.way import Way
from onion_app.onion import socks
from onion_app.onion.control import Control
from onion_app.onion.tor_process import TorProcess

_PAUSE: Final = 0.5  # seconds between two questions how far tor is
_TRYING: Final = 20.0  # seconds without a step forward, after which it is said why
_PATIENCE: Final = 120.0  # seconds for one way through the network
_ON_ITS_WAY: Final = 30.0  # seconds in which our server's tor tells the directories of another list of machines
_BETWEEN: Final = 11.0  # seconds between two tries; tor puts off what it is told twice within ten
_WHOLE: Final = 100  # per cent
# Of tor's own answers (socks-extensions.txt): the onion wants a key, or another one than this.
_NOT_LET_IN: Final = (0xF4, 0xF5)
# Two days ahead what relays show of themselves is out of date, and tor never hears from them what time it is.
_LEFT_AGAIN: Final = "Relays answer, and tor leaves each again, as it does by a clock that is wrong. This machine's"


def wait_for_tor(tor: TorProcess, control: Control, terminal: Terminal, way: Way) -> None:
    """Wait until tor has found its way into the network, however long it takes.

    Raises:
        ClockOff: it never will, by this clock.
        TorFailed: it has ended, or the program that speaks to a bridge has.
    """
    moved, reached, said = time.monotonic(), -1, False
    while True:
        bootstrap = control.bootstrap()
        terminal.progress(bootstrap.percent, bootstrap.summary)
        if bootstrap.percent == _WHOLE:
            break
        clock = f"says {time.strftime('%d.%m.%Y %H:%M')} UTC{time.strftime('%z')}"
        if bootstrap.clock_is_off:
            raise ClockOff(f"it {clock}")
        if bootstrap.percent != reached:
            moved, reached, said = time.monotonic(), bootstrap.percent, False
        elif not said and time.monotonic() - moved > _TRYING:
            said = True
            trouble = f"{_LEFT_AGAIN} {clock}" if bootstrap.trouble == "DONE" else way.trouble(bootstrap)
            if trouble:
                terminal.say(trouble)
        if tor.ended() is not None or way.ended() is not None:
            raise TorFailed("" if way.bridges else next(reversed(tor.complaints()), ""))  # they name the bridge
        time.sleep(_PAUSE)
    terminal.end_progress()


class DeskOnion:
    """The desk's onion, as a tor of this machine finds it."""

    def __init__(self, tor: TorProcess, control: Control, machine: Machine) -> None:
        """Give tor the key."""
        self._tor = tor
        self._control = control
        self._machine = machine
        self._one_at_a_time = threading.Lock()
        self._next_look = -math.inf
        control.let_in(machine.onion, machine.private)

    def find(self) -> None:
        """Wait until it is reached; one that has just let a machine in is found in directories only after a while.

        Raises:
            MachineNotLetIn, DeskNotReached: as for `dial_desk`, also after that while.
        """
        give_up = time.monotonic() + _ON_ITS_WAY
        while True:
            try:
                self.dial().close()
            except (MachineNotLetIn, DeskNotReached):
                if time.monotonic() > give_up:
                    raise
                time.sleep(_BETWEEN)
            else:
                return

    def dial(self) -> socket.socket:
        """Give a line to it; where there is none, the next try asks the directories again.

        Raises:
            MachineNotLetIn, DeskNotReached: as for `dial_desk`.
        """
        try:
            return dial_desk(self._tor, self._machine)
        except (MachineNotLetIn, DeskNotReached):
            self._look_anew()
            raise

    def _look_anew(self) -> None:
        """Have tor forget what it found, and with it the key; never so soon that it would do so later by itself."""
        with self._one_at_a_time:
            if time.monotonic() < self._next_look:
                return
            self._next_look = time.monotonic() + _BETWEEN
            self._control.forget_onions()
            self._control.let_in(self._machine.onion, self._machine.private)


def dial_desk(tor: TorProcess, machine: Machine) -> socket.socket:
    """Give a line to the desk.

    Raises:
        MachineNotLetIn: it does not know this machine's key.
        DeskNotReached: it is not there.
    """
    try:
        return socks.dial(tor.socks_socket, machine.onion, 80, _PATIENCE)
    except socks.SocksRefusedError as refused:
        if refused.status in _NOT_LET_IN:
            raise MachineNotLetIn from None
        raise DeskNotReached(f"tor's answer is {refused.status:#04x}") from None
    except OSError as refused:
        raise DeskNotReached(type(refused).__name__) from None
