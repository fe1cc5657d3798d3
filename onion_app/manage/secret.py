"""How a command that needs the keys comes by them: it asks the operator, opens the slots, and keeps neither."""

import argparse
import sys

from onion_app.crypto.keyslots import VaultKeys, open_slots
from onion_app.errors import BadAnswers, BadUsage
from onion_app.launch import stdin_answers
from onion_app.launch.state import State
from onion_app.launch.terminal import Terminal
from onion_app.vault import keyfile


def asked(chosen: argparse.Namespace, terminal: Terminal) -> str:
    """Ask for the passphrase or the spare code, or take it from the answers on standard input.

    Raises: BadUsage without a terminal, BadAnswers.
    """
    if chosen.answers:
        given = stdin_answers.read(sys.stdin.fileno())
        if not (given.passphrase or given.spare_code):
            raise BadAnswers("passphrase or spare_code is needed")
        return given.passphrase or given.spare_code
    if not sys.stdin.isatty():
        raise BadUsage("standard input is no terminal; see --answers in --help")
    return terminal.ask("Passphrase, or spare code: ", hidden=True)


def keys(chosen: argparse.Namespace, place: State, terminal: Terminal) -> VaultKeys:
    """Open the slots of a state.

    Raises: VaultDamaged, VaultNewer, WrongPassphrase, and what `asked` raises.
    """
    slots = keyfile.read(place.path)  # first: nobody types a secret for a state that is not there
    return open_slots(slots, asked(chosen, terminal))
