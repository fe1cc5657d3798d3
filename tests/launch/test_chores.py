"""The chores, on real databases: what is due goes, what is not stays, and nothing planted or jumping ends them."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from onion_app.crypto.casekeys import mark_of
from onion_app.errors import DamagedFile, LockHeld, NoInodes, SanctuaryError
from onion_app.launch import clock as days
from onion_app.launch import status
from onion_app.launch.processes import child as child_module
from onion_app.launch.processes import chores as chores_process
from onion_app.launch.processes.child import Child, Orders, Reports
from onion_app.launch.self_check import SelfCheck
from onion_app.launch.state import State
from onion_app.launch.supervisor import Supervisor
from onion_app.launch.tor_supervisor import TorStatus
from onion_app.vault import forgetting, rewriting, settings
from onion_app.vault.database import Database
from onion_app.vault.desk import audit, case_records, circles, notebook, notice, stories_queue
from onion_app.vault.desk.case_records import Read
from onion_app.vault.desk.taken import all_taken, take_case
from onion_app.vault.mailbox import lifetime, withdrawals
from onion_app.vault.mailbox.records import KeyRow
from onion_app.vault.shown import routing
from tests import tables
from tests.launch.keeping import store_case
from tests.vault.made import founded, new_case, proofs_of, queued, some_id, some_key, words
from tests.world import World, publish

DAY = 86400
TODAY = 21_000
KEPT = 180  # days, unless set
LONGEST = KEPT + KEPT // 5

Reported = list[dict[str, Any]]


class Opened(World):
    """The databases of an installation, on which the chores are done."""

    @property
    def orders(self) -> Orders:
        return Orders(self.state.path, self.keys.mailbox, self.keys.desk, "x.onion", "x", 1, 0)

    def case(self, last_day: int) -> bytes:
        """Store a case whose last message came on this day, and give its id."""
        return store_case(self, last_day).id

    def known(self, count: int) -> list[KeyRow]:
        """Store so many cases that somebody has read."""
        rows = [store_case(self, TODAY) for _ in range(count)]
        with self.desk.writing():
            for row in rows:
                case_records.put_read(self.desk, row.id, Read(1, some_key(), 0, 1, 1))
        return rows

    def reports(self, **changed: Any) -> Reported:
        """Do the chores, and give what they report."""
        reading, writing = os.pipe()
        try:
            orders = replace(self.orders, **changed)
            chores_process.work(Child(orders, (), Reports(writing), threading.Event()))
        finally:
            os.close(writing)
            with os.fdopen(reading) as said:
                self.said: Reported = [json.loads(line) for line in said]
        return self.said

    def do_chores(self, **changed: Any) -> dict[str, int]:
        """Do the chores, and give the counts."""
        return next(report["counts"] for report in self.reports(**changed) if "counts" in report)

    def is_there(self, case_id: bytes) -> bool:
        return bool(self.mailbox.rows("SELECT 1 FROM cases WHERE id = ?", (case_id,)))

    def takes_away(self, *rows: KeyRow) -> None:
        """Delete cases as somebody does who writes the mailbox."""
        with self.mailbox.writing():
            for row in rows:
                lifetime.delete_case(self.mailbox, row.id)

    def findings(self) -> list[tuple[str, str]]:
        return [(found.what, found.subject) for found in audit.findings_for(self.desk, bytes(16))]

    def plants(self, sql: str, *values: object) -> None:
        """Write past every CHECK."""
        with tables.opened(self.state.mailbox / "mailbox.db", self.keys.mailbox) as link:
            link.execute("PRAGMA ignore_check_constraints = ON")
            link.execute(sql, values)


SetClock = Callable[[int], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Give the way to move the machine's clock to another day."""
    return lambda day: monkeypatch.setattr(child_module, "time", SimpleNamespace(time=lambda: day * DAY + 1.0))


@pytest.fixture
def opened(tmp_path: Path, clock: SetClock) -> Iterator[Opened]:
    """Stand on a day that the chores have seen."""
    with closing(Opened(tmp_path, lambda: TODAY * DAY)) as world:
        world.circle(catch_all=True)
        clock(TODAY)
        world.do_chores(clock_is_right=True)
        yield world


