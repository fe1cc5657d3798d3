"""A person before a terminal: the screens of the first run, the hidden passphrase, and a terminal that goes away."""

import contextlib
import os
import pty
import re
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from types import SimpleNamespace

import pytest

from onion_app.crypto.keyslots import open_slots
from onion_app.errors import WrongPassphrase
from onion_app.launch import unlock
from onion_app.launch.state import State
from onion_app.vault import settings, statefiles
from scripts.rehearsal.wire import through_unix
from tests import processes
from tests.launch.conftest import START, Installation, Operator
from tests.launch.manage import Heard
from tests.rehearsal import is_reached
from tests.world import World

CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
SECOND_SCREEN, FIRST_SCREEN, CLEARED = "\x1b[?1049h", "\x1b[?1049l", "\x1b[2J"


class Person:
    """Somebody who reads a terminal and types."""

    def __init__(self, operator: Operator) -> None:
        """Start the launcher in a terminal of its own."""
        self.operator = operator
        words = [*operator.command, "--state", str(operator.state)]
        words += ["--torrc", str(operator.torrc), "--desk-port", str(operator.port)]
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.environ.pop("PYTHONUNBUFFERED", None)  # which tests may run with, and people do not
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background job passes on that it is ignored
            os.execv(words[0], words)  # noqa: S606 - no shell is what we want
        self.seen = ""
        self.read_to = 0

    def reads(self, words: str) -> str:
        """Wait until these words have come since the last that were waited for, and give all up to them."""
        deadline = time.monotonic() + START
        while words not in self.seen[self.read_to :]:
            assert time.monotonic() < deadline, self.seen[self.read_to :]
            if select.select([self.terminal], [], [], 1.0)[0]:
                self.seen += os.read(self.terminal, 65536).decode(errors="replace").replace("\r\n", "\n")
        start, self.read_to = self.read_to, self.seen.index(words, self.read_to) + len(words)
        return CONTROL.sub("", self.seen[start : self.read_to])

    def types(self, line: str | bytes) -> None:
        os.write(self.terminal, (line.encode() if isinstance(line, str) else line) + b"\n")

    def unlocks(self, installation: Installation) -> None:
        self.reads("Passphrase: ")
        self.types(installation.printed["passphrase"])

    def sees_the_site_answer(self, onion: str = "") -> str:
        """Wait until the site answers, and give its address."""
        onion = onion or self.reads(".onion/").split("http://")[1].removesuffix("/")
        dial = through_unix(self.operator.state / "run" / "site.sock")
        processes.until(lambda: is_reached(dial, onion), START, "an answer of the site")
        return onion

    def ends(self) -> int:
        """Wait for the launcher's end, and give its exit code."""
        ended = lambda: [status for pid, status in [os.waitpid(self.pid, os.WNOHANG)] if pid]  # noqa: E731
        [status] = processes.until(ended, START, "the launcher's end")
        return os.waitstatus_to_exitcode(status)

    def leave(self) -> None:
        """Take the terminal away, and end what still runs."""
        with contextlib.suppress(OSError):
            os.close(self.terminal)
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            processes.kill(self.pid)
            os.waitpid(self.pid, 0)


@pytest.fixture
def person(operator: Operator) -> Iterator[Person]:
    somebody = Person(operator)
    yield somebody
    somebody.leave()


@pytest.fixture
def returning(later: Operator, person: Person) -> Person:  # noqa: ARG001 - the state is there before the launcher looks
    return person


