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
    opened = [stream.open(pieces[0]), stream.open(pieces[1]), stream.open(pieces[2], last=True)]
    assert opened == [b"one", b"two", b"three"]
    assert len(header) == HEADER_BYTES
    assert len(pieces[0]) == len(b"one") + MORE_BYTES


@pytest.mark.parametrize(
    ("order", "last"),
    [([1], False), ([0, 2], False), ([0, 0], False), ([2], False), ([0, 1], True), ([0, 1, 2], False)],
    ids=["the second first", "one left out", "one twice", "the last first", "cut off", "more after the last"],
)
def test_a_piece_out_of_its_place_is_refused(order: list[int], *, last: bool) -> None:
    header, pieces = three()
    stream = OpeningStream(KEY, CLEAR, header)
    for number in order[:-1]:
        stream.open(pieces[number])
    with pytest.raises(SealBroken):
        stream.open(pieces[order[-1]], last=last)


@pytest.mark.parametrize("what", ["key", "clear", "header", "no header", "piece"])
def test_anything_else_opens_nothing(what: str) -> None:
    header, [piece, *_] = three()
    key = new_key() if what == "key" else KEY
    clear = CLEAR + b"." if what == "clear" else CLEAR
    header = bytes(len(header)) if what == "header" else header
    header = b"" if what == "no header" else header
    piece = piece[:-1] if what == "piece" else piece
    with pytest.raises(SealBroken):
        OpeningStream(key, clear, header).open(piece)
