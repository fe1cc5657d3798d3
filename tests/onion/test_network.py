"""The private network itself: it stays on this machine and in its folder, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from onion_app.errors import TorMissing
from scripts.rehearsal.network import PrivateNetwork
from tests import processes
from tests.network_keeper import door
from tests.onion.lines import LISTENS, sockets, wait_for
from tests.rehearsal import ROOT

LOOPBACK = "0100007F"  # 127.0.0.1, as the kernel's tables have it

OWNER = """
import signal, sys
from pathlib import Path
from scripts.rehearsal.network import PrivateNetwork
PrivateNetwork(Path(sys.argv[1]), progress=lambda words: print(words, flush=True)).start()
signal.pause()
"""


def tors_of(folder: Path) -> list[int]:
    """Return the processes that were started from a file in this folder, without the services of other tests."""
    found = [process for process in processes.table() if "--defaults-torrc" in process.words]
    words = {process.pid: " ".join(process.words) for process in found}
    return [pid for pid, said in words.items() if str(folder) in said and "/service.torrc" not in said]


def addresses_of(pid: int) -> set[str]:
    """Return the addresses on which the sockets of a process listen, and those between which its connections stand."""
    ends = ([local] if state == LISTENS else [local, remote] for _, _, local, remote, state, *_ in sockets(pid))
    return {end.partition(":")[0] for each in ends for end in each}


def test_it_never_leaves_the_loopback(standing_network: Path, private_network: PrivateNetwork) -> None:
    standing, joined = tors_of(standing_network), tors_of(private_network.folder)
    assert (len(standing), len(joined)) == (8, 1)
    assert {address for pid in standing + joined for address in addresses_of(pid)} == {LOOPBACK}


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
            wait_for(lambda: len(tors_of(folder)) >= 7)
            os.kill(owner.pid, signal.SIGKILL)
            owner.wait()
        wait_for(lambda: not tors_of(folder))


def test_whoever_asks_for_a_network_that_cannot_stand_is_told_why_and_its_folder_goes(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    words = [sys.executable, "-m", "tests.network_keeper", str(folder)]
    with subprocess.Popen(words, cwd=ROOT, env={"PATH": str(tmp_path)}) as keeper:
        wait_for(door(folder).exists, 60)
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(60)
            line.connect(str(door(folder)))
            assert line.recv(4096).decode().splitlines()[-1].strip() == TorMissing.hint
        assert keeper.wait(60) == 0
    assert not folder.exists()
