"""One private network for the whole run: whichever of its processes asks first waits until it stands, and all join it.

Whoever joins has a client and services of their own; the authorities and relays are nobody's to stop.
"""

import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.rehearsal.network import PrivateNetwork
from tests.network_keeper import STANDS, door, network_of
from tests.processes import ENDS_WITH_US, until

ROOT = Path(__file__).parents[1]
FOLDER = pytest.StashKey[Path]()
KEEPER = pytest.StashKey["subprocess.Popen[bytes]"]()
START = 600.0  # seconds until the network stands; 20 on two idle cores
STOP = 60.0  # seconds
LONGEST = 4096  # bytes of an answer


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):  # of xdist: the process that reports has started the keeper
        config.stash[FOLDER] = Path(config.workerinput["network"])
        return
    folder = config.stash[FOLDER] = Path(tempfile.mkdtemp(prefix="tor-network-"))
    words = [*ENDS_WITH_US, sys.executable, "-m", "tests.network_keeper", str(folder)]
    config.stash[KEEPER] = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput["network"] = str(node.config.stash[FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    if keeper := config.stash.get(KEEPER, None):
        keeper.terminate()
        keeper.wait(STOP)
        shutil.rmtree(config.stash[FOLDER], ignore_errors=True)  # where it was ended before it could


@pytest.fixture(scope="session")
def standing_network(request: pytest.FixtureRequest) -> Path:
    """Give the folder of the network that this whole run shares, once it stands."""
    folder = request.config.stash[FOLDER]
    until(door(folder).exists, START, "whoever keeps the network")
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(START)
        line.connect(str(door(folder)))
        said = line.recv(LONGEST)
    assert said == STANDS, said.decode()
    return network_of(folder)


@pytest.fixture(scope="session")
def private_network(standing_network: Path) -> Iterator[PrivateNetwork]:
    """Join the network with a client: once, for all who only go through it."""
    with (
        tempfile.TemporaryDirectory(prefix="tor-client-") as folder,
        PrivateNetwork(Path(folder), joined=standing_network) as network,
    ):
        yield network
