"""The keys of a case: one equation for both sides, and nothing for anybody else. P05, P07."""

import hashlib
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_scalarmult

from onion_app.crypto import casekeys, sealing
from onion_app.crypto.casekeys import KeyName, MessageKeys
from onion_app.crypto.keys import KeyPair, keypair_from, new_id, new_key, new_keypair, shared_secret
from onion_app.errors import SealBroken, TooMany

P = 2**255 - 19
LOW_ORDER = {
    "zero": 0,
    "one": 1,
    "order eight": 325606250916557431795983626356110631294008115727848805560023387167927233504,
    "another of order eight": 39382357235489614581723060781553021112529911719440698176882885853963445705823,
    "p - 1": P - 1,
    "p": P,
    "p + 1": P + 1,
}
STRANGE = {name: point.to_bytes(32, "little") for name, point in LOW_ORDER.items()}
STRANGE |= {
    f"{name}, with the highest bit": (point | 1 << 255).to_bytes(32, "little") for name, point in LOW_ORDER.items()
}
STRANGE |= {"none": b"", "short": b"\x09", "a byte short": new_keypair().public[:-1], "a byte long": bytes(33)}


def second_computation(
    case_id: bytes, turn: int, circle_public: bytes, codes: list[bytes], z_of: Callable[[bytes], bytes]
) -> bytes:
    """Work a key out from the equation in docs/design.md: with the standard library's BLAKE2b, and nothing of ours."""
    hashed = hashlib.blake2b(digest_size=32, person=b"sanctuary case 2")
    hashed.update(case_id + struct.pack(">I", turn) + circle_public)
    for public in codes:
        hashed.update(public + z_of(public))
    return hashed.digest()


def authors_side(case_id: bytes, pairs: list[KeyPair]) -> MessageKeys:
    publics = [pair.public for pair in pairs]
    return MessageKeys(case_id, publics, lambda at, circle_key: shared_secret(pairs[at].private, circle_key))


def circles_side(case_id: bytes, publics: list[bytes], circles: list[KeyPair]) -> MessageKeys:
    privates = {pair.public: pair.private for pair in circles}
    return MessageKeys(case_id, publics, lambda at, circle_key: shared_secret(privates[circle_key], publics[at]))


def test_the_equation_and_the_code_give_the_same_key_on_both_sides_for_a_thousand_cases() -> None:
    draw = random.Random(12)  # noqa: S311 - the same thousand cases in every run
    seen = set()
    for _ in range(1000):
        case_id, turn = draw.randbytes(16), draw.randint(0, casekeys.TURNS)
        authors = [keypair_from(draw.randbytes(32)) for _ in range(draw.randint(1, casekeys.CODES))]
        circle = keypair_from(draw.randbytes(32))
        count = draw.randint(1, len(authors))
        publics = [pair.public for pair in authors]
        z_of = {pair.public: crypto_scalarmult(pair.private, circle.public) for pair in authors}
        key = second_computation(case_id, turn, circle.public, publics[:count], z_of.__getitem__)
        assert authors_side(case_id, authors).key(turn, circle.public, count) == key
        assert circles_side(case_id, publics, [circle]).key(turn, circle.public, count) == key
        seen.add(key)
    assert len(seen) == 1000


@dataclass(frozen=True)
class Made:
    """A case with two codes and a circle with two keys, and both sides of its keys."""

    case_id: bytes
    authors: list[KeyPair]
    circles: list[KeyPair]

    @classmethod
    def new(cls) -> Self:
        return cls(new_id(), [new_keypair(), new_keypair()], [new_keypair(), new_keypair()])

    @property
    def publics(self) -> list[bytes]:
        return [pair.public for pair in self.authors]

    def key(self, turn: int = 0, generation: int = 0, count: int = 2) -> bytes:
        return authors_side(self.case_id, self.authors).key(turn, self.circles[generation].public, count)

    def of_circle(self, publics: list[bytes], *circles: KeyPair) -> MessageKeys:
        return circles_side(self.case_id, publics, list(circles) or self.circles)


@pytest.fixture
def made() -> Made:
    return Made.new()


def test_another_turn_generation_code_or_case_is_another_key(made: Made) -> None:
    keys = [made.key(turn, generation, count) for turn in (0, 1, 255) for generation in (0, 1) for count in (1, 2)]
    keys.append(replace(made, case_id=new_id()).key())
    assert len(set(keys)) == len(keys)


def test_who_was_shut_out_gives_no_key_of_the_next_generation(made: Made) -> None:
    former, present = made.circles
    tried = circles_side(made.case_id, made.publics, [former])
    assert tried.key(0, former.public, 2) == made.key(0, 0)
    mine = MessageKeys(made.case_id, made.publics, lambda at, _: shared_secret(former.private, made.publics[at]))
    assert mine.key(0, present.public, 2) not in {made.key(turn, 1, count) for turn in (0, 1) for count in (1, 2)}


