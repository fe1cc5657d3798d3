"""What somebody who has taken over a process tries from within its walls, and the same where that wall is away."""

import json
import os
import resource
import runpy
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from onion_app.crypto.onion_key import OnionKey
from onion_app.launch import children, hardening
from onion_app.launch.confine import ALL_WALLS, INTERPRETER, NO_WALLS, Prefix, Walls
from onion_app.launch.first_run import Unlocked
from onion_app.launch.hardening import PASSING, SERVING, Limits
from onion_app.launch.launcher import Launcher, Options
from onion_app.launch.manage_socket import ManageSocket
from onion_app.launch.processes import child
from onion_app.launch.seccomp import MACHINES
from onion_app.launch.state import State, held
from tests import processes
from tests.launch.conftest import START, Installation, Launched, Operator
from tests.launch.manage import Heard
from tests.launch.test_seccomp import NAMESPACES, resolved
from tests.onion.lines import ControlLine
from tests.processes import PROC, facts
from tests.rehearsal import ROOT

CHILDREN = ("site", "desk", "chores", "healing")
NO_FILTER = replace(ALL_WALLS, system_calls=False)
BUBBLEWRAP_ALONE = replace(NO_FILTER, namespaces=False)
HERE = os.uname().machine
NEW_USER = 0x10000000
ENOSPC, ENOSYS = 28, 38
# Each call with its number and arguments, none of which would do any harm where nothing forbids it.
ATTACK = dedent("""
    import ctypes, json, os, sys
    libc = ctypes.CDLL(None, use_errno=True)
    answers = {}
    for name, number, arguments in json.loads(sys.argv[1]):
        ctypes.set_errno(0)
        answer = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
        if name.startswith("clone ") and answer == 0:
            os._exit(0)
        answers[name] = ctypes.get_errno() if answer == -1 else 0
    print(json.dumps(answers))
""")
LIMITED = dedent("""
    import json, os, sys
    from pathlib import Path
    from onion_app.launch import hardening
    hardening.limit(getattr(hardening, sys.argv[1]), tasks_are_own=True)
    refused = []
    def tried(name, way):
        try:
            way()
        except (OSError, MemoryError) as error:
            refused.append(name)
    file = Path(sys.argv[2], "large")
    file.touch()
    tried("a page of memory", lambda: bytearray(1 << 20))
    tried("all memory", lambda: bytearray(9 << 30))
    tried("a large file", lambda: os.truncate(file, 100 << 30))
    tried("an endless file", lambda: os.truncate(file, 1 << 40))
    file.unlink()
    tried("many files", lambda: [os.open("/dev/null", os.O_RDONLY) for _ in range(600)])
    print(json.dumps(refused))
""")


def calls() -> list[tuple[str, int, list[int]]]:
    """List every call that is refused; a number is the one of its name, as another library knows it."""
    table = MACHINES[HERE]
    plain = [(name, resolved(HERE, name), [0] * 6) for name in table.refused if name not in ("vhangup", "reboot")]
    # A hung up terminal and a restart are tried in a form that the kernel does not know.
    plain.append(("reboot", resolved(HERE, "reboot"), [1, 2, 3, 4]))
    clones = [(f"clone {flag:#x}", table.clone, [flag | signal.SIGCHLD, 0, 0, 0, 0]) for flag in NAMESPACES]
    others = [("unshare a user namespace", resolved(HERE, "unshare"), [NEW_USER])]
    others += [(f"ioctl {request:#x}", table.ioctl, [0, request, 0]) for request in (0x5412, 0x541C)]
    others += [(f"a socket of {family}", table.socket, [family, 1, 0]) for family in (17, 40)]
    return [*plain, *clones, *others]


