"""Commands for the machines of volunteers elsewhere: which of them find the desk's own onion.

A machine is no person: who is shut out by `remove HANDLE` logs in nowhere, and a machine that is removed says nothing
about who sits before it.
"""

import argparse
from dataclasses import replace

from onion_app.crypto.keyslots import VaultKeys
from onion_app.crypto.machine_keys import MachineKey, read_public
from onion_app.crypto.onion_key import OnionKey, new_onion_key
from onion_app.errors import BadSetting, LauncherSilent, LauncherSuspended, MachineListRefused, NotRunning
from onion_app.launch import manage_socket, unlock
from onion_app.launch.carry_over import opened
from onion_app.launch.far_order import MOST_MACHINES, far_desk_order
from onion_app.launch.state import State
from onion_app.launch.terminal import Terminal
from onion_app.manage.offline import open_keys
from onion_app.vault import settings
from onion_app.vault.settings import FarDesk

_REMOVED = "This person can still log in elsewhere:\n    ./scripts/manage remove HANDLE"


def add(chosen: argparse.Namespace, state: State, terminal: Terminal) -> None:
    """Let one more machine find the desk, and print what its volunteer types there.

    Raises:
        MachineKeyMistyped: the public half is none.
        MachineListRefused: there is such a name with another key, or such a key by another name, or no room.
        LauncherSilent, LauncherSuspended: the launcher does not know of it yet; typed once more, this tells it.
    """
    public = read_public(" ".join(chosen.public))
    keys = open_keys(chosen, state, terminal)
    with opened(state, "desk", keys) as desk:
        before = settings.read_far_desk(desk)
        if before.machines.get(chosen.name) != public:  # else perhaps the launcher did not hear of it
            _expect_room(before, chosen.name, public)
        onion = before.onion or new_onion_key()
        far = FarDesk(onion, before.machines | {chosen.name: public})
        try:
            settings.change_far_desk(desk, far)
        except BadSetting:
            raise MachineListRefused("a name has 1 to 40 letters, and none that is not seen") from None
    _hand_over(state, terminal, far, drop_all=False)
    terminal.say(f"{chosen.name} is added. This line goes to its volunteer, who types it there:")
    terminal.say(f"    {_line(onion, chosen, keys)}")


def _expect_room(before: FarDesk, name: str, public: str) -> None:
    if name in before.machines or public in before.machines.values():
        raise MachineListRefused("there is such a name, or such a key, already")
    if len(before.machines) >= MOST_MACHINES:
        raise MachineListRefused(f"it has {MOST_MACHINES} machines, and no room for more")


def remove(chosen: argparse.Namespace, state: State, terminal: Terminal) -> None:
    """Let a machine find the desk no more, and end every session that came through the desk's onion.

    Raises:
        MachineListRefused: there is no such name.
        LauncherSilent, LauncherSuspended: the launcher does not know of it yet; typed once more, this tells it.
    """
    keys = open_keys(chosen, state, terminal)
    with opened(state, "desk", keys) as desk:
        before = settings.read_far_desk(desk)
        if chosen.name not in before.machines:
            # P02: perhaps it was just removed, and the launcher did not hear of it.
            if before.onion:
                _hand_over(state, terminal, before, drop_all=True)
            raise MachineListRefused("there is no such name")
        far = replace(before, machines={name: key for name, key in before.machines.items() if name != chosen.name})
        if chosen.new_address:
            far = replace(far, onion=new_onion_key())
        settings.change_far_desk(desk, far)
    _hand_over(state, terminal, far, drop_all=True)
    terminal.say(f"{chosen.name} is removed. Sessions from all machines elsewhere are over; the others log in again.")
    if chosen.new_address and far.onion:
        terminal.say("The address is another one. This line goes to the others, who type it once:")
        terminal.say(f"    {_line(far.onion, chosen, keys)}")
    terminal.say(_REMOVED)


def show(chosen: argparse.Namespace, state: State, terminal: Terminal) -> None:
    """Print the machines, and the line that their volunteers type."""
    keys = open_keys(chosen, state, terminal)
    with opened(state, "desk", keys) as desk:
        far = settings.read_far_desk(desk)
    for name, public in sorted(far.machines.items()):
        terminal.say(f"{name}: {MachineKey(b'', public).shown}")
    if far.onion and far.machines:
        terminal.say("Each of their volunteers types this line there, once:")
        terminal.say(f"    {_line(far.onion, chosen, keys)}")
    else:
        terminal.say("No machine elsewhere finds the desk, and it has no onion.")


def _line(onion: OnionKey, chosen: argparse.Namespace, keys: VaultKeys) -> str:
    """Give the line that a volunteer types; it opens nothing without a machine's key, and names where the desk is."""
    return f"./scripts/desk {onion.address} {unlock.desk_url(keys, chosen.desk_port)}"


def _hand_over(state: State, terminal: Terminal, far: FarDesk, *, drop_all: bool) -> None:
    """Hand the launcher the whole list; one that does not run reads it at its next start.

    Raises:
        SanctuaryError: it does not answer; the list is kept all the same.
    """
    try:
        answer = manage_socket.ask_launcher(state.manage_socket, far_desk_order(far, drop_all=drop_all))
    except (LauncherSilent, LauncherSuspended):  # P02: it runs, and lets in whom it let in before
        raise
    except NotRunning:
        answer = {}
    if not answer.get("taken"):
        terminal.say("No launcher runs here unlocked: this holds from its next start on.")
