"""What a terminal keeps, and what it may stop: no secret stays on one, and once it serves nothing waits for it."""

import io
import os
import pty
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path

import pytest

from onion_app.crypto.keyslots import open_slots
from onion_app.errors import NobodyReads, SecretWouldStay
from onion_app.launch import onlookers, unlock
from onion_app.launch.state import State
from onion_app.launch.stdin_answers import Answers
from onion_app.launch.terminal import Terminal
from onion_app.manage.__main__ import parser
from onion_app.vault import statefiles
from tests import processes
from tests.launch.conftest import START, Installation, Launched, Operator, contents
from tests.launch.manage import at_once, keyboard, status
from tests.launch.test_person import CLEARED, SECOND_SCREEN, Person, person, returning  # noqa: F401 - two are fixtures
from tests.rehearsal import ROOT

SECRET = "secret words that were shown"
SHOWS = f"""
from onion_app.errors import SanctuaryError
from onion_app.launch.terminal import Terminal
try:
    terminal = Terminal()
    terminal.expect_private("THE COMMAND")
    terminal.screen("A title", ["{SECRET}"], "Type:")
    terminal.say("it is over")
except SanctuaryError as error:
    print(error.told)
"""
COMMANDS = (["passphrase"], ["spare"], ["invite", "--coordinator"])  # beside a first run: all that show a secret
PLACES = {
    "a log": {},
    "dumb": {"TERM": "dumb"},
    "unknown": {"TERM": "unknown"},
    "no name": {"TERM": ""},
    "another way to clear": {"TERM": "vt52"},
    "screen": {"STY": "1.here"},
    "screen, far away": {"TERM": "screen.xterm-256color"},
    "emacs": {"INSIDE_EMACS": "29.1,comint"},
    "script": {},
    "screen behind sudo": {},
}


class Sitting:
    """Somebody at a terminal of this process."""

    def __init__(self) -> None:
        self.outside, inside = pty.openpty()
        self.stdin = os.fdopen(os.dup(inside))
        self.stderr = os.fdopen(inside, "w")

    def seen(self) -> str:
        """Read what has come so far."""
        came = b""
        coming = select.poll()  # other tests may have a thousand files open, and select() takes none beyond
        coming.register(self.outside, select.POLLIN)
        while coming.poll(0):
            came += os.read(self.outside, 65536)
        return came.decode(errors="replace")

    def leave(self) -> None:
        for stream in (self.stdin, self.stderr):
            stream.close()
        os.close(self.outside)


