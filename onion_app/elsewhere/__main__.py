"""The command line of `scripts/desk`, and the one place where its errors are printed."""

from onion_app.launch.edge import named, stand_at_the_edge
from onion_app.launch.hardening import close_memory

if __name__ == "__main__":
    stand_at_the_edge()
    close_memory()  # first of all: until then another process of this account may open our memory


import argparse
import re
import signal
import sys
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final

from onion_app.elsewhere.forward import forward
from onion_app.elsewhere.key_file import Machine, keep_machine, make_machine, open_machine
from onion_app.elsewhere.reach import DeskOnion, wait_for_tor
from onion_app.errors import BadUsage, TorFailed
from onion_app.launch import bridges, confine
from onion_app.launch.listeners import desk_listeners
from onion_app.launch.state import State, default_state
from onion_app.launch.terminal import Terminal
from onion_app.launch.walls import try_walls
from onion_app.launch.way import Way
from onion_app.onion.control import Control
from onion_app.onion.tor_process import TorProcess, start_tor
from onion_app.onion.transport import start_transport

_TORRC = Path(__file__).resolve().parents[2] / "torrc.example"
_FOLDER = default_state().with_name("sanctuary-desk")
_LEAST: Final = 12  # letters of a passphrase that people choose
_ONION = re.compile(r"[a-z2-7]{56}\.onion")
_DESK_URL = re.compile(r"http://[a-z]{16}\.localhost:([1-9][0-9]{0,4})/?")


def parser() -> argparse.ArgumentParser:
    """Describe the command."""
    words = argparse.ArgumentParser(
        prog="scripts/desk",
        description="On a volunteer's machine, far from the server: makes its key, then leads a browser to the desk.",
        epilog="Both words come from the operator, and are typed once. Exit codes: 0 stopped as asked, 1 something "
        "needs looking at, 2 usage, 3 wrong passphrase, 4 tor missing or too old, 6 address in use.",
    )
    words.add_argument("onion", nargs="?", default="", metavar="ONION", help="the address of the desk's onion")
    words.add_argument("desk_url", nargs="?", default="", metavar="DESK", help="http://LETTERS.localhost:8390")
    words.add_argument("--key", action="store_true", help="only show the public half of this machine's key")
    words.add_argument("--bridge", action="store_true", help="ask for the lines of obfs4 bridges, through which "
                       "alone tor leaves this machine from then on; an empty answer takes them away")  # fmt: skip
    words.add_argument("--version", action="store_true", help="say the tag or the commit, and end")
    return words


def desk(
    onion: str, desk_url: str, terminal: Terminal, *, only_key: bool, bridge: bool = False, folder: Path = _FOLDER
) -> None:
    """Make the key of this machine, keep where the desk is, or lead there until Ctrl-C.

    Raises:
        SanctuaryError: one with a sentence of its own, for `main` to print.
    """
    if (onion or desk_url) and not (_ONION.fullmatch(onion) and _DESK_URL.fullmatch(desk_url)):
        raise BadUsage("the operator's line has two words after ./scripts/desk")
    wanted = bridges.wanted_bridges(None, terminal, asks=True, command="./scripts/desk") if bridge else None
    file = folder / "key"
    if file.exists():
        passphrase = terminal.ask("Passphrase of this machine: ", hidden=True)
        machine = open_machine(file, passphrase)
    else:
        passphrase = _new_passphrase(terminal)
        machine = make_machine(file, passphrase)
    if onion:
        machine = replace(machine, onion=onion, desk_url=desk_url.rstrip("/"))
        keep_machine(file, passphrase, machine)
    if wanted is not None:
        bridges.announce(State(folder), wanted)
        machine = replace(machine, bridges=wanted)
        keep_machine(file, passphrase, machine)
    bridges.expect_kept(State(folder), machine.bridges, wanted, "./scripts/desk")
    if only_key or not machine.onion:
        terminal.say("The public half of this machine's key. It is no secret, and goes to the operator by any way:")
        terminal.say(f"    {machine.key.shown}")
        terminal.say("The operator answers with a line that begins with ./scripts/desk: type it here.")
        return
    _lead(machine, folder, terminal)


def _new_passphrase(terminal: Terminal) -> str:
    terminal.say("A key is made for this machine. Choose a passphrase that locks it, one that you use nowhere else.")
    while True:
        typed = terminal.ask(f"New passphrase, at least {_LEAST} letters: ", hidden=True)
        if len(typed.strip()) < _LEAST:
            terminal.say("That is too short.")
        elif terminal.ask("Once more: ", hidden=True) != typed:
            terminal.say("These were not the same.")
        else:
            return typed


def _lead(machine: Machine, folder: Path, terminal: Terminal) -> None:
    found = _DESK_URL.fullmatch(machine.desk_url)
    with ExitStack() as stack:
        listeners = stack.enter_context(desk_listeners(int(found[1]) if found else 0))
        standing, _ = try_walls([folder])
        around_tor = partial(confine.around_tor, standing, folder / "run" / "manage.sock")
        around_transport = partial(confine.around_transport, standing)
        way = Way(machine.bridges, partial(start_transport, folder / "obfs4", around_transport), "./scripts/desk")
        way.start()
        stack.callback(way.stop)
        tor = start_tor(_TORRC, folder / "tor", folder / "run", walls=around_tor, options=way.tor_options)
        stack.callback(tor.stop)
        if machine.bridges:
            terminal.say(bridges.described(machine.bridges))
        desk = connect(tor, machine, terminal, way)
        terminal.say(f"Desk: {machine.desk_url}/   (open it in a private window)")
        terminal.say("Ctrl-C ends it.")
        forward(listeners, desk.dial, terminal.say, lambda: (tor.ended(), way.ended()) != (None, None))
        raise TorFailed("it has ended, or obfs4proxy", "./scripts/desk   (once more)")


def connect(tor: TorProcess, machine: Machine, terminal: Terminal, way: Way | None = None) -> DeskOnion:
    """Wait for tor, give it the key, and see that the desk is there.

    Raises:
        ClockOff: tor does not get in by this clock.
        MachineNotLetIn: the desk does not know this machine.
        DeskNotReached: it is not there.
    """
    control = Control.connect(tor.control_socket)
    way = way or Way()
    way.open(control)
    wait_for_tor(tor, control, terminal, way)
    desk = DeskOnion(tor, control, machine)
    terminal.say("Looking for the desk: that takes up to three minutes.")
    desk.find()
    return desk


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Lead to the desk, and give the exit status."""
    chosen = parser().parse_args()
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):  # background jobs inherit that some are ignored
        signal.signal(number, _leave)
    try:
        desk(chosen.onion.lower(), chosen.desk_url.lower(), Terminal(), only_key=chosen.key, bridge=chosen.bridge)
    except (KeyboardInterrupt, EOFError):
        return 0
    except Exception as failure:  # noqa: BLE001 - the edge: each becomes a sentence
        error = named(failure, "./scripts/desk --help")
        Terminal().say(error.told)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
