"""Finds the desk's onion by a tor of this machine's own, and says in one sentence why it is not found."""

import socket
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
_BETWEEN: Final = 10.0  # seconds between two tries; tor heeds `forget_onions` no more often
_WHOLE: Final = 100  # per cent
# Of tor's own answers (socks-extensions.txt): the onion wants a key, or another one than this.
_NOT_LET_IN: Final = (0xF4, 0xF5)


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
        if bootstrap.clock_is_off:
            raise ClockOff(f"it says {time.strftime('%d.%m.%Y %H:%M')} UTC{time.strftime('%z')}")
        if bootstrap.percent != reached:
            moved, reached, said = time.monotonic(), bootstrap.percent, False
        elif not said and time.monotonic() - moved > _TRYING and (trouble := way.trouble(bootstrap)):
            said = True
            terminal.say(trouble)
        if tor.ended() is not None or way.ended() is not None:
            raise TorFailed("" if way.bridges else next(reversed(tor.complaints()), ""))  # they name the bridge
        time.sleep(_PAUSE)
    terminal.end_progress()


def find_desk(tor: TorProcess, control: Control, machine: Machine) -> None:
    """Wait until the desk is reached; a machine that was added a moment ago is found by directories only after a while.

    Raises:
        MachineNotLetIn, DeskNotReached: as for `dial_desk`, also after that while.
    """
    give_up = time.monotonic() + _ON_ITS_WAY
    while True:
        try:
            dial_anew(tor, control, machine).close()
        except (MachineNotLetIn, DeskNotReached):
            if time.monotonic() > give_up:
                raise
            time.sleep(_BETWEEN)
        else:
            return


def dial_anew(tor: TorProcess, control: Control, machine: Machine) -> socket.socket:
    """Give a line to the desk; where there is none, the next try asks the directories again.

    Raises:
        MachineNotLetIn, DeskNotReached: as for `dial_desk`.
    """
    try:
        return dial_desk(tor, machine)
    except (MachineNotLetIn, DeskNotReached):
        control.forget_onions()
        raise


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
