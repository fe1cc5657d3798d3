"""`doctor` sees what is wrong with a machine, worst first; and what people read about errors is what the code says."""

import inspect
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from onion_app import errors
from onion_app.errors import Refused, SanctuaryError
from onion_app.launch import __main__ as launch
from onion_app.launch import manage_socket, outside
from onion_app.launch.state import State
from onion_app.manage import __main__ as manage
from onion_app.manage import doctor, machine, running
from onion_app.manage.doctor import examine
from onion_app.onion import programs
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


def test_each_question_is_answered_the_worst_answers_first(later: Operator) -> None:
    found = examine(State(later.state))
    grades = [one.grade for one in found]
    assert list(doctor.QUESTIONS) == sorted({one.question for one in found}, key=list(doctor.QUESTIONS).index)
    assert grades == sorted(grades, key=("bad", "look", "good").index)
    assert all(bool(one.cure) == (one.grade != "good") for one in found)


@pytest.mark.parametrize("columns", ["0", "1", "nonsense", "80"])
def test_every_answer_with_a_cure_is_shown_however_wide_the_terminal_says_it_is(
    later: Operator, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    found = examine(State(later.state))  # once: somebody else of this machine may listen a moment later
    monkeypatch.setattr(doctor, "examine", lambda _: found)
    said = typed(later.state, "doctor").said.replace("\n", "")
    cured = [one for one in found if one.cure]
    assert [one.question for one in cured if one.question not in said] == []
    assert f"about the other {len(doctor.QUESTIONS) - len(cured)} answers" in said


def test_one_bad_answer_is_an_exit_status_and_a_doubtful_one_is_none(
    later: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[doctor.Judgement] = [("bad", "no", "cure")]
    for name in doctor.QUESTIONS:
        monkeypatch.setitem(doctor.QUESTIONS, name, lambda _: judged)
    assert typed(later.state, "doctor").code == 1
    judged[:] = [("look", "perhaps", "cure")]
    assert typed(later.state, "doctor").code == 0


def test_an_older_tor_is_cured_by_what_a_plain_debian_has(later: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "has_proof_of_work", lambda: False)
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


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file away")
def test_a_file_of_another_account_has_a_cure_of_its_own(later: Operator) -> None:
    os.chown(later.state / "vault.key", 12345, 12345)
    (later.state / "lock").chmod(0o644)
    found = [one for one in examine(State(later.state)) if "closed to other" in one.question]
    assert [one.cure.partition(" ")[0] for one in found] == ["chown", "chmod"]
    for one in found:
        subprocess.run(["sh", "-c", one.cure], check=True)
    assert answer(later.state, "closed to other accounts")[0] == "good"


def test_the_name_of_a_file_is_shown_without_what_a_terminal_would_do_for_it(later: Operator) -> None:
    Path(os.fsdecode(bytes(later.state) + b"/\xff\x1b[2J\nIs there room?")).write_text("x")
    said = typed(later.state, "doctor").said
    assert "\x1b" not in said
    assert "no: " in said


def test_an_old_backup_is_found(later: Operator) -> None:
    assert answer(later.state, "backup") == ("bad", "none yet")
    statefiles.write_backup_day(later.state, this_day() - 3)
    assert answer(later.state, "backup") == ("good", "of 3 days ago")


def test_a_backup_from_a_day_that_is_still_to_come_is_no_backup_of_yesterday(later: Operator) -> None:
    statefiles.write_backup_day(later.state, this_day() + 3)
    grade, said = answer(later.state, "backup")
    assert (grade, "3 days ahead" in said) == ("bad", True)
    told = typed(later.state, "status").said
    assert "! Backup" in told
    assert "3 days ahead" in told


def test_a_kernel_that_gives_small_pages_only_is_told_how_to_give_large_ones(
    later: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = tmp_path / "enabled"
    monkeypatch.setattr(machine, "_LARGE_PAGES", setting)
    for written, grade in (("always [madvise] never", "look"), ("[always] madvise never", "good")):
        setting.write_text(f"{written}\n")
        assert answer(later.state, "large pages")[0] == grade


KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


@pytest.mark.parametrize("kind", KINDS)
def test_a_socket_that_the_internet_reaches_is_named_and_one_on_loopback_is_not(kind: str) -> None:
    inside, outside = ("127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"), ("0.0.0.0", "::")  # noqa: S104 - to be found
    with ExitStack() as stack:

        def port(address: str) -> str:
            line = stack.enter_context(socket.socket([socket.AF_INET, socket.AF_INET6][":" in address], KINDS[kind]))
            line.bind((address, 0))
            if kind == "tcp":
                line.listen()
            return f"{kind} {line.getsockname()[1]}"

        hidden, open_ones = set(map(port, inside)), set(map(port, outside))
        assert open_ones <= set(machine.listeners())
        assert not hidden & set(machine.listeners())


def test_who_has_asked_somebody_else_answers_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as asks, socket.socket(type=socket.SOCK_DGRAM) as answers:
        answers.bind(("127.0.0.1", 0))
        asks.connect(answers.getsockname())
        assert f"udp {asks.getsockname()[1]}" not in machine.listeners()
    (tmp_path / "net").mkdir()
    lease = "  {}: 00000000:{:04X} 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 1 2 0 0\n"
    (tmp_path / "net" / "udp").write_bytes(
        b"\xff\xfe\n\n x\n" + b"".join(lease.format(at, port).encode() for at, port in enumerate((68, 546, 5353)))
    )
    monkeypatch.setattr(machine, "_PROC", tmp_path)
    assert machine.listeners() == ["udp 5353"], "at the other two a machine hears its own address"


@pytest.mark.parametrize(
    ("said", "grade"),
    [("OpenSSL 3.6.0 {}", "good"), ("OpenSSL 1.1.1w 11 Sep 2023", "look"), ("LibreSSL", "look"), ("", "look"),
     ("OpenSSL 3.6.0 1 Jan 2999", "look"), ("OpenSSL 3.6.0 99 Xyz 2025", "look"),
     ("OpenSSL 3 " + "9" * 5_000 + " Jan 2025", "look")],
)  # fmt: skip
def test_the_library_that_no_update_of_debians_reaches_is_named_with_its_age(
    later: Operator, monkeypatch: pytest.MonkeyPatch, said: str, grade: str
) -> None:
    told = said.format(time.strftime("%d %b %Y", time.gmtime((this_day() - 30) * 86400)))
    monkeypatch.setattr(doctor, "library_versions", lambda: {"openssl": told})
    found = answer(later.state, "inside sqlcipher3")
    assert found[0] == grade
    assert grade != "good" or found[1] == "OpenSSL 3.6.0 is 30 days old, and Debian's updates do not reach it"


def test_bytes_of_other_programs_end_no_question(
    later: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = b"\xff\xfe \x1b[2J\n\n0\n: :\n\\777 \\0 x y\n"
    programs, proc = tmp_path / "programs", tmp_path / "proc"
    programs.mkdir()
    (proc / "net").mkdir(parents=True)
    for name in ("timedatectl", "apt-config", "stat", "tor", "bwrap"):
        (programs / name).write_bytes(b"#!/bin/sh\ncat " + os.fsencode(tmp_path) + b"/strange; exit 1\n")
        (programs / name).chmod(0o755)
    for file in (
        tmp_path / "strange",
        proc / "swaps",
        *(proc / "net" / name for name in ("tcp", "tcp6", "udp", "udp6")),
    ):
        file.write_bytes(strange)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setattr(machine, "_PROC", proc)
    monkeypatch.setattr(machine, "_LARGE_PAGES", tmp_path / "strange")
    (later.state / "last-backup").write_bytes(strange)
    assert unseen(later.state) == []


@pytest.mark.parametrize(
    "status", [{"missing": 0}, {"missing_words": [7], "missing": "x"}, {"running": True}, {"": []}]
)
def test_the_answers_of_another_launcher_end_no_question(
    later: Operator, monkeypatch: pytest.MonkeyPatch, status: dict[str, Any]
) -> None:
    monkeypatch.setattr(manage_socket, "ask_launcher", lambda *_: status)
    assert len(unseen(later.state)) <= 3
    assert answer(later.state, "there room")[0] in ("good", "bad")


def test_a_machine_whose_own_files_are_closed_is_asked_all_the_same(
    later: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*_: object) -> None:
        raise PermissionError

    for name in ("open_files", "strange_files", "plain_swaps", "listeners", "clock_is_set", "reboots_by_itself"):
        monkeypatch.setattr(machine, name, closed)
    assert len(unseen(later.state)) == 5
    assert {one.question for one in examine(State(later.state))} == set(doctor.QUESTIONS)


def unseen(state: Path) -> list[str]:
    """Name the questions that could not be answered."""
    return [one.question for one in examine(State(state)) if "could not be seen" in one.answer]


@pytest.mark.parametrize(
    ("mark", "kind"),
    [(".dockerenv", "docker"), (".containerenv", "podman"), ("told lxc", "lxc"), ("told \xff", "of an unknown kind"),
     ("kernel 5.15-microsoft-standard", "WSL"), ("kernel 6.1.0-13-amd64", "")],
)  # fmt: skip
def test_a_container_is_known_by_the_mark_that_its_keeper_leaves(
    later: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: str, kind: str
) -> None:
    told, _, words = mark.partition(" ")
    marks = {tmp_path / path.name: name for path, name in outside._MARKS.items()}
    monkeypatch.setattr(outside, "_MARKS", marks)
    monkeypatch.setattr(outside, "_TOLD", (tmp_path / "told",))
    monkeypatch.setattr(outside, "_KERNEL", tmp_path / "kernel")
    (tmp_path / told).write_text(words, "latin-1")
    assert outside.container() == kind
    assert answer(later.state, "machine of its own")[0] == ("bad" if kind else "good")


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
        helps = one.hint or "./scripts/manage doctor"
        if one is errors.BadUsage:
            helps = f"./scripts/{'manage clock' if program is manage else 'launch'} --help"
        if one is errors.WrongPassphrase and program is manage:
            helps = helps.replace("./scripts/launch", "./scripts/manage clock")
        assert terminal.said == [f"{sentence}\n    {helps}"]


def commands() -> set[str]:
    [choices] = [action.choices for action in manage.parser()._actions if action.dest == "command"]
    assert choices is not None
    return set(choices)


def test_every_command_that_people_are_told_to_type_exists() -> None:
    hints = "\n".join(one.hint for one in named().values())
    rooms = [ROOT / "onion_app" / "launch", ROOT / "onion_app" / "manage"]
    sources = "\n".join(path.read_text() for room in rooms for path in room.rglob("*.py"))
    documents = [path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))]
    for text in (hints, sources, *documents):
        assert set(re.findall(r"scripts/manage ([a-z]+)", text)) <= commands()
        for script in re.findall(r"\./scripts/([a-z]+)", text):
            assert (ROOT / "scripts" / script).is_file(), script


@pytest.mark.parametrize("name", sorted(commands()))
def test_the_guide_says_when_a_command_is_used(name: str) -> None:
    assert re.search(rf"`[^`]*\b{name}\b", GUIDE), name
