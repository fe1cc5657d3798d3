"""Children are started, listened to and watched; these are small ones that do one thing each."""

import itertools
import select
import time
from pathlib import Path

import pytest

from onion_app.crypto.onion_key import OnionKey
from onion_app.errors import TorFailed
from onion_app.launch import children
from onion_app.launch.children import ChildProcess, Report
from onion_app.launch.confine import UNCONFINED
from onion_app.launch.processes.child import Orders
from onion_app.launch.state import State
from onion_app.launch.supervisor import REMEMBERED, Supervisor
from onion_app.launch.tor_supervisor import TorSupervisor
from onion_app.onion.tor_process import TorProcess
from tests import processes
from tests.launch.conftest import START
from tests.launch.manage import Heard


def orders(part: str, state: Path) -> Orders:
    return Orders(state, b"\x01" * 32, b"\x02" * 32, address="x.onion", desk_name=part, desk_port=1, days_ahead=3)


def begin(part: str, state: Path) -> ChildProcess:
    return children.start_child(UNCONFINED, "tests.launch.quitter", orders(part, state))


def everything(child: ChildProcess) -> list[Report]:
    """Wait for the end of a child, and give all that it reported."""
    child.wait(START)
    reports = child.reports()
    child.close()
    return reports


def descriptors() -> set[str]:
    return {file.name for file in Path("/proc/self/fd").iterdir()}


def test_orders_arrive_as_they_were_given(tmp_path: Path) -> None:
    given = orders("x", tmp_path)
    assert Orders.read(given.line()) == given
    assert given.clock() - time.time() == pytest.approx(3 * 86400, abs=5)


@pytest.mark.parametrize(("part", "failed"), [("error", "LookupError"), ("hostile", "UnreadableReport")])
def test_of_an_error_only_its_class_comes_up_and_a_report_of_no_known_shape_is_believed_in_nothing(
    tmp_path: Path, part: str, failed: str
) -> None:
    before = descriptors()
    reports = everything(begin(part, tmp_path))
    assert set(map(repr, reports)) == {repr(Report(failed=failed))}
    assert descriptors() <= before, "a closed child leaves no descriptor"


def test_a_child_finishes_when_the_pipe_of_its_orders_is_closed(tmp_path: Path) -> None:
    child = begin("waits", tmp_path)
    assert select.select([child.fileno()], [], [], START)[0]
    assert child.reports() == [Report(ready=True)]
    child.ask_to_stop()
    assert child.wait(START) == 0
    assert (tmp_path / "finished").exists()
    child.close()


def test_a_child_that_does_not_finish_in_time_is_ended(tmp_path: Path) -> None:
    child = begin("deaf", tmp_path)
    child.ask_to_stop()
    assert child.wait(0.0) != 0
    child.close()


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self, part: str, state: Path, every: float | None = None) -> None:
        self.now = 1000.0
        self.said: list[str] = []
        self.begun = 0
        self.part = part
        self.state = state
        self.heard: list[str] = []
        self.supervisor = Supervisor(
            "child",
            self.start,
            self.said.append,
            None if every is None else lambda: self.now + every,
            when_failed=lambda: self.heard.append("failed"),
            when_blocked=lambda: self.heard.append("blocked"),
        )

    def start(self) -> ChildProcess:
        self.begun += 1
        return begin(self.part, self.state)

    def to_its_end(self) -> None:
        """Step until the child that runs has ended and was noticed."""
        self.supervisor.step(self.now)
        assert self.supervisor.child is not None
        self.supervisor.child.process.wait(START)
        self.supervisor.step(self.now)
        assert self.supervisor.child is None

    def pause(self) -> float:
        """Find how long the supervisor waits before the next start."""
        begun, waited = self.begun, 0.0
        while self.begun == begun:
            waited += 0.25
            self.now += 0.25
            self.supervisor.step(self.now)
        return waited


