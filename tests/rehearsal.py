"""One rehearsal for the whole run: the program as a newcomer starts it, and the ways to it."""

import json
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from scripts.rehearsal.people import Login, Visitor
from scripts.rehearsal.wire import through_tor
from tests.processes import ENDS_WITH_US

ROOT = Path(__file__).parents[1]
START = 300.0  # seconds until a private Tor network, a first run and the samples stand; about 40 on two idle cores
STOP = 60.0  # seconds


@dataclass(frozen=True)
class Rehearsal:
    """What `scripts/rehearse --json` printed, and its process."""

    printed: dict[str, Any]
    process: "subprocess.Popen[str]"

    @property
    def onion(self) -> str:
        return str(self.printed["onion"])

    @property
    def socks_port(self) -> int:
        return int(self.printed["socks_port"])

    @property
    def site(self) -> str:
        return f"http://{self.onion}"

    @property
    def desk_url(self) -> str:
        return str(self.printed["desk_url"]).rstrip("/")

    @property
    def state(self) -> Path:
        return Path(self.printed["state"])

    @cached_property
    def login(self) -> Login:
        return Login(**self.printed["logins"][0])

    def visitor(self, language: str = "en") -> Visitor:
        """Give somebody who comes through Tor."""
        return Visitor(through_tor(self.socks_port, self.onion), self.onion, language)


def first_line(process: "subprocess.Popen[str]", patience: float) -> str:
    """Read the one line that a program prints when it is ready."""
    assert process.stdout is not None
    deadline = time.monotonic() + patience
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        while not waiting.select(1.0):
            assert time.monotonic() < deadline, "nothing was printed in time"
    return process.stdout.readline()


@pytest.fixture(scope="session")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """Run `scripts/rehearse --json`, and see at the end that it stops when asked and leaves nothing."""
    said = tmp_path_factory.mktemp("rehearsal") / "stderr"
    with said.open("wb") as stderr:
        process = subprocess.Popen(
            [*ENDS_WITH_US, str(ROOT / "scripts" / "rehearse"), "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )
    assert process.stdout is not None
    line = first_line(process, START)
    assert line, said.read_text()
    stage = Rehearsal(json.loads(line), process)
    yield stage
    process.send_signal(signal.SIGTERM)
    assert process.wait(STOP) == 0, said.read_text()
    assert not process.stdout.read(), "more than one line was printed"
    process.stdout.close()
    assert not stage.state.exists()
