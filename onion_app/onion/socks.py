"""Dials an onion address through a SOCKS socket of tor. Names are resolved by tor; nothing here looks them up."""

import socket
from pathlib import Path
from typing import Final

_VERSION: Final = b"\x05"
_NO_PASSWORD: Final = b"\x00"
_PASSWORD: Final = b"\x02"
_CONNECT_BY_NAME: Final = b"\x05\x01\x00\x03"
_ADDRESS_BYTES: Final = {1: 4, 4: 16}  # kinds of address in the answer: IPv4 and IPv6


class SocksRefusedError(ConnectionError):
    """Tor does not connect; `status` is its answer, 0xf0 and above for what it says of onions."""

    def __init__(self, status: int) -> None:
        """Keep the answer."""
        super().__init__(f"tor's SOCKS answer is {status:#04x}")
        self.status = status


def dial(proxy: Path | int, host: str, port: int, timeout: float, *, circuit: str = "") -> socket.socket:
    """Return a connection to `host` through tor's SOCKS socket: a unix path, or a port of 127.0.0.1.

    `timeout` is in seconds, for each step. Calls with the same `circuit` share one, and another name never does: a
    check that wants to see the whole way through the network takes a fresh name.

    Raises:
        OSError: it cannot be reached.
    """
    line = socket.socket(socket.AF_UNIX if isinstance(proxy, Path) else socket.AF_INET)
    try:
        line.settimeout(timeout)
        line.connect(str(proxy) if isinstance(proxy, Path) else ("127.0.0.1", proxy))
        _greet(line, circuit.encode("ascii"))
        _connect(line, host.encode("ascii"), port)
    except BaseException:
        line.close()
        raise
    return line


def _greet(line: socket.socket, circuit: bytes) -> None:
    """Agree on the version and, where a circuit is named, give its name as the user's: tor keeps users apart."""
    wanted = _PASSWORD if circuit else _NO_PASSWORD
    line.sendall(_VERSION + b"\x01" + wanted)
    if read_exactly(line, 2) != _VERSION + wanted:
        raise ConnectionError("this is no SOCKS socket of tor")
    if circuit:
        line.sendall(b"\x01" + bytes([len(circuit)]) + circuit + b"\x01-")
        if read_exactly(line, 2)[1] != 0:
            raise ConnectionError("tor refused the name of the circuit")


def _connect(line: socket.socket, host: bytes, port: int) -> None:
    """Ask tor to connect by name, and wait until it has."""
    line.sendall(_CONNECT_BY_NAME + bytes([len(host)]) + host + port.to_bytes(2, "big"))
    _, status, _, kind = read_exactly(line, 4)
    if status != 0:
        raise SocksRefusedError(status)
    read_exactly(line, _ADDRESS_BYTES.get(kind, 0) + 2)


def read_exactly(line: socket.socket, count: int) -> bytes:
    """Read exactly `count` bytes."""
    read = b""
    while len(read) < count:
        more = line.recv(count - len(read))
        if not more:
            raise ConnectionError("tor closed the SOCKS connection")
        read += more
    return read
