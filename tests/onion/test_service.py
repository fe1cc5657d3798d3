import base64
import logging
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from onion_app.crypto.onion_key import OnionKey, new_onion_key
from onion_app.errors import ControlLost, ServiceRefused
from onion_app.launch.self_check import tor_trouble
from onion_app.launch.state import State
from onion_app.launch.terminal import Terminal
from onion_app.launch.tor_supervisor import TorSupervisor
from onion_app.manage import through_tor
from onion_app.onion import tor_process, wire
from onion_app.onion.control import Control
from onion_app.onion.socks import dial
from onion_app.onion.tor_process import TorProcess
from onion_app.onion.wire import Wire
from scripts.rehearsal.network import PrivateNetwork
from scripts.rehearsal.wire import Answer, fetch
from tests.onion.lines import PAGE, ControlLine, Site, listeners, wait_for

INTRODUCED = "HS_STATE=HSCR_ESTABLISHED_WAITING"  # of a visitor's circuit, once the introduction point has said so


@pytest.fixture
def beside(lonely_tor: TorProcess) -> Path:
    """Name the site's socket of the tor without network."""
    return lonely_tor.control_socket.with_name("site.sock")


@pytest.fixture
def alone(lonely_tor: TorProcess) -> Iterator[Control]:
    """Connect to the tor without network."""
    connection = Control.connect(lonely_tor.control_socket)
    yield connection
    connection.close()


def reach(proxy: Path | int, address: str, circuit: str) -> Answer:
    """Fetch the page, and try again while the descriptor or the introduction points are still finding their place."""
    answer: list[Answer] = []

    def answered() -> bool:
        try:
            answer.append(fetch(proxy, address, circuit=circuit))
        except OSError:
            return False
        return True

    wait_for(answered)
    return answer[0]


def test_what_is_published_is_reached_through_tor_alone_and_again_at_the_same_address(
    private_network: PrivateNetwork, tor: TorProcess, control: Control, site: Site, key: OnionKey
) -> None:
    wait_for(lambda: control.bootstrap().percent == 100)
    assert control.publish(key.secret, key.address, Path(str(site.server_address))), "with proof of work"
    assert control.uploaded.wait(300)
    wait_for(lambda: not tor_trouble(control.health(), time.time()))
    answer = reach(private_network.socks_port, key.address, "first")
    assert (answer.status, answer.body, len(answer.raw)) == (200, b"hello", len(PAGE))

    assert not listeners(tor.pid)

    # The self-check's way: through our own tor's unix socket.
    assert reach(tor.socks_socket, key.address, "check").body == b"hello"

    # The service goes with the connection that made it: a line that is open stays open, and nobody gets another one.
    with dial(private_network.socks_port, key.address, 80, 120, circuit="first") as visitor:
        control.close()
        visitor.sendall(b"POST / HTTP/1.1\r\n\r\n")
        assert visitor.recv(1024) == PAGE
        for circuit in ("first", "of somebody new"):
            with pytest.raises(OSError, match=r"SOCKS|timed out"):
                fetch(private_network.socks_port, key.address, circuit=circuit)

    again = Control.connect(tor.control_socket)
    assert not again.health().published
    again.publish(key.secret, key.address, Path(str(site.server_address)))
    assert again.uploaded.wait(300)
    assert reach(private_network.socks_port, key.address, "second").body == b"hello"
    nothing_names_the_service(tor, key)
    again.close()


def test_a_visitor_whose_introduction_was_lost_is_let_in_without_asking_again(
    private_network: PrivateNetwork, tor: TorProcess, control: Control, site: Site, key: OnionKey, place: Path
) -> None:
    way_to_site, torrc = Path(str(site.server_address)), place / "torrc"
    control.publish(key.secret, key.address, way_to_site)
    # What becomes the service asks as a visitor first: with the options of the network's own client.
    options = (private_network.folder / "client" / "torrc").read_text().splitlines()
    torrc.write_text("\n".join(each for each in options if not each.startswith(("DataDirectory", "Log", "SocksPort"))))
    again = tor_process.start_tor(torrc, place / "again", place / "run-again")
    way_again = again.control_socket.with_name("site.sock")
    way_again.symlink_to(way_to_site)
    second = Control.connect(again.control_socket)
    wait_for(lambda: second.bootstrap().percent == 100)
    reach(again.socks_socket, key.address, "before")

    # The introduction point takes the visitor's words for a tor that never reads them.
    os.kill(tor.pid, signal.SIGSTOP)
    with ThreadPoolExecutor() as thread, ControlLine(again.control_socket) as line:
        waiting = thread.submit(dial, again.socks_socket, key.address, 80, 150, circuit="lost")
        wait_for(lambda: INTRODUCED in line.say("GETINFO circuit-status"))
        os.kill(tor.pid, signal.SIGKILL)
        tor.stop()
        second.publish(key.secret, key.address, way_again)
        with waiting.result() as visitor:
            visitor.sendall(b"POST / HTTP/1.1\r\n\r\n")
            assert visitor.recv(1024) == PAGE
    second.close()
    again.stop()


