"""P02: only a machine that the operator has added finds the desk's onion, and one that was removed finds it no more."""

import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onion_app.crypto.machine_keys import new_machine_key
from onion_app.elsewhere import __main__ as elsewhere
from onion_app.elsewhere.__main__ import connect
from onion_app.elsewhere.forward import forward
from onion_app.elsewhere.key_file import Machine, keep_machine
from onion_app.elsewhere.reach import dial_desk
from onion_app.errors import ClockOff, MachineNotLetIn, SanctuaryError, TorFailed
from onion_app.onion import socks
from onion_app.onion.control import Control
from onion_app.web.size import SHORT
from scripts.rehearsal.people import Person, Volunteer
from scripts.rehearsal.wire import request, through_loopback, through_tor
from tests import processes
from tests.far import Far, added, far_away, manage_machine
from tests.house import START, House
from tests.launch.manage import Heard
from tests.ports import free_port

PATIENCE = 60.0  # seconds for one try of somebody who shall not come in
SHORT_PATIENCE = 8.0  # seconds in which the desk would have answered; tor itself goes on for two minutes


@pytest.fixture(scope="module")
def machines(house: House) -> Iterator[list[Far]]:
    """Three machines elsewhere, of which the first two are added."""
    with (
        tempfile.TemporaryDirectory(prefix="far-") as folder,
        far_away(house, Path(folder, "one")) as one,
        far_away(house, Path(folder, "two")) as two,
        far_away(house, Path(folder, "three")) as three,
    ):
        added(house, one, "one")
        added(house, two, "two")
        for far in (one, two):
            far.connect()
        yield [one, two, three]
    for name in ("two", "three"):
        manage_machine(house, "remove", name)


def is_logged_in(volunteer: Volunteer) -> bool:
    return not volunteer.get("/").has(name="passphrase")


def test_nothing_is_reached_without_a_key_and_the_sites_onion_never_leads_to_the_desk(
    house: House, machines: list[Far]
) -> None:
    onion = machines[0].machine.onion
    assert onion != house.onion
    for port in (80, 443, 8390, house.desk_port):
        with pytest.raises(socks.SocksRefusedError):
            socks.dial(house.socks_port, onion, port, PATIENCE)
    stranger = Machine(new_machine_key().private, onion, machines[0].machine.desk_url)
    control = Control.connect(machines[2].tor.control_socket)
    control.let_in(onion, stranger.private)
    with pytest.raises(MachineNotLetIn):
        dial_desk(machines[2].tor, stranger)
    control.close()
    house.reached_by_tor()
    public = Person(through_tor(house.socks_port, house.onion), machines[0].volunteer().host)
    assert public.get("/login").status == 421


def test_from_elsewhere_the_desk_answers_to_its_own_name_alone_and_in_whole_sizes(machines: list[Far]) -> None:
    far = machines[0]
    for host in (far.machine.onion, "localhost", "127.0.0.1", ""):
        stranger = Person(lambda: dial_desk(far.tor, far.machine), host, {"Sec-Fetch-Site": "same-origin"})
        assert stranger.get("/login").status == 421
    volunteer = far.volunteer()
    for path in ("/login", "/join", "/nowhere", "/case/" + "0" * 32):
        volunteer.get(path)
        assert len(volunteer.seen[-1][1].raw) % SHORT == 0


