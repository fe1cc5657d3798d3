"""A house of one's own: the real launcher on a private Tor network, whose every secret the test knows.

The promises are tried on it. Whoever kills a part of it waits until it stands again before the next test comes.
"""

import json
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from onion_app.crypto.keyslots import VaultKeys, open_slots
from onion_app.days import DAY
from scripts.rehearsal.network import PrivateNetwork
from scripts.rehearsal.people import Login, Visitor, Volunteer
from scripts.rehearsal.wire import through_tor, through_unix
from tests import processes, tables
from tests.ports import free_port
from tests.processes import ENDS_WITH_US
from tests.rehearsal import ROOT, begun, first_line, is_reached, put_back
from tests.world import World

START = 180.0  # seconds for tor, two Argon2id and three processes; a tenth of it on idle cores
STOP = 60.0  # seconds
REDIAL = 10.0  # seconds until somebody who waits for the onion service dials again
FIND_US = {language: f"how-to-find-us in {language}" for language in ("en", "ar", "ckb", "kmr")}


class House:
    """The launcher, its state, and its people."""

    def __init__(self, folder: Path, torrc: Path, socks_port: int) -> None:
        """Have everything in `folder`, with a tor of the private network."""
        self.state = folder / "state"
        self.said = folder / "stderr"
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.torrc = torrc
        self.socks_port = socks_port
        self.desk_port = free_port()
        self.days = 0  # ahead of the clock of this machine; before it, where negative
        self.printed: dict[str, Any] = {}
        self.passphrase = ""
        self.process: subprocess.Popen[str] | None = None

    def begin(self, **more: str) -> None:
        """Start the launcher, with these answers also."""
        command = [*ENDS_WITH_US, str(ROOT / "scripts" / "launch"), "--state", str(self.state), "--answers", "-"]
        command += ["--as-is", "--desk-port", str(self.desk_port), "--torrc", str(self.torrc)]
        command += ["--days", str(self.days)]
        answers = {"passphrase": self.passphrase} if self.passphrase else {"how_to_find_us": FIND_US}
        self.process = begun(command, self.said, json.dumps(answers | more) + "\n", TMPDIR=str(self.temporary))

    def wait(self) -> dict[str, Any]:
        """Wait for the launcher's one line, and give it."""
        assert self.process is not None
        line = first_line(self.process, START)
        assert line, self.said.read_text()
        printed: dict[str, Any] = json.loads(line)
        self.printed |= printed
        self.passphrase = self.printed["passphrase"]
        self.site_answers()
        return printed

    def launch(self, **more: str) -> dict[str, Any]:
        """Start the launcher with these answers also, wait for its one line, and give it."""
        self.begin(**more)
        return self.wait()

    def stop(self) -> int:
        """Ask the launcher to stop, and give its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.gone()

    def gone(self) -> int:
        """Wait for the end of the launcher, and give its exit code."""
        assert self.process is not None
        assert self.process.stdout is not None
        code = self.process.wait(STOP)
        self.process.stdout.close()
        return code

    def dies(self, within: float = STOP) -> None:
        """Kill the site, the desk and the launcher at once, and see that nothing of it is left in so many seconds."""
        family = processes.below(self.launcher)
        for pid in (self.one("site"), self.one("desk"), self.launcher):
            processes.kill(pid)
        processes.until(lambda: not any(process.alive for process in family), within, "the end of every process")
        self.gone()

    def goes_on(self, days: int) -> None:
        """Launch again, so many days ahead of where it was."""
        self.days += days
        self.launch()
        self.reached_by_tor()

    @property
    def launcher(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def onion(self) -> str:
        return str(self.printed["onion"])

    @property
    def desk_url(self) -> str:
        return str(self.printed["desk_url"])

    @property
    def site_socket(self) -> Path:
        return self.state / "run" / "site.sock"

    @cached_property
    def keys(self) -> VaultKeys:
        """Open the file of keys as the operator could."""
        return open_slots((self.state / "vault.key").read_text(), self.passphrase)

    def tables(self) -> tables.Tables:
        """Read every row of the three databases."""
        return tables.dump_all(self.state, self.keys)

    @contextmanager
    def world(self) -> Iterator[World]:
        """Open the three databases for a moment, as the operator could."""
        world = World(self.state, lambda: time.time() + self.days * DAY, self.keys)
        try:
            yield world
        finally:
            world.close()

    def case_of(self, code: str) -> str:
        """Find the id of the case under a code, as hexadecimal digits."""
        with self.world() as world:
            return world.case_of(code).hex()

    def visitor(self, language: str = "en", *, by_tor: bool = False) -> Visitor:
        """Give a visitor, at the end of the onion circuit or at the socket where our tor hands over."""
        dial = through_tor(self.socks_port, self.onion) if by_tor else through_unix(self.site_socket)
        return Visitor(dial, self.onion, language)

    def at_desk(self, volunteer: Volunteer) -> Volunteer:
        """Log somebody in, if need be again: the desk forgets everybody when it is restarted."""
        if volunteer.get("/").has(name="passphrase"):
            assert volunteer.log_in().having_class("circle"), volunteer.page.main.text
        return volunteer

    def running(self, name: str) -> int:
        """Give the id of the process of this role, or 0 while there is none."""
        found = processes.role(self.launcher, name)
        return found[0].pid if found else 0

    def site_answers(self) -> None:
        """Wait until the site answers at its socket."""
        dial = through_unix(self.site_socket)
        processes.until(lambda: is_reached(dial, self.onion), START, "an answer of the site")

    def one(self, name: str) -> int:
        """Wait for the one process of this role, and give its id."""
        return processes.until(lambda: self.running(name), START, f"a running {name}")

    def reached_by_tor(self) -> None:
        """Wait until the onion service answers.

        Who meets a service that has just been away waits on a circuit that it will never join, and has to dial anew.
        """
        processes.until(self.is_reached_by_tor, START, "an answer through tor")

    def is_reached_by_tor(self) -> bool:
        return is_reached(through_tor(self.socks_port, self.onion, patience=REDIAL), self.onion)


@contextmanager
def housed(network: PrivateNetwork, days: int = 0) -> Iterator[House]:
    """Launch for the first time, this many days ahead; at the end all stops in order and nothing is left running."""
    # a short path, for the sockets in it
    with tempfile.TemporaryDirectory(prefix="house-") as folder:
        home = House(Path(folder), network.torrc_for_service(ROOT / "torrc.example"), network.socks_port)
        home.days = days
        home.launch()
        yield home
        family = processes.below(home.launcher)
        assert home.stop() == 0, home.said.read_text()
        processes.until(lambda: not any(process.alive for process in family), STOP, "the end of every process")


@pytest.fixture(scope="session")
def first_house(private_network: PrivateNetwork) -> Iterator[tuple[House, Login, tables.Tables]]:
    """Launch one house for all who try their promises on it, enrol its coordinator, and remember all that is stored."""
    with housed(private_network) as home:
        noor = Volunteer(home.desk_url).enrol(home.printed["invitation"], "Noor")
        yield home, noor.login, home.tables()


@pytest.fixture(scope="module")
def house(first_house: tuple[House, Login, tables.Tables]) -> House:
    """Begin with one coordinator and nobody else, whoever was here before."""
    home, _, at_first = first_house
    put_back(home.state, home.keys, at_first)
    return home


@pytest.fixture(scope="module")
def coordinator(house: House, first_house: tuple[House, Login, tables.Tables]) -> Volunteer:
    """Sit the coordinator of this house down, before a browser that knows nothing of it."""
    noor = Volunteer(house.desk_url)
    noor.login = replace(first_house[1])  # no digits were typed yet
    return noor
