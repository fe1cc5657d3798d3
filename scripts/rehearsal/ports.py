"""Ports of 127.0.0.1 for a rehearsal: free, and left alone by every other rehearsal of this machine.

Whoever is given a port listens on it only seconds later. Meanwhile a claim keeps others from it: a unix socket of a
name that stands in no folder, of which the kernel lets one exist, and which goes with its process at the latest.
"""

import random
import socket
from typing import Final

from onion_app.errors import TorFailed

_RANGE: Final = range(20_000, 32_000)  # below those that Linux hands out by itself, which could be gone when tor comes


_CLAIM: Final = "\0sanctuary rehearsal, port {}"


class Ports:
    """The ports that one rehearsal uses."""

    def __init__(self) -> None:
        """Claim nothing yet."""
        self._untried = random.SystemRandom().sample(_RANGE, len(_RANGE))
        self._claims: list[socket.socket] = []

    def take(self) -> int:
        """Claim a port on which nothing listens, until `release`. Raises: TorFailed when every port is taken."""
        while self._untried:
            port = self._untried.pop()
            if self._claimed(port) and not _listens(port):
                return port
        fact = "no port of 127.0.0.1 is free"
        raise TorFailed(fact)

    def release(self) -> None:
        """Leave the ports to others."""
        while self._claims:
            self._claims.pop().close()

    def _claimed(self, port: int) -> bool:
        claim = socket.socket(socket.AF_UNIX)
        self._claims.append(claim)
        try:
            claim.bind(_CLAIM.format(port))
        except OSError:
            return False
        return True


def _listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0
