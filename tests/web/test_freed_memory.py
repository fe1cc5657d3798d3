import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from tests.marks import looks
from tests.processes import memory_of, until
from tests.web.plain_app import PATIENCE, Line, get, post

# Freed memory is overwritten by `perturb`, but not what glibc keeps in its caches of threads: hence none of them.
SETTINGS = {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0"}
ALPHABETS = ("abcdefghijk", "éàüñçøåæß", "ابتثجحخد", "😀😁😂🤣😃")  # one, one, two and four bytes a letter in memory


@pytest.fixture
def child(translations: Path, tmp_path: Path) -> Iterator[tuple[str, int]]:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(1024)
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.web.plain_app", str(listener.fileno()), str(translations)],
            pass_fds=[listener.fileno()],
            env=SETTINGS | {"PATH": os.environ["PATH"]},
            cwd=Path(__file__).parents[2],
        )
    try:
        yield path, process.pid
    finally:
        process.kill()
        process.wait()


def left(pid: int, mark: str) -> list[str]:
    """Name the forms of a text, as the wire or Python may have given it, that stand in the memory of a process."""
    forms = looks(mark) | ({"one byte a letter": mark.encode("latin-1")} if max(mark) <= "\xff" else {})
    found = memory_of(pid, forms | {"a page": b"<h1>"})
    assert found.pop("a page"), "it was the memory of the right process"
    return [name for name, times in found.items() if times]


def expect_forgotten(pid: int, mark: str) -> None:
    """Wait until a text has left the memory: a thread that has answered may still be at its end."""
    until(lambda: left(pid, mark) == [], PATIENCE, "the memory without it")


def new_mark(alphabet: str) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(24))


def form_of(mark: str, times: int) -> bytes:
    return b"text=" + quote_plus(" ".join([mark] * times)).encode()


def send(path: str, data: bytes, *, answered: bool = True) -> None:
    with closing(Line(path)) as line:
        line.send(data)
        if answered:
            line.read_answer()


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_nothing_that_was_posted_is_left_in_memory(child: tuple[str, int], alphabet: str) -> None:
    path, pid = child
    mark = new_mark(alphabet)
    with closing(Line(path)) as line:
        line.ask(get("/en/"))
        for times in (1, 2, 3, 7, 15, 40, 100, 300, 500):
            line.ask(post("/echo", form_of(mark, times)))  # shown again
            send(path, post("/en/write", form_of(mark, times)))  # refused, for want of a token
            send(path, post("/broken", form_of(mark, times)))
            send(path, post("/echo", form_of(mark, times), kind="multipart/form-data; boundary=x"))
            send(path, get("/en/", f"Content-Length: {times}", method="PUT") + form_of(mark, times))
            send(path, post("/echo", form_of(mark, times))[:-1], answered=False)  # gone before the end
        for _ in range(20):
            send(path, get("/en/"))
    expect_forgotten(pid, mark)


def test_not_even_a_text_that_something_holds_in_a_circle_is_left(child: tuple[str, int]) -> None:
    path, pid = child
    for times in (1, 30, 1000):
        mark = new_mark(ALPHABETS[2])
        send(path, post("/knot", form_of(mark, times)))
        send(path, get("/en/"))
        expect_forgotten(pid, mark)


def test_no_address_that_was_asked_for_is_left(child: tuple[str, int]) -> None:
    path, pid = child
    mark = new_mark("0123456789")
    for wrong in (f"/{mark}", f"/en/{mark}", f"/en/?{mark}", f"/en/?code={mark}", f"http://{mark}/en/", f"//{mark}@x/"):
        send(path, get(wrong))
        send(path, get("/en/", f"Cookie: visit={mark}", f"Connection: {mark}"))
    send(path, get(f"/en/{mark}")[:-2], answered=False)
    expect_forgotten(pid, mark)


def test_the_search_finds_what_is_there(child: tuple[str, int]) -> None:
    path, pid = child
    for alphabet in ALPHABETS:
        mark = new_mark(alphabet)
        with closing(Line(path)) as line:
            line.send(post("/echo", form_of(mark, 3))[:-1])
            send(path, get("/en/"))  # by then the unfinished one has been read
            assert left(pid, mark)
