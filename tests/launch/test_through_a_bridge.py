"""With a bridge nothing of ours goes anywhere else, as the kernel sees it; each obstacle has a sentence."""

import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from onion_app.crypto.machine_keys import new_machine_key
from onion_app.elsewhere import __main__ as elsewhere
from onion_app.elsewhere import reach
from onion_app.elsewhere.forward import forward
from onion_app.elsewhere.key_file import Machine, keep_machine
from onion_app.errors import DeskNotReached, MachineNotLetIn, TorFailed
from onion_app.launch import bridges, confine
from onion_app.launch.state import State
from onion_app.launch.walls import try_walls
from onion_app.launch.way import Way
from onion_app.onion.control import Control
from onion_app.onion.tor_process import start_tor
from onion_app.onion.transport import start_transport
from scripts.rehearsal.network import PrivateNetwork
from scripts.rehearsal.people import Volunteer
from scripts.rehearsal.wire import through_loopback
from tests import processes
from tests.far import manage_machine
from tests.house import START, STOP, House
from tests.launch.manage import Heard, status
from tests.onion.lines import ControlLine
from tests.ports import free_port

CALLS = "connect,sendto,sendmsg,sendmmsg"
_INTO_THE_NET = re.compile(r'sin6?_port=htons\((\d+)\).*?"([0-9a-f.:]+)"')
PASSPHRASE = "a passphrase of mine"
pytestmark = processes.only_root_looks_in


@pytest.fixture(scope="module")
def bridge(private_network: PrivateNetwork) -> Iterator[str]:
    """Have a bridge, and its line."""
    yield private_network.start_bridge()
    private_network.stop_bridge()


@pytest.fixture(scope="module")
def bridged(house: House, bridge: str) -> Iterator[House]:
    """Launch with a bridge, and at the end again without one."""
    launched_again(house, bridge=bridge)
    yield house
    launched_again(house, bridge="")


def launched_again(house: House, **more: str) -> None:
    """Launch with these answers also, and wait until the site is published."""
    before = times_published(house)
    family = processes.below(house.launcher)
    assert house.stop() == 0
    processes.until(lambda: not any(one.alive for one in family), STOP, "the end of every process")
    house.launch(**more)
    processes.until(lambda: times_published(house) > before, START, "a published site")


def times_published(house: House) -> int:
    """Count how often a directory has taken its descriptor, which takes a way through the network."""
    return house.said.read_text().count("the site is published and can be reached")


def obfs4proxy(house: House) -> int:
    """Wait for the house's own program that speaks to a bridge."""

    def found() -> int:
        family = processes.below(house.launcher)
        return next((one.pid for one in family if one.words and Path(one.words[0]).name == "obfs4proxy"), 0)

    return processes.until(found, START, "a running obfs4proxy")


def place_of(bridge: str) -> tuple[str, int]:
    host, _, port = bridge.split()[1].rpartition(":")
    return host, int(port)


def met(trace: Path) -> set[tuple[str, int]]:
    """Read whom the traced processes spoke to, or tried to, by TCP or UDP."""
    calls = trace.read_text(errors="replace").splitlines()
    return {(found[2], int(found[1])) for line in calls if (found := _INTO_THE_NET.search(line))}


def whom_it_meets(house: House, trace: Path, *roles: int) -> set[tuple[str, int]]:
    """Kill some of its processes, and watch all that it meets until the site is published again."""
    before = times_published(house)
    with processes.traced([house.launcher], CALLS, trace):
        for pid in roles:
            processes.kill(pid)
        processes.until(lambda: times_published(house) > before, START, "a published site")
    return met(trace)


def test_without_a_bridge_the_relays_are_met(house: House, private_network: PrivateNetwork, tmp_path: Path) -> None:
    there = whom_it_meets(house, tmp_path / "trace", house.one("tor"))
    assert {port for _, port in there} & set(private_network.relay_ports)


def test_with_a_bridge_nobody_else_is_met_and_visitors_come(
    bridged: House, bridge: str, private_network: PrivateNetwork, tmp_path: Path
) -> None:
    there = whom_it_meets(bridged, tmp_path / "trace", bridged.one("tor"))
    assert place_of(bridge) in there
    assert not {port for _, port in there} & set(private_network.relay_ports)
    others = there - {place_of(bridge)}  # the door of obfs4proxy, which is started again with tor
    assert {host for host, _ in others} == {"127.0.0.1"}
    assert len(others) == 1
    bridged.reached_by_tor()


