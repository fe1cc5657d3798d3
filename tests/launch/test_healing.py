"""What a cut in `shown.db` and a lock in bad hands cost: nothing that a visitor sees, and one line to the operator."""

import itertools
import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from onion_app.crypto.onion_key import OnionKey
from onion_app.launch import children, unlock
from onion_app.launch.confine import NO_WALLS
from onion_app.launch.first_run import Unlocked
from onion_app.launch.launcher import Launcher, Options
from onion_app.launch.listeners import desk_listeners, site_listener
from onion_app.launch.state import State, held
from scripts.rehearsal.pages import Page
from scripts.rehearsal.people import Visitor, Volunteer
from scripts.rehearsal.wire import through_unix
from tests import processes
from tests.launch.conftest import START, Installation, Launched, Operator
from tests.launch.hostile_site import TAKEN_OVER
from tests.launch.keeping import opened
from tests.launch.manage import Heard, status
from tests.ports import free_port
from tests.world import World

Done = TypeVar("Done")
pytestmark = pytest.mark.slow

DOORS = 3000
# `show()` itself, killed after so many of its statements, with so little memory that most of it is on the disk by then
KILLED_IN_SHOW = """
import os, signal, sys
from pathlib import Path
from onion_app.vault import connection
SMALL = ("cache_size", "-40", -40)
connection.SETTINGS = tuple(SMALL if one[0] == SMALL[0] else one for one in connection.SETTINGS)
from onion_app.vault.database import Database, open_database
from onion_app.vault.show import show
folder, keys = Path(sys.argv[1]), [bytes.fromhex(word) for word in sys.argv[2:]]
mailbox, shown, desk = (open_database(folder / kind, kind, key) for kind, key in zip(connection.KINDS, keys))
run, left = Database.run, int(2500)
def counted(db, *given):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return run(db, *given)
Database.run = counted
with mailbox.writing():
    show(shown, desk)
"""


def close_doors(world: World) -> None:
    """Let the desk know so much that `shown.db` does not that a change of it is written in pieces."""
    with world.desk.writing():
        for number in range(DOORS):
            gone = "INSERT OR IGNORE INTO doors (case_id, state) VALUES (?, 'gone')"
            world.desk.run(gone, (number.to_bytes(16, "big"),))


def cut_off_in_show(state: Path, installation: Installation) -> None:
    """Let somebody die inside `show()`; the file that the site reads is half written then."""
    keys = [installation.keys.of(kind).hex() for kind in ("mailbox", "shown", "desk")]
    died = subprocess.run([sys.executable, "-c", KILLED_IN_SHOW, str(state), *keys], check=False, capture_output=True)
    assert died.returncode == -9, died.stderr
    assert (state / "shown" / "shown.db-journal").stat().st_size > 0


def doors(state: Path, installation: Installation) -> int:
    """Count what the site can read, once it is whole: whoever may write heals it by opening it."""
    if (state / "shown" / "shown.db-journal").exists():
        return 0
    with opened(State(state), installation.keys) as world:
        return len(world.shown.rows("SELECT 1 FROM doors"))


def test_what_was_cut_off_before_the_launch_is_undone_before_the_first_page(
    later: Operator, installation: Installation
) -> None:
    with opened(State(later.state), installation.keys) as world:
        close_doors(world)
    cut_off_in_show(later.state, installation)
    launched = later.launch(installation.passphrase)
    assert launched.visitor().get("/").status == 200
    assert doors(later.state, installation) == DOORS


def is_another(running: Launched, desk: int) -> bool:
    return running.running("desk") != desk


def has_more_than(seen: list[int], count: int) -> bool:
    return len(seen) > count


def test_readers_see_no_error_while_the_desk_dies_inside_a_change(
    running: Launched, installation: Installation
) -> None:
    over, seen = threading.Event(), list[int]()
    processes.until(lambda: status(running.state)["missing"] is not None, START, "the first chores")
    processes.until(lambda: not processes.role(running.pid, "chores"), START, "their end")

    def read() -> None:
        reader = running.visitor()
        for path in itertools.cycle(("/en/", "/en/stories", "/ar/guides", "/ar/guides/now")):
            if over.is_set():
                return
            seen.append(reader.get(path).status)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(2):
            with opened(State(running.state), installation.keys) as world:
                close_doors(world)
                with world.shown.writing():
                    world.shown.run("DELETE FROM doors")
            desk, before = running.running("desk"), len(seen)
            cut_off_in_show(running.state, installation)
            processes.kill(desk)
            processes.until(partial(is_another, running, desk), START, "another desk")
            processes.until(lambda: doors(running.state, installation) == DOORS, START, "all that the desk knows")
            processes.until(partial(has_more_than, seen, before + 8), START, "pages after it")
    finally:
        over.set()
        for reader in readers:
            reader.join()
    assert set(seen) == {200}


