"""Ports for the launchers of the tests, kept until the run ends from whatever else the tests start."""

import atexit

from scripts.rehearsal.ports import Ports

_PORTS = Ports()
atexit.register(_PORTS.release)


def free_port() -> int:
    """Find a port of loopback where nobody listens, nor will."""
    return _PORTS.take()
