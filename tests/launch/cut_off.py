"""Kills work of ours at one of its steps, as `kill -9` or a power cut does."""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Collection, Mapping
from types import FrameType
from typing import Any

Steps = Mapping[str, Collection[str]]
"""The functions whose lines are counted, by the file that they stand in."""


def cut_off(work: Callable[[], object], last: int, steps: Steps) -> bool:
    """Do some work in a process of its own that is killed at its `last` step; say whether it came that far."""

    def killed() -> None:
        sys.settrace(killing_at(last, steps))
        work()

    _, status = os.waitpid(begun(killed), 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "it failed by itself"
    return os.WIFSIGNALED(status)


def begun(work: Callable[[], object]) -> int:
    """Do some work in a process of its own, and give its id."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - whatever it is, this process is no copy of the tests
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return child


def killing_at(last: int, steps: Steps) -> Callable[[FrameType, str, Any], Any]:
    """Count the lines of these functions as each is reached the first time, and kill this process at one of them."""
    reached = set[tuple[str, int]]()

    def step(frame: FrameType, event: str, _arg: Any) -> Any:
        line = (frame.f_code.co_filename, frame.f_lineno)
        if event == "line" and line not in reached:
            reached.add(line)
            if len(reached) == last:
                os.kill(os.getpid(), signal.SIGKILL)
        return step

    def enter(frame: FrameType, _event: str, _arg: Any) -> Any:
        return step if frame.f_code.co_name in steps.get(frame.f_code.co_filename, ()) else None

    return enter
