"""Somebody who has seized the three databases and some secrets, and tries every key on every lock."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import product
from typing import Any

from onion_app.crypto import casekeys, codes, members, payloads, sealing
from onion_app.crypto.keys import KEY_BYTES, keypair_from, shared_secret
from onion_app.errors import SanctuaryError, SealBroken
from tests.tables import Tables, values_in


class Keyring:
    """All keys that are within reach, and all that they open.

    `lists` has for each case every list of its author's public keys that somebody knows or supposes.
    """

    def __init__(self, tables: Tables, keys: Sequence[bytes]) -> None:
        """Begin with some keys of 32 bytes."""
        self.tables = tables
        self.privates = set(keys)
        self.cases = {row[0] for row in tables["mailbox.cases"]}
        self.lists = {row[0]: {casekeys.split_codes(row[3])} for row in tables["mailbox.cases"]}

    def try_every_value(self) -> None:
        """Try every value of the tables that could be a key."""
        self.privates |= values_in(self.tables, KEY_BYTES)

    def suppose_first_keys(self, case: bytes) -> None:
        """Take every value of the tables for the first public key of a case whose row is gone."""
        self.lists.setdefault(case, set()).update((value,) for value in values_in(self.tables, KEY_BYTES))

    def try_passphrase(self, passphrase: str) -> None:
        """Try a passphrase on the secrets of every moderator."""
        for blob in _blobs(self.tables["desk.moderators"]):
            with suppress(SanctuaryError):
                self.privates.add(members.unlock_secrets(blob, passphrase).private)

    def try_code(self, code: str, salt: bytes) -> None:
        """Try 28 digits as a recovery sheet and as a return code."""
        for blob in _blobs(self.tables["desk.moderators"]):
            with suppress(SanctuaryError):
                self.privates.add(members.open_sheet(blob, code))
        found = codes.derive(code, salt)
        self.privates |= {found.tag, found.box, found.stop}

    def opened(self) -> dict[bytes, list[str]]:
        """Open all that opens, and give the texts by their case."""
        return {case: [_text(payload) for payload in found] for case, found in self.opened_payloads().items()}

    def opened_payloads(self) -> dict[bytes, list[payloads.Payload]]:
        """Open all that opens, and give it by its case."""
        self._open_grants()
        self._open_boxes()
        pairs = {keypair_from(private).public: private for private in self.privates}
        found: dict[bytes, list[payloads.Payload]] = {}
        for case in {row[0] for row in self.tables["mailbox.messages"]} | {row[1] for row in self._entries}:
            keys = self.privates | set(self._handed(case))
            for listed in self.lists.get(case, ()):
                keys |= set(self._message_keys(case, listed, pairs)) | set(self._note_keys(case, listed))
            if opened := [payload for row, key in product(self._rows(case), keys) for payload in _opened(row, key)]:
                found[case] = opened
        return found

    @property
    def _entries(self) -> list[tuple[Any, ...]]:
        return self.tables["desk.entries"]

    def _rows(self, case: bytes) -> Iterator[tuple[sealing.Place, bytes]]:
        for row in self.tables["mailbox.messages"]:
            if row[0] == case:
                yield sealing.MessagePlace(case, row[2], row[1], row[3]), row[-1]
        for entry_id, case_id, kind, number, _, _, _, author, _, sealed in self._entries:
            if case_id == case:
                yield sealing.EntryPlace(case, entry_id, number, kind, author), sealed

    def _message_keys(self, case: bytes, listed: tuple[bytes, ...], pairs: dict[bytes, bytes]) -> Iterator[bytes]:
        """Work out every key of a case with the product's own equation, as either side would."""

        def share(at: int, circle_key: bytes) -> bytes:
            for mine, other in ((circle_key, listed[at]), (listed[at], circle_key)):
                if mine in pairs:
                    return shared_secret(pairs[mine], other)
            raise SealBroken

        keys = casekeys.MessageKeys(case, listed, share)
        circle_keys = {row[2] for name in ("desk", "shown") for row in self.tables[f"{name}.circle_keys"]}
        turns = {row[4] for row in self.tables["mailbox.messages"] if row[0] == case}
        for turn, circle_key, count in product(turns, circle_keys, range(1, len(listed) + 1)):
            with suppress(SealBroken):
                yield keys.key(turn, circle_key, count)

    def _note_keys(self, case: bytes, listed: tuple[bytes, ...]) -> Iterator[bytes]:
        if any(row[1] == case for row in self._entries):
            yield from (casekeys.note_key(private, case, listed[0]) for private in self.privates)

    def _handed(self, case: bytes) -> Iterator[bytes]:
        handed = [row for row in self.tables["desk.handed"] if row[0] == case]
        firsts = {listed[0] for listed in self.lists.get(case, ())}
        for (_, turn, *to, sealed), first, private in product(handed, firsts, self.privates):
            with suppress(SealBroken):
                place = {"case_id": case, "first": first, "turn": turn, "to": tuple(to)}
                yield from casekeys.open_handed(sealed, private, **place).values()

    def _open_grants(self) -> None:
        moderators = [row[0] for row in self.tables["desk.moderators"]]
        for circle, generation, _, blob in self.tables["desk.circle_grants"]:
            for private, moderator in product(tuple(self.privates), moderators):
                place = {"circle_id": circle, "generation": generation, "moderator_id": moderator}
                with suppress(SealBroken):
                    self.privates.add(members.open_circle_key(blob, private_key=private, **place))

    def _open_boxes(self) -> None:
        boxes = [(row[0], row[5]) for row in self.tables["mailbox.cases"] if row[5] is not None]
        for (case, box), key in product(boxes, tuple(self.privates)):
            with suppress(SealBroken):
                self.privates |= set(casekeys.open_box(key, case, box)[1])


def _opened(row: tuple[sealing.Place, bytes], key: bytes) -> list[payloads.Payload]:
    """Open one sealed row with this key, if it opens."""
    place, sealed = row
    try:
        return [payloads.unpack(sealing.open_seal(key, sealed, place))]
    except SealBroken:
        return []


def _text(payload: payloads.Payload) -> str:
    return payload.text if isinstance(payload, payloads.Text) else repr(payload)


def _blobs(rows: list[tuple[Any, ...]]) -> list[bytes]:
    """List everything in these rows that is locked."""
    return [value for row in rows for value in row if isinstance(value, bytes) and len(value) > KEY_BYTES]
