"""An installation, and the real launcher on a state of one's own. Its tor is real, with its network switched off."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from nacl.pwhash import argon2id

from onion_app.crypto.keyslots import VaultKeys
from onion_app.errors import SanctuaryError
from onion_app.launch import edge, launcher, start, unlock
from onion_app.launch.__main__ import options
from onion_app.launch.state import State, held
from onion_app.launch.stdin_answers import Answers
from scripts.rehearsal.people import Visitor, Volunteer
from scripts.rehearsal.wire import through_unix
from tests import processes
from tests.launch.keeping import TODAY, Kept, add_case
from tests.launch.makers import Makers, Updating, first_version, run
from tests.launch.manage import keyboard
from tests.ports import free_port
from tests.processes import Process
from tests.rehearsal import ROOT, begun, first_line, is_reached
from tests.world import hardly_stretched

START = 120.0  # seconds for one launch; two on idle cores
STOP = 60.0
# An ordinary account: root without its privileges may open its own files only as their modes say.
ORDINARY = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # for a thousand small files a test
FIND_US = {"en": "Ask at the library.", "ar": "اسألوا في المكتبة."}


@dataclass
class Launched:
    """A launcher that was started, what it printed, and the ways to what it runs."""

    state: Path
    process: "subprocess.Popen[str]"
    said: Path
    printed: dict[str, str] = field(default_factory=dict)

    @property
    def pid(self) -> int:
        return self.process.pid

    def words(self) -> str:
        """Read what it has said so far on standard error."""
        return self.said.read_text()

    def visitor(self) -> Visitor:
        return Visitor(through_unix(self.state / "run" / "site.sock"), self.printed["onion"])

    def volunteer(self) -> Volunteer:
        return Volunteer(self.printed["desk_url"])

    def running(self, name: str) -> int:
        """Wait for the one process of this role, and give its id."""
        found = processes.until(lambda: processes.role(self.pid, name), START, f"a running {name}")
        return found[0].pid

    def family(self) -> list[Process]:
        return processes.below(self.pid)

    def site_answers(self) -> bool:
        return is_reached(through_unix(self.state / "run" / "site.sock"), self.printed["onion"])

    def stop(self) -> int:
        """Ask it to stop, and give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP)


class Operator:
    """Somebody who launches, on a state that is theirs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.torrc = folder / "torrc"
        self.torrc.write_text("DisableNetwork 1\n" + (ROOT / "torrc.example").read_text())
        self.port = free_port()
        self.command = [str(ROOT / "scripts" / "launch"), "--as-is"]
        self.launched: list[Launched] = []

    def words(self) -> list[str]:
        """Say on the command line what every launch here needs."""
        words = ["--state", str(self.state), "--answers", "-"]
        return [*words, "--torrc", str(self.torrc), "--desk-port", str(self.port)]

    def start(self, answers: Any, *words: str, before: Sequence[str] = ()) -> Launched:
        """Start the launcher and give it its answers; `words` stand last on the command line, `before` first."""
        said = self.folder / f"stderr-{len(self.launched)}"
        process = begun([*before, *self.command, *self.words(), *words], said, json.dumps(answers))
        self.launched.append(Launched(self.state, process, said))
        return self.launched[-1]

    def launch(self, answers: Any, *words: str, before: Sequence[str] = ()) -> Launched:
        """Start it, and wait for its one line and for the site."""
        launched = self.start(answers, *words, before=before)
        line = first_line(launched.process, START)
        assert line, launched.words()
        launched.printed = json.loads(line)
        processes.until(launched.site_answers, START, "an answer of the site")
        return launched

    def refused(self, answers: Any, *words: str) -> SanctuaryError:
        """Launch in this process, and give the error with which that is refused before anything runs."""
        given = answers if isinstance(answers, bytes) else json.dumps(answers).encode()
        with keyboard(given), pytest.MonkeyPatch.context() as patch:
            patch.setattr(signal, "signal", lambda *_: None)
            patch.setattr(launcher.Launcher, "run", pytest.fail)
            with pytest.raises((SanctuaryError, OSError)) as refused:
                start.launch(options([*self.words(), *words]))
        return edge.named(refused.value)

    def put_before(self, name: str, script: str, patch: pytest.MonkeyPatch) -> None:
        """Put a program of our own before the one of the system."""
        program = self.folder / "bin" / name
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        patch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    def end(self) -> None:
        """End whatever still runs, before its folder goes."""
        family = [process for launched in self.launched for process in launched.family()]
        for launched in self.launched:
            if launched.process.poll() is None:
                launched.process.kill()
                launched.process.wait()
            assert launched.process.stdout is not None
            launched.process.stdout.close()
        processes.until(lambda: not any(process.alive for process in family), STOP, "the end of every process")


@dataclass(frozen=True)
class Installation:
    """A state as a first run leaves it, and what that first run handed out."""

    state: Path
    keys: VaultKeys
    printed: dict[str, str]

    @property
    def passphrase(self) -> dict[str, str]:
        """Give the answers with which it is launched."""
        return {"passphrase": self.printed["passphrase"]}


@contextmanager
def beginner() -> Iterator[Operator]:
    """Have an operator with nothing yet, at a path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="launch-") as folder:
        somebody = Operator(Path(folder))
        try:
            yield somebody
        finally:
            somebody.end()


