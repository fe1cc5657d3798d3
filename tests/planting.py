"""An intruder with the mailbox key, who puts keys of their own where a case's keys stand, and reads what they can."""

from contextlib import suppress
from dataclasses import replace

from onion_app.crypto.epochs import AUTHOR_HOLDER, Epoch, first_epoch, unwrap, wrap
from onion_app.crypto.keys import KeyPair, fingerprint, new_id, new_keypair
from onion_app.crypto.payloads import Payload, Text, pack, unpack
from onion_app.crypto.sealing import Place, open_seal, seal
from onion_app.errors import SealBroken
from onion_app.vault.mailbox import case_keys, lifetime, messages
from tests.world import Author, World

_PLANT = "INSERT OR REPLACE INTO case_keys (case_id, epoch, holder, recipient, wrap) VALUES (?, ?, ?, ?, ?)"


class Intruder:
    """Somebody who writes past every function of ours, and keeps a copy of every key they have ever had."""

    def __init__(self, world: World, case_id: bytes) -> None:
        """Look at what stands unsealed with a case: the circle, and both public keys."""
        self.db = world.mailbox
        self.case_id = case_id
        self.circle_id = lifetime.read_case(self.db, case_id).circle_id
        self.circle_key = world.public_key(self.circle_id)
        self.author_key = case_keys.author_key_of(self.db, case_id) or bytes(32)
        self.pair = new_keypair()
        self.keys: set[bytes] = set()

    def runs(self, sql: str, *values: int | str | bytes | None) -> None:
        """Write anything."""
        with self.db.writing():
            assert self.db.run(sql, values) > 0

    def plants(
        self, number: int, *holders: bytes, like: Epoch | None = None, at: int | None = None, says: str = ""
    ) -> Epoch:
        """Put an epoch of their own, over what is there, for the circle, the author (`AUTHOR_HOLDER`) or both."""
        mine = first_epoch(self.case_id, self.circle_id, self.circle_key, None)
        epoch = like or replace(mine, number=number, author=self.author_key)
        self.keys.add(epoch.key)
        public = {self.circle_id: self.circle_key, AUTHOR_HOLDER: self.author_key}
        for holder in holders or public:
            sealed = wrap(epoch, holder=holder, public_key=public[holder])
            row = (self.case_id, number if at is None else at, holder, fingerprint(public[holder]), sealed)
            self.runs(_PLANT, *row)
        if says:
            self.says(epoch, says)
        return epoch

    def says(self, epoch: Epoch, words: str | Payload, author: str = "circle") -> None:
        """Write a message in anybody's name under a key that they have."""
        newest = self.db.rows("SELECT max(number) FROM messages WHERE case_id = ?", (self.case_id,))[0][0]
        number, message_id = int(newest or 0) + 1, new_id()
        letter = Text(words, 20_000, "Sara" if author == "circle" else "") if isinstance(words, str) else words
        sealed = seal(epoch.key, pack(letter), Place(self.case_id, epoch.number, message_id, number, author))
        row = (self.case_id, number, message_id, epoch.number, author, sealed)
        self.runs("INSERT INTO messages (case_id, number, id, epoch, author, sealed) VALUES (?, ?, ?, ?, ?, ?)", *row)

    def forges(self, author: Author, letter: Payload, name: str) -> None:
        """Write in anybody's name under the author's own key, as somebody could who controls the site meanwhile."""
        self.says(self.had(author.access.author, AUTHOR_HOLDER)[0], letter, name)

    def had(self, pair: KeyPair, holder: bytes) -> list[Epoch]:
        """Copy what a pair opens now, as somebody could who works here and is shut out later."""
        found = []
        for each in case_keys.wraps_of(self.db, self.case_id, holder):
            with suppress(SealBroken):
                place = {"case_id": self.case_id, "holder": holder, "private_key": pair.private}
                found.append(unwrap(each.wrap, epoch=each.epoch, **place))
        self.keys |= {epoch.key for epoch in found}
        return found

    def reads(self) -> list[str]:
        """Try every key they know or can open on every message of the case, and give the texts."""
        for holder in (self.circle_id, AUTHOR_HOLDER):
            self.had(self.pair, holder)
        found = []
        for each in messages.messages_of(self.db, self.case_id):
            place = Place(each.case_id, each.epoch, each.id, each.number, each.author)
            for key in self.keys:
                with suppress(SealBroken):
                    found.append(unpack(open_seal(key, each.sealed, place)))
        return [letter.text for letter in found if isinstance(letter, Text)]
