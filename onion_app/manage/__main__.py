"""The command line of `scripts/manage`, and the one place where its errors are printed."""

from onion_app.launch.edge import named, stand_at_the_edge

if __name__ == "__main__":
    stand_at_the_edge()  # before anything else of ours is imported, and with it the folder of the country read

from onion_app.launch.hardening import close_memory

if __name__ == "__main__":
    close_memory()  # P04: first of all, for until then another process of this account may open our memory


import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from onion_app.choices import ObjectionReason
from onion_app.errors import WrongPassphrase
from onion_app.launch.state import DESK_PORT, State, expect_no_root
from onion_app.launch.terminal import Terminal
from onion_app.manage import (
    backups,
    decisions,
    doctor,
    emergency,
    far_machines,
    offline,
    running,
    service,
    uninstall,
    unlocking,
)

_EPILOG = (
    "Exit codes: 0 done, 1 something needs looking at, 2 usage, 3 wrong passphrase, 5 vault "
    "damaged or newer, 7 a launcher runs on this state and has to be stopped first, 8 no launcher runs on this state."
)
_Do = Callable[[argparse.Namespace, State, Terminal], int | None]  # the exit status; None is 0


def parser() -> argparse.ArgumentParser:
    """Describe every command."""
    words = argparse.ArgumentParser(
        prog="scripts/manage",
        allow_abbrev=False,  # scripts/as-account looks for --state and --as-is too
        description="Looks after an installation and the launcher that runs on it.",
        epilog=_EPILOG,
    )
    emergency.add_state(words)
    words.add_argument("--desk-port", type=int, default=DESK_PORT, help="the desk's port, if launch was given one")
    words.add_argument("--answers", choices=["-"], help="read one JSON object with passphrase or spare_code from "
                       "standard input instead of asking")  # fmt: skip
    words.add_argument("--version", action="store_true", help="say the tag or the commit, and end")
    commands = words.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="command")

    def command(name: str, do: _Do, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(do=do)
        return added

    status = command("status", _without_terminal(emergency.status), "say how everything is; needs no passphrase")
    status.add_argument("--json", action="store_true", help="as one line of JSON")
    stopped = "stop the launcher: nobody new comes in, requests under way are finished"
    command("stop", _without_terminal(emergency.stop), stopped)
    command("unlock", unlocking.unlock, "hand the passphrase to a launcher that has started locked")
    command("pause", running.pause, "take no new messages; open cases go on")
    command("resume", running.resume, "take new messages again")
    command("clock", running.clock, "say that this machine's clock is right, after a long sleep or a wrong clock")
    command(
        "panic",
        _without_terminal(emergency.panic),
        "destroy the keys of this installation for good, and stop everything",
    )
    changed = command("service", _without_terminal(service.service), "have systemd start it, locked, at each boot")
    changed.add_argument("what", choices=("install", "remove"))
    command("uninstall", _without_terminal(uninstall.uninstall), "after panic: remove account, unit and folder")
    command("doctor", doctor.doctor, "ask fifteen questions about this machine; needs no passphrase")
    command("passphrase", offline.passphrase, "draw a new passphrase; the spare code stays")
    command("spare", offline.spare, "draw a new spare code; the passphrase stays")
    missing = command("missing", offline.missing, "look at cases that are gone from the mailbox, and let them go")
    missing.add_argument("--yes", action="store_true", help="let them go without asking")
    invited = command("invite", offline.invite, "invite a coordinator, when the last one is lost")
    invited.add_argument("--coordinator", action="store_true", help="needed: volunteers are invited at the desk")
    _add_days(invited)
    asked = command("proposals", decisions.decide, "list what waits for a second person, and give the operator's word")
    _add_days(asked)
    answers = asked.add_subparsers(metavar="yes|object", dest="answer")
    for answer, text in (("yes", "agree to what was printed with these letters"), ("object", "object to it")):
        answers.add_parser(answer, help=text, description=text).add_argument("letters", metavar="LETTERS")
    answers.choices["object"].add_argument("--reason", choices=get_args(ObjectionReason), required=True)
    removed = command("remove", decisions.remove, "shut somebody out of everything at once, a coordinator too")
    removed.add_argument("handle", metavar="HANDLE")
    _add_days(removed)
    _add_machine(commands)
    command("address", offline.address, "print the onion address and say where the desk is")
    saved = command("backup", backups.backup, "write everything into one encrypted file, and read it back")
    saved.add_argument("file", type=Path, metavar="FILE", help="a new file, best on another disk")
    restored = command("restore", backups.restore, "make a state of a backup")
    restored.add_argument("file", type=Path, metavar="FILE")
    restored.add_argument("--check", action="store_true", help="look through the file and change nothing")
    restored.add_argument("--replace", action="store_true", help="move the installation that is there aside")
    restored.add_argument("--withdrawn-from", type=Path, metavar="STATE", help="another state folder of the same "
                          "installation: what was taken back there stays gone")  # fmt: skip
    restored.add_argument("--yes", action="store_true", help="do it without asking once more")
    return words


def _add_days(command: argparse.ArgumentParser) -> None:
    command.add_argument("--days", type=int, default=0, help="so many days ahead of the clock, as launch was started")


def _add_machine(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    machine = commands.add_parser("machine", help="let machines of volunteers elsewhere find the desk, or no more")
    machines = machine.add_subparsers(metavar="add|remove|list", dest="change", required=True)
    added = machines.add_parser("add", help="let one more find it", description="Let one more machine find the desk.")
    added.add_argument("name", metavar="NAME", help="your own word for it, no handle")
    added.add_argument("public", metavar="PUBLIC", nargs="+", help="the 54 letters that ./scripts/desk shows there")
    added.set_defaults(do=far_machines.add)
    gone = machines.add_parser("remove", help="let one find it no more", description="Let a machine find it no more.")
    gone.add_argument("name", metavar="NAME")
    gone.add_argument("--new-address", action="store_true", help="change the address of the desk's onion, too")
    gone.set_defaults(do=far_machines.remove)
    shown = machines.add_parser("list", help="print them", description="Print the machines that find the desk.")
    shown.set_defaults(do=far_machines.show)


def _without_terminal(do: Callable[[argparse.Namespace, State], int | None]) -> _Do:
    """Let a command of `emergency`, which `scripts/manage` starts without us, be known here too."""
    return lambda chosen, state, _terminal: do(chosen, state)


def main() -> int:
    """Carry out one command, and give the exit status."""
    chosen = parser().parse_args()
    try:
        expect_no_root(as_is=chosen.as_is)
        done: int | None = chosen.do(chosen, State(chosen.state.resolve()), Terminal())
    except (KeyboardInterrupt, EOFError):
        return 2
    except Exception as failure:  # noqa: BLE001 - the edge: each becomes a sentence
        error = named(failure, f"./scripts/manage {chosen.command} --help")
        if isinstance(failure, WrongPassphrase):
            error.instead = f"./scripts/manage {chosen.command}   (and type it again, or use the spare code)"
        elif isinstance(failure, PermissionError):
            error.instead = "sudo ./scripts/manage --help"
        Terminal().say(error.told)
        return error.exit_code
    return done or 0


if __name__ == "__main__":
    sys.exit(main())