@pytest.fixture
def operator() -> Iterator[Operator]:
    with beginner() as somebody:
        yield somebody


@contextmanager
def installed() -> Iterator[Installation]:
    """Make an installation on which nothing has run yet."""
    with tempfile.TemporaryDirectory(prefix="launch-") as folder:
        with held(Path(folder) / "state") as place:
            made = unlock.unlock_with_answers(place, Answers(how_to_find_us=FIND_US), time.time)
        assert made.first_secrets is not None
        printed = vars(made.first_secrets) | {"onion": made.onion.address, "desk_url": unlock.desk_url(made.keys, 1)}
        yield Installation(place.path, made.keys, printed)


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """Make an installation once."""
    with installed() as made:
        yield made


@pytest.fixture(scope="module")
def opened_at_once() -> Iterator[Installation]:
    """Make one whose secrets cost nothing, for a file that starts no other process, and leave it so until its end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(argon2id, "kdf", hardly_stretched)
        with installed() as made:
            yield made


@pytest.fixture
def later(operator: Operator, installation: Installation) -> Operator:
    """Give an operator whose first run lies behind them."""
    shutil.copytree(installation.state, operator.state)
    return operator


@pytest.fixture
def kept(later: Operator, installation: Installation) -> Kept:
    """Give a state with one case in it that nothing runs on."""
    place, keys, printed = State(later.state), installation.keys, installation.printed
    return Kept(place, keys, printed["passphrase"], printed["spare_code"], add_case(place, keys, TODAY))


@pytest.fixture
def running(later: Operator, installation: Installation) -> Launched:
    """Give a launcher that runs."""
    return later.launch(installation.passphrase)


@pytest.fixture(scope="module")
def standing(installation: Installation) -> Iterator[Launched]:
    """Give a launcher that runs for a whole file, to look at and to leave as it is."""
    with beginner() as somebody:
        shutil.copytree(installation.state, somebody.state)
        yield somebody.launch(installation.passphrase)


def contents(state: Path) -> dict[str, bytes]:
    """Read every file of a state."""
    return {str(file.relative_to(state)): file.read_bytes() for file in state.rglob("*") if file.is_file()}


@pytest.fixture(scope="session")
def first_makers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Have makers with three keys and a version 2.1, and a clone of their 2.0 that believes one of them, ada."""
    folder = tmp_path_factory.mktemp("makers")
    makers = first_version(folder)
    for name in ("ada", "bea", "eve"):
        makers.line(name)
    here = Updating(makers, folder)
    run("git", "clone", "-q", "--no-local", makers.work, here.clone, folder=folder)
    here.believe(makers.line("ada"))
    (here.clone / ".venv").mkdir()
    (here.clone / ".venv" / "complete").write_text("as it was")
    makers.commit("2.1")
    return folder


@pytest.fixture
def here(first_makers: Path) -> Iterator[Updating]:
    """Give an operator of version 2.0."""
    with tempfile.TemporaryDirectory(prefix="update-", dir=IN_MEMORY) as name:
        folder = shutil.copytree(first_makers, Path(name), symlinks=True, dirs_exist_ok=True)
        yield Updating(Makers(folder), folder)
