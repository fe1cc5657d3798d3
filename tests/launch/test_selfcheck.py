"""Seen from outside, through a private Tor network: what status says about reach is true, and soon."""

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from onion_app.crypto.onion_key import OnionKey
from onion_app.errors import ControlLost
from onion_app.launch import self_check
from onion_app.launch.self_check import SelfCheck
from onion_app.launch.state import State
from onion_app.launch.tor_supervisor import TorSupervisor
from onion_app.onion.control import Control, Health
from tests import processes
from tests.launch.manage import Heard, status
from tests.rehearsal import Rehearsal

PUBLISHED = 60.0  # seconds
FETCHED = 240.0


def test_a_minute_after_publication_the_site_has_fetched_itself(rehearsal: Rehearsal) -> None:
    processes.until(lambda: status(rehearsal.state)["published"], PUBLISHED, "publication")

    def is_well() -> bool:
        seen = status(rehearsal.state)
        check = seen["self_check"]
        looked = check["worked_minutes_ago"] is not None and not check["last_failed"]
        has_relays = seen["introduction_points"] and seen["relays_hold_minutes"] is not None
        return bool(looked and has_relays and seen["bootstrap"] == 100 and seen["tor_trouble"] == [])

    processes.until(is_well, FETCHED, "the first self-check, and a tor in which nothing is amiss")
    seen = status(rehearsal.state)
    assert (seen["onion"], seen["published"]) == (rehearsal.onion, True)


def test_our_own_page_is_fetched_whole_and_nobody_elses_is_taken_for_it(rehearsal: Rehearsal) -> None:
    proxy = rehearsal.state / "run" / "socks.sock"
    assert self_check.site_answers(proxy, rehearsal.onion)
    assert not self_check.site_answers(proxy, "a" * 56 + ".onion")


def test_a_proxy_that_is_gone_is_a_failed_check(tmp_path: Path) -> None:
    assert not self_check.site_answers(tmp_path / "nowhere", "x.onion")


def test_what_was_seen_is_told_without_waiting_for_tor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = threading.Event()

    def never() -> None:
        stuck.wait(60)

    monkeypatch.setattr(self_check, "_TURN", 0.01)
    looking = SelfCheck("x.onion", tmp_path / "nowhere", never)
    looking.start()
    before = time.monotonic()
    assert (looking.health, looking.worked, looking.failed) == (None, None, False)
    assert time.monotonic() - before < 30
    looking.stop()
    stuck.set()


WELL = Health(network_up=True, circuits=True, dormant=False, published=True, introduction_points=3, relays_until=2e10)


class PlayedControl(Control):
    """A connection to a tor that says what the test has it say, and that has published."""

    def __init__(self) -> None:
        self.uploaded, self.lost = threading.Event(), threading.Event()
        self.uploaded.set()
        self.says = WELL
        self.told: list[str] = []
        self.is_gone = False

    def health(self) -> Health:
        return self.says

    def look_again(self) -> None:
        self.told.append("look again")
        if self.is_gone:
            raise ControlLost


@pytest.mark.parametrize(
    "doubt",
    [
        {"relays_until": 0.0},
        {"relays_until": 1.0},
        {"introduction_points": 0},
        {"network_up": False},
        {"dormant": True},
    ],
    ids=str,
)
def test_a_doubt_has_the_page_fetched_at_once_and_not_at_its_next_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, doubt: dict[str, Any]
) -> None:
    assert self_check._LOOK + self_check._SOON[1] + self_check._TURN <= 62
    control, fetched = PlayedControl(), list[float]()

    def fetch(*_: object) -> bool:
        fetched.append(time.monotonic())
        return True

    quick = {"_TURN": 0.01, "_LOOK": 0.01, "_FIRST": 0.0, "_SOON": (0.0, 0.01), "site_answers": fetch}
    for name, value in quick.items():
        monkeypatch.setattr(self_check, name, value)
    looking = SelfCheck("x.onion", tmp_path / "nowhere", lambda: control)
    looking.start()
    try:
        processes.until(lambda: len(fetched) == 1 and looking.health == WELL, PUBLISHED, "the fetch after publication")
        control.says = replace(WELL, **doubt)
        processes.until(lambda: len(fetched) == 2, PUBLISHED, "the fetch after a doubt")
        assert looking.relays_are_old == ("relays_until" in doubt)
    finally:
        looking.stop()


def test_a_list_of_relays_that_is_past_its_end_is_a_trouble_however_well_tor_feels() -> None:
    now, fault = 1_800_000_000.0, "its list of relays is too old"
    until: dict[float, list[str]] = {now + 60: [], now - 60: [], now - 600: [fault], 0.0: [fault]}
    for end, troubles in until.items():
        assert self_check.tor_trouble(replace(WELL, relays_until=end), now) == troubles
    assert self_check.relays_hold_minutes(replace(WELL, relays_until=now - 600), now) == -10


@pytest.mark.parametrize("is_gone", [False, True])
def test_the_launcher_has_tor_look_again_and_starts_it_again_when_that_does_not_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_gone: bool
) -> None:
    control, stopped = PlayedControl(), list[str]()
    supervisor = TorSupervisor(State(tmp_path), OnionKey(bytes(64), "x.onion"), pytest.fail, Heard())
    monkeypatch.setattr(supervisor, "stop", lambda: stopped.append("stopped"))
    supervisor._control, supervisor._percent, control.is_gone = control, 100, is_gone
    supervisor.look_again(0.0, relays_are_old=False)
    assert control.told == []
    for now in (0.0, 1.0, 119.0):
        supervisor.look_again(now, relays_are_old=True)
    assert (control.told, stopped) == (["look again"], [])
    for now in (121.0, 122.0, 360.0):
        supervisor.look_again(now, relays_are_old=True)
    assert (control.told, stopped) == (["look again"], ["stopped"])
    supervisor.look_again(362.0, relays_are_old=True)
    assert len(stopped) == 2, "and again, after twice the time"
    supervisor.look_again(363.0, relays_are_old=False)
    supervisor.look_again(364.0, relays_are_old=True)
    assert (len(control.told), len(stopped)) == (2, 2), "what was over begins anew"


def test_a_tor_that_is_still_on_its_way_is_left_alone(tmp_path: Path) -> None:
    control, heard = PlayedControl(), Heard()
    supervisor = TorSupervisor(State(tmp_path), OnionKey(bytes(64), "x.onion"), pytest.fail, heard)
    supervisor.look_again(0.0, relays_are_old=True)
    supervisor._control, supervisor._percent = control, 80
    supervisor.look_again(1000.0, relays_are_old=True)
    assert (control.told, heard.said) == ([], [])
