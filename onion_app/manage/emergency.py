"""The commands that cannot wait for anything else: status, stop and panic.

They need the system's Python and its standard library, and nothing that was installed for us: no virtual environment,
no home, no room on the disk, no packages, no launcher that still answers. None of them asks for a secret.
"""

import argparse
import json
import os
import signal
import sys
import textwrap
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from onion_app.errors import (
    LauncherSilent,
    LauncherSuspended,
    NobodyReads,
    NotConfirmed,
    NotRunning,
    StateClosed,
    StillThere,
)
from onion_app.launch import manage_socket
from onion_app.launch.edge import named, stand_at_the_edge
from onion_app.launch.outside import disk_status
from onion_app.launch.state import State, default_state, is_held, lock_holder
from onion_app.manage import status_text
from onion_app.manage.key_files import destroy, key_files

_STOPPING = 90.0  # seconds that a launcher takes at most to end in order
_COLUMNS = 80  # of a terminal that does not say how wide it is
_NARROW = 20  # columns; in fewer nothing can be read
_PANIC = 10.0  # seconds after which a launcher that does not end is ended
_AGAIN = 0.25  # seconds between two looks
_PROC = Path("/proc")
_CLOSED = "this account sees nothing of {}; as root: sudo ./scripts/manage"
Do = Callable[[argparse.Namespace, State], int | None]  # gives the exit status; None is 0
_RED, _PLAIN = "\033[1;31m", "\033[0m"


def main() -> int:
    """Carry out one command, and give the exit status; `scripts/manage` starts it."""
    stand_at_the_edge()
    return carry_out(parser().parse_args(), COMMANDS)


def carry_out(chosen: argparse.Namespace, commands: Mapping[str, Do]) -> int:
    """Carry out the command that was chosen, and give the exit status."""
    try:
        done = commands[chosen.command](chosen, State(chosen.state.absolute()))
    except (KeyboardInterrupt, EOFError):
        return 2
    except Exception as failure:  # noqa: BLE001 - the edge: each becomes a sentence
        error = named(failure, "./scripts/manage --help")
        say(error.told)
        return error.exit_code
    return done or 0


def parser() -> argparse.ArgumentParser:
    """Describe the three commands, with the words of `scripts/manage` that mean something to them."""
    words = common_words()
    words.add_argument("command", choices=COMMANDS)
    words.add_argument("--json", action="store_true", help="the status as one line of JSON")
    return words


def common_words() -> argparse.ArgumentParser:
    """Describe the words that `scripts/manage` takes before any command."""
    words = argparse.ArgumentParser(prog="scripts/manage", allow_abbrev=False)
    add_state(words)
    words.add_argument("--desk-port", help=argparse.SUPPRESS)
    words.add_argument("--answers", help=argparse.SUPPRESS)
    return words


def add_state(words: argparse.ArgumentParser) -> None:
    """Add the words that say whose state it is."""
    words.add_argument("--state", type=Path, default=default_state(), help="the state folder (default: %(default)s)")
    words.add_argument("--as-is", action="store_true", help="stay with the account that started this, even root: for "
                       "rehearsals and tests; otherwise root becomes the account sanctuary")  # fmt: skip


def status(chosen: argparse.Namespace, state: State) -> int:
    """Say how everything is, and give the exit status: 1 when something needs looking at.

    Raises:
        NotRunning: no launcher runs; the part that needs none was said.
        StateClosed: this account cannot see whether one runs.
    """
    try:
        facts = manage_socket.ask_launcher(state.manage_socket, "status")
    except (LauncherSuspended, LauncherSilent):
        raise
    except NotRunning:
        if _is_closed(state):  # it says nothing of what it cannot see
            raise StateClosed(_CLOSED.format(state.path)) from None
        _show(chosen, {"running": False, **disk_status(state, time.time)})
        raise
    return int(_show(chosen, facts))


def stop(_chosen: argparse.Namespace, state: State) -> None:
    """Stop the launcher and wait for its end.

    Raises:
        NotRunning: no launcher runs.
        LauncherSilent: it does not end.
        StateClosed: this account cannot see whether one runs.
    """
    if not _tell(state, "stop"):
        if _is_closed(state):
            raise StateClosed(_CLOSED.format(state.path))
        raise NotRunning(str(state.path))
    if not comes_within(_STOPPING, lambda: not is_held(state)):
        holder = lock_holder(state)
        raise LauncherSilent(f"process {holder} does not end", f"kill -9 {holder}   (nothing that was sent is lost)")
    say("Stopped.")


def panic(_chosen: argparse.Namespace, state: State) -> None:
    """Destroy the key slots, then stop everything: the databases that are left open with nothing on this machine.

    It goes on past every obstacle, and says afterwards what it could not do.

    Raises:
        NotConfirmed: the word was not typed.
        StillThere: something could not be destroyed or stopped, or there was nothing to destroy.
    """
    say("This destroys the keys of this installation. Nobody will open it again on this machine.")
    if ask("Type the word destroy: ").strip() != "destroy":
        raise NotConfirmed
    obstacles: list[str] = []
    # First: whatever happens next, this is done. A state that was moved aside has slots of the same keys.
    found = list(key_files(state.path, obstacles))
    gone = [file for file in found if destroy(file, state.mailbox, obstacles)]
    if gone or not found:
        say(f"Destroyed: {', '.join(map(str, gone))}" if gone else f"There is no file of keys in {state.path}.")
    if _end_everything(state):
        say("Nothing runs any more.")
    else:
        obstacles.append("something still runs: switch the machine off")
    for line in status_text.what_remains(state):
        say(line)
    if obstacles or not gone:
        raise StillThere("; ".join(obstacles) or f"no keys were found: is it another --state than {state.path}?")