def test_a_dead_obfs4proxy_is_replaced_and_tor_meets_nobody_meanwhile(
    bridged: House, bridge: str, private_network: PrivateNetwork, tmp_path: Path
) -> None:
    tor = bridged.one("tor")
    there = whom_it_meets(bridged, tmp_path / "trace", obfs4proxy(bridged))
    assert bridged.one("tor") == tor
    assert place_of(bridge) in there
    assert not {port for _, port in there} & set(private_network.relay_ports)
    assert bridged.said.read_text().count("obfs4proxy ended with status") == 1


def test_the_bridge_stands_in_no_command_and_no_file_and_is_used_again_unasked(bridged: House, bridge: str) -> None:
    launched_again(bridged)
    seen = status(bridged.state)
    assert (seen["bridges"], seen["bridge_trouble"], seen["confined"]["tor"]) == (1, "", True)
    secrets = [bridge.split()[3].removeprefix("cert=").encode(), bridge.split()[1].encode()]
    family = b" ".join(
        (Path("/proc") / str(one.pid) / "cmdline").read_bytes() for one in processes.below(bridged.launcher)
    )
    environment = (Path("/proc") / str(obfs4proxy(bridged)) / "environ").read_bytes()
    ours = [path for path in bridged.state.rglob("*") if path.is_file() and bridged.state / "tor" not in path.parents]
    lying = b"".join(path.read_bytes() for path in ours) + bridged.said.read_bytes()
    for secret in secrets:
        assert secret not in family + environment + lying


def test_told_to_look_again_tor_keeps_to_its_bridge(bridged: House) -> None:
    with ControlLine(bridged.state / "run" / "control.sock") as line:
        line.say("SIGNAL RELOAD")
        said = line.say("GETCONF UseBridges DisableNetwork")
    assert {"UseBridges=1", "DisableNetwork=0"} <= set(re.split(r"[ \r\n-]", said))


def test_tors_own_folder_names_the_bridge(bridged: House, bridge: str) -> None:
    def lies_there() -> bytes:
        return b"".join(path.read_bytes() for path in (bridged.state / "tor").iterdir() if path.is_file())

    if bridge.split()[1].encode() not in lies_there():
        launched_again(bridged)  # at its end tor keeps what it knows
    lying = lies_there()
    assert bridge.split()[1].encode() in lying
    assert bridge.split()[2].encode() in lying
    assert bridge.split()[3].encode() not in lying


def test_another_account_of_this_machine_reaches_its_door(bridged: House) -> None:
    inodes = {name.partition("[")[2][:-1] for name in processes.open_files(obfs4proxy(bridged)) if "socket:[" in name}
    table = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    (port,) = [int(row[1].partition(":")[2], 16) for row in table if row[9] in inodes and row[3] == "0A"]
    asks = "import socket, sys; line = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n"
    asks += "line.sendall(b'\\x05\\x01\\x00'); print(line.recv(2)[0])"
    stranger = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "/usr/bin/python3", "-c", asks]
    assert subprocess.run([*stranger, str(port)], capture_output=True, check=True, text=True).stdout == "5\n"


def test_the_program_that_speaks_to_a_bridge_sees_nothing_of_ours(bridged: House) -> None:
    pid = obfs4proxy(bridged)
    seen = {path.name for path in (Path("/proc") / str(pid) / "root").iterdir()}
    assert not seen & {"etc", "home", "root", "var", "srv", "opt"} - {"etc"}
    below = Path("/proc") / str(pid) / "root" / bridged.state.relative_to("/")
    assert {path.name for path in below.iterdir()} == {"run"}
    assert {path.name for path in (below / "run").iterdir()} == {"obfs4"}
    assert processes.facts(pid)["Seccomp"] == ["2"]
    assert processes.facts(pid)["CapEff"] == ["0" * 16]


