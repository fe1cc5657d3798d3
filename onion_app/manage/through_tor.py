"""The way out for an update: a port of this process's own network that leads to the tor of this installation.

git speaks SOCKS there, and tor looks up the names; pip, which cannot, asks for the same with CONNECT. tor's socket
leads to onions only, but for as long as an update runs.
"""

import os
import re
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from onion_app.errors import NotFetched, SanctuaryError
from onion_app.launch.state import State
from onion_app.manage.cut_off import cut_off
from onion_app.manage.repository import MOST
from onion_app.onion.socks import dial
from onion_app.onion.tor_process import socks_option

_SOCKS: Final = b"\x05"
_PATIENCE: Final = 120.0  # seconds for a circuit
_ANSWER: Final = 10.0  # seconds in which tor takes an option
_ENDING: Final = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
_LONGEST_HEAD = 8192  # bytes
_CONNECT = re.compile(rb"CONNECT ([A-Za-z0-9.-]{1,253}):(\d{1,5}) HTTP/1\.[01]\r\n")
_CHUNK = 1 << 16


@dataclass
class Way:
    """The way to the tor that stands at a socket; the port is 0 where nothing is fetched."""

    tor: Path
    port: int = 0
    received: int = 0  # bytes

    def is_too_much(self, more: int) -> bool:
        """Count these bytes, too, and say if more came than this program can be."""
        self.received += more
        return self.received > MOST


@contextmanager
def way_out(state: State) -> Iterator[Way]:
    """Open the port, and give it; all that comes by it is counted, and it is closed at the end.

    Raises:
        NotFetched: nobody stands at tor's socket, more came than MOST, or the system allows no network of one's own.
    """
    way = Way(state.socks_socket)
    try:
        _to(way.tor).close()
    except OSError:
        raise NotFetched("no launcher runs whose tor could fetch it", "./scripts/launch") from None
    try:
        cut_off()
    except OSError as refused:
        fact = f"this system takes the network from no process ({refused.strerror})"
        or_as_root = "; or as root: sudo ./scripts/update" * (os.geteuid() != 0)
        raise NotFetched(fact, f"./scripts/update FILE   (from a stick{or_as_root})") from None
    with _also_where_no_onion_is(state), socket.create_server(("127.0.0.1", 0)) as listener:
        way.port = listener.getsockname()[1]
        threading.Thread(target=_accept, args=(listener, way), daemon=True).start()
        try:
            yield way
        except SanctuaryError:  # a list that was cut off may look like one without anything new
            if way.received > MOST:
                raise NotFetched(f"more than {MOST >> 20} MiB came, far more than this program can be") from None
            raise
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def _also_where_no_onion_is(state: State) -> Iterator[None]:
    """Let tor's socket lead everywhere for a while: what is not there at its start its sandbox never lets it open.

    A process of its own waits for our end, whichever it is, and lets it lead to onions only again.
    """
    waiting, alive = os.pipe()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)  # for us until it is there, for it for good
    guard = os.fork()
    if guard == 0:
        _lead_to_onions_at_the_end(state, waiting, alive)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    os.close(waiting)
    try:
        _set_socks(state, onions_only=False)
        yield
    finally:
        os.close(alive)
        os.waitpid(guard, 0)


def _lead_to_onions_at_the_end(state: State, waiting: int, alive: int) -> NoReturn:
    """Wait until nobody has the other end of a pipe open any more."""
    try:
        os.setsid()  # what is killed with the update's group is not this
        os.close(alive)
        for stream in range(3):
            os.dup2(waiting, stream)  # nobody waits for the end of what we say
        os.read(waiting, 1)
        _set_socks(state, onions_only=True)
    finally:  # also where tor has ended meanwhile, which leads to onions only when it is started again
        os._exit(0)


def _set_socks(state: State, *, onions_only: bool) -> None:
    option = socks_option(state.socks_socket, onions_only=onions_only).replace("\\", "\\\\").replace('"', '\\"')
    # Only a socket that is opened anew takes another option; for that moment there is none.
    orders = ("AUTHENTICATE", "SETCONF SocksPort=0", f'SETCONF SocksPort="{option}"')
    try:
        with _to(state.run / "control.sock") as line, line.makefile("rwb", buffering=0) as control:
            line.settimeout(_ANSWER)
            answers = [_order(control, order) for order in orders]
    except OSError:
        answers = [b"no answer"]
    if not all(answer.startswith(b"250") for answer in answers):
        raise NotFetched("tor does not open its socket for it", "./scripts/manage stop; ./scripts/launch")


def _order(control: socket.SocketIO, order: str) -> bytes:
    control.write(order.encode() + b"\r\n")
    return control.readline(_LONGEST_HEAD)


def _accept(listener: socket.socket, way: Way) -> None:
    with suppress(OSError):  # it was closed
        while True:
            line, _ = listener.accept()
            threading.Thread(target=_serve, args=(line, way), daemon=True).start()


def _serve(line: socket.socket, way: Way) -> None:
    with suppress(OSError), line, _beyond(line, way.tor) as beyond:
        back = threading.Thread(target=_carry, args=(beyond, line, way), daemon=True)
        back.start()
        _carry(line, beyond)
        back.join()


def _beyond(line: socket.socket, tor: Path) -> socket.socket:
    """Give the line behind the port: to tor itself, or through it to the host that is named."""
    if line.recv(1, socket.MSG_PEEK) == _SOCKS:
        return _to(tor)
    head = b""
    while not head.endswith(b"\r\n\r\n") and len(head) < _LONGEST_HEAD:
        more = line.recv(1)
        if not more:
            break
        head += more
    wanted = _CONNECT.match(head)
    if wanted is None:
        line.sendall(b"HTTP/1.1 405 Only CONNECT\r\n\r\n")
        raise ConnectionError("neither SOCKS nor CONNECT")
    beyond = dial(tor, wanted[1].decode(), int(wanted[2]), _PATIENCE, circuit="update")
    line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    return beyond


def _to(tor: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(str(tor))
    except OSError:
        line.close()
        raise
    return line


def _carry(source: socket.socket, target: socket.socket, counted: Way | None = None) -> None:
    with suppress(OSError):
        source.settimeout(None)
        while chunk := source.recv(_CHUNK):
            if counted and counted.is_too_much(len(chunk)):
                break
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
