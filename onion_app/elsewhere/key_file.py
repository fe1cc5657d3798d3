"""The one file of a volunteer's machine: its key and the desk's address, locked under a passphrase."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Final

from onion_app.crypto.machine_keys import MachineKey, machine_key, new_machine_key
from onion_app.crypto.passphrases import PASSWORD, lock, unlock
from onion_app.errors import VaultDamaged, WrongPassphrase
from onion_app.shapes import from_json, to_json
from onion_app.vault.bridge_lines import is_bridge
from onion_app.vault.statefiles import sync

_PURPOSE: Final = "machine key"

Bridges = tuple[Annotated[str, is_bridge], ...]
"""The lines of those through which alone tor leaves this machine; none: it goes directly."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The private half, and, once the operator has told it, where the desk is: its onion, and its address here."""

    private: Annotated[bytes, 32] = field(repr=False)
    onion: str = ""
    desk_url: str = ""
    bridges: Bridges = field(default=(), repr=False)

    @property
    def key(self) -> MachineKey:
        """The pair."""
        return machine_key(self.private)


def make_machine(file: Path, passphrase: str) -> Machine:
    """Make the key of this machine, and keep it."""
    machine = Machine(new_machine_key().private)
    keep_machine(file, passphrase, machine)
    return machine


def keep_machine(file: Path, passphrase: str, machine: Machine) -> None:
    """Write the file whole, or leave the one that is there."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.parent.chmod(0o700)
    beside = file.with_name(f"{file.name}-new")
    beside.write_bytes(lock(to_json(asdict(machine)).encode(), passphrase, _PURPOSE, PASSWORD))
    beside.chmod(0o600)
    sync(beside)
    beside.replace(file)
    sync(file.parent)


def open_machine(file: Path, passphrase: str) -> Machine:
    """Unlock it.

    Raises:
        WrongPassphrase: it is another one, or the file was changed.
    """
    try:
        return from_json(Machine, unlock(file.read_bytes(), passphrase, _PURPOSE, PASSWORD), VaultDamaged)
    except (WrongPassphrase, VaultDamaged):
        raise WrongPassphrase("of this machine", "./scripts/desk   (and type it again)") from None
