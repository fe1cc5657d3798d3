"""Carries what a browser of this machine sends to the desk, and the answers back; it reads nothing of either."""

import select
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from onion_app.errors import SanctuaryError

_MOST: Final = 16  # connections; a browser makes six, and the onion takes sixteen of one circuit
_TICK: Final = 0.5  # seconds
_PIECE: Final = 65536  # bytes

Dial = Callable[[], socket.socket]


def forward(
    listeners: Sequence[socket.socket], dial: Dial, say: Callable[[str], object], is_over: Callable[[], bool]
) -> None:
    """Carry connections until it is over; why the desk is not reached is said, once for each reason in a row."""
    seats = threading.BoundedSemaphore(_MOST)
    told: list[str] = [""]

    def carry(browser: socket.socket) -> None:
        with browser:
            try:
                with dial() as desk:
                    told[0] = ""
                    _carry(browser, desk)
            except SanctuaryError as failed:
                if failed.told != told[0]:
                    told[0] = failed.told
                    say(failed.told)
            finally:
                seats.release()

    while not is_over():
        for listener in select.select(listeners, [], [], _TICK)[0]:
            browser, _ = listener.accept()
            if seats.acquire(blocking=False):
                threading.Thread(target=carry, args=(browser,), daemon=True).start()
            else:
                browser.close()


def _carry(browser: socket.socket, desk: socket.socket) -> None:
    """Carry both ways until one end closes."""
    other = {browser: desk, desk: browser}
    for line in other:
        line.settimeout(None)
    with suppress(OSError):  # one of them has gone
        while all(_pass_on(line, other[line]) for line in select.select(list(other), [], [])[0]):
            pass


def _pass_on(line: socket.socket, other: socket.socket) -> bool:
    """Carry what has come; False at its end."""
    piece = line.recv(_PIECE)
    other.sendall(piece)
    return bool(piece)
