"""A stream opens in order and whole, or not at all."""

import pytest

from onion_app.crypto.keys import new_key
from onion_app.crypto.stream import HEADER_BYTES, MORE_BYTES, OpeningStream, SealingStream
from onion_app.errors import SealBroken

KEY, CLEAR = new_key(), b"what stands readable beside it"


def three() -> tuple[bytes, list[bytes]]:
    stream = SealingStream(KEY, CLEAR)
    return stream.header, [stream.seal(b"one"), stream.seal(b"two"), stream.seal(b"three", last=True)]


def test_what_was_sealed_opens_in_order() -> None:
    header, pieces = three()
    stream = OpeningStream(KEY, CLEAR, header)
    assert [stream.open(pieces[0]), stream.open(pieces[1]), stream.open(pieces[2], last=True)] == [
        b"one",
        b"two",
        b"three",
    ]
    assert len(header) == HEADER_BYTES
    assert len(pieces[0]) == len(b"one") + MORE_BYTES


@pytest.mark.parametrize("order", [[1], [0, 2], [0, 0], [2]])
def test_a_piece_out_of_its_place_is_refused(order: list[int]) -> None:
    header, pieces = three()
    stream = OpeningStream(KEY, CLEAR, header)
    for number in order[:-1]:
        stream.open(pieces[number])
    with pytest.raises(SealBroken):
        stream.open(pieces[order[-1]])


def test_an_end_that_was_cut_off_is_noticed() -> None:
    header, pieces = three()
    stream = OpeningStream(KEY, CLEAR, header)
    stream.open(pieces[0])
    with pytest.raises(SealBroken):
        stream.open(pieces[1], last=True)


def test_nothing_follows_the_last() -> None:
    header, pieces = three()
    stream = OpeningStream(KEY, CLEAR, header)
    stream.open(pieces[0])
    stream.open(pieces[1])
    with pytest.raises(SealBroken):
        stream.open(pieces[2])


@pytest.mark.parametrize("what", ["key", "clear", "header", "piece"])
def test_anything_else_opens_nothing(what: str) -> None:
    header, [piece, *_] = three()
    key = new_key() if what == "key" else KEY
    clear = CLEAR + b"." if what == "clear" else CLEAR
    header = bytes(len(header)) if what == "header" else header
    piece = piece[:-1] if what == "piece" else piece
    with pytest.raises(SealBroken):
        OpeningStream(key, clear, header).open(piece)


def test_a_header_of_another_length_is_refused() -> None:
    with pytest.raises(SealBroken):
        OpeningStream(KEY, CLEAR, b"")
