"""P03: what people write is in the encrypted databases, and on no disk elsewhere: no temporary file, log, core dump."""

import contextlib
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from onion_app.choices import LANGUAGE_CODES
from onion_app.vault.connection import KINDS
from scripts.rehearsal.people import Visitor, Volunteer
from scripts.rehearsal.wire import exchange
from tests import processes
from tests.house import START, House
from tests.marks import arabic_mark, files_with, latin_mark

SQLITE_PLAIN = b"SQLite format 3\0"
MAKING_FILES = ("open", "creat", "mknod", "rename", "link", "mkdir", "memfd_create", "truncate")
TRACED = "/^(" + "|".join(MAKING_FILES) + "|symlink)"  # every system call whose name begins so
WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE|O_TRUNC|O_APPEND")


def write_in_every_way(visitor: Visitor, marks: list[str]) -> None:
    """Send marked texts down every path that takes text, those that fail included."""

    def text() -> str:
        marks.append(arabic_mark() if len(marks) % 2 else latin_mark())
        return f"before {marks[-1]} after"

    code = visitor.hand_in("tell", text())
    visitor.hand_in("ask", text())
    check = visitor.check("tell", text())
    visitor.send(check.form_with("line"), line="0000", text=text())
    visitor.check("tell", text() + "ا" * 12_001)
    visitor.check("ask", (text() + " ") * 4_000)
    visitor.post("/en/tell", [("text", text()), ("nothing", "x" * 300_000)])
    visitor.post("/en/tell", [("text", text())])
    visitor.post("/en/nowhere", [("text", text())])
    visitor.get(f"/en/tell?text={latin_mark()}")
    case = visitor.come_back(code)
    visitor.write_back(case, text())
    visitor.send(case.form_doing("consents"), publish="yes", text=text())
    body = text().encode()
    head = f"POST /en/tell HTTP/1.1\r\nHost: {visitor.host}\r\nConnection: close\r\n"
    parts = f"{head}Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {{}}\r\n\r\n"
    upload = b'--b\r\nContent-Disposition: form-data; name="text"; filename="a.txt"\r\n\r\n' + body + b"\r\n--b--\r\n"
    exchange(visitor.dial, parts.format(len(upload)).encode() + upload)
    exchange(
        visitor.dial, f"{head}Transfer-Encoding: chunked\r\n\r\n{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    )
    stranger = Visitor(visitor.dial, "elsewhere.onion")
    stranger.post("/en/tell", [("text", text())])


@pytest.fixture
def trace(house: House, tmp_path: Path) -> Iterator[Path]:
    """Watch every file that the launcher and its children open, from a fresh start of the site on."""
    written = tmp_path / "trace"
    with processes.traced([house.launcher], TRACED, written):
        before = house.one("site")
        processes.kill(before)
        processes.until(lambda: house.running("site") not in (0, before), START, "a new site")
        house.site_answers()
        yield written


def opened_for_writing(trace: str, pids: set[int]) -> set[str]:
    """Name the files that these processes opened for writing, made or moved."""
    found = set()
    for pid, call in calls_in(trace):
        if pid not in pids or " = -1 " in call:
            continue
        name = call.partition("(")[0]
        if name.startswith("open") and not WRITES.search(call):
            continue
        found.update(re.findall(r'"([^"]+)"', call) or [name])
    return found


def calls_in(trace: str) -> Iterator[tuple[int, str]]:
    """Give each call and who made it; one that another process interrupts stands on two lines, or never ended."""
    begun: dict[int, str] = {}
    for line in trace.splitlines():
        made_by, _, said = line.partition(" ")
        pid, call = int(made_by), said.strip()
        if call.endswith("<unfinished ...>"):
            begun[pid] = call
        else:
            yield pid, begun.pop(pid, "") + call if call.startswith("<...") else call
    yield from begun.items()


def test_a_trace_is_read_whole() -> None:
    trace = """\
1 openat(AT_FDCWD, "/read", O_RDONLY|O_CLOEXEC <unfinished ...>
2 openat(AT_FDCWD, "/not-asked", O_WRONLY|O_CREAT) = 3</not-asked>
1 <... openat resumed>)             = 3</read>
1 openat(AT_FDCWD, "/written", O_WRONLY|O_CREAT <unfinished ...>
1 <... openat resumed>)             = 3</written>
1 openat(AT_FDCWD, "/refused", O_WRONLY|O_CREAT <unfinished ...>
1 <... openat resumed>)             = -1 EACCES (Permission denied)
1 openat(AT_FDCWD, "/never-ended", O_WRONLY|O_CREAT <unfinished ...>
"""
    assert opened_for_writing(trace, {1}) == {"/written", "/never-ended"}


def threads_of(pid: int) -> set[int]:
    return {int(folder.name) for folder in Path(f"/proc/{pid}/task").iterdir()}


def new_files(since: float, folders: list[Path]) -> Iterator[Path]:
    """List the files of the places for temporary ones that were written since."""
    for folder in folders:
        for path in folder.iterdir():
            with contextlib.suppress(OSError):
                if path.lstat().st_mtime >= since:
                    yield path


@processes.only_root_looks_in
def test_the_site_opens_no_file_for_writing_but_its_database(house: House, coordinator: Volunteer, trace: Path) -> None:
    marks: list[str] = []
    pids = threads_of(house.one("site"))
    write_in_every_way(house.visitor(), marks)
    pids |= threads_of(house.one("site"))
    assert coordinator.login.handle
    mailbox = str(house.state / "mailbox" / "mailbox.db")

    def written() -> set[str]:
        return opened_for_writing(trace.read_text(errors="replace"), pids)

    processes.until(lambda: mailbox in written(), START, "the mailbox in the trace")
    assert written() <= {mailbox, f"{mailbox}-wal", f"{mailbox}-shm", "/dev/null"}


@processes.only_root_looks_in
def test_tor_writes_to_its_own_folders_only(house: House) -> None:
    [tor] = processes.role(house.launcher, "tor")
    mounts = [line.split() for line in Path(f"/proc/{tor.pid}/mountinfo").read_text().splitlines()]
    writable = {mount[4] for mount in mounts if "rw" in mount[5].split(",") and not mount[4].startswith("/dev/")}
    assert writable == {str(house.state / name) for name in ("tor", "run")}
    assert {path.name for path in Path(f"/proc/{tor.pid}/root{house.state}").iterdir()} == {"tor", "run"}


def test_no_file_holds_what_was_written(house: House, coordinator: Volunteer) -> None:
    before = time.time()
    marks: list[str] = []
    for language in LANGUAGE_CODES:
        write_in_every_way(house.visitor(language), marks)
    work_at_the_desk(house, coordinator, marks)
    temporary = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path("/var/log")]
    places = [house.state, house.temporary, house.said.parent]
    places += [path for path in new_files(before, [place for place in temporary if place.is_dir()]) if path.is_dir()]
    assert len(marks) > 20
    for mark in marks:
        assert files_with(mark, *places) == []


def work_at_the_desk(house: House, coordinator: Volunteer, marks: list[str]) -> None:
    """Answer a case and write a note, both marked."""
    desk = house.at_desk(coordinator)
    case = house.case_of(house.visitor().hand_in("tell", "words"))
    marks += [latin_mark(), arabic_mark()]
    page = desk.reply(case, marks[-2])
    assert marks[-2] in page.main.text
    page = desk.press(f"/case/{case}/note", note=marks[-1])
    assert marks[-1] in page.main.text


def test_the_databases_are_ciphertext_from_the_first_byte(house: House) -> None:
    files = [file for kind in KINDS for file in (house.state / kind).iterdir()]
    assert {"mailbox.db", "shown.db", "desk.db"} <= {file.name for file in files}
    for file in files:
        content = file.read_bytes()
        assert SQLITE_PLAIN not in content
        assert b"CREATE TABLE" not in content
        assert b"message_id" not in content


@pytest.mark.parametrize("role", ["site", "desk"])
def test_a_crash_leaves_no_image_of_the_memory(house: House, role: str) -> None:
    limits = Path(f"/proc/{house.one(role)}/limits").read_text()
    assert re.search(r"Max core file size\s+0\s+0\s+bytes", limits)
