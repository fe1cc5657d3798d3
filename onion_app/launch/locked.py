"""The launcher while it is locked: it waits until `scripts/manage unlock` hands it the secret, and says so meanwhile.

The secret passes by a socket of its own, 0600 in a folder of 0700, from this account or root. Neither end keeps it.
"""

import os
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

from onion_app.days import Clock
from onion_app.errors import BadAnswers, BadUsage, NothingToUnlock, SanctuaryError, WrongPassphrase
from onion_app.launch import first_run
from onion_app.launch.first_run import Unlocked
from onion_app.launch.manage_socket import ManageSocket, peer
from onion_app.launch.outside import disk_status
from onion_app.launch.state import State, listen_on
from onion_app.launch.stdin_answers import Answers
from onion_app.launch.unlock import unlock_with_answers
from onion_app.shapes import from_json, to_json

_TURN = 1.0  # seconds
_PATIENCE = 5.0  # seconds in which a secret is handed over; ours is at once
_WAITING = 8  # connections; one person hands it over
_LONGEST = 8192  # bytes of a secret with its quotes
_ANSWERED_WITHIN = 300.0  # seconds; a database that is brought forward may take minutes on a slow disk


def wait_for_secret(state: State, clock: Clock, keep: Callable[[Unlocked], Unlocked]) -> Unlocked:
    """Wait until somebody hands over a secret that opens the state, and `keep` takes what it opens.

    Raises:
        BadUsage: there is no installation in it yet.
        KeyboardInterrupt: it was asked to stop.
        SanctuaryError: of `unlock_with_answers` or `keep`, but for a wrong secret: whoever typed it is told.
    """
    if first_run.is_due(state):
        fact = f"there is nothing to unlock in {state.path} yet; the first run is made by hand"
        raise BadUsage(fact, "./scripts/launch")
    with ExitStack() as stack:
        manage = stack.enter_context(closing(ManageSocket(state.manage_socket)))
        stack.callback(_path(state).unlink, missing_ok=True)
        listener = stack.enter_context(listen_on(_path(state), _WAITING))
        listener.settimeout(0)
        ended = threading.Event()
        while True:
            select.select([listener.fileno(), *manage.filenos()], [], [], _TURN)
            manage.step(time.monotonic(), lambda order: _carry_out(order, state, clock, ended))
            if ended.is_set():
                raise KeyboardInterrupt
            if (unlocked := _try_next(listener, lambda secret: keep(_open(state, secret, clock)))) is not None:
                return unlocked


def hand_over(state: State, secret: str) -> None:
    """Hand a secret to the launcher that waits for it, and wait until it has opened the state.

    Raises:
        NothingToUnlock: no launcher waits.
        SanctuaryError: the one with which it failed there.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_ANSWERED_WITHIN)
        try:
            connection.connect(str(_path(state)))
            connection.sendall(to_json({"secret": secret}).encode() + b"\n")
            with connection.makefile("rb") as lines:
                answer = lines.readline(_LONGEST)
        except OSError:
            raise NothingToUnlock from None
    failed = from_json(dict[str, str], answer, NothingToUnlock, _LONGEST).get("failed", "")
    for kind in _kinds(SanctuaryError) if failed else ():
        if kind.__name__ == failed:
            raise kind
    if failed:
        raise SanctuaryError(failed)


def _path(state: State) -> Path:
    return state.run / "unlock.sock"


def _carry_out(order: str, state: State, clock: Clock, ended: threading.Event) -> dict[str, Any]:
    """Carry out an order of `scripts/manage`: until it is unlocked it can say how things are, and end."""
    if order == "status":
        return {"running": True, "locked": True, **disk_status(state, clock)}
    if order in ("stop", "panic"):
        ended.set()
    return {"taken": ended.is_set()}


def _try_next(listener: socket.socket, opened: Callable[[str], Unlocked]) -> Unlocked | None:
    """Take the next secret that waits, if one does, and say how it went to whoever has sent it."""
    try:
        connection, _ = listener.accept()
    except OSError:  # nobody waits
        return None
    with connection:
        if peer(connection)[1] not in (os.geteuid(), 0):
            return None
        connection.settimeout(_PATIENCE)
        try:
            unlocked = opened(_secret(connection))
        except (WrongPassphrase, BadAnswers) as wrong:
            _answer(connection, type(wrong).__name__)
            return None
        except SanctuaryError as failed:
            _answer(connection, type(failed).__name__)
            raise
        _answer(connection, "")
        return unlocked


def _secret(connection: socket.socket) -> str:
    line = b""
    with suppress(OSError):
        while not line.endswith(b"\n") and len(line) < _LONGEST and (piece := connection.recv(_LONGEST)):
            line += piece
    return from_json(dict[str, str], line, BadAnswers, _LONGEST).get("secret", "")


def _open(state: State, secret: str, clock: Clock) -> Unlocked:
    return unlock_with_answers(state, Answers(passphrase=secret), clock)


def _answer(connection: socket.socket, failed: str) -> None:
    with suppress(OSError):  # they have gone
        connection.sendall(to_json({"failed": failed}).encode() + b"\n")


def _kinds(kind: type[SanctuaryError]) -> list[type[SanctuaryError]]:
    return [kind, *(below for each in kind.__subclasses__() for below in _kinds(each))]
