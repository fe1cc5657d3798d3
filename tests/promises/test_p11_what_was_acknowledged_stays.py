"""P11: what was acknowledged is durable: a kill -9 straight after the answer loses nothing, and everything comes back.

Every process is killed in its turn; the launcher brings each back on the same address. When the launcher itself is
killed all end within seconds, and launching again gives the same address and the same data.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

import pytest

from onion_app.errors import NotRunning
from onion_app.launch import manage_socket
from onion_app.vault.desk import circles, taken
from scripts.rehearsal.people import Volunteer
from tests import processes
from tests.house import START, House
from tests.marks import latin_mark

SECONDS = 10.0  # that the children of a killed launcher have to end in; tor itself looks every fifteen
ROLES = ["tor", "site", "desk"]


def texts_under(house: House, code: str, *, by_tor: bool = False) -> list[str]:
    """Come back with a code and read all that is there."""
    page = house.visitor(by_tor=by_tor).come_back(code)
    return [found.raw_text.strip() for found in page.main.having_class("text")]


def kill_and_wait(house: House, role: str) -> None:
    """Kill a process at once and wait until the launcher has started another in its place."""
    before = house.one(role)
    processes.kill(before)
    processes.until(lambda: house.running(role) not in (0, before), START, f"a new {role}")


def synced_before_answering(trace: str) -> list[bool]:
    """Say for each answer that the site sent whether the mailbox's log was on the disk before its first byte."""
    answers, synced = [], False
    for line in trace.splitlines():
        synced |= "sync(" in line and "mailbox.db-wal" in line
        if "HTTP/1.1 " in line:
            answers.append(synced)
            synced = False
    return answers


def one_visit(house: House, trace: Path) -> tuple[int, list[bool]]:
    """Write, come back, write more and erase: how many answers came, and what the trace says of each that was sent."""
    visitor = house.visitor()
    check = visitor.check("tell", "words")
    before = len(visitor.seen)
    with processes.traced([house.one("site")], "fsync,fdatasync,sendto,sendmsg,write", trace):
        visitor.get("/en/")
        visitor.confirm(check)
        case = visitor.come_back(check.code)
        visitor.write_back(case, "more")
        visitor.erase_without_opening(check.code)
        came = len(visitor.seen) - before
        processes.until(lambda: len(synced_before_answering(trace.read_text())) >= came, START, "the trace")
    return came, synced_before_answering(trace.read_text())


@processes.only_root_looks_in
@pytest.mark.usefixtures("coordinator")
def test_the_log_is_on_the_disk_before_the_answer_goes_out(house: House, tmp_path: Path) -> None:
    came, statuses = one_visit(house, tmp_path / "trace")
    if len(statuses) > came:  # the launcher looked at the site meanwhile, as it does every ten minutes or more
        came, statuses = one_visit(house, tmp_path / "again")
    assert len(statuses) == came
    published, sent, _, opened, wrote, *_, erased = statuses
    assert (published, sent, opened, wrote, erased) == (False, True, True, True, True)


@pytest.mark.usefixtures("coordinator")
def test_a_killed_chore_is_done_again_and_harms_nothing(house: House) -> None:
    mark, of_no_case = latin_mark(), secrets.token_bytes(16)
    code = house.visitor().hand_in("tell", mark)
    assert house.stop() == 0
    with house.world() as world:
        moderator = circles.members_of(world.desk, circles.circles(world.desk)[0].id)[0]
        # Found by a chore, and cleared away.
        taken.take_case(world.desk, of_no_case, moderator.id, moderator.joined_day)
    said = house.said.read_text()

    def is_killed() -> bool:
        if running := house.running("chores"):
            with suppress(ProcessLookupError):  # it was at its end
                processes.kill(running)
        else:
            with suppress(NotRunning):  # not yet
                manage_socket.ask_launcher(house.state / "run" / "manage.sock", "resume")  # starts them
        return "chores: ended with status" in house.said.read_text().removeprefix(said)

    house.begin()
    processes.until(is_killed, START, "a chore that ends by it")
    house.wait()
    processes.until(lambda: not any(of_no_case in row for row in house.tables()["desk.taken"]), START, "the chore")
    assert texts_under(house, code) == [mark]