def test_an_old_code_gives_no_key_under_the_newer_list(made: Made) -> None:
    old, planted = made.authors[0], new_keypair()
    with pytest.raises(SealBroken):
        authors_side(made.case_id, [old]).key(0, made.circles[1].public, 2)
    forked = authors_side(made.case_id, [old, planted]).key(0, made.circles[1].public, 2)
    assert forked != made.key(0, 1)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_key_planted_in_the_list_gives_the_planter_nothing(made: Made, at: int) -> None:
    planted, circle = new_keypair(), made.circles[1]
    listed = [*made.publics[:at], planted.public, *made.publics[at:]]
    on_it = made.of_circle(listed).key(0, circle.public, 3)
    z_of = {planted.public: crypto_scalarmult(planted.private, circle.public)}
    for guess in (bytes(32), planted.public, z_of[planted.public]):
        tried = second_computation(made.case_id, 0, circle.public, listed, lambda public: z_of.get(public, guess))  # noqa: B023
        assert tried != on_it


def test_a_point_with_one_bit_changed_gives_another_key_even_where_the_secret_is_the_same(made: Made) -> None:
    first, circle = made.publics[0], made.circles[0]
    changed = first[:31] + bytes([first[31] | 0x80])
    assert shared_secret(circle.private, changed) == shared_secret(circle.private, first)
    with_it = made.of_circle([changed, made.publics[1]]).key(0, circle.public, 2)
    assert with_it != made.key(0, 0)


@pytest.mark.parametrize("point", STRANGE.values(), ids=list(STRANGE))
@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_strange_point_anywhere_in_the_list_is_one_named_error_and_harms_no_other_key(
    made: Made, at: int, point: bytes
) -> None:
    listed = [*made.publics[:at], point, *made.publics[at:]]
    keys = made.of_circle(listed)
    for _ in range(2):
        with pytest.raises(SealBroken):
            keys.key(0, made.circles[0].public, 3)
    if at:
        assert keys.key(0, made.circles[0].public, at) == made.key(0, 0, at)
    with pytest.raises(SealBroken):
        shared_secret(new_key(), point)
    with pytest.raises(SealBroken):
        authors_side(made.case_id, made.authors).key(0, point, 1)


@pytest.mark.parametrize("length", [0, 1, 31, 33, 64])
def test_a_private_half_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(SealBroken):
        shared_secret(bytes(length), new_keypair().public)
    with pytest.raises(SealBroken):
        keypair_from(bytes(length))


@pytest.mark.parametrize("count", [0, -1, 3, 17])
def test_no_key_is_made_of_more_codes_than_there_are_or_of_none(made: Made, count: int) -> None:
    with pytest.raises(SealBroken):
        made.of_circle(made.publics).key(0, made.circles[0].public, count)


@given(st.binary(max_size=600))
def test_a_list_of_codes_has_one_to_sixteen_keys_or_is_none(packed: bytes) -> None:
    if len(packed) in range(32, 513, 32):
        assert b"".join(casekeys.split_codes(packed)) == packed
        return
    with pytest.raises(SealBroken):
        casekeys.split_codes(packed)


# --- what the code opens, and what proves ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Boxed:
    """A case whose author has had so many codes."""

    home: bytes
    privates: list[bytes]
    mark: bytes

    @classmethod
    def new(cls, codes: int = 2) -> Self:
        privates = [new_key() for _ in range(codes)]
        return cls(new_id(), privates, casekeys.mark_of(casekeys.case_proof(casekeys.stop_root(privates[0]))))

    @property
    def case_id(self) -> bytes:
        return casekeys.case_id_of(keypair_from(self.privates[0]).public, self.home, self.mark)


@pytest.mark.parametrize("codes", [1, 16])
def test_the_newest_code_opens_the_box_of_its_case(codes: int) -> None:
    boxed, key = Boxed.new(codes), new_key()
    sealed = casekeys.seal_box(key, boxed.case_id, boxed.home, boxed.privates)
    assert len(sealed) == 57 + 32 * codes
    assert casekeys.open_box(key, boxed.case_id, sealed) == (boxed.home, tuple(boxed.privates))
    for wrong_key, case_id in ((new_key(), boxed.case_id), (key, new_id())):
        with pytest.raises(SealBroken):
            casekeys.open_box(wrong_key, case_id, sealed)


@pytest.mark.parametrize("length", [0, 15, 16, 17, 47, 49, 16 + 17 * 32])
def test_a_box_of_another_length_opens_nothing(length: int) -> None:
    key, case_id = new_key(), new_id()
    with pytest.raises(SealBroken):
        casekeys.open_box(key, case_id, sealing.seal_bytes(key, bytes(length), b"\x02box" + case_id))


def test_a_box_whose_case_is_not_named_by_it_opens_nothing() -> None:
    boxed, key = Boxed.new(), new_key()
    for home, privates in ((new_id(), boxed.privates), (boxed.home, boxed.privates[::-1])):
        sealed = casekeys.seal_box(key, boxed.case_id, home, privates)
        with pytest.raises(SealBroken):
            casekeys.open_box(key, boxed.case_id, sealed)


