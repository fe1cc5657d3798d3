"""One connection: requests are read one at a time, answers are held in memory and never in a file.

Nothing of a request outlives its answer here: every reference is dropped, so that the memory is freed and overwritten.
"""

import gc
import socket
from typing import Any, Final

from waitress.channel import ClientDisconnected, HTTPChannel

from onion_app.web.waitress.request_parser import RequestParser
from onion_app.web.waitress.response import AppResponse, FixedResponse

# Seconds from the start, or from the answer before, until a request must be there as a whole: a full page of text needs
# about two minutes on the slowest lines we know of.
WHOLE_REQUEST: Final = 180.0
MOST_CONNECTIONS: Final = 200
_PAUSE: Final = 5.0  # seconds before a request that count as slowness; whoever read for longer is not slow
_SOON: Final = 0.1  # seconds; of whoever came later than that nobody can say how fast they are
ROOM_FOR_BODIES: Final = 16 << 20  # bytes of requests that are not answered yet, of all connections
# Seconds that somebody who is still sending has to notice that we have answered already and listen no more.
LINGER: Final = 30.0


class Outgoing:
    """Bytes waiting to be sent; waitress's own buffers keep them afterwards, and put large answers into files."""

    def __init__(self) -> None:
        """Start with nothing to send."""
        self._waiting = b""

    def __len__(self) -> int:
        """Count the bytes that wait."""
        return len(self._waiting)

    def append(self, data: bytes) -> None:
        """Add bytes."""
        self._waiting += data

    def get(self, count: int) -> bytes:
        """Give the next bytes, at most `count` of them."""
        return self._waiting[:count]

    def skip(self, count: int, allow_prune: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - as waitress calls it
        """Forget the bytes that were sent."""
        self._waiting = self._waiting[count:]

    def close(self) -> None:
        """Forget everything."""
        self._waiting = b""


class Connection(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """One connection of the server."""

    parser_class = RequestParser
    task_class = AppResponse
    error_task_class = FixedResponse

    def __init__(self, server: Any, sock: socket.socket, addr: Any, adj: Any, map: Any = None) -> None:  # noqa: A002, ANN401
        """Start with nothing received."""
        self.waiting_since = server.clock()  # for a first byte, or for our answer to go
        self.began = self.waiting_since  # since when the newest request is sent
        self.moved = 0  # bytes that have come since then, and gone
        self._has_answered = False  # and no byte of another request has come since
        self.has_had_a_turn = False  # whether the sockets were looked at since this one was taken
        self.lingering = False
        self.through_tor = server.ready is not None and server.ready.through_tor
        self._unparsed = b""  # arrived together with the request before; at most one read's worth
        super().__init__(server, sock, addr, adj, map=map)
        self.request: Any = None  # the request that is arriving
        self.outbufs = [Outgoing()]

    # In the thread that listens:

    def readable(self) -> bool:
        """Say whether more may arrive: nothing while a request is being answered."""
        if self.lingering:
            return True
        busy = self.requests or self._unparsed or self.total_outbufs_len
        if busy or self.will_close or self.close_when_flushed:
            return False
        return not (self.server.full and self.is_large())

    def writable(self) -> bool:
        """Say whether there is something to do here besides reading; while a thread answers, it does it."""
        waiting = self.total_outbufs_len or self.close_when_flushed or self._unparsed
        return bool(self.will_close or (waiting and not self.requests))

    def received(self, data: bytes) -> bool:
        """Take bytes that have arrived; after our last answer they are thrown away."""
        with self.requests_lock:
            if self.lingering or self.will_close or self.close_when_flushed:
                return False
            if self._has_answered:
                self._has_answered = False
                self.began = max(self.waiting_since, self.server.clock() - _PAUSE)
                self.moved = 0
            self.moved += len(data)
            self._unparsed += data
            self._parse()
        if self.is_large():
            self.server.make_room_for_bodies()
        return True

    def handle_write(self) -> None:
        """Send the bytes that wait; then go on to the next request, or end the connection."""
        if waiting := self.total_outbufs_len:
            self._flush_exception(self._flush_some_if_lockable)
            self.moved += waiting - self.total_outbufs_len
        if self.will_close:
            self.handle_close()
        elif self.total_outbufs_len or self.requests or not self.connected:
            return  # whoever has vanished was noticed in this very turn, while we read or sent
        elif self.close_when_flushed:
            self._linger()
        else:
            with self.requests_lock:
                self._parse()

    def handle_close(self) -> None:
        """Close, and forget what has arrived."""
        super().handle_close()
        self.request = None
        self._unparsed = b""

    def handle_expt(self) -> None:
        """End a connection that sends urgent data: nothing here reads it, and it would wake us for ever."""
        self.handle_close()

    def handle_error(self) -> None:
        """Report the class of an error alone, and end the connection that it came from."""
        self.server.report_error()
        self.handle_close()

    def is_overdue(self, now: float) -> bool:
        """Say whether we have waited long enough (`now` in seconds)."""
        since = self.began if self.request is not None else self.waiting_since
        return not self.requests and now - since > (LINGER if self.lingering else WHOLE_REQUEST)

    def bytes_a_second(self, now: float) -> float:
        """Say how fast this one moves: who drips, or says nothing, gives its seat to a newcomer."""
        return float(self.moved / max(_SOON, now - self.began))

    def held(self) -> int:
        """Count the bytes that are kept of requests that are not answered yet."""
        arriving = self.request
        unfinished = arriving.header_bytes_received + arriving.body_bytes_received if arriving else 0
        whole = sum(each.body_bytes_received for each in list(self.requests))
        return int(len(self._unparsed) + unfinished + whole)

    def is_large(self) -> bool:
        """Say whether this one keeps more than its share."""
        return self.request is not None and self.held() > ROOM_FOR_BODIES // MOST_CONNECTIONS

    def _parse(self) -> None:
        """Read on until one request is there, and let a worker answer it."""
        while self._unparsed and not self.requests:
            if self.request is None:
                self.request = self.parser_class(self.adj)
            length = self.request.received(self._unparsed)
            self._unparsed = self._unparsed[length:]
            if not self.request.completed:
                continue
            request, self.request = self.request, None
            if not request.empty:
                self.requests.append(request)
                self.server.add_task(self)

    def _linger(self) -> None:
        """End our side, but read on: closing now would take our answer from somebody who is still sending."""
        self.close_when_flushed = False
        self.lingering = True
        self.waiting_since = self.server.clock()
        self.request = None
        self._unparsed = b""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.handle_close()

    # In the threads that answer:

    def service(self) -> None:
        """Answer one request and forget it."""
        carried_text = self.requests[0].content_length > 0
        super().service()
        self.server.has_answered = True
        if carried_text:
            gc.collect()  # P04: what holds itself, such as an error and its traceback, would hold the text for minutes

    def write_soon(self, data: bytes) -> int:
        """Hand over an answer, as far as it goes at once.

        Raises:
            ClientDisconnected: nobody is there any more.
        """
        with self.outbuf_lock:
            if not self.connected:
                raise ClientDisconnected
            self.outbufs[0].append(data)
            self.total_outbufs_len += len(data)
            self.waiting_since = self.server.clock()
            self._has_answered = True
            self._flush_exception(self._flush_some, do_close=False)
        return len(data)
