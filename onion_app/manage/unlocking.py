"""`unlock`: hands the passphrase, or the spare code, to a launcher that has started locked, as a service does."""

import argparse

from onion_app.errors import NothingToUnlock
from onion_app.launch import locked, manage_socket
from onion_app.launch.state import State
from onion_app.launch.terminal import Terminal
from onion_app.manage.offline import ask_secret


def unlock(chosen: argparse.Namespace, state: State, terminal: Terminal) -> None:
    """Ask for the secret, and have the launcher that waits for it open the state.

    Raises:
        NothingToUnlock: no launcher waits for it.
        SanctuaryError: it is wrong, or the state does not open.
    """
    if not manage_socket.ask_launcher(state.manage_socket, "status").get("locked"):
        raise NothingToUnlock  # before anybody types a secret
    secret = ask_secret(chosen, terminal)
    terminal.say("Opening the vault ...")
    locked.hand_over(state, secret)
    terminal.say("Unlocked: it starts now. How it is: ./scripts/manage status")
