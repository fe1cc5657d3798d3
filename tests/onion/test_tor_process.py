import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from onion_app.errors import StatePathTooLong, TorFailed, TorMissing, TorTooOld
from onion_app.onion import programs, tor_process
from onion_app.onion.tor_process import TorProcess
from tests import processes
from tests.onion.lines import ControlLine, listeners, wait_for
from tests.rehearsal import ROOT

TORRC = ROOT / "torrc.example"

OWNER = """
import signal, sys
from pathlib import Path
from onion_app.onion import tor_process
place = Path(sys.argv[1])
print(tor_process.start_tor(place / "torrc", place / "tor", place / "run").pid, flush=True)
signal.pause()
"""


def script(folder: Path, text: str) -> str:
    program = folder / "tor"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o700)
    return str(program)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_missing_tor_and_a_program_that_is_none_are_named(place: Path) -> None:
    for tor in (str(place / "tor"), script(place, "echo Hello")):
        with pytest.raises(TorMissing):
            programs.version_of(tor)


@pytest.mark.parametrize("version", ["0.4.6.12", "0.3.5.18", "0.4.5.16-dev"])
def test_an_old_tor_is_named(place: Path, offline: Path, version: str) -> None:
    old = script(place, f"echo 'Tor version {version}.'")
    with pytest.raises(TorTooOld):
        tor_process.start_tor(offline, place / "state", place / "run", tor=old)


@pytest.mark.parametrize("version", ["0.4.7.0", "0.4.10.1", "0.5.0.1", "1.0.0.0"])
def test_versions_are_compared_as_numbers(place: Path, version: str) -> None:
    found = programs.version_of(script(place, f"echo 'Tor version {version}.'"))
    assert found == tuple(int(part) for part in version.split(".")[:3])


def test_options_that_tor_does_not_take_are_a_failure_that_tells_why(place: Path, offline: Path) -> None:
    offline.write_text("NoSuchOption 1\n")
    with pytest.raises(TorFailed, match="NoSuchOption"):
        tor_process.start_tor(offline, place / "tor", place / "run")


def test_a_state_too_deep_for_a_socket_is_named_before_tor_starts(place: Path, offline: Path) -> None:
    deep = place / ("d" * 120)
    with pytest.raises(StatePathTooLong):
        tor_process.start_tor(offline, deep / "tor", deep / "run")
    assert not deep.exists()


def test_tor_listens_on_unix_sockets_only_and_for_its_account_only(lonely_tor: TorProcess) -> None:
    # With its network switched off tor opens no other listener at all, so ask it what it would open.
    with ControlLine(lonely_tor.control_socket) as line:
        said = line.say("GETCONF SocksPort ControlPort ORPort DirPort TransPort DNSPort HTTPTunnelPort ExtORPort")
    assert not listeners(lonely_tor.pid)
    assert 'SocksPort="unix:' in said
    assert "OnionTrafficOnly" in said, "it leads elsewhere only while an update runs"
    assert "127.0.0.1" not in said
    assert mode(lonely_tor.control_socket) == 0o600
    run = lonely_tor.control_socket.parent
    assert mode(run) == mode(run.with_name("tor")) == 0o700


def test_tor_is_confined_by_its_own_sandbox(lonely_tor: TorProcess) -> None:
    assert lonely_tor.confined
    assert "Seccomp:\t2" in Path(f"/proc/{lonely_tor.pid}/status").read_text()


def test_a_tor_whose_sandbox_does_not_work_here_runs_without_and_is_not_called_confined(
    place: Path, offline: Path
) -> None:
    tor = script(
        place,
        'case "$*" in *--version*|*"--Sandbox 0"*) exec tor "$@";; esac\n'
        "echo '[err] Tor was not built with support for sandboxing'; exit 1",
    )
    process = tor_process.start_tor(offline, place / "tor-data", place / "run", tor=tor)
    assert process.ended() is None
    assert not process.confined
    process.stop()


def test_nothing_of_the_systems_own_options_is_read(lonely_tor: TorProcess) -> None:
    words = Path(f"/proc/{lonely_tor.pid}/cmdline").read_bytes().split(b"\0")
    assert words[words.index(b"--defaults-torrc") + 1] == b"/dev/null"
    with ControlLine(lonely_tor.control_socket) as line:
        in_force = {option.split()[0] for option in line.say("GETINFO config-text").splitlines()[1:-2]}
    ours = {
        option.split()[0] for option in (*TORRC.read_text().splitlines(), "DisableNetwork 1") if option[:1].isalpha()
    }
    assert in_force <= ours | {"ControlSocket", "DataDirectory", "SocksPort"}
    assert {"Sandbox", "NoExec", "SocksPort"} <= in_force


def test_nothing_of_our_surroundings_reaches_tor(place: Path, offline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "of ours")
    process = tor_process.start_tor(offline, place / "tor", place / "run")
    surroundings = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
    process.stop()
    assert {line.partition(b"=")[0] for line in surroundings} <= {b"", b"LC_ALL", b"PATH", b"LC_CTYPE"}


def test_tor_ends_in_order_when_told_although_its_sandbox_may_block_signals(
    mortal_tor: TorProcess, place: Path
) -> None:
    state = place / "tor" / "state"
    state.unlink()
    assert mortal_tor.ended() is None
    assert mortal_tor.stop() == mortal_tor.ended() == mortal_tor.stop() == 0
    assert "LastWritten" in state.read_text()


def test_tor_can_be_started_again_where_another_was_killed(mortal_tor: TorProcess, place: Path, offline: Path) -> None:
    os.kill(mortal_tor.pid, signal.SIGKILL)
    wait_for(lambda: mortal_tor.ended() is not None)
    assert mortal_tor.control_socket.exists()
    second = tor_process.start_tor(offline, place / "tor", place / "run")
    assert second.ended() is None
    second.stop()


def test_tor_ends_with_an_owner_who_is_killed(place: Path, offline: Path) -> None:
    assert offline.exists()
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(place)], stdout=subprocess.PIPE, cwd=ROOT)
    assert owner.stdout is not None
    with owner.stdout:
        tor = Path(f"/proc/{int(owner.stdout.readline())}")
        assert tor.exists()
        owner.kill()
        owner.wait()
    assert wait_for(lambda: processes.state_of(int(tor.name)) in ("", "Z")) < 10, (
        "tor itself looks every fifteen seconds"
    )


def test_tor_dumps_no_core_and_hides_its_memory_from_its_own_account(lonely_tor: TorProcess) -> None:
    limits = Path(f"/proc/{lonely_tor.pid}/limits").read_text()
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]
    with ControlLine(lonely_tor.control_socket) as line:
        assert "DisableDebuggerAttachment=1" in line.say("GETCONF DisableDebuggerAttachment")


def test_the_options_give_no_anonymity_away() -> None:
    options = [line.split()[0] for line in TORRC.read_text().splitlines() if line[:1].isalpha()]
    assert not {option for option in options if option.startswith("HiddenService")}
    assert len(options) == len(set(options))
    assert {"Sandbox", "SafeLogging", "AvoidDiskWrites", "ClientOnly", "VanguardsLiteEnabled"} <= set(options)
