"""The sockets at which site and desk are reached: held by the launcher, so that a child that dies loses nobody.

# P02: tor reaches unix sockets that only this account may use, browsers of this machine the desk on its loopback.
"""

import errno
import os
import pwd
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from onion_app.errors import AddressForbidden, AddressInUse, NoLoopback
from onion_app.launch.state import State, listen_on

_WAITING = 1024  # connections that wait while a child is started again; the site seats 200
_LEAVING_SECONDS = 3.0  # a launcher that was killed takes its desk along, and the desk the address, within a moment
_LISTENING = "0A"  # of the column `st` in /proc/net/tcp


def site_listener(state: State) -> socket.socket:
    """Listen where tor reaches the site."""
    return listen_on(state.site_socket, _WAITING)


def far_listener(state: State) -> socket.socket:
    """Listen where tor reaches the desk; without a machine that was added no onion leads there."""
    return listen_on(state.desk_socket, _WAITING)


@contextmanager
def desk_listeners(port: int) -> Iterator[list[socket.socket]]:
    """Listen on both loopback addresses, where browsers of this machine reach the desk.

    # P02: loopback, and no onion leads to it (that of machines elsewhere: to `far_listener`). Both are held, because
    # browsers ask for either of them first: somebody else on the other one would be asked for passphrase and digits.

    Raises:
        AddressInUse: another program listens on one of them.
        AddressForbidden: this account may not listen there.
        NoLoopback: there is no such address.
    """
    give_up = time.monotonic() + _LEAVING_SECONDS
    with ExitStack() as stack:
        listeners = []
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            listener = _listen_there(family, address, port, give_up)
            if listener is not None:
                listeners.append(stack.enter_context(listener))
        yield listeners


def _listen_there(family: socket.AddressFamily, address: str, port: int, give_up: float) -> socket.socket | None:
    """Listen on one address; None on a machine that has no such address, where nobody else listens on it either.

    Raises:
        SanctuaryError: one of those of `desk_listeners`.
    """
    while True:
        try:
            listener = socket.socket(family)
        except OSError as refused:
            if refused.errno != errno.EAFNOSUPPORT:
                raise
            return None
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            listener.bind((address, port))
            listener.listen(_WAITING)
        except OSError as refused:
            listener.close()
            if refused.errno == errno.EADDRNOTAVAIL and family == socket.AF_INET6:
                return None
            shown = f"[{address}]:{port}" if family == socket.AF_INET6 else f"{address}:{port}"
            if refused.errno == errno.EADDRNOTAVAIL:
                raise NoLoopback(shown) from refused
            if refused.errno in (errno.EACCES, errno.EPERM):
                raise AddressForbidden(shown) from refused
            if refused.errno != errno.EADDRINUSE:
                raise
            if time.monotonic() > give_up:
                raise AddressInUse(f"{shown}{_listening_account(port)}", f"ss -ltnp | grep {port}") from refused
            time.sleep(0.1)
        else:
            return listener


def _listening_account(port: int) -> str:
    """Name another account whose program listens on a port of this machine, as the kernel's own table does."""
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    for fields in lines:
        is_there = int(fields[1].rpartition(":")[2], 16) == port and fields[3] == _LISTENING
        if is_there and int(fields[7]) != os.geteuid():
            with suppress(KeyError):
                return f", by the account {pwd.getpwuid(int(fields[7])).pw_name}"
    return ""
