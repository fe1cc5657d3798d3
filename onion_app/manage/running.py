"""Commands for a launcher that runs: how are you, stop, pause, resume, and the end of everything. None asks secrets."""

import argparse
import json
import os
import signal
import sys
import time
from contextlib import suppress

from onion_app.days import date_of, today
from onion_app.errors import ClockWrong, NotConfirmed, NotRunning
from onion_app.launch import backup_restore, manage_socket, state, status_text
from onion_app.launch import status as told
from onion_app.launch.state import State
from onion_app.launch.terminal import Terminal
from onion_app.vault import statefiles

_STOPPING = 90.0  # seconds that a launcher takes at most to end in order
_PANIC = 10.0  # seconds after which a launcher that does not end is ended
_CHORES = 120.0  # seconds in which the chores carry out a pause; usually one or two
_AGAIN = 0.25  # seconds between two looks


def status(chosen: argparse.Namespace, place: State, terminal: Terminal) -> None:
    """Say how everything is.

    Raises: NotRunning, after saying what can be seen without a launcher.
    """
    try:
        seen = manage_socket.ask_launcher(place.manage_socket, "status")
    except NotRunning:
        _show(chosen, {"running": False, **told.disk_status(place, time.time)}, terminal)
        raise
    _show(chosen, seen, terminal)


def stop(_chosen: argparse.Namespace, place: State, terminal: Terminal) -> None:
    """Stop the launcher and wait for its end.

    Raises: NotRunning.
    """
    manage_socket.ask_launcher(place.manage_socket, "stop")
    if not _ended(place, _STOPPING):
        raise NotRunning("it does not end; look at its terminal")
    terminal.say("Stopped.")


def pause(_chosen: argparse.Namespace, place: State, terminal: Terminal) -> None:
    """Take no new messages from now on, also after a restart.

    Raises: NotRunning.
    """
    _hold("pause", place)
    terminal.say("Paused: new messages are not taken, and whoever writes keeps their text. Open cases go on.")


def resume(_chosen: argparse.Namespace, place: State, terminal: Terminal) -> None:
    """Take new messages again.

    Raises: NotRunning.
    """
    _hold("resume", place)
    terminal.say("New messages are taken again.")


def clock(_chosen: argparse.Namespace, place: State, terminal: Terminal) -> None:
    """Let the chores believe the clock again, once a person has typed the day from somewhere else.

    Raises: NotRunning, ClockWrong.
    """
    off = manage_socket.ask_launcher(place.manage_socket, "status")["clock_off_days"]
    if off is None:
        terminal.say("The chores have not looked at the clock yet, so it is not known yet. Ask again in a minute.")
        return
    if not off:
        terminal.say("The clock is believed. Nothing has to be done.")
        return
    terminal.say(f"The clock is doubted: {status_text.doubted_clock(off)}")
    terminal.say("If it is wrong and you say that it is right, cases are destroyed that should still be there.")
    typed = terminal.ask("Which day is it, as a telephone or a newspaper says? For example 05.03.2027: ")
    # Somewhere on Earth it is a day earlier or later than in UTC, and a newspaper says the day of its own place.
    days = [f"{date_of(today(time.time) + shift):%d.%m.%Y}" for shift in (-1, 0, 1)]
    if typed.strip() not in days:
        raise ClockWrong(f"it says {days[1]}")
    manage_socket.ask_launcher(place.manage_socket, "clock")
    _await_chores(place, "clock_off_days", 0)
    terminal.say("The clock is believed again.")


def panic(_chosen: argparse.Namespace, place: State, terminal: Terminal) -> None:
    """Destroy the key slots, then stop everything: what is left opens with nothing that is on this machine.

    Raises: NotConfirmed.
    """
    terminal.say("This destroys the keys of this installation. Nobody will open it again on this machine.")
    if terminal.ask("Type the word destroy: ").strip() != "destroy":
        raise NotConfirmed
    # First: whatever happens next, this is done. A state that was moved aside has slots of the same keys.
    folders = [folder.path for folder in (place, *backup_restore.asides(place)) if folder.path.is_dir()]
    there = sum(statefiles.destroy_keyslots(folder) for folder in folders)
    terminal.say("The keys are destroyed." if there else "There was no file of keys.")
    with suppress(NotRunning):
        launcher = manage_socket.launcher_pid(place.manage_socket)
        with suppress(NotRunning):
            manage_socket.ask_launcher(place.manage_socket, "panic", patience=_PANIC)
        if not _ended(place, _PANIC):
            os.kill(launcher, signal.SIGKILL)  # whatever it has started ends with it
            _ended(place, _PANIC)
    terminal.say(
        "Nothing runs any more." if not state.is_held(place) else "Something still runs: switch the machine off."
    )
    for line in status_text.what_remains(place):
        terminal.say(line)


def _hold(order: str, place: State) -> None:
    """Give the order, and wait until the chores have carried it out in both databases."""
    manage_socket.ask_launcher(place.manage_socket, order)
    _await_chores(place, "paused", order == "pause")


def _await_chores(place: State, name: str, value: object) -> None:
    give_up = time.monotonic() + _CHORES
    while manage_socket.ask_launcher(place.manage_socket, "status")[name] != value:
        if time.monotonic() > give_up:
            raise NotRunning("its chores do not end")
        time.sleep(_AGAIN)


def _ended(place: State, patience: float) -> bool:
    give_up = time.monotonic() + patience
    while state.is_held(place):
        if time.monotonic() > give_up:
            return False
        time.sleep(_AGAIN)
    return True


def _show(chosen: argparse.Namespace, seen: dict[str, object], terminal: Terminal) -> None:
    if chosen.json:
        sys.stdout.write(json.dumps(seen, ensure_ascii=False) + "\n")
        return
    for line in status_text.lines(seen):
        terminal.say_marked(line.text, bad=line.bad)
