"""The keys of a case as a member of its circle finds them, and which of them are sure.

Anybody who can write into the mailbox can put a wrap there. What the desk has met before it knows again; what follows
has to be linked to it, one epoch to the other. Where the desk has met nothing, since nobody has opened the case yet or
since whoever opened it went with the circle's former keys, the oldest key that opens is where it begins.
# P05: nothing is sealed under a key that is not sure.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from onion_app.crypto.epochs import AUTHOR_HOLDER, NO_AUTHOR, Epoch, following, mark, next_epoch, unwrap, wrap
from onion_app.crypto.keys import KeyPair, fingerprint
from onion_app.desk.context import Databases
from onion_app.desk.permissions import Member, OwnCircle, circle_of
from onion_app.errors import EpochPassed, Refused, SealBroken, marked
from onion_app.vault.desk import known_keys
from onion_app.vault.mailbox import records
from onion_app.vault.mailbox.case_keys import all_wraps, author_key_of, next_number
from onion_app.vault.mailbox.records import Wrap

KEYS_GONE: Final = marked(
    "The keys of this case are gone or were exchanged. Nothing was sent, since its author could not open it."
)


class OpenedKeys(NamedTuple):
    """The keys of a case that open for its circle."""

    held: list[Wrap]  # every wrap of the case, whoever put it there
    epochs: list[Epoch]  # those that are sure, the oldest first
    others: list[Epoch]  # those that open, and are not sure
    sealed_to: dict[int, bytes]  # by epoch, the fingerprint of the circle's key under which the desk notes it
    gone: bool  # a newer key, which should open, is not there or was exchanged
    former: frozenset[bytes]  # fingerprints of the circle's earlier keys, which somebody has who was shut out
    left_behind: bool  # since the circle's key has changed, the desk has begun no epoch


class ToWriteIn(NamedTuple):
    """The epoch for what is written next, the wraps that begin it, and what was there when it was chosen."""

    epoch: Epoch
    new_wraps: tuple[Wrap, ...]
    held: list[Wrap]
    keys: OpenedKeys


def keys_in(dbs: Databases, member: Member, case: records.Case) -> OpenedKeys:
    """Open the wraps of a case, and leave out what somebody put among them.

    Raises:
        NotAllowed: not a case of theirs.
    """
    circle = circle_of(member, case.circle_id)
    # In this order: a key that somebody begins and meets in between is then one that follows, and none that is missing.
    met = known_keys.known_keys(dbs.desk, case.id)
    held = all_wraps(dbs.mailbox, case.id)
    opened, sealed_to = _opened(held, case, circle)
    again = [epoch for epoch in opened if epoch.number in met and met[epoch.number].mark == mark(epoch)]
    pairs = {fingerprint(pair.public) for pair in circle.pairs}
    expected = max((key.epoch for key in met.values() if key.recipient in pairs), default=0)
    gone = expected > max((epoch.number for epoch in again), default=0)
    sure = again or ([] if gone else opened[:1])
    if sure and not gone:
        sure = following(sure, opened)
    others = [each for each in opened if each not in sure]
    former = frozenset(fingerprint(pair.public) for pair in circle.pairs[1:])
    left_behind = any(key.recipient in former for key in met.values())
    if former and not met:  # nobody knows whether it was there before the circle's key changed
        sealed_to, left_behind = dict.fromkeys(sealed_to, fingerprint(circle.pairs[1].public)), True
    return OpenedKeys(held, sure, others, sealed_to, gone, former, left_behind)


def _opened(held: list[Wrap], case: records.Case, circle: OwnCircle) -> tuple[list[Epoch], dict[int, bytes]]:
    """Open the circle's wraps with any of its pairs, the oldest epoch first."""
    opened, sealed_to = [], {}
    for each in reversed([each for each in held if each.holder == circle.id]):
        for pair in circle.pairs:
            epoch = _unwrapped(each, case, pair)
            if epoch is not None:
                opened.append(epoch)
                sealed_to[epoch.number] = fingerprint(pair.public)
                break
    return opened, sealed_to


