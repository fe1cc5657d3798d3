"""P03, P11: what was acknowledged is on the disk, nothing readable is, and writers at once all get their turn."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from onion_app.errors import Overloaded
from onion_app.vault import connection, database
from onion_app.vault.database import Database
from onion_app.vault.mailbox import lifetime, messages
from onion_app.vault.mailbox.records import Case
from onion_app.vault.per_thread import PerThread
from tests.vault.made import Installation, write

WRITER = """
import sys
from pathlib import Path
from onion_app.vault import database
from tests.vault.made import write
key, case_id = (bytes.fromhex(word) for word in sys.argv[2:4])
db = database.open_database(Path(sys.argv[1]), "mailbox", key)
db._link.set_busy_timeout(600_000)
for _ in range(int(sys.argv[4])):
    write(db, case_id, sealed=b"kept".ljust(2089))
print("committed", flush=True)
with db.writing():
    db.run("DELETE FROM messages")
    print("not committed", flush=True)
    sys.stdin.read()
    sys.exit()
"""


def writer(made: Installation, case: Case, times: int, stdin: int = subprocess.PIPE) -> "subprocess.Popen[str]":
    """Have another process store so many messages, and then delete all; it never commits that."""
    words = [sys.executable, "-c", WRITER, str(made.mailbox_folder), made.keys.mailbox.hex(), case.id.hex(), str(times)]
    return subprocess.Popen(words, stdin=stdin, stdout=subprocess.PIPE, text=True)


def test_a_commit_survives_kill_9_and_what_was_not_committed_does_not(made: Installation, case: Case) -> None:
    with writer(made, case, 1) as killed:
        assert killed.stdout is not None
        assert [killed.stdout.readline() for _ in range(2)] == ["committed\n", "not committed\n"]
        killed.kill()
    kept = messages.messages_of(made.mailbox(), case.id)
    assert [message.number for message in kept] == [1, 2]
    assert kept[1].sealed == b"kept".ljust(2089)


def test_no_other_file_is_written_while_working(made: Installation, case: Case, tmp_path: Path) -> None:
    """See with strace that a sort larger than any cache, a large change and its undoing open no other file to write."""
    code = """
import sys, secrets
from pathlib import Path
from onion_app.vault import database
db = database.open_database(Path(sys.argv[1]), "mailbox", bytes.fromhex(sys.argv[2]))
try:
    with db.writing():
        for number in range(1500):
            db.run("INSERT INTO messages (case_id, number, id, author, turn, generation, codes, sealed) "
                   "VALUES (?, ?, ?, 'site', 0, 1, 1, ?)",
                   (bytes.fromhex(sys.argv[3]), number + 9, secrets.token_bytes(16), secrets.token_bytes(2089)))
        db.run("UPDATE messages SET generation = generation + 1")
        db.rows("SELECT sealed FROM messages ORDER BY sealed")
        raise ZeroDivisionError
except ZeroDivisionError:
    pass
"""
    trace = tmp_path / "trace"
    watch = ["strace", "-f", "--seccomp-bpf", "-o", str(trace), "-e", "trace=openat,open,creat,memfd_create"]
    words = [str(made.mailbox_folder), made.keys.mailbox.hex(), case.id.hex()]
    subprocess.run([*watch, sys.executable, "-B", "-c", code, *words], check=True, timeout=120)
    calls = trace.read_text().splitlines()
    opened = [call for call in calls if "O_RDWR" in call or "O_WRONLY" in call or "O_CREAT" in call]
    assert opened
    assert all(f'"{made.mailbox_folder}/mailbox.db' in line for line in opened), opened


def test_sixteen_threads_at_once_all_get_their_turn(
    made: Installation, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_SECONDS", 600)  # however slow the disk is: the order is what is tried
    connections = PerThread(lambda: database.open_database(made.mailbox_folder, "mailbox", made.keys.mailbox))
    start = threading.Barrier(16)

    def work(_: int) -> None:
        start.wait()
        for _ in range(10):
            db = connections.here()
            write(db, case.id)
            lifetime.erase_case(db, made.add_case(db).row.id, [])

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(work, range(16)))
    numbers = [message.number for message in messages.messages_of(made.mailbox(), case.id)]
    assert numbers == list(range(1, 162))


def test_two_processes_at_once_all_get_their_turn(made: Installation, case: Case) -> None:
    writers = [writer(made, case, 100, subprocess.DEVNULL) for _ in range(2)]
    assert [each.communicate()[0] for each in writers] == ["committed\nnot committed\n"] * 2
    assert len(messages.messages_of(made.mailbox(), case.id)) == 201


def test_each_thread_has_one_connection_and_sees_nothing_that_another_is_still_writing(
    made: Installation, case: Case
) -> None:
    connections = PerThread(lambda: database.open_database(made.mailbox_folder, "mailbox", made.keys.mailbox))
    here = connections.here()
    assert connections.here() is here
    with ThreadPoolExecutor(1) as thread:
        there = thread.submit(connections.here).result()
        assert there is not here
        assert there.turn is here.turn
        with here.writing():
            here.run("DELETE FROM messages WHERE case_id = ?", (case.id,))
            assert messages.messages_of(here, case.id) == []
            assert len(thread.submit(messages.messages_of, there, case.id).result()) == 1
        assert thread.submit(messages.messages_of, there, case.id).result() == []


def test_who_cannot_get_a_turn_is_told_so(made: Installation, mailbox: Database) -> None:
    other = made.mailbox()
    other._link.set_busy_timeout(0)
    with mailbox.writing(), pytest.raises(Overloaded), other.writing():
        pass
    with mailbox.writing():
        pass


def test_writing_does_not_nest_nothing_is_changed_outside_it_and_what_is_raised_inside_undoes_it(
    mailbox: Database,
) -> None:
    with mailbox.writing(), pytest.raises(RuntimeError), mailbox.writing():
        pass
    with pytest.raises(RuntimeError):
        mailbox.run("DELETE FROM counter")
    with suppress(ZeroDivisionError), mailbox.writing():
        mailbox.run("DELETE FROM counter")
        raise ZeroDivisionError
    assert mailbox.row("SELECT count(*) FROM counter") == (1,)
