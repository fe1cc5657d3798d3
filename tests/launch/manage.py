"""Typing `scripts/manage` as the operator does."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onion_app.launch.terminal import Terminal
from tests.launch.conftest import ROOT, START


@dataclass(frozen=True)
class Done:
    """What a command answered."""

    code: int
    out: str
    said: str

    @property
    def json(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.out)
        return read


def manage(state: Path, *words: str, typed: str = "", before: Sequence[str] = ()) -> Done:
    """Run one command on a state, with these lines on standard input, and with these words before it."""
    command = [*before, str(ROOT / "scripts" / "manage"), "--as-is", "--state", str(state), *words]
    done = subprocess.run(command, input=typed, capture_output=True, text=True, timeout=START, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


class Heard(Terminal):
    """A terminal that keeps what is said, and at which one line is typed."""

    def __init__(self, typed: str = "") -> None:
        super().__init__()
        self.typed = typed
        self.said: list[str] = []

    def say(self, line: str) -> None:
        self.said.append(line)

    def ask(self, question: str, *, hidden: bool = False) -> str:
        assert not hidden
        self.said.append(question)
        return self.typed


def status(state: Path) -> dict[str, Any]:
    return manage(state, "status", "--json").json
