"""Each wall is missing once: the first line and `status` say which, what rests on what then, and its own cure.

Where it can be, it is the kernel that takes the wall away; AppArmor and Debian's own switch, which this kernel may not
have, are played by their words and their files.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests import processes
from tests.launch.conftest import ORDINARY, START, Installation, Operator
from tests.launch.manage import manage, status
from tests.processes import PROC, facts
from tests.rehearsal import ROOT

# In a user namespace of our own, which allows no further ones.
NO_NAMESPACES = ("unshare", "-Ur", "sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"', "-")
# A kernel without filters of system calls: prctl(PR_SET_SECCOMP) and seccomp() answer EINVAL.
NO_FILTERS = dedent("""
    import ctypes, os, struct, sys
    prctl, seccomp = map(int, sys.argv[1:3])
    lines = [(0x20, 0, 0, 0), (0x15, 0, 1, seccomp), (6, 0, 0, 0x50016), (0x15, 0, 2, prctl), (0x20, 0, 0, 16),
             (0x15, 1, 0, 22), (6, 0, 0, 0x7FFF0000), (6, 0, 0, 0x50016)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in lines))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(lines), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert libc.prctl(22, 2, program, 0, 0) == 0, ctypes.get_errno()
    os.execvp(sys.argv[3], sys.argv[3:])
""")
CONFINED = "confined: each process sees its own files and no network"


def told(*before: str, path: str | None = None) -> dict[str, Any]:
    """Give what a launch and its status say of the walls when it is started by these words."""
    words = [*before, sys.executable, "-P", "-m", "tests.launch.told"]
    surroundings = os.environ | {"PYTHONPATH": str(ROOT)} | ({"PATH": path} if path else {})
    done = subprocess.run(words, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False, timeout=START)
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def without_filters() -> Sequence[str]:
    from tests.launch.test_seccomp import resolved

    machine = os.uname().machine
    numbers = (str(resolved(machine, name)) for name in ("prctl", "seccomp"))
    return (sys.executable, "-c", NO_FILTERS, *numbers)


def a_bubblewrap_that(folder: Path, *says: str) -> str:
    """Put a bubblewrap before the system's that can do nothing, and give the path to look for programs in."""
    program = folder / "bin" / "bwrap"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n" + "".join(f"echo '{line}' >&2\n" for line in says) + "exit 1\n")
    program.chmod(0o755)
    return f"{program.parent}:{os.environ['PATH']}"


def with_switches(folder: Path, **values: str) -> Sequence[str]:
    """Give the words that put files with these values in the place of /proc/sys/kernel."""
    played = folder / "kernel"
    played.mkdir()
    for name in ("overflowuid", "overflowgid"):
        shutil.copyfile(f"/proc/sys/kernel/{name}", played / name)
    for name, value in values.items():
        (played / name).write_text(value + "\n")
    return ("unshare", "-Urm", "sh", "-c", f'mount --bind {played} /proc/sys/kernel && exec "$@"', "-")


def agreed(heard: dict[str, Any], walls: Sequence[str], promises: set[str]) -> tuple[str, str]:
    """Check that first line, status and doctor say the same; give the sentence, and the cure."""
    assert {name for name, stands in heard["walls"].items() if stands} == set(walls)
    sentence, cure = heard["said"][0].split("\n    ")
    assert set(re.findall(r"P\d\d", sentence)) == promises
    assert any(sentence in line and cure in line for line in heard["status"])
    assert heard["doctor"] == [cure]
    return sentence, cure


def test_where_every_wall_stands_nothing_is_missing() -> None:
    heard = told()
    assert heard["said"][0] == CONFINED
    assert heard["walls"] == {"bubblewrap": True, "namespaces": True, "system_calls": True}
    assert heard["status"] == []
    assert heard["doctor"] == [""]


def test_bubblewrap_is_not_installed(tmp_path: Path) -> None:
    sentence, cure = agreed(told(path=str(tmp_path)), (), {"P02", "P03", "P04", "P13"})
    assert sentence.startswith("not confined: bubblewrap is not installed. ")
    assert "file modes" in sentence
    assert cure == "sudo apt-get install bubblewrap"


def test_there_are_no_user_namespaces_where_bubblewrap_can_do_without() -> None:
    sentence, cure = agreed(told(*NO_NAMESPACES), ("bubblewrap", "system_calls"), {"P04", "P13"})
    assert sentence.startswith("confined, but not in a user namespace of its own: ")
    assert "ENOSPC" in sentence
    assert "user.max_user_namespaces=" in cure


def test_there_are_no_user_namespaces_and_no_rights_to_do_without() -> None:
    sentence, cure = agreed(told(*NO_NAMESPACES, *ORDINARY), (), {"P02", "P03", "P04", "P13"})
    assert sentence.startswith("not confined: bwrap: ")
    assert "user.max_user_namespaces is 0" in sentence
    assert "user.max_user_namespaces=" in cure


def test_apparmor_refuses_user_namespaces(tmp_path: Path) -> None:
    path = a_bubblewrap_that(tmp_path, "bwrap: setting up uid map: Permission denied")
    heard = told(*with_switches(tmp_path, apparmor_restrict_unprivileged_userns="1"), path=path)
    sentence, cure = agreed(heard, (), {"P02", "P03", "P04", "P13"})
    assert sentence.startswith("not confined: bwrap: setting up uid map: Permission denied (")
    assert "AppArmor" in sentence
    assert "/etc/apparmor.d/bwrap" in cure
    assert "userns," in cure