def test_a_wrong_cert_is_one_sentence_at_launch_and_the_right_line_cures_it(bridged: House, bridge: str) -> None:
    before = len(bridged.said.read_text())
    bridged.stop()
    head, cert = bridge.split("cert=")
    bridged.launch(bridge=f"{head}cert={'A' * 30}{cert[30:]}")
    told = "no bridge answers: it is gone, its line is wrong, or this machine has no network. Another line: "
    processes.until(lambda: told in bridged.said.read_text()[before:], START, "the sentence")
    assert "./scripts/launch --bridge" in status(bridged.state)["bridge_trouble"]
    launched_again(bridged, bridge=bridge)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Say after three seconds why tor gets no further."""
    monkeypatch.setattr(reach, "_TRYING", 3.0)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("changed", "told"),
    [(2, "a bridge answers and is not the one"), (1, "no bridge answers"), (3, "no bridge answers")],
    ids=["fingerprint", "port", "cert"],
)
def test_a_bridge_that_is_another_and_one_that_is_gone_are_told_apart(
    house: House, bridge: str, changed: int, told: str
) -> None:
    words = bridge.split()
    words[changed] = ["", f"127.0.0.1:{free_port()}", "F" * 40, f"cert={'A' * 30}{words[3][35:]}"][changed]

    class Impatient(Heard):
        def say(self, line: str, *, bad: bool = False) -> None:
            super().say(line, bad=bad)
            if "Another line" in line:
                raise KeyboardInterrupt

    terminal = Impatient()
    with tempfile.TemporaryDirectory(prefix="way-") as folder:
        place = Path(folder)
        standing, _ = try_walls([place])
        way = Way(
            (" ".join(words),),
            partial(start_transport, place / "obfs4", partial(confine.around_transport, standing)),
            "./scripts/desk",
        )
        way.start()
        tor = start_tor(house.torrc, place / "tor", place / "run", options=way.tor_options)
        try:
            control = Control.connect(tor.control_socket)
            way.open(control)
            processes.until(lambda: told in way.trouble(control.bootstrap()), START, "what tor has learnt of it")
            with pytest.raises(KeyboardInterrupt):
                reach.wait_for_tor(tor, control, terminal, way)
        finally:
            tor.stop()
            way.stop()
    assert told in terminal.said[-1]
    assert terminal.said[-1].endswith("Another line: ./scripts/desk --bridge")


def test_a_volunteers_machine_meets_its_bridge_alone(
    house: House,
    bridge: str,
    private_network: PrivateNetwork,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    port, seen = free_port(), []

    def forward_for_a_moment(listeners: Any, dial: Any, say: Any, _: Any) -> None:
        over = threading.Event()
        carrying = threading.Thread(target=forward, args=(listeners, dial, say, over.is_set))
        carrying.start()
        seen.append(Volunteer(house.desk_url, through_loopback(port)).get("/login").has(name="passphrase"))
        over.set()
        carrying.join()

    monkeypatch.setattr(elsewhere, "forward", forward_for_a_moment)
    monkeypatch.setattr(elsewhere, "_TORRC", house.torrc)
    key = new_machine_key()
    line = next(
        one for one in manage_machine(house, "add", "bridged", key.shown).said.splitlines() if "scripts/" in one
    )
    _, onion, desk_url = line.split()
    here = f"{desk_url.rpartition(':')[0]}:{port}"
    try:
        with tempfile.TemporaryDirectory(prefix="far-") as folder:
            machine = Machine(key.private, onion, here, (bridge,))

            keep_machine(Path(folder, "key"), PASSPHRASE, machine)
            bridges.mark(State(Path(folder)), machine.bridges)

            def leads() -> bool:
                try:
                    elsewhere.desk("", "", Heard(PASSPHRASE), only_key=False, folder=Path(folder))
                except (DeskNotReached, MachineNotLetIn):  # its descriptor is on its way
                    return False
                except TorFailed:  # it leads there no more
                    pass
                return True

            with processes.traced([os.getpid()], CALLS, tmp_path / "trace"):
                processes.until(leads, START, "the desk through its onion")
    finally:
        manage_machine(house, "remove", "bridged")
    there = met(tmp_path / "trace")
    assert seen == [True]
    assert place_of(bridge) in there
    assert not {port for _, port in there} & set(private_network.relay_ports)