def test_a_case_is_destroyed_between_its_time_and_a_fifth_after_it(opened: Opened) -> None:
    early, late, young = (opened.case(TODAY - days) for days in (LONGEST + 1, KEPT - 1, 1))
    assert [opened.do_chores()["destroyed"], opened.do_chores()["destroyed"]] == [1, 0]
    assert [opened.is_there(case) for case in (early, late, young)] == [False, True, True]


def test_a_message_in_a_notebook_goes_after_its_days_though_no_chore_can_open_it(opened: Opened) -> None:
    circle_id = circles.circles(opened.desk)[0].id
    today, yesterday, referral = (notebook.NotebookRow(some_id(), circle_id, 1, bytes(8233)) for _ in range(3))
    with opened.desk.writing():
        notebook.put_row(opened.desk, today, last_day=TODAY)
        notebook.put_row(opened.desk, yesterday, last_day=TODAY - 1)
        notebook.put_row(opened.desk, referral)
    opened.do_chores()
    assert {row.id for row in notebook.rows_of(opened.desk, circle_id)} == {today.id, referral.id}


def test_the_chores_say_until_when_a_notice_stands_and_forget_it_after(opened: Opened) -> None:
    assert opened.do_chores()["notice_until"] == 0
    with opened.desk.writing():
        notice.put_notice(opened.desk, {"en": "Searches today."}, TODAY - 2, TODAY)
    assert opened.do_chores()["notice_until"] == TODAY
    assert opened.shown.rows("SELECT text FROM notices") == [("Searches today.",)]
    with opened.desk.writing():
        notice.put_notice(opened.desk, {"en": "Searches today."}, TODAY - 3, TODAY - 1)
    assert opened.do_chores()["notice_until"] == 0
    assert not opened.desk.rows("SELECT 1 FROM notices")
    assert not opened.shown.rows("SELECT 1 FROM notices")


