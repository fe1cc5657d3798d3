"""The private network itself: it stays on this machine and in its folder, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from scripts.rehearsal.network import PrivateNetwork
from tests.onion.lines import LISTENS, sockets, wait_for
from tests.rehearsal import ROOT

OWNER = """
import sys, time
from pathlib import Path
from scripts.rehearsal.network import PrivateNetwork
PrivateNetwork(Path(sys.argv[1]), progress=lambda words: print(words, flush=True)).start()
"""


def tors_of(folder: Path) -> list[int]:
    """Return the processes that were started from a file in this folder, without the services of other tests."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in words and b"--defaults-torrc" in words and b"/service.torrc" not in words:
            found.append(int(process.name))
    return found


def addresses_of(pid: int) -> set[str]:
    """Return the addresses on which the sockets of a process listen, and those between which its connections stand."""
    ends = ([local] if state == LISTENS else [local, remote] for _, _, local, remote, state, *_ in sockets(pid))
    return {spelt(end) for each in ends for end in each}


def spelt(words: str) -> str:
    """Spell an address and port of the kernel's tables as people do, without the port."""
    address = bytes.fromhex(words.partition(":")[0])
    return ".".join(str(byte) for byte in reversed(address))


def test_it_never_leaves_the_loopback(private_network: PrivateNetwork) -> None:
    tors = tors_of(private_network.folder)
    assert len(tors) == 8
    assert {address for pid in tors for address in addresses_of(pid)} == {"127.0.0.1"}


def test_its_options_are_those_of_the_project_and_a_few_more(private_network: PrivateNetwork) -> None:
    base = ROOT / "torrc.example"
    written = private_network.torrc_for_service(base).read_text()
    assert written.startswith(base.read_text())
    more = [line.split()[0] for line in written.removeprefix(base.read_text()).splitlines() if line[:1].isalpha()]
    assert more == ["TestingTorNetwork", "DirAuthority", "DirAuthority", "DirAuthority"]


@pytest.mark.slow
def test_nothing_of_it_outlives_an_owner_who_is_killed() -> None:
    with tempfile.TemporaryDirectory(prefix="tor-network-") as name:
        folder = Path(name)
        owner = subprocess.Popen([sys.executable, "-c", OWNER, name], stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert owner.stdout is not None
        with owner.stdout:
            for words in owner.stdout:
                if words.startswith("starting the authorities"):
                    break
        wait_for(lambda: len(tors_of(folder)) == 7)
        os.kill(owner.pid, signal.SIGKILL)
        owner.wait()
        wait_for(lambda: not tors_of(folder), 30)