class Attacker:
    """Somebody who has taken over a process of a launcher, and runs their own program in place of it."""

    def __init__(self, state: State, opened: Unlocked, patch: pytest.MonkeyPatch) -> None:
        self.state = state
        self.opened = opened
        self.patch = patch

    def launcher(self, walls: Walls) -> Launcher:
        options = Options(self.state.path, answers=True, desk_port=1, torrc=self.state.path / "torrc", days=0)
        return Launcher(options, self.state, self.opened, Heard(), walls)

    def runs(self, prefix: Prefix, *program: str) -> Any:
        words, inherited = prefix
        command = [*words, *INTERPRETER, "-c", *program]
        done = subprocess.run(command, capture_output=True, text=True, pass_fds=inherited, check=False, timeout=START)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def in_child(self, role: str, walls: Walls, *program: str) -> Any:
        """Run a program where the launcher would run this child."""
        answers = []
        with self.patch.context() as patch:
            patch.setattr(children, "start_child", lambda prefix, *_: answers.append(self.runs(prefix, *program)))
            self.launcher(walls)._start_child(role, ())
        return answers[0]

    def in_tor(self, walls: Walls, *program: str) -> Any:
        """Run a program where the launcher would run tor; the interpreter stands in for tor."""
        around: Callable[..., AbstractContextManager[Prefix]] = self.launcher(walls)._tor._start_tor.keywords["walls"]  # type: ignore[attr-defined]
        torrc = self.state.path / "torrc"
        torrc.touch()
        interpreter = Path(os.path.realpath(INTERPRETER[0]))
        with (
            Path(os.devnull).open("w") as told,
            around(interpreter, torrc, (self.state.tor, self.state.run), told.fileno()) as (words, inherited),
        ):
            command = [*words, str(interpreter), "-I", "-S", "-c", *program]
            done = subprocess.run(command, capture_output=True, text=True, pass_fds=inherited, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def behind(self, role: str, walls: Walls, *program: str) -> Any:
        return self.in_tor(walls, *program) if role == "tor" else self.in_child(role, walls, *program)


@pytest.fixture
def attacker(later: Operator, installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Attacker]:
    with held(later.state) as state:
        opened = Unlocked(installation.keys, OnionKey(bytes(64), installation.printed["onion"]))
        yield Attacker(state, opened, monkeypatch)


@pytest.mark.parametrize("role", [*CHILDREN, "tor"])
def test_each_call_that_attackers_of_a_kernel_need_is_refused_within_the_walls(attacker: Attacker, role: str) -> None:
    given = json.dumps(calls())
    assert set(attacker.behind(role, ALL_WALLS, ATTACK, given).values()) == {ENOSYS}
    without = attacker.behind(role, NO_FILTER, ATTACK, given)
    # What a kernel was built without it refuses in the same way; the filter's program is read in test_seccomp.
    reached = {name for name, answer in without.items() if answer != ENOSYS}
    assert {"unshare", "mount", "ptrace", "process_vm_readv", "clone3", "keyctl", "setns", "personality"} <= reached
    assert {name for name in without if name.startswith(("clone ", "ioctl ", "a socket of "))} <= reached
    assert len(reached) > 40


@pytest.mark.parametrize("role", [*CHILDREN, "tor"])
def test_within_the_walls_nobody_makes_a_user_namespace_even_without_the_filter(attacker: Attacker, role: str) -> None:
    given = json.dumps([("unshare", resolved(HERE, "unshare"), [NEW_USER])])
    assert attacker.behind(role, NO_FILTER, ATTACK, given) == {"unshare": ENOSPC}
    assert attacker.behind(role, BUBBLEWRAP_ALONE, ATTACK, given) == {"unshare": 0}


@pytest.mark.parametrize("role", CHILDREN)
def test_a_child_makes_no_socket_at_all(attacker: Attacker, role: str) -> None:
    sockets = json.dumps([(str(family), MACHINES[HERE].socket, [family, 1, 0]) for family in (1, 2, 10)])
    assert set(attacker.in_child(role, ALL_WALLS, ATTACK, sockets).values()) == {ENOSYS}
    assert set(attacker.in_child(role, NO_FILTER, ATTACK, sockets).values()) == {0}


ORDERED = dedent("""
    import json, socket, sys
    try:
        socket.socket(socket.AF_UNIX).connect(sys.argv[1])
    except OSError:
        print(json.dumps("refused"))
    else:
        print(json.dumps("heard"))
""")


def test_whoever_takes_tor_over_gives_the_launcher_no_orders(attacker: Attacker) -> None:
    path = attacker.state.manage_socket
    with closing(ManageSocket(path)):
        assert attacker.in_tor(ALL_WALLS, ORDERED, str(path)) == "refused"
        assert attacker.in_tor(NO_WALLS, ORDERED, str(path)) == "heard"


def test_tor_makes_the_sockets_that_it_needs(attacker: Attacker) -> None:
    sockets = json.dumps([(str(family), MACHINES[HERE].socket, [family, 1, 0]) for family in (1, 2, 10)])
    assert set(attacker.in_tor(ALL_WALLS, ATTACK, sockets).values()) == {0}


@pytest.mark.parametrize("limits", ["SERVING", "PASSING"])
def test_a_child_takes_no_more_than_its_limits(attacker: Attacker, limits: str) -> None:
    tried = attacker.in_child("site", ALL_WALLS, LIMITED, limits, str(attacker.state.mailbox))
    assert tried == ["all memory", "an endless file", "many files"]


@pytest.mark.parametrize(("role", "limits"), [(role, SERVING) for role in ("site", "desk")])
def test_a_running_child_has_its_limits(standing: Launched, role: str, limits: Limits) -> None:
    lines = (PROC / str(standing.running(role)) / "limits").read_text().splitlines()
    most = {line[:26].strip(): line[26:].split()[:2] for line in lines}
    assert most["Max address space"] == [str(limits.addresses)] * 2
    assert most["Max open files"] == [str(limits.files)] * 2
    assert most["Max processes"] == [str(limits.tasks)] * 2
    assert int(most["Max file size"][1]) > 100 << 30, "the largest quota"


@pytest.mark.parametrize(
    ("role", "limits"), [("site", SERVING), ("desk", SERVING), ("chores", PASSING), ("healing", PASSING)]
)
def test_each_child_begins_with_its_limits(monkeypatch: pytest.MonkeyPatch, role: str, limits: Limits) -> None:
    begun: list[Limits] = []
    monkeypatch.setattr(child, "run_child", lambda _work, given: begun.append(given))
    runpy.run_path(str(ROOT / "onion_app/launch/processes" / f"{role}.py"), run_name="__main__")
    assert begun == [limits]


def test_where_the_account_runs_other_things_too_they_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    for is_own in (True, False):
        limited: list[int] = []
        monkeypatch.setattr(resource, "setrlimit", lambda number, _most, limited=limited: limited.append(number))
        hardening.limit(SERVING, tasks_are_own=is_own)
        assert (resource.RLIMIT_NPROC in limited) == is_own


@pytest.mark.parametrize("role", ["site", "desk", "tor"])
def test_a_running_process_has_no_namespace_but_its_own(standing: Launched, role: str) -> None:
    pid = standing.running(role)
    names = ("user", "ipc", "uts", "pid", "mnt", *(() if role == "tor" else ("net",)))
    for name in names:
        assert (PROC / str(pid) / "ns" / name).readlink() != (PROC / str(standing.pid) / "ns" / name).readlink(), name
    own = int(facts(pid)["Seccomp_filters"][0]) - int(facts(standing.pid)["Seccomp_filters"][0])
    assert own == (2 if role == "tor" else 1), "our filter, and tor's own"
    assert facts(pid)["NoNewPrivs"] == ["1"]


def test_tor_has_the_network_its_folders_and_the_systems_libraries(standing: Launched) -> None:
    pid = standing.running("tor")
    root = PROC / str(pid) / "root"
    assert (PROC / str(pid) / "ns/net").readlink() == (PROC / str(standing.pid) / "ns/net").readlink()
    assert {path.name for path in (root / standing.state.relative_to("/")).iterdir()} == {"tor", "run"}
    for hidden in ("home", "root", "var", "proc", "run", "sys", "etc/passwd", "usr/bin/sh", "usr/bin/python3"):
        assert not (root / hidden).exists(), hidden
    assert (PROC / str(pid) / "cwd").readlink() == standing.state / "run"
    mounts = [line.split() for line in (PROC / str(pid) / "mountinfo").read_text().splitlines()]
    writable = {mount[4] for mount in mounts if "rw" in mount[5].split(",") and not mount[4].startswith("/dev/")}
    assert writable == {str(standing.state / name) for name in ("tor", "run")}
    assert facts(pid)["NSpid"][-1] == "1"
    assert facts(pid)["CapBnd"][0].strip("0") == ""


@pytest.mark.slow
def test_tor_lives_on_although_it_does_not_see_us_and_dies_with_us(running: Launched) -> None:
    pid = running.running("tor")
    with ControlLine(running.state / "run" / "control.sock") as line:

        def uptime() -> int:
            return int(line.say("GETINFO uptime").partition("uptime=")[2].split()[0])

        processes.until(lambda: uptime() >= 60, START, "a tor of sixty seconds")
    family = running.family()
    assert pid in {process.pid for process in family}
    processes.kill(running.pid)
    processes.until(lambda: not any(process.alive for process in family), START, "the end of tor and all others")