def test_a_failing_child_is_started_again_after_a_growing_pause_and_named_once_a_minute(tmp_path: Path) -> None:
    clock = Clock("error", tmp_path)
    pauses = []
    for _ in range(4):
        clock.to_its_end()
        pauses.append(clock.pause())
    clock.to_its_end()
    assert pauses == [0.5, 1.0, 2.0, 4.0]
    assert clock.said.count("child: LookupError") == 1
    assert clock.heard == ["failed"] * 5


def test_ends_that_nobody_has_asked_for_are_counted(tmp_path: Path) -> None:
    for part, failures in (("error", 3), ("idle", 0)):
        clock = Clock(part, tmp_path)
        for _ in range(3):
            clock.to_its_end()
            clock.now += 100.0
        assert clock.supervisor.failures == failures
        assert (clock.now - clock.supervisor.failed_at < REMEMBERED) == bool(failures)
        assert clock.now + REMEMBERED - clock.supervisor.failed_at > REMEMBERED


def test_a_start_that_failed_is_named_with_the_status_of_its_end(tmp_path: Path) -> None:
    clock = Clock("says nothing", tmp_path)
    clock.to_its_end()
    assert clock.supervisor.errors(clock.now) == {"ended with status 7 before its first word": 0}

    def refused() -> ChildProcess:
        raise BlockingIOError

    clock.supervisor.start_child = refused
    clock.now += 100.0
    clock.supervisor.step(clock.now)
    assert "cannot be started (BlockingIOError)" in clock.supervisor.errors(clock.now)


def test_a_crash_never_costs_a_minute(tmp_path: Path) -> None:
    clock = Clock("error", tmp_path)
    for _ in range(7):
        clock.to_its_end()
        longest = clock.pause()
    assert longest == 8.0
    clock.to_its_end()


def test_a_tor_that_fails_never_costs_a_minute_either(tmp_path: Path) -> None:
    tried: list[float] = []
    now = 0.0

    def fails() -> TorProcess:
        tried.append(now)
        raise TorFailed("again")

    tor = TorSupervisor(State(tmp_path), OnionKey(bytes(64), "x.onion"), fails, Heard())
    while len(tried) < 8:
        tor.step(now)
        now += 0.25
    assert [after - before for before, after in itertools.pairwise(tried)] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


def test_a_child_that_waits_in_vain_for_a_lock_is_heard(tmp_path: Path) -> None:
    clock = Clock("kept out", tmp_path)
    clock.to_its_end()
    assert clock.heard == ["blocked", "failed"]


def test_a_child_that_ran_for_long_is_started_again_at_once(tmp_path: Path) -> None:
    clock = Clock("waits", tmp_path)
    for _ in range(3):
        clock.supervisor.step(clock.now)
        assert clock.supervisor.child is not None
        processes.kill(clock.supervisor.child.process.pid)
        clock.now += 100.0
        clock.to_its_end()
        assert clock.pause() == 0.5
    assert clock.supervisor.child is not None
    clock.supervisor.child.wait(0.0)
    clock.supervisor.child.close()


def test_a_child_whose_last_session_ended_is_started_again_at_once_and_in_silence(tmp_path: Path) -> None:
    clock = Clock("idle", tmp_path)
    clock.to_its_end()
    clock.supervisor.step(clock.now)
    assert clock.begun == 2
    clock.to_its_end()
    assert clock.said == []


@pytest.mark.parametrize(("part", "pause"), [("counts", 3600.0), ("busy", 60.0)])
def test_chores_come_again_after_their_time_and_soon_when_a_log_could_not_be_truncated(
    tmp_path: Path, part: str, pause: float
) -> None:
    clock = Clock(part, tmp_path, every=3600.0)
    clock.to_its_end()
    assert clock.supervisor.counts == ({"unread": 3, "busy_logs": 0} if part == "counts" else {"busy_logs": 1})
    assert clock.pause() == pause
    clock.to_its_end()
