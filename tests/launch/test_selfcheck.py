"""Seen from outside, through a private Tor network: what status says about reach is true, and soon."""

import threading
import time
from pathlib import Path

import pytest

from onion_app.launch import self_check
from onion_app.launch.self_check import SelfCheck
from tests import processes
from tests.launch.manage import status
from tests.rehearsal import Rehearsal

PUBLISHED = 60.0  # seconds
FETCHED = 240.0


def test_a_minute_after_publication_the_site_has_fetched_itself(rehearsal: Rehearsal) -> None:
    processes.until(lambda: status(rehearsal.state)["published"], PUBLISHED, "publication")
    looked = lambda: status(rehearsal.state)["self_check"]["worked_minutes_ago"] is not None  # noqa: E731
    processes.until(looked, FETCHED, "the first self-check")
    seen = status(rehearsal.state)
    assert seen["self_check"]["last_failed"] is False
    assert seen["bootstrap"] == 100
    assert seen["tor_trouble"] == []
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
