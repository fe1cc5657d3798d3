"""What an operator reads who asks after the clock."""

import argparse
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from onion_app.errors import ClockWrong
from onion_app.launch import manage_socket
from onion_app.launch.state import State
from onion_app.manage import running
from tests.launch.manage import Heard

CHOSEN = argparse.Namespace()
LATE = 20_800 * 86_400 + 22 * 3600  # 22:00 in UTC, when it is one in the morning in Baghdad: 13.12.2026


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Answer as a launcher that doubts the clock until it is told, and give what it was told."""
    orders: list[str] = []

    def ask(_path: Path, order: str) -> dict[str, object]:
        orders.append(order)
        return {"clock_off_days": 0 if "clock" in orders else 20}

    monkeypatch.setattr(manage_socket, "ask_launcher", ask)
    late = {"time": lambda: LATE, "gmtime": lambda seconds=LATE: time.gmtime(seconds)}
    monkeypatch.setattr(running, "time", SimpleNamespace(**vars(time) | late))
    return orders


@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_the_day_of_every_timezone_is_taken(asked: list[str], tmp_path: Path, shift: int) -> None:
    typed = time.strftime(" %d.%m.%Y ", time.gmtime(LATE + 3 * 3600 + shift * 86_400))
    running.clock(CHOSEN, State(tmp_path), Heard(typed))
    assert "clock" in asked


@pytest.mark.parametrize("typed", ["12.12.2026", "16.12.2026", "", "14.12.2025"])
def test_no_other_day_is_taken(asked: list[str], tmp_path: Path, typed: str) -> None:
    with pytest.raises(ClockWrong):
        running.clock(CHOSEN, State(tmp_path), Heard(typed))
    assert "clock" not in asked


def test_what_the_chores_have_not_said_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manage_socket, "ask_launcher", lambda *_: {"clock_off_days": None})
    terminal = Heard()
    running.clock(CHOSEN, State(tmp_path), terminal)
    said = "".join(terminal.said)
    assert "not known yet" in said
    assert "is believed" not in said
