"""Two rehearsals that begin at the same moment do not meet at a port."""

import os
import socket

import pytest

from onion_app.errors import TorFailed
from scripts.rehearsal import ports
from scripts.rehearsal.ports import Ports
from tests.ports import free_port


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Leave three ports in the world: claimed from all others, and here to be claimed under another name."""
    found = [free_port() for _ in range(3)]
    monkeypatch.setattr(ports, "_RANGE", found)
    monkeypatch.setattr(ports, "_CLAIM", f"\0three ports of {os.getpid()}, port {{}}")
    return found


def test_a_port_is_given_once_until_it_is_released(three: list[int]) -> None:
    one, other, later = Ports(), Ports(), Ports()
    mine = {one.take(), one.take()}
    assert mine | {other.take()} == set(three)
    with pytest.raises(TorFailed, match="no port"):
        other.take()
    one.release()
    assert {later.take(), later.take()} == mine
    other.release()
    later.release()


def test_a_port_on_which_somebody_listens_is_not_given(three: list[int]) -> None:
    here = Ports()
    with socket.create_server(("127.0.0.1", three[1])):
        assert {here.take(), here.take()} == {three[0], three[2]}
        with pytest.raises(TorFailed, match="no port"):
            here.take()
    here.release()
