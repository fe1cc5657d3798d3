"""What the operator asks of a launcher that runs, and what nobody else may."""

import json
import shutil
import socket
import time
import tomllib
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from onion_app.errors import ClockWrong, NotRunning, VaultDamaged
from onion_app.launch.manage_socket import ManageSocket
from onion_app.launch.outside import BACKUP_IS_OLD
from onion_app.launch.state import State
from onion_app.launch.status import VERSION
from onion_app.manage import status_text
from onion_app.vault import statefiles
from tests import processes
from tests.launch.conftest import START, Installation, Launched, Operator, contents
from tests.launch.keeping import add_case, is_there, opened, this_day
from tests.launch.manage import manage, status
from tests.rehearsal import ROOT


def counted(state: Path) -> dict[str, Any]:
    """Wait for the first chores, and give the status after them."""
    processes.until(lambda: status(state)["findings"] is not None, START, "the counts")
    return status(state)


def marked(seen: dict[str, Any]) -> set[str]:
    """Name what is shown to a person as wrong."""
    return {line.text.split()[1] for line in status_text.status_lines(seen) if line.bad}


def test_status_says_how_everything_is_and_marks_what_is_wrong(standing: Launched) -> None:
    processes.until(lambda: status(standing.state)["introduction_points"] is not None, START, "an answer of tor")
    seen = counted(standing.state)
    assert seen["onion"] == standing.printed["onion"]
    assert (seen["published"], seen["tor_trouble"]) == (False, ["not published"]), "its network is switched off"
    assert (seen["introduction_points"], seen["relays_hold_minutes"]) == (0, None), "likewise"
    assert seen["self_check"] == {"worked_minutes_ago": None, "last_failed": False}
    assert seen["answering"] == {"site": True, "desk": True}
    assert seen["circles"] == [{"name": "First circle", "unread": 0, "urgent": 0, "overdue": 0, "oldest": None}]
    assert (seen["findings"], seen["backup_days"], seen["paused"], seen["days_up"]) == (0, None, False, 0)
    versions = seen["versions"]
    assert set(versions) == {"sanctuary", "tor", "sqlcipher", "openssl"}
    assert all(versions.values())
    assert {"Onion", "Backup", "Messages"} <= marked(seen)
    late = seen["circles"][0] | {"overdue": 2, "urgent": 21}
    assert any("more than 20 urgent" in line.text for line in status_text.status_lines(seen | {"circles": [late]}))
    assert ("Circle" in marked(seen), "Circle" in marked(seen | {"circles": [late]})) == (False, True)
    assert "tor" in marked(seen | {"tor_trouble": [], "proof_of_work": False})
    assert "tor" not in marked(seen | {"tor_trouble": [], "proof_of_work": True})
    assert not any("Notice" in line.text for line in status_text.status_lines(seen))
    stands = [line.text for line in status_text.status_lines(seen | {"notice_until": 20_500}) if "Notice" in line.text]
    assert stands == ["  Notice       stands on the site until 2026-02-16"]
    assert "! Messages" in manage(standing.state, "status").said


def has_begun_again(state: Path, name: str) -> bool:
    return bool(status(state)["started_again"][name] == 1)


def test_status_counts_how_often_a_process_was_started_again(running: Launched) -> None:
    before = status(running.state)["started_again"]
    assert before == dict.fromkeys(("tor", "healing", "site", "desk", "chores"), 0)
    for name in ("site", "tor"):
        processes.kill(running.running(name))
        counted_once = partial(has_begun_again, running.state, name)
        processes.until(counted_once, START, f"one more {name}")
        assert running.running(name)
    assert "Again" in marked(status(running.state))
    assert "! Again        started again: tor 1 times, site 1 times" in manage(running.state, "status").said


def test_status_without_a_launcher_says_so_with_a_code_of_its_own(later: Operator) -> None:
    done = manage(later.state, "status", "--json")
    assert (done.code, done.json["running"]) == (8, False)
    assert "No launcher runs on this state." in done.said


def test_a_backup_that_is_old_is_marked(later: Operator) -> None:
    for age in (7, 8):
        statefiles.write_backup_day(later.state, this_day() - age)
        assert ("Backup" in marked(status(later.state))) == (age > BACKUP_IS_OLD)