def test_the_root_gives_two_proofs_and_opens_with_the_newest_code_only() -> None:
    boxed, key = Boxed.new(), new_key()
    root = casekeys.stop_root(boxed.privates[0])
    sealed = casekeys.seal_stop(key, boxed.case_id, root)
    assert len(sealed) == 73
    assert casekeys.open_stop(key, boxed.case_id, sealed) == root
    assert casekeys.mark_of(casekeys.case_proof(root)) == boxed.mark
    proofs = {casekeys.case_proof(root), casekeys.story_proof(root)}
    marks = {casekeys.mark_of(proof) for proof in proofs}
    assert len(proofs | marks | {root}) == 5
    for wrong_key, case_id in ((new_key(), boxed.case_id), (key, new_id())):
        with pytest.raises(SealBroken):
            casekeys.open_stop(wrong_key, case_id, sealed)
    with pytest.raises(SealBroken):
        casekeys.open_box(key, boxed.case_id, sealed)


def test_what_a_form_stores_follows_from_its_seed_and_each_part_has_an_id_of_its_own() -> None:
    seed, text = new_key(), "نص".encode()
    whats, parts = ("text", "alone text", "consent", "danger"), (text, b"1", b"12", b"2")
    ids, again = ([casekeys.form_id(seed, what, part) for what in whats for part in parts] for _ in range(2))
    assert ids == again
    assert len(set(ids)) == 16
    assert {len(each) for each in ids} == {16}
    assert casekeys.form_id(new_key(), "text", text) not in ids
    privates = [casekeys.form_private(seed), *(casekeys.lone_private(seed, each) for each in (b"", text, b"1"))]
    assert len({*privates, *(each[:16] for each in privates), *ids}) == 24


# --- what is handed over ---------------------------------------------------------------------------------------------


@pytest.fixture
def place() -> dict[str, Any]:
    return {"case_id": new_id(), "first": new_keypair().public, "turn": 1, "to": (new_id(), 2)}


def test_handed_keys_open_for_the_circle_they_went_to_and_nobody_else(place: dict[str, Any]) -> None:
    circle, keys = new_keypair(), {KeyName(0, 1, 1): new_key(), KeyName(255, 65_535, 16): new_key()}
    sealed = casekeys.seal_handed(keys, circle.public, **place)
    assert casekeys.open_handed(sealed, circle.private, **place) == keys
    with pytest.raises(SealBroken):
        casekeys.open_handed(sealed, new_key(), **place)
    others: list[dict[str, Any]] = [{"case_id": new_id()}, {"first": new_key()}, {"turn": 2}]
    for other in (*others, {"to": (new_id(), 2)}, {"to": (place["to"][0], 3)}):
        with pytest.raises(SealBroken):
            casekeys.open_handed(sealed, circle.private, **(place | other))


def test_a_thousand_keys_are_handed_at_once_and_they_fit_their_table_and_no_more(place: dict[str, Any]) -> None:
    circle = new_keypair()
    keys = {KeyName(turn, generation, 1): new_key() for turn in range(10) for generation in range(1, 101)}
    sealed = casekeys.seal_handed(keys, circle.public, **place)
    assert len(sealed) <= 40_000
    assert casekeys.open_handed(sealed, circle.private, **place) == keys
    with pytest.raises(TooMany):
        casekeys.seal_handed({**keys, KeyName(0, 1, 2): new_key()}, circle.public, **place)


def test_notes_and_audit_need_the_circles_key_of_then_and_the_authors_first_public_key() -> None:
    private, case_id, first = new_key(), new_id(), new_keypair().public
    for derive in (casekeys.note_key, casekeys.audit_mark):
        derived = {derive(private, case_id, first), derive(new_key(), case_id, first)}
        derived |= {derive(private, new_id(), first), derive(private, case_id, new_key())}
        assert len(derived) == 4
        assert derive(private, case_id, first) in derived
    assert casekeys.note_key(private, case_id, first) != casekeys.audit_mark(private, case_id, first)


def test_a_counted_mark_needs_the_authors_first_public_key_and_no_circles() -> None:
    case_id, first = new_id(), new_key()
    alone = hashlib.blake2b(case_id, digest_size=32, key=first, person=b"sanctuary num 2").digest()
    assert casekeys.counted_mark(case_id, first) == alone
    assert casekeys.counted_mark(case_id, new_key()) != alone
    assert casekeys.counted_mark(new_id(), first) != alone


def test_a_mark_of_what_was_read_notices_every_change() -> None:
    case_id = new_id()
    rows = [(number, new_id(), bytes([number]) * 100) for number in (1, 2, 3)]
    last = [(4, *rows[2][1:]), (3, new_id(), rows[2][2]), (3, rows[2][1], b"other words")]
    changed = [rows[:2], rows[1:], rows[::-1], *([*rows[:2], each] for each in last)]
    marks = {casekeys.read_mark(case_id, each) for each in (rows, *changed)} | {casekeys.read_mark(new_id(), rows)}
    assert len(marks) == 8
    assert casekeys.read_mark(case_id, iter(rows)) in marks
    met = [new_key(), new_key()]
    assert len({casekeys.met_mark(case_id, each) for each in (met, met[:1], met[::-1])}) == 3
