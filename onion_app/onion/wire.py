"""The wire to tor's control socket: a line is asked and answered, or the connection is lost, which is noticed at once.

It is the only module that uses stem, and of it not `Controller`, only the `BaseController` beneath: the former answers
the option `__OwningControllerProcess`, which a tor outside its walls has, with TAKEOWNERSHIP, after which tor ends with
the first lost connection, and switches off tor's watch over our process.
"""

import logging
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import stem
from stem.control import BaseController
from stem.socket import ControlSocketFile

from onion_app.errors import ControlLost

_ANSWER = 30.0  # seconds in which tor answers a question, or is taken for lost

_silent = logging.getLogger("stem")
_silent.disabled = True  # P03: at its lowest level stem logs every message, the key in ADD_ONION included
_silent.propagate = False


class _Socket(ControlSocketFile):  # type: ignore[misc]  # stem has no types
    """stem's socket, closed also when nobody listens."""

    def _make_socket(self) -> socket.socket:
        line = socket.socket(socket.AF_UNIX)
        try:
            line.connect(self.path)
        except OSError:
            line.close()
            raise stem.SocketError from None
        return line


class Wire(BaseController):  # type: ignore[misc]  # stem has no types
    """stem's reading thread and message queue, with an end that is noticed at once."""

    def __init__(self, control_socket: Path, on_event: Callable[[str], None], on_end: Callable[[], None]) -> None:
        """Connect.

        Raises:
            ControlLost: nobody listens.
        """
        self._on_event = on_event
        self._on_end = on_end
        try:
            super().__init__(_Socket(str(control_socket)))
        except stem.ControllerError:
            raise ControlLost from None

    def ask(self, line: str) -> list[tuple[str, str, str]]:
        """Send one line and return the lines of the answer: status, divider, text.

        Raises:
            ControlLost: there is no answer in time, or none that can be read.
        """
        limit = threading.Timer(_ANSWER, self.close)
        limit.daemon = True
        limit.start()
        try:
            answer: Any = self.msg(line)
        except stem.ControllerError:
            self.close()  # an answer that cannot be read leaves us not knowing where we stand
            raise ControlLost from None
        finally:
            limit.cancel()
        return [(str(code), str(divider), str(text)) for code, divider, text in answer.content()]

    def _launch_threads(self) -> None:
        """Start the two threads without the calls that Python has marked as old."""
        self._reader_thread = threading.Thread(target=self._reader_loop, name="tor reader", daemon=True)
        self._event_thread = threading.Thread(target=self._event_loop, name="tor events", daemon=True)
        self._reader_thread.start()
        self._event_thread.start()

    def _event_loop(self) -> None:
        """Pass each event on as it comes; stem's own loop wakes twenty times a second for nothing."""
        while self.is_alive():
            self._event_notice.wait()
            self._event_notice.clear()
            while not self._event_queue.empty():
                self._on_event(str(self._event_queue.get().content()[0][2]))

    def _close(self) -> None:
        super()._close()
        self._reply_queue.put(stem.SocketClosed())  # a thread that still waits for an answer must not wait for ever
        self._on_end()
