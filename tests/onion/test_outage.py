import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from onion_app.crypto.onion_key import new_onion_key
from onion_app.onion import tor_process
from onion_app.onion.control import Control
from scripts.rehearsal.network import PrivateNetwork
from scripts.rehearsal.wire import fetch
from tests.onion.lines import Site, wait_for

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def own_network() -> Iterator[PrivateNetwork]:
    """Stand up a network that this test may cut."""
    with tempfile.TemporaryDirectory(prefix="tor-network-") as folder, PrivateNetwork(Path(folder)) as network:
        yield network


def test_an_outage_shows_within_seconds_and_publishing_again_ends_it(own_network: PrivateNetwork, place: Path) -> None:
    key = new_onion_key()
    tor = tor_process.start(own_network.torrc_for_service(ROOT / "torrc.example"), place / "tor", place / "run")
    site_socket = place / "run" / "site.sock"
    control = Control.connect(tor.control_socket)
    with Site(site_socket):
        control.publish(key.secret, key.address, site_socket)
        wait_for(lambda: control.health().good)

        own_network.stop_relays()
        assert wait_for(lambda: not control.health().good) < 10
        assert control.alive()
        assert control.health().published
        assert control.health().doors == 0

        own_network.start_relays()

        # tor has used up its attempts for some minutes; a service published anew has its own. Until the relays have
        # found together it may take more than one.
        def reached() -> bool:
            nonlocal control
            control.close()
            control = Control.connect(tor.control_socket)
            control.publish(key.secret, key.address, site_socket)
            if not control.uploaded.wait(30):
                return False
            try:
                return fetch(own_network.socks_port, key.address, circuit=str(id(control))).body == b"hello"
            except OSError:
                return False

        wait_for(reached, 600)
        assert control.health().good
    control.close()
    tor.stop()
