"""The network goes and comes back: tor knows at once, status says so, and the same address answers again."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from onion_app.onion.control import Control
from scripts.rehearsal.network import PrivateNetwork
from tests import processes
from tests.house import House
from tests.launch.conftest import START
from tests.launch.manage import status
from tests.onion.lines import wait_for
from tests.rehearsal import ROOT

AT_ONCE = 10.0  # seconds in which tor itself knows
SEEN = 60.0  # seconds in which an outage that tor reports shows
BACK = 600.0  # seconds; tor's relays have to find each other again first


@pytest.fixture
def own_network() -> Iterator[PrivateNetwork]:
    """Stand up a network that this test may cut."""
    with tempfile.TemporaryDirectory(prefix="tor-network-") as folder, PrivateNetwork(Path(folder)) as network:
        yield network


def test_an_outage_shows_within_a_minute_and_passes_by_itself(own_network: PrivateNetwork) -> None:
    with tempfile.TemporaryDirectory(prefix="house-") as folder:
        torrc = own_network.torrc_for_service(ROOT / "torrc.example")
        house = House(Path(folder), torrc, own_network.socks_port)
        house.launch()
        processes.until(lambda: is_well(house), START, "a published site")
        tor = Control.connect(house.state / "run" / "control.sock")
        tor._service_id = house.onion.removesuffix(".onion")  # which the launcher's own connection has published
        assert tor.health().introduction_points
        own_network.stop_relays()
        assert wait_for(lambda: not tor.health().introduction_points) < AT_ONCE
        assert not tor.lost.is_set()
        tor.close()
        processes.until(lambda: "no introduction points" in status(house.state)["tor_trouble"], SEEN, "the outage")
        own_network.start_relays()
        processes.until(lambda: is_well(house) and house.is_reached_by_tor(), BACK, "the site, again")
        assert house.stop() == 0


def is_well(house: House) -> bool:
    seen = status(house.state)  # which names no trouble before it has looked, either
    return bool(seen["published"] and seen["introduction_points"]) and seen["tor_trouble"] == []
