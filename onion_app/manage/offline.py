"""Commands that need the keys: new secrets, an invitation, the address and missing cases.

Each asks for the passphrase or the spare code, opens the slots, and keeps neither. The new secrets disturb no launcher
that runs.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from onion_app.crypto.codes import new_code
from onion_app.crypto.keyslots import Slot, VaultKeys, change_slot, open_slots
from onion_app.crypto.passphrases import new_passphrase
from onion_app.days import today
from onion_app.desk.circles import invite_as_operator
from onion_app.desk.context import Databases
from onion_app.errors import (
    BadAnswers,
    BadUsage,
    DamagedFile,
    NobodyReads,
    NotConfirmed,
    NothingHere,
    VaultDamaged,
)
from onion_app.launch import stdin_answers, unlock
from onion_app.launch.carry_over import all_opened, opened
from onion_app.launch.state import State
from onion_app.launch.terminal import Terminal
from onion_app.vault import forgetting, settings, statefiles
from onion_app.vault.desk import invitations
from onion_app.vault.show import show

_SECRETS: Final[dict[Slot, tuple[str, Callable[[], str], Callable[[Terminal, str, str], None]]]] = {
    "passphrase": ("passphrase", new_passphrase, unlock.show_passphrase),
    "spare": ("spare_code", new_code, unlock.show_spare_code),
}
_OLD_ONES = (
    "Backups made before now, and copies of vault.key, still open with the old one: make a new backup, destroy those."
)


def ask_secret(chosen: argparse.Namespace, terminal: Terminal) -> str:
    """Ask for the passphrase or the spare code, or take it from the answers on standard input.

    Raises:
        BadUsage: standard input is no terminal.
        BadAnswers: the answers hold neither of the two.
    """
    if chosen.answers:
        answers = stdin_answers.read_answers(sys.stdin.fileno())
        if not (answers.passphrase or answers.spare_code):
            raise BadAnswers("passphrase or spare_code is needed")
        return answers.passphrase or answers.spare_code
    if not sys.stdin.isatty():
        raise BadUsage("standard input is no terminal", "./scripts/manage --help   (see --answers)")
    return terminal.ask("Passphrase, or spare code: ", hidden=True)


def _expect_somebody(chosen: argparse.Namespace, terminal: Terminal) -> None:
    """See that a secret can be handed over, to a person or to a program, before it is made.

    Raises:
        SecretWouldStay: it would stay where it is shown.
        NobodyReads: standard output is closed.
    """
    command = f"./scripts/manage {chosen.command}"
    if chosen.answers:
        stdin_answers.expect_a_reader(command)
    else:
        terminal.expect_private(command)


def open_keys(chosen: argparse.Namespace, state: State, terminal: Terminal, *, for_a_secret: bool = False) -> VaultKeys:
    """Open the slots of a state; `for_a_secret`, only where one that is then made can be shown to somebody.

    Raises:
        SecretWouldStay: it would stay where it is shown.
        NobodyReads: standard output is closed.
        SanctuaryError: one of those of `read_keyslots`, `ask_secret` and `open_slots`.
    """
    if not (state.path / "vault.key").exists():  # first: nobody types a secret for a state that is not there
        raise VaultDamaged(f"there is none in {state.path}: is it another --state?")
    slots = statefiles.read_keyslots(state.path)
    if for_a_secret:
        _expect_somebody(chosen, terminal)
    return open_slots(slots, ask_secret(chosen, terminal))


@contextmanager
def open_databases(chosen: argparse.Namespace, state: State, keys: VaultKeys) -> Iterator[Databases]:
    """Open the three, on the day that it is at the desk: none before the newest that the chores have believed."""
    with all_opened(state, keys) as (mailbox, shown, desk):
        day = today(time.time)
        yield Databases(mailbox, shown, desk, day + settings.days_behind(desk, day) + chosen.days)


def passphrase(chosen: argparse.Namespace, state: State, terminal: Terminal) -> None:
    """Draw a new passphrase, show it until it is typed back, and only then let it open the vault."""
    _change_secret(chosen, state, terminal, "passphrase")


def spare(chosen: argparse.Namespace, state: State, terminal: Terminal) -> None:
    """Draw a new spare code, show it until a line is typed back, and only then let it open the vault."""
    _change_secret(chosen, state, terminal, "spare")


def _change_secret(chosen: argparse.Namespace, state: State, terminal: Terminal, slot: Slot) -> None:
    keys = open_keys(chosen, state, terminal, for_a_secret=True)
    name, draw, show = _SECRETS[slot]
    new = draw()
    if not chosen.answers:
        show(terminal, new, f"the new {name.replace('_', ' ')} of this installation")
    before = statefiles.read_keyslots(state.path)
    statefiles.change_keyslots(state.path, lambda: change_slot(statefiles.read_keyslots(state.path), keys, slot, new))
    try:
        if chosen.answers:
            stdin_answers.hand_over_json({name: new})
    except NobodyReads:
        statefiles.change_keyslots(state.path, lambda: before)  # nobody has the new one
        raise
    terminal.say("The new one holds, and the old one opens this installation no more.")
    terminal.say(_OLD_ONES)


def invite(chosen: argparse.Namespace, state: State, terminal: Terminal) -> None:
    """Invite a coordinator, as the operator must when the last one is lost; the desk keeps a note of it.

    Raises:
        BadUsage: --coordinator is missing.
        DamagedFile: desk.db is damaged, or holds no circle of coordinators.
    """
    if not chosen.coordinator:
        raise BadUsage("volunteers are invited at the desk, by a coordinator", "./scripts/manage invite --coordinator")
    keys = open_keys(chosen, state, terminal, for_a_secret=True)
    with open_databases(chosen, state, keys) as dbs:
        try:
            code, waits = invite_as_operator(dbs)
        except NothingHere:
            raise DamagedFile("desk.db holds no circle of coordinators") from None
    if chosen.answers:
        stdin_answers.hand_over_json({"invitation": code})
        return
    text = [
        *unlock.numbered(code),
        "",
        *(["It brings nobody in before another coordinator has agreed, on their first page.", ""] if waits else []),
        f"With it one coordinator enrols at the desk, under /join, within {invitations.INVITATION_DAYS} days.",
        f"    {unlock.desk_url(keys, chosen.desk_port)}/join",
        "",
        "Somebody who works there already logs in and types it under My account instead.",
        "",
        "If the circle has members, one of them lets the new one in. If nobody is left, its old cases stay",
        "readable to their authors only.",
    ]
    terminal.screen("The invitation of a coordinator", text, "Written down? Press Enter.")


def address(chosen: argparse.Namespace, state: State, terminal: Terminal) -> None:
    """Print the onion address, and say where the desk is.

    Raises:
        DamagedFile: desk.db is damaged, or holds no onion key.
    """
    keys = open_keys(chosen, state, terminal)
    with opened(state, "desk", keys) as desk:
        stdin_answers.hand_over(settings.read_onion(desk).address)
    terminal.say(f"Desk: {unlock.desk_url(keys, chosen.desk_port)}/   (open it in a private window)")


def missing(chosen: argparse.Namespace, state: State, terminal: Terminal) -> None:
    """Show how many cases are gone from the mailbox, and let the desk forget them once that is accepted.

    Raises:
        NotConfirmed: the word was not typed.
    """
    keys = open_keys(chosen, state, terminal)
    with all_opened(state, keys) as (mailbox, shown, desk):
        cases = forgetting.missing_cases(mailbox, shown, desk, 0).cases
        terminal.say(f"{len(cases)} cases that the desk knows are not in the mailbox.")
        if cases:
            terminal.say("Is a disk not mounted, or mailbox.db another file? Then stop everything and put that right.")
            terminal.say("Otherwise their notes, drafts and answers are destroyed; a backup may bring them back.")
            if not chosen.yes and terminal.ask("Type the word forget: ").strip() != "forget":
                raise NotConfirmed
        forgetting.forget_cases(mailbox, shown, desk, cases)
        with mailbox.writing():
            show(shown, desk)
        with shown.writing():
            settings.put_setting(shown, "missing", 0)
            settings.put_setting(shown, "unchecked", False)  # noqa: FBT003 - the value of a setting
    terminal.say("New text is taken again, unless writing is paused.")
