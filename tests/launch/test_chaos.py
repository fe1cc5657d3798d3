"""What befalls a machine at night, on the real launcher: nothing acknowledged is lost, no page is an error.

No network is ever there: tor runs with its network switched off. More of it stands elsewhere: a network that is cut and
comes back in test_outage, a clock far ahead in test_manage, a disk filled while people write in test_full_disk.
"""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from onion_app.launch import manage_socket
from onion_app.launch.state import State
from scripts.rehearsal.pages import Page
from scripts.rehearsal.people import Visitor
from tests import processes
from tests.launch.conftest import ORDINARY, START, Installation, Launched, Operator, beginner
from tests.launch.disks import filled, small_disk, without_inodes
from tests.launch.keeping import opened, this_day
from tests.launch.manage import failed, status
from tests.launch.test_account import clone
from tests.marks import latin_mark

pytestmark = pytest.mark.slow
AT_ONCE = 50.0  # seconds that a panic may take on a busy machine; two on an idle one, sixty if it waited as others do
PAGES = ("/", "/en/tell", "/en/ask", "/en/return", "/ar/guides", "/en/stories")


@dataclass
class Night:
    """A launcher of a clone of its own, what was acknowledged to its visitors, and somebody who is just writing."""

    operator: Operator
    clone: Path
    launched: Launched
    acknowledged: dict[str, str] = field(default_factory=dict)  # texts, by the code that they are under

    def writes(self) -> tuple[Visitor, Page, str]:
        visitor, mark = self.launched.visitor(), latin_mark()
        return visitor, visitor.check("tell", mark), mark

    def is_kind(self, visitor: Visitor, check: Page, mark: str) -> None:
        """Send what was being written, read what was acknowledged, and see no page that is an error."""
        answer = visitor.confirm(check)
        if answer.status == 200:
            self.acknowledged[check.code] = mark
        else:
            assert (answer.status, answer.form_with("text").value("text")) == (503, mark), "it is kept in the page"
        for code, text in self.acknowledged.items():
            page = self.launched.visitor().come_back(code)
            assert [found.text for found in page.main.having_class("text")] == [text]
        assert {self.launched.visitor().get(path).status for path in PAGES} <= {200, 503}

    def begins_again(self, installation: Installation, seen_day: int) -> None:
        """Stop it, and launch it as if the chores had seen this day."""
        assert self.launched.stop() == 0
        with opened(State(self.launched.state), installation.keys) as world:
            world.put(seen_day=seen_day)
        self.launched = self.operator.launch(installation.passphrase)

    def panics(self, *before: str) -> float:
        """Destroy the keys, whatever else is the matter, and give the seconds that it took until nothing ran."""
        family, begun = self.launched.family(), time.monotonic()
        command = [*before, str(self.clone / "scripts" / "manage"), "--state", str(self.launched.state), "--as-is"]
        done = subprocess.run(
            [*command, "panic"], env={}, input="destroy\n", capture_output=True, text=True, check=False, timeout=200
        )
        seconds = time.monotonic() - begun
        assert done.returncode == 0, done.stderr
        assert not list(self.launched.state.rglob("vault.key*"))
        assert not any(process.alive for process in family)
        return seconds


@contextmanager
def night(installation: Installation, disk: Path | None = None, before: tuple[str, ...] = ()) -> Iterator[Night]:
    """Launch, let a first text be acknowledged, and have somebody in the middle of a second one."""
    with beginner() as operator:
        operator.state = (disk or operator.folder) / "state"
        shutil.copytree(installation.state, operator.state)
        launched, copy = launched_from_a_clone(operator, installation, before)
        launched.volunteer().enrol(installation.printed["invitation"], "Noor")
        here = Night(operator, copy, launched)
        here.is_kind(*here.writes())
        assert len(here.acknowledged) == 1
        yield here


def launched_from_a_clone(
    operator: Operator, installation: Installation, before: tuple[str, ...]
) -> tuple[Launched, Path]:
    copy = clone(operator.folder / "clone")
    operator.command = [str(copy / "scripts" / "launch"), "--as-is"]
    return operator.launch(installation.passphrase, before=before), copy


def test_tor_is_killed_and_the_disk_has_room_for_no_file_and_then_for_no_byte(installation: Installation) -> None:
    with small_disk(",nr_inodes=500") as disk, night(installation, disk) as here:
        state = here.launched.state
        begun = here.writes(), here.writes()
        processes.kill(here.launched.running("tor"))
        with without_inodes(disk):
            here.is_kind(*begun[0])
            manage_socket.ask_launcher(State(state).manage_socket, "pause")  # starts the chores
            processes.until(lambda: ("chores", "NoInodes") in failed(state), START, "the name of what is missing")
        processes.until(lambda: status(state)["started_again"]["tor"], START, "a tor that was noticed")
        with filled(disk), without_inodes(disk):
            here.is_kind(*begun[1])
            assert not status(state)["has_room"]
            assert here.panics() < AT_ONCE


def test_the_python_environment_is_taken_away_and_a_file_of_the_clone_is_closed(installation: Installation) -> None:
    with night(installation, before=ORDINARY) as here:
        state, begun = here.launched.state, (here.writes(), here.writes())
        source = here.clone / "onion_app" / "vault" / "show.py"
        files = [source, *(source.parent / "__pycache__").glob("show.*.pyc")]
        for file in files:
            file.chmod(0)
        kill_the_desk(here.launched)
        here.is_kind(*begun[0])
        for file in files:
            file.chmod(0o644)
        processes.until(lambda: status(state)["answering"]["desk"], START, "the desk, once it can be read")
        environment = (here.clone / ".venv").readlink()
        (here.clone / ".venv").unlink()
        kill_the_desk(here.launched)
        here.is_kind(*begun[1])
        (here.clone / ".venv").symlink_to(environment)
        processes.until(lambda: status(state)["answering"]["desk"], START, "the desk, once the environment is there")
        (here.clone / ".venv").unlink()
        assert here.panics() < AT_ONCE


def test_the_clock_goes_back_by_a_year_and_whoever_panics_may_open_few_files(installation: Installation) -> None:
    with night(installation) as here:
        here.begins_again(installation, this_day() + 365)  # as if the clock had gone back since
        processes.until(lambda: status(here.launched.state)["clock_off_days"], START, "a clock that is doubted")
        assert status(here.launched.state)["clock_off_days"] in (-364, -365)
        here.is_kind(*here.writes())
        assert here.panics("prlimit", "--nofile=64:64") < AT_ONCE


def kill_the_desk(launched: Launched) -> None:
    """Kill the desk, and wait until `status` says why it is not started again."""
    before = status(launched.state)["started_again"]["desk"]
    processes.kill(launched.running("desk"))
    processes.until(lambda: status(launched.state)["started_again"]["desk"] > before + 1, START, "a start that fails")
    names = {error for process, error in failed(launched.state) if process == "desk"}
    assert any("status" in name or "cannot be started" in name for name in names), names
