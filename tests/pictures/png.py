"""A picture with few colours, so that the repository stays small: a fifth of what a browser writes."""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {2: 3, 6: 4}  # of the types of colour that a browser writes
MOST_COLOURS = 256


def with_few_colours(picture: bytes) -> bytes:
    """Write a PNG of eight bits a channel anew, with a palette of its commonest colours."""
    kinds = list(_chunks(picture))
    width, height, _, colour = struct.unpack(">IIBB", kinds[0][1][:10])
    size = CHANNELS[colour]
    rows = list(_rows(zlib.decompress(b"".join(data for kind, data in kinds if kind == b"IDAT")), width * size, size))
    counted = Counter(row[at : at + 3] for row in rows for at in range(0, len(row), size))
    palette = [each for each, _ in counted.most_common(MOST_COLOURS)]
    index = {each: number for number, each in enumerate(palette)}
    index |= {each: _nearest(each, palette) for each in counted if each not in index}
    drawn = b"".join(b"\0" + bytes(index[row[at : at + 3]] for at in range(0, len(row), size)) for row in rows)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", b"".join(palette)), (b"IDAT", zlib.compress(drawn, 9)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(*part) for part in parts)


def _chunks(picture: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(picture):
        length, kind = struct.unpack(">I4s", picture[at : at + 8])
        yield kind, picture[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _rows(raw: bytes, width: int, size: int) -> Iterator[bytes]:
    """Undo what was done to each row so that it packs better (PNG, section 9)."""
    above = bytearray(width)
    for start in range(0, len(raw), width + 1):
        way, row = raw[start], bytearray(raw[start + 1 : start + 1 + width])
        for at, value in enumerate(row) if way else ():
            left, corner = (row[at - size], above[at - size]) if at >= size else (0, 0)
            guesses = (0, left, above[at], (left + above[at]) // 2, _paeth(left, above[at], corner))
            row[at] = (value + guesses[way]) & 255
        yield bytes(row)
        above = row


def _paeth(left: int, above: int, corner: int) -> int:
    guess = left + above - corner
    return min((left, above, corner), key=lambda each: abs(guess - each))


def _nearest(colour: bytes, palette: list[bytes]) -> int:
    def far(number: int) -> int:
        return sum((one - other) ** 2 for one, other in zip(colour, palette[number], strict=True))

    return min(range(len(palette)), key=far)
