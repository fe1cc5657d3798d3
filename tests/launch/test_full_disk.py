"""The disk is full: what is refused says so and keeps the words, nothing acknowledged is lost, and then all goes on."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from onion_app.errors import DiskFull
from onion_app.launch import backup_restore, manage_socket
from onion_app.launch.state import State
from onion_app.manage import status_text
from onion_app.vault import connection, database, migrating, schema, statefiles
from onion_app.vault.shown.routing import LEAST_ROOM
from scripts.rehearsal.people import Volunteer
from tests import processes
from tests.launch.conftest import START, Installation, Launched, Operator, contents
from tests.launch.disks import fill, filled, small_disk
from tests.launch.manage import failed, manage, status, with_secret
from tests.marks import files_with, latin_mark
from tests.vault.made import LATER, add_migration

pytestmark = pytest.mark.slow
INDEX = 1 << 16  # bytes, of the write-ahead log
LONG = " word" * 1500  # more than the write-ahead log has room for by chance


@dataclass
class Place:
    """A launcher whose state lies on a small disk, somebody at its desk, and every mark that was written."""

    disk: Path
    operator: Operator
    installation: Installation
    launched: Launched
    desk: Volunteer
    marks: list[str] = field(default_factory=list)

    def mark(self) -> str:
        self.marks.append(latin_mark())
        return self.marks[-1]

    def texts_under(self, code: str) -> list[str]:
        page = self.launched.visitor().come_back(code)
        return [found.text for found in page.main.having_class("text")]


@pytest.fixture(scope="module")
def place(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with small_disk() as disk:
        operator = Operator(tmp_path_factory.mktemp("operator"))
        operator.state = disk / "state"
        shutil.copytree(installation.state, operator.state)
        launched = operator.launch(installation.passphrase)
        desk = launched.volunteer().enrol(installation.printed["invitation"], "Noor")
        desk.log_in()
        yield Place(disk, operator, installation, launched, desk)
        operator.end()


def test_with_little_room_nothing_new_is_taken_and_what_is_there_goes_on(place: Place) -> None:
    visitor, first, second, more = place.launched.visitor(), place.mark(), place.mark(), place.mark()
    code, other = visitor.hand_in("tell", first), visitor.hand_in("tell", place.mark())
    check = visitor.check("ask", second)
    with filled(place.disk, leaving=LEAST_ROOM - (1 << 20)):
        kept = visitor.confirm(check)
        assert (kept.status, kept.code) == (503, check.code)
        assert kept.form_with("text").value("text") == second
        assert status(place.launched.state)["has_room"] is False
        assert place.launched.visitor().get("/en/tell").status == 503
        page = place.launched.visitor()
        assert page.write_back(page.come_back(code), more).has(id="arrived")
        assert place.launched.visitor().erase_without_opening(other).status == 200
    assert place.texts_under(other) == []
    assert visitor.send(kept.form_with("text"), line=check.code[-4:]).code == check.code
    assert place.texts_under(check.code) == [second]
    assert sorted(place.texts_under(code)) == sorted([first, more])


def test_on_a_full_disk_words_are_kept_and_read_and_the_status_names_it(place: Place) -> None:
    first, more, answer = place.mark(), place.mark() + LONG, place.mark() + LONG
    code = place.launched.visitor().hand_in("ask", first)
    [case] = [one for one in place.desk.queue("new") if first in place.desk.open_case(one).main.text]
    place.desk.open_case(case)
    page = place.desk.press(f"/case/{case}/take")
    visitor = place.launched.visitor()
    mine = visitor.come_back(code)
    with filled(place.disk):
        kept = visitor.write_back(mine, more)
        assert kept.status == 503
        assert kept.form_with("text").value("text") == more
        assert place.texts_under(code) == [first], "who comes back may still read"
        refused = place.desk.send(page.form_ending("/reply"), text=answer)
        reply = refused.form_ending("/reply")
        assert reply.value("text") == answer
        manage_socket.ask_launcher(place.launched.state / "run" / "manage.sock", "pause")  # starts the chores
        processes.until(lambda: ("chores", "DiskFull") in failed(place.launched.state), START, "the error")
        marked = {
            line.text[2:14].strip() for line in status_text.status_lines(status(place.launched.state)) if line.bad
        }
        assert {"Errors", "Free space"} <= marked
    processes.until(lambda: status(place.launched.state)["paused"], START, "chores that go on")
    assert not [error for error in failed(place.launched.state) if error[0] == "chores"], "they were done since"
    assert manage(place.launched.state, "resume").code == 0
    assert answer in place.desk.send(reply, text=answer).main.text
    assert visitor.send(kept.form_with("text")).has(id="arrived")
    assert len(place.texts_under(code)) == 3


def test_on_a_full_disk_everything_can_still_be_taken_back(place: Place) -> None:
    codes = [place.launched.visitor().hand_in("tell", place.mark() + LONG) for _ in range(3)]
    kept_free = place.launched.state / "mailbox" / "reserve"
    assert kept_free.stat().st_blocks * 512 >= statefiles.RESERVE_BYTES
    with filled(place.disk):
        for code in codes:
            assert place.launched.visitor().erase_without_opening(code).status == 200
            assert place.texts_under(code) == []
        assert not kept_free.exists()
    assert manage(place.launched.state, "resume").code == 0  # starts the chores
    processes.until(kept_free.exists, START, "the room that is kept")


def test_no_half_backup_is_left(place: Place, tmp_path: Path) -> None:
    target = place.disk / "backup"
    before = {*place.disk.iterdir(), *place.launched.state.iterdir()}
    with filled(place.disk):
        done = with_secret(
            place.launched.state, place.installation.printed["passphrase"], "backup", str(tmp_path / "backup")
        )
        assert isinstance(done.error, DiskFull)
    keys = place.installation.keys
    ballast: list[Path] = []

    def somebody_else_writes(done: float) -> None:
        if done > 0.1 and not ballast:
            ballast.append(fill(place.disk))

    with pytest.raises(DiskFull):
        backup_restore.save_backup(State(place.launched.state), keys, target, time.time, somebody_else_writes)
    ballast[0].unlink()
    assert {*place.disk.iterdir(), *place.launched.state.iterdir()} == before
    assert not list(tmp_path.iterdir())
    assert statefiles.read_backup_day(place.launched.state) is None
    backup_restore.save_backup(State(place.launched.state), keys, target, time.time, lambda _: None)
    check_restoring(place, target)
    target.unlink()


def databases(state: Path) -> dict[str, bytes]:
    """Read every file of a state but the logs, which opening makes."""
    kept = {"mailbox", "shown", "desk", "vault.key"}
    return {name: read for name, read in contents(state).items() if name.split("/")[0] in kept and ".db-" not in name}


def check_restoring(place: Place, backup: Path) -> None:
    """Restore on the full disk, over another state: refused by name, and that state is as it was."""
    other = place.disk / "other"
    shutil.copytree(place.launched.state, other, ignore=shutil.ignore_patterns("run", "tor"))
    before = databases(other)
    with filled(place.disk):
        done = with_secret(other, place.installation.printed["passphrase"], "restore", str(backup), "--replace")
        assert (type(done.error), str(done.error)) == (DiskFull, str(other))
    assert databases(other) == before
    secret = place.installation.printed["passphrase"]
    into = backup_restore.Destination(other, replace=True)
    backup_restore.restore_backup(backup, secret, into, time.time, lambda _: None)
    shutil.rmtree(other)


def test_a_launch_on_a_full_disk_is_refused_by_name_and_works_after(place: Place) -> None:
    mark = place.mark()
    code = place.launched.visitor().hand_in("tell", mark)
    assert place.launched.stop() == 0
    for log in place.launched.state.rglob("*.db-*"):
        assert log.name.endswith("-shm") or not log.stat().st_size
        log.unlink()  # as when the machine was switched off since
    before = databases(place.launched.state)
    with filled(place.disk):
        assert isinstance(place.operator.refused(place.installation.passphrase), DiskFull)
    assert databases(place.launched.state) == before
    place.launched = place.operator.launch(place.installation.passphrase)
    assert place.texts_under(code) == [mark]


def test_nothing_of_it_all_can_be_read_on_the_disk(place: Place) -> None:
    assert len(place.marks) > 6
    assert not [found for mark in place.marks for found in files_with(mark, place.disk)]


@pytest.fixture
def growing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Have a migration that needs some megabytes."""
    return add_migration(tmp_path / "steps", monkeypatch, LATER.replace("x'00'", "zeroblob(4000000)"))


def test_no_half_migration_is_left(installation: Installation, growing: int) -> None:
    keys = installation.keys
    with small_disk() as disk:
        folder = disk / "mailbox"
        shutil.copytree(installation.state / "mailbox", folder)

        def refused() -> int:
            with pytest.raises(DiskFull):
                migrating.migrate(folder, "mailbox", keys.mailbox, time.time)
            opened = connection.connect(folder, "mailbox", keys.mailbox)
            try:
                return schema.version(opened, "mailbox")
            finally:
                opened.close()

        small = (folder / "mailbox.db").stat().st_size
        ballast = fill(disk, leaving=INDEX + small // 10)
        assert refused() == growing - 1
        assert not list(folder.glob("*.version-*")), "no half copy"
        ballast.unlink()
        ballast = fill(disk, leaving=small + (1 << 20))
        assert refused() == growing - 1
        [copy] = folder.glob("*.version-*")
        ballast.unlink()
        migrating.migrate(folder, "mailbox", keys.mailbox, time.time)
        database.open_database(folder, "mailbox", keys.mailbox).close()
        copy.replace(folder / "mailbox.db")
        assert connection.connect(folder, "mailbox", keys.mailbox)
