"""The chores, on real databases: what is due goes, what is not stays, and a clock that jumps destroys nothing."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from onion_app.launch import clock as days
from onion_app.launch import status
from onion_app.launch.processes import child as child_module
from onion_app.launch.processes import chores as chores_process
from onion_app.launch.processes.child import Child, Orders, Reports
from onion_app.launch.self_check import Observed
from onion_app.launch.supervisor import Supervisor
from onion_app.launch.tor_supervisor import TorStatus
from onion_app.vault import database, settings, truth
from onion_app.vault.database import Database
from onion_app.vault.desk import circles, stories_queue
from onion_app.vault.desk.taken import all_taken, take_case
from onion_app.vault.mailbox import lifetime
from onion_app.vault.mailbox.messages import messages_of
from onion_app.vault.shown.reading import Version, shown_story
from onion_app.vault.shown.writing import shown_by_mailbox
from tests.vault.made import founded, new_case, queued, set_up, words
from tests.world import World

DAY = 86400
TODAY = 21_000
KEPT = 180  # days, unless set
LONGEST = KEPT + KEPT // 5


class Opened(World):
    """Both databases of an installation, on which the chores are done."""

    @property
    def orders(self) -> Orders:
        return Orders(self.state.path, self.keys.mailbox, self.keys.desk, "x.onion", "x", 1, 0)

    def case(self, last_day: int) -> bytes:
        """Store a case whose last message came on this day, and give its id."""
        [circle] = circles.circles(self.desk)
        lifetime.add_case(self.mailbox, case := new_case(circle.id, day=last_day))
        return case.id

    def queued_story(self, day: int) -> tuple[bytes, Version]:
        """Queue a story of a new case on this day; give the case's id and the words."""
        case_id = self.case(TODAY)
        return case_id, words(queued(self.mailbox, self.desk, case_id, day=day))

    def destroy_due(self, day: int = TODAY) -> int:
        return chores_process.destroy_due(self.mailbox, self.desk, day)

    def do_chores(self, *, clock_is_right: bool = False, latest_day: int | None = None) -> dict[str, int]:
        """Do every chore, and give the counts."""
        reading, writing = os.pipe()
        orders = replace(self.orders, clock_is_right=clock_is_right, latest_day=latest_day)
        chores_process.work(Child(orders, -1, Reports(writing), threading.Event()))
        os.close(writing)
        with os.fdopen(reading) as said:
            counts: dict[str, int] = json.loads(said.readlines()[-1])["counts"]
        return counts

    def is_there(self, case_id: bytes) -> bool:
        return bool(messages_of(self.mailbox, case_id))


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    with closing(Opened(tmp_path, lambda: TODAY * DAY)) as both:
        both.circle(catch_all=True)
        yield both


