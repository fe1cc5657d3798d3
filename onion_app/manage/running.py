"""Commands for a launcher that runs: status, stop, pause, resume, clock and panic. None of them asks for a secret."""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from onion_app.days import date_of, today
from onion_app.errors import ClockWrong, NotConfirmed, NotRunning
from onion_app.launch import backup_restore, manage_socket
from onion_app.launch.clock import describe_doubt
from onion_app.launch.state import State, is_held
from onion_app.launch.status import disk_status
from onion_app.launch.terminal import Terminal
from onion_app.manage import status_text
from onion_app.vault import statefiles

_STOPPING = 90.0  # seconds that a launcher takes at most to end in order
_PANIC = 10.0  # seconds after which a launcher that does not end is ended
_CHORES = 120.0  # seconds in which the chores carry out a pause; usually one or two
_AGAIN = 0.25  # seconds between two looks


def status(chosen: argparse.Namespace, state: State, terminal: Terminal) -> None:
    """Say how everything is.

    Raises:
        NotRunning: no launcher runs; the part that needs none was said.
    """
    try:
        facts = manage_socket.ask_launcher(state.manage_socket, "status")
    except NotRunning:
        _show(chosen, {"running": False, **disk_status(state, time.time)}, terminal)
        raise
    _show(chosen, facts, terminal)


def stop(_chosen: argparse.Namespace, state: State, terminal: Terminal) -> None:
    """Stop the launcher and wait for its end.

    Raises:
        NotRunning: no launcher runs, or it does not end.
    """
    manage_socket.ask_launcher(state.manage_socket, "stop")
    if not _within(_STOPPING, lambda: not is_held(state)):
        raise NotRunning("it does not end; look at its terminal")
    terminal.say("Stopped.")


def pause(_chosen: argparse.Namespace, state: State, terminal: Terminal) -> None:
    """Take no new messages from now on, also after a restart.

    Raises:
        NotRunning: no launcher runs, or its chores do not end.
    """
    _order_chores(state, "pause", paused=True)
    terminal.say("Paused: new messages are not taken, and whoever writes keeps their text. Open cases go on.")


def resume(_chosen: argparse.Namespace, state: State, terminal: Terminal) -> None:
    """Take new messages again.

    Raises:
        NotRunning: no launcher runs, or its chores do not end.
    """
    _order_chores(state, "resume", paused=False)
    terminal.say("New messages are taken again.")


def clock(_chosen: argparse.Namespace, state: State, terminal: Terminal) -> None:
    """Let the chores believe the clock again, once a person has typed the day from somewhere else.

    Raises:
        NotRunning: no launcher runs, or its chores do not end.
        ClockWrong: the person has typed another day.
    """
    off = manage_socket.ask_launcher(state.manage_socket, "status")["clock_off_days"]
    if off is None:
        terminal.say("The chores have not looked at the clock yet, so it is not known yet. Ask again in a minute.")
        return
    if not off:
        terminal.say("The clock is believed. Nothing has to be done.")
        return
    terminal.say(f"The clock is doubted: {describe_doubt(off)}")
    terminal.say("If it is wrong and you say that it is right, cases are destroyed that should still be there.")
    typed = terminal.ask("Which day is it, as a telephone or a newspaper says? For example 05.03.2027: ")
    # Somewhere on Earth it is a day earlier or later than in UTC, and a newspaper says the day of its own place.
    days = [f"{date_of(today(time.time) + shift):%d.%m.%Y}" for shift in (-1, 0, 1)]
    if typed.strip() not in days:
        raise ClockWrong(f"it says {days[1]}")
    _order_chores(state, "clock", clock_off_days=0)
    terminal.say("The clock is believed again.")


def panic(_chosen: argparse.Namespace, state: State, terminal: Terminal) -> None:
    """Destroy the key slots, then stop everything: the databases that are left open with nothing on this machine.

    Raises:
        NotConfirmed: the word was not typed.
    """
    terminal.say("This destroys the keys of this installation. Nobody will open it again on this machine.")
    if terminal.ask("Type the word destroy: ").strip() != "destroy":
        raise NotConfirmed
    # First: whatever happens next, this is done. A state that was moved aside has slots of the same keys.
    folders = [folder.path for folder in (state, *backup_restore.asides(state)) if folder.path.is_dir()]
    destroyed = sum(statefiles.destroy_keyslots(folder) for folder in folders)
    terminal.say("The keys are destroyed." if destroyed else "There was no file of keys.")
    with suppress(NotRunning):
        launcher = manage_socket.launcher_pid(state.manage_socket)
        with suppress(NotRunning):
            manage_socket.ask_launcher(state.manage_socket, "panic", patience=_PANIC)
        if not _within(_PANIC, lambda: not is_held(state)):
            os.kill(launcher, signal.SIGKILL)  # whatever it has started ends with it
            _within(_PANIC, lambda: not is_held(state))
    terminal.say("Nothing runs any more." if not is_held(state) else "Something still runs: switch the machine off.")
    for line in status_text.what_remains(state):
        terminal.say(line)


def _order_chores(state: State, order: str, **expected: object) -> None:
    """Give the order, and wait until the status shows that the chores have carried it out."""
    manage_socket.ask_launcher(state.manage_socket, order)
    ask = partial(manage_socket.ask_launcher, state.manage_socket, "status")
    if not _within(_CHORES, lambda: expected.items() <= ask().items()):
        raise NotRunning("its chores do not end")


def _within(patience: float, come: Callable[[], bool]) -> bool:
    give_up = time.monotonic() + patience
    while not come():
        if time.monotonic() > give_up:
            return False
        time.sleep(_AGAIN)
    return True


def _show(chosen: argparse.Namespace, facts: dict[str, object], terminal: Terminal) -> None:
    if chosen.json:
        sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
        return
    for line in status_text.status_lines(facts):
        terminal.say(line.text, bad=line.bad)
