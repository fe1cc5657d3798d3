"""The commands `backup`, which disturbs no launcher that runs, and `restore`."""

import argparse
import shlex
import time

from onion_app.days import date_of, today
from onion_app.errors import NotConfirmed, StateTaken
from onion_app.launch import backup_restore
from onion_app.launch.backup_restore import Destination
from onion_app.launch.carry_over import CarriedOver, opened
from onion_app.launch.clock import LONGEST_SLEEP
from onion_app.launch.state import DESK_PORT, State, command_for
from onion_app.launch.terminal import Terminal
from onion_app.manage.offline import ask_secret, open_keys
from onion_app.vault import settings

_MIB = 1 << 20
_RESTORED = (
    "Next:",
    "1. If it runs on another machine, stop it there first. Two at one address take visitors from each other:",
    "    ./scripts/manage stop",
    "2. Start it here:",
    "    {launch}",
    "3. When it answers here, on the other machine:",
    "    ./scripts/manage panic",
)


def backup(chosen: argparse.Namespace, state: State, terminal: Terminal) -> None:
    """Write one encrypted file with everything in it, and read it back."""
    keys = open_keys(chosen, state, terminal)
    with terminal.working("Writing, then reading it back") as progress:
        size = backup_restore.save_backup(state, keys, chosen.file, time.time, progress)
    terminal.say(f"{chosen.file} is written and was read back: {size // _MIB} MiB.")
    terminal.say("It opens with today's passphrase or spare code. Keep it on another machine or stick.")
    with opened(state, "shown", keys) as shown:
        days = settings.read_settings(shown).backup_days
    # P12: the page *protects* says the same number to visitors.
    terminal.say(
        f"What visitors take back from now on stays in it. They are told: for at most {days} days. Destroy it by then."
    )


def restore(chosen: argparse.Namespace, state: State, terminal: Terminal) -> None:
    """Look through a backup and, unless that was all that was asked, make a state of it.

    Raises:
        StateTaken: there is an installation, and nobody said that it may be replaced.
        NotConfirmed: the word was not typed.
    """
    if (state.path / "vault.key").exists() and not (chosen.check or chosen.replace):
        raise StateTaken(str(state.path))  # before anybody types a secret
    backup_restore.expect_backup(chosen.file)
    secret = ask_secret(chosen, terminal)
    with terminal.working("Reading") as progress:
        contents = backup_restore.check_backup(chosen.file, secret, progress)
    date = f"{date_of(contents.day):%d.%m.%Y}"
    terminal.say(f"{chosen.file} is whole. It was made on {date}.")
    if chosen.check:
        return

    def agree(carried: CarriedOver) -> None:
        for line in _what_a_restore_does(carried, date):
            terminal.say(line)
        if (
            not (chosen.yes or chosen.answers)
            and terminal.ask("To do it, type the word restore: ").strip() != "restore"
        ):
            raise NotConfirmed

    destination = Destination(state.path, chosen.replace, chosen.withdrawn_from)
    backup_restore.restore_backup(chosen.file, secret, destination, time.time, agree)
    terminal.say(f"Restored into {state.path}: everything as of {date}.")
    for line in _RESTORED:
        terminal.say(line.format(launch=command_for(state, "launch") + _port(chosen)))
    if today(time.time) - contents.day > LONGEST_SLEEP:
        terminal.say(
            f"It is older than {LONGEST_SLEEP} days: nothing is destroyed or published after the launch until you have "
            f"said which day it is:\n    {command_for(state, 'manage')} clock"
        )
    for aside in backup_restore.asides(state):
        terminal.say(
            f"What was there before is in {aside.path}. When all is well:\n    rm -r {shlex.quote(str(aside.path))}"
        )


def _port(chosen: argparse.Namespace) -> str:
    return "" if chosen.desk_port == DESK_PORT else f" --desk-port {chosen.desk_port}"


def _what_a_restore_does(carried: CarriedOver, date: str) -> list[str]:
    """Say what comes back and what goes again, before it is done."""
    lines = ["", "This is what a restore does. Nothing has been changed yet."]
    lines += [f"- Everything becomes as it was on {date}. What people wrote after that day is not in it."]
    gone = f"- Taken back by their authors since then, and gone again: {carried.withdrawn} cases."
    lines.append(
        gone if carried.withdrawn else "- No case that is in it was taken back since then, as far as is known."
    )
    lines += [f"- Authors read on their page that what they took back after {date} may be here again."]
    if carried.shut_out:
        lines.append(f"- Shut out since then, and still out: {', '.join(carried.shut_out)}.")
    if carried.has_desk:
        lines.append("- Cases that were closed since then stay closed, and codes that were changed since stay changed.")
    else:
        lines.append(f"- There is no newer desk to look at: codes, members and closed cases are those of {date}.")
        lines.append("  Look at the circles first. Somebody who was shut out since then is in again.")
        lines.append("  So is a machine elsewhere that was removed since then: ./scripts/manage machine list")
    whose, no_others = ("newer state", ", and no older ones") if carried.slots else ("backup", "")
    lines.append(f"- The passphrase and the spare code of the {whose} open it{no_others}.")
    lines += [f"- What was taken back in {folder} cannot be read. Such cases may be back." for folder in carried.unread]
    lines += ["- The machine that this backup came from has to be stopped before this one is started.", ""]
    return lines
