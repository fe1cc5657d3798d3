"""The site whose clock and restarts belong to the test, behind a real onion of the private network.

Its tor counts, circuit by circuit, the cells that leave for a visitor.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from onion_app.launch.self_check import tor_trouble
from onion_app.onion import tor_process
from onion_app.onion.control import Control
from onion_app.onion.tor_process import TorProcess
from scripts.rehearsal.network import PrivateNetwork
from tests import tables
from tests.processes import until
from tests.rehearsal import ROOT, put_back
from tests.served import Site, serving

START = 180.0  # seconds until tor stands and its descriptor is taken; three on idle cores
COUNTING = (
    "\n# Tell how many cells go where: only on a private network does tor do that.\nTestingEnableCellStatsEvent 1\n"
)


@dataclass(frozen=True)
class Reached:
    """A site, its tor, and where visitors find both."""

    site: Site
    tor: TorProcess
    visitors_tor: TorProcess
    socks_port: int

    @property
    def url(self) -> str:
        return f"http://{self.site.address}"


@pytest.fixture(scope="session")
def first_reached(private_network: PrivateNetwork) -> Iterator[tuple[Reached, tables.Tables]]:
    """Serve, start a tor of the private network, publish, and remember all that is stored."""
    with serving() as site:
        torrc = site.state.path / "torrc"
        torrc.write_text(private_network.torrc_for_service(ROOT / "torrc.example").read_text() + COUNTING)
        tor = tor_process.start_tor(torrc, site.state.tor, site.state.run)
        try:
            control = Control.connect(tor.control_socket)
            until(lambda: control.bootstrap().percent == 100, START, "tor")
            control.publish(site.onion.secret, site.address, site.state.site_socket)
            assert control.uploaded.wait(START)
            until(lambda: not tor_trouble(control.health(), time.time()), START, "the onion")
            with visitors_tor(torrc, site.state.path / "visitors") as theirs:
                there = Reached(site, tor, theirs, private_network.socks_port)
                yield there, tables.dump_all(site.state.path, site.keys)
            control.close()
        finally:
            tor.stop()


@pytest.fixture(scope="module")
def reached(first_reached: tuple[Reached, tables.Tables]) -> Reached:
    """Begin today, with nothing but what stood there at first, whoever was here before."""
    there, at_first = first_reached
    there.site.end()
    there.site.ahead = 0.0
    put_back(there.site.state.path, there.site.keys, at_first)
    there.site.start()
    return there


@contextmanager
def visitors_tor(torrc: Path, folder: Path) -> Iterator[TorProcess]:
    """Start a tor as visitors have one, which counts the cells of what they send."""
    tor = tor_process.start_tor(torrc, folder / "tor", folder / "run")
    try:
        control = Control.connect(tor.control_socket)
        until(lambda: control.bootstrap().percent == 100, START, "the visitors' tor")
        yield tor
        control.close()
    finally:
        tor.stop()
