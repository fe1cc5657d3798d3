"""One size for every answer, so that the line does not tell which page was read.

This module pads finished answers and refuses those that do not fit; it never cuts a page and never looks into one.
# P09: every answer has SHORT bytes on the wire, status line and headers included. Only a page that shows the visitor's
own text, when that does not fit, has LONG bytes.
"""

from typing import Final

from onion_app.errors import PageTooLong

_CELL = 498  # what one Tor cell carries; 498 n + 1 takes the same number of cells however tor cuts it
SHORT: Final = 33 * _CELL + 1
LONG: Final = 264 * _CELL + 1

_SIZES = ((SHORT, 5), (LONG, 6))  # bytes on the wire, and how many digits their Content-Length has
_END = b"</html>"
_LENGTH = b"Content-Length: %d\r\n\r\n"
_LENGTH_WITHOUT_DIGITS = len(_LENGTH) - len(b"%d")


def padded(head: bytes, page: bytes, *, own_text: bool) -> bytes:
    r"""Join status line and headers (each line ended by \r\n) with a page filled up to exactly one of the two sizes.

    Raises:
        PageTooLong: the page does not fit SHORT, or, where it shows the visitor's own text, LONG.
    """
    for wire, digits in _SIZES if own_text else _SIZES[:1]:
        room = wire - len(head) - _LENGTH_WITHOUT_DIGITS - digits
        if room >= len(page) and len(str(room)) == digits:
            return head + _LENGTH % room + _filled(page, room - len(page))
    raise PageTooLong


def unpadded(head: bytes, page: bytes) -> bytes:
    r"""Join status line and headers (each line ended by \r\n) with a page as it is."""
    return head + _LENGTH % len(page) + page


def padded_to_a_multiple(head: bytes, page: bytes) -> bytes:
    r"""Join status line and headers (each line ended by \r\n) with a page filled up to a multiple of SHORT bytes."""
    bare = len(head) + _LENGTH_WITHOUT_DIGITS
    times = -(-(bare + len(page) + 1) // SHORT)
    while True:
        for digits in range(1, 10):
            room = times * SHORT - bare - digits
            if room >= len(page) and len(str(room)) == digits:
                return head + _LENGTH % room + _filled(page, room - len(page))
        times += 1


def _filled(page: bytes, missing: int) -> bytes:
    """Put blanks before the end of the page: they show nothing and can be mistaken for nothing that somebody wrote."""
    start, end, rest = page.rpartition(_END)
    if not end:
        return page + b" " * missing
    return start + b" " * missing + end + rest
