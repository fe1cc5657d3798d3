"""`passphrase` and `spare`: a new way to open the same keys. The other way stays, and what runs is not disturbed."""

import argparse
import json
import sys

from onion_app.crypto.codes import new_code
from onion_app.crypto.keyslots import change_passphrase, change_spare_code
from onion_app.crypto.passphrases import new_passphrase
from onion_app.launch import unlock
from onion_app.launch.state import State
from onion_app.launch.terminal import Terminal
from onion_app.manage import secret
from onion_app.vault import keyfile

_OLD_ONES = (
    "Backups made before now, and copies of vault.key, still open with the old one: make a new backup, destroy those."
)


def passphrase(chosen: argparse.Namespace, place: State, terminal: Terminal) -> None:
    """Draw a new passphrase, show it until it is typed back, and only then let it open the vault.

    Raises: what `secret.keys` raises.
    """
    keys = secret.keys(chosen, place, terminal)
    drawn = new_passphrase()
    if not chosen.answers:
        unlock.hand_over_passphrase(terminal, drawn, "the new passphrase of this installation")
    keyfile.write(place.path, change_passphrase(keyfile.read(place.path), keys, drawn))
    _done(chosen, terminal, "passphrase", drawn)


def spare(chosen: argparse.Namespace, place: State, terminal: Terminal) -> None:
    """Draw a new spare code, show it until a line is typed back, and only then let it open the vault.

    Raises: what `secret.keys` raises.
    """
    keys = secret.keys(chosen, place, terminal)
    drawn = new_code()
    if not chosen.answers:
        unlock.hand_over_spare_code(terminal, drawn, "the new spare code")
    keyfile.write(place.path, change_spare_code(keyfile.read(place.path), keys, drawn))
    _done(chosen, terminal, "spare_code", drawn)


def _done(chosen: argparse.Namespace, terminal: Terminal, name: str, drawn: str) -> None:
    if chosen.answers:
        sys.stdout.write(json.dumps({name: drawn}) + "\n")
    terminal.say("The new one holds, and the old one opens this installation no more.")
    terminal.say(_OLD_ONES)