def test_a_pause_holds_after_a_stop_and_a_restart_until_it_is_resumed(
    running: Launched, later: Operator, installation: Installation
) -> None:
    assert manage(running.state, "pause").code == 0
    assert status(running.state)["paused"] is True
    assert (manage(running.state, "stop").code, running.process.wait(START)) == (0, 0)
    assert not (running.state / "run" / "manage.sock").exists()
    assert manage(running.state, "stop").code == NotRunning.exit_code
    again = later.launch(installation.passphrase)
    assert counted(again.state)["paused"] is True
    assert "Messages" in marked(status(again.state))
    assert manage(again.state, "resume").code == 0
    assert status(again.state)["paused"] is False


def test_a_clock_far_ahead_destroys_nothing_until_somebody_has_looked_at_a_calendar(
    later: Operator, installation: Installation
) -> None:
    place, keys, today = State(later.state), installation.keys, this_day()
    case = add_case(place, keys, today - 400).id
    with opened(place, keys) as world:
        world.put(seen_day=today - 399)  # as if the clock had jumped
    later.launch(installation.passphrase)
    assert counted(later.state)["clock_off_days"] == 399
    assert "Clock" in marked(status(later.state))
    refused = manage(later.state, "clock", typed="01.01.2001\n")
    assert (type(refused.error), refused.code) == (ClockWrong, 2)
    assert is_there(place, keys, case)
    typed = time.strftime("%d.%m.%Y\n", time.gmtime())
    assert manage(later.state, "clock", typed=typed).code == 0
    assert not is_there(place, keys, case)
    assert status(later.state)["clock_off_days"] == 0


def test_panic_wants_the_word(standing: Launched) -> None:
    before = statefiles.read_keyslots(standing.state)
    done = manage(standing.state, "panic", typed="yes\n")
    assert (done.code, "The word was not typed." in done.said) == (2, True)
    assert statefiles.read_keyslots(standing.state) == before
    assert standing.site_answers()


def test_after_a_panic_nothing_runs_and_nothing_opens(
    running: Launched, later: Operator, installation: Installation
) -> None:
    family, slots = running.family(), json.loads(statefiles.read_keyslots(running.state))["slots"]
    assert manage(running.state, "panic", typed="destroy\n").code == 0
    running.process.wait(START)
    processes.until(lambda: not any(process.alive for process in family), START, "the end of all")
    with pytest.raises(VaultDamaged):
        statefiles.read_keyslots(running.state)
    left = b"".join(contents(running.state).values())
    assert len(slots) == 2
    assert not [name for name, slot in slots.items() if slot.encode() in left]
    shutil.copytree(running.state, later.folder / "stolen", ignore=shutil.ignore_patterns("*.sock"))
    later.state = later.folder / "stolen"
    for secret in ("passphrase", "spare_code"):
        assert isinstance(later.refused({secret: installation.printed[secret]}), VaultDamaged)


def test_who_says_nothing_or_nonsense_holds_nobody_up(standing: Launched) -> None:
    path = str(standing.state / "run" / "manage.sock")
    silent = [socket.socket(socket.AF_UNIX) for _ in range(7)]
    for line in silent:
        line.connect(path)
    silent[0].sendall(b"\xff" * 5000)
    assert status(standing.state)["running"] is True
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(path)
        line.sendall(b'{"order": "format c:"}\n')
        assert line.recv(1000) == b'{"taken": false}\n'
    for line in silent:
        line.close()


@processes.only_root_looks_in
@pytest.mark.parametrize("launcher", [0, 65534])
def test_root_is_heard_whichever_account_the_launcher_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, launcher: int
) -> None:
    """As root `status` asks by itself, and the launcher runs as the account sanctuary."""
    monkeypatch.setattr("os.geteuid", lambda: launcher)
    served = ManageSocket(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(tmp_path / "s"))
        line.sendall(b'{"order": "status"}\n')
        served.step(0.0, lambda _: {"running": True})
        assert line.recv(1000) == b'{"running": true}\n'
    served.close()


def test_a_connection_that_says_nothing_loses_its_seat(tmp_path: Path) -> None:
    served = ManageSocket(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(tmp_path / "s"))
        served.step(0.0, lambda _: {})
        served.step(60.0, lambda _: {})
        assert line.recv(1) == b""
    served.close()


def test_the_version_is_the_one_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == VERSION
