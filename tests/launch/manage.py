"""What the operator types: in this process, at a keyboard that is a file, before a terminal that is kept.

What cannot wait is started as it is at three in the morning: by its script, with nothing in the environment.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from onion_app.errors import SanctuaryError
from onion_app.launch.state import State
from onion_app.launch.terminal import Terminal
from onion_app.manage.__main__ import parser
from onion_app.manage.emergency import COMMANDS
from tests.rehearsal import ROOT


@dataclass(frozen=True)
class Done:
    """What a command answered, and the error with which it ended."""

    out: str
    said: str
    error: SanctuaryError | None = None
    ended: int = 0

    @property
    def code(self) -> int:
        return self.error.exit_code if self.error else self.ended

    @property
    def json(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.out)
        return read


@contextmanager
def keyboard(typed: bytes) -> Iterator[None]:
    """Have these bytes on standard input for a while."""
    with tempfile.TemporaryFile("w+") as file, pytest.MonkeyPatch.context() as patch:
        file.buffer.write(typed)
        file.seek(0)
        patch.setattr(sys, "stdin", file)
        yield


def manage(state: Path, *words: str, typed: str = "") -> Done:
    """Carry out one command of `scripts/manage` on a state, with these lines on standard input."""
    if COMMANDS.keys() & set(words):
        return at_once(state, *words, typed=typed)
    chosen = parser().parse_args(["--state", str(state), *words])
    said, error, ended = io.StringIO(), None, None
    read, write = os.pipe()
    with os.fdopen(read) as out:
        with keyboard(typed.encode()), os.fdopen(write, "w") as into, redirect_stdout(into):
            try:
                ended = chosen.do(chosen, State(chosen.state.resolve()), Terminal(said))
            except SanctuaryError as refused:
                error = refused
        return Done(out.read(), said.getvalue(), error, ended or 0)


def at_once(state: Path, *words: str, typed: str = "", before: Sequence[str] = ()) -> Done:
    """Carry out what cannot wait; `before` are the words before the script, such as those of a poor machine."""
    command = [*before, str(ROOT / "scripts" / "manage"), "--state", str(state), "--as-is", *words]
    done = subprocess.run(command, env={}, input=typed, capture_output=True, text=True, check=False, timeout=200)
    return Done(done.stdout, done.stderr, ended=done.returncode)


def with_secret(state: Path, secret: str, *words: str) -> Done:
    """Carry out a command that asks for the passphrase or the spare code."""
    name = "spare_code" if secret.isdigit() else "passphrase"
    return manage(state, "--answers", "-", *words, typed=json.dumps({name: secret}))


class Heard(Terminal):
    """A terminal that keeps what is said, and at which these lines are typed."""

    def __init__(self, *typed: str) -> None:
        super().__init__()
        self.typed = list(typed)
        self.said: list[str] = []

    def say(self, line: str, *, bad: bool = False) -> None:
        self.said.append(f"{line}{' (bad)' * bad}")

    def ask(self, question: str, *, hidden: bool = False) -> str:
        self.said.append(f"{question}{' (hidden)' * hidden}")
        return self.typed.pop(0)


def status(state: Path) -> dict[str, Any]:
    return manage(state, "status", "--json").json


def failed(state: Path) -> set[tuple[str, str]]:
    """Name the processes of which the status tells an error, each with its error."""
    return {(one["process"], one["error"]) for one in status(state)["errors"]}
