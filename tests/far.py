"""Machines of volunteers elsewhere: each with a key and a tor of its own, on the private network."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onion_app.crypto.machine_keys import new_machine_key
from onion_app.elsewhere.__main__ import connect
from onion_app.elsewhere.key_file import Machine
from onion_app.elsewhere.reach import dial_desk
from onion_app.errors import DeskNotReached, MachineNotLetIn
from onion_app.onion.tor_process import TorProcess, start_tor
from scripts.rehearsal.people import Volunteer
from tests import processes
from tests.house import START, House
from tests.launch.manage import Done, Heard, with_secret


class Far:
    """A machine elsewhere; `line` is what the operator's command has printed for its volunteer."""

    def __init__(self, house: House, folder: Path, *, tor: str = "tor", also: str = "") -> None:
        """Make its key, and start its tor, with these options also."""
        self.house = house
        self.machine = Machine(new_machine_key().private)
        torrc = folder / "torrc"
        torrc.write_text(
            house.torrc.read_text() + f"LearnCircuitBuildTimeout 0\nCircuitBuildTimeout 10 seconds\n{also}"
        )
        self.tor: TorProcess = start_tor(torrc, folder / "tor", folder / "run", tor=tor)

    def is_told(self, line: str) -> None:
        """Type the operator's line."""
        _, onion, desk_url = line.split()
        self.machine = Machine(self.machine.private, onion, desk_url)

    def connect(self) -> None:
        """Find the desk, once it is there."""
        processes.until(self._has_connected, START, "the desk through its onion")

    def _has_connected(self) -> bool:
        try:
            connect(self.tor, self.machine, Heard())
        except (DeskNotReached, MachineNotLetIn):  # its descriptor is on its way
            return False
        return True

    def volunteer(self) -> Volunteer:
        return Volunteer(self.machine.desk_url, lambda: dial_desk(self.tor, self.machine))

    def shut(self) -> None:
        self.tor.stop()


@contextmanager
def far_away(house: House, folder: Path, *, tor: str = "tor", also: str = "") -> Iterator[Far]:
    folder.mkdir(exist_ok=True)
    far = Far(house, folder, tor=tor, also=also)
    try:
        yield far
    finally:
        far.shut()


def manage_machine(house: House, *words: str) -> Done:
    done = with_secret(house.state, house.passphrase, "--desk-port", str(house.desk_port), "machine", *words)
    assert done.error is None, done.error
    return done


def added(house: House, far: Far, name: str) -> None:
    """Let the operator add a machine, and its volunteer type the line."""
    said = manage_machine(house, "add", name, far.machine.key.shown).said
    far.is_told(next(line for line in said.splitlines() if "scripts/desk" in line))
