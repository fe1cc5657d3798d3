"""One rehearsal for the whole run: the program as a newcomer starts it, and the ways to it.

Every module finds it as it was at first, whatever others have done in it before.
"""

import json
import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from onion_app.crypto.keyslots import VaultKeys, open_slots
from onion_app.vault.connection import KINDS
from scripts.rehearsal.people import Login, Visitor
from scripts.rehearsal.wire import Dial, through_tor
from tests import tables
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

    @cached_property
    def keys(self) -> VaultKeys:
        """Open the file of keys as the operator could."""
        kept = json.loads((self.state / "rehearsal.json").read_text(encoding="utf-8"))
        return open_slots((self.state / "vault.key").read_text(), kept["passphrase"])

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


def put_back(state: Path, keys: VaultKeys, rows: tables.Tables) -> None:
    """Let every table of a house that runs hold these rows and no others."""
    with ExitStack() as stack:
        links = dict[str, Any]()
        for kind in KINDS:
            links[kind] = stack.enter_context(tables.opened(state / kind / f"{kind}.db", keys.of(kind)))
            links[kind].execute("BEGIN IMMEDIATE")
        for name, known in rows.items():
            file, _, table = name.partition(".")
            links[file].execute(f"DELETE FROM {table}")
            for row in known:
                links[file].execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        for link in reversed(links.values()):
            link.execute("COMMIT")


@pytest.fixture(scope="session")
def rehearsed(
    tmp_path_factory: pytest.TempPathFactory, standing_network: Path
) -> Iterator[tuple[Rehearsal, tables.Tables]]:
    """Rehearse once, remember all that is stored then, and see at the end that nothing is left."""
    with rehearsing(tmp_path_factory.mktemp("rehearsal"), joined=standing_network) as stage:
        yield stage, tables.dump_all(stage.state, stage.keys)
    assert not stage.state.exists()


@pytest.fixture(scope="module")
def rehearsal(rehearsed: tuple[Rehearsal, tables.Tables]) -> Rehearsal:
    """Begin with one coordinator, one answered request and nobody else, whoever was here before."""
    stage, at_first = rehearsed
    put_back(stage.state, stage.keys, at_first)
    return replace(stage)  # no digits were typed yet