COMMANDS: dict[str, Do] = {"status": status, "stop": stop, "panic": panic}


def say(line: str, *, bad: bool = False) -> None:
    """Write one line for a person; where nobody reads it, it is lost and nothing is the matter."""
    with suppress(OSError, ValueError, AttributeError):
        shown = "\n".join(_wrapped(status_text.printable(each)) for each in line.split("\n"))
        text = f"{_RED}{shown}{_PLAIN}" if bad and sys.stderr.isatty() else shown
        os.write(sys.stderr.fileno(), f"{text}\n".encode(errors="replace"))


def _wrapped(line: str) -> str:
    """Wrap a line between words where a person reads it; one that begins with four blanks is a command to be copied."""
    if line.startswith("    ") or not sys.stderr.isatty():
        return line
    width = os.get_terminal_size(sys.stderr.fileno()).columns or _COLUMNS
    below = "    " if line.startswith((" ", "!")) else ""
    wrapped = textwrap.TextWrapper(max(_NARROW, width), subsequent_indent=below, replace_whitespace=False)
    wrapped.break_long_words = wrapped.break_on_hyphens = False  # an address is copied whole
    return wrapped.fill(line)


def ask(question: str) -> str:
    """Ask a person one question; where nobody is, nothing is answered."""
    with suppress(OSError, ValueError, AttributeError):
        os.write(sys.stderr.fileno(), question.encode())
        return sys.stdin.readline()
    return ""


def _end_everything(state: State) -> bool:
    """End the launcher and whatever it has started, in order if it listens, and if not, by force; say if all ended."""
    if _is_closed(state):
        return False
    family = _family(state)

    def has_ended() -> bool:
        # Not every file system lists its locks under the numbers of the file: then nobody is known, and somebody holds.
        return not any(map(_is_alive, family)) and not _may_be_held(state)

    _tell(state, "panic")
    if comes_within(_PANIC, has_ended):
        return True
    for process in family:
        with suppress(OSError):
            os.kill(process, signal.SIGKILL)
    return comes_within(_PANIC, has_ended)


def _is_closed(state: State) -> bool:
    """Tell whether this account may not even see who holds the state."""
    try:
        (state.path / "lock").stat()
    except OSError as refused:
        return isinstance(refused, PermissionError)
    return False


def _may_be_held(state: State) -> bool:
    try:
        return is_held(state)
    except OSError:  # it is no file, or not ours to look at
        return False


def _tell(state: State, order: str) -> bool:
    """Give an order, by its socket or, where nobody answers there, by a signal; say if a launcher was there."""
    try:
        _ask_awake(state, order)
    except NotRunning:
        holder = lock_holder(state)
        if order == "stop" and not _is_launcher(holder):
            return False  # a backup, perhaps
        if holder:
            with suppress(OSError):
                os.kill(holder, signal.SIGTERM)
    return True


def _ask_awake(state: State, order: str) -> None:
    """Give the order; a launcher that was suspended goes on first, because it is meant to end."""
    try:
        manage_socket.ask_launcher(state.manage_socket, order, patience=_PANIC)
    except LauncherSuspended:
        os.kill(manage_socket.launcher_pid(state.manage_socket), signal.SIGCONT)
        manage_socket.ask_launcher(state.manage_socket, order, patience=_PANIC)


def _is_launcher(process: int) -> bool:
    with suppress(OSError):
        return b"onion_app.launch" in (_PROC / str(process) / "cmdline").read_bytes()
    return False


def _family(state: State) -> list[int]:
    """List the launcher that holds the state and all that it has started, by their ids."""
    parents: dict[int, int] = {}
    for folder in _PROC.iterdir():
        with suppress(OSError, ValueError, IndexError):
            parents[int(folder.name)] = int((folder / "stat").read_bytes().rpartition(b")")[2].split()[1])
    family = [holder] if (holder := lock_holder(state)) else []
    for each in family:  # it grows while it is gone through
        family += [process for process, parent in parents.items() if parent == each]
    return family


def _is_alive(process: int) -> bool:
    try:
        # In bytes: a process may have given itself a name that is no text.
        return (_PROC / str(process) / "stat").read_bytes().rpartition(b")")[2].split()[0] not in b"ZX"
    except (OSError, IndexError):
        return False


def comes_within(patience: float, come: Callable[[], bool]) -> bool:
    """Wait for something, so many seconds at most, and say if it came."""
    give_up = time.monotonic() + patience
    while not come():
        if time.monotonic() > give_up:
            return False
        time.sleep(_AGAIN)
    return True


def _show(chosen: argparse.Namespace, facts: dict[str, Any]) -> bool:
    """Show the status, and say whether a line of it needs looking at.

    Raises:
        NotRunning: it is of another shape than ours, as another version's may be.
    """
    if chosen.json:
        try:
            os.write(sys.stdout.fileno(), json.dumps(facts, ensure_ascii=False).encode() + b"\n")
        except OSError as refused:
            raise NobodyReads(refused.strerror, "./scripts/manage status --json | cat") from refused
    try:
        lines = status_text.status_lines(facts)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise NotRunning("what answers there is another version of it") from None
    for line in [] if chosen.json else lines:
        say(line.text, bad=line.bad)
    return any(line.bad for line in lines)