class InProcess:
    """A launcher without tor whose site somebody has taken over."""

    def __init__(self, state: State, opened: Unlocked, terminal: Heard) -> None:
        options = Options(state.path, answers=True, desk_port=free_port(), torrc=state.path / "torrc", days=0)
        self.launcher = Launcher(options, state, opened, terminal, NO_WALLS)
        self.desk = desk_listeners(options.desk_port)
        self.listeners = site_listener(state), self.desk.__enter__()
        self.launcher._supervise(*self.listeners)
        self.launcher._supervisors["chores"].after = math.inf  # until they are hurried
        self.visitor = Visitor(through_unix(state.site_socket), opened.onion.address)

    def until(self, come: Callable[[], object], words: str) -> None:
        """Step like the launcher's own loop until something has come."""

        def stepped() -> object:
            self.launcher._step_children()
            return come()

        processes.until(stepped, START, words)

    def meanwhile(self, act: Callable[[], Done]) -> Done:
        """Do something that may need children to be started again."""
        with ThreadPoolExecutor(1) as other:
            doing = other.submit(act)
            self.until(doing.done, "the end of it")
            return doing.result()

    def end(self) -> None:
        for supervisor in self.launcher._supervisors.values():
            if supervisor.child:
                supervisor.child.wait(0.0)
                supervisor.child.close()
        self.listeners[0].close()
        self.desk.__exit__(None, None, None)


@pytest.fixture
def begin(later: Operator, installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Any]]:
    """Give the way to launch with a site of ours, on a state that has its first run behind it."""
    start = children.start_child

    def ours(prefix: Any, module: str, orders: Any, listeners: Any) -> Any:
        module = "tests.launch.hostile_site" if module.endswith(".site") else module
        return start(prefix, module, orders, listeners)

    monkeypatch.setattr(children, "start_child", ours)
    begun: list[InProcess] = []
    with held(later.state) as state:

        def launch() -> InProcess:
            onion = installation.printed["onion"]
            begun.append(InProcess(state, Unlocked(installation.keys, OnionKey(bytes(64), onion)), Heard()))
            return begun[-1]

        yield launch
        for each in begun:
            each.end()


@pytest.mark.parametrize("holds", ["mailbox:BEGIN IMMEDIATE", "shown:BEGIN;SELECT count(*) FROM settings"])
def test_a_site_that_holds_a_lock_is_started_again_and_it_is_said(
    later: Operator, installation: Installation, begin: Callable[[], InProcess], holds: str
) -> None:
    (later.state / TAKEN_OVER).write_text(holds)
    launched = begin()
    supervisors = launched.launcher._supervisors
    launched.until(lambda: supervisors["site"].is_ready, "a site that holds on")
    with opened(State(later.state), installation.keys) as world, world.desk.writing():
        world.desk.run("UPDATE circles SET topics = '[\"law\"]'")  # so that there is something to be written
    supervisors["chores"].hurry()
    launched.until(lambda: supervisors["chores"].counts, "chores that were done")
    with closing(World(later.state, time.time, installation.keys)) as world:
        assert world.shown.rows("SELECT topics FROM circles") == [('["law"]',)]
    launched.until(lambda: supervisors["site"].is_ready, "an honest site")
    assert launched.visitor.get("/").status == 200
    terminal = launched.launcher._terminal
    assert isinstance(terminal, Heard)
    assert [line for line in terminal.said if "waited in vain for a lock" in line]
    assert launched.launcher._carry_out("status")["site_held_locks"] == 1
    assert launched.launcher._blocked == 1


@pytest.mark.parametrize("where", ["case", "mine"])
def test_a_page_of_the_desk_that_waits_in_vain_has_the_site_started_again(
    later: Operator, installation: Installation, begin: Callable[[], InProcess], where: str
) -> None:
    launched = begin()
    supervisors = launched.launcher._supervisors
    launched.until(lambda: supervisors["site"].is_ready and supervisors["desk"].is_ready, "site and desk")
    desk = Volunteer(unlock.desk_url(installation.keys, launched.listeners[1][0].getsockname()[1]))
    launched.meanwhile(lambda: desk.enrol(installation.printed["invitation"], "Noor").log_in())
    launched.visitor.hand_in("tell", "words")
    [case] = desk.queue()
    desk.take(case)
    (later.state / TAKEN_OVER).write_text("mailbox:BEGIN IMMEDIATE")
    honest = supervisors["site"].child
    assert honest is not None
    processes.kill(honest.process.pid)
    launched.until(lambda: supervisors["site"].child not in (None, honest) and supervisors["site"].is_ready, "a thief")

    def answer() -> Page:
        if where == "case":
            desk.get(f"/case/{case}")
            return desk.press(f"/case/{case}/reply", text="an answer")
        desk.get("/mine")
        return desk.press("/mine/send", **{f"text_{case}": "an answer"})

    page = launched.meanwhile(answer)
    assert "an answer" in page.html, "the words stay in their box"
    terminal = launched.launcher._terminal
    assert isinstance(terminal, Heard)
    launched.until(lambda: any(line.startswith("desk: waited in vain") for line in terminal.said), "the word of it")
    launched.until(lambda: supervisors["site"].is_ready, "an honest site")
    assert "an answer" in launched.meanwhile(lambda: desk.reply(case, "an answer")).main.text


def test_nothing_is_said_of_locks_where_nobody_holds_one(standing: Launched) -> None:
    processes.until(lambda: status(standing.state)["missing"] is not None, START, "the counts")
    assert status(standing.state)["site_held_locks"] == 0