def test_debians_own_switch_is_off(tmp_path: Path) -> None:
    path = a_bubblewrap_that(tmp_path, "bwrap: No permissions to create new namespace")
    heard = told(*with_switches(tmp_path, unprivileged_userns_clone="0"), path=path)
    sentence, cure = agreed(heard, (), {"P02", "P03", "P04", "P13"})
    assert "kernel.unprivileged_userns_clone is 0" in sentence
    assert "sysctl kernel.unprivileged_userns_clone=1" in cure
    assert "apparmor" not in cure


def test_a_switch_that_is_set_is_not_blamed_for_what_it_does_not_do(tmp_path: Path) -> None:
    path = a_bubblewrap_that(tmp_path, "bwrap: Can't bind mount /oldroot/usr: No such file or directory")
    sentence, cure = agreed(
        told(*with_switches(tmp_path, apparmor_restrict_unprivileged_userns="1"), path=path), (),
        {"P02", "P03", "P04", "P13"},
    )  # fmt: skip
    assert "AppArmor" not in sentence
    assert "apparmor" not in cure


def test_a_switch_that_is_off_is_no_wall_that_is_missing(tmp_path: Path) -> None:
    heard = told(*with_switches(tmp_path, unprivileged_userns_clone="0"))
    assert heard["said"][0] == CONFINED, "what counts is whether it works"


def test_a_bubblewrap_that_fails_for_a_reason_of_its_own_is_quoted(tmp_path: Path) -> None:
    sentence, cure = agreed(told(path=a_bubblewrap_that(tmp_path, "first", "second")), (), {"P02", "P03", "P04", "P13"})
    assert sentence.startswith("not confined: second. ")
    assert cure.startswith("bwrap ")


def test_the_kernels_own_settings_are_read_only() -> None:
    words = 'mount --rbind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec "$@"'
    heard = told("unshare", "-Urm", "sh", "-c", words, "-")
    sentence, cure = agreed(heard, ("bubblewrap", "system_calls"), {"P04", "P13"})
    assert "Read-only file system" in sentence
    assert "ProtectKernelTunables" in cure


def test_the_kernel_has_no_filters_of_system_calls() -> None:
    sentence, cure = agreed(told(*without_filters()), ("bubblewrap", "namespaces"), {"P04", "P13"})
    assert sentence.startswith("confined, but with no filter of system calls: ")
    assert "SECCOMP" in sentence
    assert "kernel" in cure


def test_another_machine_has_no_list_of_system_calls() -> None:
    heard = told("setarch", "linux32", "--")
    sentence, cure = agreed(heard, ("bubblewrap", "namespaces"), {"P04", "P13"})
    assert re.search(r"no list of system calls for (i686|armv8l)", sentence)
    assert "x86-64 or ARM64" in cure


def test_two_walls_that_are_missing_are_both_named() -> None:
    heard = told(*NO_NAMESPACES, "setarch", "linux32", "--")
    assert heard["walls"] == {"bubblewrap": True, "namespaces": False, "system_calls": False}
    assert len(heard["doctor"]) == len(set(heard["doctor"])) == 2, "each has a cure of its own"
    assert len(heard["status"]) == len([line for line in heard["said"] if "\n    " in line]) == 2


@pytest.mark.slow
def test_without_user_namespaces_everything_runs_and_status_names_the_wall(
    later: Operator, installation: Installation
) -> None:
    launched = later.launch(installation.passphrase, before=NO_NAMESPACES)
    assert launched.words().splitlines()[0].startswith("confined, but not in a user namespace of its own: ")
    assert status(launched.state)["confined"] == {"ours": False, "tor": True, "around_tor": True}
    assert "! Confinement  confined, but not in a user namespace" in manage(launched.state, "status").said
    for role in ("site", "desk", "tor"):
        pid = launched.running(role)
        assert (PROC / str(pid) / "ns/mnt").readlink() != (PROC / str(launched.pid) / "ns/mnt").readlink()
        assert facts(pid)["Seccomp"] == ["2"]


@pytest.mark.slow
def test_a_tor_that_does_not_live_within_its_walls_runs_outside_and_is_named(
    later: Operator, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = shutil.which("tor", path=f"{os.environ['PATH']}:/usr/sbin")
    later.put_before("tor", f'exec {real} "$@"', monkeypatch)  # a script, and within the walls there is no shell
    launched = later.launch(installation.passphrase)
    processes.until(lambda: status(launched.state)["versions"]["tor"], START, "a running tor")
    assert status(launched.state)["confined"] == {"ours": True, "tor": True, "around_tor": False}
    assert "tor: outside the walls: " in launched.words()
    line = next(line for line in manage(launched.state, "status").said.splitlines() if "Confinement" in line)
    assert line.startswith("! Confinement  tor is outside the walls: ")
    assert {"P03", "P04"} <= set(re.findall(r"P\d\d", line))


@pytest.mark.slow
def test_without_filters_everything_runs_and_tors_own_sandbox_is_named_too(
    later: Operator, installation: Installation
) -> None:
    launched = later.launch(installation.passphrase, before=without_filters())
    assert launched.words().splitlines()[0].startswith("confined, but with no filter of system calls: ")
    processes.until(lambda: status(launched.state)["versions"]["tor"], START, "a running tor")
    assert status(launched.state)["confined"] == {"ours": False, "tor": False, "around_tor": True}
    assert "its own sandbox does not work" in manage(launched.state, "status").said
