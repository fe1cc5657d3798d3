"""What shows only when everything runs together: the launcher's start, and a page at the end of a Tor circuit."""

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from statistics import median

from onion_app.crypto.keyslots import open_slots
from onion_app.crypto.onion_key import new_onion_key
from onion_app.onion import programs, tor_process
from onion_app.onion.control import Control
from scripts.rehearsal.network import PrivateNetwork
from scripts.rehearsal.wire import read_answer, through_tor
from tests.bench.running import get, resident, server, timed, timed_answer
from tests.bench.sections import IDLE, Measured
from tests.house import House
from tests.processes import until
from tests.rehearsal import ROOT
from tests.served import Site

LAUNCHES = 7
LAUNCHED = 1.5  # seconds
CIRCUITS = 40  # to each of the two services; one is quicker than another, whatever is at its end
PAGES = 3  # on each circuit
PUBLISHED = 180.0  # seconds until a service is found
DIALLED = 15.0  # seconds until somebody who waits for a service dials again


def launch(site: Site) -> Iterator[Measured]:
    """Measure from the command to the first answer on the socket, less what tor and the passphrase take."""
    torrc = site.state.path / "torrc"
    torrc.write_text(f"{(ROOT / 'torrc.example').read_text()}\nDisableNetwork 1\n")
    home = House(site.state.path, torrc, 0)
    home.launch()  # for the state, and for the code that Python keeps compiled
    used = resident(home.launcher)
    home.stop()
    yield Measured("resident memory, idle: launcher", "MiB", used, IDLE, 1.0, used / IDLE)
    ours = median([_launched(home, number) for number in range(1, LAUNCHES + 1)])
    yield Measured("launch to first answer, tor and passphrase aside", "s", ours, LAUNCHED, 1.0, ours / LAUNCHED)


def _launched(home: House, number: int) -> float:
    _say(f"launch {number} of {LAUNCHES}")
    slots = (home.state / "vault.key").read_text()
    aside = timed(lambda: open_slots(slots, home.passphrase)) + timed(programs.version_of)
    began = time.perf_counter()
    home.begin()
    while not _answers(home.site_socket, get(home.onion, "/")):
        time.sleep(0.002)
    took = time.perf_counter() - began
    home.wait()
    home.stop()
    return took - aside / 1000


def _answers(path: Path, asked: bytes) -> bool:
    with socket.socket(socket.AF_UNIX) as line, suppress(OSError):
        line.connect(str(path))
        line.sendall(asked)
        return bool(read_answer(line).raw)
    return False


def circuits(site: Site) -> Iterator[Measured]:
    """Compare a page with a bare waitress and a constant page of the same size, both behind one tor."""
    keys = {"site": site.onion, "bare": new_onion_key()}
    with ExitStack() as stack:
        network = stack.enter_context(PrivateNetwork(site.state.path / "network", progress=_say))
        tor = tor_process.start_tor(network.torrc_for_service(ROOT / "torrc.example"), site.state.tor, site.state.run)
        stack.callback(tor.stop)
        for kind, key in keys.items():
            behind = stack.enter_context(server(kind, site, f"run/{kind}"))
            control = Control.connect(tor.control_socket)
            stack.callback(control.close)
            control.publish(key.secret, key.address, behind.path)
        times: dict[str, list[float]] = {kind: [] for kind in keys}
        for number in range(1, CIRCUITS + 1):
            _say(f"circuits {number} of {CIRCUITS}")
            with ExitStack() as open_lines:
                lines = {
                    kind: open_lines.enter_context(_line(network.socks_port, key.address)) for kind, key in keys.items()
                }
                for page in range(PAGES):
                    for kind, line in sorted(lines.items(), reverse=bool((number + page) % 2)):
                        asked = get(keys[kind].address, "/en/")
                        times[kind].append(timed_answer(line, asked))
    ours, limit = median(times["site"]), median(times["bare"])
    yield Measured("page through a Tor circuit", "ms", ours, limit, 1.05, ours / limit)


def _line(socks_port: int, onion: str) -> socket.socket:
    """Open a line on a circuit of its own; who meets a service that was published just now may have to dial again."""

    def dialled() -> socket.socket | None:
        with suppress(OSError):
            return through_tor(socks_port, onion, patience=DIALLED)()
        return None

    line = until(dialled, PUBLISHED, "a service behind tor")
    assert line
    return line


def _say(words: str) -> None:
    sys.stderr.write(f"{words} ...\n")
