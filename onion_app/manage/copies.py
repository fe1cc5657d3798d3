"""`backup` and `restore`, as the operator meets them."""

import argparse
import time
from contextlib import closing

from onion_app.days import date_of, today
from onion_app.errors import StateTaken
from onion_app.launch import backup_restore
from onion_app.launch.clock import LONGEST_SLEEP
from onion_app.launch.state import State
from onion_app.launch.terminal import Terminal
from onion_app.manage import secret
from onion_app.vault import database, settings

_MIB = 1 << 20


def backup(chosen: argparse.Namespace, place: State, terminal: Terminal) -> None:
    """Write one encrypted file with everything in it, and read it back.

    Raises: what `secret.keys` and `keeping.save` raise.
    """
    keys = secret.keys(chosen, place, terminal)
    with terminal.working("Writing, then reading it back") as told:
        size = backup_restore.save(place, keys, chosen.file, time.time, told)
    terminal.say(f"{chosen.file} is written and was read back: {size // _MIB} MiB.")
    terminal.say("It opens with today's passphrase or spare code. Keep it on another machine or stick.")
    with closing(database.open_desk(place.desk, keys.desk)) as desk:
        days = settings.read(desk).backup_days
    # P12: the page *protects* says the same number to visitors.
    terminal.say(
        f"What visitors take back from now on stays in it. They are told: for at most {days} days. Destroy it by then."
    )


def restore(chosen: argparse.Namespace, place: State, terminal: Terminal) -> None:
    """Look through a backup and, unless that was all that was asked, make a state of it.

    Raises: what `secret.asked`, `keeping.check` and `keeping.restore` raise.
    """
    if (place.path / "vault.key").exists() and not (chosen.check or chosen.replace):
        raise StateTaken(str(place.path))  # before anybody types a secret
    opened_by = secret.asked(chosen, terminal)
    with terminal.working("Reading") as told:
        inside = backup_restore.check(chosen.file, opened_by, told)
    terminal.say(f"{chosen.file} is whole. It was made on {_named(inside.day)}.")
    if chosen.check:
        return
    with terminal.working("Restoring") as told:
        done = backup_restore.restore(
            chosen.file, opened_by, place.path, time.time, told, replace=chosen.replace, newer=chosen.withdrawn_from
        )
    terminal.say(f"Restored into {place.path}: everything as of {_named(done.day)}. Start it: ./scripts/launch")
    terminal.say(f"Taken back since then, and gone again: {done.withdrawn}.")
    if not done.all_gone:
        terminal.say("No whole list of it was there: every author whose case is back is told so on their page.")
    if today(time.time) - done.day > LONGEST_SLEEP:
        terminal.say(
            f"It is older than {LONGEST_SLEEP} days: nothing is destroyed or published after the launch until you have "
            "said which day it is: ./scripts/manage clock"
        )
    for folder in done.unread_lists:
        terminal.say(f"The list of what was taken back in {folder} does not open: such cases may be back.")
    for aside in backup_restore.asides(place):
        terminal.say(f"What was there before is in {aside.path}. When all is well: rm -r {aside.path}")


def _named(day: int) -> str:
    return f"{date_of(day):%d.%m.%Y}"
