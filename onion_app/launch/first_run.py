"""The first run of an installation: keys, databases, one circle with its first invitation, the first guides.

vault.key is written last. Until then the installation does not exist: a first run that was cut off, at whatever point,
is begun again from nothing, and it never touches an installation that has its keys.
"""

import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from onion_app import days
from onion_app.crypto.codes import invitation_digest, new_code, new_salt
from onion_app.crypto.keyslots import VaultKeys, close_slots, new_vault_keys
from onion_app.crypto.onion_key import OnionKey, new_onion_key
from onion_app.crypto.passphrases import new_passphrase
from onion_app.errors import VaultDamaged
from onion_app.launch import starter_guides
from onion_app.launch.state import State
from onion_app.launch.stdin_answers import Answers
from onion_app.vault import database, settings, statefiles
from onion_app.vault.connection import KINDS
from onion_app.vault.database import Clock, Database
from onion_app.vault.desk import circles, invitations
from onion_app.vault.show import show

_MARK = "first-run"


@dataclass(frozen=True)
class FirstSecrets:
    """The secrets that a first run shows to people, once; none of them is kept in this form."""

    passphrase: str = field(repr=False)
    spare_code: str = field(repr=False)
    invitation: str = field(repr=False)


@dataclass(frozen=True)
class Installation:
    """The keys of an installation that was just made."""

    keys: VaultKeys
    onion: OnionKey


def is_due(state: State) -> bool:
    """Say whether this state still has to be made.

    Raises:
        VaultDamaged: there are databases, and their keys are missing.
    """
    mark = state.path / _MARK
    if (state.path / "vault.key").exists():
        mark.unlink(missing_ok=True)  # only the end of the first run was cut off
        return False
    if not mark.exists() and any(file for folder in state.databases for file in folder.glob("*")):
        raise VaultDamaged
    return True


def draw_secrets(answers: Answers) -> FirstSecrets:
    """Take the answers, and draw the secrets that are not among them: six words, a spare code, an invitation."""
    return FirstSecrets(answers.passphrase or new_passphrase(), answers.spare_code or new_code(), new_code())


def make_installation(
    state: State, drawn: FirstSecrets, find_us: Mapping[str, str], clock: Clock, hand_out: Callable[[VaultKeys], None]
) -> Installation:
    """Make the installation; `hand_out` runs when all but the keys is on the disk, and an error there undoes it all.

    Raises:
        DiskFull: there is no room for the databases.
        OSError: a file cannot be written.
    """
    _begin_from_nothing(state)
    keys, onion = new_vault_keys(), new_onion_key()
    today = days.today(clock)
    mailbox, shown, desk = (database.create_database(state.path / kind, kind, keys.of(kind)) for kind in KINDS)
    with desk.writing():
        settings.put_onion(desk, onion.secret, onion.address)
    _invite_the_first(desk, drawn.invitation, today)
    with shown.writing():
        settings.put_setting(shown, "how_to_find_us", dict(find_us))
        settings.put_setting(shown, "code_salt", new_salt())
    with mailbox.writing():
        show(shown, desk)
    starter_guides.store_guides(shown, desk)
    for opened in (desk, shown, mailbox):
        opened.checkpoint()
        opened.close()
    slots = close_slots(keys, drawn.passphrase, drawn.spare_code)
    hand_out(keys)
    statefiles.write_keyslots(state.path, slots)
    (state.path / _MARK).unlink()
    return Installation(keys, onion)


def _begin_from_nothing(state: State) -> None:
    """Note that a first run is under way, where a power cut leaves the note, and remove what an earlier one left."""
    (state.path / _MARK).touch(mode=0o600)
    statefiles.sync(state.path)
    for folder in state.databases:
        if folder.exists():
            shutil.rmtree(folder)


def _invite_the_first(desk: Database, invitation: str, today: int) -> None:
    """Make the one circle, to which every topic goes, and its coordinator's invitation, stored as a mark only."""
    circle = circles.Circle(
        id=secrets.token_bytes(16),
        name="First circle",
        topics=(),
        languages=(),
        catch_all=True,
        coordinators=True,
        generation=None,
    )
    circles.add_circle(desk, circle)
    new_invitation = invitations.new_invitation(circle.id, today, coordinator=True)
    invitations.add_invitation(desk, new_invitation, invitation_digest(invitation))