def test_a_first_run_hands_each_secret_over_on_a_screen_that_is_cleared(person: Person) -> None:
    asked = person.reads("type the word new: ")
    assert "This is a first run" in asked
    assert str(person.operator.state) in asked
    person.types("new")
    screen = person.reads("Type the six words:")
    passphrase = screen.split("\n\n")[1].strip()
    person.types("some other words")
    assert passphrase in person.reads("Type the six words:"), "that was not it"
    person.types(passphrase)
    spare_code = "".join(re.findall(r"\d\.  (\d{4})\n", person.reads("Type the four digits of line 7:")))
    person.types(spare_code[-4:])
    onion = person.reads("type yes to do it now:").split("http://")[1].partition("/")[0]
    person.types("yes")
    for language in ("Arabic", "Sorani", "Badini"):
        person.reads(f"{language}:")
        person.types("")
    for words in (b"x" * 301, b"\xff\xfe", b"Ask at the library."):  # the first is too long, the second no text
        person.reads("English:")
        person.types(words)
    invitation = "".join(re.findall(r"\d\.  (\d{4})\n", person.reads("Written down? Press Enter.")))
    assert not (person.operator.state / "vault.key").exists(), "nothing is finished before it was handed over"
    person.types("")
    person.sees_the_site_answer(onion)
    told = person.reads(" backup FILE")
    assert told.index("Next:") < told.index("1. ") < told.index("/join") < told.index("2. ") < told.index("3. ")

    assert [len(code) for code in (spare_code, invitation)] == [28, 28]
    text = statefiles.read_keyslots(person.operator.state)
    keys = open_slots(text, passphrase)
    assert keys == open_slots(text, spare_code)
    with closing(World(person.operator.state, time.time, keys)) as world:
        assert settings.read_settings(world.shown).how_to_find_us["en"] == "Ask at the library."
    for secret in (passphrase, f"7.  {spare_code[-4:]}", f"7.  {invitation[-4:]}"):
        before, _, after = person.seen.rpartition(secret)
        assert before.rindex(SECOND_SCREEN) > before.rfind(FIRST_SCREEN), "it stands on the second screen"
        assert after.index(CLEARED) < after.index(FIRST_SCREEN), "which is cleared before it is left"
    assert person.seen.count(passphrase) == 2, "shown twice, and never when it was typed"


@pytest.mark.parametrize("name", ["passphrase", "spare_code"])
def test_a_person_is_asked_for_one_of_the_two_secrets_unseen(
    later: Operator, installation: Installation, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    terminal = Heard(installation.printed[name], "not this one")
    opened = unlock.unlock_with_a_person(State(later.state), terminal, time.time, 1)
    assert opened.onion.address == installation.printed["onion"]
    assert terminal.said[0].endswith("(hidden)")
    with pytest.raises(WrongPassphrase):
        unlock.unlock_with_a_person(State(later.state), terminal, time.time, 1)


def test_ctrl_c_at_the_question_ends_it_as_asked(returning: Person) -> None:
    returning.reads("Passphrase: ")
    os.write(returning.terminal, b"\x03")
    assert returning.ends() == 0


def test_a_passphrase_is_not_shown_while_it_is_typed_and_ctrl_c_stops_everything_in_order(
    returning: Person, installation: Installation
) -> None:
    returning.unlocks(installation)
    returning.reads(".onion/")
    words = installation.printed["passphrase"].split()
    assert not any(" ".join(two) in returning.seen for two in pairwise(words)), "one may stand in a sentence of ours"
    family = processes.until(lambda: processes.role(returning.pid, "tor"), START, "a running tor")
    family += processes.below(returning.pid)
    os.write(returning.terminal, b"\x03")
    assert returning.ends() == 0
    assert not any(process.alive for process in family)


def test_it_outlives_its_terminal(returning: Person, installation: Installation) -> None:
    returning.unlocks(installation)
    onion = returning.sees_the_site_answer()
    os.close(returning.terminal)
    first = processes.role(returning.pid, "site")[0].pid
    processes.kill(first)  # which it says, to nobody
    another = lambda: any(found.pid != first for found in processes.role(returning.pid, "site"))  # noqa: E731
    processes.until(another, START, "another site")
    returning.sees_the_site_answer(onion)
    os.kill(returning.pid, signal.SIGTERM)
    assert returning.ends() == 0
