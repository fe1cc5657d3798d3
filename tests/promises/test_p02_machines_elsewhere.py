"""P02: only a machine that the operator has added finds the desk's onion, and one that was removed finds it no more."""

import socket
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from onion_app.crypto.machine_keys import new_machine_key
from onion_app.elsewhere.__main__ import connect
from onion_app.elsewhere.key_file import Machine
from onion_app.elsewhere.reach import dial_desk
from onion_app.errors import ClockOff, DeskNotReached, MachineNotLetIn, SanctuaryError, WrongPassphrase
from onion_app.onion import socks
from onion_app.onion.control import Control
from onion_app.web.size import SHORT
from scripts.rehearsal.network import PrivateNetwork
from scripts.rehearsal.people import Person, Volunteer
from scripts.rehearsal.wire import request, through_tor
from tests import processes
from tests.browser import Browser
from tests.far import Far, added, far_away, manage_machine
from tests.house import START, House
from tests.journeys.steps import answer_in, log_in
from tests.laptop import PASSPHRASE, Laptop, laptops
from tests.launch.manage import Heard

PATIENCE = 180.0  # seconds for one try of somebody who shall not come in
TOPIC = {"first": "talk", "second": "training"}
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
    listed = manage_machine(house, "list").said
    for name in ("one", "two", "three"):
        if f"{name}: " in listed:
            manage_machine(house, "remove", name)


def is_logged_in(volunteer: Volunteer) -> bool:
    return not volunteer.get("/").has(name="passphrase")


def test_until_a_machine_is_added_the_desk_has_no_onion(house: House) -> None:
    house.reached_by_tor()
    assert onions_of(house) == {house.onion}


def test_nothing_is_reached_without_a_key_and_the_sites_onion_never_leads_to_the_desk(
    house: House, machines: list[Far]
) -> None:
    onion = machines[0].machine.onion
    assert onion != house.onion
    assert onions_of(house) == {house.onion, onion}
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


def test_from_elsewhere_the_desk_answers_to_its_own_name_alone_and_in_whole_sizes(
    house: House, machines: list[Far]
) -> None:
    far = machines[0]
    for host in (far.machine.onion, house.onion, "localhost", "127.0.0.1", ""):
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


@processes.only_root_looks_in
def test_two_volunteers_elsewhere_answer_in_firefox_and_who_is_removed_is_cut_off(
    house: House, coordinator: Volunteer, private_network: PrivateNetwork
) -> None:
    """From the clone on each types two lines, and the operator one; no line of theirs leads anywhere but to a relay."""
    people = {"first": coordinator.login, "second": another_member(house).login}
    asked = {name: house.visitor() for name in people}
    codes = {name: asked[name].hand_in("ask", "I want to talk.", topic=TOPIC[name], answer_in="en") for name in people}
    with (
        tempfile.TemporaryDirectory(prefix="far-") as folder,
        laptops(house, private_network.relay_ports, Path(folder), names=people) as machines,
    ):
        lines = {name: let_in(house, name, makes_key(laptop)) for name, laptop in machines.items()}
        at_work = {name: laptop.types(*lines[name].split()[1:]) for name, laptop in machines.items()}
        windows = {name: laptop.firefox() for name, laptop in machines.items()}
        for name, terminal in at_work.items():
            terminal.reads("Passphrase of this machine: ")
            terminal.types(PASSPHRASE)
            url = terminal.reads(r"Desk: (http://\S+)/ ")[1]
            log_in(windows[name], url, people[name])
            answer_in(windows[name], case_at_desk(house, codes[name]), f"Answer of the {name}.")
            assert f"Answer of the {name}." in asked[name].come_back(codes[name]).main.text

        manage_machine(house, "remove", "first")
        assert not windows["first"].reaches(house.desk_url)
        at_work["first"].reads("does not know the key of this machine.*\\n    ./scripts/desk --key")
        assert at_work["first"].presses_ctrl_c() == 0
        processes.kill(processes.role(house.launcher, "tor")[0].pid)  # it comes again, and the onion at its address
        processes.until(lambda: is_asked_to_log_in(windows["second"], house.desk_url), START, "the other's way back")
        log_in(windows["second"], house.desk_url, people["second"])
        answer_in(windows["second"], case_at_desk(house, codes["second"]), "And another word.")
        assert "And another word." in asked["second"].come_back(codes["second"]).main.text

        mistaken = machines["first"].types()
        mistaken.reads("Passphrase of this machine: ")
        mistaken.types("a passphrase of yours")
        mistaken.reads("The passphrase is wrong.*\\n    ./scripts/desk")
        assert mistaken.ends() == WrongPassphrase.exit_code
    manage_machine(house, "remove", "second")