@pytest.fixture
def sitting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sitting]:
    somebody = Sitting()
    monkeypatch.setattr(sys, "stdin", somebody.stdin)
    monkeypatch.setattr(onlookers, "_PROC", tmp_path / "proc")
    for name in ("STY", "TMUX", "INSIDE_EMACS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    yield somebody
    somebody.leave()


def around(table: Path, *programs: tuple[str, int]) -> None:
    """Have the system's table show these programs around us, from the inside out, each with its terminal."""
    numbers = [os.getpid(), *range(1001, 1000 + len(programs)), 0]
    for number, parent, (name, terminal) in zip(numbers, numbers[1:], programs, strict=False):
        (table / str(number)).mkdir(parents=True)
        (table / str(number) / "stat").write_text(f"{number} ({name}) S {parent} 1 1 {terminal} -1")
        (table / str(number) / "cmdline").write_text(f"{name}\0log\0")


def ask_for_a_secret(words: list[str], state: Path, terminal: Terminal) -> None:
    """Type a command that shows a secret; no words are a launch."""
    if not words:
        unlock.unlock_with_a_person(State(state), terminal, time.time, 1)
        return
    chosen = parser().parse_args(["--state", str(state), *words])
    chosen.do(chosen, State(state), terminal)


@pytest.mark.parametrize("place", PLACES)
def test_no_secret_is_made_where_it_would_stay(
    later: Operator, sitting: Sitting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    for name, value in PLACES[place].items():
        monkeypatch.setenv(name, value)
    if place == "script":
        around(tmp_path / "proc", ("python", 5), ("bash", 5), ("script", 4))
    elif place == "screen behind sudo":
        around(tmp_path / "proc", ("python", 5), ("sudo", 4), ("bash", 4), ("screen", 0))
    monkeypatch.setattr(Terminal, "ask", lambda *_, **__: pytest.fail("it was shown"))
    before = contents(later.state)
    stream = io.StringIO() if place == "a log" else sitting.stderr
    fresh = tmp_path / "fresh"
    for words, state in [([], fresh), *((words, later.state) for words in COMMANDS)]:
        with pytest.raises(SecretWouldStay) as refused:
            ask_for_a_secret(words, state, Terminal(stream))
        assert ("./scripts/launch" if not words else f"./scripts/manage {words[0]}") in refused.value.cure
    assert contents(later.state) == before
    assert not fresh.exists()


def test_a_terminal_that_clears_is_taken_whatever_somebody_said_of_it(
    sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TTY_COMPATIBLE", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.setenv(name, "0")
    terminal = Terminal(sitting.stderr)
    terminal.expect_private("./scripts/launch")
    os.write(sitting.outside, b"\xff\xfe\nits answer\n")
    assert terminal.screen("A title", [SECRET], "Type:") == "its answer", (
        "the first was no text, and is asked for again"
    )
    before, _, after = sitting.seen().partition(SECRET)
    assert SECOND_SCREEN in before
    assert CLEARED in after
    assert "was not text" in after


def test_a_terminal_that_is_handed_on_by_sudo_or_that_leads_nowhere_is_taken(sitting: Sitting, tmp_path: Path) -> None:
    around(tmp_path / "proc", ("python", 5), ("sudo", 4), ("bash", 4), ("sshd", 0))
    Terminal(sitting.stderr).expect_private("./scripts/launch")


# --- to a program -------------------------------------------------------------------------------------------------


def handed(words: list[str], state: Path, installation: Installation) -> None:
    """Ask for a secret with answers on standard input; no words are a first run."""
    if not words:
        unlock.unlock_with_answers(State(state), Answers(), time.time, partial(unlock.hand_over_secrets, 1))
        return
    chosen = parser().parse_args(["--state", str(state), "--answers", "-", *words])
    with keyboard(f'{{"passphrase": "{installation.printed["passphrase"]}"}}'.encode()):
        chosen.do(chosen, State(state), Terminal(io.StringIO()))


def test_no_secret_goes_into_a_file(later: Operator, installation: Installation, tmp_path: Path) -> None:
    before = contents(later.state)
    for words in COMMANDS:
        with (tmp_path / "log").open("w") as log, redirect_stdout(log), pytest.raises(SecretWouldStay):
            handed(words, later.state, installation)
    assert contents(later.state) == before
    assert (tmp_path / "log").read_text() == ""


def test_a_first_run_gives_its_secrets_to_no_file(operator: Operator, tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log, redirect_stdout(log):
        assert isinstance(operator.refused({}), SecretWouldStay)
    assert (tmp_path / "log").read_text() == ""
    assert not any(contents(operator.state / "desk"))


@pytest.mark.parametrize("words", [[], COMMANDS[0]])
def test_a_secret_that_nobody_took_opens_nothing(
    later: Operator, installation: Installation, tmp_path: Path, words: list[str]
) -> None:
    state = later.state if words else tmp_path / "fresh"
    state.mkdir(exist_ok=True)
    with Path("/dev/full").open("w") as full, redirect_stdout(full), pytest.raises(NobodyReads):
        handed(words, state, installation)
    if words:
        slots = statefiles.read_keyslots(state)
        for name in ("passphrase", "spare_code"):
            assert open_slots(slots, installation.printed[name]) == installation.keys
    else:
        assert not (state / "vault.key").exists()


# --- real programs around it --------------------------------------------------------------------------------------


def shows(folder: Path) -> str:
    """Give the command line of a program that shows a secret."""
    (folder / "shows.py").write_text(SHOWS)
    words = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-P", str(folder / "shows.py")]
    return f"{shlex.join(words)}; sleep 60"


def ran(*words: str) -> str:
    """Run a command, and give what it printed."""
    return subprocess.run(words, check=False, capture_output=True, text=True, timeout=START).stdout


@pytest.mark.slow
@pytest.mark.parametrize("has_two_screens", [True, False])
def test_tmux_keeps_nothing(operator: Operator, has_two_screens: bool) -> None:  # noqa: FBT001 - a parameter
    settings = operator.folder / "tmux.conf"
    settings.write_text("" if has_two_screens else "set -g alternate-screen off\n")
    tmux = ["tmux", "-S", str(operator.folder / "tmux"), "-f", str(settings)]

    def seen() -> str:
        return ran(*tmux, "capture-pane", "-p", "-S", "-")

    ran(*tmux, "new-session", "-d", "-x", "80", "-y", "24", shows(operator.folder))
    try:
        processes.until(lambda: SECRET in seen(), START, "the secret")
        ran(*tmux, "send-keys", "x", "Enter")
        processes.until(lambda: "it is over" in seen(), START, "its end")
        assert SECRET not in seen()
    finally:
        ran(*tmux, "kill-server")


@pytest.mark.slow
def test_a_pane_of_tmux_that_is_written_into_a_file_is_shown_nothing(operator: Operator) -> None:
    tmux = ["tmux", "-S", str(operator.folder / "tmux"), "-f", os.devnull]
    log = operator.folder / "log"
    ran(*tmux, "new-session", "-d", "-x", "80", "-y", "24", f"read; {shows(operator.folder)}")
    try:
        ran(*tmux, "pipe-pane", f"cat > {log}")
        processes.until(log.exists, START, "the log")
        ran(*tmux, "send-keys", "Enter")
        processes.until(lambda: "THE COMMAND" in log.read_text(), START, "its sentence")
        assert SECRET not in log.read_text()
    finally:
        ran(*tmux, "kill-server")


@pytest.mark.slow
def test_screen_which_keeps_everything_is_shown_nothing(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCREENDIR", str(operator.folder))
    operator.folder.chmod(0o700)
    copy = operator.folder / "copy"
    # Started as by sudo: without the variable that tells of it.
    ran("screen", "-dmS", "here", "bash", "-c", f"unset STY; export TERM=xterm; {shows(operator.folder)}")

    def seen() -> str:
        ran("screen", "-S", "here", "-X", "hardcopy", "-h", str(copy))
        return copy.read_text() if copy.exists() else ""

    try:
        shown = processes.until(lambda: "THE COMMAND" in (told := seen()) and told, START, "its sentence")
        assert "screen keeps what is shown" in " ".join(str(shown).split())
        assert SECRET not in str(shown)
    finally:
        ran("screen", "-S", "here", "-X", "quit")


@pytest.mark.slow
def test_a_terminal_that_stands_still_stops_nothing_and_a_suspended_launcher_is_named(
    returning: Person,  # noqa: F811 - the fixture
    installation: Installation,
) -> None:
    returning.unlocks(installation)
    onion = returning.sees_the_site_answer()
    os.write(returning.terminal, b"\x1a\x13")  # Ctrl-Z, then Ctrl-S
    first = processes.role(returning.pid, "site")[0].pid
    processes.kill(first)  # which it says, to a terminal that takes nothing
    another = lambda: any(found.pid != first for found in processes.role(returning.pid, "site"))  # noqa: E731
    processes.until(another, START, "another site")
    returning.sees_the_site_answer(onion)
    assert status(returning.operator.state)["running"]
    os.kill(returning.pid, signal.SIGSTOP)
    asleep = at_once(returning.operator.state, "status")
    assert (asleep.code, f"kill -CONT {returning.pid}" in asleep.said) == (8, True)
    assert at_once(returning.operator.state, "stop").code == 0, "it is woken for that"
    assert returning.ends() == 0


# --- closed, full, short of everything ----------------------------------------------------------------------------


def in_a_shell(script: str, *words: str, typed: str = "{}") -> "subprocess.CompletedProcess[str]":
    """Have a shell do something before it becomes this command, as people do, who do not run with what tests may."""
    command = [
        "bash",
        "-c",
        f'{script.partition(";;")[0]}; unset PYTHONUNBUFFERED; exec "$@" {script.partition(";;")[2]}',
        "bash",
        *words,
    ]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=START, input=typed)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("closing", "words"),
    [("<&-", ["address"]), (">&-", ["--answers", "-", "address"]), (">/dev/full", ["--answers", "-", "address"]),
     (">/dev/full", ["--help"]), (">&-", ["status", "--json"]), ("<&- >&- 2>/dev/full", ["--answers", "-", "spare"])],
)  # fmt: skip
def test_what_cannot_be_read_or_written_is_a_sentence(
    standing: Launched, installation: Installation, closing: str, words: list[str]
) -> None:
    typed = f'{{"passphrase": "{installation.printed["passphrase"]}"}}'
    command = [str(ROOT / "scripts" / "manage"), "--as-is", "--state", str(standing.state), *words]
    done = in_a_shell(f":;;{closing}", *command, typed=typed)
    assert done.returncode == 2
    if "2>" not in closing:
        assert "\n    ./scripts/manage" in done.stderr
        assert "Traceback" not in done.stderr
    slots = statefiles.read_keyslots(standing.state)
    assert open_slots(slots, installation.printed["spare_code"]) == installation.keys


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limits", "told"),
    [("ulimit -n 16", "(ulimit -n is 16)"), ("ulimit -v 100000", "(ulimit -v is 100000)"),
     ("ulimit -v 40000", "(ulimit -v is 40000)"), (":;;>&-", "on standard output. (it is closed)")],
)  # fmt: skip
def test_a_first_run_that_lacks_something_says_what_and_makes_nothing(
    operator: Operator, limits: str, told: str
) -> None:
    done = in_a_shell(limits, *operator.command, *operator.words())
    assert done.returncode in (1, 2)
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (operator.state / "vault.key").exists()
