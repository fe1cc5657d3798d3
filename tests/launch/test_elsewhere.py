"""`scripts/desk` and `manage machine`: each obstacle has its sentence, and nothing of a machine lies open."""

import re
import socket
import socketserver
import threading
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from onion_app.crypto.machine_keys import new_machine_key
from onion_app.crypto.onion_key import new_onion_key
from onion_app.elsewhere import __main__ as elsewhere
from onion_app.elsewhere import reach
from onion_app.elsewhere.forward import forward
from onion_app.elsewhere.key_file import Machine, open_machine
from onion_app.errors import (
    BadUsage,
    ClockOff,
    DeskNotReached,
    LauncherSilent,
    LauncherSuspended,
    MachineKeyMistyped,
    MachineListRefused,
    MachineNotLetIn,
    SanctuaryError,
    WrongPassphrase,
)
from onion_app.launch import manage_socket
from onion_app.launch.far_order import MOST_MACHINES, far_desk_order, read_far_desk
from onion_app.launch.manage_socket import _LONGEST
from onion_app.launch.way import Way
from onion_app.onion import socks
from onion_app.onion.control import Bootstrap, Control
from onion_app.vault import settings
from onion_app.vault.settings import FarDesk
from tests.launch.conftest import Installation
from tests.launch.keeping import Kept
from tests.launch.manage import Done, Heard, with_secret
from tests.onion.lines import Serving
from tests.rehearsal import ROOT

LINE = (f"{'a' * 56}.onion", f"http://{'b' * 16}.localhost:8390")
PASSPHRASE = "a passphrase of mine"


@pytest.mark.usefixtures("nothing_is_stretched")
def test_the_key_is_made_once_and_is_locked_with_the_desks_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Heard("too short", PASSPHRASE, "another one", PASSPHRASE, PASSPHRASE)
    elsewhere.desk("", "", first, only_key=False, folder=tmp_path / "far")
    file = tmp_path / "far" / "key"
    machine = open_machine(file, PASSPHRASE)
    assert f"    {machine.key.shown}" in first.said
    led = []
    monkeypatch.setattr(elsewhere, "_lead", lambda machine, *_: led.append(machine))
    elsewhere.desk(*LINE, Heard(PASSPHRASE), only_key=False, folder=tmp_path / "far")
    elsewhere.desk("", "", Heard(PASSPHRASE), only_key=False, folder=tmp_path / "far")
    assert [(each.private, each.onion, each.desk_url) for each in led] == [(machine.private, *LINE)] * 2
    lying = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in (machine.private, machine.private.hex().encode(), LINE[0].encode(), b"localhost"):
        assert secret not in lying
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.usefixtures("nothing_is_stretched")
def test_a_wrong_passphrase_and_a_wrong_line_have_each_a_sentence(tmp_path: Path) -> None:
    elsewhere.desk("", "", Heard(PASSPHRASE, PASSPHRASE), only_key=True, folder=tmp_path)
    with pytest.raises(WrongPassphrase) as wrong:
        elsewhere.desk("", "", Heard("another one here"), only_key=True, folder=tmp_path)
    assert "./scripts/desk" in wrong.value.told
    for line in ((LINE[0], ""), (LINE[1], LINE[0]), ("example.org", LINE[1]), (LINE[0], "http://example.org:8390")):
        with pytest.raises(BadUsage):
            elsewhere.desk(*line, Heard(), only_key=False, folder=tmp_path)


@pytest.mark.parametrize(
    ("failure", "named"),
    [
        (socks.SocksRefusedError(0xF4), MachineNotLetIn),
        (socks.SocksRefusedError(0xF5), MachineNotLetIn),
        (socks.SocksRefusedError(0xF0), DeskNotReached),
        (TimeoutError(), DeskNotReached),
    ],
    ids=["no key", "wrong key", "desk down", "silence"],
)
def test_why_the_desk_is_not_reached_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, failure: Exception, named: type[SanctuaryError]
) -> None:
    def refuse(*_: object) -> None:
        raise failure

    class Tor:
        socks_socket = Path("socks.sock")

    monkeypatch.setattr(socks, "dial", refuse)
    with pytest.raises(named):
        reach.dial_desk(Tor(), Machine(bytes(32), *LINE))  # type: ignore[arg-type]