def _unwrapped(each: Wrap, case: records.Case, pair: KeyPair) -> Epoch | None:
    """Give the epoch in a wrap, or None when it was sealed to another pair or for another place."""
    try:
        return unwrap(each.wrap, case_id=case.id, epoch=each.epoch, holder=each.holder, private_key=pair.private)
    except SealBroken:
        return None


def keys_by_epoch(dbs: Databases, member: Member, case: records.Case) -> dict[int, bytes]:
    """Give the keys of a case that are sure, by epoch, the newest first."""
    return {epoch.number: epoch.key for epoch in reversed(keys_in(dbs, member, case).epochs)}


def remember(dbs: Databases, case_id: bytes, sure: list[Epoch], sealed_to: Mapping[int, bytes]) -> None:
    """Note the keys that a member has met, so that they are known again."""
    met = [known_keys.KnownKey(epoch.number, mark(epoch), sealed_to[epoch.number]) for epoch in sure]
    known_keys.remember_keys(dbs.desk, case_id, met)


def begun(dbs: Databases, chosen: ToWriteIn) -> None:
    """Note the epoch that the desk has begun, if it has, and those before it.

    Whoever has a former key of the circle can begin an epoch after one that they hold, but none after this one. # P05
    """
    if not chosen.new_wraps:
        return
    new = chosen.epoch
    met = [
        known_keys.KnownKey(each.number, mark(each), fingerprint(new.circle_key)) for each in [*chosen.keys.epochs, new]
    ]
    known_keys.note_begun_epoch(dbs.desk, new.case_id, met, chosen.keys.former)


def to_write_in(dbs: Databases, member: Member, case: records.Case) -> ToWriteIn:
    """Choose the epoch for what is written next: the newest, or another one if it was begun for other readers.

    A case that may have been there before the circle's key changed begins a new one: who was shut out has the old, and
    may have begun whatever follows it in the mailbox.

    Raises:
        EpochPassed: the circle has no key that is sure.
        Refused: nothing is left that its author could be sure of.
    """
    circle = circle_of(member, case.circle_id)
    if not circle.pairs:
        raise EpochPassed
    keys = keys_in(dbs, member, case)
    if not keys.epochs or keys.gone:
        raise Refused(KEYS_GONE)
    newest = keys.epochs[-1]
    public = circle.pairs[0].public  # the one our own grant gives, whatever the mailbox says
    readers = (newest.circle_id, newest.circle_key, newest.author)
    if readers == (circle.id, public, author_of(dbs, newest)) and not keys.left_behind:
        return ToWriteIn(newest, (), keys.held, keys)
    return begun_after(dbs, keys, circle.id, public)


def begun_after(dbs: Databases, keys: OpenedKeys, circle_id: bytes, public: bytes) -> ToWriteIn:
    """Begin the epoch that follows the newest one, for a circle and for the author whom that one names."""
    newest = keys.epochs[-1]
    number = next_number(keys.held, newest.number)
    author = author_of(dbs, newest)
    new = next_epoch(keys.epochs, number, circle_id=circle_id, circle_key=public, author=author, others=keys.others)
    readers = {circle_id: public} | ({AUTHOR_HOLDER: author} if author != NO_AUTHOR else {})
    return ToWriteIn(new, tuple(wrapped(new, holder, to) for holder, to in readers.items()), keys.held, keys)


def author_of(dbs: Databases, newest: Epoch) -> bytes:
    """Give the author's public key, which the newest epoch names: the mailbox says only whether they may still come."""
    return newest.author if author_key_of(dbs.mailbox, newest.case_id) is not None else NO_AUTHOR


def wrapped(epoch: Epoch, holder: bytes, public: bytes) -> Wrap:
    """Wrap an epoch for one holder, as the mailbox keeps it."""
    return Wrap(epoch.number, holder, fingerprint(public), wrap(epoch, holder=holder, public_key=public))
