"""P02: the site answers on a unix socket that only our tor reaches, and to its own name; the desk is in no onion."""

import os
import stat
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from onion_app.choices import LANGUAGE_CODES
from onion_app.onion import socks
from scripts.rehearsal.people import Person, Volunteer
from scripts.rehearsal.wire import PATIENCE, exchange, through_loopback, through_tor, through_unix
from tests import processes
from tests.house import House

LISTENING = "0A"  # the state of a listening socket in /proc/net/tcp
DESK_PATHS = ("/login", "/join", "/enrol", "/logout", "/account")


def foreign_hosts(house: House) -> list[str]:
    """List names that are not the site's, some of them very like it."""
    name = house.onion.removesuffix(".onion")
    like_it = [f"{name}.onion.example.org", f"www.{name}.onion", f"{name}.onion:8390", f"{'a' * 56}.onion", name]
    return [*like_it, "localhost", "127.0.0.1", "example.org", "", urlsplit(house.desk_url).netloc]


def test_any_other_name_gets_one_fixed_page_that_says_nothing_of_the_site(house: House) -> None:
    answers = set()
    for host in foreign_hosts(house):
        stranger = Person(through_unix(house.site_socket), host)
        for path in ("/", "/en/", "/en/tell", "/ar/return", "/nowhere", *DESK_PATHS):
            answers.add(stranger.get(path).answer.raw)
        answers.add(stranger.post("/en/tell", [("text", "words")]).answer.raw)
        answers.add(stranger.post("/leave", [("lang", "en")]).answer.raw)
    assert len(answers) == 1
    fixed = answers.pop().decode()
    assert not fixed.startswith("HTTP/1.1 200")
    assert house.onion not in fixed
    assert "Set-Cookie" not in fixed


@pytest.mark.parametrize(
    "lines",
    [
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.0\r\n",
        "GET / HTTP/1.1\r\nHost: {onion}\r\nHost: example.org\r\n",
        "GET / HTTP/1.1\r\nHost: example.org\r\nHost: {onion}\r\n",
        "GET http://example.org/ HTTP/1.1\r\nHost: {onion}\r\n",
        "GET / HTTP/1.1\r\nHost: example.org\r\nX-Forwarded-Host: {onion}\r\n",
    ],
)
def test_no_trick_with_the_name_opens_the_first_page(house: House, lines: str) -> None:
    answer = exchange(through_unix(house.site_socket), lines.format(onion=house.onion).encode() + b"\r\n")
    assert answer.status != 200
    assert house.onion.encode() not in answer.raw


def test_the_site_knows_no_page_of_the_desk(house: House) -> None:
    house.reached_by_tor()
    visitor = house.visitor(by_tor=True)
    for path in DESK_PATHS:
        assert visitor.get(path).status == 404
    for language in LANGUAGE_CODES:
        assert visitor.get(f"/{language}/login").status == 404


def test_the_onion_leads_to_the_site_and_to_nothing_else(house: House) -> None:
    house.reached_by_tor()
    assert house.visitor(by_tor=True).get("/").status == 200
    desk = Person(through_tor(house.socks_port, house.onion), urlsplit(house.desk_url).netloc)
    assert desk.get("/login").status not in (200, 303)
    for port in (443, 8390, house.desk_port):
        with pytest.raises(ConnectionError):
            socks.dial(house.socks_port, house.onion, port, PATIENCE)


def test_the_desk_answers_to_its_own_name_only(house: House) -> None:
    assert Volunteer(house.desk_url).get("/login").status == 200
    for host in (house.onion, f"127.0.0.1:{house.desk_port}", f"localhost:{house.desk_port}", "", "example.org"):
        stranger = Person(through_loopback(house.desk_port), host, {"Sec-Fetch-Site": "same-origin"})
        page = stranger.get("/login")
        assert page.status != 200
        assert "passphrase" not in page.answer.raw.decode()


def test_the_socket_lies_where_no_other_account_comes(house: House) -> None:
    mode = house.site_socket.lstat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    for folder in (house.site_socket.parent, house.state):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.stat().st_uid == os.geteuid()


def test_every_file_of_the_state_belongs_to_this_account_alone(house: House) -> None:
    for path in house.state.rglob("*"):
        try:
            found = path.lstat()
        except FileNotFoundError:  # tor writes some of its files anew
            continue
        assert stat.S_IMODE(found.st_mode) & 0o077 == 0, path.name
        assert found.st_uid == os.geteuid(), path.name


def listeners(pid: int) -> set[str]:
    """Name the TCP addresses on which one process listens, in whatever network it lives."""
    sockets = processes.open_files(pid)
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6", f"/proc/{pid}/net/tcp", f"/proc/{pid}/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == LISTENING and f"socket:[{words[9]}]" in sockets:
                found.add(words[1])
    return found


@processes.only_root_looks_in
def test_the_only_tcp_listener_is_the_desks_on_loopback(house: House) -> None:
    pids = [house.launcher, *(process.pid for process in processes.below(house.launcher))]
    assert len(pids) >= 4
    loopback = {f"{address}:{house.desk_port:04X}" for address in ("0100007F", f"{'0' * 24}01000000")}  # and ::1
    assert set().union(*(listeners(pid) for pid in pids)) == loopback
    assert listeners(house.one("site")) == set()
    assert listeners(processes.role(house.launcher, "tor")[0].pid) == set()
