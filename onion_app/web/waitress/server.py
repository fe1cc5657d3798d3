"""The server: waitress on a socket that it is given, with at most 200 connections and one way out for every answer.

It opens no socket of its own, writes no log, no file and no time, and installs no signal handlers.
"""

import gc
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from math import inf
from typing import Any, Final
from urllib.parse import urlsplit

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import BaseWSGIServer

from onion_app.web.headers import BODY_LIMIT, Clock, ServedApp
from onion_app.web.pinning import pinned
from onion_app.web.waitress.connection import MOST_CONNECTIONS, ROOM_FOR_BODIES, Connection

THREADS: Final = 8  # two may wait for Argon2, two more for the disk, and four still answer readers
_TICK: Final = 0.5  # seconds between two looks at the clock and at `stop`
_MOST_THROUGH_TOR: Final = MOST_CONNECTIONS * 4 // 5  # P16: a fifth of the seats is kept for this machine
_FINISH: Final = 10.0  # seconds that requests have to be answered after `stop`

_LIMITS: Final = {
    "max_request_header_size": 8192,
    "max_request_body_size": BODY_LIMIT + 1,
    # P03: waitress puts bodies from this size on into temporary files; ours never get there. (Answers: see `Outgoing`.)
    "inbuf_overflow": 2 * BODY_LIMIT,
    "backlog": 1024,
    "log_socket_errors": False,
    "clear_untrusted_proxy_headers": False,  # `RequestParser` drops them with all others
}


class Server(BaseWSGIServer):  # type: ignore[misc]  # waitress has no types
    """The listener and its connections."""

    channel_class = Connection

    def __init__(
        self,
        app: ServedApp,
        listener: socket.socket,
        *,
        sized: bool,
        on_error: Callable[[str], object],
        clock: Clock,
        beside: Sequence[socket.socket] = (),
    ) -> None:
        """Listen, and start the threads that answer; connections of the listeners beside are like all others."""
        self.sized = sized
        self.on_error = on_error
        self.clock = clock
        self.stopping = False
        self.full = False
        self.has_answered = False  # since the last tidying
        self.ready: _Beside | None = None  # while a connection of its is taken
        self._tidied = -inf
        adjustments = Adjustments(listen="", threads=THREADS, ident=None, **_LIMITS)
        super().__init__(
            app, _sock=listener, adj=adjustments, sockinfo=(listener.family, listener.type, 0, None), bind_socket=False
        )
        self._beside = [_Beside(self, each) for each in beside]

    def getsockname(self) -> tuple[str, int]:
        """Name no address: it differs between machines and is nobody's business."""
        return ("localhost", 80)

    def fix_addr(self, _addr: Any) -> tuple[str, None]:  # noqa: ANN401 - waitress has no types
        """Forget where a connection comes from."""
        return ("localhost", None)

    def set_socket_options(self, conn: socket.socket) -> None:
        """Send each answer at once."""
        if conn.family in (socket.AF_INET, socket.AF_INET6):
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def readable(self) -> bool:
        """Say whether one more connection may come in: not while all that there may be are being answered."""
        return self.accepting and (len(self.active_channels) < MOST_CONNECTIONS or self._slowest() is not None)

    def is_full_of_machines(self) -> bool:
        """Say whether machines elsewhere have as many seats as they may."""
        return len([each for each in self.active_channels.values() if each.through_tor]) >= _MOST_THROUGH_TOR

    def accept(self) -> Any:  # noqa: ANN401 - waitress has no types
        """Accept from the listener that is ready."""
        return wasyncore.dispatcher.accept(self.ready or self)

    def handle_error(self) -> None:
        """Go on listening after any error; waitress would stop."""
        self.report_error()

    def report_error(self) -> None:
        """Report the class of the error that is being handled."""
        kind = sys.exc_info()[0]
        if kind is not None:
            self.on_error(kind.__name__)

    def turn(self) -> None:
        """Wait at most half a second for sockets that are ready, and serve them; once a second, tidy up."""
        self._measure()
        newcomers = [each for each in self.active_channels.values() if not each.has_had_a_turn]
        wasyncore.poll2(_TICK, self._map)
        self._make_room_for_newcomers()
        for each in newcomers:
            each.has_had_a_turn = True
        now = self.clock()
        if now < self._tidied + 1:
            return
        self._tidied = now
        if self.has_answered:  # P06: an address may be a code that somebody has pasted; the last ones are kept here,
            self.has_answered = False
            urlsplit.cache_clear()  # type: ignore[attr-defined]  # typeshed does not know it
            gc.collect()  # and by an error that holds itself
        try:
            self.application.each_second()
        except Exception:  # noqa: BLE001 - the app's tidying must not end the serving
            self.report_error()
        for connection in list(self.active_channels.values()):
            if connection.is_overdue(now):
                connection.handle_close()

    def stop_accepting(self) -> None:
        """Take no more connections; those in the listener's queue stay there for the next process."""
        self.stopping = True
        for listener in (self, *self._beside):
            wasyncore.dispatcher.close(listener)

    def is_answering(self) -> bool:
        """Say whether an answer is still being made or sent."""
        return any(each.requests or each.total_outbufs_len for each in list(self.active_channels.values()))

    def finish(self) -> None:
        """End the threads and all connections."""
        self.task_dispatcher.shutdown(timeout=1)
        for connection in list(self.active_channels.values()):
            connection.handle_close()
        self.trigger.close()

    def make_room_for_bodies(self) -> None:
        """Let the slowest of those go that keep more than their share, until what all of them keep has room.

        # P16: many who send large forms, and do not end them, take no more memory than this.
        """
        while self._measure():
            slowest = self._slowest_of([each for each in self._waiting() if each.is_large()])
            if slowest is None:  # they are whole, and will be answered: until then the others pause
                return
            slowest.handle_close()

    def _make_room_for_newcomers(self) -> None:
        """Let those go that have sent the fewest bytes a second: only now, when all that has arrived was read.

        # P16: an honest sender on a slow line keeps the seat, however many come and say nothing.
        """
        while len(self.active_channels) > MOST_CONNECTIONS and (slowest := self._slowest()) is not None:
            slowest.handle_close()

    def _measure(self) -> bool:
        """Say whether requests take all the room that there is; then large ones pause until some are answered."""
        self.full = sum(each.held() for each in self.active_channels.values()) > ROOM_FOR_BODIES
        return self.full

    def _waiting(self) -> list[Connection]:
        return [each for each in self.active_channels.values() if not each.requests]

    def _slowest(self) -> Connection | None:
        waiting = self._waiting()
        return self._slowest_of([each for each in waiting if each.has_had_a_turn] or waiting)

    def _slowest_of(self, connections: list[Connection]) -> Connection | None:
        now = self.clock()
        return min(connections, key=lambda each: (each.bytes_a_second(now), each.waiting_since), default=None)


