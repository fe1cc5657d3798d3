"""One rehearsal for the whole run: the program as a newcomer starts it, and the ways to it."""

import json
import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from scripts.rehearsal.people import Login, Visitor
from scripts.rehearsal.wire import Dial, through_tor
from tests.processes import ENDS_WITH_US

ROOT = Path(__file__).parents[1]
HALF_WRITTEN = shutil.ignore_patterns("*.pyc.*")  # what some Python writes into the clone just now, and then renames
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


def begun(command: Sequence[str], said: Path, answers: str = "", **more: str) -> "subprocess.Popen[str]":
    """Start a script with its answers on standard input; `said` keeps its errors, `more` stands in its environment."""
    with said.open("ab") as stderr:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
            env=os.environ | more,
        )
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin:  # it may have refused, and ended, before it reads
        process.stdin.write(answers)
    return process


def is_reached(dial: Dial, host: str) -> bool:
    """Say whether the first page of a place comes over this line."""
    try:
        return Visitor(dial, host).get("/").status == 200
    except OSError:
        return False


@contextmanager
def rehearsing(folder: Path, *words: str, bare: bool = True, joined: Path | None = None) -> Iterator[Rehearsal]:
    """Run `scripts/rehearse --json` with these words, and see at the end that it stops when asked.

    It joins the private network in the folder `joined`, or builds one.
    """
    said = folder / "stderr"
    words = (*words, *(["--bare"] if bare else []), *(["--join", str(joined)] if joined else []))
    process = begun([*ENDS_WITH_US, str(ROOT / "scripts" / "rehearse"), "--json", *words], said)
    assert process.stdout is not None
    line = first_line(process, START)
    assert line, said.read_text()
    try:
        yield Rehearsal(json.loads(line), process)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP) == 0, said.read_text()
        assert not process.stdout.read(), "more than one line was printed"
        process.stdout.close()


@pytest.fixture(scope="session")
def rehearsal(tmp_path_factory: pytest.TempPathFactory, standing_network: Path) -> Iterator[Rehearsal]:
    """Rehearse once, and see at the end that nothing is left."""
    with rehearsing(tmp_path_factory.mktemp("rehearsal"), joined=standing_network) as stage:
        yield stage
    assert not stage.state.exists()
