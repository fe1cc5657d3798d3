"""An intruder with the mailbox key, who writes past every function of ours, and reads whatever their keys open."""

from collections.abc import Sequence
from contextlib import suppress

from onion_app.choices import MessageAuthor
from onion_app.crypto.casekeys import KeyName, MessageKeys
from onion_app.crypto.keys import KeyPair, keypair_from, new_id, shared_secret
from onion_app.crypto.payloads import Payload, Text, pack, unpack
from onion_app.crypto.sealing import MessagePlace, open_seal, seal
from onion_app.errors import SealBroken
from onion_app.vault.mailbox import case_keys, messages
from tests.tables import opened
from tests.world import World

_PLANT = (
    "INSERT INTO messages (case_id, number, id, author, turn, generation, codes, sealed) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)


class Intruder:
    """Somebody who has copies of all three files, and whichever private halves a test gives them."""

    def __init__(self, world: World, case_id: bytes) -> None:
        """Look at a case as it stands now."""
        self.world, self.db, self.case_id = world, world.mailbox, case_id
        self.row = case_keys.key_row(self.db, case_id)

    def runs(self, sql: str, *values: int | str | bytes | None) -> None:
        """Write anything, with a SQLite that looks at no CHECK."""
        with opened(self.db.folder / "mailbox.db", self.world.keys.mailbox) as link:
            link.execute("PRAGMA ignore_check_constraints = ON")
            assert link.execute(sql, values).rowcount > 0

    def has_codes(self, *codes: bytes) -> None:
        """Put another list of public keys into the row."""
        self.runs("UPDATE cases SET codes = ? WHERE id = ?", b"".join(codes), self.case_id)

    def puts_back(self) -> None:
        """Put the row back as it stood when this intruder first looked, code and all."""
        with self.db.writing():
            case_keys.write_key_row(self.db, self.row)

    def as_circle(self, pair: KeyPair, codes: Sequence[bytes] | None = None) -> MessageKeys:
        """Work out keys with a private half that a circle has or had."""
        listed = self.row.codes if codes is None else codes
        return MessageKeys(self.case_id, listed, lambda at, _circle: shared_secret(pair.private, listed[at]))

    def as_author(self, *privates: bytes) -> MessageKeys:
        """Work out keys with the private halves that a code opens, or that somebody has made up."""
        codes = [keypair_from(private).public for private in privates]
        return MessageKeys(self.case_id, codes, lambda at, circle: shared_secret(privates[at], circle))

    def opens(self, keys: MessageKeys, *circle_keys: bytes) -> list[Payload]:
        """Try every key that can be worked out for every message of the case, and give what opens, the oldest first."""
        ever = self.world.shown.rows("SELECT public_key FROM circle_keys")
        public = circle_keys or [row[0] for row in ever if isinstance(row[0], bytes)]
        found = []
        for message in messages.messages_of(self.db, self.case_id):
            for circle_key in public:
                with suppress(SealBroken):
                    key = keys.key(message.turn, circle_key, message.codes)
                    found.append(unpack(open_seal(key, message.sealed, message.place)))
        return found

    def reads(self, keys: MessageKeys) -> list[str]:
        """Give the texts among them."""
        return [payload.text for payload in self.opens(keys) if isinstance(payload, Text)]

    def says(
        self,
        words: str | Payload,
        keys: MessageKeys,
        circle_key: bytes,
        name: KeyName,
        author: MessageAuthor = "circle",
        at: int | None = None,
    ) -> bytes:
        """Write a message in anybody's name under a key that they have; gives its id."""
        newest = self.db.rows("SELECT max(number) FROM messages WHERE case_id = ?", (self.case_id,))[0][0]
        number, message_id = int(newest or 0) + 1 if at is None else at, new_id()
        letter = Text(words, 20_000, "Sara" if author == "circle" else "") if isinstance(words, str) else words
        key = keys.key(name.turn, circle_key, name.codes)
        sealed = seal(key, pack(letter), MessagePlace(self.case_id, message_id, number, author))
        self.runs(_PLANT, self.case_id, number, message_id, author, *name, sealed)
        return message_id