class _Beside(wasyncore.dispatcher):  # type: ignore[misc]  # waitress has no types
    """One more listener of a server's, in the same map: stock waitress makes a server of its own for each."""

    def __init__(self, server: Server, listener: socket.socket) -> None:
        """Listen for the server."""
        self._server = server
        self.through_tor = listener.family == socket.AF_UNIX  # P02: loopback is this machine's, a unix socket our tor's
        super().__init__(listener, map=server._map)  # noqa: SLF001 - of our own class
        self.accepting = True
        self.socket.listen(server.adj.backlog)

    def readable(self) -> bool:
        """Say whether one more connection may come in."""
        return self._server.readable() and not (self.through_tor and self._server.is_full_of_machines())

    def writable(self) -> bool:
        """Say that nothing is ever sent."""
        return False

    def handle_accept(self) -> None:
        """Take a connection as the server takes its own."""
        self._server.ready = self
        try:
            self._server.handle_accept()
        finally:
            self._server.ready = None

    def handle_error(self) -> None:
        """Go on listening after any error."""
        self._server.report_error()


def serve(
    app: ServedApp,
    listener: socket.socket,
    *,
    sized: bool,
    stop: threading.Event,
    on_error: Callable[[str], object],
    clock: Clock = time.monotonic,
    beside: Sequence[socket.socket] = (),
) -> None:
    """Answer requests on a listening socket until `stop` is set and the requests that are there are answered.

    `sized` gives every answer the one size; `on_error` gets the class names of errors; `clock` counts seconds; `beside`
    are further listeners.
    """
    for name in ("waitress", "waitress.queue", "werkzeug", "flask_wtf.csrf"):
        logging.getLogger(name).disabled = True  # P08
    try:
        app.prepare()
    except Exception as error:  # noqa: BLE001 - whatever is broken, the pages that need it say so when they are asked for
        on_error(type(error).__name__)
    with pinned():
        server = Server(app, listener, sized=sized, on_error=on_error, clock=clock, beside=beside)
        gc.collect()
        gc.freeze()  # what is here now stays: the collections after each posted text look at the rest only
        while not stop.is_set():
            server.turn()
        server.stop_accepting()
        deadline = clock() + _FINISH
        while server.is_answering() and clock() < deadline:
            server.turn()
        server.finish()