def nothing_names_the_service(tor: TorProcess, key: OnionKey) -> None:
    """Look for the key and the address in everything that tor has written or said."""
    names = [key.address.removesuffix(".onion").encode(), key.secret, base64.b64encode(key.secret)[:40]]
    names += [key.secret[:32], base64.b32decode(names[0].upper())[:32]]
    files = [path for path in tor.control_socket.parent.with_name("tor").rglob("*") if path.is_file()]
    assert len(files) > 3
    for text in (*(path.read_bytes() for path in files), "\n".join(tor.complaints()).encode()):
        assert not [name for name in names if name in text or name.hex().encode() in text.lower()]


def test_a_killed_tor_is_noticed_within_seconds(mortal_tor: TorProcess, key: OnionKey) -> None:
    watching = Control.connect(mortal_tor.control_socket)
    serving = Control.connect(mortal_tor.control_socket)
    serving.publish(key.secret, key.address, mortal_tor.control_socket.with_name("site.sock"))
    os.kill(mortal_tor.pid, signal.SIGKILL)
    assert serving.lost.wait(60)  # not when somebody asks
    assert watching.lost.wait(60)
    for question in (serving.health, serving.bootstrap, watching.health):
        with pytest.raises(ControlLost):
            question()
    with pytest.raises(ControlLost):
        Control.connect(mortal_tor.control_socket)


