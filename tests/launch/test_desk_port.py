"""The desk's port: both loopback addresses are the launcher's, or nobody is asked for a passphrase on either."""

import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import dedent
from typing import Any

import pytest

from onion_app.errors import AddressForbidden, AddressInUse, NoLoopback
from onion_app.launch.listeners import desk_listeners
from tests import processes
from tests.launch.conftest import START, Launched, Operator
from tests.rehearsal import ROOT

LOOPBACK = ("127.0.0.1", "::1")
LISTENS = (
    "import socket, sys; s = socket.create_server((sys.argv[1], int(sys.argv[2])), family=int(sys.argv[3])); input()"
)
# A network namespace whose loopback has no IPv6.
WITHOUT_SIX = dedent("""
    import fcntl, socket, struct, sys
    from pathlib import Path
    from onion_app.launch.listeners import desk_listeners
    Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, 0x8914, struct.pack("16sH14x", b"lo", 1))
    with desk_listeners(8390) as listeners:
        print([listener.getsockname() for listener in listeners])
""")


def family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def shown(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


@contextmanager
def another_account(address: str, port: int) -> Iterator[None]:
    """Have somebody else of this machine listen on a port."""
    words = ["setpriv", "--reuid", "65534", "--clear-groups", "/usr/bin/python3", "-I", "-c", LISTENS]
    with subprocess.Popen([*words, address, str(port), str(int(family(address)))], stdin=subprocess.PIPE) as other:
        try:
            processes.until(lambda: answers(address, port), START, "somebody who listens")
            yield
        finally:
            other.kill()


def answers(address: str, port: int, asked: bytes = b"") -> bool:
    """Say whether somebody takes a connection, and answers what is asked."""
    with socket.socket(family(address)) as line:
        line.settimeout(START)
        try:
            line.connect((address, port))
        except ConnectionRefusedError:
            return False
        line.sendall(asked)
        return not asked or line.recv(1000).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("address", [*LOOPBACK, "::"])
def test_a_port_that_answers_is_refused_and_named_before_anything_is_made(operator: Operator, address: str) -> None:
    with socket.create_server((address, operator.port), family=family(address), dualstack_ipv6=address == "::"):
        refused = operator.refused({})
    assert (type(refused), refused.exit_code) == (AddressInUse, 6)
    assert refused.args[0] == shown("127.0.0.1" if address == "::" else address, operator.port)
    assert refused.cure == f"ss -ltnp | grep {operator.port}"
    assert not (operator.state / "vault.key").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another account")
@pytest.mark.parametrize("address", LOOPBACK)
def test_another_account_that_listens_there_is_named(operator: Operator, address: str) -> None:
    with another_account(address, operator.port):
        refused = operator.refused({})
    assert refused.args[0] == f"{shown(address, operator.port)}, by the account nobody"


@pytest.mark.parametrize("address", LOOPBACK)
def test_the_desk_answers_on_both_addresses(standing: Launched, address: str) -> None:
    name, _, port = standing.printed["desk_url"].removeprefix("http://").partition(":")
    request = f"GET /login HTTP/1.1\r\nHost: {name}:{port}\r\nConnection: close\r\n\r\n".encode()
    processes.until(lambda: answers(address, int(port), request), START, "the desk's page")


@pytest.mark.parametrize("address", LOOPBACK)
def test_no_address_is_free_while_the_desk_is_started_again(standing: Launched, address: str) -> None:
    port = int(standing.printed["desk_url"].rpartition(":")[2])
    desk = standing.running("desk")
    processes.kill(desk)
    assert answers(address, port), "its queue is kept by the launcher"
    with socket.socket(family(address)) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        with pytest.raises(OSError, match=os.strerror(errno.EADDRINUSE)):
            other.bind((address, port))
    processes.until(lambda: standing.running("desk") != desk, START, "another desk")


@pytest.mark.parametrize(
    ("refusal", "error"),
    [(errno.EACCES, AddressForbidden), (errno.EADDRNOTAVAIL, NoLoopback), (errno.EMFILE, OSError)],
)
def test_what_is_not_taken_but_refused_has_its_own_name(
    monkeypatch: pytest.MonkeyPatch, refusal: int, error: type[Exception]
) -> None:
    class Refused(socket.socket):
        def bind(self, _address: Any, /) -> None:
            raise OSError(refusal, os.strerror(refusal))

    monkeypatch.setattr(socket, "socket", Refused)
    with pytest.raises(error), desk_listeners(8390):
        pytest.fail("it was bound")


def test_a_machine_without_the_second_address_has_the_first() -> None:
    words = ["unshare", "-Urn", sys.executable, "-P", "-c", WITHOUT_SIX]
    done = subprocess.run(
        words, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.stdout == "[('127.0.0.1', 8390)]\n", done.stderr
