"""The first run of an installation: keys, databases, one circle with its first invitation, the first guides.

vault.key is written last. Until then the installation does not exist: a first run that was cut off, at whatever point,
is begun again from nothing, and it never touches an installation that has its keys. None of the guides has been checked
by anybody who knows the place, and each says so where it is read.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from onion_app import days
from onion_app.choices import LANGUAGE_CODES, LanguageCode
from onion_app.country import country
from onion_app.crypto.codes import invitation_digest, new_code, new_salt
from onion_app.crypto.keys import new_id
from onion_app.crypto.keyslots import VaultKeys, close_slots, new_vault_keys
from onion_app.crypto.onion_key import OnionKey, new_onion_key
from onion_app.crypto.passphrases import new_passphrase
from onion_app.days import Clock
from onion_app.errors import EarlierInstallation, VaultDamaged
from onion_app.launch.state import State, default_state
from onion_app.launch.stdin_answers import Answers
from onion_app.launch.workplace import RESTORING
from onion_app.shapes import to_json
from onion_app.vault import database, settings, statefiles
from onion_app.vault.connection import KINDS
from onion_app.vault.database import Database
from onion_app.vault.desk import circles, guides, invitations, proposals
from onion_app.vault.settings import FarDesk
from onion_app.vault.show import show
from onion_app.vault.shown.reading import Version

_MARK = "first-run"
_DISKS: Final = Path("/etc/fstab")
GUIDES: Final = country().guide_files  # NAME.LANGUAGE.md, the title in the first line


@dataclass(frozen=True)
class FirstSecrets:
    """The secrets that a first run shows to people, once; none of them is kept in this form."""

    passphrase: str = field(repr=False)
    spare_code: str = field(repr=False)
    invitation: str = field(repr=False)


@dataclass(frozen=True)
class Drawn:
    """What a first run begins with; nothing of it is on the disk yet."""

    keys: VaultKeys
    onion: OnionKey
    secrets: FirstSecrets


@dataclass(frozen=True)
class Unlocked:
    """An installation that is unlocked."""

    keys: VaultKeys
    onion: OnionKey
    far: FarDesk = field(default_factory=FarDesk)
    bridges: tuple[str, ...] = field(default=(), repr=False)  # the lines of those that tor goes through
    first_secrets: FirstSecrets | None = None  # on a first run


def is_due(state: State) -> bool:
    """Say whether this state still has to be made.

    Raises:
        VaultDamaged: there are databases, and their keys are missing.
        EarlierInstallation: something tells that there was an installation here.
    """
    mark = state.path / _MARK
    if (state.path / "vault.key").exists():
        mark.unlink(missing_ok=True)  # only the end of the first run was cut off
        return False
    if mark.exists():
        return True
    _expect_none_before(state)
    if any(file for folder in state.databases for file in folder.glob("*")):
        raise VaultDamaged
    return True


def _expect_none_before(state: State) -> None:
    """See that nothing tells of an earlier installation; `scripts/as-account` asks root's account the same."""
    if (state.path / RESTORING).exists():
        raise EarlierInstallation("a restore was cut off here", "./scripts/manage restore FILE")
    for aside in sorted(state.path.glob("replaced-*")):
        raise EarlierInstallation(f"it was moved to {aside}", "./scripts/manage restore FILE --replace")
    for disk in missing_disks(state.path):
        raise EarlierInstallation(f"the disk of {disk} is missing", f"mount {disk} && ./scripts/launch")
    named = os.environ.get("XDG_STATE_HOME", "")
    if named and not Path(named).is_absolute() and state.path == default_state().resolve():
        fact = f"XDG_STATE_HOME is {named}, which is another folder wherever you stand"
        raise EarlierInstallation(fact, "unset XDG_STATE_HOME; ./scripts/launch")


def missing_disks(path: Path) -> list[str]:
    """Name the folders above a path, or at it, where the system's table wants a disk and where none is mounted."""
    try:
        lines = [line.split() for line in _DISKS.read_text(errors="replace").splitlines()]
    except OSError:
        return []
    wanted = [Path(words[1].replace("\\040", " ")) for words in lines if len(words) > 1 and words[0][0] != "#"]
    return [str(disk) for disk in wanted if disk in (path, *path.parents) and not disk.is_mount()]


