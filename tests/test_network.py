"""The tests of the tests: nothing that runs here reaches another machine."""

import socket
import urllib.request

import pytest

from tests.network import OutsideThisMachineError


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.org"])
def test_no_test_connects_to_another_machine(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as line, pytest.raises(OutsideThisMachineError):
        line.connect((host, 80))


def test_no_test_asks_for_the_name_of_another_machine() -> None:
    with pytest.raises(OutsideThisMachineError):
        urllib.request.urlopen("http://example.org/", timeout=1)


def test_loopback_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), 5).close()
