"""A process that keeps one private network for a whole run of tests. It builds nothing until it is asked."""

import shutil
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from onion_app.errors import SanctuaryError
from scripts.rehearsal.network import PrivateNetwork

STANDS = b"it stands"


def network_of(folder: Path) -> Path:
    return folder / "network"


def door(folder: Path) -> Path:
    """Name the socket at which it is asked for the network."""
    return folder / "door"


def keep(folder: Path) -> None:
    """Wait until somebody asks, build the network, and tell everybody who asks that it stands, or why it does not."""
    with socket.socket(socket.AF_UNIX) as waiting:
        shut = folder / "shut"
        waiting.bind(str(shut))
        waiting.listen()
        shut.rename(door(folder))  # whoever sees it can knock
        asking, _ = waiting.accept()
        try:
            with PrivateNetwork(network_of(folder)):
                while True:
                    with suppress(BrokenPipeError), asking:  # who was ended while they waited
                        asking.sendall(STANDS)
                    asking, _ = waiting.accept()
        except SanctuaryError as error:
            asking.sendall(error.told.encode())


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        keep(Path(sys.argv[1]))
    finally:
        shutil.rmtree(sys.argv[1], ignore_errors=True)
