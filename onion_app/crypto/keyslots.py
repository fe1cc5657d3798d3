"""The file of keys: the database keys, locked once by the operator's passphrase and once by the spare code.

# P05: neither of the two opens a case; they open the databases, in which every text is sealed to a circle.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from onion_app.crypto.codes import read_code
from onion_app.crypto.keys import KEY_BYTES, new_key, subkey
from onion_app.crypto.passphrases import CODE, VAULT, Profile, lock, unlock
from onion_app.errors import CodeMistyped, VaultDamaged, VaultNewer, WrongPassphrase
from onion_app.shapes import as_shape, from_json

FORMAT = 1
Slot = Literal["passphrase", "spare"]
_SLOTS: Final[dict[Slot, tuple[str, Profile]]] = {
    "passphrase": ("vault passphrase", VAULT),
    "spare": ("vault spare code", CODE),
}


@dataclass(frozen=True, slots=True)
class VaultKeys:
    """The raw keys of the databases, 32 bytes each; that of `shown.db` follows from the mailbox's."""

    mailbox: bytes = field(repr=False)
    desk: bytes = field(repr=False)

    @property
    def shown(self) -> bytes:
        """The key of the file that the site only reads."""
        return shown_key(self.mailbox)

    def of(self, kind: Literal["mailbox", "shown", "desk"]) -> bytes:
        """Give the key of one database."""
        return {"mailbox": self.mailbox, "shown": self.shown, "desk": self.desk}[kind]


def shown_key(mailbox_key: bytes) -> bytes:
    """Derive the key of `shown.db` from that of the mailbox: whoever serves pages has both."""
    return subkey(mailbox_key, "shown.db")


def new_vault_keys() -> VaultKeys:
    """Draw both keys."""
    return VaultKeys(new_key(), new_key())


def close_slots(keys: VaultKeys, passphrase: str, spare_code: str) -> str:
    """Lock both keys under the passphrase (256 MiB) and under the spare code; gives the text of the file."""
    secrets: dict[Slot, str] = {"passphrase": passphrase, "spare": spare_code}
    return _written({slot: _locked(keys, slot, secret) for slot, secret in secrets.items()})


def open_slots(text: str, secret: str) -> VaultKeys:
    """Unlock the keys with the passphrase or the spare code.

    Raises:
        WrongPassphrase: neither slot opens.
        VaultDamaged: the text is not a file of keys.
        VaultNewer: a newer version wrote it.
    """
    slots = _read_slots(text)
    try:
        both = unlock(slots["spare"], read_code(secret), *_SLOTS["spare"])
    except (CodeMistyped, WrongPassphrase):
        both = unlock(slots["passphrase"], secret, *_SLOTS["passphrase"])
    return VaultKeys(both[:KEY_BYTES], both[KEY_BYTES:])


def change_slot(text: str, keys: VaultKeys, slot: Slot, secret: str) -> str:
    """Lock the keys under another passphrase or spare code and leave the other slot as it is; gives the new text.

    Raises:
        VaultDamaged: the text is not a file of keys.
        VaultNewer: a newer version wrote it.
    """
    return _written(_read_slots(text) | {slot: _locked(keys, slot, secret)})


def _locked(keys: VaultKeys, slot: Slot, secret: str) -> bytes:
    return lock(keys.mailbox + keys.desk, read_code(secret) if slot == "spare" else secret, *_SLOTS[slot])


def _written(slots: Mapping[str, bytes]) -> str:
    return json.dumps({"format": FORMAT, "slots": {name: b64encode(slot).decode() for name, slot in slots.items()}})


def _read_slots(text: str) -> dict[str, bytes]:
    members = from_json(dict[str, Any], text, VaultDamaged)
    if as_shape(int, members.get("format"), VaultDamaged) > FORMAT:
        raise VaultNewer
    slots = as_shape(dict[str, str], members.get("slots"), VaultDamaged)
    try:
        return {name: b64decode(slots[name], validate=True) for name in ("passphrase", "spare")}
    except (ValueError, KeyError):
        raise VaultDamaged from None
