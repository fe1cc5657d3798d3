"""A launcher hands down to its chores how far the day can have come since it runs."""

import time
from pathlib import Path
from typing import Any

import pytest

from onion_app.crypto.keyslots import VaultKeys
from onion_app.launch import children
from onion_app.launch.launcher import Launcher, Options
from onion_app.launch.processes.child import Orders
from onion_app.launch.state import State
from onion_app.launch.supervisor import Supervisor
from onion_app.launch.terminal import Terminal
from onion_app.launch.unlock import Unlocked


def test_the_long_sleep_is_allowed_to_the_first_chores_that_believe_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Orders] = []

    def start(_walls: object, _module: object, orders: Orders, _listener: object) -> Any:
        begun.append(orders)
        raise OSError

    monkeypatch.setattr(children, "start_child", start)
    options = Options(tmp_path, answers=True, desk_port=1, torrc=tmp_path / "torrc", days=0)
    opened = Unlocked(VaultKeys(bytes(32), bytes(32)), bytes(64), "x" * 56 + ".onion")
    launcher = Launcher(options, State(tmp_path), opened, Terminal(), confined=False)
    chores = Supervisor("chores", lambda: launcher._start_child("chores", None), lambda _: None, every=3600.0)
    launcher._supervisors = [chores]

    def reported(off: int) -> None:
        chores.counts = {"clock_off": off}
        chores.hurry()
        launcher._step_children()

    today = int(time.time()) // 86_400
    for off in (400, 0, 0):
        reported(off)
    launcher._carry_out("clock")
    launcher._step_children()
    latest = [orders.latest_day for orders in begun]
    assert latest[:2] == [None, None], "no chores had believed the clock when these began"
    assert latest[2] in (today + 2, today + 3)
    assert latest[3] is None, "the operator has looked at a calendar"
    assert begun[3].clock_is_right
