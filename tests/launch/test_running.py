"""What runs: how it is walled in, what it gives away, how it comes back and how it ends."""

import contextlib
import os
import subprocess
from pathlib import Path

import pytest

from tests import processes
from tests.launch import manage
from tests.launch.conftest import ORDINARY, START, Installation, Launched, Operator
from tests.processes import PROC, facts

ROLES = ("site", "desk")


def writable_places(pid: int) -> set[str]:
    """List where a process could write, as it is mounted for it."""
    mounts = [line.split() for line in (PROC / str(pid) / "mountinfo").read_text().splitlines()]
    return {mount[4] for mount in mounts if "rw" in mount[5].split(",")}


def test_the_first_line_says_whether_the_processes_are_confined(standing: Launched) -> None:
    assert standing.words().splitlines()[0].startswith("confined: ")


@pytest.mark.parametrize("role", ROLES)
def test_a_child_sees_its_own_folders_and_no_others(standing: Launched, role: str) -> None:
    root = PROC / str(standing.running(role)) / "root"
    inside = root / standing.state.relative_to("/")
    both = {"mailbox", "shown"}
    assert {path.name for path in inside.iterdir()} == (both if role == "site" else {*both, "desk"})
    assert {path.name for path in (root / "usr/bin").iterdir()} <= {"python3", os.path.realpath("/usr/bin/python3")[9:]}
    for hidden in ("home", "root", "var", "proc", "run", "etc/passwd", "usr/bin/sh", "work/main/tests"):
        assert not (root / hidden).exists(), hidden


@pytest.mark.parametrize("role", ROLES)
def test_a_child_can_write_to_its_own_folders_only(standing: Launched, role: str) -> None:
    # P13: the site reads in `shown` which circle has which key, and writes nothing there
    names = ("mailbox",) if role == "site" else ("mailbox", "shown", "desk")
    own = {str(standing.state / name) for name in names}
    devices = {place for place in writable_places(standing.running(role)) if place.startswith("/dev/")}
    assert writable_places(standing.running(role)) - devices == own
    assert "/dev/shm" not in devices


@pytest.mark.parametrize("role", ROLES)
def test_a_child_has_no_network_of_its_own(standing: Launched, role: str) -> None:
    pid = standing.running(role)
    assert (PROC / str(pid) / "ns/net").readlink() != Path("/proc/self/ns/net").readlink()
    devices = (PROC / str(pid) / "net/dev").read_text().splitlines()[2:]
    assert [line.split(":")[0].strip() for line in devices] == ["lo"]


@pytest.mark.parametrize("role", ROLES)
def test_a_child_has_no_privilege_and_leaves_no_core(standing: Launched, role: str) -> None:
    pid = standing.running(role)
    said = facts(pid)
    assert {said[name][0].strip("0") for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {""}
    assert said["NoNewPrivs"] == ["1"]
    assert no_core(pid)


def test_the_launcher_leaves_no_core_either(standing: Launched) -> None:
    assert no_core(standing.pid)
    assert no_core(standing.running("tor"))


def no_core(pid: int) -> bool:
    [line] = [line for line in (PROC / str(pid) / "limits").read_text().splitlines() if "core file" in line]
    return line.split()[4:6] == ["0", "0"]


def test_nobody_of_the_same_account_can_look_into_the_launcher(later: Operator, installation: Installation) -> None:
    launched = later.launch(installation.passphrase, before=ORDINARY)
    assert not int(facts(launched.pid)["CapEff"][0], 16), "root may look into everything"

    def sees(pid: int) -> bool:
        look = [*ORDINARY, "head", "-c", "1", f"/proc/{pid}/environ"]
        return subprocess.run(look, check=False, capture_output=True).returncode == 0

    with subprocess.Popen([*ORDINARY, "sleep", "100"]) as other:
        processes.until(lambda: sees(other.pid), START, "a look into a process that is not hardened")
        other.kill()
    assert not sees(launched.pid)


def test_no_key_stands_in_a_command_line_or_an_environment(standing: Launched, installation: Installation) -> None:
    keys = installation.keys
    secrets = [keys.mailbox, keys.desk, *(installation.printed[name].encode() for name in ("passphrase", "spare_code"))]
    needles = [needle for secret in secrets for needle in (secret, secret.hex().encode())]
    everybody = [standing.pid, *(process.pid for process in standing.family())]
    assert len(everybody) >= 4
    for pid in everybody:
        for place in ("cmdline", "environ"):
            content = b""
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # the chores come and go
                content = (PROC / str(pid) / place).read_bytes()
            assert not any(needle in content for needle in needles), (pid, place)


def test_the_site_never_gets_the_desks_key(standing: Launched, installation: Installation) -> None:
    keys = installation.keys
    found = processes.memory_of(standing.running("site"), {"mailbox": keys.mailbox, "desk": keys.desk})
    assert found["mailbox"], "the search would have found it"
    assert not found["desk"]


def test_the_launcher_forgets_the_passphrase(standing: Launched, installation: Installation) -> None:
    words = installation.printed["passphrase"]
    found = processes.memory_of(standing.pid, {"words": words.encode(), "key": installation.keys.desk})
    assert found["key"], "the search would have found it"
    assert not found["words"]


def test_the_launcher_holds_no_database_open(standing: Launched) -> None:
    assert not [name for name in processes.open_files(standing.pid) if ".db" in Path(name).name]


def test_the_chores_run_once_soon_after_the_start(standing: Launched) -> None:
    processes.until(lambda: manage.status(standing.state)["findings"] is not None, START, "the counts")
    processes.until(lambda: not processes.role(standing.pid, "chores"), START, "the end of the chores")
    assert "chores:" not in standing.words(), "nothing went wrong"


def test_without_a_network_it_says_that_tor_is_trying_and_goes_on(standing: Launched) -> None:
    processes.until(lambda: "goes on trying" in standing.words(), START, "the word of a trying tor")
    assert standing.site_answers()


def test_days_ahead_are_told_to_every_process_and_stopping_ends_each_in_order(
    later: Operator, installation: Installation
) -> None:
    launched = later.launch(installation.passphrase, "--days", "8")
    person = launched.volunteer()
    page = person.get("/join?lang=en")
    page = person.send(page.form_with("invitation"), invitation=installation.printed["invitation"])
    assert page.having_class("errors"), "an invitation is good for seven days"
    family = launched.family()
    assert launched.stop() == 0
    assert not any(process.alive for process in family)
    assert not [log for log in launched.state.rglob("*-wal") if log.stat().st_size]
    assert not list((launched.state / "run").glob("site.sock"))


def test_a_bubblewrap_that_does_not_work_is_said_in_the_first_line(
    later: Operator, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    later.put_before("bwrap", "echo 'no new namespaces here' >&2\nexit 1", monkeypatch)
    launched = later.start(installation.passphrase)
    assert launched.process.stdout is not None
    assert launched.process.stdout.readline()
    assert launched.words().splitlines()[0].startswith("not confined: no new namespaces here")
    pid = launched.running("site")
    processes.until(lambda: facts(pid)["NoNewPrivs"] == ["1"], START, "a hardened child")
    assert no_core(pid)
