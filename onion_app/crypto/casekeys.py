"""The keys of a case: one equation for its author and its circle, and everything else that is derived for it.

    z(i) = X25519(b(i), R) = X25519(r, B(i))
    K    = BLAKE2b-256(case, turn, R, B(0), z(0), ..., B(n), z(n))
    case = BLAKE2b-128(B(0), home, mark)

(r, R) is the circle's pair of one generation, (b(i), B(i)) the author's pair of their code number i, and each part of
what is hashed has a fixed length. Nothing is wrapped and nothing is re-keyed: another generation, another code and
another turn give another K by themselves, and without the row that holds the B's no r gives any.
# P05: a message key needs one private half of the right side and the whole list of public halves.
"""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from onion_app.crypto.keys import ID_BYTES, KEY_BYTES, digest, keypair_from
from onion_app.crypto.sealing import open_bytes, seal_bytes
from onion_app.errors import SealBroken, TooMany

CODES: Final = 16  # that a case can have, one after another
TURNS: Final = 255  # times that it can be handed over
GENERATIONS: Final = 65_535  # of a circle's key
HANDED_KEYS: Final = 1000

_TURN = struct.Struct(">I")
_HANDED = struct.Struct(">BHB32s")
_HANDED_PLACE = struct.Struct(">16sI16sH")
_READ_ROW = struct.Struct(">I16s32s")


class KeyName(NamedTuple):
    """The three numbers by which a message names its key: the turn, the circle's generation, how many codes."""

    turn: int
    generation: int
    codes: int


def is_list_of_codes(packed: bytes) -> bool:
    """Say whether a column holds 1 to 16 public keys."""
    return not len(packed) % KEY_BYTES and 1 <= len(packed) // KEY_BYTES <= CODES


def split_codes(packed: bytes) -> tuple[bytes, ...]:
    """Give the author's public keys, 32 bytes each, out of the one column in which they stand.

    Raises:
        SealBroken: they are not 1 to 16.
    """
    if not is_list_of_codes(packed):
        raise SealBroken
    return tuple(packed[at : at + KEY_BYTES] for at in range(0, len(packed), KEY_BYTES))


def case_id_of(first: bytes, home: bytes, mark: bytes) -> bytes:
    """Give the id of a case (16 bytes): of its author's first public key, its home circle and the mark of its proof."""
    return digest(b"sanctuary id 2", first + home + mark, size=ID_BYTES)


class MessageKeys:
    """The message keys of one case as one side works them out; each once, and only while a page is made."""

    def __init__(self, case_id: bytes, codes: Sequence[bytes], share: Callable[[int, bytes], bytes]) -> None:
        """Take the public list, and what gives z of the code at a place in it and a circle's public key."""
        self._case_id, self._codes, self._share = case_id, codes, cache(share)
        self._keys: dict[tuple[int, bytes, int], bytes] = {}

    def key(self, turn: int, circle_key: bytes, count: int) -> bytes:
        """Give K of a turn, a circle's public key and the first `count` codes.

        Raises:
            SealBroken: there are not so many codes, or a public half is no point that a key follows from.
        """
        if not 1 <= count <= len(self._codes):
            raise SealBroken
        name = (turn, circle_key, count)
        if name not in self._keys:
            parts = [part for at in range(count) for part in (self._codes[at], self._share(at, circle_key))]
            packed = b"".join((self._case_id, _TURN.pack(turn), circle_key, *parts))
            self._keys[name] = digest(b"sanctuary case 2", packed)
        return self._keys[name]


# --- what a form carries is one seed: its code, the author's first key and the ids of what it stores follow from it -


def form_seed(drawn: bytes, text: bytes) -> bytes:
    """Give the seed of the case that begins with a text, of what was drawn for its empty form: sent again, the same."""
    return digest(b"sanctuary form 2", b"seed\0" + text, key=drawn)


def form_code(seed: bytes) -> bytes:
    """Give the random bytes that the code on the check page is made of."""
    return digest(b"sanctuary form 2", b"code\0", key=seed)


def form_private(seed: bytes) -> bytes:
    """Give the author's first private key."""
    return digest(b"sanctuary form 2", b"author\0", key=seed)


def lone_private(seed: bytes, text: bytes) -> bytes:
    """Give the private key under which a text without return is sealed, and which is thrown away then."""
    return digest(b"sanctuary form 2", b"alone\0" + text, key=seed)


def form_id(seed: bytes, what: str, part: bytes) -> bytes:
    """Give the id under which a part of a form is stored, however often it is sent."""
    return digest(b"sanctuary form 2", what.encode() + b"\0" + part, key=seed)[:ID_BYTES]


# --- taking back: who can give the proof has had the author's first private key, or a code ---------------------------


def stop_root(first_private: bytes) -> bytes:
    """Give the root of both proofs, which `stop` keeps for whoever has the code."""
    return digest(b"sanctuary stop 2", b"root", key=first_private)


def case_proof(root: bytes) -> bytes:
    """Give the proof that takes a case back."""
    return digest(b"sanctuary stop 2", b"case", key=root)


def story_proof(root: bytes) -> bytes:
    """Give the proof that takes its story back."""
    return digest(b"sanctuary stop 2", b"story", key=root)


def mark_of(proof: bytes) -> bytes:
    """Give the mark of a proof, which stands where the proof may be needed, and from which no proof follows."""
    return digest(b"sanctuary mark 2", proof)


def case_mark(first_private: bytes) -> bytes:
    """Give the mark of the proof that takes a case back, of the author's first private key."""
    return mark_of(case_proof(stop_root(first_private)))


