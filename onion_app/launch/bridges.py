"""The bridges of an installation or of a volunteer's machine: asked for, kept, and said without what finds them.

A bridge's line stands in no argument and in no file of ours that opens without the passphrase. The file `bridged`
holds a hash of them: by it they are known again, and `scripts/setup` fetches nothing past them.
"""

import hashlib
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import Final

from onion_app.errors import BadAnswers, BadUsage, BridgeMistyped, BridgesChanged, TransportMissing
from onion_app.launch.first_run import Unlocked
from onion_app.launch.state import State
from onion_app.launch.stdin_answers import Answers
from onion_app.launch.terminal import Terminal
from onion_app.onion import programs, transport
from onion_app.vault import database, settings, statefiles
from onion_app.vault.bridge_lines import MOST_BRIDGES, read_bridge, shown

_ASKED: Final = (
    "A bridge is a way into Tor that is in no list, and it sees the address of this machine.",
    "Take its line from Tor Browser (obfs4), https://bridges.torproject.org or your own bridge,",
    "and never from somebody who wrote to you.",
    "Paste one line after the other. Enter alone ends it; Enter at once takes away those that were kept.",
)
# A line that was copied with the end of another before it begins with nothing, too.
_DIRECTLY: Final = (
    "Without a bridge tor goes directly, and who watches sees it. If that is meant, type the word directly: "
)


def wanted_bridges(
    answers: Answers | None, terminal: Terminal, *, asks: bool, locked: bool = False, command: str = "./scripts/launch"
) -> tuple[str, ...] | None:
    """Ask for the bridges that are to be kept from now on, or find them among the answers; None: they stay as they are.

    Raises:
        BadUsage: nobody can be asked.
        BadAnswers: they are asked for, and are not among the answers.
        BridgeMistyped: one that is among the answers is none.
        TransportMissing: no program is there to speak to one.
    """
    if answers is not None:
        if asks and answers.bridge is None:
            raise BadAnswers("bridge is needed")
        wanted = None if answers.bridge is None else read_bridges(answers.bridge)
    elif asks and locked:
        raise BadUsage("who is not there cannot be asked for a bridge", f"sudo {command} --bridge")
    else:
        wanted = ask_bridges(terminal, command) if asks else None
    if wanted:
        programs.path_of(transport.PROGRAM, TransportMissing)
    return wanted


def announce(state: State, wanted: tuple[str, ...] | None) -> None:
    """Mark that bridges are to be kept, before they are: whatever is cut off meanwhile, nothing goes past them.

    Raises:
        BridgesChanged: a first run was begun with bridges, and is begun again without them.
    """
    if wanted is None and state.bridged.exists() and not (state.path / "vault.key").exists():
        raise BridgesChanged("a first run was begun with bridges here")
    if wanted and not state.bridged.exists():
        mark(state, wanted)


def ask_bridges(terminal: Terminal, command: str) -> tuple[str, ...]:
    """Ask for the lines of bridges until one is empty; one that is wrong is asked for again.

    Raises:
        BadUsage: standard input is no terminal.
    """
    if not sys.stdin.isatty():
        raise BadUsage("standard input is no terminal", f"{command} --help")
    for line in _ASKED:
        terminal.say(line)
    while True:
        bridges = _ask_lines(terminal)
        if bridges or terminal.ask(_DIRECTLY).strip() == "directly":
            return bridges


def _ask_lines(terminal: Terminal) -> tuple[str, ...]:
    bridges: list[str] = []
    while len(bridges) < MOST_BRIDGES and (typed := terminal.ask(f"Bridge {len(bridges) + 1}: ", hidden=True).strip()):
        try:
            bridges.append(read_bridge(typed))
        except BridgeMistyped as wrong:
            terminal.say(wrong.sentence)
        else:
            terminal.say(f"    {shown(bridges[-1])}")
    return tuple(dict.fromkeys(bridges))


def read_bridges(typed: str) -> tuple[str, ...]:
    """Read the lines of bridges that a program handed over.

    Raises:
        BridgeMistyped: one of them is none, or they are too many.
    """
    bridges = tuple(dict.fromkeys(read_bridge(line) for line in typed.splitlines() if line.strip()))
    if len(bridges) > MOST_BRIDGES:
        raise BridgeMistyped(f"they are more than {MOST_BRIDGES}")
    return bridges


def keep_bridges(state: State, unlocked: Unlocked, wanted: tuple[str, ...] | None) -> Unlocked:
    """Keep these in place of those that were kept, unless it is None; give the installation as it is then.

    Raises:
        BridgesChanged: as for `expect_kept`.
    """
    if wanted is not None and wanted != unlocked.bridges:
        with closing(database.open_database(state.desk, "desk", unlocked.keys.desk)) as desk:
            settings.change_setting(desk, "bridges", wanted)
        unlocked = replace(unlocked, bridges=wanted)
    expect_kept(state, unlocked.bridges, wanted)
    return unlocked


def expect_kept(
    state: State, bridges: Sequence[str], wanted: Sequence[str] | None, command: str = "./scripts/launch"
) -> None:
    """See that these are the bridges that a person has typed here, and mark them where that was just now.

    The desk writes the database in which they are kept, and sees no mark: whoever has taken the desk over does not lead
    tor to a bridge of their own, which would learn where this machine is.

    Raises:
        BridgesChanged: they are not: somebody has written others, keeping them was cut off, or they come from a backup.
    """
    if wanted is not None:
        mark(state, bridges)
    elif _read_mark(state) != _mark_of(bridges):
        raise BridgesChanged("a backup was restored, typing them was cut off, or somebody has written others",
                             f"{command} --bridge")  # fmt: skip


def mark(state: State, bridges: Sequence[str]) -> None:
    """Keep by what the bridges are known again, which also tells `scripts/setup` to fetch nothing past them."""
    if bridges:
        beside = state.bridged.with_name("bridged-new")
        beside.write_text(_mark_of(bridges), encoding="ascii")
        beside.chmod(0o600)
        statefiles.sync(beside)
        beside.replace(state.bridged)
        statefiles.sync(state.path)
    else:
        state.bridged.unlink(missing_ok=True)


def _read_mark(state: State) -> str:
    try:
        return state.bridged.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:  # one that is empty was cut off
        return _mark_of(())


def _mark_of(bridges: Sequence[str]) -> str:
    """Give the hash of these lines; who has none of them does not find them by it, for a cert cannot be guessed."""
    return hashlib.blake2b("\n".join(bridges).encode(), digest_size=32).hexdigest()


def described(bridges: Sequence[str]) -> str:
    """Say which bridges they are, to somebody who has their lines."""
    return f"tor goes through {len(bridges)} bridge{'s' * (len(bridges) > 1)} alone: {', '.join(map(shown, bridges))}"
