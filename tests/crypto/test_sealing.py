"""Messages and hidden fields open where they belong, and nowhere else."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onion_app.crypto import keys, payloads, sealing
from onion_app.errors import SealBroken

CASE, MESSAGE = keys.new_id(), keys.new_id()
PLACE = sealing.MessagePlace(CASE, MESSAGE, 1, "visitor")
ENTRY = sealing.EntryPlace(CASE, MESSAGE, 1, "note", keys.new_id())
KEY = keys.new_key()


@given(st.binary(max_size=65_535))
def test_what_was_sealed_opens_again(plaintext: bytes) -> None:
    assert sealing.open_seal(KEY, sealing.seal(KEY, plaintext, PLACE), PLACE) == plaintext


def test_a_row_of_a_notebook_is_bound_to_its_circle_and_always_as_long() -> None:
    place = sealing.EntryPlace(CASE, MESSAGE, 0, "notebook", CASE)
    assert place.associated_data() == b"\x02" + CASE + MESSAGE + bytes(4) + b"\x07" + CASE
    for plaintext in (b"", b"x" * 8191):
        sealed = sealing.seal(KEY, plaintext, place, sealing.SIZES[2])
        assert len(sealed) == 8233
        assert sealing.open_seal(KEY, sealed, place) == plaintext


@given(st.binary(max_size=70_000))
def test_the_length_of_a_text_shows_only_in_six_steps(plaintext: bytes) -> None:
    if len(plaintext) >= 64 * 1024:
        with pytest.raises(ValueError, match="empty"):
            sealing.seal(KEY, plaintext, PLACE)
        return
    assert len(sealing.seal(KEY, plaintext, PLACE)) - 41 in sealing.SIZES


def test_the_longest_text_that_is_taken_fits() -> None:
    longest = payloads.pack(payloads.Text("\U0010ffff" * 12_000, day=20_000, sender="x" * 24, language="ckb"))
    assert sealing.open_seal(KEY, sealing.seal(KEY, longest, PLACE), PLACE) == longest


OF_MESSAGE: list[dict[str, Any]] = [{"case_id": KEY[:16]}, {"message_id": KEY[:16]}, {"number": 2}]
OF_MESSAGE += [{"author": "circle"}, {"author": "site"}]
OF_ENTRY: list[dict[str, Any]] = [{"case_id": KEY[:16]}, {"entry_id": KEY[:16]}, {"number": 2}]
OF_ENTRY += [{"written_by": KEY[:16]}, {"kind": "draft"}, {"kind": "approval"}]
MOVED = [(PLACE, ENTRY), (ENTRY, PLACE), *((PLACE, replace(PLACE, **moved)) for moved in OF_MESSAGE)]
MOVED += [(ENTRY, replace(ENTRY, **moved)) for moved in OF_ENTRY]


@pytest.mark.parametrize(("there", "here"), MOVED)
def test_a_message_or_an_entry_opens_in_no_other_place(there: sealing.Place, here: sealing.Place) -> None:
    with pytest.raises(SealBroken):
        sealing.open_seal(KEY, sealing.seal(KEY, b"words", there), here)


@given(position=st.integers(0, 2088), flip=st.integers(1, 255))
def test_a_changed_byte_is_noticed_anywhere(position: int, flip: int) -> None:
    sealed = bytearray(sealing.seal(KEY, b"words", PLACE))
    sealed[position] ^= flip
    with pytest.raises(SealBroken):
        sealing.open_seal(KEY, bytes(sealed), PLACE)


@pytest.mark.parametrize("length", [0, 1, 24, 25, 26, 40])
def test_a_stump_is_refused(length: int) -> None:
    with pytest.raises(SealBroken):
        sealing.open_seal(KEY, sealing.seal(KEY, b"words", PLACE)[:length], PLACE)


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans() | st.none()))
def test_a_hidden_field_comes_back_whole(fields: dict[str, object]) -> None:
    assert sealing.open_field(KEY, "check", sealing.seal_field(KEY, "check", fields)) == fields


def test_a_hidden_field_that_was_made_up_or_is_of_another_purpose_or_key_is_refused() -> None:
    field = sealing.seal_field(KEY, "check", {"code": "1"})
    made_up = [(KEY, "check", text) for text in ("", "A", "not base64 ☹", "AAAA", "A" * 200)]
    for key, purpose, text in (*made_up, (KEY, "erase", field), (keys.new_key(), "check", field)):
        with pytest.raises(SealBroken):
            sealing.open_field(key, purpose, text)


@pytest.mark.parametrize(
    "letter",
    [
        payloads.Text('ئەم دەقە "\n\U0001f3f3', 20_000, "shirin", "ckb"),
        payloads.Consent("ask", count=True, quote=False, day=1),
        payloads.Consent("yes", count=True, quote=False, day=1, mark="0f" * 32),
        payloads.FinalText("ئەو ڕۆژە", "…", "ckb", 20_000),
        payloads.Verdict("00" * 16, "change", "the second line", 20_001),
        payloads.LastOpened(7),
        payloads.StoryLink("00" * 16),
        payloads.Referral("lawyer", "iraq.basra", "ar", published=False, name="", contact="", writer="0f" * 16, day=1),
    ],
)
def test_every_letter_survives_packing(letter: payloads.Payload) -> None:
    assert payloads.unpack(payloads.pack(letter)) == letter


@pytest.mark.parametrize(
    "packed",
    [b"", b"{}", b"[]", b"7", b"\xff", b'{"kind": "order"}', b'{"kind": ["text"]}', b'{"kind": "opened"}',
     b'{"kind": "opened", "day": 1, "more": 1}', b'{"kind": "opened", "day": true}',
     b'{"kind": "opened", "day": 200000}', b'{"kind": "text", "text": null, "day": 1}',
     b'{"kind": "consent", "publish": "maybe", "count": true, "quote": true, "day": 1}',
     b'{"kind": "consent", "publish": ["yes"], "count": true, "quote": true, "day": 1}',
     b'{"kind": "consent", "publish": "yes", "count": 1, "quote": true, "day": 1}',
     b'{"kind": "consent", "publish": "yes", "count": true, "quote": true, "day": 1, "mark": "0F"}',
     b'{"kind": "pointer", "story_id": "../../etc"}'],
)  # fmt: skip
def test_a_letter_of_no_known_kind_or_shape_is_refused(packed: bytes) -> None:
    with pytest.raises(SealBroken):
        payloads.unpack(packed)