def test_a_tor_that_stands_still_counts_as_lost(mortal_tor: TorProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Control.connect(mortal_tor.control_socket)
    monkeypatch.setattr(wire, "_ANSWER", 0.5)
    os.kill(mortal_tor.pid, signal.SIGSTOP)
    with pytest.raises(ControlLost):
        connection.health()
    assert connection.lost.is_set()
    os.kill(mortal_tor.pid, signal.SIGCONT)


def test_a_connection_is_closed_twice_like_once(lonely_tor: TorProcess) -> None:
    control = Control.connect(lonely_tor.control_socket)
    control.close()
    control.close()
    assert control.lost.is_set()


def unknown_to_tor(word: str, patch: pytest.MonkeyPatch) -> list[str]:
    """Have tor not know a word, as if it were older: it is told another in its place. Give the list of what is said."""
    said: list[str] = []
    ask = Wire.ask

    def mistold(asked: Wire, line: str) -> list[tuple[str, str, str]]:
        said.append(line)
        return ask(asked, line.replace(word, "Unheard"))

    patch.setattr(Wire, "ask", mistold)
    return said


def test_a_tor_without_proof_of_work_is_used_without_and_said(
    alone: Control, key: OnionKey, beside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = unknown_to_tor("PoWDefensesEnabled", monkeypatch)
    assert not alone.publish(key.secret, key.address, beside)
    assert alone.health().published
    asked = [line for line in said if line.startswith("ADD_ONION")]
    assert ["PoWDefensesEnabled=1" in line for line in asked] == [True, False]
    assert all("DiscardPK" in line and "MaxStreamsCloseCircuit" in line for line in asked)
    assert not any("Detach" in line or "NonAnonymous" in line for line in asked)


def test_a_tor_that_refuses_the_service_is_named(
    alone: Control, key: OnionKey, beside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown_to_tor("Port=", monkeypatch)
    with pytest.raises(ServiceRefused) as refused:
        alone.publish(key.secret, key.address, beside)
    assert refused.value.args == ("tor answered 512",)
    assert not alone.health().published


def test_a_key_of_another_address_is_not_published(
    lonely_tor: TorProcess, alone: Control, key: OnionKey, beside: Path
) -> None:
    with pytest.raises(ServiceRefused):
        alone.publish(key.secret, new_onion_key().address, beside)
    assert alone.lost.is_set()
    with ControlLine(lonely_tor.control_socket) as line:
        assert key.address[:56] not in line.say("GETINFO onions/current") + line.say("GETINFO onions/detached")
        # The address is free again at once: nothing of it was left behind.
        assert "ServiceID" in line.say(f"ADD_ONION ED25519-V3:{base64.b64encode(key.secret).decode()} Port=80")


def test_a_service_still_held_by_a_dying_connection_is_waited_for(
    lonely_tor: TorProcess, alone: Control, key: OnionKey, beside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ControlLine(lonely_tor.control_socket)
    before.say(f"ADD_ONION ED25519-V3:{base64.b64encode(key.secret).decode()} Flags=DiscardPK Port=80")
    tries: list[str] = []
    ask = Wire.ask

    def counted(asked: Wire, line: str) -> list[tuple[str, str, str]]:
        tries.append(line)
        if len(tries) == 3:
            before.__exit__()
        return ask(asked, line)

    monkeypatch.setattr(Wire, "ask", counted)
    assert alone.publish(key.secret, key.address, beside)
    assert len(tries) >= 3


def test_services_of_others_are_never_touched(
    lonely_tor: TorProcess, alone: Control, key: OnionKey, beside: Path
) -> None:
    other = new_onion_key()
    with ControlLine(lonely_tor.control_socket) as line:
        line.say(f"ADD_ONION ED25519-V3:{base64.b64encode(other.secret).decode()} Flags=DiscardPK Port=80")
        alone.publish(key.secret, key.address, beside)
        alone.close()
        assert other.address[:56] in line.say("GETINFO onions/current")


def test_the_site_is_reached_by_its_bare_name_in_tors_own_folder(
    alone: Control, key: OnionKey, beside: Path, tmp_path: Path
) -> None:
    for elsewhere in (tmp_path / "site.sock", beside.with_name("site sock"), beside.with_name("a\r\nb")):
        with pytest.raises(ServiceRefused):
            alone.publish(key.secret, key.address, elsewhere)


def test_without_a_network_a_service_is_published_once_and_not_called_healthy(
    alone: Control, key: OnionKey, beside: Path
) -> None:
    alone.publish(key.secret, key.address, beside)
    with pytest.raises(ServiceRefused):
        alone.publish(key.secret, key.address, beside)
    health = alone.health()
    assert (health.published, health.circuits, bool(tor_trouble(health, time.time()))) == (True, False, True)
    assert not alone.uploaded.is_set()
    assert alone.bootstrap().percent < 100


def test_a_tor_that_is_told_to_look_again_keeps_the_service(alone: Control, key: OnionKey, beside: Path) -> None:
    alone.publish(key.secret, key.address, beside)
    alone.look_again()
    health = alone.health()
    assert health.published
    assert not alone.lost.is_set()
    assert health.relays_until == 0.0, "it has never had a list"


@pytest.mark.parametrize(
    ("said", "until"),
    [("2026-11-29 22:00:00", 1_795_989_600.0), ("", 0.0), ("soon", 0.0), ("2026-13-40 99:00:00", 0.0)],
)
def test_the_end_of_the_list_of_relays_is_read_in_utc(
    alone: Control, monkeypatch: pytest.MonkeyPatch, said: str, until: float
) -> None:
    monkeypatch.setenv("TZ", "Asia/Baghdad")
    time.tzset()
    try:
        monkeypatch.setattr(Control, "_facts", lambda *_: {"consensus/valid-until": said})
        assert alone.health().relays_until == until
    finally:
        monkeypatch.undo()
        time.tzset()


def test_tor_keeps_watching_over_our_process(lonely_tor: TorProcess, alone: Control) -> None:
    assert not alone.lost.is_set()
    with ControlLine(lonely_tor.control_socket) as line:
        assert f"__OwningControllerProcess={os.getpid()}" in line.say("GETCONF __OwningControllerProcess")
        alone.close()
        assert "250" in line.say("GETINFO version")  # and a lost connection does not end tor


def test_no_log_record_holds_what_is_said_to_tor(
    lonely_tor: TorProcess, key: OnionKey, beside: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(1):
        logging.getLogger("stem").setLevel(1)
        control = Control.connect(lonely_tor.control_socket)
        control.publish(key.secret, key.address, beside)
        control.close()
    assert not caplog.records


def test_the_launcher_knows_of_a_tor_without_proof_of_work(
    lonely_tor: TorProcess, key: OnionKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown_to_tor("PoWDefensesEnabled", monkeypatch)
    way_in = TorSupervisor(State(lonely_tor.control_socket.parents[1]), key, lambda: lonely_tor, Terminal())
    way_in.start(0.0)
    way_in.step(0.0)
    assert way_in.status.proof_of_work is False
    way_in.withdraw()


def test_an_update_leaves_a_tor_its_bridges_and_its_socket_as_they_were(mortal_tor: TorProcess) -> None:
    bridge = f"obfs4 127.0.0.1:9 {'A' * 40} cert={'b' * 70} iat-mode=0"
    options = "GETCONF UseBridges Bridge ClientTransportPlugin DisableNetwork SocksPort"
    state = State(mortal_tor.control_socket.parents[1])
    with ControlLine(mortal_tor.control_socket) as line:
        line.say(f'SETCONF UseBridges=1 ClientTransportPlugin="obfs4 socks5 127.0.0.1:9" Bridge="{bridge}"')
        before = line.say(options)
        through_tor._set_socks(state, onions_only=False)
        meanwhile = line.say(options)
        through_tor._set_socks(state, onions_only=True)
        assert line.say(options) == before
    assert bridge in before
    assert meanwhile == before.replace(" OnionTrafficOnly", "")
    assert meanwhile != before