def draw_secrets(answers: Answers) -> Drawn:
    """Take the answers, and draw what is not among them: keys, address, six words, a spare code, an invitation."""
    words = FirstSecrets(answers.passphrase or new_passphrase(), answers.spare_code or new_code(), new_code())
    return Drawn(new_vault_keys(), new_onion_key(), words)


def make_installation(
    state: State, drawn: Drawn, find_us: Mapping[str, str], clock: Clock, hand_out: Callable[[], None]
) -> Unlocked:
    """Make the installation; `hand_out` runs when all but the keys is on the disk, and an error there undoes it all.

    Raises:
        DiskFull: there is no room for the databases.
        OSError: a file cannot be written.
    """
    _begin_from_nothing(state)
    keys, onion, handed = drawn.keys, drawn.onion, drawn.secrets
    today = days.today(clock)
    mailbox, shown, desk = (database.create_database(state.path / kind, kind, keys.of(kind)) for kind in KINDS)
    with desk.writing():
        settings.put_onion(desk, onion)
    _invite_the_first(desk, handed.invitation, today)
    with desk.writing():
        words = dict.fromkeys(LANGUAGE_CODES, "") | dict(find_us)
        settings.put_setting(desk, "how_to_find_us", words)
        proposals.add_proposal(desk, _set_alone(words, today))
    with shown.writing():
        settings.put_setting(shown, "code_salt", new_salt())
    store_guides(desk)
    with mailbox.writing():
        show(shown, desk)
    for opened in (desk, shown, mailbox):
        opened.checkpoint()
        opened.close()
    slots = close_slots(keys, handed.passphrase, handed.spare_code)
    hand_out()
    statefiles.write_keyslots(state.path, slots)
    (state.path / _MARK).unlink()
    return Unlocked(keys, onion, first_secrets=handed)


def take_back(state: State) -> None:
    """Undo a first run whose secrets nobody took, so that it is begun again."""
    (state.path / _MARK).touch(mode=0o600)
    (state.path / "vault.key").unlink()
    statefiles.sync(state.path)


def _begin_from_nothing(state: State) -> None:
    """Note that a first run is under way, where a power cut leaves the note, and remove what an earlier one left."""
    (state.path / _MARK).touch(mode=0o600)
    statefiles.sync(state.path)
    for folder in state.databases:
        if folder.exists():
            shutil.rmtree(folder)


def _set_alone(find_us: Mapping[str, str], today: int) -> proposals.Proposal:
    """Note the operator's words, which nobody has agreed to, so that the second person reads them on coming."""
    wanted = to_json({code: [words] for code, words in find_us.items()})
    before, matter = to_json({code: [""] for code in find_us}), secrets.token_bytes(32)
    return proposals.Proposal(
        new_id(), "find_us", bytes(16), wanted, None, matter, today, state="alone", decided_day=today, before=before
    )


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
    first = replace(invitations.new_invitation(circle.id, today, coordinator=True), state="open")
    with desk.writing():
        circles.add_circle(desk, circle)
        invitations.insert_invitation(desk, first, invitation_digest(invitation))


def store_guides(desk: Database) -> None:
    """Show the guide for danger at once; the others wait at the desk until somebody there finds them good enough."""
    for slug in sorted({path.name.partition(".")[0] for path in GUIDES.glob("*.md")}):
        guide_id = guides.begin_guide(desk, new_id(), slug)
        for language, (title, body) in words_of_guide(slug).items():
            guides.save_draft(desk, Version(guide_id, language, title, body))
        if slug == "now":
            with desk.writing():
                guides.show_words(desk, guides.read_guide(desk, guide_id)[1])


def words_of_guide(slug: str) -> dict[LanguageCode, tuple[str, str]]:
    """Give the title and the words of a guide that the program comes with, in each language in which there are any."""
    words: dict[LanguageCode, tuple[str, str]] = {}
    for language in LANGUAGE_CODES:
        if (path := GUIDES / f"{slug}.{language}.md").is_file():
            title, _, body = path.read_text("utf-8").partition("\n")
            words[language] = title.removeprefix("# ").strip(), body.strip()
    return words