class Asked:
    """A tor that notes what it is told; with what it found of onions it forgets the keys that it was given."""

    socks_socket = Path("socks.sock")

    def __init__(self) -> None:
        self.told: list[str] = []

    def forget_onions(self) -> None:
        self.told.append("forget")

    def let_in(self, *_: object) -> None:
        self.told.append("let in")

    def bootstrap(self) -> Bootstrap:
        return Bootstrap(100, "Done")


class Dialled:
    """The desk's onion as it answers one try after the other; the last answer stays."""

    def __init__(self, *answers: int, now: list[float]) -> None:
        self.answers = list(answers)
        self.now = now

    def __call__(self, *_: object) -> socket.socket:
        self.now[0] += 1
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if status:
            raise socks.SocksRefusedError(status)
        return socket.socket()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Give the time in seconds, which goes by where somebody waits."""
    gone = [0.0]
    passing = {"monotonic": lambda: gone[0], "sleep": lambda seconds: gone.append(gone.pop() + seconds)}
    monkeypatch.setattr(reach, "time", SimpleNamespace(**passing, strftime=time.strftime))
    return gone


def test_a_machine_that_was_added_a_moment_ago_waits_until_the_directories_know_it(
    monkeypatch: pytest.MonkeyPatch, now: list[float]
) -> None:
    asked: Any = Asked()
    monkeypatch.setattr(socks, "dial", Dialled(0xF0, 0xF5, 0, now=now))
    reach.DeskOnion(asked, asked, Machine(bytes(32), *LINE)).find()
    assert asked.told == ["let in", "forget", "let in", "forget", "let in"]


def test_browsers_that_fail_at_once_have_tor_forget_once(monkeypatch: pytest.MonkeyPatch, now: list[float]) -> None:
    asked: Any = Asked()
    monkeypatch.setattr(socks, "dial", Dialled(0xF0, now=now))
    desk = reach.DeskOnion(asked, asked, Machine(bytes(32), *LINE))
    for _ in range(13):  # a second each
        with pytest.raises(DeskNotReached):
            desk.dial()
    assert asked.told.count("forget") == 2


@pytest.mark.parametrize(("status", "named"), [(0xF5, MachineNotLetIn), (0xF0, DeskNotReached)])
def test_whom_the_desk_never_lets_in_is_told_after_half_a_minute(
    monkeypatch: pytest.MonkeyPatch, now: list[float], status: int, named: type[SanctuaryError]
) -> None:
    asked: Any = Asked()
    monkeypatch.setattr(socks, "dial", Dialled(status, now=now))
    with pytest.raises(named):
        reach.DeskOnion(asked, asked, Machine(bytes(32), *LINE)).find()
    assert 30 < now[0] < 60


def test_the_bar_of_tor_ends_at_its_end() -> None:
    heard, asked = Heard(), Asked()
    reach.wait_for_tor(None, asked, heard, Way())  # type: ignore[arg-type]
    assert heard.said == ["tor: 100% Done"]


class Tor(Serving):
    """Answers a control connection in tor's own words on how far it is, one after the other; the last stays."""

    def __init__(self, path: Path, *phases: str) -> None:
        super().__init__(str(path), Phase)
        self.phases = list(phases)

    def phase(self) -> str:
        return self.phases.pop(0) if len(self.phases) > 1 else self.phases[0]

    def ended(self) -> None:
        """Go on."""


