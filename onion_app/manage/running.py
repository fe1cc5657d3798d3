"""Commands for a launcher that runs: pause, resume and clock. None of them asks for a secret."""

import argparse
import time
from functools import partial
from typing import Any

from onion_app.days import date_of, today
from onion_app.errors import ClockWrong, NotRunning
from onion_app.launch import manage_socket
from onion_app.launch.outside import describe_doubt
from onion_app.launch.state import State
from onion_app.launch.terminal import Terminal
from onion_app.manage.emergency import comes_within

_CHORES = 120.0  # seconds in which the chores carry out a pause; usually one or two


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
    off = _status(state)["clock_off_days"]
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


def _order_chores(state: State, order: str, **expected: object) -> None:
    """Give the order, and wait until the status shows that the chores have carried it out."""
    _status(state)
    manage_socket.ask_launcher(state.manage_socket, order)
    ask = partial(manage_socket.ask_launcher, state.manage_socket, "status")
    if not comes_within(_CHORES, lambda: expected.items() <= ask().items()):
        raise NotRunning("its chores do not end")


def _status(state: State) -> dict[str, Any]:
    """Ask the launcher how everything is.

    Raises:
        NotRunning: no launcher runs, or it has no chores yet.
    """
    status = manage_socket.ask_launcher(state.manage_socket, "status")
    if status.get("locked"):
        raise NotRunning("one is there and locked", "./scripts/manage unlock")
    return status