# --- what the code opens ---------------------------------------------------------------------------------------------


def seal_box(box_key: bytes, case_id: bytes, home: bytes, privates: Iterable[bytes]) -> bytes:
    """Seal the home circle and the author's private keys for the newest code."""
    return seal_bytes(box_key, home + b"".join(privates), b"\x02box" + case_id)


def open_box(box_key: bytes, case_id: bytes, sealed: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """Give the home circle and the author's private keys, after seeing that the case is named by them.

    Raises:
        SealBroken: another code, another case, or changed bytes.
    """
    opened = open_bytes(box_key, sealed, b"\x02box" + case_id)
    home, privates = opened[:ID_BYTES], split_codes(opened[ID_BYTES:])
    if case_id_of(keypair_from(privates[0]).public, home, case_mark(privates[0])) != case_id:
        raise SealBroken
    return home, privates


def seal_stop(stop_key: bytes, case_id: bytes, root: bytes) -> bytes:
    """Seal the root of both proofs for the newest code, which then erases also where the door is closed."""
    return seal_bytes(stop_key, root, b"\x02stop" + case_id)


def open_stop(stop_key: bytes, case_id: bytes, sealed: bytes) -> bytes:
    """Give the root of both proofs.

    Raises:
        SealBroken: another code, another case, or changed bytes.
    """
    return open_bytes(stop_key, sealed, b"\x02stop" + case_id)


# --- what belongs to one circle, whoever has the code ----------------------------------------------------------------


def note_key(circle_private: bytes, case_id: bytes, first: bytes) -> bytes:
    """Give the key of the entries of a case. P07: it needs the author's first public key, and goes with it."""
    return digest(b"sanctuary note 2", case_id + first, key=circle_private)


def audit_mark(circle_private: bytes, case_id: bytes, first: bytes) -> bytes:
    """Give the 32 bytes by which an audit line names a case to the circle's members, and to nobody else."""
    return digest(b"sanctuary audt 2", case_id + first, key=circle_private)


def counted_mark(case_id: bytes, first: bytes) -> bytes:
    """Give the mark by which a case counts as counted, for every circle that has it, until its row is gone. P07."""
    return digest(b"sanctuary num 2", case_id, key=first)


def notebook_key(circle_private: bytes, circle_id: bytes) -> bytes:
    """Give the key of the notebook of a circle, of one generation of its key."""
    return digest(b"sanctuary book 2", circle_id, key=circle_private)


def seal_handed(
    keys: Mapping[KeyName, bytes], circle_key: bytes, *, case_id: bytes, first: bytes, turn: int, to: tuple[bytes, int]
) -> bytes:
    """Seal message keys to the circle that a case is handed to; `to` is its id and the generation of its key.

    Sealed once more under a key that follows from the author's first public key: erasing ends what was handed. # P07

    Raises:
        TooMany: more than a thousand keys, which no honest case has.
    """
    if len(keys) > HANDED_KEYS:
        raise TooMany
    packed = b"".join(_HANDED.pack(*name, key) for name, key in sorted(keys.items()))
    boxed = SealedBox(PublicKey(circle_key)).encrypt(packed)
    return seal_bytes(_hand_key(first, case_id, turn), boxed, _hand_place(case_id, turn, to))


def open_handed(
    sealed: bytes, circle_private: bytes, *, case_id: bytes, first: bytes, turn: int, to: tuple[bytes, int]
) -> dict[KeyName, bytes]:
    """Give the message keys that a circle was handed, by their names.

    Raises:
        SealBroken: sealed to another circle or generation, for another case or turn, or changed.
    """
    boxed = open_bytes(_hand_key(first, case_id, turn), sealed, _hand_place(case_id, turn, to))
    try:
        packed = SealedBox(PrivateKey(circle_private)).decrypt(boxed)
    except CryptoError:
        raise SealBroken from None
    if len(packed) % _HANDED.size:
        raise SealBroken
    return {KeyName(*numbers): key for *numbers, key in _HANDED.iter_unpack(packed)}


def _hand_key(first: bytes, case_id: bytes, turn: int) -> bytes:
    return digest(b"sanctuary hand 2", case_id + _TURN.pack(turn), key=first)


def _hand_place(case_id: bytes, turn: int, to: tuple[bytes, int]) -> bytes:
    return b"\x02hand" + _HANDED_PLACE.pack(case_id, turn, *to)


def given_id(question_id: bytes) -> bytes:
    """Give the id of the line that says which words were given: one for each question, however often it is written."""
    return digest(b"sanctuary quot 2", question_id, size=ID_BYTES)


# --- by what the desk knows again what it has met, written and read --------------------------------------------------


def met_mark(case_id: bytes, codes: Iterable[bytes]) -> bytes:
    """Give the mark of a list of codes that a member has met."""
    return digest(b"sanctuary met 2", case_id + b"".join(codes))


def reply_mark(sealed: bytes) -> bytes:
    """Give the mark by which an answer of the desk is known."""
    return digest(b"sanctuary sent 2", sealed)


def read_mark(case_id: bytes, rows: Iterable[tuple[int, bytes, bytes]]) -> bytes:
    """Give the mark of the rows that a member has read: the number, the id and the sealed bytes of each, from 1 on."""
    packed = (_READ_ROW.pack(number, message_id, reply_mark(sealed)) for number, message_id, sealed in rows)
    return digest(b"sanctuary read 2", case_id + b"".join(packed))