class Phase(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        for order in self.rfile:
            if order.startswith(b"GETINFO"):
                self.wfile.write(f"250-status/bootstrap-phase={self.server.phase()}\r\n".encode())  # type: ignore[attr-defined]
            self.wfile.write(b"250 OK\r\n")


BEGUN = 'BOOTSTRAP PROGRESS=14 TAG=handshake SUMMARY="Handshaking with a relay"'
RELAY = f'HOSTID="{"A" * 40}" HOSTADDR="127.0.0.1:9001"'
BEHIND = (
    'WARN BOOTSTRAP PROGRESS=40 TAG=loading_keys SUMMARY="Loading authority key certs" WARNING="Clock skew -258941 in '
    'microdesc flavor consensus from CONSENSUS" REASON=CLOCK_SKEW COUNT=4 RECOMMENDATION=warn HOSTID="?" HOSTADDR="?"'
)
AHEAD = f'WARN {BEGUN} WARNING="DONE" REASON=DONE COUNT=36 RECOMMENDATION=warn {RELAY}'
DONE = 'NOTICE BOOTSTRAP PROGRESS=100 TAG=done SUMMARY="Done"'


def waited(folder: Path, *phases: str) -> list[str]:
    """Wait for a tor that says this, and give what is said on the terminal."""
    heard = Heard()
    with Tor(folder / "control.sock", *phases) as tor, closing(Control.connect(folder / "control.sock")) as control:
        reach.wait_for_tor(tor, control, heard, Way())  # type: ignore[arg-type]
    return heard.said


def test_a_clock_that_is_behind_is_named(tmp_path: Path, now: list[float]) -> None:
    with pytest.raises(ClockOff) as off:
        waited(tmp_path, f"NOTICE {BEGUN}", BEHIND)
    assert "UTC" in off.value.told
    assert now[0] < 20


@pytest.mark.usefixtures("now")
def test_a_clock_that_is_ahead_of_which_tor_hears_nothing_is_asked_about_once(tmp_path: Path) -> None:
    said = waited(tmp_path, *[AHEAD] * 100, DONE)
    [line] = [line for line in said if not line.startswith("tor: ")]
    assert re.fullmatch(re.escape(reach._LEFT_AGAIN) + r" says \d\d\.\d\d\.\d{4} \d\d:\d\d UTC[+-]\d{4}", line)
    assert reach._LEFT_AGAIN in (ROOT / "docs" / "moderator-guide.md").read_text()
    soon = waited(tmp_path, *[AHEAD] * 10, DONE)
    assert soon == ["tor: 14% Handshaking with a relay", "tor: 100% Done"], "a slow relay is none"


def test_what_a_browser_sends_arrives_and_what_comes_back_too() -> None:
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as door, socket.create_server(("127.0.0.1", 0)) as desk:
        carrying = threading.Thread(
            target=forward,
            args=([door], lambda: socket.create_connection(desk.getsockname()), lambda _: None, over.is_set),
        )
        carrying.start()
        try:
            with closing(socket.create_connection(door.getsockname())) as browser:
                browser.sendall(b"GET")
                there, _ = desk.accept()
                with there:
                    assert there.recv(3) == b"GET"
                    there.sendall(b"page")
                assert browser.recv(10) == b"page"
                assert browser.recv(10) == b""
        finally:
            over.set()
            carrying.join()


def test_the_operators_list_is_kept_in_desk_db_and_refuses_what_cannot_be(installation: Installation) -> None:
    def machine(*words: str) -> Done:
        return with_secret(installation.state, installation.printed["passphrase"], "machine", *words)

    one, two = new_machine_key(), new_machine_key()
    assert "no onion" in machine("list").said
    added = machine("add", "laptop of A", *one.shown.split())
    assert added.error is None
    assert "./scripts/desk " in added.said
    for words, error in (
        (("add", "another", one.shown), MachineListRefused),
        (("add", "laptop of A", two.shown), MachineListRefused),
        (("add", "a\x1b[2Jb", two.shown), MachineListRefused),  # a terminal's own order
        (("add", "another", two.shown[:-1]), MachineKeyMistyped),
        (("add", "another", two.public + one.shown[-2:]), MachineKeyMistyped),
        (("remove", "another"), MachineListRefused),
    ):
        assert type(machine(*words).error) is error, words
    listed = machine("list").said
    assert one.shown in listed
    assert listed.splitlines()[-1] == added.said.splitlines()[-1]  # the line, once more
    removed = machine("remove", "laptop of A", "--new-address").said
    assert "./scripts/manage remove HANDLE" in removed
    assert removed.count(".onion") == 1
    assert added.said.split(".onion")[0].split()[-1] not in removed


@pytest.mark.parametrize("failed", [LauncherSilent, LauncherSuspended])
def test_a_machine_counts_as_removed_only_when_the_launcher_knows_and_once_more_tells_it(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, failed: type[SanctuaryError]
) -> None:
    def silent(*_: object) -> dict[str, object]:
        raise failed

    with kept.opened() as world:
        settings.change_far_desk(world.desk, FarDesk(new_onion_key(), {"taken": new_machine_key().public}))
    monkeypatch.setattr(manage_socket, "ask_launcher", silent)
    done = with_secret(kept.place.path, kept.passphrase, "machine", "remove", "taken")
    assert type(done.error) is failed
    assert "is removed" not in done.said
    assert "No launcher runs" not in done.said
    orders: list[str] = []

    def awake(_: Path, order: str) -> dict[str, object]:
        orders.append(order)
        return {"taken": True}

    monkeypatch.setattr(manage_socket, "ask_launcher", awake)
    again = with_secret(kept.place.path, kept.passphrase, "machine", "remove", "taken")
    assert type(again.error) is MachineListRefused
    [order] = orders
    far, drops = read_far_desk(order)
    assert (far.machines, drops) == ({}, True)


@pytest.mark.parametrize("others", [0, MOST_MACHINES - 1])
def test_adding_the_same_machine_once_more_tells_a_launcher_that_did_not_hear(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, others: int
) -> None:
    with kept.opened() as world:
        before = {str(number): new_machine_key().public for number in range(others)}
        settings.change_far_desk(world.desk, FarDesk(new_onion_key(), before))
    orders: list[str] = []

    def launcher(_: Path, order: str) -> dict[str, object]:
        orders.append(order)
        if len(orders) == 1:
            raise LauncherSilent
        return {"taken": True}

    monkeypatch.setattr(manage_socket, "ask_launcher", launcher)
    key, other = new_machine_key(), new_machine_key()

    def added(name: str, letters: str) -> Done:
        return with_secret(kept.place.path, kept.passphrase, "machine", "add", name, letters)

    unheard = added("laptop", key.shown)
    assert type(unheard.error) is LauncherSilent
    assert "is added" not in unheard.said
    again = added("laptop", key.shown)
    assert again.error is None
    assert "./scripts/desk " in again.said
    assert orders[1] == orders[0]
    far, drops = read_far_desk(orders[1])
    assert (key.public in far.machines, len(far.machines), drops) == (True, others + 1, False)
    for name, letters in (("laptop", other.shown), ("phone", key.shown)):
        assert type(added(name, letters).error) is MachineListRefused
    assert len(orders) == 2, "who typed another name or key changed nothing"


def test_there_is_no_room_for_one_machine_more_than_fit(kept: Kept) -> None:
    machines = {str(number): new_machine_key().public for number in range(MOST_MACHINES)}
    with kept.opened() as world:
        settings.change_far_desk(world.desk, FarDesk(new_onion_key(), machines))
    words = ("machine", "add", "one more", new_machine_key().shown)
    assert type(with_secret(kept.place.path, kept.passphrase, *words).error) is MachineListRefused


def test_the_longest_list_fits_into_one_order() -> None:
    machines = {str(number): new_machine_key().public for number in range(MOST_MACHINES)}
    order = far_desk_order(FarDesk(new_onion_key(), machines), drop_all=True)
    assert len(order) + 64 < _LONGEST
    far, drops = read_far_desk(order)
    assert (list(far.machines.values()), drops) == (list(machines.values()), True)
    for wrong in ("machines ", "machines drop", "machines drop 00", order + " x", order.replace("drop", "maybe")):
        with pytest.raises(ValueError, match=r"."):
            read_far_desk(wrong)
