"""A version comes from an onion through the tor of a running house, which leads to onions alone but meanwhile."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

from onion_app import errors
from onion_app.onion import socks
from tests.house import House
from tests.launch.makers import Quiet, Updating
from tests.launch.test_update_cut_off import asked, begun
from tests.processes import until

START = 120.0  # seconds until an onion is there; two on idle cores
_ONLY_ONIONS = 2  # SOCKS: not allowed by the rules


def say(control: Path, *orders: str) -> list[str]:
    """Tell tor something, and give the last line of each answer."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(control))
        with line.makefile("rw") as lines:
            lines.writelines(f"{order}\r\n" for order in ("AUTHENTICATE", *orders))
            lines.flush()
            return [lines.readline().strip() for _ in range(len(orders) + 1)][1:]


@contextmanager
def onion_of(folder: Path, control: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve a folder at an onion of this tor for a while; give its address, and how tor's socket was meanwhile."""
    sockets: list[str] = []

    class Looking(Quiet):
        def do_GET(self) -> None:  # noqa: N802 - the library's name
            sockets.extend(say(control, "GETCONF SocksPort"))
            super().do_GET()

    with (
        ThreadingHTTPServer(("127.0.0.1", 0), partial(Looking, directory=str(folder))) as web,
        socket.socket(socket.AF_UNIX) as line,
    ):
        threading.Thread(target=web.serve_forever, daemon=True).start()
        line.connect(str(control))
        with line.makefile("rw") as orders:
            orders.write("AUTHENTICATE\r\n")
            orders.write(f"ADD_ONION NEW:ED25519-V3 Flags=DiscardPK Port=80,127.0.0.1:{web.server_port}\r\n")
            orders.flush()
            said = [orders.readline() for _ in range(2)]
        try:
            yield f"{said[1].strip().partition('=')[2]}.onion", sockets
        finally:
            web.shutdown()


def leads_only_to_onions(state: Path) -> bool:
    try:
        socks.dial(state / "run" / "socks.sock", "example.com", 80, 20, circuit="probe").close()
    except socks.SocksRefusedError as refused:
        return refused.status == _ONLY_ONIONS
    except OSError:
        return False
    return False


def test_a_version_comes_from_an_onion_through_the_tor_that_runs(house: House, here: Updating, tmp_path: Path) -> None:
    here.makers.sign("2.1", "ada")
    here.makers.serve()
    here.state = house.state
    trace, control = tmp_path / "trace", house.state / "run" / "control.sock"
    calls = "trace=unshare,connect,sendto,sendmsg,sendmmsg,bind"
    assert leads_only_to_onions(house.state)
    with onion_of(here.folder, control) as (onion, sockets):
        until(lambda: _is_served(house.state, onion), START, "the makers' onion")
        here.fetch_from(f"http://{onion}/served.git")
        strace = ("strace", "-f", "--seccomp-bpf", "-qq", "-s", "200", "-e", calls, "-o", str(trace))
        done = here.update(typed="no\n", before=strace)
    assert "signed by ada" in done.said, done.said
    assert done.code == errors.NotConfirmed.exit_code, "the house goes on, for those who come after"
    assert sockets
    assert not any("OnionTrafficOnly" in each for each in sockets), "everywhere, while it is fetched"
    assert leads_only_to_onions(house.state)
    lines = trace.read_text().splitlines()
    alone = next(number for number, line in enumerate(lines) if re.search(r"unshare\(CLONE_NEW\w+.*\) += 0", line))
    assert not [line for line in lines[:alone] if "AF_INET" in line or "AF_NETLINK" in line]
    assert not [line for line in lines if "sin_port" in line and "127.0.0.1" not in line]
    assert not [line for line in lines if "htons(53)" in line]
    unix = {line.split('"')[1] for line in lines if " connect(" in line and "sun_path" in line}
    assert unix - {"/var/run/nscd/socket"} == {f"{house.state}/run/{name}.sock" for name in ("socks", "control")}


def test_a_kill_of_an_update_does_not_leave_the_tor_that_runs_open(house: House, here: Updating) -> None:
    here.makers.sign("2.1", "ada")
    here.makers.serve()
    here.state = house.state
    control = house.state / "run" / "control.sock"
    with onion_of(here.folder, control) as (onion, _):
        until(lambda: _is_served(house.state, onion), START, "the makers' onion")
        here.fetch_from(f"http://{onion}/served.git")
        with begun(here) as one:
            asked(one)
            assert not leads_only_to_onions(house.state)
            one.kill()
        until(lambda: leads_only_to_onions(house.state), START, "tor's socket as it was")


def _is_served(state: Path, onion: str) -> bool:
    try:
        socks.dial(state / "run" / "socks.sock", onion, 80, 20).close()
    except OSError:
        return False
    return True
