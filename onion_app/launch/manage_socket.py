"""The socket at which `scripts/manage` speaks with a running launcher: one line in, one line out.

It promises that only the launcher's own account is heard, and that nobody who connects can make the launcher wait: it
is served in the launcher's one loop, and every socket in it is non-blocking. No passphrase and no key passes here.
"""

import json
import os
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onion_app.errors import NotRunning
from onion_app.shapes import from_json

_CONNECTIONS = 8  # one person with a few terminals; who comes when all are taken is sent away
_LONGEST = 1024  # bytes of an order; the longest true one has 20
_LONGEST_ANSWER = 1 << 20  # bytes; a thousand circles take less
_PATIENCE = 5.0  # seconds in which a connection says its order; ours says it at once
_ANSWERED_WITHIN = 60.0  # seconds that the launcher may be busy with tor before we call it silent
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid of unix(7), SO_PEERCRED

Answerer = Callable[[str], dict[str, Any]]


@dataclass
class _Connection:
    line: socket.socket
    since: float
    said: bytes = b""


class ManageSocket:
    """The launcher's end. Times are seconds of the monotonic clock, given by the caller."""

    def __init__(self, path: Path) -> None:
        """Listen at this path; a socket left by a launcher that was killed is replaced."""
        path.unlink(missing_ok=True)
        self._path = path
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        path.chmod(0o600)
        self._listener.listen(_CONNECTIONS)
        self._listener.settimeout(0)
        self._seats: list[_Connection] = []

    def filenos(self) -> list[int]:
        """Give what becomes readable when there is something to do."""
        return [self._listener.fileno(), *(seat.line.fileno() for seat in self._seats)]

    def step(self, now: float, answer: Answerer) -> None:
        """Take in who has come, answer who has spoken, and send away who says nothing."""
        self._seats += self._accepted(now)
        self._seats = [seat for seat in self._seats if not _is_done(seat, now, answer)]

    def close(self) -> None:
        """Close every connection and remove the socket."""
        for seat in self._seats:
            seat.line.close()
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _accepted(self, now: float) -> list[_Connection]:
        come: list[_Connection] = []
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:  # nobody else is waiting, or they have gone again
                return come
            if _is_ours(line) and len(self._seats) + len(come) < _CONNECTIONS:
                line.settimeout(0)
                come.append(_Connection(line, now))
            else:
                line.close()


def launcher_pid(path: Path) -> int:
    """Say which process listens there.

    Raises: NotRunning.
    """
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(str(path))
        except OSError:
            raise NotRunning from None
        return _peer(line)[0]


def ask_launcher(path: Path, order: str, patience: float = _ANSWERED_WITHIN) -> dict[str, Any]:
    """Give the launcher an order and return its answer.

    Raises: NotRunning when nobody listens, or what listens does not answer.
    """
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(patience)
        try:
            line.connect(str(path))
            line.sendall(json.dumps({"order": order}).encode() + b"\n")
            with line.makefile("rb") as answers:
                answer = answers.readline(_LONGEST_ANSWER + 1)
        except OSError:
            raise NotRunning from None
    return from_json(dict[str, Any], answer, NotRunning, _LONGEST_ANSWER)


def _is_ours(line: socket.socket) -> bool:
    """Look at whose process is at the other end; the folder, 0700, has asked the same already."""
    return _peer(line)[1] == os.geteuid()


def _peer(line: socket.socket) -> tuple[int, int]:
    """Give the process and the account at the other end."""
    raw = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    process, account, _ = _CREDENTIALS.unpack(raw)
    return int(process), int(account)


def _is_done(seat: _Connection, now: float, answer: Answerer) -> bool:
    """Read what a connection has said; True, with the connection closed, once it was answered or has lost its turn."""
    try:
        piece = seat.line.recv(_LONGEST)
        seat.said += piece
        if piece and not seat.said.endswith(b"\n") and len(seat.said) < _LONGEST:
            return False
        # A socket takes an answer whole: a hundred circles are a few kilobytes, its buffer has two hundred.
        seat.line.sendall(json.dumps(answer(_order(seat.said))).encode() + b"\n")
    except BlockingIOError:
        if now - seat.since < _PATIENCE:
            return False
    except OSError:
        pass  # they have gone
    seat.line.close()
    return True


def _order(said: bytes) -> str:
    try:
        return from_json(dict[str, str], said, ValueError).get("order", "")
    except ValueError:
        return ""
