"""What root does to the machine around an installation: every sign of it goes after a panic, and a unit starts it."""

import argparse
import fcntl
import os
import re
import subprocess
from pathlib import Path

import pytest

from onion_app.errors import BadUsage, KeysStillThere, NeedsRoot, NotConfirmed, SignsRemain, UnitRefused, VaultDamaged
from onion_app.launch.state import State, held
from onion_app.manage import service, uninstall
from tests.launch.conftest import Operator
from tests.launch.manage import at_once
from tests.processes import only_root_looks_in
from tests.rehearsal import ROOT

YES = "uninstall\n"


def test_a_panic_names_the_command_that_removes_the_rest_and_it_does(later: Operator) -> None:
    refused = at_once(later.state, "uninstall", typed=YES)
    assert refused.code == KeysStillThere.exit_code
    assert "manage panic" in refused.said
    assert (later.state / "vault.key").exists()
    done = at_once(later.state, "panic", typed="destroy\n")
    last = done.said.splitlines()[-1]
    assert last.endswith(f"./scripts/manage --state {later.state} uninstall")
    no = at_once(later.state, "uninstall", typed="yes\n")
    assert (no.code, later.state.exists()) == (NotConfirmed.exit_code, True)
    done = at_once(later.state, "uninstall", typed=YES)
    assert (done.code, later.state.exists()) == (0, False), done.said
    assert f"rm -r {ROOT}" in done.said
    again = at_once(later.state, "uninstall", typed=YES)
    assert (again.code, "nothing to remove" in again.said) == (0, True)
    with held(later.state):
        assert (later.state / "lock").exists(), "a first run may begin"


@pytest.mark.parametrize(
    "where", ["vault.key.new", "replaced-1/vault.key", "restoring/deeper/vault.key", "desk/vault.key"]
)
def test_wherever_keys_are_left_nothing_is_removed(later: Operator, where: str) -> None:
    (later.state / "vault.key").unlink()
    (later.state / where).parent.mkdir(parents=True, exist_ok=True)
    (later.state / where).write_text("slots")
    before = sorted(later.state.rglob("*"))
    assert at_once(later.state, "uninstall", typed=YES).code == KeysStillThere.exit_code
    assert sorted(later.state.rglob("*")) == before


