"""Somebody who has seized both databases and some secrets, and tries every key on every lock."""

from contextlib import suppress
from itertools import product
from typing import Any

from onion_app.crypto import codes, epochs, members, payloads, sealing
from onion_app.crypto.keys import keypair_from
from onion_app.errors import SanctuaryError, SealBroken
from tests.tables import Tables, everything_in

KEY_BYTES = 32


class Keyring:
    """All keys that are within reach, and all that they open."""

    def __init__(self, tables: Tables, keys: list[bytes]) -> None:
        """Begin with some keys of 32 bytes."""
        self.tables = tables
        self.everything = everything_in(tables)
        self.privates = set(keys)
        self.cases = {row[0] for row in tables["mailbox.cases"]}

    def try_every_value(self) -> None:
        """Try every value of the tables that could be a key."""
        values = [value for rows in self.tables.values() for row in rows for value in row]
        self.privates |= {value for value in values if isinstance(value, bytes) and len(value) == KEY_BYTES}

    def try_passphrase(self, passphrase: str) -> None:
        """Try a passphrase on the secrets of every moderator."""
        for blob in blobs(self.tables["desk.moderators"]):
            with suppress(SanctuaryError):
                self.privates.add(members.unlock_secrets(blob, passphrase).private)

    def try_code(self, code: str, salt: bytes) -> None:
        """Try 28 digits as a recovery sheet and as a return code."""
        for blob in blobs(self.tables["desk.moderators"]):
            with suppress(SanctuaryError):
                self.privates.add(members.open_sheet(blob, code))
        self.privates.add(codes.derive(code, salt).author.private)

    def opened(self) -> dict[bytes, list[str]]:
        """Open all that opens, and give the texts by their case."""
        moderators = [row[0] for row in self.tables["desk.moderators"]]
        pairs = [keypair_from(private) for private in self.privates]
        for (circle, generation, *_), blob in rows_with_blobs(self.tables["desk.circle_grants"]):
            for pair, moderator in product(pairs[:], moderators):
                place = {"circle_id": circle, "generation": generation, "moderator_id": moderator}
                with suppress(SealBroken):
                    pairs.append(keypair_from(members.open_circle_key(blob, private_key=pair.private, **place)))
        found: dict[bytes, list[str]] = {}
        for (case, epoch, holder, *_), blob in rows_with_blobs(self.tables["mailbox.case_keys"]):
            for private in (pair.private for pair in pairs):
                try:
                    key = epochs.unwrap(blob, case_id=case, epoch=epoch, holder=holder, private_key=private).key
                except SealBroken:
                    continue
                found.setdefault(case, []).extend(self.texts(case, epoch, key))
        for row, key in product(self.tables["mailbox.messages"], self.privates):  # as if one were the key of the case
            found.setdefault(row[0], []).extend(open_message(row, key))
        return {case: texts for case, texts in found.items() if texts}

    def texts(self, case: bytes, epoch: int, key: bytes) -> list[str]:
        """Open the messages of a case with its key."""
        rows = [row for row in self.tables["mailbox.messages"] if (row[0], row[3]) == (case, epoch)]
        return [text for row in rows for text in open_message(row, key)]


def open_message(row: tuple[Any, ...], key: bytes) -> list[str]:
    """Open one row of messages with this key, if it opens."""
    case, number, message, epoch, author, sealed = row
    try:
        packed = sealing.open_seal(key, sealed, sealing.Place(case, epoch, message, number, author))
    except SealBroken:
        return []
    letter = payloads.unpack(packed)
    return [letter.text if isinstance(letter, payloads.Text) else repr(letter)]


def blobs(rows: list[tuple[Any, ...]]) -> list[bytes]:
    """List everything in these rows that is locked."""
    return [value for row in rows for value in row if isinstance(value, bytes) and len(value) > KEY_BYTES]


def rows_with_blobs(rows: list[tuple[Any, ...]]) -> list[tuple[tuple[Any, ...], bytes]]:
    return [(row, blob) for row in rows for blob in blobs([row])]