def test_a_case_is_destroyed_between_a_fifth_before_and_a_fifth_after_its_time(opened: Opened) -> None:
    early, late, young = (opened.case(TODAY - days) for days in (LONGEST + 1, KEPT - KEPT // 5 - 1, 1))
    assert [opened.destroy_due(), opened.destroy_due()] == [1, 0]
    assert [opened.is_there(case) for case in (early, late, young)] == [False, True, True]


def test_cases_of_one_day_do_not_go_on_one_day(opened: Opened) -> None:
    together = [opened.case(TODAY - KEPT - KEPT // 10) for _ in range(40)]
    opened.destroy_due()
    assert 0 < sum(opened.is_there(case) for case in together) < 40
    opened.destroy_due(TODAY + KEPT // 5 + 1)
    assert not any(opened.is_there(case) for case in together)


def test_the_desk_and_not_the_mailbox_says_how_long_cases_are_kept(opened: Opened) -> None:
    case = opened.case(TODAY - 40)
    for db, stays in ((opened.mailbox, True), (opened.desk, False)):
        with db.writing():
            settings.put_setting(db, "retention_days", 30)
        opened.destroy_due()
        assert opened.is_there(case) is stays


def test_a_case_that_a_stranger_to_its_circle_has_taken_goes_back(tmp_path: Path) -> None:
    made = set_up(tmp_path)
    mailbox, desk = made.mailbox(), made.desk()
    elsewhere, stranger = founded(desk, "stranger")
    with mailbox.writing():
        truth.copy_circles(mailbox, desk)
    own, mine, strange, erased = (new_case(circle) for circle in (elsewhere.id, *[made.circle_id] * 3))
    for case, holder in ((own, stranger.id), (mine, made.moderator_id), (strange, stranger.id), (erased, stranger.id)):
        lifetime.add_case(mailbox, case)
        take_case(desk, case.id, holder, TODAY)
    lifetime.erase_case(mailbox, erased.id, TODAY)
    chores_process.give_back_from_strangers(mailbox, desk)
    taken = [(own.id, stranger.id), (mine.id, made.moderator_id), (erased.id, stranger.id)]
    assert all_taken(desk) == sorted(taken)
    made.close()


def test_what_waits_is_counted_for_each_circle(opened: Opened) -> None:
    [before] = chores_process.waiting(opened.mailbox, opened.desk, TODAY)
    opened.case(TODAY - 5)
    [after] = chores_process.waiting(opened.mailbox, opened.desk, TODAY)
    assert (after.name, after.unread, after.urgent) == (before.name, before.unread + 1, before.urgent)
    assert after.oldest is not None
    assert after.oldest >= 5


def test_the_logs_are_truncated_beside_a_running_site(opened: Opened) -> None:
    site = database.open_mailbox(opened.state.mailbox, opened.orders.mailbox_key)
    log = opened.state.mailbox / "mailbox.db-wal"
    opened.case(TODAY)
    assert log.stat().st_size
    assert not chores_process.log_is_busy(opened.mailbox)
    assert log.stat().st_size == 0
    site.close()


def says_room(opened: Opened) -> bool:
    """Give what `status` says of room after these chores."""
    tor = TorStatus(100, published=True, confined=True, version="", proof_of_work=True)
    supervisors = [Supervisor(name, pytest.fail, pytest.fail) for name in ("site", "desk", "chores")]
    supervisors[-1].counts = opened.do_chores()
    static = status.Static("x.onion", confined=True, clock=opened.orders.clock)
    return bool(status.launcher_status(static, opened.state, tor, Observed(), supervisors)["has_room"])


def test_room_that_was_made_since_the_chores_is_room(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "room", lambda _: 0)
    assert says_room(opened)


def test_a_mailbox_that_is_full_has_no_room(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "size", lambda _: 4 * 1024**3)
    assert not says_room(opened)


def test_copies_made_before_a_migration_go_when_safety_copies_do(opened: Opened) -> None:
    kept_days = settings.read_settings(opened.desk).backup_days
    copies = [opened.state.desk / f"desk.version-1.day-{TODAY - age}.db" for age in (kept_days + 1, kept_days - 1)]
    for copy in copies:
        copy.touch()
    chores_process.discard_copies(opened.orders, opened.desk, TODAY)
    assert [copy.exists() for copy in copies] == [False, True]
    copies[1].unlink()


def test_a_queued_story_is_published_by_the_chores_of_its_day(opened: Opened) -> None:
    long_ago = int(opened.orders.clock()) // DAY - stories_queue.LATEST_DAYS - 1
    case_id, version = opened.queued_story(long_ago)
    opened.do_chores(clock_is_right=True)
    assert shown_story(opened.mailbox, version.text_id)[1] == [version]
    assert lifetime.read_case(opened.mailbox, case_id).state == "published"


SetClock = Callable[[int], None]


@pytest.fixture
def clock(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Stand on a day that the chores have seen, and give the way to move the machine's clock to another."""

    def move(day: int) -> None:
        monkeypatch.setattr(child_module, "time", SimpleNamespace(time=lambda: day * DAY + 1.0))

    move(TODAY)
    opened.do_chores(clock_is_right=True)
    return move


@pytest.mark.parametrize("jump", [days.LONGEST_SLEEP + 1, 400, 10_000, -2, -400])
def test_a_clock_that_jumps_destroys_nothing_and_all_goes_on_when_it_is_right(
    opened: Opened, clock: SetClock, jump: int
) -> None:
    case_id, version = opened.queued_story(TODAY)
    copy = opened.state.desk / f"desk.version-1.day-{TODAY}.db"
    copy.touch()
    clock(TODAY + jump)
    counts = opened.do_chores()
    assert (counts["clock_off"], counts["destroyed"]) == (jump, 0)
    assert opened.is_there(case_id)
    assert shown_by_mailbox(opened.mailbox, version.text_id) == ([], [])
    clock(TODAY + 1)
    assert opened.do_chores()["clock_off"] == 0
    assert opened.is_there(case_id)
    copy.unlink()  # it was still there


def test_a_machine_that_slept_for_two_weeks_is_believed(opened: Opened, clock: SetClock) -> None:
    early = opened.case(TODAY - LONGEST + days.LONGEST_SLEEP - 1)
    clock(TODAY + days.LONGEST_SLEEP)
    assert opened.do_chores()["clock_off"] == 0
    assert not opened.is_there(early)


@dataclass
class Launcher:
    """What a launcher knows of the day, the machine's own day and the seconds since it was started."""

    opened: Opened
    clock: SetClock
    day: int = TODAY
    up: float = 0.0

    def __post_init__(self) -> None:  # noqa: D105
        self.since = days.SinceLaunch(lambda: self.day, lambda: self.up)

    def chores(self, *, up: float = 0.0, days_on: int = 0, clock_is_right: bool = False) -> int:
        """Let that much time pass and the clock go on so far; give how far off the chores find it."""
        self.up += up
        self.day += days_on
        self.clock(self.day)
        self.since.chores_begin()
        counts = self.opened.do_chores(latest_day=self.since.latest_day(), clock_is_right=clock_is_right)
        if not counts["clock_off"]:
            self.since.clock_was_believed()
        return counts["clock_off"]


def test_a_clock_that_is_stepped_on_while_the_launcher_runs_is_not_followed(opened: Opened, clock: SetClock) -> None:
    young, launcher = opened.case(TODAY), Launcher(opened, clock)
    assert launcher.chores(up=3600.0, days_on=days.LONGEST_SLEEP) == 0, "it may have slept before this launch"
    assert all(launcher.chores(up=3600.0, days_on=days.LONGEST_SLEEP) for _ in range(23))
    assert opened.is_there(young)


def test_a_launcher_that_runs_for_months_believes_a_right_clock(opened: Opened, clock: SetClock) -> None:
    launcher, up = Launcher(opened, clock, up=DAY / 2), DAY / 2
    for _ in range(60):
        before, up = int(up // DAY), up + DAY * 1.4  # a laptop sleeps, and its time since it was started goes on
        assert launcher.chores(up=DAY * 1.4, days_on=int(up // DAY) - before) == 0


def test_after_the_operators_word_the_launcher_counts_anew(opened: Opened, clock: SetClock) -> None:
    launcher = Launcher(opened, clock)
    assert [launcher.chores(), launcher.chores(days_on=10)] == [0, 10]
    launcher.since.operator_has_looked()
    assert [launcher.chores(clock_is_right=True), launcher.chores()] == [0, 0]


def test_the_operators_word_is_believed_both_ways(opened: Opened, clock: SetClock) -> None:
    old, new = opened.case(TODAY), opened.case(TODAY + 400)
    for day in (TODAY + 400, TODAY):
        clock(day)
        assert opened.do_chores()["clock_off"] != 0
        assert opened.do_chores(clock_is_right=True)["clock_off"] == 0
        assert opened.do_chores()["clock_off"] == 0
    assert (opened.is_there(old), opened.is_there(new)) == (False, True)


def test_after_the_clock_was_ahead_nothing_is_kept_longer_and_the_day_that_was_seen_is_no_finding(
    opened: Opened, clock: SetClock
) -> None:
    case_id = opened.case(TODAY + 3000)
    clock(TODAY + 1)
    assert opened.do_chores()["findings"] == 0
    case = lifetime.read_case(opened.mailbox, case_id)
    assert (case.received_day, case.last_day) == (TODAY + 1, TODAY + 1)
    assert (settings.read_settings(opened.desk).seen_day, settings.read_settings(opened.mailbox).seen_day) == (
        TODAY + 1,
        None,
    )