def test_cases_of_one_day_do_not_go_on_one_day(opened: Opened) -> None:
    dbs = opened.mailbox, opened.shown, opened.desk
    together = [opened.case(TODAY - KEPT - KEPT // 10) for _ in range(40)]
    forgetting.destroy_due(*dbs, TODAY)
    assert 0 < sum(opened.is_there(case) for case in together) < 40
    forgetting.destroy_due(*dbs, TODAY + KEPT // 5 + 1)
    assert not any(opened.is_there(case) for case in together)


# --- what was taken back, and what is missing ----------------------------------------------------------------------


@pytest.mark.parametrize("work", ["all", "short"])
def test_what_authors_took_back_is_gone_everywhere_and_stays_gone(opened: Opened, work: Any) -> None:
    rows = opened.known(12)
    for row in rows:
        lifetime.erase_case(opened.mailbox, row.id, proofs_of(row))
    assert opened.do_chores(work=work)["missing"] == 0, "their authors have explained it"
    assert case_records.gone_cases(opened.desk) == {row.id for row in rows}
    assert not opened.desk.rows("SELECT 1 FROM read")
    assert len(withdrawals.proofs_in(opened.shown)) == 24
    assert not opened.mailbox.rows("SELECT 1 FROM withdrawn")
    with opened.mailbox.writing():
        lifetime.store_case(opened.mailbox, new_case(rows[0].home, row=rows[0], day=TODAY))
    opened.do_chores(work=work)
    assert not opened.is_there(rows[0].id)
    assert opened.findings() == []


@pytest.mark.parametrize("step", ["delete_what_came_back", "forget_cases"])
def test_a_round_that_is_cut_off_still_knows_what_its_authors_took_back(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    rows = opened.known(12)
    for row in rows:
        lifetime.erase_case(opened.mailbox, row.id, proofs_of(row))

    def cut(*_: object, only_missing: bool = step == "delete_what_came_back") -> None:
        if only_missing:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(forgetting, step, cut)
        with pytest.raises(KeyboardInterrupt):
            opened.reports(work="short")
    assert opened.do_chores(work="short")["missing"] == 0
    assert case_records.gone_cases(opened.desk) == {row.id for row in rows}
    assert opened.findings() == []
    assert not opened.mailbox.rows("SELECT 1 FROM withdrawn")


@pytest.mark.parametrize("work", ["all", "short"])
def test_of_many_missing_cases_nothing_is_forgotten_and_no_new_text_is_taken(opened: Opened, work: Any) -> None:
    rows = opened.known(30)
    lifetime.erase_case(opened.mailbox, rows[0].id, proofs_of(rows[0]))
    opened.takes_away(*rows[1:12])
    assert opened.do_chores(work=work)["missing"] == 12
    assert not routing.takes_new_text(settings.read_settings(opened.shown))
    assert case_records.gone_cases(opened.desk) == set()
    assert len(opened.desk.rows("SELECT 1 FROM read")) == 30
    with opened.mailbox.writing():
        for row in rows[1:12]:
            lifetime.store_case(opened.mailbox, new_case(row.home, row=row, day=TODAY))
    assert opened.do_chores(work=work)["missing"] == 0, "the disk was mounted again"
    assert routing.takes_new_text(settings.read_settings(opened.shown))
    assert case_records.gone_cases(opened.desk) == {rows[0].id}


def test_a_few_that_nobody_has_taken_back_are_forgotten_and_told(opened: Opened) -> None:
    rows = opened.known(5)
    lifetime.erase_case(opened.mailbox, rows[0].id, proofs_of(rows[0]))
    opened.takes_away(*rows[1:4])
    opened.do_chores()
    assert case_records.gone_cases(opened.desk) == {row.id for row in rows[:4]}
    assert opened.findings() == [("cases missing", "3")]


def test_a_story_whose_case_is_missing_without_proof_stays_and_is_told(opened: Opened) -> None:
    taken, proved = opened.known(2)
    stories = [words(os.urandom(16), state="public", year=2026) for _ in range(2)]
    for row, version in zip((taken, proved), stories, strict=True):
        publish(opened.shown, opened.desk, [version], case=row.id, mark=mark_of(proofs_of(row)[1]))
    opened.takes_away(taken)
    lifetime.erase_case(opened.mailbox, proved.id, proofs_of(proved))
    opened.do_chores()
    told = stories[0].text_id
    for db in (opened.shown, opened.desk):
        assert db.rows("SELECT DISTINCT text_id FROM versions") == [(told,)]
    assert ("case of a published story is missing", told.hex()) in opened.findings()


# --- what is planted ends nothing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "planted",
    [
        "UPDATE cases SET spread = 5000 WHERE id = ?",
        "UPDATE cases SET topic = CAST(x'ff' AS TEXT) WHERE id = ?",
        "UPDATE cases SET kind = 'nothing' WHERE id = ?",
        "UPDATE cases SET codes = x'00' WHERE id = ?",
        "UPDATE cases SET last_day = -4611686018427387904 WHERE id = ?",
        "UPDATE cases SET last_day = 4611686018427387904 WHERE id = ?",
        "UPDATE cases SET circle_id = x'', home = x'' WHERE id = ?",
    ],
)
def test_one_malformed_row_is_counted_and_keeps_no_other_from_going(opened: Opened, planted: str) -> None:
    strange, due = opened.known(1)[0].id, opened.case(TODAY - LONGEST - 1)
    taken_back = opened.known(1)[0]
    lifetime.erase_case(opened.mailbox, taken_back.id, proofs_of(taken_back))
    opened.plants("INSERT INTO withdrawn (proof) VALUES (x'00')")
    opened.plants(planted, strange)
    counts = opened.do_chores()
    assert not opened.is_there(due)
    assert case_records.gone_cases(opened.desk) >= {taken_back.id}
    assert counts["malformed"] == int(opened.is_there(strange) and "last_day" not in planted)
    assert [report["failed"] for report in opened.said if "failed" in report] == []


def test_a_chore_that_fails_ends_no_other_and_is_named(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    due = opened.case(TODAY - LONGEST - 1)

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(stories_queue, "remove_withdrawn_stories", fails)
    monkeypatch.setattr(forgetting, "put_queues_right", fails)
    reports = opened.reports()
    assert not opened.is_there(due)
    assert [report for report in reports if "failed" in report] == [{"failed": "ZeroDivisionError"}] * 2
    assert list(reports[-1]) == ["failed"], "after the counts, which forget earlier errors"


def test_a_guard_that_cannot_look_lets_no_new_text_in_until_somebody_has_looked(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = opened.known(2)
    opened.takes_away(rows[0])

    def fails(*_: object) -> None:
        raise DamagedFile

    with monkeypatch.context() as patched:
        patched.setattr(forgetting, "missing_cases", fails)
        assert opened.do_chores()["unchecked"] == 1
    assert not routing.takes_new_text(settings.read_settings(opened.shown))
    assert case_records.gone_cases(opened.desk) == set()
    assert opened.do_chores()["unchecked"] == 1, "nobody has looked yet"


def test_a_mailbox_that_does_not_open_lets_no_new_text_in_and_shown_follows_the_desk(opened: Opened) -> None:
    opened.plants("CREATE TABLE one_more (x INTEGER)")
    with opened.shown.writing():
        opened.shown.run("DELETE FROM circles")
    with pytest.raises(DamagedFile):
        opened.reports()
    assert not routing.takes_new_text(settings.read_settings(opened.shown))
    assert opened.shown.rows("SELECT 1 FROM circles")


def test_a_desk_that_does_not_open_lets_no_new_text_in_either(opened: Opened) -> None:
    opened.desk.checkpoint()
    (opened.state.desk / "desk.db").write_bytes(b"something else")
    with pytest.raises(SanctuaryError):
        opened.reports()
    assert not routing.takes_new_text(settings.read_settings(opened.shown))


@pytest.mark.parametrize("kind", ["mailbox", "desk"])
def test_a_disk_that_was_full_for_a_while_closes_nothing_for_longer(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    open_it = Orders.open

    def full(orders: Orders, wanted: Any) -> Database:
        if wanted == kind:
            raise NoInodes
        return open_it(orders, wanted)

    with monkeypatch.context() as patched:
        patched.setattr(Orders, "open", full)
        with pytest.raises(NoInodes):
            opened.reports()
    assert opened.do_chores()["unchecked"] == 0


@pytest.mark.parametrize("kind", ["shown", "desk"])
@pytest.mark.parametrize("planted", ["('more', '1')", "('seen_day', '[[[[')", "('quota_gib', '99999999999999999999')"])
def test_a_setting_that_is_none_ends_no_round_and_nothing_is_destroyed_by_a_clock_that_nobody_knows(
    opened: Opened, kind: str, planted: str
) -> None:
    due = opened.case(TODAY - LONGEST - 1)
    back = opened.known(1)[0]
    lifetime.erase_case(opened.mailbox, back.id, proofs_of(back))
    db = opened.shown if kind == "shown" else opened.desk
    with db.writing():
        db.run(f"INSERT OR REPLACE INTO settings VALUES {planted}")
    said = opened.reports()
    assert {"failed": "BadSetting"} in said
    assert opened.is_there(due), "of neither the clock nor the time that cases are kept anything is known"
    assert back.id in case_records.gone_cases(opened.desk)
    assert all("busy_logs" in each["counts"] for each in said if "counts" in each)


@pytest.mark.parametrize("chore", ["destroy_due", "missing_cases"])
def test_who_is_kept_out_by_a_lock_ends_and_says_so_and_stops_nobody_else(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, chore: str
) -> None:

    def held(*_: object) -> None:
        raise LockHeld

    monkeypatch.setattr(forgetting, chore, held)
    with pytest.raises(LockHeld):
        opened.reports()
    assert routing.takes_new_text(settings.read_settings(opened.shown))


# --- the rounds -----------------------------------------------------------------------------------------------------


def test_a_short_round_destroys_and_publishes_nothing(opened: Opened) -> None:
    due = opened.case(TODAY - LONGEST - 1)
    assert opened.do_chores(work="short").keys() == {"missing", "busy_logs"}
    assert opened.is_there(due)


def test_the_daily_round_rewrites_and_does_nothing_else(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    due, days_seen = opened.case(TODAY - LONGEST - 1), []
    monkeypatch.setattr(rewriting, "rewrite_recent_rows", lambda _mailbox, today: days_seen.append(today))
    assert opened.do_chores(work="daily").keys() == {"busy_logs"}
    assert opened.is_there(due)
    assert days_seen == [TODAY]


def test_every_round_lets_shown_follow_the_desk(opened: Opened) -> None:
    for work in ("all", "short", "daily"):
        with opened.shown.writing():
            opened.shown.run("DELETE FROM circles")
        opened.reports(work=work)
        assert opened.shown.rows("SELECT 1 FROM circles"), work


# --- the rest -------------------------------------------------------------------------------------------------------


def test_a_case_that_a_stranger_to_its_circle_has_taken_goes_back(opened: Opened) -> None:
    here, member = founded(opened.desk, "member")
    elsewhere, stranger = founded(opened.desk, "stranger")
    own, mine, strange = (new_case(each.id, day=TODAY) for each in (elsewhere, here, here))
    with opened.mailbox.writing():
        for case in (own, mine, strange):
            lifetime.store_case(opened.mailbox, case)
        lifetime.move_to_circle(opened.mailbox, strange.row.id, elsewhere.id)  # by somebody who writes the mailbox
    for case, holder in ((own, stranger), (mine, member), (strange, stranger)):
        take_case(opened.desk, case.row.id, holder.id, TODAY)
    opened.do_chores()
    assert all_taken(opened.desk) == sorted([(own.row.id, stranger.id), (mine.row.id, member.id)])


def test_what_waits_is_counted_for_each_circle(opened: Opened) -> None:
    [before] = chores_process.waiting(opened.files, TODAY)
    opened.case(TODAY - 5)
    [after] = chores_process.waiting(opened.files, TODAY)
    assert (after.name, after.unread, after.urgent) == (before.name, before.unread + 1, before.urgent)
    assert (before.overdue, after.overdue) == (0, 1)
    assert after.oldest is not None
    assert after.oldest >= 5


def test_the_logs_are_truncated_beside_a_running_site(opened: Opened) -> None:
    site = opened.orders.open("mailbox")
    log = opened.state.mailbox / "mailbox.db-wal"
    opened.case(TODAY)
    assert log.stat().st_size
    assert not chores_process.log_is_busy(opened.mailbox)
    assert log.stat().st_size == 0
    site.close()


@pytest.mark.parametrize(("measure", "found", "has_room"), [("room", 0, True), ("size", 4 * 1024**3, False)])
def test_a_mailbox_that_is_full_has_no_room_and_what_was_made_since_the_chores_is_room(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, measure: str, found: int, *, has_room: bool
) -> None:
    monkeypatch.setattr(Database, measure, lambda _: found)
    tor = TorStatus(100, published=True, walled=True, confined=True, failures=0, version="", proof_of_work=True)
    supervisors = {name: Supervisor(name, pytest.fail, pytest.fail) for name in ("site", "desk", "chores")}
    supervisors["chores"].counts = opened.do_chores()
    static = status.Static("x.onion", (), opened.orders.clock)
    seen = SelfCheck("x.onion", opened.state.path, lambda: None)
    assert status.launcher_status(static, opened.state, tor, seen, supervisors, 0)["has_room"] is has_room


@pytest.mark.parametrize(("promised", "kept_days"), [(30, 7), (2, 2), (1, 1)])
def test_copies_made_before_a_migration_or_an_update_go_after_seven_days_or_those_promised(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, promised: int, kept_days: int
) -> None:
    in_force = replace(settings.read_settings(opened.shown), backup_days=promised)
    monkeypatch.setattr(settings, "read_settings", lambda _: in_force)
    folders = State(opened.state.path).databases
    for folder in folders:
        for age in (kept_days, kept_days - 1, -1, -400):  # the last two: made while the clock stood ahead
            for name in ("", ".before"):
                for part in ("", "-wal", "-journal"):
                    (folder / f"{folder.name}{name}.version-1.day-{TODAY - age}.db{part}").touch()
    chores_process.discard_copies(opened.orders, opened.shown, TODAY)
    left = [copy.name for folder in folders for copy in folder.glob("*.version-*")]
    assert len(left) == 18
    assert all(f".day-{TODAY - kept_days + 1}.db" in name for name in left)


def test_a_queued_story_is_published_by_the_chores_of_its_day(opened: Opened) -> None:
    case_id = opened.case(TODAY)
    long_ago = int(opened.orders.clock()) // DAY - stories_queue.LATEST_DAYS - 1
    story = queued(opened.files, case_id, day=long_ago)
    opened.do_chores(clock_is_right=True)
    assert opened.shown.rows("SELECT text_id FROM versions") == [(story,)]
    assert lifetime.read_case(opened.mailbox, case_id).state == "published"


# --- the clock ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [days.LONGEST_SLEEP + 1, 400, 10_000, -2, -400])
def test_a_clock_that_jumps_destroys_nothing_and_all_goes_on_when_it_is_right(
    opened: Opened, clock: SetClock, jump: int
) -> None:
    case_id = opened.case(TODAY)
    queued(opened.files, case_id, day=TODAY)
    copy = opened.state.desk / f"desk.version-1.day-{TODAY}.db"
    copy.touch()
    clock(TODAY + jump)
    counts = opened.do_chores()
    assert (counts["clock_off"], counts["destroyed"]) == (jump, 0)
    assert opened.is_there(case_id)
    assert not opened.shown.rows("SELECT 1 FROM versions")
    clock(TODAY + 1)
    assert opened.do_chores()["clock_off"] == 0
    assert opened.is_there(case_id)
    copy.unlink()  # it was still there


def test_a_machine_that_slept_for_two_weeks_is_believed(opened: Opened, clock: SetClock) -> None:
    early = opened.case(TODAY - LONGEST + days.LONGEST_SLEEP - 1)
    clock(TODAY + days.LONGEST_SLEEP)
    assert opened.do_chores()["clock_off"] == 0
    assert not opened.is_there(early)


def test_the_operators_word_is_believed_both_ways(opened: Opened, clock: SetClock) -> None:
    old, new = opened.case(TODAY), opened.case(TODAY + 400)
    for day in (TODAY + 400, TODAY):
        clock(day)
        assert opened.do_chores()["clock_off"] != 0
        assert opened.do_chores(clock_is_right=True)["clock_off"] == 0
        assert opened.do_chores()["clock_off"] == 0
    assert (opened.is_there(old), opened.is_there(new)) == (False, True)


def test_what_is_written_while_the_clock_stands_behind_is_not_old_when_it_is_right_again(
    opened: Opened, clock: SetClock
) -> None:
    opened.do_chores()
    clock(TODAY - 400)
    assert opened.do_chores()["clock_off"] == -400
    behind = [settings.days_behind(db, TODAY - 400) for db in (opened.shown, opened.desk)]  # at the site, at the desk
    cases = [opened.case(TODAY - 400 + added) for added in behind]
    clock(TODAY)
    assert opened.do_chores()["destroyed"] == 0
    assert all(opened.is_there(case_id) for case_id in cases)


def test_after_the_clock_was_ahead_nothing_is_kept_longer(opened: Opened, clock: SetClock) -> None:
    case_id = opened.case(TODAY + 3000)
    clock(TODAY + 1)
    opened.do_chores()
    case = lifetime.read_case(opened.mailbox, case_id)
    assert (case.received_day, case.last_day) == (TODAY + 1, TODAY + 1)
    assert settings.read_seen_day(opened.desk) == TODAY + 1
