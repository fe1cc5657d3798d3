"""The real launcher on a state of one's own. Its tor is real too, and has its network switched off."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from onion_app.crypto.keyslots import open_slots
from onion_app.launch.state import State
from onion_app.vault import keyfile
from scripts.rehearsal.people import Visitor, Volunteer
from scripts.rehearsal.wire import through_unix
from tests import processes
from tests.launch.keeping import TODAY, Kept, add_case
from tests.ports import free_port
from tests.processes import Process

ROOT = Path(__file__).parents[2]
START = 120.0  # seconds for one launch; two on idle cores
STOP = 60.0
FIND_US = {"en": "Ask at the library.", "ar": "اسألوا في المكتبة."}


@dataclass
class Launched:
    """A launcher that was started, what it printed, and the ways to what it runs."""

    state: Path
    process: "subprocess.Popen[bytes]"
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
        try:
            return self.visitor().get("/").status == 200
        except OSError:
            return False

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
        self.launched: list[Launched] = []

    def start(
        self, answers: Any, *words: str, env: dict[str, str] | None = None, before: Sequence[str] = ()
    ) -> Launched:
        """Start the launcher and give it its answers; `words` stand last on the command line, `before` first."""
        command = [*before, str(ROOT / "scripts" / "launch"), "--state", str(self.state), "--answers", "-"]
        command += ["--as-is", "--torrc", str(self.torrc), "--desk-port", str(self.port), *words]
        said = self.folder / f"stderr-{len(self.launched)}"
        with said.open("wb") as stderr:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
                env=os.environ | (env or {}),
            )
        assert process.stdin is not None
        process.stdin.write(answers if isinstance(answers, bytes) else json.dumps(answers).encode())
        process.stdin.close()
        launched = Launched(self.state, process, said)
        self.launched.append(launched)
        return launched

    def launch(self, answers: Any, *words: str, before: Sequence[str] = ()) -> Launched:
        """Start it, and wait for its one line and for the site."""
        launched = self.start(answers, *words, before=before)
        assert launched.process.stdout is not None
        line = launched.process.stdout.readline()
        assert line, launched.words()
        launched.printed = json.loads(line)
        processes.until(launched.site_answers, START, "an answer of the site")
        return launched

    def refused(self, answers: Any, *words: str, env: dict[str, str] | None = None) -> tuple[int, str]:
        """Start it, and give the exit code and the words with which it ends by itself."""
        launched = self.start(answers, *words, env=env)
        assert launched.process.stdout is not None
        assert launched.process.wait(START) != 0, launched.words()
        assert launched.process.stdout.read() == b""
        return launched.process.returncode, launched.words()

    def end(self) -> None:
        """End whatever still runs."""
        for launched in self.launched:
            if launched.process.poll() is None:
                launched.process.kill()
                launched.process.wait()
            assert launched.process.stdout is not None
            launched.process.stdout.close()


@dataclass(frozen=True)
class Installation:
    """A state as a first run leaves it, and what that first run printed."""

    state: Path
    printed: dict[str, str]


@pytest.fixture
def operator() -> Iterator[Operator]:
    """Give an operator with nothing yet, at a path short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="launch-") as folder:
        somebody = Operator(Path(folder))
        yield somebody
        somebody.end()


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """Run a first run once, and stop it."""
    with tempfile.TemporaryDirectory(prefix="launch-") as folder:
        somebody = Operator(Path(folder))
        launched = somebody.launch({"how_to_find_us": FIND_US})
        assert launched.stop() == 0
        somebody.end()
        yield Installation(somebody.state, launched.printed)


@pytest.fixture
def later(operator: Operator, installation: Installation) -> Operator:
    """Give an operator whose first run lies behind them."""
    shutil.copytree(installation.state, operator.state)
    return operator


@pytest.fixture
def kept(later: Operator, installation: Installation) -> Kept:
    """Give a state with one case in it that nothing runs on."""
    place, printed = State(later.state), installation.printed
    keys = open_slots(keyfile.read(place.path), printed["spare_code"])
    return Kept(place, keys, printed["passphrase"], printed["spare_code"], add_case(place, keys, TODAY))


@pytest.fixture
def running(later: Operator, installation: Installation) -> Launched:
    """Give a launcher that runs."""
    return later.launch({"passphrase": installation.printed["passphrase"]})


@pytest.fixture(scope="module")
def standing(installation: Installation) -> Iterator[Launched]:
    """Give a launcher that runs for a whole file, to look at and to leave as it is."""
    with tempfile.TemporaryDirectory(prefix="launch-") as folder:
        somebody = Operator(Path(folder))
        shutil.copytree(installation.state, somebody.state)
        yield somebody.launch({"passphrase": installation.printed["passphrase"]})
        somebody.end()


def contents(state: Path) -> dict[str, bytes]:
    """Read every file of a state."""
    return {str(file.relative_to(state)): file.read_bytes() for file in state.rglob("*") if file.is_file()}
