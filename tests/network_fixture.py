"""The private Tor network that all tests share; `tests/conftest.py` names this file in `pytest_plugins`."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.rehearsal.network import PrivateNetwork


@pytest.fixture(scope="session")
def private_network() -> Iterator[PrivateNetwork]:
    """Stand up a network on loopback, with a client: once, because that takes many seconds."""
    with tempfile.TemporaryDirectory(prefix="tor-network-") as folder, PrivateNetwork(Path(folder)) as network:
        yield network
