"""A tor of our own: in the private network, or without any."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from onion_app.crypto.onion_key import OnionKey, new_onion_key
from onion_app.onion import tor_process
from onion_app.onion.control import Control
from onion_app.onion.tor_process import TorProcess
from scripts.rehearsal.network import PrivateNetwork
from tests.onion.lines import Site
from tests.rehearsal import ROOT


@contextmanager
def folder() -> Iterator[Path]:
    """Make a folder with a short path, as sockets need it, and with letters that make careless quoting fail."""
    with tempfile.TemporaryDirectory(prefix="مكان 'ab\" ") as name:
        yield Path(name)


@contextmanager
def started(torrc: Path, place: Path) -> Iterator[TorProcess]:
    process = tor_process.start_tor(torrc, place / "tor", place / "run")
    yield process
    process.stop()


def without_network(place: Path) -> Path:
    """Write the project's options, for a tor that never opens a connection."""
    torrc = place / "torrc"
    torrc.write_text((ROOT / "torrc.example").read_text() + "\nDisableNetwork 1\n")
    return torrc


@pytest.fixture
def place() -> Iterator[Path]:
    with folder() as made:
        yield made


@pytest.fixture
def offline(place: Path) -> Path:
    return without_network(place)


@pytest.fixture
def tor(private_network: PrivateNetwork, place: Path) -> Iterator[TorProcess]:
    """Start our tor in the private network."""
    with started(private_network.torrc_for_service(ROOT / "torrc.example"), place) as process:
        yield process


@pytest.fixture(scope="module")
def lonely_tor() -> Iterator[TorProcess]:
    """Start our tor without any network, for what needs none and leaves it as it is."""
    with folder() as place, started(without_network(place), place) as process:
        yield process


@pytest.fixture
def mortal_tor(offline: Path, place: Path) -> Iterator[TorProcess]:
    """Start another one, which the test may kill."""
    with started(offline, place) as process:
        yield process


@pytest.fixture
def site(tor: TorProcess) -> Iterator[Site]:
    """Open the site, beside tor's control socket."""
    with Site(tor.control_socket.with_name("site.sock")) as server:
        yield server


@pytest.fixture
def control(tor: TorProcess) -> Iterator[Control]:
    """Connect to tor."""
    connection = Control.connect(tor.control_socket)
    yield connection
    connection.close()


@pytest.fixture
def key() -> OnionKey:
    """Make an onion key."""
    return new_onion_key()