@pytest.mark.usefixtures("coordinator")
def test_everything_ends_with_a_killed_launcher_and_comes_back_the_same(house: House, coordinator: Volunteer) -> None:
    mark = latin_mark()
    code = house.visitor().hand_in("tell", mark)
    printed = dict(house.printed)
    family = processes.below(house.launcher)
    assert len(family) >= len(ROLES)
    processes.kill(house.launcher)
    processes.until(lambda: not any(process.alive for process in family), SECONDS, "the end of every process")
    house.gone()
    house.launch()
    assert house.printed == printed
    house.reached_by_tor()
    assert texts_under(house, code, by_tor=True) == [mark]
    assert house.at_desk(coordinator).get("/").having_class("circle")


@pytest.mark.usefixtures("coordinator")
def test_a_site_killed_straight_after_its_answer_has_lost_nothing(house: House) -> None:
    mark, visitor = latin_mark(), house.visitor()
    code = visitor.hand_in("tell", mark)
    kill_and_wait(house, "site")
    assert texts_under(house, code) == [mark]
    visitor.write_back(visitor.come_back(code), f"more {mark}")
    kill_and_wait(house, "site")
    assert sorted(texts_under(house, code)) == sorted([mark, f"more {mark}"])
    house.visitor().erase_without_opening(code)
    kill_and_wait(house, "site")
    assert texts_under(house, code) == []


def test_a_desk_killed_straight_after_its_answer_has_lost_nothing(house: House, coordinator: Volunteer) -> None:
    mark = latin_mark()
    code = house.visitor().hand_in("tell", mark)
    desk = house.at_desk(coordinator)
    case = house.case_of(code)
    desk.reply(case, f"an answer to {mark}")
    kill_and_wait(house, "desk")
    assert sorted(texts_under(house, code)) == sorted([mark, f"an answer to {mark}"])
    assert f"an answer to {mark}" in house.at_desk(coordinator).open_case(case).main.text


@pytest.mark.parametrize("role", ROLES)
def test_whatever_is_killed_comes_back_on_the_same_address(house: House, coordinator: Volunteer, role: str) -> None:
    mark = latin_mark()
    code = house.visitor().hand_in("ask", mark)
    address, desk_url = house.onion, house.desk_url
    kill_and_wait(house, role)
    house.reached_by_tor()
    assert (house.onion, house.desk_url) == (address, desk_url)
    assert texts_under(house, code, by_tor=True) == [mark]
    assert house.at_desk(coordinator).get("/").having_class("circle")


def test_an_index_that_is_cut_off_ends_who_reads_it_and_they_come_back_with_everything(
    house: House, coordinator: Volunteer
) -> None:
    """Whoever may write the state's folder may do it; the kernel ends each process that reads there (SIGBUS)."""
    mark = latin_mark()
    code = house.visitor().hand_in("tell", mark)
    house.at_desk(coordinator).open_case(house.case_of(code))
    before = house.one("site")

    def answers() -> bool:
        with suppress(OSError, LookupError):
            return texts_under(house, code) == [mark]
        return False

    os.truncate(house.state / "mailbox" / "mailbox.db-shm", 0)
    processes.until(answers, START, "the site with all that was there")
    assert house.one("site") != before, "it had ended"
    visitor = house.visitor()
    assert visitor.write_back(visitor.come_back(code), f"more {mark}").has(id="arrived")
    processes.until(lambda: house.running("desk"), START, "a desk")
    assert f"more {mark}" in house.at_desk(coordinator).open_case(house.case_of(code)).main.text
