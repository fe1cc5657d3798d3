"""No test reaches beyond this machine: loopback and unix sockets only, in this process."""

import ipaddress
import socket
from typing import Any

import pytest


class OutsideThisMachineError(AssertionError):
    """A test tried to reach another machine."""


def stays_here(address: Any) -> bool:
    """Say whether an address is this machine's own: a unix socket, or loopback by number or by its one name."""
    if not isinstance(address, tuple):
        return True
    host = address[0]
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def block(patch: pytest.MonkeyPatch) -> None:
    """Refuse every connection, packet and question for a name that would leave this machine."""

    def guarded(call: Any, position: int) -> Any:
        def only_here(*arguments: Any, **options: Any) -> Any:
            if not stays_here(arguments[position]):
                message = f"the tests stay on this machine, and do not reach {arguments[position][0]}"
                raise OutsideThisMachineError(message)
            return call(*arguments, **options)

        return only_here

    for name in ("connect", "connect_ex"):
        patch.setattr(socket.socket, name, guarded(getattr(socket.socket, name), 1))
    patch.setattr(socket.socket, "sendto", guarded(socket.socket.sendto, -1))
    ask = socket.getaddrinfo

    def ask_here(host: Any, *arguments: Any, **options: Any) -> Any:
        if host is not None and not stays_here((host.decode() if isinstance(host, bytes) else host,)):
            message = f"the tests stay on this machine, and do not ask for {host!r}"
            raise OutsideThisMachineError(message)
        return ask(host, *arguments, **options)

    patch.setattr(socket, "getaddrinfo", ask_here)
