"""`doctor` sees what is wrong with a machine, worst first; and what people read about errors is what the code says."""

import inspect
import os
import re
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from onion_app import errors
from onion_app.errors import Refused, SanctuaryError
from onion_app.launch import __main__ as launch
from onion_app.launch.state import State
from onion_app.manage import __main__ as manage
from onion_app.manage import doctor, running
from onion_app.manage.doctor import examine
from onion_app.onion import tor_process
from onion_app.vault import statefiles
from tests.launch.conftest import Operator
from tests.launch.keeping import this_day
from tests.launch.manage import Heard
from tests.launch.manage import manage as typed
from tests.rehearsal import ROOT

GUIDE = (ROOT / "docs" / "operator-guide.md").read_text()


def answer(state: Path, words: str) -> tuple[str, str]:
    [found] = [one for one in examine(State(state)) if words in one.question]
    return found.grade, found.answer


def test_thirteen_questions_the_worst_answers_first(later: Operator) -> None:
    found = examine(State(later.state))
    grades = [one.grade for one in found]
    assert len(found) == 13
    assert grades == sorted(grades, key=("bad", "look", "good").index)
    assert all(bool(one.cure) == (one.grade != "good") for one in found)
    assert typed(later.state, "doctor").said


def test_an_older_tor_is_cured_by_what_a_plain_debian_has(later: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tor_process, "has_proof_of_work", lambda: False)
    [found] = [one for one in examine(State(later.state)) if "proof of work" in one.question]
    assert found.grade == "look"
    # Another suite than those that Debian is installed with would be refused: apt names none then, and changes nothing.
    assert found.cure == errors.TorTooOld.hint


def test_a_file_that_others_can_read_is_found(later: Operator) -> None:
    assert answer(later.state, "closed to other accounts")[0] == "good"
    (later.state / "vault.key").chmod(0o644)
    grade, said = answer(later.state, "closed to other accounts")
    assert grade == "bad"
    assert "vault.key" in said


def test_an_old_backup_is_found(later: Operator) -> None:
    assert answer(later.state, "backup") == ("bad", "none yet")
    statefiles.write_backup_day(later.state, this_day() - 3)
    assert answer(later.state, "backup") == ("good", "of 3 days ago")


def test_a_kernel_that_gives_small_pages_only_is_told_how_to_give_large_ones(
    later: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = tmp_path / "enabled"
    monkeypatch.setattr(doctor, "_LARGE_PAGES", setting)
    for written, grade in (("always [madvise] never", "look"), ("[always] madvise never", "good")):
        setting.write_text(f"{written}\n")
        assert answer(later.state, "large pages")[0] == grade


def test_a_listener_on_loopback_is_no_listener_to_the_world() -> None:
    with socket.socket() as inside, socket.socket(socket.AF_INET6) as inside_six, socket.socket() as outside:
        inside.bind(("127.0.0.1", 0))
        inside_six.bind(("::1", 0))
        outside.bind(("0.0.0.0", 0))  # noqa: S104 - this is what must be found
        for line in (inside, inside_six, outside):
            line.listen()
        found = doctor.listeners()
        assert outside.getsockname()[1] in found
        assert inside.getsockname()[1] not in found
        assert inside_six.getsockname()[1] not in found


@pytest.mark.parametrize(
    ("said", "grade"),
    [("OpenSSL 3.6.0 {}", "good"), ("OpenSSL 1.1.1w 11 Sep 2023", "look"), ("LibreSSL", "look"), ("", "look"),
     ("OpenSSL 3.6.0 99 Xyz 2025", "look"), ("OpenSSL 3 " + "9" * 5_000 + " Jan 2025", "look")],
)  # fmt: skip
def test_the_library_that_no_update_of_debians_reaches_is_named_with_its_age(
    later: Operator, monkeypatch: pytest.MonkeyPatch, said: str, grade: str
) -> None:
    told = said.format(time.strftime("%d %b %Y", time.gmtime(time.time() - 30 * 86400)))
    monkeypatch.setattr(doctor, "library_versions", lambda: {"openssl": told})
    found = answer(later.state, "inside sqlcipher3")
    assert found[0] == grade
    assert grade != "good" or found[1] == "OpenSSL 3.6.0 is 30 days old, and Debian's updates do not reach it"


def test_bytes_of_other_programs_end_no_question(later: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = later.state.parent / "programs"
    programs.mkdir()
    for name in ("timedatectl", "apt-config", "stat"):
        (programs / name).write_text("#!/bin/sh\nprintf '\\377\\376'\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    assert len(examine(State(later.state))) == 13


def named() -> dict[str, type[SanctuaryError]]:
    found = inspect.getmembers(errors, inspect.isclass)
    return {name: one for name, one in found if issubclass(one, SanctuaryError) and not issubclass(one, Refused)}


def test_the_guide_has_every_sentence_with_its_cure_and_no_other() -> None:
    rows = re.findall(
        r"^\| ([A-Z][A-Za-z]+) \| (.+?) \| (.+) \|$", GUIDE.partition("## Every sentence")[2], re.MULTILINE
    )
    written = {name: (sentence, cure) for name, sentence, cure in rows}
    assert set(written) == set(named())
    for name, one in named().items():
        sentence, cure = written[name]
        assert sentence == (one.__doc__ or "").partition("\n")[0]
        assert one.hint.replace("|", r"\|") in cure
        assert cure.strip()


@pytest.mark.parametrize("program", [launch, manage])
def test_every_error_ends_a_command_with_its_sentence_its_cure_and_its_status(
    program: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["command", "--as-is", *(["clock"] if program is manage else [])])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    for name, one in named().items():
        error = one("the fact")

        def fail(*_: object, error: SanctuaryError = error) -> None:
            raise error

        terminal = Heard()
        monkeypatch.setattr(program, "Terminal", lambda terminal=terminal: terminal)
        monkeypatch.setattr(launch, "launch", fail)
        monkeypatch.setattr(running, "clock", fail)
        assert program.main() == one.exit_code, name
        sentence = f"{(one.__doc__ or '').splitlines()[0]}{' (the fact)' * bool(error.args)}"
        assert terminal.said == [f"{sentence}\n    {one.hint}" if one.hint else sentence]


def commands() -> set[str]:
    [choices] = [action.choices for action in manage.parser()._actions if action.dest == "command"]
    assert choices is not None
    return set(choices)


def test_every_command_that_people_are_told_to_type_exists() -> None:
    hints = "\n".join(one.hint for one in named().values())
    rooms = [ROOT / "onion_app" / "launch", ROOT / "onion_app" / "manage"]
    sources = "\n".join(path.read_text() for room in rooms for path in room.rglob("*.py"))
    readme = (ROOT / "README.md").read_text()
    for text in (hints, sources, GUIDE, readme):
        assert set(re.findall(r"scripts/manage ([a-z]+)", text)) <= commands()
        for script in re.findall(r"\./scripts/([a-z]+)", text):
            assert (ROOT / "scripts" / script).is_file(), script


@pytest.mark.parametrize("name", sorted(commands()))
def test_the_guide_says_when_a_command_is_used(name: str) -> None:
    assert re.search(rf"`[^`]*\b{name}\b", GUIDE), name