@processes.only_root_looks_in
def test_while_the_desk_is_down_a_volunteer_reads_so_before_and_after_it_was_found(
    house: House, private_network: PrivateNetwork
) -> None:
    down = r"The desk does not answer: [^$]*?\n    \./scripts/desk"  # the lines are as long as a screen is wide
    with (
        tempfile.TemporaryDirectory(prefix="far-") as folder,
        laptops(house, private_network.relay_ports, Path(folder), names=["only"]) as machines,
    ):
        laptop = machines["only"]
        at_work = laptop.types(*let_in(house, "only", makes_key(laptop)).split()[1:])
        at_work.reads("Passphrase of this machine: ")
        at_work.types(PASSPHRASE)
        host = at_work.reads(r"Desk: http://(\S+)/ ")[1]
        assert laptop.inside(lambda: answer_to(host)).startswith(b"HTTP/1.1 200")
        assert house.stop() == 0
        try:
            assert laptop.inside(lambda: answer_to(host)) == b""
            at_work.reads(down)
            assert at_work.presses_ctrl_c() == 0
            again = laptop.types()
            again.reads("Passphrase of this machine: ")
            again.types(PASSPHRASE)
            again.reads(down)
            assert again.ends() == DeskNotReached.exit_code
        finally:
            house.goes_on(0)
    manage_machine(house, "remove", "only")


def answer_to(host: str) -> bytes:
    """Ask a desk on loopback for its login, and give the beginning of the answer; nothing, where none comes."""
    with socket.create_connection(("127.0.0.1", int(host.partition(":")[2])), START) as line:
        line.sendall(request("GET", "/login", host, None, {}))
        with suppress(ConnectionResetError):
            return line.recv(65536)
    return b""


class Doubting(Heard):
    """A terminal before which somebody stops as soon as the clock is spoken of."""

    def say(self, line: str, *, bad: bool = False) -> None:
        super().say(line, bad=bad)
        if "by a clock that is wrong. This machine's says " in line:
            raise KeyboardInterrupt


@pytest.mark.parametrize(("off", "told"), [("-3d", ClockOff), ("+3d", KeyboardInterrupt)], ids=["behind", "ahead"])
def test_a_machine_whose_clock_is_days_off_is_told_so(
    house: House, tmp_path: Path, off: str, told: type[BaseException]
) -> None:
    other = tmp_path / "tor"
    other.write_text(f'#!/bin/sh\nexec faketime -f {off} tor "$@"\n')
    other.chmod(0o755)
    # What moves the clock is a library that tor's own sandbox does not let it load.
    with (
        tempfile.TemporaryDirectory(prefix="far-") as folder,
        far_away(house, Path(folder), tor=str(other), also="Sandbox 0\nNoExec 0\n") as far,
        pytest.raises(told),
    ):
        connect(far.tor, far.machine, Doubting())


def another_member(house: House) -> Volunteer:
    """Give somebody of a circle of their own."""
    with house.world() as world:
        invitation = world.invitation(world.circle("Elsewhere", topics=(TOPIC["second"],)))
    return Volunteer(house.desk_url).enrol(invitation, "Azad")


def makes_key(laptop: Laptop) -> str:
    """Start for the first time, and give the letters that are shown."""
    terminal = laptop.types()
    for question in ("New passphrase", "Once more"):
        terminal.reads(question)
        terminal.types(PASSPHRASE)
    letters = terminal.reads(r"\n    ((?:[a-z2-7]{6} ?){9})\n")[1]
    assert terminal.ends() == 0
    return letters


def let_in(house: House, name: str, letters: str) -> str:
    """Add a machine, as the operator does, and give the line for its volunteer."""
    said = manage_machine(house, "add", name, *letters.split()).said
    return next(line.strip() for line in said.splitlines() if "scripts/desk" in line)


def case_at_desk(house: House, code: str) -> str:
    return f"{house.desk_url}/case/{house.case_of(code)}"


def is_asked_to_log_in(window: Browser, desk_url: str) -> bool:
    return window.reaches(desk_url) and window.shows("[name=passphrase]")


def never_asks_again(far: Far) -> None:
    """Have a tor keep to the descriptor that it has."""
    _set(far, "FetchHidServDescriptors=0")


def asks_again(far: Far) -> None:
    _set(far, "FetchHidServDescriptors=1")


def _set(far: Far, option: str) -> None:
    answer = told_by(far.tor.control_socket, f"SETCONF {option}")
    assert answer.count("250 ") == 3, answer


def onions_of(house: House) -> set[str]:
    """Name the onions for which the house's tor keeps introduction points."""
    circuits = told_by(house.state / "run" / "control.sock", "GETINFO circuit-status").splitlines()
    return {
        word.removeprefix("REND_QUERY=") + ".onion"
        for circuit in circuits
        for word in circuit.split()
        if "PURPOSE=HS_SERVICE_INTRO" in circuit and word.startswith("REND_QUERY=")
    }


def told_by(control_socket: Path, order: str) -> str:
    """Give all that a tor answers to an order."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(PATIENCE)
        line.connect(str(control_socket))
        line.sendall(f"AUTHENTICATE\r\n{order}\r\nQUIT\r\n".encode())
        answer = b""
        while piece := line.recv(4096):
            answer += piece
    return answer.decode()


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
