"""The keys of an author: how they open the messages of their case, and seal new ones.

Nothing here decides what is written or shown, and nothing is remembered between two calls. Of the case's row only the
box is believed, since the case is named by its contents; circles, their keys and answers are known by `shown.db`.
# P06: a code is stretched here and stored nowhere; for a visit the author's private keys are kept, and no code.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TypeVar

from onion_app.choices import MessageAuthor
from onion_app.crypto import casekeys
from onion_app.crypto.casekeys import KeyName, MessageKeys
from onion_app.crypto.codes import CodeKeys, derive
from onion_app.crypto.keys import keypair_from, shared_secret
from onion_app.crypto.payloads import Payload, pack, unpack
from onion_app.crypto.sealing import MessagePlace, open_seal, seal
from onion_app.errors import NothingHere, SealBroken
from onion_app.site.context import SiteFiles
from onion_app.vault.database import Database
from onion_app.vault.mailbox.case_keys import find_case
from onion_app.vault.mailbox.messages import messages_of
from onion_app.vault.mailbox.records import CodeRow, KeyRow, Message
from onion_app.vault.shown import routing
from onion_app.web.pinning import unpinned

Opened = Sequence[tuple[Message, Payload | None]]  # the messages of a case in their order; None: it is damaged
_Kind = TypeVar("_Kind", bound=Payload)


@dataclass(frozen=True)
class CaseAccess:
    """An author's access to a case while a visit lasts: the code's tag, the home circle, a private key for each code.

    The tag is empty for a case that nobody comes back to.
    """

    case_id: bytes
    tag: bytes
    home: bytes
    privates: tuple[bytes, ...] = field(repr=False)

    @cached_property
    def root(self) -> bytes:
        """The root of both proofs."""
        return casekeys.stop_root(self.privates[0])

    @cached_property
    def mark(self) -> bytes:
        """The mark of the case."""
        return casekeys.case_mark(self.privates[0])

    @cached_property
    def story_mark(self) -> bytes:
        """The mark by which the story is known to be this author's."""
        return casekeys.mark_of(casekeys.story_proof(self.root))

    @cached_property
    def codes(self) -> tuple[bytes, ...]:
        """The public key of each code."""
        return tuple(keypair_from(private).public for private in self.privates)

    def key_row(self, keys: CodeKeys | None = None) -> KeyRow:
        """Give the row that the case has to have; its last two columns are sealed for the keys of the code."""
        box = casekeys.seal_box(keys.box, self.case_id, self.home, self.privates) if keys else None
        stop = casekeys.seal_stop(keys.stop, self.case_id, self.root) if keys else None
        return KeyRow(self.case_id, self.home, self.mark, b"".join(self.codes), self.tag or None, box, stop)

    def message_keys(self) -> MessageKeys:
        """Give what works out the keys of the messages."""
        return MessageKeys(self.case_id, self.codes, lambda at, circle: shared_secret(self.privates[at], circle))


def code_keys(files: SiteFiles, code: str) -> CodeKeys:
    """Stretch a code with the salt of this installation; about 25 ms, on any CPU."""
    salt = files.in_force.code_salt
    with unpinned():
        return derive(code, salt)


def opened_by(keys: CodeKeys, row: CodeRow) -> CaseAccess:
    """Open the box of a case with the keys of a code.

    Raises:
        NothingHere: it does not open, or holds another case.
    """
    try:
        home, privates = casekeys.open_box(keys.box, row.id, row.box or b"")
    except SealBroken:
        raise NothingHere from None
    return CaseAccess(row.id, keys.tag, home, privates)


def expect_open(files: SiteFiles, access: CaseAccess) -> None:
    """See that the code of a visit still leads to its case: each page of the visit asks anew.

    Raises:
        NothingHere: the case is gone, has another code by now, or its door was closed.
    """
    row = find_case(files.mailbox, "tag", access.tag)
    if row.id != access.case_id or routing.door_of(files.shown, row.id) is not None:
        raise NothingHere


def present_name(shown: Database, access: CaseAccess) -> tuple[KeyName, bytes]:
    """Name the newest key of a case, of the circle that has it now and of every code, and give the circle's public key.

    Raises:
        Paused: nobody is in the circle.
    """
    turn, circle_id = max(routing.turns_of(shown, access.case_id, access.home).items())
    circle = routing.circle_key(shown, circle_id)
    return KeyName(turn, circle.generation, len(access.privates)), circle.public_key


def sealed_message(shown: Database, access: CaseAccess, number: int, message_id: bytes, payload: Payload) -> Message:
    """Seal a payload under the newest key of a case: of the circle that has it now, of its key now, of every code.

    Message 0 is the site's, which notes a visit there, and every other one the author's.

    # P05: who was shut out, had the case before, or knows a former code, opens nothing that is sealed under it.

    Raises:
        Paused: nobody is in the circle.
    """
    name, circle_key = present_name(shown, access)
    key = access.message_keys().key(name.turn, circle_key, name.codes)
    place = MessagePlace(access.case_id, message_id, number, "visitor" if number else "site")
    sealed = seal(key, pack(payload), place)
    return Message(access.case_id, number, message_id, place.author, *name, sealed)


def open_messages(files: SiteFiles, access: CaseAccess) -> Iterator[tuple[Message, Payload | None]]:
    """Give each message of a case with its payload, one by one in the order of their numbers; None: it is damaged.

    An answer that the desk has not marked as its own is left out, whoever wrote it.
    """
    shown = files.shown
    messages = messages_of(files.mailbox, access.case_id)  # before anything that `shown.db` says of them
    turns, replies = routing.turns_of(shown, access.case_id, access.home), routing.reply_marks(shown, access.case_id)
    circle_key = cache(lambda turn, generation: routing.public_key(shown, turns[turn], generation))
    keys = access.message_keys()
    for message in messages:
        if message.author == "circle" and replies.get(message.id) != casekeys.reply_mark(message.sealed):
            continue
        try:
            key = keys.key(message.turn, circle_key(message.turn, message.generation), message.codes)
            yield message, unpack(open_seal(key, message.sealed, message.place))
        except (KeyError, NothingHere, SealBroken):
            yield message, None


def said_by(author: MessageAuthor, kind: type[_Kind], messages: Opened) -> list[tuple[Message, _Kind]]:
    """Give all of one kind that one side said, each with its message, the oldest first."""
    return [(message, said) for message, said in messages if message.author == author and isinstance(said, kind)]
