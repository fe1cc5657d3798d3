"""The socket at which `scripts/manage` speaks with a running launcher: one line in, one line out.

It promises that only the launcher's own account and root are heard, and that nobody who connects can make it wait: it
is served in the launcher's one loop, and every socket in it is non-blocking. No passphrase and no key of a database
passes here; the key of the desk's onion does, with the machines that find it.
"""

import json
import os
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onion_app.errors import LauncherSilent, LauncherSuspended, NotRunning
from onion_app.launch.state import listen_on
from onion_app.shapes import from_json

_CLIENTS = 8  # one person with a few terminals; one more is closed at once
_LONGEST = 8192  # bytes of an order; the longest true one, with all machines, has 3,000
_LONGEST_ANSWER = 1 << 20  # bytes; a thousand circles take less
_PATIENCE = 5.0  # seconds in which a client sends its order; ours sends it at once
_ANSWERED_WITHIN = 60.0  # seconds that the launcher may be busy with tor before we call it silent
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid of unix(7), SO_PEERCRED

Answerer = Callable[[str], dict[str, Any]]


@dataclass
class _Client:
    connection: socket.socket
    since: float
    order: bytes = b""


class ManageSocket:
    """The launcher's end. Times are seconds of the monotonic clock, given by the caller."""

    def __init__(self, path: Path) -> None:
        """Listen at this path; a socket left by a launcher that was killed is replaced."""
        self._path = path
        self._listener = listen_on(path, _CLIENTS)
        self._listener.settimeout(0)
        self._clients: list[_Client] = []

    def filenos(self) -> list[int]:
        """Give the descriptors that become readable when there is something to do."""
        return [self._listener.fileno(), *(client.connection.fileno() for client in self._clients)]

    def step(self, now: float, answer: Answerer) -> None:
        """Accept new clients, answer those that have sent an order, and close those that send none."""
        self._accept(now)
        self._clients = [client for client in self._clients if not _is_done(client, now, answer)]

    def close(self) -> None:
        """Close every connection and remove the socket."""
        for client in self._clients:
            client.connection.close()
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _accept(self, now: float) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # nobody else is waiting, or they have gone again
                return
            # The folder, 0700, has asked the same already; root gets past it, and stays root for what cannot wait.
            is_ours = peer(connection)[1] in (os.geteuid(), 0)
            if is_ours and len(self._clients) < _CLIENTS:
                connection.settimeout(0)
                self._clients.append(_Client(connection, now))
            else:
                connection.close()


def launcher_pid(path: Path) -> int:
    """Give the id of the process that listens there.

    Raises:
        NotRunning: nobody does.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(path))
        except OSError:
            raise NotRunning from None
        return peer(connection)[0]


def ask_launcher(path: Path, order: str, patience: float = _ANSWERED_WITHIN) -> dict[str, Any]:
    """Give the launcher an order and return its answer.

    Raises:
        NotRunning: nobody listens.
        LauncherSuspended: the launcher was stopped, by Ctrl-Z perhaps, and does nothing.
        LauncherSilent: it gives no answer.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(patience)
        try:
            connection.connect(str(path))
        except OSError:
            raise NotRunning from None
        if _is_suspended(process := peer(connection)[0]):
            raise LauncherSuspended(f"process {process}", f"kill -CONT {process}")
        try:
            connection.sendall(json.dumps({"order": order}).encode() + b"\n")
            with connection.makefile("rb") as answers:
                answer = answers.readline(_LONGEST_ANSWER + 1)
        except OSError:
            raise LauncherSilent from None
    return from_json(dict[str, Any], answer, NotRunning, _LONGEST_ANSWER)


def _is_suspended(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2].split()[0] in (b"T", b"t")
    except (OSError, IndexError):
        return False


def peer(connection: socket.socket) -> tuple[int, int]:
    """Give the process and the account at the other end."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    process, account, _ = _CREDENTIALS.unpack(raw)
    return int(process), int(account)


def _is_done(client: _Client, now: float, answer: Answerer) -> bool:
    """Read from a client; True, with its connection closed, once it was answered or has taken too long."""
    try:
        piece = client.connection.recv(_LONGEST)
        client.order += piece
        if piece and not client.order.endswith(b"\n") and len(client.order) < _LONGEST:
            return False
        # A socket takes an answer whole: a hundred circles are a few kilobytes, its buffer has two hundred.
        client.connection.sendall(json.dumps(answer(_order(client.order))).encode() + b"\n")
    except BlockingIOError:
        if now - client.since < _PATIENCE:
            return False
    except OSError:
        pass  # they have gone
    client.connection.close()
    return True


def _order(line: bytes) -> str:
    try:
        return from_json(dict[str, str], line, ValueError).get("order", "")
    except ValueError:
        return ""
