"""Somebody who writes mailbox.db past every function of ours, keeps a copy of every row, and holds whichever keys.

They work everything out with the product's own equations: where one of these is broken on purpose, they profit.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from typing import Any, Final

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from onion_app.choices import MessageAuthor
from onion_app.crypto.casekeys import KeyName, MessageKeys, open_box, open_handed
from onion_app.crypto.codes import CodeKeys
from onion_app.crypto.keys import KEY_BYTES, keypair_from, new_id, new_keypair, shared_secret
from onion_app.crypto.payloads import Payload, Text, pack
from onion_app.crypto.sealing import MessagePlace, open_seal, seal
from onion_app.errors import SealBroken
from onion_app.vault import connection
from onion_app.vault.mailbox.records import Message
from tests.world import World

Row = tuple[Any, ...]  # of the table of cases: id, home, mark, codes, tag, box, stop, circle_id, ...
HeldKeys = Mapping[tuple[bytes, int], bytes]  # by circle and generation: private halves
COLUMNS: Final = ("id", "home", "mark", "codes", "tag", "box", "stop", "circle_id")
_MESSAGES: Final = "SELECT case_id, number, id, author, turn, generation, codes, sealed FROM messages"

_shared = cache(shared_secret)


class Intruder:
    """The files of the mailbox are theirs; `circle_keys` and `authors` are the private halves that they hold."""

    def __init__(self, world: World) -> None:
        """Begin with one key pair of their own."""
        self.world = world
        self.goes_in()
        self.rows: dict[bytes, dict[Row, None]] = {}  # in the order in which they were seen
        self.messages: dict[Message, None] = {}
        self.handed: dict[tuple[bytes, int], tuple[bytes, int, bytes]] = {}
        self.circle_keys: dict[tuple[bytes, int], bytes] = {}
        own = new_keypair()
        self.own = own.public
        self.authors: dict[bytes, bytes] = {own.public: own.private}
        self._tried: set[tuple[bytes, bytes]] = set()

    def goes_in(self) -> None:
        """Open the file past every check."""
        self.file = connection.connect(self.world.state.path / "mailbox", "mailbox", self.world.keys.mailbox)
        self.file.set_authorizer(None)
        for pragma in ("foreign_keys = OFF", "ignore_check_constraints = ON", "synchronous = OFF"):
            self.file.execute(f"PRAGMA {pragma}")

    def close(self) -> None:
        self.file.close()

    # --- the files --------------------------------------------------------------------------------------------------

    def looks(self) -> None:
        """Copy every row that stands in a file now."""
        for row in self.file.execute("SELECT * FROM cases").fetchall():
            self.rows.setdefault(row[0], {})[row] = None
        self.messages |= {Message(*row): None for row in self.file.execute(_MESSAGES).fetchall()}
        for case_id, turn, *rest in self.world.desk.rows(
            "SELECT case_id, turn, circle_id, generation, sealed FROM handed"
        ):
            self.handed[case_id, turn] = tuple(rest)  # type: ignore[index, assignment]

    def row(self, case_id: bytes) -> Row | None:
        """Read the row of a case."""
        row: Row | None = self.file.execute("SELECT * FROM cases WHERE id = ?", (case_id,)).fetchone()
        return row

    def messages_of(self, case_id: bytes) -> list[Message]:
        """Read the messages of a case."""
        of_case = self.file.execute(_MESSAGES + " WHERE case_id = ? ORDER BY number", (case_id,)).fetchall()
        return [Message(*row) for row in of_case]

    def changes(self, case_id: bytes, **values: bytes | None) -> None:
        """Put other values into the row of a case."""
        row = self.row(case_id)
        assert row is not None
        changed = list(row)
        for name, value in values.items():
            changed[COLUMNS.index(name)] = value
        self.puts_row(tuple(changed))

    def codes_of(self, case_id: bytes) -> bytes:
        """Give the list of public keys in the row of a case."""
        return bytes((self.row(case_id) or (b"",) * 4)[3])

    def puts_row(self, row: Row) -> None:
        """Put a row, in place of what has its id, its mark or its tag."""
        self.file.execute(f"INSERT OR REPLACE INTO cases VALUES ({', '.join('?' * len(row))})", row)
        self.looks()

    def puts_messages(self, messages: Iterable[Message]) -> None:
        """Put messages, in place of those under their numbers."""
        for each in messages:
            row = (each.case_id, each.number, each.id, each.author, *each.key_name, each.sealed)
            self.file.execute("INSERT OR REPLACE INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        self.looks()

    def takes_away(self, case_id: bytes, *numbers: int) -> None:
        """Delete messages of a case; without a number the whole case."""
        self.looks()
        for number in numbers:
            self.file.execute("DELETE FROM messages WHERE case_id = ? AND number = ?", (case_id, number))
        if not numbers:
            self.file.execute("DELETE FROM messages WHERE case_id = ?", (case_id,))
            self.file.execute("DELETE FROM cases WHERE id = ?", (case_id,))

    def whole(self) -> list[tuple[str, list[Row]]]:
        """Copy the whole file."""
        tables = ("cases", "messages", "withdrawn", "counter")
        return [(table, self.file.execute(f"SELECT * FROM {table}").fetchall()) for table in tables]

    def puts_whole(self, copied: list[tuple[str, list[Row]]]) -> None:
        """Put a whole file back."""
        self.file.execute("BEGIN IMMEDIATE")
        for table, rows in copied:
            self.file.execute(f"DELETE FROM {table}")
            for row in rows:
                self.file.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        self.file.execute("COMMIT")

    def withdraws(self, *proofs: bytes) -> None:
        """Put 32 bytes each among the proofs."""
        for proof in proofs:
            self.file.execute("INSERT OR IGNORE INTO withdrawn VALUES (?)", (proof,))

    # --- what their keys open ---------------------------------------------------------------------------------------

    def learns(self, code: CodeKeys) -> None:
        """Open every copy of every box with a code."""
        for case_id, row in self._all_rows():
            with suppress(SealBroken):
                for private in open_box(code.box, case_id, row[5] or b"")[1]:
                    self.authors[keypair_from(private).public] = private

    def opens(self, message: Message, circle_keys: HeldKeys | None = None, *, knows_row: bool = True) -> bool:
        """Try every key that they can work out; `knows_row` is False where every copy of the row is gone."""
        held = self.circle_keys if circle_keys is None else circle_keys
        rows = self.rows.get(message.case_id, {}) if knows_row else {}
        lists = {row[3] for row in rows}
        keys = self._handed(message.case_id, {packed[:KEY_BYTES] for packed in lists}, held)
        size = message.codes * KEY_BYTES
        for packed in {packed[:size] for packed in lists if len(packed) >= size}:
            keys |= set(self._keys(message.case_id, packed, message.key_name, held))
        return any(self._fits(key, message) for key in keys)

    def forges(
        self, case_id: bytes, author: MessageAuthor, name: KeyName, said: str | Payload, number: int | None = None
    ) -> Message:
        """Write in anybody's name under a key that they can work out.

        Raises:
            SealBroken: they cannot.
        """
        newest = "SELECT max(number) FROM messages WHERE case_id = ? AND number < 9999"
        number = (self.file.execute(newest, (case_id,)).fetchone()[0] or 0) + 1 if number is None else number
        packed = self.codes_of(case_id)[: name.codes * KEY_BYTES]
        circle = self._circle_of(case_id, name.turn)
        public = self._public_keys().get((circle, name.generation))
        if public is None or len(packed) < name.codes * KEY_BYTES:
            raise SealBroken
        key = self._key(case_id, packed, name, (circle, name.generation), public, self.circle_keys)
        payload = Text(said, self.world.today, "Sara" if author == "circle" else "") if isinstance(said, str) else said
        message_id = new_id()
        sealed = seal(key, pack(payload), MessagePlace(case_id, message_id, number, author))
        message = Message(case_id, number, message_id, author, *name, sealed)
        self.puts_messages([message])
        return message

    def message_keys(self, case_id: bytes, name: KeyName) -> list[bytes]:
        """Work out every key of a name that they can."""
        size = name.codes * KEY_BYTES
        lists = {row[3][:size] for row in self.rows.get(case_id, {}) if len(row[3]) >= size}
        return [key for packed in lists for key in self._keys(case_id, packed, name, self.circle_keys)]

    def all_rows(self) -> list[Row]:
        """Give a copy of every row there ever was."""
        return [row for rows in self.rows.values() for row in rows]

    def _all_rows(self) -> Iterator[tuple[bytes, Row]]:
        return ((case_id, row) for case_id, rows in self.rows.items() for row in rows)

    def _circle_of(self, case_id: bytes, turn: int) -> bytes:
        row = self.row(case_id)
        if turn:
            return self.handed[case_id, turn][0] if (case_id, turn) in self.handed else b""
        return bytes(row[1]) if row else b""

    def _public_keys(self) -> dict[tuple[bytes, int], bytes]:
        rows = self.world.desk.rows("SELECT circle_id, generation, public_key FROM circle_keys")
        return {(circle, generation): key for circle, generation, key in rows}  # type: ignore[misc]

    def _keys(self, case_id: bytes, packed: bytes, name: KeyName, held: HeldKeys) -> Iterator[bytes]:
        for place, public in self._public_keys().items():
            if place[1] == name.generation:
                with suppress(SealBroken):
                    yield self._key(case_id, packed, name, place, public, held)

    def _key(
        self, case_id: bytes, packed: bytes, name: KeyName, place: tuple[bytes, int], public: bytes, held: HeldKeys
    ) -> bytes:
        codes = [packed[at : at + KEY_BYTES] for at in range(0, len(packed), KEY_BYTES)]
        keys = MessageKeys(case_id, codes, partial(self._share, codes, held.get(place)))
        return keys.key(name.turn, public, name.codes)

    def _share(self, codes: Sequence[bytes], circle_private: bytes | None, at: int, circle_key: bytes) -> bytes:
        if circle_private is not None:
            return _shared(circle_private, codes[at])
        if codes[at] not in self.authors:
            raise SealBroken
        return _shared(self.authors[codes[at]], circle_key)

    def _handed(self, case_id: bytes, firsts: set[bytes], held: HeldKeys) -> set[bytes]:
        """Open what was handed over; without the author's first key, try what needs none."""
        found: set[bytes] = set()
        for (case, turn), (circle, generation, sealed) in self.handed.items():
            if case != case_id or (circle, generation) not in held:
                continue
            private = held[circle, generation]
            for first in firsts | {bytes(KEY_BYTES)}:
                place = {"case_id": case_id, "first": first, "turn": turn, "to": (circle, generation)}
                with suppress(SealBroken):
                    found |= set(open_handed(sealed, private, **place).values())  # type: ignore[arg-type]
            with suppress(CryptoError, ValueError):
                packed = SealedBox(PrivateKey(private)).decrypt(sealed)
                found |= {packed[at + 4 : at + 36] for at in range(0, len(packed), 36)}
        return found

    def _fits(self, key: bytes, message: Message) -> bool:
        if (key, message.sealed) in self._tried:
            return False
        try:
            open_seal(key, message.sealed, message.place)
        except SealBroken:
            self._tried.add((key, message.sealed))
            return False
        return True