def test_what_runs_is_not_removed(later: Operator) -> None:
    (later.state / "vault.key").unlink()
    with (later.state / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert at_once(later.state, "uninstall", typed=YES).code == 7
    assert (later.state / "desk").is_dir()


def test_what_is_not_ours_stays_and_is_named(later: Operator, tmp_path: Path) -> None:
    (later.state / "vault.key").unlink()
    (later.state / "my photographs").mkdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    (later.state / "replaced-1").symlink_to(elsewhere)
    done = at_once(later.state, "uninstall", typed=YES)
    assert done.code == SignsRemain.exit_code
    assert "my photographs" in done.said
    assert [path.name for path in later.state.iterdir()] == ["my photographs"]
    assert (elsewhere / "kept").exists(), "a link goes, and not what it leads to"


def test_a_folder_that_is_no_state_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "desk").mkdir()
    (tmp_path / "thesis").touch()
    done = at_once(tmp_path, "uninstall", typed=YES)
    assert (done.code, "another --state" in done.said) == (1, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["desk", "thesis"]


@only_root_looks_in
def test_what_cannot_be_removed_is_named(later: Operator) -> None:
    (later.state / "vault.key").unlink()
    frozen = later.state / "desk"
    bound = f'mount --bind {frozen} {frozen} && mount -o remount,ro,bind {frozen} && exec "$0" "$@"'
    done = at_once(later.state, "uninstall", typed=YES, before=("/usr/bin/unshare", "--mount", "/bin/sh", "-c", bound))
    assert done.code == 1
    assert f"{frozen}/desk.db (Read-only file system)" in done.said


class Machine:
    """A machine whose account and units are played: what is asked of its commands is kept."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.home, self.unit, self.settings = (
            folder / "home",
            folder / "sanctuary.service",
            folder / "60-sanctuary.conf",
        )
        self.asked: list[str] = []
        self.has_account = True
        for room in (uninstall, service):
            patch.setattr(room, "run", self.run)
            patch.setattr(room, "UNIT", self.unit)
            patch.setattr(room, "SYSTEMD", folder)
        patch.setattr(uninstall, "_home", lambda: self.home if self.has_account else None)
        patch.setattr(uninstall, "_SETTINGS", self.settings)
        patch.setattr(os, "geteuid", lambda: 0)

    def run(self, *command: str) -> bool:
        self.asked.append(" ".join(command))
        if command[0] == "deluser":
            self.has_account = False
        return True


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


CHOSEN = argparse.Namespace(as_is=False, desk_port=None, what="install")


def test_account_and_unit_go_too(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uninstall, "ask", lambda _: YES)
    (machine.home / "run").mkdir(parents=True)
    machine.unit.touch()
    machine.settings.touch()
    uninstall.uninstall(CHOSEN, State(machine.home))
    assert [path for path in (machine.home, machine.unit, machine.settings) if path.exists()] == []
    asked = ["disable --now", "daemon-reload", "reset-failed"]
    assert [each.split(" ", 1)[1].removesuffix(" sanctuary.service") for each in machine.asked[:3]] == asked
    assert "deluser --system sanctuary" in machine.asked


def test_the_account_of_another_installation_keeps_everything(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uninstall, "ask", lambda _: YES)
    machine.home.mkdir()
    (machine.home / "vault.key").touch()
    (tmp_path / "other" / "run").mkdir(parents=True)
    with pytest.raises(KeysStillThere):
        uninstall.uninstall(CHOSEN, State(tmp_path / "other"))
    assert (machine.has_account, (tmp_path / "other").exists()) == (True, True)


class TestTheUnit:
    def installed(self, machine: Machine, patch: pytest.MonkeyPatch) -> str:
        machine.home.mkdir()
        (machine.home / "vault.key").touch()
        patch.setattr(service, "_HIDDEN", ())  # pytest keeps its folders in /tmp
        service.service(CHOSEN, State(machine.home))
        return machine.unit.read_text()

    def test_it_is_taken_by_systemd_and_confines_what_can_be_confined(
        self, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        text = self.installed(machine, monkeypatch)
        assert f'ExecStart="{ROOT}/scripts/launch" "--locked" "--state" "{machine.home}"' in text
        assert machine.asked[-1] == "systemctl enable sanctuary.service"
        assert "\nRestart=on-abnormal\n" in text, "a launcher that was killed comes back, locked"
        assert "\nOOMPolicy=continue\n" in text, "one process that had no memory is not the end of all"
        command = ["systemd-analyze", "security", "--offline=yes", str(machine.unit)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        exposure = re.search(r"exposure level for sanctuary.service: ([0-9.]+)", said)
        assert exposure is not None
        assert float(exposure[1]) <= 2.8
        assert "StandardOutput=null\nStandardError=null" in text, "a journal would keep the address"
        service.service(argparse.Namespace(what="remove"), State(machine.home))
        assert not machine.unit.exists()

    def test_it_is_not_written_where_systemd_finds_fault_with_it(
        self, machine: Machine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(service, "_TEXT", service._TEXT.replace("ProtectClock", "ProtectKlock"))
        with pytest.raises(UnitRefused, match="ProtectKlock"):
            self.installed(machine, monkeypatch)
        assert not machine.unit.exists()

    @pytest.mark.parametrize("name", ["a b", "50%", "$HOME", "%h"])
    def test_a_path_is_one_word_and_means_itself(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).mkdir()
        text = service.unit(ROOT, tmp_path / name, "8391")
        service.look_over(text)
        quoted = name.replace("%", "%%")
        assert f'ReadWritePaths="{tmp_path}/{quoted}"' in text
        assert text.count("ExecStart=") == 1


@pytest.mark.parametrize("name", ["a\nExecStart=/bin/sh", 'a" "b', "a\\x20b", "a;b"])
def test_a_path_that_would_say_more_than_a_path_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadUsage):
        service.unit(ROOT, tmp_path / name, None)
    with pytest.raises(BadUsage):
        service.unit(ROOT, tmp_path, "1 --as-is")


def test_no_unit_for_nobody_and_for_nothing(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(VaultDamaged):
        service.service(CHOSEN, State(tmp_path))
    (tmp_path / "vault.key").touch()
    with pytest.raises(BadUsage, match="sees nothing"):
        service.service(CHOSEN, State(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NeedsRoot):
        service.service(CHOSEN, State(tmp_path))
    assert machine.asked == []


def test_a_machine_without_systemd_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnitRefused, match="not installed"):
        service.look_over("[Unit]")