def test_who_is_removed_comes_in_no_more_and_who_is_added_disturbs_nobody(
    house: House, coordinator: Volunteer, machines: list[Far]
) -> None:
    one, two, three = machines
    people = [one.volunteer(), two.volunteer()]
    people[0].login = people[1].login = coordinator.login
    assert people[0].log_in().having_class("circle")
    people[1].cookies = dict(people[0].cookies)  # a session is nobody's machine's, but that of its way
    copied = Volunteer(house.desk_url)
    copied.cookies = dict(people[0].cookies)
    assert not is_logged_in(copied)

    added(house, three, "three")
    three.connect()
    assert all(map(is_logged_in, people))

    with dial_desk(one.tor, one.machine) as before:  # a line that stays open, on a circuit that is there
        before.sendall(request("GET", "/login", people[0].host, None, {"Connection": "keep-alive"}))
        assert before.recv(65536)
        never_asks_again(one)
        manage_machine(house, "remove", "one")
        assert is_dead(before)
    with pytest.raises((TimeoutError, ConnectionError)):  # at the introduction points of the old descriptor
        socks.dial(one.tor.socks_socket, one.machine.onion, 80, SHORT_PATIENCE)
    asks_again(one)
    with pytest.raises(MachineNotLetIn):
        processes.until(lambda: refused_for_its_key(one), START, "the new descriptor")

    two.connect()
    processes.until(lambda: not is_logged_in(people[1]), START, "the end of every session from elsewhere")
    assert people[1].log_in().having_class("circle")
    assert people[1].get("/account").status == 200
    people[0].dial = people[1].dial
    assert not is_logged_in(people[0])


def test_what_a_volunteer_starts_leads_a_browser_of_that_machine_to_the_desk(
    house: House, machines: list[Far], monkeypatch: pytest.MonkeyPatch
) -> None:
    told, port, seen = machines[1].machine, free_port(), []

    def forward_for_a_moment(listeners: Any, dial: Any, say: Any, _: Any) -> None:
        over = threading.Event()
        carrying = threading.Thread(target=forward, args=(listeners, dial, say, over.is_set))
        carrying.start()
        browser = Volunteer(house.desk_url, through_loopback(port))
        seen.extend([browser.get("/login").has(name="passphrase"), listeners[0].getsockname()[0]])
        over.set()
        carrying.join()

    monkeypatch.setattr(elsewhere, "forward", forward_for_a_moment)
    monkeypatch.setattr(elsewhere, "_TORRC", house.torrc)
    here = told.desk_url.rpartition(":")[0] + f":{port}"  # the server's port is taken: both are on one machine
    with tempfile.TemporaryDirectory(prefix="far-") as folder:
        keep_machine(Path(folder, "key"), "a passphrase of mine", told)
        with pytest.raises(TorFailed):  # it leads there no more
            elsewhere.desk(told.onion, here, Heard("a passphrase of mine"), only_key=False, folder=Path(folder))
    assert seen == [True, "127.0.0.1"]


def test_a_machine_whose_clock_is_days_off_is_told_so(house: House, tmp_path: Path) -> None:
    late = tmp_path / "tor"
    late.write_text('#!/bin/sh\nexec faketime -f -3d tor "$@"\n')
    late.chmod(0o755)
    # What moves the clock is a library that tor's own sandbox does not let it load.
    with (
        tempfile.TemporaryDirectory(prefix="far-") as folder,
        far_away(house, Path(folder), tor=str(late), also="Sandbox 0\nNoExec 0\n") as far,
        pytest.raises(ClockOff),
    ):
        connect(far.tor, far.machine, Heard())


def never_asks_again(far: Far) -> None:
    """Have a tor keep to the descriptor that it has."""
    _set(far, "FetchHidServDescriptors=0")


def asks_again(far: Far) -> None:
    _set(far, "FetchHidServDescriptors=1")


def _set(far: Far, option: str) -> None:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(PATIENCE)
        line.connect(str(far.tor.control_socket))
        line.sendall(f"AUTHENTICATE\r\nSETCONF {option}\r\nQUIT\r\n".encode())
        answer = b""
        while piece := line.recv(4096):
            answer += piece
    assert answer.count(b"250 ") == 3, answer


def is_dead(line: socket.socket) -> bool:
    """Say whether a line ends, whatever was still on its way."""
    line.settimeout(PATIENCE)
    try:
        while line.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


def refused_for_its_key(far: Far) -> bool:
    try:
        dial_desk(far.tor, far.machine).close()
    except MachineNotLetIn:
        raise
    except SanctuaryError:
        return False
    raise AssertionError("a removed machine has reached the desk")
