"""The keys of an author: how they open the messages of their case, and seal new ones.

Nothing here decides what is written or shown, and nothing is remembered between two calls.
# P06: a code is stretched here and stored nowhere; for a visit the author's key pair is kept, and no code.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from onion_app.crypto.codes import CodeKeys, derive
from onion_app.crypto.epochs import AUTHOR_HOLDER, NO_AUTHOR, Epoch, authors_epochs, next_epoch, unwrap, wrap
from onion_app.crypto.keys import KeyPair, fingerprint, subkey
from onion_app.crypto.payloads import Payload, pack, unpack
from onion_app.crypto.sealing import Place, open_seal, seal
from onion_app.errors import NothingHere, Paused, SealBroken
from onion_app.vault import settings
from onion_app.vault.database import Database
from onion_app.vault.mailbox.case_keys import all_wraps, author_key_of, next_number
from onion_app.vault.mailbox.messages import messages_of
from onion_app.vault.mailbox.records import Message, Wrap
from onion_app.vault.shown import routing
from onion_app.vault.shown.routing import CircleKey
from onion_app.web.pinning import unpinned


class CaseAccess(NamedTuple):
    """An author's access to a case while a visit lasts: the case, and the key pair behind the code."""

    case_id: bytes
    author: KeyPair


def keys_of(db: Database, code: str) -> CodeKeys:
    """Stretch a code with the salt of this installation; about 25 ms, on any CPU."""
    salt = settings.read_settings(db).code_salt
    with unpinned():
        return derive(code, salt)


class OpenedKeys(NamedTuple):
    """The keys of a case as its author finds them."""

    wraps: list[Wrap]  # every wrap of the case, whoever put it there
    epochs: list[Epoch]  # those that the author can be sure of, the oldest first
    others: list[Epoch]  # those that open, and may have been begun by anybody


def keys_in(db: Database, access: CaseAccess) -> OpenedKeys:
    """Open the author's wraps, and leave out those that somebody else put among them.

    Raises:
        NothingHere: the case is gone, or the access belongs to a code that was replaced.
    """
    wraps = all_wraps(db, access.case_id)
    own = [each for each in wraps if each.holder == AUTHOR_HOLDER]
    opened = [epoch for each in own if (epoch := _opened_wrap(each, access)) is not None]
    if not opened and author_key_of(db, access.case_id) != access.author.public:
        raise NothingHere
    sure = authors_epochs(opened, access.author)
    others = sorted((each for each in opened if each not in sure), key=lambda epoch: epoch.number)
    return OpenedKeys(wraps, sure, others)


def _opened_wrap(wrapped: Wrap, access: CaseAccess) -> Epoch | None:
    place = {"case_id": access.case_id, "holder": AUTHOR_HOLDER}
    try:
        return unwrap(wrapped.wrap, epoch=wrapped.epoch, private_key=access.author.private, **place)
    except SealBroken:
        return None


def keys_by_epoch(db: Database, access: CaseAccess) -> dict[int, bytes]:
    """Give the key of every epoch that the author can be sure of, the newest first.

    Raises:
        NothingHere: as for `keys_in`.
    """
    return {epoch.number: epoch.key for epoch in reversed(keys_in(db, access).epochs)}


def epoch_to_write_in(db: Database, access: CaseAccess, keys: OpenedKeys) -> tuple[Epoch, Sequence[Wrap]]:
    """Give the newest epoch, or the next one where the circle or the author has another key by now, with its wraps.

    Raises:
        NothingHere: the case is gone.
        Paused: the circle has no key, or no key of the case is left that its author could be sure of.
    """
    if not keys.epochs:
        raise Paused
    newest = keys.epochs[-1]
    # The newest epoch says which circle has the case, and not the mailbox.
    # P05: who was shut out of the circle holds its old key, and reads nothing of the new epoch.
    circle = _circle(db, newest.circle_id)
    if (newest.circle_key, newest.author) == (circle.public_key, access.author.public):
        return newest, ()
    number = next_number(keys.wraps, newest.number)
    readers = {"circle_id": circle.id, "circle_key": circle.public_key, "author": access.author.public}
    new = next_epoch(keys.epochs, number, **readers, others=keys.others)
    return new, wraps_for(new)


def _circle(db: Database, circle_id: bytes) -> CircleKey:
    try:
        return routing.circle_key(db, circle_id)
    except NothingHere:  # its last member was shut out; whoever is let in next makes a key
        raise Paused from None


def wraps_for(epoch: Epoch) -> tuple[Wrap, ...]:
    """Wrap an epoch for those whom it was begun for."""
    readers = {epoch.circle_id: epoch.circle_key} | ({AUTHOR_HOLDER: epoch.author} if epoch.author != NO_AUTHOR else {})
    return tuple(wrapped(epoch, holder, public) for holder, public in readers.items())


def wrapped(epoch: Epoch, holder: bytes, public: bytes) -> Wrap:
    """Wrap an epoch for one holder, as the mailbox keeps it."""
    return Wrap(epoch.number, holder, fingerprint(public), wrap(epoch, holder=holder, public_key=public))


def sealer(case_key: bytes, place: Place, payload: Payload) -> Callable[[int], bytes]:
    """Give the function that seals a payload once the vault knows its number; the number in `place` is not used."""
    return lambda number: seal(case_key, pack(payload), replace(place, number=number))


def open_messages(db: Database, access: CaseAccess) -> Iterator[tuple[Message, Payload | None]]:
    """Give each message of a case with its payload, one by one in the order of their numbers.

    Raises:
        NothingHere: as for `keys_in`.
    """
    keys = keys_by_epoch(db, access)
    for message in messages_of(db, access.case_id):
        yield message, open_message(keys, message)


def open_message(keys: Mapping[int, bytes], message: Message) -> Payload | None:
    """Open a message; None when it is damaged, so that the others can still be read."""
    place = Place(message.case_id, message.epoch, message.id, message.number, message.author)
    try:
        return unpack(open_seal(keys[message.epoch], message.sealed, place))
    except (SealBroken, KeyError):
        return None


def message_id_of(seed: bytes, text: str) -> bytes:
    """Give the id (16 bytes) under which a text from one form is stored, however often it is sent.

    The seed is a secret of that form: with a known one, the id would tell whoever guesses a text that they are right.
    """
    return subkey(seed, text)[:16]
